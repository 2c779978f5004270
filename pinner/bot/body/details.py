"""The part of a body that is folded away: full digests, every platform, files and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.bot.body.text import code

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.bot.body.compared import Compared, Origin
    from pinner.bot.model import ImageChange

OPENING = "<details>\n<summary>Full digests, platforms, files and lines</summary>\n\n"
CLOSING = "\n</details>\n"
_MOST_NAME = 200
_MOST_PLATFORMS = 40
_MOST_PLACES = 50


def block(change: ImageChange, compared: Compared) -> str:
    """Return the list item of one change, with its line end."""
    lines = [f"- **{code(change.name, _MOST_NAME)}**", *(f"  - {line}" for line in _lines(change, compared))]
    return "\n".join(lines) + "\n"


def more_block(count: int) -> str:
    """Return the list item that stands for ``count`` items left out."""
    return f"- …and {count} more\n"


def _lines(change: ImageChange, compared: Compared) -> Iterable[str]:
    if change.old is not None:
        yield f"from {code(f'{change.canonical}@{change.old}', 500)}"
    yield f"{'to' if change.old is not None else 'first pin:'} {code(f'{change.canonical}@{change.new}', 500)}"
    before, after = compared.before, compared.after
    yield from filter(None, (_built(before, after), _sources(before, after), _base(before, after)))
    words = ("changed", "unchanged", "added", "removed")
    for word, names in zip(words, compared.platforms, strict=True):
        if names:
            yield f"platforms {word}: {_some(names, _MOST_PLATFORMS)}"
    if change.places:
        yield f"in {_some(change.places, _MOST_PLACES, _MOST_NAME)}"


def _built(before: Origin, after: Origin) -> str:
    if after.built is None:
        return ""
    if before.built == after.built:
        return f"built {after.built}, as the one before"
    return f"built {after.built}" + (f", the one before {before.built}" if before.built else "")


def _sources(before: Origin, after: Origin) -> str:
    """Return where the source is, in full: the table's link may have nowhere to lead to."""
    if after.revision is None:
        return ""
    moved = before.source is not None and after.source is not None and before.source != after.source
    where = "" if after.source is None else f" of {code(f'{after.source.host}/{after.source.path}', _MOST_NAME)}"
    was = (
        f", before of {code(f'{before.source.host}/{before.source.path}', _MOST_NAME)}"
        if moved and before.source
        else ""
    )
    return f"source: commit `{after.revision}`{where}{was}"


def _base(before: Origin, after: Origin) -> str:
    if not after.base_name:
        return ""
    old, new = code(before.base_digest or "", 71), code(after.base_digest or "", 71)
    name = code(after.base_name, _MOST_NAME)
    if not name or not new:
        return f"base image: {name}" if name else ""
    if not old:
        return f"base image: {name} {new}"
    return f"base image: {name} is the same {new}" if old == new else f"base image: {name} {old} → {new}"


def _some(names: Sequence[str], most: int, length: int = 80) -> str:
    shown = ", ".join(filter(None, (code(name, length) for name in names[:most])))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
