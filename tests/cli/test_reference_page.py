"""The reference of the command line is made from the code; ``make docs`` rewrites it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from referencepage import reference_page
from world import pinner

from pinner.cli.commands import COMMANDS

if TYPE_CHECKING:
    import pytest

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "reference.md"


def test_the_page_is_that_of_the_code(*, update_golden: bool) -> None:
    if update_golden:
        PAGE.write_text(reference_page(), "utf-8")
    assert PAGE.read_text("utf-8") == reference_page(), "`make docs` rewrites it"


def test_every_option_that_help_names_is_there(tmp_path: Path) -> None:
    sections = dict(re.findall(r"^## pinner (\w+)\n(.*?)(?=^## )", reference_page(), re.MULTILINE | re.DOTALL))
    assert list(sections) == list(COMMANDS)
    shared = set(re.findall(r"--[a-z-]+", reference_page().partition("## pinner ")[0]))
    for name, text in sections.items():
        helped = pinner(tmp_path, name, "--help").stdout
        options = {found for line in helped.splitlines() for found in re.findall(r"^  (?:-\w, )?(--[a-z-]+)", line)}
        assert options - {"--help"} <= set(re.findall(r"--[a-z-]+", text)) | shared


def anchors(page: Path) -> set[str]:
    titles = re.findall("(?m)^#+ (.*)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_lead_somewhere() -> None:
    for page in (PAGE, DOCS / "outputs.md", DOCS / "speed.md", DOCS / "ci.md", *(DOCS / "rules").glob("*.md")):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                path, _, anchor = target.partition("#")
                there = page.parent / path if path else page
                assert there.is_file()
                assert not anchor or anchor in anchors(there)


def test_the_width_of_the_terminal_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = reference_page()
    monkeypatch.setitem(os.environ, "COLUMNS", "40")
    assert reference_page() == before


def test_every_variable_that_is_read_is_there() -> None:
    read = {
        name
        for file in (DOCS.parent / "pinner").rglob("*.py")
        for name in re.findall(r'environment(?:\.get\(|\[)"([A-Z_]+)"', file.read_text("utf-8"))
    }
    assert {"NO_COLOR", "SSL_CERT_FILE"} < read
    described = reference_page().partition("## Environment")[2]
    assert {name for name in read if f"`{name}`" not in described} == set()
