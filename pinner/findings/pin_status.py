"""Pin status at the registry: current, stale or gone, and the platforms it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pinner.errors import InvalidReferenceError, NotFoundError, ResolveError
from pinner.model import Occurrence, Question, Resolved, Unresolved
from pinner.oci.digest_kind import DigestKind, digest_kind_key, look_up_digest_kinds, moved_elsewhere
from pinner.oci.platforms import matches
from pinner.oci.resolver import resolve_all
from pinner.oci.types import INDEX_TYPES
from pinner.reference import DOCKER_HUB, Platform
from pinner.rules import ONLINE, UNPINNED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pinner.config import Settings
    from pinner.model import Answer
    from pinner.oci.resolver import Registry
    from pinner.oci.types import Config, Image, PlatformImage
    from pinner.reference import Digest, ImageReference
    from pinner.scan.suppressions import Source

PinKey: TypeAlias = tuple[str, "Digest | None", bool]

_FEW = 8
"""So many indexes of one registry are asked for a manifest each in any case: it takes one request more for each."""


class PinStatus(NamedTuple):
    """What the registry says of one reference."""

    tag: Answer | None
    """What the tag means now, as an index where there is one; None where no tag is followed."""
    held: DigestKind | None = None
    """What the digest is; None where there is none."""
    platform_tag: Answer | None = None
    """What the tag means now for the platform whose manifest is held."""
    image: Image | None = None
    """The platforms that the digest serves; None where that was not asked."""
    same_config: Platform | None = None
    """Where an image ID is held: the platform that has it in what the tag means now."""
    moved_elsewhere: bool = False
    """Whether the tag means another index now, in which the platforms that count are the same."""
    missing: tuple[PlatformImage, ...] = ()
    """The manifests that the index names and the registry does not serve, of those that were asked for."""
    is_tag_gone: bool = False
    """Whether the registry does not know the tag, and what the digest is was told."""
    error: ResolveError | None = None
    """Why something of this could not be told."""

    @property
    def current(self) -> Digest | None:
        """The digest that the tag means now, of the kind that is held; None where that cannot be told."""
        answer = self.platform_tag or self.tag
        return answer.digest if isinstance(answer, Resolved) else None

    @property
    def shows_loss(self) -> bool:
        """Tell whether the registry no longer has something that it had."""
        return self.is_tag_gone or bool(self.missing) or (self.held is not None and self.held.is_gone)

    @property
    def is_unopened(self) -> bool:
        """Tell whether the digest is an index, and none of its manifests was asked for."""
        return self.held is not None and self.held.is_index and self.image is None

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
    platforms where the settings or a reference require some. A manifest of an index may be gone alone: one of them is
    asked for where a registry has few of the pins, where the tag has left the index, and at a registry that is seen to
    have lost anything. What comments or the settings silence altogether is not asked.
    """
    import asyncio  # noqa: PLC0415 - costs start-up time that `check` need not pay

    asked = [occurrence for source in sources for occurrence in _in_question(source, settings)]
    references = {pin_key(occurrence.reference): occurrence.reference for occurrence in asked}
    platforms = _wanted_platforms(asked, settings)
    seen = await _seen(list(references.values()), registry, on_answer)
    completed = await asyncio.gather(
        *(_completed(*one, platforms[pin_key(one[0])], settings, registry) for one in seen)
    )
    by_key = dict(zip(references, completed, strict=True))
    unasked = _unasked(references, by_key)
    opened = await asyncio.gather(*(_opened(references[key], by_key[key], registry) for key in unasked))
    by_key |= dict(zip(unasked, opened, strict=True))
    return PinStatuses(by_key, _known(references, by_key))


def _unasked(references: Mapping[PinKey, ImageReference], by_key: Mapping[PinKey, PinStatus]) -> list[PinKey]:
    """Return the indexes of which nothing below is known yet, and a manifest is worth a request.

    At Docker Hub none is: the index would have to be fetched for it, which is counted.
    """
    lossy = {references[key].domain for key, status in by_key.items() if status.shows_loss}
    left: dict[str, list[PinKey]] = {}
    for key, status in by_key.items():
        if status.is_unopened and status.error is None:
            left.setdefault(references[key].domain, []).append(key)
    left.pop(DOCKER_HUB, None)
    return [
        key
        for domain, keys in left.items()
        for key in keys
        if len(keys) <= _FEW or domain in lossy or by_key[key].current not in (None, references[key].digest)
    ]


async def _opened(reference: ImageReference, pin_status: PinStatus, registry: Registry) -> PinStatus:
    """Return ``pin_status`` with one manifest of its index asked for: it stands for all."""
    try:
        return await _with_image(reference, pin_status, (), registry)
    except ResolveError as error:
        return pin_status._replace(error=error)


def _in_question(source: Source, settings: Settings) -> Iterator[Occurrence]:
    """Yield the occurrences of ``source`` of which a registry's answer can become a finding."""
    for candidate in source.candidates:
        occurrence = candidate.place
        if isinstance(occurrence, Occurrence):
            rules = (UNPINNED,) if occurrence.reference.digest is None else ONLINE
            heard = (rule for rule in rules if settings.rules.get(rule.id) != "off")
            if not all(candidate.silenced(rule.id) for rule in heard):
                yield occurrence


def _wanted_platforms(asked: Iterable[Occurrence], settings: Settings) -> dict[PinKey, tuple[Platform, ...]]:
    """Return, for each pin, the platforms that it has to serve: the settings', and those of its own references."""
    wanted: dict[PinKey, dict[Platform, None]] = {}
    for occurrence in asked:
        platforms = wanted.setdefault(pin_key(occurrence.reference), dict.fromkeys(settings.platforms))
        own = own_platform(occurrence)
        if own is not None:
            platforms[own] = None
    return {key: tuple(platforms) for key, platforms in wanted.items()}


