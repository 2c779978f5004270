"""Time ``pinner check`` on a Kubernetes bundle of 5 MB, images in every document, and on 10,000 Python files.

No peer reads either without a registry.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from measure import Row, pinner, race, show
from trees import bundle, write_python_tree


def rows(runs: int = 5, size: int = 5_000_000, modules: int = 10_000) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bundle.yaml").write_text(bundle(random.Random(7), size), newline="\n")
        of_bundle = race({"pinner": pinner("check", "bundle.yaml")}, folder, runs)["pinner"]
    with tempfile.TemporaryDirectory() as name:
        write_python_tree(Path(name), modules, random.Random(7))
        of_python = race({"pinner": pinner("check")}, Path(name), runs)["pinner"]
    return [
        Row(f"a bundle of {size / 1e6:.0f} MB", of_bundle, {}, "0.5 s"),
        Row(f"{modules} Python files without an image", of_python),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    show(rows(parser.parse_args().runs))


if __name__ == "__main__":
    main()
