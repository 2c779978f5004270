"""Questions of an operation: what the registries are asked before anything is planned."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING
from pinner.errors import InvalidReferenceError
from pinner.model import Occurrence, Question, Resolved
from pinner.reference import Platform
from pinner.scan.suppressions import occurrences_for, wants_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.model import Answer
    from pinner.oci.digest_kind import DigestKind, DigestKindKey
    from pinner.reference import ImageReference
    from pinner.scan.suppressions import Operation, Source

_NOTHING_HELD: Mapping[DigestKindKey, DigestKind] = MappingProxyType({})


def questions(
    source: Source,
    operation: Operation,
    platform: Platform | None = None,
    held: Mapping[DigestKindKey, DigestKind] = _NOTHING_HELD,
) -> tuple[Question, ...]:
    """Return what ``operation`` needs to know. Unpinning asks nothing.

    With ``platform`` that platform's manifest is asked for, and where a reference has its own (``FROM --platform=…``,
    a service's ``platform:``) that one's: another would be an image that cannot run there. Without it, a reference that
    ``held`` says to hold one platform's manifest asks for that platform's again.
    """
    if operation == "unpin":
        return ()
    return tuple(
        question_for(place, platform, held)
        for place in occurrences_for(source, operation)
        if isinstance(place, Occurrence) and wants_answer(place, operation)
    )


def question_for(
    occurrence: Occurrence, platform: Platform | None, held: Mapping[DigestKindKey, DigestKind]
) -> Question:
    """Return what is asked about ``occurrence``; see `questions`."""
    reference = occurrence.reference
    if platform is not None and occurrence.platform is not None:
        try:
            platform = Platform.parse(occurrence.platform)
        except InvalidReferenceError:
            return Question(reference, platform)
    if platform is None and (kind := kind_of(reference, held)) is not None:
        platform = kind.platform
    return Question(reference, platform)


def kind_of(reference: ImageReference, held: Mapping[DigestKindKey, DigestKind]) -> DigestKind | None:
    """Return what ``held`` knows of the digest of ``reference``."""
    if not held or reference.digest is None:
        return None
    from pinner.oci.digest_kind import digest_kind_key  # noqa: PLC0415 - only where somebody was asked

    return held.get(digest_kind_key(reference))


def ambiguous_digests(
    source: Source, answers: Mapping[tuple[str, Platform | None], Answer]
) -> tuple[ImageReference, ...]:
    """Return the references that an update would move to an index, whatever it is that they hold: to be looked up."""
    from pinner.oci.types import INDEX_TYPES  # noqa: PLC0415 - only where somebody was asked

    return tuple(
        place.reference
        for place in occurrences_for(source, "update")
        if isinstance(place, Occurrence)
        and place.reference.digest is not None
        and place.reference.tag is not None
        and isinstance(answer := answers[Question(place.reference).key], Resolved)
        and answer.media_type in INDEX_TYPES
        and answer.digest != place.reference.digest
    )
