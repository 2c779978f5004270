from __future__ import annotations

import ast

import pytest
from pythonplaces import CONTAINER, found, mentions

from pinner.formats.python.newer_syntax import in_older_words

NEWER = [
    "def f[T](a: T) -> T: return a",
    "def f[T: (int, str), *Ts, **P](a: T) -> T: return a",
    "class A[T = int](B[T]): ...",
    "type X = int",
    "type  X[T: int]  = list[T]",
    "type Été = (int |\n    str)",
    'x = f"{d["é"]}"',
    "x = f'{\nd\n}'",
    'x = f"{", ".join(d)}" f"{c}"',
    "x = t'{d}'",
    'x = t"é"',
    "try: pass\nexcept A, B: pass",
    "try: pass\nexcept* A, b.C , (D): pass",
]


@pytest.mark.parametrize("code", NEWER)
def test_newer_syntax_is_written_over_and_nothing_moves(code: str) -> None:
    text = f'{CONTAINER}"é🎉"\n{code}\nDockerContainer("a:1")  # {code[:3]}\n'
    older = in_older_words(text)
    assert older is not None
    assert len(older) == len(text)
    assert older.index('DockerContainer("a:1")') == text.index('DockerContainer("a:1")')
    ast.parse(older, feature_version=(3, 11))
    (occurrence,) = mentions(text)
    assert text.encode()[slice(*occurrence.span)] == b'"a:1"'
    assert found(f'{code.partition(chr(10))[0]}\nDockerContainer("a:1")\n') == []


def test_images_within_newer_syntax_are_found() -> None:
    code = 'class A[T]:\n    def f[S](self, image="a:1"):\n        DockerContainer(image)\n'
    assert found(CONTAINER + code) == ["a:1"]
    (skip,) = found(CONTAINER + "type X = Y[1]\nDockerContainer(f'{d['x']}:1')\n")
    assert skip.startswith("fstring")


def test_variables_in_newer_strings_are_read_there() -> None:
    code = 'IMG = "a:1"\nDockerContainer(IMG)\nx = f"{IMG + "-slim"}"\n'
    assert found(CONTAINER + code) == ["arg-conflict a:1"]


@pytest.mark.parametrize(
    "text",
    [
        "print 'x'",
        "type X[T] = int\nprint 'x'",
        "def f[T](): ...\nx = " + "-" * 100_000 + "1",
        "def f[T](): ...\nx = " + "not " * 100_000 + "1",
        "def f[T](): ...\nx = " + "lambda: " * 50_000 + "1",
        "def f[T](): ...\nx = " + "(" * 5000 + "1" + ")" * 5000,
        "def f[T](): ...\nx = " + "[" * 5000,
        "def f[T](): ...\nx = " + "a." * 50_000 + "b",
        "def f[T](): ...\nx = a" + "()" * 50_000,
        "def f[T](): ...\nx = f'{" + "(" * 5000 + "1" + ")" * 5000 + "}'",
        "def f[T](): ...\nx = '' # " + "(" * 100 + "\nx = " + "1 if 1 else " * 5000 + "1",
        "x = 1\n" * 200_000,
        "\fdef f[T](): ...\n",
        "def f[T](): ...\n))))",
    ],
    ids=lambda text: text[:30].replace("\n", " "),
)
def test_what_is_dangerous_to_read_or_cannot_be_kept_is_left(text: str) -> None:
    assert in_older_words(text) is None


def test_long_flat_code_is_not_deep() -> None:
    text = (
        "x = [\n"
        + "    (1, 'a b c', f(x)),  # a ( b\n" * 700
        + "]\n"
        + '"""'
        + "word (" * 700
        + '"""\ndef f[T](): ...\n'
    )
    assert in_older_words(text) is not None


@pytest.mark.parametrize("string", ["f'{a}{b.c}{d['e']}'", "f'{(a+b+c)['a']!r:{b}}'", "t'{a}'", "t''", "f'{'a'}'"])
def test_a_stand_in_always_fits(string: str) -> None:
    older = in_older_words(f"x = {string};y = 1\n")
    assert older is not None
    assert older.index(";y = 1") == len(f"x = {string}")
