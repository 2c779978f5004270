"""Changes that are held back: without an answer, too young, of platforms that do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.bot.groups import group_of
from pinner.bot.model import HeldBack
from pinner.errors import NotFoundError, ResolveError, SignatureError
from pinner.model import Occurrence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from pinner.bot.plan import Update, UpdateInput
    from pinner.oci.resolver import Registry
    from pinner.plan import Failed
    from pinner.reference import Digest, ImageReference


def unanswered_changes(failed: Iterable[Failed]) -> tuple[HeldBack, ...]:
    """Return why what has ``failed`` is not proposed."""
    found = {
        verdict.place.reference.familiar: HeldBack(
            verdict.place.reference.familiar, None, _why_not(verdict), isinstance(verdict.error, SignatureError)
        )
        for verdict in failed
    }
    return tuple(found[name] for name in sorted(found))


def _why_not(failed: Failed) -> str:
    error = failed.error
    if not isinstance(error, SignatureError):
        return f"no answer: {error.message}"
    # The name stands beside it.
    return error.message.removeprefix(f"`{failed.place.reference.familiar}`: ")


async def held_back_changes(
    name: str, update_input: UpdateInput, update: Update, registry: Registry
) -> tuple[HeldBack, ...]:
    """Return what the group ``name`` does not propose yet; ``registry`` is asked whether that can wait."""
    found = _held_back(name, update_input, update)
    return tuple([await _with_what_is_gone(held, reference, update, registry) for reference, held in found])


async def _with_what_is_gone(held: HeldBack, reference: ImageReference, update: Update, registry: Registry) -> HeldBack:
    """Return ``held`` with whether what ``reference`` is pinned to is served no more: then waiting is no rest."""
    entry = update.images.get(reference.canonical)
    if entry is None or held.digest is None:
        return held
    try:
        # A HEAD where a GET would be a pull.
        await registry.describe(reference.at(entry.selected.digest), "kind")
    except NotFoundError:
        return held._replace(is_gone=True)
    except ResolveError:
        return held
    return held


def _held_back(name: str, update_input: UpdateInput, update: Update) -> Iterator[tuple[ImageReference, HeldBack]]:
    """Yield the updates that are not taken yet, in the words of dates: words of ages would be others every day."""
    groups = update_input.settings.groups
    named: dict[str, tuple[ImageReference, str]] = {}
    for source in update_input.sources:
        for candidate in source.candidates:
            if isinstance(occurrence := candidate.place, Occurrence):
                group = group_of(occurrence.reference, source.document.path, groups)
                named.setdefault(occurrence.reference.canonical, (occurrence.reference, group))
    for canonical, (reference, group) in sorted(named.items()):
        entry = update.images.get(canonical)
        if group != name:
            continue
        outlook = update_input.outlooks.get(canonical)
        if outlook is not None and outlook.held_back is not None:
            # Its digest may still move; the tag that would follow may not be taken.
            yield reference, HeldBack(reference.familiar, None, outlook.held_back, is_signer_changed=True)
        if entry is None:
            continue
        if entry.candidates and update_input.settings.min_age is not None:
            yield (
                reference,
                _young(reference, entry.candidates[-1].digest, entry.candidates[-1].first_seen, update_input),
            )
        elif canonical in update.elsewhere:
            yield reference, HeldBack(reference.familiar, None, "moved only for platforms that do not count")


def _young(reference: ImageReference, digest: Digest, seen: datetime, update_input: UpdateInput) -> HeldBack:
    from datetime import timedelta  # noqa: PLC0415 - only where something waits

    age: timedelta = timedelta(seconds=update_input.settings.min_age or 0)
    reason = f"first seen on {seen:%Y-%m-%d}, eligible on {seen + age:%Y-%m-%d}"
    return HeldBack(reference.familiar, digest, reason)
