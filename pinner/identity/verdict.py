"""What an answer comes to: identified, another image or tampered with, or not told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from pinner.identity.model import HashAnswer, LocalAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.identity.model import Answer, Comparison

Result: TypeAlias = Literal["identified", "differs", "unknown"]


def result_of(answer: Answer) -> Result:
    """Return ``identified``, ``differs`` or ``unknown``.

    ``differs``: tampered with, or none of the names that the user gave means this image today. ``unknown``: nowhere to
    be found, or such a name could not be asked about. Names that the archive, the engine or the lock gave are no
    promise: what they mean today is told and decides nothing.
    """
    return _local_result(answer) if isinstance(answer, LocalAnswer) else _hash_result(answer)


def _local_result(answer: LocalAnswer) -> Result:
    if answer.holding.tampered:
        return "differs"
    results = {_against(one.comparisons) for one in answer.images}
    if "differs" in results:
        return "differs"
    return "unknown" if "unknown" in results or answer.holding.unchecked or not answer.images else "identified"


def _against(comparisons: Iterable[Comparison]) -> Result:
    asked = [one for one in comparisons if one.asked]
    if not asked or any(one.is_equal for one in asked):
        return "identified"
    return "unknown" if any(one.outcome == "unknown" for one in asked) else "differs"


def _hash_result(answer: HashAnswer) -> Result:
    if not answer.sightings:
        return "unknown"
    asked = {reference.canonical for reference in answer.asked}
    if not asked or any(one.current and one.where in asked for one in answer.sightings):
        return "identified"
    unanswered = {one.reference.canonical for one in answer.unanswered}
    return "unknown" if asked & unanswered else "differs"
