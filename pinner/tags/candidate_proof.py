"""Proof of a candidate tag before it is proposed: another image, of the same platforms, not older.

Whoever asks registries drives `prove`: it yields the tag that it wants to know about, and is sent what is known of it.
"""

from __future__ import annotations

import re
from datetime import date

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import NotFoundError, UnsupportedError
from pinner.oci.platforms import matches
from pinner.reference import Platform

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from pinner.oci.resolver import Registry
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import ImageReference
    from pinner.tags.model import Options, Tag

MOST = 5
"""How many candidates are asked about."""
OLDER_BY = 90
"""Days. Of tags that their makers no longer built, 90 refused the most at no loss of those that they did."""
USUAL = frozenset({"linux/amd64", "linux/arm64"})
FIRST_DATE = date(2001, 1, 1)
"""Earlier values are those of reproducible builds and say nothing."""


class Facts(NamedTuple):
    """What a registry says of a tag."""

    digest: str = ""
    platforms: frozenset[str] = frozenset()
    """Empty where it is not known."""
    created: date | None = None
    objection: str = ""
    """Why the tag is not proposed, beside what is told from the other fields: it is too young, say."""
    is_final: bool = False
    """Whether no lower tag is tried after this objection."""


class Refusal(NamedTuple):
    """A candidate that is not proposed, and why."""

    tag: str
    why: str


class Proof(NamedTuple):
    """The candidate that holds, if any, and those that were refused before it."""

    tag: Tag | None
    refused: tuple[Refusal, ...] = ()
    lost: tuple[str, ...] = ()
    """Platforms that the image in use has and the proposed one has not; none that is needed is among them."""
    is_final: bool = False
    """Whether the last refusal kept lower candidates from being asked about."""


def floating_tag(current: Tag, options: Options, tags: Iterable[str]) -> str | None:
    """Return the floating tag that is the ceiling, as ``lts-alpine``: of the variant in use if there is one."""
    if options.track in ("", "any", "interim"):
        return None
    known = set(tags)
    return next((tag for tag in (options.track + current.variant, options.track) if tag in known), None)


def prove(
    candidates: tuple[Tag, ...], current: str, platforms: frozenset[str] = frozenset(), ceiling: str | None = None
) -> Generator[str, Facts | None, Proof]:
    """Return the first of ``candidates`` that holds, and why those before it do not.

    ``platforms`` are those that must be there; empty for the usual ones as far as the image in use has them. A tag of
    which None is sent does not exist.
    """
    if not candidates:
        return Proof(None)
    now = (yield current) or Facts()
    limit = None if ceiling is None else (yield ceiling)
    is_below = limit is None
    refused: list[Refusal] = []
    for tag in candidates[:MOST]:
        facts = yield tag.text
        is_below = is_below or (facts is not None and limit is not None and facts.digest == limit.digest)
        why = f"it is beyond `{ceiling}`" if not is_below else refusal(now, facts, platforms)
        if why is None:
            lost = now.platforms - facts.platforms if facts is not None and facts.platforms else frozenset()
            return Proof(tag, tuple(refused), tuple(sorted(lost)))
        refused.append(Refusal(tag.text, why))
        if facts is not None and facts.is_final:
            return Proof(None, tuple(refused), is_final=True)
    return Proof(None, tuple(refused))


def refusal(now: Facts, new: Facts | None, platforms: frozenset[str] = frozenset()) -> str | None:
    """Return why the image ``new`` is not to follow ``now``; None where it may."""
    if new is None:
        return "it does not exist"
    if new.digest and new.digest == now.digest:
        return "it is the image in use"
    if new.objection:
        return new.objection
    missing = (platforms or USUAL & now.platforms) - new.platforms
    if missing and new.platforms:
        return f"it is not there for {', '.join(sorted(missing))}"
    days = _older_by(now.created, new.created)
    return f"it was made {days} days before the image in use" if days > OLDER_BY else None


def _older_by(now: date | None, new: date | None) -> int:
    if now is None or new is None or min(now, new) < FIRST_DATE:
        return 0
    return (now - new).days


_CREATED = "org.opencontainers.image.created"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_FIRST_CHOICE = Platform("linux", "amd64")


async def facts_of(reference: ImageReference, registry: Registry, needed: Iterable[str]) -> Facts | None:
    """Return what is known of the image under the digest of ``reference``; None where nothing is served there.

    A platform of ``needed``, or a usual one, is named as it is there whatever the index calls it. Raises
    `ResolveError`.
    """
    digest = str(reference.digest)
    try:
        image = await registry.describe(reference, "index")
    except NotFoundError:
        return None
    except UnsupportedError as error:
        return Facts(digest, objection=f"it cannot be read: {error.message}")
    image, created = await _made(image, reference, registry)
    platforms = [one.platform for one in image.platforms if one.platform is not None]
    return Facts(digest, frozenset(_names(platforms, {*needed, *USUAL})), created)


def _names(platforms: Iterable[Platform], known: Iterable[str]) -> Iterator[str]:
    """Yield the names of ``platforms``: those of ``known`` that they suit, or their own."""
    wanted = [Platform.parse(name) for name in known]
    for platform in platforms:
        suited = [str(one) for one in wanted if matches(platform, one)]
        yield from suited or [str(platform)]


async def _made(image: Image, reference: ImageReference, registry: Registry) -> tuple[Image, date | None]:
    """Return ``image``, with its platform if it is a single one, and the day on which it was made.

    That is as annotations say, or the config of one platform; None where neither is to be had.
    """
    usual = _usual(image)
    day = next(filter(None, (parse_day(said.get(_CREATED)) for said in _annotations(image, usual))), None)
    if image.is_index and (day is not None or usual is None or usual.platform is None):
        return image, day
    platforms = None if usual is None or usual.platform is None else (usual.platform,)
    try:
        configured = await registry.describe(reference, "configs", platforms)
    except (NotFoundError, UnsupportedError):
        return image, day
    inner = next(iter(configured.platforms), None)
    days = [parse_day(said.get(_CREATED)) for said in _annotations(configured, inner)]
    made = day or next(filter(None, days), None) or parse_day(None if inner is None else inner.created)
    return (image if image.is_index else configured), made


def _annotations(image: Image, one: PlatformImage | None) -> tuple[Mapping[str, str], ...]:
    return (image.annotations, {} if one is None else one.annotations)


def _usual(image: Image) -> PlatformImage | None:
    """Return the platform that speaks for the others: linux/amd64, else the first."""
    platforms = [one for one in image.platforms if one.platform is not None]
    chosen = (one for one in platforms if one.platform is not None and matches(one.platform, _FIRST_CHOICE))
    return next(chosen, next(iter(platforms), None))


def parse_day(text: str | None) -> date | None:
    """Return the day of a time in RFC 3339; None for anything else."""
    match = _DATE.match(text or "")
    try:
        return None if match is None else date.fromisoformat(match[0])
    except ValueError:
        return None
