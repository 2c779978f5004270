"""Count what 30 images cost, by command, cold and warm: requests, bytes, and the pulls that Docker Hub would count.

The registry is `token_registry.py`, in the place of Docker Hub or as a registry like any other. What pinner remembers
is forgotten before each cold run, and kept for the warm one; the file is as it was at the beginning of both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from resolve import counts, registry

_IMAGES = 30
_OLD = f"sha256:{'0' * 64}"


class Case(NamedTuple):
    """A command, and whether its images are pinned before: as the registry has them, or to what is gone."""

    arguments: tuple[str, ...]
    pinned: str = ""


_CASES = (
    Case(("pin", "Dockerfile")),
    Case(("pin", "--platform", "linux/arm64", "Dockerfile")),
    Case(("check", "--online", "Dockerfile"), "now"),
    Case(("check", "--online", "Dockerfile"), _OLD),
    Case(("update", "Dockerfile"), "now"),
    Case(("update", "Dockerfile"), _OLD),
    Case(("inspect", *(f"{{}}team/image{n}:1" for n in range(_IMAGES)))),
)


def prepare(case: Case, folder: Path, host: str, port: int, environment: dict[str, str]) -> str:
    """Write the settings that lead to the registry; return a Dockerfile with a stage for each image."""
    settings = f'[registries."docker.io"]\nendpoint = "http://127.0.0.1:{port}"\n'
    (folder / "pinner.toml").write_text(settings)
    end = f"@{_OLD}" if case.pinned == _OLD else ""
    text = "".join(f"FROM {host}team/image{n}:1{end} AS s{n}\n" for n in range(_IMAGES))
    if case.pinned != "now":
        return text
    (folder / "Dockerfile").write_text(text)
    command = [sys.executable, "-m", "pinner", "pin", "--no-cache", "Dockerfile"]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    return (folder / "Dockerfile").read_text()


def run(case: Case, folder: Path, host: str, port: int, home: Path) -> None:
    """Run the command twice, and print what each run cost."""
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "CONTAINERS_REGISTRIES_CONF": os.devnull}
    environment = {**os.environ, **places}
    text = prepare(case, folder, host, port, environment)
    for kind in ("cold", "warm"):
        (folder / "Dockerfile").write_text(text)
        counts(port)
        start = time.perf_counter()
        command = [sys.executable, "-m", "pinner", *(part.format(host) for part in case.arguments)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        seconds = time.perf_counter() - start
        counted = counts(port)
        name = " ".join(case.arguments[:3] if case.arguments[0] == "pin" else case.arguments[:1])
        after = {"": "", "now": ", pinned", _OLD: ", pinned to what is gone"}[case.pinned]
        print(
            f"{'docker.io' if not host else 'other':9}  {name + after:40}  {kind}  {counted['requests']:8}"
            f"  {counted['pulls']:5}  {counted['bytes'] / 1000:7.1f}  {seconds:7.3f}  {done.returncode}",
            flush=True,
        )


def main() -> None:
    """Run every command against both and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=50, help="milliseconds")
    options = parser.parse_args()
    print(f"{'registry':9}  {'command':40}  {'run':4}  requests  pulls       kB  seconds  exit")
    for is_hub in (True, False):
        for case in _CASES:
            with (
                registry(options.latency / 1000, *(["--hub"] if is_hub else [])) as port,
                tempfile.TemporaryDirectory() as folder,
                tempfile.TemporaryDirectory() as home,
            ):
                run(case, Path(folder), "" if is_hub else f"127.0.0.1:{port}/", port, Path(home))


if __name__ == "__main__":
    main()
