"""Foreign text: cleaned, cut, and in a code span wherever it is more than a plain sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pinner.bot.pull_request_body.markdown import clean, code, prose

MARKDOWN = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("1.27.3", "1.27.3"),
        ("  a\t b\r\nc\u2028d\x85e  ", "a b c d e"),
        ("a\x00\x1b[31mb", "a[31mb"),
        ("\u202eabc\u2066\u200b\ufeff", "abc"),
        ("\U000e0041\ud800\ue000", ""),
        ("e\u0301\u0302\u0303\u0304\u0305", "e\u0301\u0302"),
        ("größer 漢字 🐳", "größer 漢字 🐳"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("x" * 78 + " yyyy", "x" * 78 + "…"),
    ],
)
def test_what_cannot_be_seen_goes(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(), st.integers(1, 100))
def test_a_cleaned_text_is_one_short_line_and_clean(text: str, most: int) -> None:
    line = clean(text, most)
    assert len(line) <= most
    assert line.splitlines() in ([], [line])
    assert clean(line, most) == line


@given(st.text(st.sampled_from("ab`|\\<!->[]()@# *_~\n")))
def test_a_span_holds_whatever_is_in_it_in_a_table_and_outside(text: str) -> None:
    span = code(text)
    if not span:
        assert not text.strip()
        return
    table = MARKDOWN.parse(f"| a | b |\n|---|---|\n| x {span} | y |\n")
    inside = [token.children or [] for token in table if token.type == "inline"][2:]
    for children in (inside[0], MARKDOWN.parse(f"x {span}")[1].children or []):
        assert [child.type for child in children] == ["text", "code_inline"]
        assert children[1].content == clean(text).replace("`", "'").replace("|", "¦").replace("<!--", "<!- -")
    assert [child.content for child in inside[1]] == ["y"]


@pytest.mark.parametrize(
    "text",
    [
        "seen 1 day ago, eligible on 2026-11-25",
        "no answer: timed out",
        "older: newer; both, none",
    ],
)
def test_a_plain_sentence_stays_prose(text: str) -> None:
    assert prose(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "see #12",
        "see GH-12",
        "@you",
        "o/n#1",
        "www.example.com",
        "https://example.com",
        "a <b>",
        "*a*",
        "a_b_",
        ":tada:",
        "0123456789abcdef0123456789abcdef01234567",
        "a\\",
        "$x$",
        "~x~",
        "[x]",
        "1. x",
        "- x",
        "+ x",
        "# x",
        "> x",
        "ends in a colon:",
    ],
)
def test_what_a_forge_could_make_something_of_is_code(text: str) -> None:
    assert prose(text) == f"`{text}`"


def test_nothing_stays_nothing() -> None:
    assert prose("\u200b") == code("\u200b") == ""
