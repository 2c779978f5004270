"""Newer tags of those in use, as a repository's list has them: told, not proved."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import ResolveError
from pinner.tag_upgrades.model import ended_words
from pinner.tag_upgrades.search import TagLists, options_of
from pinner.tags.candidate_proof import FIRST_DATE, facts_of
from pinner.tags.candidates import find_candidates, level_between
from pinner.tags.model import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pinner.oci.resolver import Registry
    from pinner.tag_upgrades.model import Wanted
    from pinner.tags.model import Level, Tag
    from pinner.tags.release_lines import Lines

_OLD, _RECENT = timedelta(days=180), timedelta(days=30)


class NewerTags(NamedTuple):
    """What a list says of one tag in use."""

    tags: tuple[tuple[str, Level], ...] = ()
    """The latest that may follow by steps of each size, the smallest first; a size that brings nothing is left out."""
    ended: str | None = None
    """What there is to say where the variant goes on as another, or nobody builds the image any more."""
    error: ResolveError | None = None


async def find_newer_tags(wanted: Iterable[Wanted], registry: Registry, today: date) -> dict[str, NewerTags]:
    """Return what the lists say of the tags ``wanted``, by canonical name; an error of a registry is an answer."""
    lists = TagLists(registry)
    distinct = {one.reference.canonical: one for one in wanted}

    async def look(one: Wanted) -> NewerTags:
        try:
            return await _newer(one, await lists.lines(one), registry, today)
        except ResolveError as error:
            return NewerTags(error=error)

    found = await asyncio.gather(*map(look, distinct.values()))
    return dict(zip(distinct, found, strict=True))


async def _newer(wanted: Wanted, lines: Lines, registry: Registry, today: date) -> NewerTags:
    reference, options = wanted.reference, options_of(wanted.rules)
    tag = lines.parse(str(reference.tag))
    if tag is None:
        return NewerTags()
    tags: dict[str, Level] = {}
    latest: Tag | None = None
    for level in LEVELS[: LEVELS.index(wanted.level) + 1]:
        found = find_candidates(reference.repository, tag.text, lines, options, level)
        ended = ended_words(tag, found.notes, lines)
        if found.tags:
            latest = found.tags[0]
            tags.setdefault(latest.text, level_between(tag, latest))
    if ended is None and latest is not None and lines.line(tag.line).is_rolling(tag):
        ended = await _unbuilt(wanted, latest, registry, today)
    return NewerTags(tuple(tags.items()), ended)


async def _unbuilt(wanted: Wanted, latest: Tag, registry: Registry, today: date) -> str | None:
    """Return what to say where the tag in use has long not been built, and ``latest`` has just been."""
    old = wanted.reference
    made = await _made(old.tag or "", wanted, registry)
    if made is None or made < FIRST_DATE or today - made <= _OLD:
        return None
    since = await _made(latest.text, wanted, registry)
    if since is None or today - since > _RECENT:
        return None
    return f"{old.tag} is no longer rebuilt: it was made on {made}, and {latest.text} on {since}"


async def _made(tag: str, wanted: Wanted, registry: Registry) -> date | None:
    named = wanted.reference.with_tag(tag)
    digest = (await registry.resolve(named, None)).digest
    facts = await facts_of(named.at(digest), registry, ())
    return None if facts is None else facts.created
