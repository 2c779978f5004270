"""The pictures in the README show what pinner prints today; ``make pictures`` makes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from terminalpictures import PICTURES, picture, printed

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_that_of_today(name: str, tmp_path: Path, *, update_golden: bool) -> None:
    file = FOLDER / f"{name}.svg"
    drawn = picture(name, tmp_path / "demo")
    if update_golden:
        file.parent.mkdir(exist_ok=True)
        file.write_text(drawn, "utf-8", newline="\n")
    assert file.read_text("utf-8") == drawn, "`make pictures` makes it anew"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_all_that_was_printed_and_nothing_else(name: str, tmp_path: Path) -> None:
    root = ET.fromstring((FOLDER / f"{name}.svg").read_text("utf-8"))  # noqa: S314 - our own file
    shown = "".join(text.text or "" for text in root.iter(f"{SVG}text"))
    output = re.sub(r"\x1b\[[\d;]*m", "", printed(PICTURES[name], tmp_path / "demo"))
    assert "".join(shown.split()) == "".join(f"$ pinner {' '.join(PICTURES[name])} {output}".split())


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_sticks_out_of_the_frame(name: str) -> None:
    root = ET.fromstring((FOLDER / f"{name}.svg").read_text("utf-8"))  # noqa: S314 - our own file
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text in root.iter(f"{SVG}text"):
        assert float(text.attrib["x"]) + float(text.attrib["textLength"]) < width
        assert float(text.attrib["y"]) < height
