from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.edits import apply_edits
from pinner.formats.notebook import locate
from pinner.model import Calls, Document, Edit, Occurrence, SkippedOccurrence

PYTHON = {"kernelspec": {"language": "python", "name": "python3"}, "language_info": {"name": "python"}}
START = "import docker\nclient = docker.from_env()\n"
PIN = "@sha256:" + "5" * 64


def code(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source, **more}


def notebook(*cells: Any, metadata: Any = None) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": PYTHON if metadata is None else metadata, "nbformat": 4}


def written(content: Any, **more: Any) -> bytes:
    return json.dumps(content, **{"indent": 1, **more}).encode()


def places(data: bytes, calls: Calls | None = None) -> list[Occurrence | SkippedOccurrence]:
    document = Document("demo.ipynb", data)
    located = locate(document) if calls is None else locate(document, calls)
    return list(located.places) if located is not None else []


def read(data: bytes) -> list[str]:
    return [str(place.reference) if isinstance(place, Occurrence) else place.reason for place in places(data)]


def pinned(data: bytes) -> bytes:
    return apply_edits(
        data, {Edit(place.insert, b"", PIN.encode()) for place in places(data) if isinstance(place, Occurrence)}
    )


# Lines that a cell may hold beside calls, and whether they may stand there: Python, IPython, and neither.
OTHER = st.sampled_from(
    [
        "x = 'é🐳\\t\"'",
        "# Grüße: client.containers.run('no:1')",
        '"""A text\nof lines: \\n\\u0041 \\\\"""',
        "%matplotlib inline",
        "!docker run 'no:2",
        'files = !ls "',
        "client?",
        "if x:\n\t!ls\n\tx = 2",
        "",
        "\x0c",
        "y = [1,\n  4\n  % 3]",
    ]
)
CALLS = st.integers(1, 99).map(lambda number: f'client.containers.run("image-{number}:1", "/bin/\\x41")')
GOOD_CELLS = st.lists(OTHER | CALLS, max_size=6).map("\n".join)
BROKEN_CELLS = st.sampled_from(
    ["x = (", "print 'two'", "))", "%%sql\nselect 'no:3'", "'", "for x in\n", "\ud83d", "\0"]
)
JSON_STYLE = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.sampled_from([None, 0, 1, 4, "\t"]),
        "separators": st.sampled_from([None, (",", ":"), (" , ", " :\t")]),
    }
)


def split(source: str, breaks: list[int]) -> list[str]:
    """Return ``source`` in pieces, as a list of strings may have it: Jupyter breaks at lines, others need not.

    No word is broken: what a search of the bytes does not find is not looked at.
    """
    inner = [edge % (len(source) + 1) for edge in breaks]
    edges = sorted({0, len(source), *(edge for edge in inner if not re.match(r"\w\w", source[max(edge - 1, 0) :]))})
    return [source[start:end] for start, end in pairwise(edges)]


