"""``--only`` and ``--exclude``: which images a run is about."""

from __future__ import annotations

from pinner.lean import TYPE_CHECKING
from pinner.model import Mention, as_skip
from pinner.screen import matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.screen import Candidate, Source


def select(sources: Sequence[Source], only: Sequence[str], exclude: Sequence[str]) -> tuple[Source, ...]:
    """Return ``sources`` with every image left alone that no glob of ``only`` fits, or that one of ``exclude`` does."""
    if not only and not exclude:
        return tuple(sources)
    return tuple(
        source._replace(candidates=tuple(_judged(candidate, only, exclude) for candidate in source.candidates))
        for source in sources
    )


def _judged(candidate: Candidate, only: Sequence[str], exclude: Sequence[str]) -> Candidate:
    place = candidate.place
    if not isinstance(place, Mention):
        return candidate
    if matches(place.reference, exclude):
        return candidate._replace(place=as_skip(place, "excluded", "--exclude leaves this image alone"))
    if only and not matches(place.reference, only):
        return candidate._replace(place=as_skip(place, "excluded", "--only is about other images"))
    return candidate


def nothing_selected(sources: Sequence[Source]) -> bool:
    """Tell whether no mention is left in ``sources``."""
    return not any(isinstance(candidate.place, Mention) for source in sources for candidate in source.candidates)
