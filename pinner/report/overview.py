"""Overview of a repository's images: each with its places, its state, its age, and what the lock remembers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from pinner.findings import broken_rule
from pinner.lockfile.select import known_digest
from pinner.lockfile.usage import agrees, follows_tag
from pinner.model import Occurrence
from pinner.reference import ImageReference
from pinner.report.base import NOT_IMAGES
from pinner.rules import UNKNOWN
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Literal, TypeAlias

    from pinner.findings import Finding
    from pinner.findings.pin_status import PinStatuses
    from pinner.lockfile.model import Entry, Lock, LockedDigest
    from pinner.model import Place, SkippedOccurrence, Span
    from pinner.oci.types import Signature
    from pinner.reference import Digest
    from pinner.report.base import Unread
    from pinner.scan.suppressions import Source

    State: TypeAlias = Literal["pinned", "to pin", "to mend", "unknown", "left alone"]

STATES: tuple[State, ...] = ("pinned", "to pin", "to mend", "unknown", "left alone")
"""``to mend``: a person can; ``unknown``: something outside of the repository decides; ``left alone``: on purpose."""
_CREATED = "org.opencontainers.image.created"
_BEFORE_IMAGES = 2000
"""Builds that are to be repeated byte by byte say that they are from 1970 or 1980."""


class Known(NamedTuple):
    """What is known of the images beside what the files say."""

    lock: Lock | None = None
    statuses: PinStatuses | None = None
    """What the registries say; None where they were not asked."""
    built: Mapping[str, str] = {}
    """When an image was built, RFC 3339, by ``repository@digest``, where a registry was asked."""
    refusals: Mapping[str, str] = {}
    """Why there is no answer, by the reference as written."""


class Seen(NamedTuple):
    """A place, and what is wrong with it."""

    path: str
    place: Place
    state: State
    rules: tuple[str, ...] = ()


class Meaning(NamedTuple):
    """What a tag meant at one time, as the lock remembers it."""

    digest: Digest
    since: date
    """When pinner first saw it."""
    built: date | None
    is_held: bool
    """Whether it is what the lock holds the tag to."""
    source: str | None
    revision: str | None
    version: str | None


class UsedImage(NamedTuple):
    """One image: a name and, where it has one, a digest; or what was skipped."""

    name: str
    """The registry's full name with the tag that is followed; of what was skipped, the text."""
    registry: str
    """Empty where nobody can tell."""
    tag: str | None
    digest: Digest | None
    state: State
    reason: str | None
    """Why it was skipped."""
    places: tuple[Seen, ...]
    built: date | None = None
    seen: date | None = None
    """When pinner first saw the digest, as the lock says."""
    current: Digest | None = None
    """What the tag means now, as far as anybody was asked or the lock knows."""
    is_stale: bool | None = None
    """Whether that is another digest; None where it is not known."""
    platforms: tuple[str, ...] = ()
    signature: Signature | None = None
    history: tuple[Meaning, ...] = ()
    """The oldest first."""
    refusal: str | None = None
    """Why a registry did not answer."""

    @property
    def dated(self) -> date | None:
        """The day that its age is counted from: when it was built or, where nobody says, first seen."""
        return self.built or self.seen


class Overview(NamedTuple):
    """All images of a run."""

    images: tuple[UsedImage, ...]
    """By name and digest."""
    findings: tuple[Finding, ...]
    unreadable: Sequence[Unread]
    files: int
    today: date
    is_online: bool


class Run(NamedTuple):
    """What a run found."""

    sources: Sequence[Source]
    findings: Sequence[Finding]
    unreadable: Sequence[Unread]
    today: date


def overview(run: Run, known_of: Known) -> Overview:
    """Return the images in what ``run`` found, with what is known of them."""
    grouped: dict[tuple[str, str, str], list[Seen]] = {}
    for one in _seen(run):
        grouped.setdefault(_key(one), []).append(one)
    images = tuple(_image(key[0], places, known_of) for key, places in sorted(grouped.items()))
    online = known_of.statuses is not None
    return Overview(images, tuple(run.findings), run.unreadable, len(run.sources), run.today, online)


def _seen(run: Run) -> Iterator[Seen]:
    rules: dict[tuple[str, Span, int], list[str]] = {}
    for finding in run.findings:
        rules.setdefault((finding.path, finding.place.span, finding.place.line), []).append(finding.rule.id)
    for source in run.sources:
        path = source.document.path
        for place in occurrences_for(source, "pin"):
            state = state_of(place)
            if state is not None:
                yield Seen(path, place, state, tuple(rules.get((path, place.span, place.line), ())))


def state_of(place: Place) -> State | None:
    """Return how ``place`` stands; None where it names no image."""
    if isinstance(place, Occurrence):
        return "to pin" if place.reference.digest is None else "pinned"
    if place.reason in NOT_IMAGES or place.reason == "parse-error":
        return None
    broken = broken_rule(place)
    if broken is None:
        return "left alone" if place.text else None
    return "unknown" if broken[0] is UNKNOWN else "to mend"


