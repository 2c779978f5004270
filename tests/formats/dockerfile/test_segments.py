"""The lines of instructions: ours, those of another segmenter, and of BuildKit's parser agree."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pinner.formats.dockerfile.instructions import read_directives, read_instructions
from pinner.formats.dockerfile.source import read_source

dockerfile = pytest.importorskip("dockerfile", reason="BuildKit's parser has no wheel for this Python")


def load_segmenter() -> Any:
    spec = importlib.util.spec_from_file_location("segmenter", Path(__file__).parent / "segmenter.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


segmenter = load_segmenter()

LINES = [
    "FROM alpine:3",
    "  from x AS y",
    "FROM \\",
    "FROM\\",
    "FR\\",
    "  alpine \\",
    "RUN a && \\",
    "RUN a\\\\",
    "RUN a\\\\\\",
    "RUN a \\ \t",
    "RUN a `",
    "\\",
    "`",
    " \\",
    "",
    "   ",
    "\t",
    "\u00a0",
    "# comment",
    "  # comment \\",
    "\u00a0# comment",
    "\x1c",
    "\x1c# no comment",
    "x\x85\\",
    "RUN <<EOF",
    "RUN cat <<-EOF <<B \\",
    "COPY <<'EOF' /x",
    'ADD <<"EOF" /x',
    "ONBUILD RUN <<EOF",
    'RUN ["a", "<<EOF"]',
    "RUN a <<<EOF",
    'RUN "<<EOF"',
    "RUN <<#end",
    "RUN <<EOF\\",
    "RUN ${A:-<<EOF}",
    "CMD <<EOF",
    "EOF",
    "\tEOF",
    "EOF \\",
    "B",
    "#end",
    "COMMENT x",
    "RUN",
    "é è",
]
DIRECTIVES = [
    "",
    "# escape=`\n",
    "# check=skip=all\n# escape=`\n",
    "# syntax=a/b:1\n",
    "#!/bin/sh\n# escape=`\n",
    "\ufeff",
]


@st.composite
def dockerfiles(draw: st.DrawFn) -> bytes:
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=12))
    text = draw(st.sampled_from(DIRECTIVES)) + ending.join(lines) + draw(st.sampled_from(["", ending]))
    return text.encode()


def ours(data: bytes) -> tuple[list[tuple[str, int, int]], bool, str]:
    source = read_source(data)
    directives = read_directives(source)
    instructions = read_instructions(source, directives.escape)
    refused = directives.problem is not None or any(entry.problem for entry in instructions)
    return [(entry.name, entry.first + 1, entry.end + 1) for entry in instructions], refused, directives.escape


@given(dockerfiles())
@settings(max_examples=600)
def test_the_lines_are_those_of_another_segmenter(data: bytes) -> None:
    found, refused, escape = ours(data)
    if not refused:
        assert found == segmenter.spans(data, escape)


@given(dockerfiles())
@settings(max_examples=600)
def test_the_lines_are_those_of_buildkit(data: bytes) -> None:
    assume(b"check=" not in data)  # a directive younger than this BuildKit
    found, _, _ = ours(data)
    try:
        commands = dockerfile.parse_string(data.decode())
    except dockerfile.GoParseError:
        return
    expected = [((command.cmd or "").upper(), command.start_line, command.end_line) for command in commands]
    assert found == expected


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_have_lines(data: bytes) -> None:
    found, refused, escape = ours(data)
    if not refused:
        assert found == segmenter.spans(data, escape)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN <<#end\nFROM a \\\n#end\nCOPY b \\\n  c\nCMD d\n", [("RUN", 1, 3), ("COPY", 4, 5), ("CMD", 6, 6)]),
        ("RUN <<#end\nFROM a \\\n#end\n# c\n\n", [("RUN", 1, 3)]),
        ("RUN a \\\n" + "b \\\n" * 200 + "c\nCMD d\n", [("RUN", 1, 202), ("CMD", 203, 203)]),
        ("RUN <<-A\n\tA\nCMD a\n", [("RUN", 1, 2), ("CMD", 3, 3)]),
        ("RUN <<A\n\tA\nA\nCMD a\n", [("RUN", 1, 3), ("CMD", 4, 4)]),
        ("RUN <<- \nCMD a\n", [("RUN", 1, 1), ("CMD", 2, 2)]),
        ("RUN\\", [("RUN", 1, 1)]),
        ("\\", [("", 1, 1)]),
        ("run\u00a0 \n", [("RUN", 1, 1)]),
    ],
)
def test_lines_of_instructions(text: str, expected: list[tuple[str, int, int]]) -> None:
    found, refused, _ = ours(text.encode())
    assert not refused
    assert found == expected


@pytest.mark.parametrize("text", ["RUN <<A\nB\n", "RUN ${A:- <<${B:-c d} e}\nCMD a\n"])
def test_a_heredoc_that_buildkit_refuses_is_a_problem(text: str) -> None:
    assert ours(text.encode())[1]
