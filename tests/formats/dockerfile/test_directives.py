from __future__ import annotations

import pytest

from pinner.formats.dockerfile.instructions import find_syntax, read_directives
from pinner.formats.dockerfile.source import read_source


@pytest.mark.parametrize(
    ("text", "escape"),
    [
        ("# escape=`\n", "`"),
        ("# escape=\\\n", "\\"),
        ("#escape=`\n", "`"),
        ("  #\tESCAPE  =  `  \r\n", "`"),
        ("#\u00a0escape=`\n", "`"),
        ("\ufeff# escape=`\n", "`"),
        ("# syntax=a\n# escape=`\n", "`"),
        ("# check=a\n# escape=`\n", "`"),
        ("# other=a\n# escape=`\n", "\\"),
        ("#!/bin/sh\n# escape=`\n", "\\"),
        ("# a comment\n# escape=`\n", "\\"),
        ("\n# escape=`\n", "\\"),
        ("FROM a\n# escape=`\n", "\\"),
        ("# escape\n", "\\"),
        ("# escape=\n", "\\"),
        ("", "\\"),
    ],
)
def test_the_escape_character(text: str, escape: str) -> None:
    directives = read_directives(read_source(text.encode()))
    assert directives.escape == escape
    assert directives.problem is None


@pytest.mark.parametrize(
    ("text", "line", "detail"),
    [
        ("# escape=x\n", 0, "not `x`"),
        ("# escape= \n", 0, "not ` `"),
        ("# escape=``\n", 0, "not ````"),
        ("# check=a\n# check=b\n", 1, "only one check"),
        ("# syntax=a\n# Syntax=b\n", 1, "only one syntax"),
    ],
)
def test_directives_that_buildkit_refuses(text: str, line: int, detail: str) -> None:
    problem = read_directives(read_source(text.encode())).problem
    assert problem is not None
    assert problem.line == line
    assert detail in problem.detail


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("# syntax=a/b:1\n", "a/b:1"),
        ("#syntax=a/b:1", "a/b:1"),
        ("# SYNTAX = a/b:1 --flag \r\n", "a/b:1"),
        ("# syntax=a/b:1\tx\n", "a/b:1\tx"),
        ("# syntax= \n", ""),
        ("# escape=`\n# syntax=a/b:1\n", "a/b:1"),
        ("# syntax=a/b:1\n# syntax=c\n", "a/b:1"),
        ("#!/usr/bin/env docker\n# syntax=a/b:1\n", "a/b:1"),
        ("// syntax=a/b:1\n", "a/b:1"),
        ("#!x\n//syntax=a/b:1\n", "a/b:1"),
        ('{"syntax": "a/b:1", "x": 1}', "a/b:1"),
        ('#!x\n{\n  "x": 1,\n  "syntax":"a/b:1"\n}\n', "a/b:1"),
        ('{"syntax"\n:\r\n\t"a/b:1"}', "a/b:1"),
        ('\r\n \n{"syntax": "a/b:1"}', "a/b:1"),
        ('#!x\n\n{"syntax": "a/b:1"}', "a/b:1"),
        ('{\n"x": 1, "syntax":\n"a/b:1"}', "a/b:1"),
        (" # syntax=a/b:1\n", None),
        ("# check=a\n# check=b\n# syntax=a/b:1\n", None),
        ("# comment\n# syntax=a/b:1\n", None),
        ("\n# syntax=a/b:1\n", None),
        ("FROM a\n# syntax=a/b:1\n", None),
        ("# syntax=\n", None),
        ("# syntax=" + "a" * 70_000 + "\n", None),
        ('{"syntax": 1}', None),
        ('{"other": "a/b:1"}', None),
        ('{"syntax": "a/b:1", "x": {"syntax": "a/b:1"}}', None),
        ('{"syntax": "a/b:1"', None),
        ("{" * 100_000, None),
        ('["syntax"]', None),
        ("", None),
    ],
)
def test_the_image_of_the_frontend(text: str, syntax: str | None) -> None:
    source = read_source(text.encode())
    found = find_syntax(source)
    assert (None if found is None else source.lines[found[0]][found[1] : found[2]]) == syntax
