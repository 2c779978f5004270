"""The demo: what the README's first command shows."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from make_demo_layout import LAYOUT, make

from pinner.cli.demo import run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_demo_does_all_it_promises() -> None:
    out = io.StringIO()
    assert run(out) == 0
    assert out.getvalue().count("$ pinner") == 6


def test_the_folder_can_be_kept() -> None:
    out = io.StringIO()
    assert run(out, keep=True) == 0
    kept = Path(out.getvalue().splitlines()[-1].removeprefix("The project is in "))
    try:
        assert (kept / "Dockerfile").read_bytes() == (LAYOUT.parent / "project" / "Dockerfile").read_bytes()
    finally:
        shutil.rmtree(kept)


def test_the_layout_is_what_its_script_makes(tmp_path: Path) -> None:
    make(tmp_path)
    assert contents(tmp_path) == contents(LAYOUT)
