"""What reading a Python file or a notebook takes, counted in calls: twice as much code, about twice as many."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from pinner.formats import locate
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def calls_of(document: Document) -> int:
    """Return how many calls of functions, Python's and C's, it takes to locate the images of ``document``."""
    count = 0

    def tell(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(tell)
    try:
        found = locate(document)
    finally:
        sys.setprofile(None)
    assert found is not None
    assert found[1].places
    return count


def notebook(number: int) -> Document:
    cell = {"cell_type": "code", "source": ["import docker\n", "docker.from_env().images.pull('redis:7')\n"]}
    document = {"cells": [cell] * number, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4}
    return Document("a.ipynb", json.dumps(document).encode())


def scopes(number: int) -> Document:
    functions = [f"def f{at}(image='redis:7'):\n    d.images.pull(image)\n" for at in range(number)]
    return Document("a.py", ("import docker\nd = docker.from_env()\n" + "".join(functions)).encode())


def assignments(number: int) -> Document:
    head = "import docker\nd = docker.from_env()\nA = 'redis:7'\n" * number
    return Document("a.py", (head + "d.images.pull(A)\n" * number).encode())


@pytest.mark.parametrize("make", [notebook, scopes, assignments])
def test_twice_the_code_takes_twice_the_calls(make: Callable[[int], Document]) -> None:
    calls_of(make(10))  # what is imported and compiled once
    counts = [calls_of(make(number)) for number in (100, 200, 400)]
    # With a square in it the second ratio would be near 4.
    assert counts[1] < 2.3 * counts[0]
    assert counts[2] < 2.3 * counts[1]
