"""Proposal of a ``pinner.toml``, from the tests, examples and foreign files that a repository has.

What is there to be read as it is (fixtures, what others wrote, what is generated) is excluded: an edit there is lost,
or breaks a test. What runs, but nowhere that matters (tests, examples), is told as a note.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_FIXTURES = frozenset(
    ("fixtures", "fixture", "__fixtures__", "testdata", "test-data", "test_data", "golden", "goldens", "snapshots")
) | {"__snapshots__", "testcases", "test-cases", "test_cases"}
_VENDORED = frozenset(("vendor", "vendored", "third_party", "third-party", "thirdparty", "external_libs"))
_GENERATED = frozenset(("generated", "gen", "dist", "_build"))
_TESTS = frozenset(("test", "tests", "__tests__", "e2e", "integration", "integration-tests", "integration_tests"))
_EXAMPLES = frozenset(("example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials"))
_CLASSES = (
    ("fixtures", _FIXTURES),
    ("vendored", _VENDORED),
    ("generated", _GENERATED),
    ("tests", _TESTS),
    ("examples", _EXAMPLES),
)
# What is named so in one of these is where something runs, and no test.
_ENVIRONMENTS = frozenset(
    ("overlays", "environments", "environment", "envs", "env", "clusters", "stages", "inventories", "deploy")
)
_TEST_FILES = re.compile(r"^(?:test_[^/]*|[^/]*_test|conftest)\.py$")
_MARK = re.compile(rb"(?i)(?:code generated|auto-?generated|@generated)[^\n]*|[^\n]*\bdo not (?:edit|modify)\b")
_MARKED_BYTES = 1_000
"""Where a file says that it is generated: near its head."""
_MOST_FILES = 20
"""Generated files that are named one by one."""


class Proposal(NamedTuple):
    """What would be written, and what it was made from."""

    excluded: Mapping[str, tuple[str, ...]]
    """Patterns by what they are: ``fixtures``, ``vendored``, ``generated``."""
    noted: Mapping[str, tuple[str, ...]]
    """Patterns by what they are: ``tests``, ``examples``."""
    charts: tuple[str, ...] = ()


def class_of(path: str) -> tuple[str, str] | None:
    """Return what the file at ``path`` is by the names of its folders, and the pattern for the outermost such folder.

    A folder of fixtures counts before one of tests around it; ``overlays/test`` and its like are none of tests.
    """
    folder, _, name = path.rpartition("/")
    known = _class_of_folder(folder)
    if known is not None or not _TEST_FILES.match(name):
        return known
    return "tests", "*_test.py" if name.endswith("_test.py") else "test_*.py" if name.startswith("test_") else name


@lru_cache(maxsize=4096)
def _class_of_folder(path: str) -> tuple[str, str] | None:
    """Return what the folder at ``path`` is, as `class_of` does: there are many files to a folder."""
    folders = path.split("/")
    lowered = path.lower().split("/")
    for kind, names in _CLASSES:
        for depth, folder in enumerate(lowered):
            if kind in ("tests", "examples") and folder in _ENVIRONMENTS:
                break
            if folder in names or folder.lstrip("._") in names:
                return kind, "/".join((*folders[: depth + 1], ""))
    return None


def is_generated(data: bytes) -> bool:
    """Tell whether a file says of itself that a program wrote it."""
    return _MARK.search(data[:_MARKED_BYTES]) is not None


def propose(paths: Iterable[str], generated: Iterable[str], charts: Iterable[str]) -> Proposal:
    """Return the proposal for a repository with images in the files at ``paths``.

    Of these those at ``generated`` say that they are; ``charts`` are the folders of Helm charts.
    """
    found: dict[str, dict[str, None]] = {}
    for path in sorted(paths):
        known = class_of(path)
        if known is not None:
            found.setdefault(known[0], {})[f"/{known[1]}" if "/" in known[1] else known[1]] = None
    marked = [f"/{path}" for path in sorted(generated) if (class_of(path) or ("",))[0] not in ("fixtures", "vendored")]
    for pattern in marked[:_MOST_FILES]:
        found.setdefault("generated", {})[pattern] = None
    of = {kind: tuple(patterns) for kind, patterns in found.items()}
    return Proposal(
        {kind: of[kind] for kind in ("fixtures", "vendored", "generated") if kind in of},
        {kind: of[kind] for kind in ("tests", "examples") if kind in of},
        tuple(sorted(charts)),
    )


def as_toml(proposal: Proposal) -> str:
    """Return ``proposal`` as the text of a ``pinner.toml``."""
    return "\n".join(_lines(proposal)) + "\n"


def _lines(proposal: Proposal) -> Iterator[str]:
    yield "# Written by `pinner init`: docs/configuration.md says what else can stand here."
    if proposal.excluded:
        yield "# Left alone: an edit there is lost, or breaks a test."
        yield "exclude = ["
        for kind, patterns in proposal.excluded.items():
            yield from (f"  {_quoted(pattern)},  # {kind}" for pattern in patterns)
        yield "]"
    if proposal.charts:
        yield ""
        yield f"# Helm charts: {', '.join(map(_commented, proposal.charts))}. What their templates fill in is held to"
        yield "# digests in their values; what stands plainly in a template is pinned there."
    for kind, patterns in proposal.noted.items():
        yield ""
        yield f"# {kind}: told, and no reason to fail"
        yield "[[override]]"
        yield f"paths = [{', '.join(map(_quoted, patterns))}]"
        yield 'rules = { PIN001 = "note", PIN003 = "note", PIN006 = "off" }'


def _quoted(text: str) -> str:
    """Return ``text`` as a string of TOML."""
    escaped = "".join(f"\\u{ord(one):04x}" if one in '"\\' or not one.isprintable() else one for one in text)
    return f'"{escaped}"'


def _commented(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text) or "."
