"""The pages of the rules are made from the code; ``make docs`` rewrites them, and this fails where somebody forgot."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pinner.rules import BY_ID, PAGES, RULES, Rule, explanation
from pinner.rules.pages import index, page, plain

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "rules"
EXPECTED = {f"{rule.id}.md": f"{page(rule)}\n" for rule in RULES} | {"README.md": f"{index()}\n"}


def test_the_pages_are_those_of_the_code(*, update_golden: bool) -> None:
    if update_golden:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in EXPECTED.items():
            (FOLDER / name).write_text(text, "utf-8")
    assert {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()} == EXPECTED


def test_the_table_is_what_the_folder_holds() -> None:
    files = sorted((ROOT / "pinner" / "rules").glob("*.md"))
    assert [rule.id for rule in RULES] == list(BY_ID) == [file.stem for file in files]
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_head_of_a_file_is_the_rule(rule: Rule) -> None:
    lines = (ROOT / "pinner" / "rules" / f"{rule.id}.md").read_text("utf-8").splitlines()
    needs = [f"needs: {rule.needs}"] if rule.needs else []
    head = ["---", f"name: {rule.name}", f"severity: {rule.severity}", *needs, f"summary: {rule.summary}", "---", ""]
    assert lines[: len(head)] == head


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_page_has_all_parts_and_names_its_own_rule_in_them(rule: Rule) -> None:
    parts = re.split("^## .*$", explanation(rule), flags=re.MULTILINE)
    assert parts[0] == ""
    assert all(len(part) > 60 for part in parts[1:])
    text = page(rule)
    titles = re.findall("^## (.*)$", text, re.MULTILINE)
    assert titles == ["What it says", "Why it matters", "How to mend it", "How to silence it"]
    assert f"# pinner: ignore[{rule.id}] " in text
    assert f'{rule.id} = "off"' in text
    assert set(re.findall(r"PIN\d+", text)) == {rule.id}
    assert text.count("```") % 2 == 0
    assert text.count("`") % 2 == 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_page_lies_where_the_findings_say(rule: Rule) -> None:
    home = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Source"]
    assert f"{home}/blob/main/docs/rules" == PAGES
    assert rule.page == f"{PAGES}/{rule.id}.md"
    assert (FOLDER / f"{rule.id}.md").is_file()


def test_plain_text_keeps_blocks_apart_and_drops_the_fences() -> None:
    text = "# A: b\n\nWords `x`\n\n```toml\n# not a heading\n\nkey = 1\n```\n\n## Next"
    assert list(plain(text)) == ["A: b", "", "Words `x`", "", "    # not a heading", "", "    key = 1", "", "Next"]


def test_the_readme_has_a_line_for_every_rule() -> None:
    readme = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
    lines = [line for line in readme.splitlines() if line.startswith("| [PIN")]
    assert [line.split("]")[0].removeprefix("| [") for line in lines] == [rule.id for rule in RULES]
    assert [line.split(" | ")[1] for line in lines] == [rule.name for rule in RULES]