@st.composite
def notebooks(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a notebook, and the same with every image pinned that is to be."""
    before, after = [code(START)], [code(START)]
    for source, good in draw(st.lists(st.tuples(GOOD_CELLS, st.just(True)) | st.tuples(BROKEN_CELLS, st.just(False)))):
        line_break = draw(st.sampled_from(["\n", "\r\n"]))
        kind = draw(st.sampled_from(["code", "code", "code", "markdown"]))
        text = source.replace("\n", line_break)
        expected = text.replace(':1"', f':1{PIN}"') if good and kind == "code" else text
        whole, breaks = draw(st.booleans()), draw(st.lists(st.integers(0, 500), max_size=3))
        before.append(code(text if whole else split(text, breaks), cell_type=kind))
        after.append(code(expected, cell_type=kind))
    return notebook(*before), notebook(*after)


def joined(content: dict[str, Any]) -> dict[str, Any]:
    cells = [{**cell, "source": "".join(cell["source"])} for cell in content["cells"]]
    return {**content, "cells": cells}


@given(notebooks(), JSON_STYLE, st.sampled_from(["", "\ufeff"]), st.sampled_from(["\n", "\r\n"]))
def test_what_is_pinned_is_the_text_of_the_cells_and_nothing_else(
    both: tuple[dict[str, Any], dict[str, Any]], style: dict[str, Any], head: str, line_break: str
) -> None:
    before, after = both
    text = head + json.dumps(before, **style).replace("\n", line_break)
    data = text.encode("utf-8", "surrogatepass")
    result = pinned(data)
    assert joined(json.loads(result.decode("utf-8-sig", "surrogatepass"))) == joined(after)
    assert result.replace(PIN.encode(), b"") == data


@given(notebooks(), JSON_STYLE, st.integers(0), st.integers(0, 40), st.binary(max_size=4))
def test_what_is_damaged_is_no_crash(
    both: tuple[dict[str, Any], dict[str, Any]], style: dict[str, Any], where: int, length: int, instead: bytes
) -> None:
    data = json.dumps(both[0], **style).encode("utf-8", "surrogatepass")
    where %= len(data)
    data = data[:where] + instead + data[where + length :]
    for place in places(data):
        assert 0 <= place.span.start <= place.span.end <= len(data)
        assert 1 <= place.line <= data.count(b"\n") + 1


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_no_crash(data: bytes) -> None:
    places(b'import docker containers {"cells":[{"cell_type":"code","source":"' + data)
    places(b'{"cells":[{"cell_type":"code","source":["import docker\\n", "containers\\n", "' + data + b'"]}]}')
    places(data)


def test_each_place_is_where_the_file_has_it() -> None:
    source = START + 'name = "🐳"; client.containers.run("alpine:3", "a"); client.containers.run(("b:"\n  "1"))'
    data = written(notebook(code(source.splitlines(keepends=True))), ensure_ascii=False)
    one, other = places(data)
    assert isinstance(one, Occurrence)
    assert isinstance(other, Occurrence)
    assert data[slice(*one.span)] == b'\\"alpine:3\\"'
    assert data[one.insert :].startswith(b'\\", \\"a')
    line = data.decode().split("\n")[one.line - 1]
    assert line[one.column - 1 :].startswith('\\"alpine:3')
    assert data[slice(*other.span)].startswith(b'\\"b:\\"\\n",\n')
    assert data[slice(*other.span)].endswith(b'\\"1\\"')
    assert (one.format, one.kind, one.line, other.line) == ("notebook", "call", other.line, 11)


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({}, True),
        (PYTHON, True),
        ({"language_info": {"name": "Python"}}, True),
        ({"language_info": {"name": "ipython"}, "kernelspec": {"name": "x"}}, True),
        ({"kernelspec": {"language": "python", "name": "ir"}}, True),
        ({"kernelspec": {"language": "R"}}, False),
        ({"kernelspec": {"language": "python"}, "language_info": {"name": "scala"}}, False),
        ({"language_info": {"name": ""}}, False),
        ({"kernelspec": None, "language_info": [1]}, True),
        ([], True),
        ("python", True),
    ],
)
def test_the_language_of_the_kernel(metadata: Any, found: bool) -> None:  # noqa: FBT001
    data = written(notebook(code(START + "client.containers.run('a:1')"), metadata=metadata))
    assert read(data) == (["a:1"] if found else [])


def test_a_cell_in_another_language_leaves_the_others() -> None:
    call = START + "client.containers.run('a:1')"
    other = code(call, metadata={"vscode": {"languageId": "fsharp"}})
    assert read(written(notebook(code(call), other, code(call, language="julia")))) == ["a:1"]


def test_a_line_that_a_reason_speaks_of_is_one_of_the_file() -> None:
    constant = "from testcontainers.redis import RedisContainer\nIMAGE = 'redis:7'\n"
    cells = [constant, "RedisContainer(IMAGE)", "x = 1\nopen(IMAGE)"]
    data = written(notebook(*(code(cell.splitlines(keepends=True)) for cell in cells)))
    (place,) = places(data)
    assert isinstance(place, SkippedOccurrence)
    line = 1 + [b"open(IMAGE)" in line for line in data.split(b"\n")].index(True)
    assert place.reason == "arg-conflict"
    assert f"is read on line {line} as" in place.detail


def test_what_has_no_call_is_not_parsed() -> None:
    assert places(b'{"cells": [') == []
    assert places(b'{"cells": [ "import json, nginx:1"') == []
    (place,) = places(b'{"cells": ["import docker; client.containers.run')
    assert isinstance(place, SkippedOccurrence)
    assert (place.kind, place.reason, place.line, place.column) == ("document", "parse-error", 1, 12)


def test_a_broken_cell_is_reported_only_where_it_may_name_an_image() -> None:
    data = written(notebook(code("for x in"), code("import docker\ncontainers.run(1"), code(START)))
    (place,) = places(data)
    assert isinstance(place, SkippedOccurrence)
    assert place.reason == "parse-error"
    assert "no Python" in place.detail


def test_no_line_of_a_cell_is_a_declaration_of_the_encoding() -> None:
    source = "# -*- coding: latin-1 -*-\n" + START + "client.containers.run('a:1', 'é')"
    assert read(written(notebook(code(source)), ensure_ascii=False)) == ["a:1"]


def test_calls_of_the_users_own_are_looked_at() -> None:
    data = written(notebook(code("from my.module import start\nstart('a:1')")))
    assert places(data) == []
    assert len(places(data, Calls(own=("my.module.start:0",)))) == 1


def test_a_lone_carriage_return_is_a_line_break() -> None:
    assert read(written(notebook(code(START + "x = 1\rclient.containers.run('a:1')")))) == ["a:1"]


def test_syntax_newer_than_the_python_that_runs_is_read() -> None:
    cells = [START, "%cd ..\ntype X = int\nclient.containers.run('a:1')", "type X = str\nfor x in", "type Y = ("]
    data = written(notebook(*map(code, cells)))
    assert read(data) == ["a:1"]


def test_libcst_is_imported_for_a_literal_alone() -> None:
    script = (
        "import sys; from pinner.formats import locate; from pinner.model import Document\n"
        "located = locate(Document('demo.ipynb', sys.stdin.buffer.read()))\n"
        "print('libcst' in sys.modules, located is not None)"
    )

    def run(*cells: str) -> str:
        data = written(notebook(*map(code, cells)))
        done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=True, timeout=600)
        return done.stdout.decode().strip()

    magics = "%matplotlib inline\n!ls 'a\n"
    assert run("import docker", magics, "for x in", "print 'two'", "%%bash\nx = (", "x = 'containers'") == "False False"
    assert run(START, magics, "client.containers.run('a:1')") == "False True"
    assert run(START, magics, "client.containers.run('a' ':1')") == "True True"


def test_a_flood_of_magics_is_passed_over_and_said_where_it_may_name_an_image() -> None:
    flood = code("%time 1\n" * 130_000)
    call = code(START + "client.containers.run('nginx:1')")
    data = written(notebook(call, flood, code("%time\n" + START + "client.containers.run('redis:1')"), call))
    assert read(data) == ["nginx:1", "parse-error", "nginx:1"]
