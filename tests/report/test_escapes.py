"""What is not pinner's own is text for terminals and CI runners, whatever it is made of."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.report.escapes import escaped, form_of, is_command, printable

COMMANDS = re.compile(r"^\s*::|##[a-z]*\[", re.IGNORECASE | re.MULTILINE)
HOSTILE = st.text(
    st.sampled_from("#:[v s\x1b\x9b\u202e\u2028\u2029\x85\u200f\n\r\taé\udc9b"), max_size=20
) | st.sampled_from(
    ["::stop-commands::x", "  ::add-mask::x", "##vso[task.x]", "##[command]y", "##teamcity[z]", "###[", "::##VSO["]
)


def one(text: str, form: str = "text", *, color: bool = False) -> str:
    (line,) = escaped([text], form, color=color)  # type: ignore[arg-type]
    return line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a::b ##x", "a::b ##x"),
        ("::stop-commands::pwn/Dockerfile:1:6", r"\x3a:stop-commands::pwn/Dockerfile:1:6"),
        (" \u3000::add-mask::x", " \u3000\\x3a:add-mask::x"),
        ("x ##vso[task.setvariable variable=PATH]/tmp", r"x \x23#vso[task.setvariable variable=PATH]/tmp"),
        ("##[command]x", r"\x23#[command]x"),
        ("##TeamCity[x", r"\x23#TeamCity[x"),
        ("###[x", r"#\x23#[x"),
        ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
        ("\x9b31m\x7f\x85", r"\x9b31m\x7f\x85"),
        ("\udc9b31m \udce9", "\\x9b31m \udce9"),
        ("a\u202eb\u2066c\u200fd\u061ce", r"a\u202eb\u2066c\u200fd\u061ce"),
        ("a\u2028b\u2029c\nd\re\tf", r"a\u2028b\u2029c\nd\re\tf"),
        ("caf\u00e9 \u65e5\u672c \U0001f600", "caf\u00e9 \u65e5\u672c \U0001f600"),
    ],
)
def test_text_is_spelled_out(text: str, shown: str) -> None:
    assert one(text) == shown


def test_colours_of_ours_stay_where_there_are_colours() -> None:
    painted = "\x1b[1m::x\x1b[0m \x1b[1;31merror\x1b[0m \x1b[8mhidden \x1b[2J"
    assert one(painted, color=True) == "\x1b[1m\\x3a:x\x1b[0m \x1b[1;31merror\x1b[0m \\x1b[8mhidden \\x1b[2J"
    assert "\x1b" not in one(painted)


def test_commands_of_ours_stay_commands() -> None:
    assert one("::error file=x::##vso[y]\x1b", "commands") == r"::error file=x::\x23#vso[y]\x1b"


@given(HOSTILE, HOSTILE)
def test_values_of_documents_stay_what_they_are(key: str, value: str) -> None:
    for ascii_ in (True, False):
        document = one(json.dumps({key: [value]}, indent=2, ensure_ascii=ascii_), "json")
        assert json.loads(document) == {key: [value]}
        assert COMMANDS.search(document) is None
    legal = "".join(character for character in value if character >= " " and not "\ud800" <= character <= "\udfff")
    document = one(f"<a>{legal}</a>", "xml")
    assert ET.fromstring(document).text == (legal or None)  # noqa: S314 - our own
    assert COMMANDS.search(document) is None


@given(HOSTILE)
def test_no_text_is_a_command_or_speaks_to_a_terminal(text: str) -> None:
    for form in ("text", "commands"):
        shown = one(text, form)
        assert printable(shown) == shown
        assert re.search(r"##[a-z]*\[", shown, re.IGNORECASE) is None
    assert not is_command(one(text).encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    ("format_", "form"),
    [("text", "text"), ("markdown", "text"), ("github", "commands"), ("sarif", "json"), ("junit", "xml")],
)
def test_every_format_has_its_form(format_: str, form: str) -> None:
    assert form_of(format_) == form
