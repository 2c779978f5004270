"""Time the hook `pinner-check` under pre-commit on one unchanged file, beside hooks that do nothing.

Needs pre-commit, and a package index the first time. What is committed is what is measured.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
# The second pays for what pre-commit itself does for every hook that is written in Python: it looks at its environment.
HOOKS = ("nothing", "nothing-in-python", "pinner-check")


def run(command: tuple[str, ...], folder: Path, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def prepare(folder: Path, environment: dict[str, str]) -> None:
    clone, project = folder / "hooks", folder / "project"
    run(("git", "clone", "--quiet", str(ROOT), str(clone)), folder, environment)
    run(("git", "init", "--quiet", str(project)), folder, environment)
    (project / "Dockerfile").write_text(f"FROM python:3.12-slim@sha256:{'0' * 64}\n")
    head = subprocess.run(("git", "rev-parse", "HEAD"), cwd=clone, check=True, capture_output=True, text=True)
    (project / ".pre-commit-config.yaml").write_text(f"""\
repos:
  - repo: {clone.as_posix()}
    rev: {head.stdout.strip()}
    hooks: [{{id: pinner-check}}]
  - repo: local
    hooks:
      - {{id: nothing, name: nothing, language: system, entry: "true", files: Dockerfile}}
      - {{id: nothing-in-python, name: nothing, language: python, entry: "true", files: Dockerfile}}
""")
    run(("git", "add", "--all"), project, environment)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runner", default="pre-commit", help="pre-commit or prek")
    parser.add_argument("--rounds", type=int, default=21)
    asked = parser.parse_args()
    dropped = ("PYTHONDONTWRITEBYTECODE",)
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        environment |= {"PRE_COMMIT_HOME": str(folder / "home"), "PREK_HOME": str(folder / "home")}
        prepare(folder, environment)
        taken: dict[str, list[float]] = {hook: [] for hook in HOOKS}
        for turn in range(asked.rounds + 2):  # one to build the environment, one to warm up
            for hook in HOOKS:
                seconds = run((asked.runner, "run", hook, "--files", "Dockerfile"), folder / "project", environment)
                if turn > 1:
                    taken[hook].append(seconds * 1000)
        program = next((folder / "home").rglob("bin/pinner"))
        alone = {
            "pinner check": (str(program), "check", "Dockerfile"),
            "bare Python": (str(program.parent / "python"), "-c", ""),
        }
        for name, command in alone.items():
            taken[name] = [run(command, folder / "project", environment) * 1000 for _ in range(asked.rounds)]
    for name, times in taken.items():
        print(f"{name:24} median {statistics.median(times):6.0f} ms, minimum {min(times):6.0f} ms")
    for nothing in HOOKS[:2]:
        median, least = (of(taken["pinner-check"]) - of(taken[nothing]) for of in (statistics.median, min))
        print(f"over {nothing:19} median {median:6.0f} ms, minimum {least:6.0f} ms")


if __name__ == "__main__":
    main()
