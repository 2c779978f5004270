"""Tags in use that may be raised, and the rules of settings and comments for each."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.model import Occurrence, text_of
from pinner.scan.suppressions import matches, occurrences_for
from pinner.tag_upgrades.model import Wanted
from pinner.tags.model import LEVELS
from pinner.tags.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinner.config import Settings, TagLevel, UpdateRules
    from pinner.model import Span
    from pinner.reference import ImageReference
    from pinner.scan.suppressions import Candidate, Source
    from pinner.tag_upgrades.model import Outlook, WantedKey
    from pinner.tags.model import Level


def rules_for(reference: ImageReference, settings: Settings) -> UpdateRules:
    """Return the rules for the tags of ``reference``: of each key what the most exact pattern says of it."""
    update = settings.update
    rules = update.rules._replace(min_age=settings.min_age if update.rules.min_age is None else update.rules.min_age)
    for images in (update.images, update.given):
        for pattern, one in sorted(images, key=lambda image: _exactness(image[0])):
            if matches(reference, (pattern,)):
                rules = rules.under(one)
    return rules


def _exactness(pattern: str) -> tuple[bool, int]:
    """Return what orders patterns: a name is more exact than a glob, and a long one than a short one."""
    wild = sum(map(pattern.count, "*?["))
    return not wild, len(pattern) - wild


def eligible_tags(sources: Iterable[Source], settings: Settings, most: Level = "major") -> tuple[Wanted, ...]:
    """Return the tags that ``sources`` use and that may be raised, each once for each level, ``most`` the greatest."""
    found: dict[WantedKey, Wanted] = {}
    for source in sources:
        for _, _, wanted in _raisable(source, settings, most):
            before = found.setdefault(wanted.key, wanted)
            held = dict.fromkeys((*before.held, *wanted.held))
            found[wanted.key] = before._replace(held=tuple(held))
    return tuple(found.values())


def _raisable(source: Source, settings: Settings, most: Level) -> Iterator[tuple[int, Occurrence, Wanted]]:
    """Yield the occurrences of ``source`` whose tags may be raised, with their positions among its candidates."""
    places = occurrences_for(source, "update")
    for position, (candidate, place) in enumerate(zip(source.candidates, places, strict=True)):
        if not isinstance(place, Occurrence) or place.reference.tag is None:
            continue
        rules = rules_for(place.reference, settings)
        level = level_for(candidate, rules)
        if level == "none" or parse(place.reference.tag) is None:
            continue
        if place.tag_stands_in(source.document.data):
            held = (place.reference,) if place.reference.digest is not None else ()
            yield position, place, Wanted(place.reference, min(level, most, key=LEVELS.index), rules, held)


def level_for(candidate: Candidate, rules: UpdateRules) -> TagLevel:
    """Return how far the tag of ``candidate`` may be raised: as a comment beside it says, else as ``rules`` do."""
    return next((pragma.tags for pragma in candidate.pragmas if pragma.tags is not None), rules.tags or "none")


def with_upgrades(
    source: Source,
    settings: Settings,
    outlooks: Mapping[WantedKey, Outlook],
    within: Source | None = None,
    most: Level = "major",
) -> Source:
    """Return ``source`` with every reference that is to be raised as what it becomes, its digest still the old one.

    Those alone that ``within``, the same source masked, lets be touched, and by steps of at most ``most``.
    """
    candidates = list(source.candidates)
    found: dict[Span, dict[int, Occurrence | None]] = {}
    for position, candidate in enumerate(source.candidates):
        if isinstance(candidate.place, Occurrence):
            found.setdefault(candidate.place.span, {})[position] = None
    for position, place, wanted in _raisable(within or source, settings, most):
        outlook = outlooks.get(wanted.key)
        if outlook is not None and outlook.upgrade is not None:
            reference = place.reference.with_tag(outlook.upgrade.tag)
            found[place.span][position] = place._replace(reference=reference, replaces=place.reference)
    for sharing in found.values():
        # One text is one choice: where one of those that read it stays, all do.
        tags = {None if raised is None else raised.reference.canonical for raised in sharing.values()}
        for position, raised in sharing.items() if len(tags) == 1 else ():
            if raised is not None:
                candidates[position] = candidates[position]._replace(place=raised)
    return source._replace(candidates=_distinct(source.candidates, candidates))


def _distinct(before: Sequence[Candidate], after: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return ``after``, but as ``before`` where several values of one use, a matrix's, would become the same."""
    uses: dict[tuple[int, int], list[int]] = {}
    for position, candidate in enumerate(before):
        uses.setdefault((candidate.place.line, candidate.place.column), []).append(position)
    kept = list(after)
    for positions in uses.values():
        texts = [{text_of(one[position].place).partition("@")[0] for position in positions} for one in (before, after)]
        if len(texts[1]) < len(texts[0]):
            for position in positions:
                kept[position] = before[position]
    return tuple(kept)
