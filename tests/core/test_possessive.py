"""Possessive groups that every Python reads right.

Before 3.11.5 a possessive group that fails midway in its last repetition leaves the position where it failed
(https://github.com/python/cpython/issues/106052); Debian 12 has such a Python. Midway is behind whatever is more than
one character: a repetition, a choice, a look ahead. An alternative at the end that is always tried and never matches,
``(?!)``, takes the position back, and costs nothing where one before it matches.
"""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from typing import Any

import pytest

PARSER: Any = importlib.import_module("re._parser")
KINDS: Any = importlib.import_module("re._constants")
HOOK = "repos: [{repo: local, hooks: [{id: a, language: docker_image, entry: --rm a:1 b}]}]"
ONE = (KINDS.LITERAL, KINDS.NOT_LITERAL, KINDS.IN, KINDS.ANY)
REPEATS = (KINDS.MAX_REPEAT, KINDS.MIN_REPEAT, KINDS.POSSESSIVE_REPEAT)


# In a process of its own: what pinner has compiled, and nothing of what libraries or other tests have.
SPY = """
import importlib, json, pkgutil, re, sys

made, compile_ = {}, re._compile

def spy(pattern, flags):
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] == "re":
        frame = frame.f_back
    compiled = compile_(pattern, flags)
    if frame.f_globals["__name__"].startswith("pinner."):
        text = compiled.pattern
        is_text = isinstance(text, str)
        made[text] = [text if is_text else text.decode("latin-1"), is_text, int(compiled.flags) & ~int(re.DEBUG)]
    return compiled

re._compile = spy
import pinner
for module in pkgutil.walk_packages(pinner.__path__, "pinner."):
    importlib.import_module(module.name)
from pinner.formats import locate
from pinner.formats.dockerfile.instruction_patterns import shortcuts
from pinner.model import Document
shortcuts("\\\\"), shortcuts("`")
locate(Document(".pre-commit-config.yaml", sys.argv[1].encode()))
print(json.dumps([*made.values()]))
"""


def in_use() -> list[tuple[str | bytes, int]]:
    """Return pinner's expressions and their flags: those of all modules, and those that are made as files are read."""
    done = subprocess.run([sys.executable, "-c", SPY, HOOK], capture_output=True, text=True, check=True)
    return [(text if is_text else text.encode("latin-1"), flags) for text, is_text, flags in json.loads(done.stdout)]


def midway(pattern: str | bytes, flags: int = 0) -> list[Any]:
    """Return the bodies of the possessive groups in ``pattern`` that may fail midway, or keep a group for later."""
    todo, found = [PARSER.parse(pattern, flags)], []
    while todo:
        for kind, value in todo.pop().data:
            todo += below(value)
            if kind is KINDS.POSSESSIVE_REPEAT and not is_one(value[2]) and not is_right(value[2]):
                found.append(value[2])
    return found


def below(value: object) -> list[Any]:
    if isinstance(value, PARSER.SubPattern):
        return [value]
    return [tree for one in value for tree in below(one)] if isinstance(value, (tuple, list)) else []


def is_one(body: Any) -> bool:
    return len(body.data) == 1 and body.data[0][0] in ONE


def is_right(body: Any) -> bool:
    kind, value = body.data[0]
    alternatives = value[1] if kind is KINDS.BRANCH and len(body.data) == 1 else [body]
    return never_matches(alternatives[-1]) or all(fails_at_its_start(one) for one in alternatives)


def never_matches(body: Any) -> bool:
    """Tell whether ``body`` is ``(?!)``, which has a kind of its own since 3.11.4."""
    return len(body.data) == 1 and (
        body.data[0][0] is KINDS.FAILURE or (body.data[0][0] is KINDS.ASSERT_NOT and not body.data[0][1][1].data)
    )


def fails_at_its_start(body: Any) -> bool:
    """Tell whether ``body`` is single characters, and no more of an unknown number of them than may be none."""
    *before, (kind, value) = body.data
    if any(one not in ONE for one, _ in before):
        return False
    return kind in ONE or (kind in REPEATS and is_one(value[2]) and (not before or value[0] == 0))


def test_no_expression_fails_midway() -> None:
    patterns = in_use()
    assert len(patterns) > 250
    assert {pattern: found for pattern, flags in patterns if (found := midway(pattern, flags))} == {}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        # What Python 3.11.2 misses, and what of it is mended.
        (r"(?:--(?!x)[a-z=]++ ++)*+(--x)", "--ab=c --x"),
        (r"(?:(?:a++b)?+c)*+(a++)", "abcaa"),
        (r"(?:a[xy]+b)*+(ax)?", "axbaxc"),
        (r"(?:a(?!xx)b)*+(a.*)", "abaxx"),
        (r"(?:aa|ab(?:x|y)c|abz)*+(a.*)", "aaabzabxq"),
        (r"(?:a(?<=a)b)*+(a.*)", "abac"),
        (r"(?:x|a[xy]+)*+(a)?", "ab"),
    ],
)
def test_a_last_alternative_takes_the_position_back(pattern: str, text: str) -> None:
    mended = pattern.replace(")*+(", "|(?!))*+(")
    assert midway(pattern)
    assert not midway(mended.replace(")?+", "|(?!))?+"))
    found = re.match(mended.replace(")?+", "|(?!))?+"), text)
    assert found is not None
    assert found[1] is not None
    assert found[0] == text[: found.end()]


@pytest.mark.parametrize("pattern", [r"(?:[^\"\\]++|\\.)*+", r"(?:ab[xy]*+)*+", r"(?:a|\$\{|#[^\n]*)*+", r"[ab]*+"])
def test_what_fails_where_it_began_needs_none(pattern: str) -> None:
    assert not midway(pattern)
