"""An oracle for the Python format: image literals as ``ast`` alone finds them, by the plainest rule there is.

A string is one where it is the first argument, or the named one, of a call whose name ends as a known callee's does, in
a file that imports the callee's package; an empty one names nothing. It knows no scopes and no types, so it finds more
than may be pinned.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# The package, the end of the callee's dotted name, the name of the argument, whether the first one counts too.
KNOWN = [
    ("docker", r"containers\.(?:run|create)|services\.create|create_container", "image", True),
    ("docker", r"images\.pull", "repository", True),
    ("testcontainers", r"[A-Z]\w*Container", "image", True),
    ("airflow", r"DockerOperator|DockerSwarmOperator|KubernetesPodOperator", "image", False),
    ("airflow", r"task\.(?:docker|kubernetes|kubernetes_cmd)", "image", False),
    ("kfp", r"ContainerSpec", "image", True),
    ("kfp", r"ContainerOp", "image", False),
    ("kfp", r"component|create_component_from_func", "base_image", False),
    ("kubernetes", r"V1Container|V1EphemeralContainer", "image", False),
    ("kubernetes", r"V1ImageVolumeSource", "reference", False),
]


class Literal(NamedTuple):
    """A string at a known callee: its value and its bytes, parentheses around it left out."""

    value: str
    start: int
    end: int
    callee: str


def literals(data: bytes) -> list[Literal]:
    """Return the image literals of the UTF-8 file ``data`` in the order of the file."""
    tree = _parse(data)
    if tree is None:
        return []
    packages = {name.partition(".")[0] for name in _imported(tree)}
    base = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    starts = [base, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", data))]
    found = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func)
            for value in _arguments(call, name, packages):
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                    start = starts[value.lineno - 1] + value.col_offset
                    end = starts[(value.end_lineno or 0) - 1] + (value.end_col_offset or 0)
                    found.add(Literal(value.value, start, end, name))
    return sorted(found, key=lambda literal: literal.start)


def skeleton(data: bytes) -> str | None:
    """Return the syntax tree of ``data`` without the text of its strings, or None where it does not parse."""
    tree = _parse(data)
    if tree is None:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def _arguments(call: ast.Call, name: str, packages: set[str]) -> Iterator[ast.expr]:
    for package, pattern, keyword, first in KNOWN:
        if package in packages and re.search(rf"(?:^|[.])(?:{pattern})$", name):
            yield from (argument.value for argument in call.keywords if argument.arg == keyword)
            if first:
                yield from call.args[:1]


def _parse(data: bytes) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(data)
        except (SyntaxError, ValueError):
            return None


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
