"""Variables that are a part of tags where no digest can stand: raised for all that read them, or for none."""

from __future__ import annotations

from collections import Counter

from pinner._typing import TYPE_CHECKING
from pinner.model import Edit, Occurrence, SkippedOccurrence
from pinner.reference import ImageReference
from pinner.scan.suppressions import matches
from pinner.tag_upgrades.eligible_tags import level_for, rules_for
from pinner.tag_upgrades.model import Shared, Wanted
from pinner.tags.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pinner.config import Settings
    from pinner.model import Place, Span
    from pinner.scan.suppressions import Candidate, Source
    from pinner.tag_upgrades.model import SharedKey, SharedOutlook


_OPEN = ("interpolated-tag", "arg-conflict")
"""Why no digest can stand where a tag may be raised; what else decides is another file's."""


def find_shared_variables(sources: Iterable[Source], settings: Settings) -> tuple[Shared, ...]:
    """Return the texts in ``sources`` that may be raised: all that is known to read them is tags that may be."""
    return tuple([shared for source in sources for shared in _shared(source, settings)])


def _shared(source: Source, settings: Settings) -> Iterator[Shared]:
    path, data = source.document
    for (span, name), positions in _readers(source).items():
        candidates = [source.candidates[position] for position in positions]
        uses = [_use(path, candidate, settings) for candidate in candidates]
        known = tuple([use for use in uses if use is not None])
        text = data[span.start : span.end].decode("utf-8", "replace")
        if len(known) == len(uses) and all(_stands_in(use, text) for use in known):
            yield Shared(path, span, name, text, known)


def _readers(source: Source) -> dict[tuple[Span, str], list[int]]:
    """Return, by text and variable, the positions of the candidates that read it; not where other files decide."""
    found: dict[tuple[Span, str], list[int]] = {}
    for position, candidate in enumerate(source.candidates):
        place = candidate.place
        if isinstance(place, SkippedOccurrence) and place.part is not None and place.reason in _OPEN:
            found.setdefault((place.part.span, place.part.name), []).append(position)
    alone = [one.part for one in source.located.places if isinstance(one, SkippedOccurrence) and one.part is not None]
    readers = Counter([(part.span, part.name) for part in alone])
    return {key: positions for key, positions in found.items() if len(positions) == readers[key]}


def _use(path: str, candidate: Candidate, settings: Settings) -> Wanted | None:
    """Return the use of a text by the tag of ``candidate``; None where that is to stay."""
    place = candidate.place
    if not isinstance(place, SkippedOccurrence) or place.part is None or candidate.silenced("PIN101"):
        return None
    reference = ImageReference.try_parse(place.text)
    if reference is None:
        return None
    rules = rules_for(reference, settings)
    level = level_for(candidate, rules)
    if level == "none" or reference.digest is not None or parse(reference.tag or "") is None:
        return None
    if matches(reference, settings.images_exclude):
        return None
    where = f"{path}:{place.line}"
    return Wanted(reference, level, rules, (), where, place.part.start)


def _stands_in(use: Wanted, text: str) -> bool:
    return bool(text) and (use.reference.tag or "").startswith(text, use.start)


def text_in(use: Wanted, tag: str, text: str) -> str | None:
    """Return what has to stand in the place of ``text`` for the tag of ``use`` to become ``tag``; None for nothing."""
    now = use.reference.tag or ""
    before, after = now[: use.start], now[use.start + len(text) :]
    is_same = tag.startswith(before) and tag.endswith(after) and len(tag) > len(before) + len(after)
    return tag[len(before) : len(tag) - len(after)] if is_same else None


def with_shared(source: Source, outlooks: Mapping[SharedKey, SharedOutlook]) -> Source:
    """Return ``source`` with the tags as they are to read, of which a text is to be raised by ``outlooks``."""
    candidates = list(source.candidates)
    for (span, _), positions in _readers(source).items():
        outlook = outlooks.get((source.document.path, span))
        if outlook is None or outlook.text is None:
            continue
        shared = outlook.shared
        edit = Edit(span.start, shared.text.encode(), outlook.text.encode())
        for position, use in zip(positions, shared.uses, strict=True):
            now = use.reference.tag or ""
            tag = now[: use.start] + outlook.text + now[use.start + len(shared.text) :]
            raised = _raised(candidates[position].place, use.reference, tag, edit)
            candidates[position] = candidates[position]._replace(place=raised)
    return source._replace(candidates=tuple(candidates))


def _raised(place: Place, written: ImageReference, tag: str, edit: Edit) -> Occurrence:
    """Return ``place``, a skip that reads ``written``, as what it is to be by ``edit``."""
    return Occurrence(
        place.format,
        place.kind,
        written.with_tag(tag),
        place.line,
        place.column,
        place.span,
        place.span.end,
        via=place.via,
        platform=place.platform,
        owner=place.owner,
        replaces=written,
        rewrites=edit,
    )
