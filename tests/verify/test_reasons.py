"""The reason codes of signatures are a contract: what is raised is listed, and what is listed is raised."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pinner.verify
from pinner.verify.verdict import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(pinner.verify.__file__).parent


def raised() -> Iterator[str]:
    """Yield every text that is given for a reason where a signature is refused."""
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "RefusedError":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)


def texts() -> Iterator[str]:
    """Yield every text in the code, but for the list itself."""
    for file in FOLDER.glob("*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            is_list = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REASONS"
            for inner in () if is_list else ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner.value


def test_every_reason_that_is_raised_is_listed() -> None:
    assert set(raised()) - set(REASONS) == set()


def test_every_reason_that_is_listed_is_used() -> None:
    assert set(REASONS) - set(texts()) == set()
