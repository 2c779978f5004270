"""Pin status at the registry: current, stale or gone, and the platforms it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pinner.errors import ResolveError
from pinner.model import Occurrence, Question, Resolved, Unresolved
from pinner.oci.digest_kind import DigestKind, digest_kind_key, look_up_digest_kinds, moved_elsewhere
from pinner.oci.resolver import resolve_all
from pinner.oci.types import INDEX_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pinner.config import Settings
    from pinner.model import Answer
    from pinner.oci.resolver import Registry
    from pinner.oci.types import Config, Depth, Image
    from pinner.reference import Digest, ImageReference, Platform
    from pinner.scan.suppressions import Source

PinKey: TypeAlias = tuple[str, "Digest | None", bool]


class PinStatus(NamedTuple):
    """What the registry says of one reference."""

    tag: Answer | None
    """What the tag means now, as an index where there is one; None where no tag is followed."""
    held: DigestKind | None = None
    """What the digest is; None where there is none."""
    platform_tag: Answer | None = None
    """What the tag means now for the platform whose manifest is held."""
    image: Image | None = None
    """The platforms that the digest serves; None where none are required."""
    same_config: Platform | None = None
    """Where an image ID is held: the platform that has it in what the tag means now."""
    moved_elsewhere: bool = False
    """Whether the tag means another index now, in which the platforms that count are the same."""
    error: ResolveError | None = None
    """Why something of this could not be told."""

    @property
    def current(self) -> Digest | None:
        """The digest that the tag means now, of the kind that is held; None where that cannot be told."""
        answer = self.platform_tag or self.tag
        return answer.digest if isinstance(answer, Resolved) else None

    @property
    def is_believed(self) -> bool:
        """Tell whether a header alone says what the tag means or that the digest is served: nothing was hashed."""
        if self.image is not None or isinstance(self.platform_tag, Resolved):
            # For these both were fetched.
            return False
        answers = (self.tag if isinstance(self.tag, Resolved) else None, self.held)
        return any(not answer.is_hashed for answer in answers if answer is not None)


def pin_key(reference: ImageReference) -> PinKey:
    """Return what tells the standing of ``reference``: its name, its digest, and whether it follows a tag."""
    return reference.canonical, reference.digest, _follows(reference)


def _follows(reference: ImageReference) -> bool:
    return reference.tag is not None or reference.digest is None


class PinStatuses(NamedTuple):
    """How everything stands, and what else the run learned."""

    by_key: Mapping[PinKey, PinStatus]
    known: Mapping[Digest, frozenset[str]]
    """The repositories that serve each digest, as far as this run got to know."""

    def of(self, occurrence: Occurrence) -> PinStatus | None:
        """Return how ``occurrence`` stands; None for one that was not asked about."""
        return self.by_key.get(pin_key(occurrence.reference))


async def look_up_pin_statuses(
    sources: Iterable[Source],
    settings: Settings,
    registry: Registry,
    on_answer: Callable[[int, int], None] | None = None,
) -> PinStatuses:
    """Return how every occurrence in ``sources`` stands, each distinct one looked up once. Errors are answers.

    A pin whose digest is what its tag means costs one request; more is asked only where the two differ, and the
    platforms where the settings require some.
    """
    import asyncio  # noqa: PLC0415 - costs start-up time that `check` need not pay

    mentions = (one.place for source in sources for one in source.candidates)
    references = {
        pin_key(occurrence.reference): occurrence.reference
        for occurrence in mentions
        if isinstance(occurrence, Occurrence)
    }
    tags = await resolve_all(
        [Question(reference) for reference in references.values() if _follows(reference)], registry, on_answer
    )
    held = await _what_is_held(references.values(), tags, registry)
    questions = {
        key: Question(reference, held[digest_kind_key(reference)].platform)
        for key, reference in references.items()
        if reference.digest is not None
        and _is_one_of_several(held[digest_kind_key(reference)], tags.get(Question(reference).key))
    }
    platform_tags = await resolve_all(questions.values(), registry)
    pin_statuses = {
        key: PinStatus(
            tags.get(Question(reference).key) if _follows(reference) else None,
            None if reference.digest is None else held[digest_kind_key(reference)],
            platform_tags[questions[key].key] if key in questions else None,
        )
        for key, reference in references.items()
    }
    completed = await asyncio.gather(
        *(_completed(references[key], pin_status, settings, registry) for key, pin_status in pin_statuses.items())
    )
    by_key = dict(zip(pin_statuses, completed, strict=True))
    return PinStatuses(by_key, _known(references, by_key))


async def _what_is_held(
    references: Iterable[ImageReference], tags: Mapping[tuple[str, Platform | None], Answer], registry: Registry
) -> dict[tuple[str, Digest], DigestKind]:
    pinned = [reference for reference in references if reference.digest is not None]
    held = {}
    for reference in pinned:
        answer = tags.get(Question(reference).key)
        if isinstance(answer, Resolved) and answer.digest == reference.digest:
            held[digest_kind_key(reference)] = DigestKind(answer.media_type, is_hashed=answer.is_hashed)
    doubtful = (reference for reference in pinned if digest_kind_key(reference) not in held)
    return {**await look_up_digest_kinds(doubtful, registry), **held}


def _is_one_of_several(held: DigestKind, tag: Answer | None) -> bool:
    return held.platform is not None and isinstance(tag, Resolved) and tag.media_type in INDEX_TYPES


async def _completed(
    reference: ImageReference, pin_status: PinStatus, settings: Settings, registry: Registry
) -> PinStatus:
    """Return ``pin_status`` with what takes a closer look, and with the first error of all that was asked."""
    held = pin_status.held
    errors = [answer.error for answer in (pin_status.tag, pin_status.platform_tag) if isinstance(answer, Unresolved)]
    if held is not None and held.error is not None:
        errors.append(held.error)
    try:
        if held is not None and held.media_type is not None and settings.platforms:
            depth: Depth = "index" if held.is_index else "manifests"
            held_image = await registry.describe(reference, depth)
            tag = pin_status.tag
            elsewhere = isinstance(tag, Resolved) and await moved_elsewhere(
                reference, tag.digest, settings.platforms, registry
            )
            pin_status = pin_status._replace(image=held_image, moved_elsewhere=elsewhere)
        if held is not None and held.config is not None and isinstance(pin_status.tag, Resolved):
            pin_status = pin_status._replace(same_config=await _whose(held.config, reference, pin_status.tag, registry))
    except ResolveError as error:
        errors.append(error)
    return pin_status._replace(error=errors[0]) if errors else pin_status


async def _whose(config: Config, reference: ImageReference, tag: Resolved, registry: Registry) -> Platform | None:
    """Return the platform that has ``config`` in what the tag of ``reference`` means now."""
    wanted = None if config.platform is None else [config.platform]
    image = await registry.describe(reference.at(tag.digest), "manifests", wanted)
    return next((one.platform for one in image.platforms if one.config == config.digest), None)


def _known(
    references: Mapping[PinKey, ImageReference], pin_statuses: Mapping[PinKey, PinStatus]
) -> dict[Digest, frozenset[str]]:
    known: dict[Digest, frozenset[str]] = {}

    def add(digest: Digest, repository: str) -> None:
        known[digest] = known.get(digest, frozenset()) | {repository}

    for key, pin_status in pin_statuses.items():
        repository = references[key].repository
        for answer in (pin_status.tag, pin_status.platform_tag):
            if isinstance(answer, Resolved):
                add(answer.digest, repository)
        digest = references[key].digest
        if digest is not None and pin_status.held is not None and pin_status.held.media_type is not None:
            add(digest, repository)
    return known
