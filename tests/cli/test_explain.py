from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from world import pinner

from pinner.cli.explain import command
from pinner.rules import RULES
from pinner.rules.pages import page, plain

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.rules import Rule


def test_a_page_is_printed_by_id_and_by_name(tmp_path: Path) -> None:
    said = pinner(tmp_path, "explain", "PIN103")
    assert said.status == 0
    assert said.stdout.startswith("PIN103: wrong-kind\n\nA digest of another kind")
    assert "\n    # pinner: ignore[PIN103] " in said.stdout
    assert "```" not in said.stdout
    assert said.stderr == ""
    for word in ("pin103", "wrong-kind", "Wrong-Kind"):
        assert pinner(tmp_path, "explain", word) == said


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_page_is_as_wide_as_a_terminal(tmp_path: Path, rule: Rule) -> None:
    lines = pinner(tmp_path, "explain", rule.id).stdout.splitlines()
    # What can be copied is as long as it is.
    assert [line for line in lines if len(line) > 80 and not line.startswith("    ")] == []
    words = " ".join(lines).split()
    assert [
        word
        for word in page(rule).replace("#", " ").split()
        if word.strip("`") and word not in words and word[:3] != "```"
    ] == []


def test_lists_and_tables_keep_their_lines() -> None:
    text = "# a\n\n- one two\n  three\n- four\n\n1. five six\nseven\n\n| a | b |\n|---|---|"
    head, listed = ("a", ""), ("- one two", "  three", "- four", "")
    numbered, table = ("1. five", "   six", "   seven", ""), ("| a | b |", "|---|---|")
    assert tuple(plain(text, 10)) == head + listed + numbered + table


def test_several_pages_stand_apart(tmp_path: Path) -> None:
    one, other = (pinner(tmp_path, "explain", word).stdout for word in ("PIN001", "stale"))
    assert pinner(tmp_path, "explain", "PIN001", "stale").stdout == f"{one}\n{other}"


def test_without_a_rule_all_are_listed(tmp_path: Path) -> None:
    said = pinner(tmp_path, "explain")
    assert [line.split()[:3] for line in said.stdout.splitlines()] == [
        [rule.id, rule.name, rule.severity] for rule in RULES
    ]
    assert "\x1b[" in pinner(tmp_path, "explain", "--color", "always").stdout


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("unpined", "did you mean `unpinned`?"),
        ("PIN01", "did you mean `PIN001`?"),
        ("pin1", "did you mean `PIN001`?"),
        ("PIN0101", "did you mean `PIN101`?"),
        ("PIN099", "the rules are PIN001, "),
        ("pin201", "the rules are PIN001, "),
        ("PIN00", "the rules are PIN001, "),
        ("stael", "did you mean `stale`?"),
        ("", "the rules are PIN001, "),
        ("xyz", "the rules are PIN001, "),
    ],
)
def test_an_unknown_rule_is_a_mistake(tmp_path: Path, word: str, hint: str) -> None:
    said = pinner(tmp_path, "explain", "PIN001", word)
    assert (said.status, said.stdout) == (2, "")
    assert said.stderr.startswith(f"error: there is no rule `{word}`\n  hint: {hint}")


def test_nothing_of_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text("broken", "utf-8")
    assert pinner(tmp_path, "explain", "PIN001").status == 0


@pytest.mark.parametrize(
    ("start", "words"), [("PIN00", [f"PIN00{number}" for number in range(1, 10)]), ("St", ["stale"]), ("x", [])]
)
def test_a_shell_completes_ids_and_names(start: str, words: list[str]) -> None:
    (argument,) = (one for one in command.params if isinstance(one, click.Argument))
    found = argument.shell_complete(click.Context(command), start)
    assert [item.value for item in found] == words
