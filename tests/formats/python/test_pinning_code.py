"""Pinned code says the same: its syntax tree differs in the strings alone, and unpinning gives the bytes back."""

from __future__ import annotations

import ast
import asyncio
from datetime import date
from itertools import pairwise, product
from typing import TYPE_CHECKING

from fakes import FakeResolver, digest_of
from hypothesis import given
from hypothesis import strategies as st
from pythonplaces import CONTAINER, mentions

from pinner.config import Settings
from pinner.formats import by_name, locate
from pinner.formats import python as python_format
from pinner.model import Calls, Document, Located, Occurrence
from pinner.pipeline import make_plans
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
    from pinner.plan import Plan
    from pinner.scan.suppressions import Operation

PATH = "app.py"
NAMES = ["nginx:1.27", "ghcr.io/acme/tool:v1_2", "localhost:5000/a/b:1", "redis:7.4-alpine", "q.example/x:0.0.1-rc.1"]


def plan_of(data: bytes, operation: Operation) -> Plan:
    document = Document(PATH, data)
    found = by_name("python").locate(document) or Located()
    source = apply_suppressions(document, by_name("python"), found, today=date(2026, 11, 1))
    (plan,) = asyncio.run(make_plans([source], operation, Settings(), FakeResolver()))
    return plan


def joined(literals: list[str], between: str) -> str:
    """Return ``literals`` with ``between`` between them, or a blank where two would become something else."""
    text = literals[0]
    for previous, literal in pairwise(literals):
        # An empty literal and a quote right behind it begin a triple quote.
        opens_triple = previous.lstrip("fFrRuU") in ("''", '""') and literal[0] == previous[-1]
        text += (" " if opens_triple and not between else between) + literal
    return text


@st.composite
def literals(draw: st.DrawFn, name: str) -> str:
    """Return a literal that says ``name``: in pieces, with prefixes, quotes and escapes of all sorts."""
    cuts = sorted(draw(st.lists(st.integers(0, len(name)), max_size=3)))
    pieces = [name[start:end] for start, end in zip([0, *cuts], [*cuts, len(name)], strict=True)]
    written = []
    for piece in pieces:
        prefix = draw(st.sampled_from(["", "r", "R", "u", "U", "f", "F", "rf", "fR"]))
        quote = draw(st.sampled_from(["'", '"', "'''", '"""']))
        if "r" not in prefix.lower():
            escapes = [
                lambda c: c,
                lambda c: f"\\x{ord(c):02x}",
                lambda c: f"\\{ord(c):03o}",
                lambda c: f"\\u{ord(c):04x}",
            ]
            piece = "".join(draw(st.sampled_from(escapes))(character) for character in piece)  # noqa: PLW2901
        written.append(f"{prefix}{quote}{piece}{quote}")
    between = draw(st.sampled_from(["", " ", "\n    ", "  # a 'comment'\n"]))
    return f"({joined(written, between)})" if "\n" in between or draw(st.booleans()) else " ".join(written)


@st.composite
def modules(draw: st.DrawFn) -> bytes:
    lines = ["import os", CONTAINER.strip()]
    for number, name in enumerate(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5))):
        literal = draw(literals(name))
        lines += draw(
            st.sampled_from(
                [
                    [f"DockerContainer({literal})"],
                    [f"x = 'é🎉'; DockerContainer(image={literal}, name='{name}')"],
                    [f"I{number} = {literal}", f"DockerContainer(I{number})", f"print(I{number})"],
                    [f"def f(image={literal}):", "    return DockerContainer(image)"],
                    [f"class C{number}:", f"    I: str = {literal}", f"DockerContainer(C{number}.I)"],
                    [f"DockerContainer(os.environ.get('I', {literal}))"],
                    [f"\fDockerContainer({literal})  # {name}"],
                ]
            )
        )
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join([*lines, draw(st.sampled_from(["", "# end"]))])
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()


def test_pieces_of_a_literal_say_together_what_they_say_alone() -> None:
    quotes = ("'", '"', "'''", '"""')
    pieces = ["".join((*start, text, start[-1])) for start in product(("", "r", "f"), quotes) for text in ("", "x")]
    for literals_ in (*product(pieces, repeat=2), *product(("''", '""', "'a'", "''''''"), repeat=4)):
        (statement,) = ast.parse(f"({joined(list(literals_), '')})").body
        assert isinstance(statement, ast.Expr)
        assert isinstance(statement.value, ast.Constant | ast.JoinedStr)


def without_digests(data: bytes) -> str:
    tree = ast.parse(data)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = node.value.partition("@")[0]
    return ast.dump(tree)


@given(modules())
def test_pinning_changes_strings_only_once_and_can_be_taken_back(data: bytes) -> None:
    before = mentions(data)
    assert before
    plan = plan_of(data, "pin")
    assert without_digests(plan.result) == without_digests(data)
    assert ast.dump(ast.parse(plan.result)) != ast.dump(ast.parse(data))
    after = mentions(plan.result)
    assert [str(occurrence.reference) for occurrence in after] == [
        f"{occurrence.reference}@{digest_of(occurrence.reference.canonical)}" for occurrence in before
    ]
    assert [occurrence.digest_span is not None for occurrence in after] == [True] * len(after)
    assert not plan_of(plan.result, "pin").changed
    assert plan_of(plan.result, "unpin").result == data


PARTS = [
    "import docker\n",
    CONTAINER,
    "DockerContainer(",
    '"a:1"',
    "'",
    '"""',
    ")",
    "\n",
    " ",
    "f'{",
    "}'",
    "IMG",
    " = ",
]
PARTS += [
    "c = docker.from_env()\n",
    "c.containers.run(",
    "class A:\n ",
    "def f(x=",
    "):\n ",
    "self.",
    "\\",
    "\r",
    "\0",
    "é",
]
PARTS += [
    "# coding: latin-1\n",
    "lambda ",
    "global IMG\n",
    "[T]",
    "type X = ",
    ",",
    "super().__init__(",
    "image=",
    "\f",
]


@given(st.lists(st.sampled_from(PARTS), max_size=25).map("".join), st.binary(max_size=5))
def test_no_bytes_upset_it(text: str, tail: bytes) -> None:
    data = b"import docker\nfrom testcontainers.x import DockerContainer\n" + text.encode() + tail
    found = python_format.locate(Document(PATH, data), Calls(("*.f:0",), ("frameworks", "loose")))
    for place in found.places if found is not None else ():
        assert 0 <= place.span.start <= place.span.end <= len(data)
        if isinstance(place, Occurrence):
            assert place.span.start < place.insert < place.span.end


def test_a_script_without_a_suffix_is_python_by_its_first_line() -> None:
    code = CONTAINER + "DockerContainer('a:1')\n"
    for first in ("#!/usr/bin/env python3\n", "#!/usr/bin/python -u\n", "#! /opt/python/bin/python3.12\r\n"):
        found = locate(Document("bin/tool", (first + code).encode()))
        assert found is not None
        assert found[0].name == "python"
    found = locate(Document("bin/tool", f"#!/bin/sh\n# python\n{code}".encode()))
    assert found is None or found[0].name != "python"
