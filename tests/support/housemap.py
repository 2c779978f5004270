"""The package's modules, imports, layers and functions as they stand, and the pictures and tables made of them."""

from __future__ import annotations

import ast
import functools
import tomllib
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
_NO_ROOMS = ("pinner", "__main__")


class Function(NamedTuple):
    """One function of the package, and how many lines it has without its docstring."""

    name: str
    lines: int


class Module(NamedTuple):
    """One module: what it says of itself, what it imports of the package and when, and how long it is."""

    name: str
    sentence: str
    lines: int
    imports: frozenset[str]
    functions: tuple[Function, ...]

    @property
    def room(self) -> str:
        """Return the name at the package's top that the module is, or is in."""
        return self.name.split(".")[1] if "." in self.name else self.name


@functools.cache
def modules() -> dict[str, Module]:
    """Return the modules of the package by their names."""
    files = {_name(file): file for file in sorted((ROOT / "pinner").rglob("*.py"))}
    return {name: _read(name, file, frozenset(files)) for name, file in files.items()}


def _name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _read(name: str, file: Path, known: frozenset[str]) -> Module:
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    sentence = (ast.get_docstring(tree) or "").split("\n")[0]
    imports = frozenset(found for found in _imports(tree, known) if found != name)
    return Module(name, sentence, len(text.splitlines()), imports, tuple(_functions(tree, name)))


def _imports(tree: ast.AST, known: frozenset[str]) -> Iterator[str]:
    """Yield the package's modules that code imports while it runs, at its top or in a function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in known or node.module in known:
                    yield inner if inner in known else node.module
        yield from _imports(node, known)


def _functions(tree: ast.AST, within: str) -> Iterator[Function]:
    for node in ast.iter_child_nodes(tree):
        inner = within
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{within}.{node.name}"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            words = (first.end_lineno or 0) - first.lineno + 1 if said else 0
            yield Function(inner, (node.end_lineno or 0) - node.lineno + 1 - words)
        yield from _functions(node, inner)


def layers() -> list[list[str]]:
    """Return the rooms of each layer of the import contract, from the top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    [rows] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    there = {module.room for module in modules().values()}
    return [[name for name in _words(row) if name in there] for row in rows]


def _words(row: str) -> list[str]:
    return [word.strip("() ") for word in row.replace(":", "|").split("|")]


def room_imports() -> dict[str, set[str]]:
    """Return for each room the rooms that its modules import."""
    found: dict[str, set[str]] = {}
    for module in modules().values():
        targets = {modules()[name].room for name in module.imports}
        found.setdefault(module.room, set()).update(targets - {module.room, *_NO_ROOMS})
    return {room: targets for room, targets in found.items() if room not in _NO_ROOMS}


def direct(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return ``graph``, which has no cycles, without the edges that a longer way stands for."""

    @functools.cache
    def reached(start: str) -> frozenset[str]:
        return frozenset(graph[start]).union(*map(reached, graph[start]))

    return {
        start: {end for end in ends if end not in frozenset().union(*map(reached, ends))}
        for start, ends in graph.items()
    }


def cycles() -> list[list[str]]:
    """Return the groups of modules that import each other, around however many corners."""
    graph = {name: module.imports for name, module in modules().items()}
    left = dict(graph)
    # What imports nothing that is left, or is imported by nothing that is left, is in no cycle.
    while gone := [name for name, targets in left.items() if not (targets & left.keys())]:
        left = {name: targets for name, targets in left.items() if name not in gone}
    while unused := left.keys() - frozenset().union(*left.values()):
        left = {name: targets for name, targets in left.items() if name not in unused}
    return [sorted(left)] if left else []


_WIDTH, _ROW, _BOX = 1000, 74, 34
_STYLE = (
    "text{font:13px sans-serif;fill:#1f2328}rect{fill:#ddf4ff;stroke:#0969da}"
    "path{fill:none;stroke:#8c959f}.l{fill:#f6f8fa;stroke:none}"
)


def picture() -> str:
    """Return the rooms in their layers as SVG, with a line for each import that no longer way stands for."""
    rows = layers()
    places = {
        room: ((number + 0.5) * _WIDTH / len(row), index * _ROW + _ROW / 2)
        for index, row in enumerate(rows)
        for number, room in enumerate(row)
    }
    parts = [
        f'<rect class="l" x="0" y="{index * _ROW + 4}" width="{_WIDTH}" height="{_ROW - 8}"/>'
        for index in range(len(rows))
    ]
    for start, ends in sorted(direct(room_imports()).items()):
        parts += [_line(places[start], places[end]) for end in sorted(ends) if start in places and end in places]
    parts += [_room(room, *place) for room, place in places.items()]
    body = "\n".join(parts)
    height = len(rows) * _ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">\n<title>The rooms of the '
        f"package pinner in their layers</title>\n<style>{_STYLE}</style>\n{body}\n</svg>\n"
    )


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = start, end
    bottom = y + _BOX / 2
    if y == to_y:  # within a layer: around the others
        return f'<path d="M{x:.0f} {bottom:.0f}Q{(x + to_x) / 2:.0f} {bottom + 22:.0f} {to_x:.0f} {bottom:.0f}"/>'
    return f'<path d="M{x:.0f} {bottom:.0f}L{to_x:.0f} {to_y - _BOX / 2:.0f}"/>'


def _room(name: str, x: float, y: float) -> str:
    width = 24 + 7.4 * max(len(name), 7)
    return (
        f'<rect x="{x - width / 2:.0f}" y="{y - _BOX / 2:.0f}" width="{width:.0f}" height="{_BOX}"/>'
        f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle">{escape(name)}</text>'
    )


def table() -> Iterator[str]:
    """Yield the rows of the table of rooms, in the order of the layers."""
    yield "| layer | room | what is in it |"
    yield "|---|---|---|"
    for number, row in enumerate(layers(), 1):
        for room in row:
            head = modules()[f"pinner.{room}"]
            is_folder = any(name.startswith(f"pinner.{room}.") for name in modules())
            link = f"[`{room}`](pinner/{room}{'' if is_folder else '.py'})"
            yield f"| {number} | {link} | {head.sentence.removesuffix('.')} |"
