"""Pull request body in Markdown, fitted into a forge's limit.

Nothing in it comes from a clock. Whatever a registry, a label or a path says is text and nothing else (`text`); the
only links are to image pages, to comparisons at known forges (`links`), and to pinner.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.decide import STOP_LABEL
from pinner.bot.model import Marker, render_marker
from pinner.bot.pull_request_body import tables
from pinner.bot.pull_request_body.image_comparison import compare
from pinner.bot.titles import counted, render_message, render_title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pinner.bot.model import Proposal


__all__ = ["render_body", "render_message", "render_title"]


class Section(NamedTuple):
    """A stretch of text that may lose its last rows, or go altogether."""

    opening: str
    rows: tuple[str, ...] = ()
    closing: str = ""
    more: Callable[[int], str] = str
    """Returns the row that stands for as many rows left out."""


def size(text: str) -> int:
    """Return the length of ``text`` in UTF-16 code units: no forge counts more of them than that."""
    return len(text) + sum(character > "\uffff" for character in text)


def fitted(section: Section, room: int) -> str:
    """Return as much of ``section`` as ``room`` code units hold, from all to nothing; never an opening alone."""
    frame = size(section.opening) + size(section.closing)
    whole = frame + sum(map(size, section.rows))
    if whole <= room:
        return section.opening + "".join(section.rows) + section.closing
    ends = list(accumulate(map(size, section.rows)))
    for count in range(len(section.rows) - 1, 0, -1):
        more = section.more(len(section.rows) - count)
        if frame + ends[count - 1] + size(more) <= room:
            return section.opening + "".join(section.rows[:count]) + more + section.closing
    return ""


def joined(sections: Sequence[Section], order: Sequence[int], end: str, limit: int) -> str:
    """Return ``sections`` one below the other and ``end`` below them, in ``limit`` code units.

    ``order`` says who takes room first. ``end`` is always there in full, even where it alone is over the limit.
    """
    between = "\n"
    room = limit - size(end)
    texts = [""] * len(sections)
    for place in order:
        texts[place] = fitted(sections[place], room - size(between))
        room -= size(texts[place]) + size(between) if texts[place] else 0
    return between.join([*filter(None, texts), end])


HOME = "https://github.com/pinner-dev/pinner"
_FOOTER = f"""\
---

Close this, and these digests are not proposed again; newer ones are. Push to this branch, or add the label \
`{STOP_LABEL}`, and pinner leaves it to you.

<sub>[pinner]({HOME}) keeps this up to date.</sub>
"""
# What goes first where room is short: the details, then the footer, what is held back, rows of the table, the opening.
_INTRODUCTION, _TABLE, _HELD, _DETAILS, _FOOT = range(5)
_ORDER = (_INTRODUCTION, _TABLE, _HELD, _FOOT, _DETAILS)


def render_body(proposal: Proposal, limit: int) -> str:
    """Return the body, the hidden marker at its end, in at most ``limit`` characters as any forge counts them.

    What is too long loses whole rows, with a word on how many; the marker is always complete, even where it alone is
    over the limit (at 500 and more it never is). Ends with a line end.
    """
    compared = [compare(change) for change in proposal.changes]
    pairs = list(zip(proposal.changes, compared, strict=True))
    held = tuple(map(tables.held_row, proposal.held_back))
    sections = (
        Section(_introduction(proposal)),
        Section(tables.HEADER, tuple(tables.row(*pair) for pair in pairs), more=tables.more_row),
        Section(tables.HELD_HEADER if held else "", held, more=tables.more_row),
        Section(
            tables.OPENING, tuple(tables.list_item(*pair) for pair in pairs), tables.CLOSING, tables.more_list_item
        ),
        Section(_FOOTER),
    )
    marker = render_marker(Marker(proposal.group, proposal.fingerprint))
    return joined(sections, _ORDER, f"{marker}\n", limit)


def _introduction(proposal: Proposal) -> str:
    """Return what happens in a sentence or two."""
    raised = len({change.canonical for change in proposal.changes if change.raised is not None})
    stayed = [change for change in proposal.changes if change.raised is None]
    pinned = len({change.canonical for change in stayed if change.old is None})
    moved = len({change.canonical for change in stayed if change.old is not None})
    sentences = []
    if raised:
        sentences.append(f"{counted(raised, 'reference')} {'goes' if raised == 1 else 'go'} on to a newer tag.")
    if moved:
        verb = "has a new image under its tag" if moved == 1 else "have new images under their tags"
        sentences.append(f"{counted(moved, 'reference')} {verb}.")
    if pinned:
        verb = "gets its first digest" if pinned == 1 else "get their first digests"
        sentences.append(f"{counted(pinned, 'reference')} {verb}.")
    files = counted(len(proposal.files), "file")
    if raised:
        sentences.append(f"Tags and digests change, in {files}, and nothing else.")
    else:
        is_told = bool(proposal.files)
        sentences.append(f"Only digests change, in {files}; the tags stay." if is_told else "Only digests change.")
    return " ".join(sentences) + "\n"
