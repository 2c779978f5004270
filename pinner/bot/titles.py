"""Pull request titles and commit messages from templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.bot.model import TRAILER
from pinner.config.bot import fill_template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pinner.bot.model import ImageChange, Proposal
    from pinner.reference import Digest

MOST_TITLE = 120
"""Characters of a title: forges cut off at 250 or 255, lists of pull requests long before that."""
_NAMED = 3
"""How many images a list of them names before it counts."""
_MESSAGE = "{title}\n\n{changes}"


def render_title(proposal: Proposal, template: str | None = None) -> str:
    """Return the title: of ``template``, by default ``Update nginx:1.27 digest to 3c4f2a1b9d0e`` and its like.

    One line of at most 120 characters. Raises `TemplateError` for a template that the settings would have refused.
    """
    if template is None:
        summary = _summary(proposal.changes, _names(proposal))
        is_sentence = summary.split(" ", 1)[0] in ("update", "pin", "raise")
        return _line(summary[:1].upper() + summary[1:] if is_sentence else summary)
    return _line(fill_template(template, _words(proposal)))


def render_message(
    proposal: Proposal, title: str, template: str | None = None, sign_off: tuple[str, str] | None = None
) -> str:
    """Return the commit's message, ``title`` first where ``template`` does not say otherwise, and its trailers.

    ``sign_off`` is the name and the e-mail of who vouches (developercertificate.org). Ends with a line end.
    """
    values = {"title": title, "changes": _lines(proposal.changes), **_words(proposal)}
    text = fill_template(_MESSAGE if template is None else template, values)
    lines = [line.rstrip() for line in text.splitlines()]
    trailers = [f"{TRAILER}: {proposal.fingerprint}"]
    if sign_off is not None:
        trailers.append("Signed-off-by: {} <{}>".format(*sign_off))
    return "\n".join(["\n".join(lines).strip(), "", *trailers, ""])


def short_digest(digest: Digest) -> str:
    """Return the first twelve hex digits, as Docker shows them."""
    return digest.hex[:12]


def _names(proposal: Proposal) -> list[str]:
    return list(dict.fromkeys(change.name for change in proposal.changes))


def _words(proposal: Proposal) -> dict[str, str]:
    names = _names(proposal)
    return {
        "summary": _summary(proposal.changes, names),
        "group": proposal.group,
        "count": str(len(names)),
        "images": _listed(names),
        "image": names[0] if len(names) == 1 else f"{len(names)} images",
    }


def _summary(changes: Sequence[ImageChange], names: Sequence[str]) -> str:
    """Return what happens, beginning in lower case: what may follow ``chore(deps): ``."""
    raised = {change.name: change for change in changes if change.raised is not None}
    if raised:
        return _raise_summary(raised, changes)
    pinned = {change.name for change in changes if change.old is None}
    digests = {change.new for change in changes}
    updated = len(set(names) - pinned)
    if len(names) == 1:
        if len(digests) > 1:
            return f"{'update' if updated else 'pin'} {names[0]} digests"
        digest = short_digest(next(iter(digests)))
        return f"update {names[0]} digest to {digest}" if updated else f"pin {names[0]} to digest {digest}"
    if not updated:
        return f"pin {len(names)} images to digests"
    if not pinned:
        return f"update {len(names)} image digests"
    return f"update {counted(updated, 'image digest')} and pin {counted(len(pinned), 'image')}"


def _raise_summary(raised: Mapping[str, ImageChange], changes: Sequence[ImageChange]) -> str:
    """Return what happens where tags are raised: ``python 3.12-slim → 3.13-slim`` where that is all."""
    rest = {change.name for change in changes if change.raised is None} - raised.keys()
    if len(raised) == 1:
        (change,) = raised.values()
        name, _, tag = change.name.rpartition(":")
        text = f"{name} {tag} → {change.raised}"
        return f"raise {text} and update {counted(len(rest), 'image digest')}" if rest else text
    text = f"raise {counted(len(raised), 'tag')}"
    return f"{text} and update {counted(len(rest), 'image digest')}" if rest else text


def counted(number: int, noun: str) -> str:
    """Return ``1 image`` or ``2 images``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:_NAMED])
    if len(names) > _NAMED:
        shown.append(f"{len(names) - _NAMED} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def _lines(changes: Sequence[ImageChange]) -> str:
    return "\n".join(
        dict.fromkeys(
            f"{change.name}{'' if change.raised is None else f' -> {change.raised}'}: "
            f"{'' if change.old is None else f'{short_digest(change.old)} -> '}{short_digest(change.new)}"
            for change in changes
        )
    )


def _line(text: str) -> str:
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= MOST_TITLE else text[: MOST_TITLE - 1].rstrip() + "…"
