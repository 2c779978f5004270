"""Time pinning 300 files that name 62 images, against a registry that answers after 50 ms, beside pindock.

Cold: nothing is pinned, nothing is remembered. Warm: the same command again. container-source-policy speaks to
registries over TLS alone and writes no file back; skopeo is in ``resolve.py``: it knows no files.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from measure import Row, find, pinner, race, run, show
from resolve import registry
from trees import write_mixed_tree


def rows(runs: int = 5, files: int = 300, images: int = 62, latency: float = 0.05) -> list[Row]:
    with registry(latency) as port, tempfile.TemporaryDirectory() as name:
        template, work = Path(name, "template"), Path(name, "work")
        write_mixed_tree(
            template, files, [f"127.0.0.1:{port}/team{number % 7}/image{number}:1" for number in range(images)]
        )

        def prepare() -> None:
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(template, work)

        program = find("pindock")
        commands = {"pinner": pinner("pin"), **({"pindock": [program, "run"]} if program else {})}
        prepare()
        cold = race(commands, work, runs, prepare=prepare)
        for tool, command in commands.items():
            prepare()
            run(command, work)
            _assert_pinned(work, tool)
        warm = race(commands, work, runs)
    label = f"{files} files, {images} images, {latency * 1000:.0f} ms"
    return [
        Row(f"{label}, cold", cold.pop("pinner"), cold, "ahead of pindock"),
        Row(f"{label}, again", warm.pop("pinner"), warm),
    ]


def _assert_pinned(folder: Path, tool: str) -> None:
    for path in (*folder.rglob("Dockerfile"), *folder.rglob("compose.yaml")):
        for line in path.read_text().splitlines():
            if "127.0.0.1" in line and "@sha256:" not in line:
                sys.exit(f"{tool} did not pin {path.name}: {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    show(rows(parser.parse_args().runs))


if __name__ == "__main__":
    main()
