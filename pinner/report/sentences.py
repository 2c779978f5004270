"""Summary sentences with counts, for the line that closes a run."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pinner.report.base import Summary

_NO_FILES = "nothing to look at: no Dockerfile, YAML or Python file that is not ignored or excluded"


def count(number: int, noun: str) -> str:
    """Return ``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def references(number: int) -> str:
    """Return ``the one reference is``, ``both references are``, ``all 5 references are``."""
    if number == 1:
        return "the one reference is"
    return "both references are" if number == 2 else f"all {number} references are"  # noqa: PLR2004 - both are two


def nothing_found(seen: int) -> str:
    """Return the sentence of a run in which no format knew any of the ``seen`` files."""
    return f"no image is named in {count(seen, 'file')}" if seen else _NO_FILES


class Outlook(NamedTuple):
    """What is to be done about the references that are neither pinned nor to be pinned."""

    mend: int = 0
    unknown: int = 0


def check_sentence(summary: Summary, unreadable: int = 0, seen: int = 0, outlook: Outlook | None = None) -> str:
    """Return what ``check`` found, in one line.

    ``unreadable`` is how many files could not be told, ``seen`` how many were looked at, of whatever kind.
    """
    found = ", ".join(
        count(number, noun)
        for number, noun in ((summary.error, "error"), (summary.warning, "warning"), (summary.note, "note"))
        if number
    )
    return "; ".join(
        part for part in (found and f"found {found}", list_sentence(summary, unreadable, seen, outlook)) if part
    )


def list_sentence(summary: Summary, unreadable: int = 0, seen: int = 0, outlook: Outlook | None = None) -> str:
    """Return how the references stand, in one line; see `check_sentence`."""
    if not summary.files:
        return "; ".join(_unread(unreadable)) or nothing_found(seen)
    return "; ".join((_state(summary, outlook), *_unread(unreadable)))


def _unread(number: int) -> tuple[str, ...]:
    return (f"{count(number, 'file')} could not be read",) if number else ()


def _state(summary: Summary, outlook: Outlook | None) -> str:
    files = count(summary.files, "file")
    if not summary.mentions:
        return f"no image is named in {files}"
    rest = [(summary.unpinned, "to pin")]
    if outlook is None:
        rest.append((summary.skipped, "skipped"))
    else:
        alone = max(0, summary.skipped - outlook.mend - outlook.unknown)
        rest += [(outlook.mend, "to mend"), (outlook.unknown, "unknown"), (alone, "left alone")]
    rest.append((summary.unknown, "without an answer"))
    told = "".join(f", {number} {what}" for number, what in rest if number)
    if not told:
        return f"{references(summary.pinned)} pinned ({files})"
    return f"{summary.pinned} of {count(summary.mentions, 'reference')} pinned{told} ({files})"
