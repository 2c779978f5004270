from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.notebook.code import as_python


def read_as(cell: str) -> str:
    return b"".join(piece.text for piece in as_python(cell.encode())).decode()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install docker\nimport docker\n", "pass\nimport docker\n"),
        ("!!ls\n?docker\n??docker\n,f a\n;f a\n/f a\n", "pass\n" * 6),
        ("if x:\n    !rm it's\n    %cd ..\ny = 1", "if x:\n    pass\n    pass\ny = 1"),
        ("!echo a \\\n  b \\\n  c\nx = 1", "pass\nx = 1"),
        ("!echo a \\\r\n  b\r\nx = 1\r\n", "pass\r\nx = 1\r\n"),
        ("docker?\nx = 1", "pass\nx = 1"),
        ("docker.run??  \r\nx = 1", "pass  \r\nx = 1"),
        ("files = !ls 'a\nx = 1", "files = None\nx = 1"),
        ("a, b = %magic (\nx = 1", "a, b = None\nx = 1"),
        ("%time x = f(1)\n%time\n", "x = f(1)\npass\n"),
        # What looks like a command is Python inside a statement that goes on.
        ("x = (a\n  % b)\n!ls", "x = (a\n  % b)\npass"),
        ("x = '''\n!ls\n%cd\n'''\n!ls", "x = '''\n!ls\n%cd\n'''\npass"),
        ('x = """\n!ls "" \\"""\n"""\n!ls', 'x = """\n!ls "" \\"""\n"""\npass'),
        ("x = a \\\n  % b\n!ls", "x = a \\\n  % b\npass"),
        ("x = 1  # why?\n# !ls\n!ls", "x = 1  # why?\n# !ls\npass"),
        ("x == y\nx %= 3\nx = '= !ls'\nx != 2\nf(a=1)\n!ls", "x == y\nx %= 3\nx = '= !ls'\nx != 2\nf(a=1)\npass"),
        ("x = 'why?'\n!ls", "x = 'why?'\npass"),
        # Cell magics: the body is Python, or it is not.
        ("%%time\nx = 1", "x = 1"),
        ("\n\n%%capture out\n\n%%time\nx = 1\n!ls", "x = 1\npass"),
        ("%%bash\ndocker run nginx", ""),
        ("%%writefile run.py\nimport docker", ""),
        ("%%time", ""),
        ("", ""),
        (" \n\t\n", ""),
        # Pasted from a terminal.
        ("  x = 1\n  if x:\n    y = 2\n", "x = 1\nif x:\n  y = 2\n"),
        (">>> if x:\n...     y = 1\n...\n>>> z = 2\n", "if x:\n    y = 1\n\nz = 2\n"),
        ("In [12]: x = 1\n    ...: y = 2\n", "x = 1\ny = 2\n"),
    ],
)
def test_reads(cell: str, expected: str) -> None:
    assert read_as(cell) == expected


@pytest.mark.parametrize(
    "cell",
    ["x = '''never closed\n!ls\n", "x = [1,\n!ls\n", "print 'two'\n", "x = 'a\n!b = 1", "))\n", "\\"],
)
def test_what_is_broken_stays_broken(cell: str) -> None:
    with pytest.raises(SyntaxError):
        ast.parse(read_as(cell))


@given(st.text("%!?=x \n\t'\"#([)\\a,;:r\r.>I1", max_size=60))
def test_every_piece_that_was_kept_stands_in_the_cell_where_it_says(text: str) -> None:
    cell = text.encode()
    before = 0
    for piece in as_python(cell):
        assert piece.position >= before
        before = piece.position
        if piece.text not in (b"pass", b"None", b""):
            assert cell.startswith(piece.text, piece.position)
            before += len(piece.text)