def _key(seen: Seen) -> tuple[str, str, str]:
    place = seen.place
    if isinstance(place, Occurrence):
        reference = place.reference
        return (reference.canonical if follows_tag(place) else reference.repository), str(reference.digest or ""), ""
    parsed = _named(place)
    return (parsed.canonical if parsed else place.text), "", place.reason


def _image(name: str, places: Sequence[Seen], known_of: Known) -> UsedImage:
    first = places[0]
    place = first.place
    if not isinstance(place, Occurrence):
        reference = _named(place)
        domain, tag, digest = (reference.domain, reference.tag, reference.digest) if reference else ("", None, None)
        return UsedImage(name, domain, tag, digest, first.state, place.reason, tuple(places))
    reference = place.reference
    tag = (reference.tag or "latest") if follows_tag(place) else None
    image = UsedImage(name, reference.domain, tag, reference.digest, first.state, None, tuple(places))
    entry = known_of.lock.images.get(name) if known_of.lock is not None else None
    image = image if entry is None else _by_lock(image, entry)
    return _by_registry(image, place, known_of)


def _named(place: SkippedOccurrence) -> ImageReference | None:
    """Return the image that ``place`` names in a registry; None where nobody pulls it, or it cannot be told."""
    if place.reason in ("built-here", "built-elsewhere"):
        return None
    return ImageReference.try_parse(place.text)


def _by_lock(image: UsedImage, entry: Entry) -> UsedImage:
    """Return ``image`` with what its ``entry`` in the lock says."""
    history = tuple(_meaning(one, is_held=one is entry.selected) for one in (entry.selected, *entry.candidates))
    image = image._replace(history=history)
    record = entry.selected if image.digest is None else _record(entry, image.digest)
    if record is None:
        return image
    latest = (entry.selected, *entry.candidates)[-1]
    return image._replace(
        built=day(record.labels.get(_CREATED)),
        seen=record.first_seen.date(),
        current=latest.digest if entry.candidates else None,
        is_stale=True if latest is not record else None,
        platforms=tuple(sorted(map(str, record.platforms))),
        signature=record.signature,
    )


def _record(entry: Entry, digest: Digest) -> LockedDigest | None:
    """Return what ``entry`` knows of ``digest``, which may be one platform's."""
    if agrees(entry.selected, digest):
        return entry.selected
    return known_digest(entry, digest)


def _meaning(record: LockedDigest, *, is_held: bool) -> Meaning:
    labels = record.labels
    told = (labels.get(f"org.opencontainers.image.{name}") for name in ("source", "revision", "version"))
    return Meaning(record.digest, record.first_seen.date(), day(labels.get(_CREATED)), is_held, *told)


def _by_registry(image: UsedImage, place: Occurrence, known_of: Known) -> UsedImage:
    """Return ``image`` with what the registries said of it."""
    reference = place.reference
    built = day(known_of.built.get(f"{reference.repository}@{reference.digest}"))
    refusal = known_of.refusals.get(str(reference))
    image = image._replace(built=built or image.built, refusal=refusal)
    status = None if known_of.statuses is None else known_of.statuses.of(place)
    if status is None:
        return image
    current = status.current
    if current is not None:
        stale = None if image.digest is None else current != image.digest and not status.moved_elsewhere
        image = image._replace(current=current, is_stale=stale)
    if status.image is not None:
        there = sorted({str(one.platform) for one in status.image.platforms if one.platform is not None})
        image = image._replace(platforms=tuple(there))
    return image


def day(text: str | None) -> date | None:
    """Return the day (UTC) of an RFC 3339 text; None for none, for another text, and for one before images were."""
    try:
        moment = datetime.fromisoformat(text or "")
        moment = moment.astimezone(UTC) if moment.tzinfo is not None else moment
    except (ValueError, OverflowError):
        return None
    return moment.date() if moment.year >= _BEFORE_IMAGES else None


AGES: tuple[tuple[str, int | None], ...] = (
    ("under a week", 7),
    ("a week to a month", 30),
    ("1 to 3 months", 91),
    ("3 to 6 months", 182),
    ("6 to 12 months", 365),
    ("1 to 2 years", 730),
    ("over 2 years", None),
)
"""The classes of the histogram, and the days that each ends before."""


def age_class(image: UsedImage, today: date) -> int | None:
    """Return the number of the class in `AGES` that ``image`` is of; None where its age is not known."""
    if image.dated is None:
        return None
    days = (today - image.dated).days
    return next(number for number, (_, end) in enumerate(AGES) if end is None or days < end)


def count_by_state(images: Iterable[UsedImage]) -> dict[State, int]:
    """Return how many of ``images`` are in each state."""
    counts = dict.fromkeys(STATES, 0)
    for image in images:
        counts[image.state] += 1
    return counts


def in_place_counts(seen: Iterable[tuple[str, State]]) -> dict[str, dict[State, int]]:
    """Return how many places are in each state, by what each is counted under; the most first."""
    counts: dict[str, dict[State, int]] = {}
    for name, state in seen:
        counts.setdefault(name, dict.fromkeys(STATES, 0))[state] += 1
    return dict(sorted(counts.items(), key=lambda item: (-sum(item[1].values()), item[0])))
