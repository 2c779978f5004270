"""Unified diff of ``--diff`` that ``git apply`` takes, and the same changes as findings."""

from __future__ import annotations

from posixpath import normpath

from pinner._typing import TYPE_CHECKING
from pinner.findings import Finding
from pinner.model import ENV_NAME
from pinner.plan import Changed
from pinner.rules import STALE, UNPINNED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinner.plan import Plan
    from pinner.report.style import Style
    from pinner.rules import Level


_CONTEXT = 3
_COLORS = {b"-": b"\x1b[31m", b"+": b"\x1b[32m", b"@": b"\x1b[36m"}
_ESCAPES = {0x07: b"\\a", 0x08: b"\\b", 0x09: b"\\t", 0x0A: b"\\n", 0x0B: b"\\v", 0x0C: b"\\f", 0x0D: b"\\r"}
_ESCAPES |= {ord('"'): b'\\"', ord("\\"): b"\\\\"}
_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(_ESCAPES)


def render_patch(plans: Iterable[Plan], style: Style, below: str = "") -> Iterator[bytes]:
    """Yield the lines, with their ends, of the patch that makes every changed plan's result.

    Paths are relative to the folder to run ``git apply`` in: the current one, or, where ``below`` is given, the one
    that the current folder is ``below``. There is no ``diff --git`` line on purpose: it would make git read the paths
    from the repository's root, wherever it runs.
    """
    for plan in plans:
        if plan.changed:
            path = normpath(f"{below}/{plan.document.path}") if below else plan.document.path
            for line in file_patch(path, plan.document.data, plan.result):
                yield _painted(line) if style.color else line


def reaches_outside(plans: Iterable[Plan]) -> bool:
    """Tell whether a changed file is not below the current folder, where ``git apply`` takes no path."""
    return any(plan.changed and plan.document.path.startswith(("../", "/")) for plan in plans)


def file_patch(path: str, before: bytes, after: bytes) -> Iterator[bytes]:
    """Yield the patch of one file. ``before`` and ``after`` have as many lines: a digest never brings a line end."""
    old, new = _lines(before), _lines(after)
    changed = [number for number, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    yield b"--- " + _name(b"a/", path) + b"\n"
    yield b"+++ " + _name(b"b/", path) + b"\n"
    # What else stands in a `.env` may be secret.
    context = 0 if is_secret(path) else _CONTEXT
    for group in _grouped(changed, context):
        yield from _hunk(old, new, max(group[0] - context, 0), min(group[-1] + context + 1, len(old)))


def is_secret(path: str) -> bool:
    """Tell whether a patch shows nothing of the file at ``path`` but what it changes; git needs to be told then."""
    return path.rpartition("/")[2] == ENV_NAME


def _lines(data: bytes) -> list[bytes]:
    """Split as git does: at LF alone, each line with its end."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop().removesuffix(b"\n")
    return [*lines, last] if last else lines


def _grouped(numbers: Sequence[int], context: int) -> list[list[int]]:
    """Return ``numbers`` in runs whose contexts, of ``context`` lines, touch."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number - groups[-1][-1] <= 2 * context:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _hunk(old: Sequence[bytes], new: Sequence[bytes], start: int, end: int) -> Iterator[bytes]:
    size = f"{start + 1},{end - start}" if end - start > 1 else f"{start + 1}"
    yield f"@@ -{size} +{size} @@\n".encode()
    removed: list[bytes] = []
    added: list[bytes] = []
    for one, other in zip(old[start:end], new[start:end], strict=True):
        if one == other:
            yield from (*removed, *added)
            removed, added = [], []
            yield from _entry(b" ", one)
        else:
            removed += _entry(b"-", one)
            added += _entry(b"+", other)
    yield from (*removed, *added)


def _entry(sign: bytes, line: bytes) -> Iterator[bytes]:
    yield sign + (line if line.endswith(b"\n") else line + b"\n")
    if not line.endswith(b"\n"):
        yield b"\\ No newline at end of file\n"


def _name(prefix: bytes, path: str) -> bytes:
    """Return ``path`` as git writes it in a header: C-quoted where it must, a tab after a name with spaces.

    Quoted also what a CI system would take for a command (``##[``): git reads it all the same.
    """
    raw = prefix + path.encode("utf-8", "surrogateescape")
    plain = _PLAIN - {ord("#")} if b"##" in raw else _PLAIN
    if plain.issuperset(raw):
        return raw + b"\t" if b" " in raw else raw
    quoted = b"".join(
        bytes((byte,)) if byte in plain else _ESCAPES.get(byte) or f"\\{byte:03o}".encode() for byte in raw
    )
    return b'"' + quoted + b'"'


def _painted(line: bytes) -> bytes:
    color = _COLORS.get(line[:1])
    if color is None:
        return line
    text = line.rstrip(b"\r\n")
    return color + text + b"\x1b[0m" + line[len(text) :]


_SHORT = 12


def proposed_findings(plans: Iterable[Plan], levels: Mapping[str, Level]) -> Iterator[Finding]:
    """Yield a finding for each reference that ``plans`` pin or move; ``levels`` holds severities by rule id.

    A rule that is off says nothing here, either.
    """
    for plan in plans:
        for verdict in plan.verdicts:
            if not isinstance(verdict, Changed) or verdict.digest is None:
                continue
            reference, digest = verdict.place.reference, verdict.digest
            short = f"{digest.algorithm}:{digest.hex[:_SHORT]}…"
            if reference.digest is None:
                rule, message = UNPINNED, f"`{reference}` has no digest; its tag means `{short}`"
            else:
                rule, message = STALE, f"`{reference.familiar}` means `{short}` by now"
            level = levels.get(rule.id, rule.severity)
            if level != "off":
                yield Finding(
                    rule, level, message, None, plan.document.path, verdict.place, verdict.text, verdict.digest
                )
