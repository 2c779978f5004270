"""Every page of docs/ can be reached, and every link in one leads somewhere, its anchor too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
SITE = yaml.safe_load(re.sub(r"!!\S+", "", (ROOT / "mkdocs.yml").read_text("utf-8")))


def text_of(page: Path) -> str:
    """Return the text of ``page`` without its code, which may show links that are none."""
    return re.sub(r"^```.*?^```|`[^`\n]+`", "`code`", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return what the headings of ``page`` are linked by, as GitHub and the site make it."""
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    words = [re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", head).lower() for head in heads]
    return {re.sub(r"[^\w -]", "", word).strip().replace(" ", "-") for word in words}


@pytest.mark.parametrize("page", [*PAGES, "../README.md", "../CONTRIBUTING.md", "../SECURITY.md"])
def test_links_lead_somewhere(page: str) -> None:
    file = DOCS / page
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(file)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        led = (file.parent / path).resolve() if path else file
        assert led.exists(), target
        assert not anchor or led.suffix != ".md" or anchor in anchors(led), target


def leaves(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    return [leaf for part in (node.values() if isinstance(node, dict) else node) for leaf in leaves(part)]  # type: ignore[attr-defined]


def test_every_page_is_in_the_navigation_and_no_other() -> None:
    listed = leaves(SITE["nav"])
    assert sorted(listed) == [page for page in PAGES if not re.fullmatch(r"rules/PIN\d+\.md", page)]
    # With that, a page called index or README is its section's heading, and nobody sees that it is there.
    assert "navigation.indexes" not in SITE["theme"]["features"]
    index = text_of(DOCS / "rules" / "README.md")
    assert [page for page in PAGES if page.startswith("rules/PIN") and f"({page[6:]})" not in index] == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert SITE["theme"]["font"] is False
    for file in (*SITE["extra_css"], *SITE["extra_javascript"]):
        assert (DOCS / file).is_file()
        assert not re.search(r"https?:|@import|import\(|fetch\(", (DOCS / file).read_text("utf-8"))
