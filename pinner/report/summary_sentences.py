"""Summary sentences with counts, for the line that closes a run."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.report.base import Summary

_NO_FILES = "nothing to look at: no Dockerfile, YAML or Python file that is not ignored or excluded"


def count(number: int, noun: str) -> str:
    """Return ``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def repositories(number: int) -> str:
    """Return ``1 repository``, ``2 repositories``."""
    return "1 repository" if number == 1 else f"{number} repositories"


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


class NotTold(NamedTuple):
    """The files that nothing is said of."""

    unreadable: int = 0
    """How many could not be read."""
    unread: Sequence[str] = ()
    """What those are that name images and that no format reads: ``Jenkinsfile``, a text for each."""


def check_sentence(
    summary: Summary,
    rest: NotTold = NotTold(),  # noqa: B008 - a value
    seen: int = 0,
    outlook: Outlook | None = None,
) -> str:
    """Return what ``check`` found, in one line.

    ``rest`` are the files that nothing is said of, ``seen`` is how many were looked at, of whatever kind.
    """
    found = ", ".join(
        count(number, noun)
        for number, noun in ((summary.error, "error"), (summary.warning, "warning"), (summary.note, "note"))
        if number
    )
    return "; ".join(part for part in (found and f"found {found}", list_sentence(summary, rest, seen, outlook)) if part)


def list_sentence(
    summary: Summary,
    rest: NotTold = NotTold(),  # noqa: B008 - a value
    seen: int = 0,
    outlook: Outlook | None = None,
) -> str:
    """Return how the references stand, in one line; see `check_sentence`."""
    if not summary.files:
        return "; ".join((*(() if rest.unreadable else (nothing_found(seen),)), *_not_told(rest)))
    return "; ".join((_state(summary, outlook), *_not_told(rest)))


def _not_told(rest: NotTold) -> Iterator[str]:
    if rest.unreadable:
        yield f"{count(rest.unreadable, 'file')} could not be read"
    if rest.unread:
        kinds = sorted(set(rest.unread), key=lambda kind: (-rest.unread.count(kind), kind))
        yield f"not read: {', '.join(count(rest.unread.count(kind), kind) for kind in kinds)}"


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