def own_platform(occurrence: Occurrence) -> Platform | None:
    """Return the platform that a reference names itself (``FROM --platform=linux/arm64``), or None."""
    try:
        return None if occurrence.platform is None else Platform.parse(occurrence.platform)
    except InvalidReferenceError:
        return None


async def _seen(
    references: Sequence[ImageReference], registry: Registry, on_answer: Callable[[int, int], None] | None
) -> list[tuple[ImageReference, PinStatus]]:
    """Return ``references`` with what their tags mean and what their digests are."""
    tags = await resolve_all([Question(one) for one in references if _follows(one)], registry, on_answer)
    held = await _what_is_held(references, tags, registry)
    seen = [
        (
            one,
            PinStatus(
                tags.get(Question(one).key) if _follows(one) else None,
                None if one.digest is None else held[digest_kind_key(one)],
            ),
        )
        for one in references
    ]
    questions = [Question(one, _platform_to_ask_for(status)) for one, status in seen]
    platform_tags = await resolve_all([question for question in questions if question.platform is not None], registry)
    return [
        (one, status if question.platform is None else status._replace(platform_tag=platform_tags[question.key]))
        for (one, status), question in zip(seen, questions, strict=True)
    ]


async def _what_is_held(
    references: Iterable[ImageReference], tags: Mapping[tuple[str, Platform | None], Answer], registry: Registry
) -> dict[tuple[str, Digest], DigestKind]:
    pinned = [reference for reference in references if reference.digest is not None]
    held = {}
    for reference in pinned:
        answer = tags.get(Question(reference).key)
        # A mirror may have the tag and not the digest, by which it will be pulled.
        if isinstance(answer, Resolved) and answer.digest == reference.digest and not answer.is_mirrored:
            held[digest_kind_key(reference)] = DigestKind(answer.media_type, is_hashed=answer.is_hashed)
    doubtful = (reference for reference in pinned if digest_kind_key(reference) not in held)
    return {**await look_up_digest_kinds(doubtful, registry), **held}


def _platform_to_ask_for(status: PinStatus) -> Platform | None:
    """Return the platform whose manifest is held, where the tag means an index of several; None otherwise."""
    is_index = isinstance(status.tag, Resolved) and status.tag.media_type in INDEX_TYPES
    return status.held.platform if status.held is not None and is_index else None


async def _completed(
    reference: ImageReference,
    pin_status: PinStatus,
    platforms: Sequence[Platform],
    settings: Settings,
    registry: Registry,
) -> PinStatus:
    """Return ``pin_status`` with what takes a closer look, and with the first error of all that was asked."""
    held = pin_status.held
    is_served = held is not None and held.media_type is not None
    is_told = held is not None and held.error is None
    if is_told and isinstance(pin_status.tag, Unresolved) and isinstance(pin_status.tag.error, NotFoundError):
        pin_status = pin_status._replace(tag=None, is_tag_gone=True)
    errors = [answer.error for answer in (pin_status.tag, pin_status.platform_tag) if isinstance(answer, Unresolved)]
    if held is not None and held.error is not None:
        errors.append(held.error)
    try:
        if held is not None and is_served:
            if platforms:
                pin_status = await _with_image(reference, pin_status, platforms, registry)
            if settings.platforms and isinstance(pin_status.tag, Resolved):
                elsewhere = await moved_elsewhere(reference, pin_status.tag.digest, settings.platforms, registry)
                pin_status = pin_status._replace(moved_elsewhere=elsewhere)
        if held is not None and held.config is not None and isinstance(pin_status.tag, Resolved):
            pin_status = pin_status._replace(same_config=await _whose(held.config, reference, pin_status.tag, registry))
    except ResolveError as error:
        errors.append(error)
    return pin_status._replace(error=errors[0]) if errors else pin_status


async def _with_image(
    reference: ImageReference, pin_status: PinStatus, platforms: Sequence[Platform], registry: Registry
) -> PinStatus:
    """Return ``pin_status`` with the platforms that the digest serves, and with the manifests that are gone.

    Those of ``platforms`` are asked for, or where there are none the first one.
    """
    is_index = pin_status.held is not None and pin_status.held.is_index
    image = await registry.describe(reference, "index" if is_index else "manifests")
    there = [(one, one.platform) for one in image.platforms if one.platform is not None]
    children = [one for one, its in there if any(matches(its, wanted) for wanted in platforms)]
    missing = []
    for child in (children if platforms else image.platforms[:1]) if is_index else ():
        try:
            await registry.describe(reference.at(child.digest), "kind")
        except NotFoundError:
            missing.append(child)
    return pin_status._replace(image=image, missing=tuple(missing))


async def _whose(config: Config, reference: ImageReference, tag: Resolved, registry: Registry) -> Platform | None:
    """Return the platform that has ``config`` in what the tag of ``reference`` means now."""
    wanted = None if config.platform is None else [config.platform]
    image = await registry.describe(reference.at(tag.digest), "manifests", wanted)
    return next((one.platform for one in image.platforms if one.config == config.digest), None)


def _known(
    references: Mapping[PinKey, ImageReference], pin_statuses: Mapping[PinKey, PinStatus]
) -> dict[Digest, frozenset[str]]:
    known: dict[Digest, frozenset[str]] = {}

    for key, pin_status in pin_statuses.items():
        answers = (pin_status.tag, pin_status.platform_tag)
        digests = [answer.digest for answer in answers if isinstance(answer, Resolved)]
        if pin_status.held is not None and pin_status.held.media_type is not None:
            digests.extend(filter(None, [references[key].digest]))
        for digest in digests:
            known[digest] = known.get(digest, frozenset()) | {references[key].repository}
    return known
