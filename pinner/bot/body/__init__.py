"""What a pull request says, in Markdown for GitHub, GitLab, Gitea and Forgejo. Pure: one proposal has one body.

Nothing in it comes from a clock. Whatever a registry, a label or a path says is text and nothing else (`text`); the
only links are to image pages, to comparisons at known forges (`links`), and to pinner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.bot.body import details, table
from pinner.bot.body.compared import compare
from pinner.bot.body.fit import Section, joined
from pinner.bot.decide import STOP_LABEL
from pinner.bot.marker import Marker, render_marker
from pinner.bot.titles import counted, render_message, render_title

if TYPE_CHECKING:
    from pinner.bot.model import Proposal

__all__ = ["render_body", "render_message", "render_title"]

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
    held = tuple(map(table.held_row, proposal.held_back))
    sections = (
        Section(_introduction(proposal)),
        Section(table.HEADER, tuple(table.row(*pair) for pair in pairs), more=table.more_row),
        Section(table.HELD_HEADER if held else "", held, more=table.more_row),
        Section(details.OPENING, tuple(details.block(*pair) for pair in pairs), details.CLOSING, details.more_block),
        Section(_FOOTER),
    )
    marker = render_marker(Marker(proposal.group, proposal.fingerprint))
    return joined(sections, _ORDER, f"{marker}\n", limit)


def _introduction(proposal: Proposal) -> str:
    """Return what happens in a sentence or two."""
    pinned = len({change.canonical for change in proposal.changes if change.old is None})
    moved = len({change.canonical for change in proposal.changes if change.old is not None})
    sentences = []
    if moved:
        verb = "has a new image under its tag" if moved == 1 else "have new images under their tags"
        sentences.append(f"{counted(moved, 'reference')} {verb}.")
    if pinned:
        verb = "gets its first digest" if pinned == 1 else "get their first digests"
        sentences.append(f"{counted(pinned, 'reference')} {verb}.")
    files = counted(len(proposal.files), "file")
    sentences.append(f"Only digests change, in {files}; the tags stay." if proposal.files else "Only digests change.")
    return " ".join(sentences) + "\n"
