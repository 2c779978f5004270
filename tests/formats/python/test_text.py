from __future__ import annotations

import codecs
import warnings

import pytest
from pythonplaces import CONTAINER, found, mentions, places

from pinner.formats.python.syntax import BrokenError, Text, UnreadableError, parse, read
from pinner.model import Occurrence, SkippedOccurrence

CODE = CONTAINER + 'X = "{}"; DockerContainer("a:1")\n'


@pytest.mark.parametrize(
    ("cookie", "encoding", "text"),
    [
        ("", "utf-8", "é🎉"),
        ("# coding: utf-8\n", "utf-8", "é"),
        ("# -*- coding: latin-1 -*-\n", "latin-1", "café"),
        ("#!/usr/bin/python\n# vim: set fileencoding=cp1251 :\n", "cp1251", "привет"),
        ("# coding=shift_jis\n", "shift_jis", "日本"),
        ("# coding: gb18030\n", "gb18030", "🎉中"),
        ("# coding: ascii\n", "ascii", "a"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_bytes_are_counted_in_the_file_s_own_encoding(cookie: str, encoding: str, text: str, line_end: str) -> None:
    data = (cookie + CODE.format(text)).replace("\n", line_end).encode(encoding)
    (occurrence,) = mentions(data)
    assert data[slice(*occurrence.span)] == b'"a:1"'
    assert occurrence.insert == occurrence.span.end - 1


@pytest.mark.parametrize("cookie", ["", "# coding: utf-8\n", "\n\n# coding: latin-1\n", "x = 1\n# coding: latin-1\n"])
def test_a_byte_order_mark_is_counted(cookie: str) -> None:
    data = codecs.BOM_UTF8 + (cookie + CODE.format("é")).encode()
    (occurrence,) = mentions(data)
    assert data[slice(*occurrence.span)] == b'"a:1"'
    (occurrence,) = mentions(codecs.BOM_UTF8 + CONTAINER.strip().encode() + b'; DockerContainer("a:1")')
    assert (occurrence.line, occurrence.column) == (1, len(CONTAINER.strip()) + 19)


@pytest.mark.parametrize(
    "code", ["\f" + CODE, CODE.replace("X", "\fX"), "\f\n" + CODE, CODE + "\f", CODE + "\x0c\x1c\n"]
)
def test_form_feeds_are_no_line_ends(code: str) -> None:
    places_found = places(code.format("x"))
    if code.endswith("\x1c\n"):  # no character of Python
        assert isinstance(places_found[0], SkippedOccurrence)
        return
    (occurrence,) = places_found
    assert code.format("x").encode()[slice(*occurrence.span)] == b'"a:1"'


def test_only_python_s_line_ends_end_lines() -> None:
    code = CONTAINER + 'X = "\u2028\x85\x0b\x1c"; DockerContainer("a:1")\n'
    (occurrence,) = mentions(code)
    assert code.encode()[slice(*occurrence.span)] == b'"a:1"'


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (CODE.encode() + b"# caf\xe9\n", "these bytes are not utf-8"),
        (b"# coding: ascii\n" + CODE.format("\u00e9").encode(), "these bytes are not ascii"),
        (b"# coding: klingon\n" + CODE.encode(), "unknown encoding: klingon"),
        (b"# coding: rot13\n" + CODE.encode(), "these bytes are not rot13"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n" + CODE.encode(), "encoding problem: utf-8"),
        (b"# coding: utf-7\n" + CODE.format("+AGE-").encode(), "utf-7 would not be written back as it was"),
        (CODE.encode() + b"\0", "source code string cannot contain null bytes"),
        (CODE.encode() + b"x = '", "unterminated string literal"),
        (CODE.encode() + b"def f(:\n", "invalid syntax"),
        (CODE.encode() + b"x = (", "'(' was never closed"),
        (CODE.encode() + b"x = " + b"(" * 300 + b")" * 300, "too many nested parentheses"),
        (CODE.encode() + b"x = " + b"-" * 200_000 + b"1", "it is nested too deeply to be read"),
    ],
)
def test_what_cannot_be_read_is_reported_where_a_call_is_known(data: bytes, detail: str) -> None:
    (skip,) = places(data)
    assert isinstance(skip, SkippedOccurrence)
    assert (skip.reason, skip.kind, skip.text) == ("parse-error", "document", "")
    assert detail in skip.detail
    assert 0 <= skip.span.start == skip.span.end <= len(data)
    assert places(data.replace(b"testcontainers", b"nobodysthings")) == ()


@pytest.mark.parametrize("part", ["{{ cookiecutter.x }}", "{% if x %}"])
def test_a_template_of_code_is_called_one(part: str) -> None:
    (skip,) = places(f"{CODE}\n  {part}\n")
    assert isinstance(skip, SkippedOccurrence)
    assert (skip.reason, skip.detail) == ("templated", "this is a template of Python code")


def test_the_place_of_a_problem() -> None:
    (skip,) = places(CONTAINER + "é = ; DockerContainer()\n")
    assert (skip.line, skip.column) == (2, 5)
    with pytest.raises(BrokenError) as caught:
        parse(read(b"if x:\n"))
    assert caught.value.offset == len("if x:")


def test_a_warning_about_somebody_s_escape_is_not_ours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found(CONTAINER + 'DockerContainer("a:1")\nx = "\\d"\ny = 1 is 1\n') == ["a:1"]


def test_constants_made_of_constants_a_thousand_deep_are_too_many() -> None:
    chain = "".join(f"A{number} = A{number + 1}\n" for number in range(2000))
    (place,) = places(f'{CONTAINER}{chain}A2000 = docker.from_env()\nA0.images.get("a:1")\nDockerContainer("b:1")\n')
    assert isinstance(place, (Occurrence, SkippedOccurrence))
    nested = '"a:1" if x else ' * 3000 + '"b:1"'
    assert [place for place in places(f"{CONTAINER}DockerContainer({nested})\n") if isinstance(place, Occurrence)] == []


def test_an_unreadable_text_says_why() -> None:
    with pytest.raises(UnreadableError, match="not utf-8"):
        read(b"\xff")


def test_bytes_are_compared_with_the_text_before_anybody_edits_them() -> None:
    text = Text(b'x = "a:1"', 'x = "b:1"', "utf-8", 0)
    assert text.source(0, 4) == "x = "
    assert text.source(4, 9) is None


def test_half_a_surrogate_pair_is_no_text() -> None:
    (skip,) = places(b"# coding: raw_unicode_escape\n" + CODE.encode() + b"x = '\\ud800'\n")
    assert isinstance(skip, SkippedOccurrence)
    assert "surrogates not allowed" in skip.detail


def test_what_libcst_reads_and_python_never_does_is_broken() -> None:
    (skip,) = places(CODE + "x = '\\x1'\n")
    assert isinstance(skip, SkippedOccurrence)
    assert (skip.reason, skip.line) == ("parse-error", 3)


def test_a_thousand_names_for_one_constant_are_too_many() -> None:
    chain = "".join(f"A{number} = A{number - 1}\n" for number in range(1, 2000))
    (skip,) = places(f'{CONTAINER}A0 = "a:1"\n{chain}DockerContainer(A0)\n')
    assert isinstance(skip, SkippedOccurrence)
    assert (skip.reason, skip.detail) == ("parse-error", "it is nested too deeply to be read")
