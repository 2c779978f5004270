"""Export model: the lock, the occurrences, what each should say, and YAML scalars."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pinner.errors import InvalidReferenceError, PinnerError
from pinner.lockfile.select import platform_image
from pinner.model import Occurrence
from pinner.plan import LATEST
from pinner.reference import ImageReference, Platform
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pinner.lockfile.model import Entry, Lock
    from pinner.model import Place
    from pinner.reference import Digest
    from pinner.scan.suppressions import Source


# A file says so of these images, or builds them: whatever a tool does to others of their name must leave them alone.
_LEFT_ALONE = ("ignored", "excluded", "built-here", "built-elsewhere", "pull-policy")
# Only the file cannot hold a digest there: a tool that knows the image by its name can.
_HELD_ELSEWHERE = "arg-conflict"


class ExportInput(NamedTuple):
    """What to export."""

    sources: Sequence[Source]
    lock: Lock
    platform: Platform | None = None
    """Whose manifest takes the place of the index."""
    named: tuple[str, ...] = ()
    """The paths among ``sources`` that were asked for by their own name, in the order given."""


class Problem(NamedTuple):
    """An image that the export cannot hold, and why."""

    path: str
    line: int
    column: int
    error: PinnerError


def problem(path: str, place: Place, error: PinnerError) -> Problem:
    """Return the problem that ``error`` is at ``place``."""
    return Problem(path, place.line, place.column, error)


class Export(NamedTuple):
    """A file for somebody else's tool."""

    text: str
    images: int
    """How many things it pins: rules, services or names."""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for people on what was left out on purpose."""


class ExportModule(Protocol):
    """What the module of an export offers."""

    THING: str
    """What `Export.images` counts, in the singular."""

    def concerns(self, format_: str, place: Place) -> bool:
        """Tell whether ``place``, of a file in the format of that name, is this export's business."""
        ...

    def export(self, asked: ExportInput) -> Export:
        """Return the file. Raises `ConfigError` where what was asked for makes no one file."""
        ...


class WantedPin(NamedTuple):
    """What one place should say."""

    path: str
    place: Place
    reference: ImageReference
    """What it says."""
    digest: Digest | None
    """What holds it from then on; None for a place that is to stay as it is, without a digest."""

    @property
    def tag(self) -> str | None:
        """The tag that is followed; None beside a digest of its own."""
        if self.reference.digest is not None or self.digest is None:
            return self.reference.tag
        return self.reference.tag or LATEST[1:]

    @property
    def is_met(self) -> bool:
        """Whether the place says so already."""
        return self.digest == self.reference.digest


def wanted_pins(asked: ExportInput, concerns: Callable[[str, Place], bool]) -> tuple[list[WantedPin], list[Problem]]:
    """Return what every place should say that ``concerns`` accepts, and the images that the lock does not hold.

    What the lock lacks is to stay as it is, and so is what a file wants to be left alone.
    """
    found: list[WantedPin] = []
    problems: list[Problem] = []
    for source in asked.sources:
        path = source.document.path
        for place in occurrences_for(source, "pin"):
            reference = _named(place) if concerns(source.format.name, place) else None
            if reference is None:
                continue
            digest: Digest | PinnerError | None = reference.digest
            if isinstance(place, Occurrence) or place.reason == _HELD_ELSEWHERE:
                digest = locked_digest(reference, asked, place.platform)
            if isinstance(digest, PinnerError):
                problems += [problem(path, place, digest)] if isinstance(place, Occurrence) else []
                digest = reference.digest
            found.append(WantedPin(path, place, reference, digest))
    return found, problems


def _named(place: Place) -> ImageReference | None:
    """Return the image that ``place`` names, where a tool may come across it."""
    if isinstance(place, Occurrence):
        return place.reference
    if place.reason not in (*_LEFT_ALONE, _HELD_ELSEWHERE):
        return None
    return ImageReference.try_parse(place.text)


def locked_digest(
    reference: ImageReference, asked: ExportInput, own_platform: str | None = None
) -> Digest | PinnerError:
    """Return the digest that holds ``reference``, or why there is none.

    That is the lock's. A digest that the file has stays where it is the lock's or one of its platforms', and where it
    stands without a tag, for then the lock does not follow it. ``own_platform`` is what the place itself says.
    """
    if reference.digest is not None and reference.tag is None:
        return reference.digest
    entry = asked.lock.images.get(reference.canonical)
    if entry is None:
        return PinnerError(f"`{reference}` is not in pinner.lock", hint="run `pinner lock`")
    if reference.digest is not None and reference.digest in _digests(entry):
        return reference.digest
    if asked.platform is None:
        return entry.selected.digest
    return _of_platform(reference, entry, _chosen(asked.platform, own_platform))


def _digests(entry: Entry) -> set[Digest]:
    return {entry.selected.digest, *(platform.digest for platform in entry.selected.platforms.values())}


def _chosen(platform: Platform, own: str | None) -> Platform:
    """Return the platform of a place: its own (``FROM --platform``, a service's ``platform:``) counts for more."""
    if own is None:
        return platform
    try:
        return Platform.parse(own)
    except InvalidReferenceError:
        return platform


def _of_platform(reference: ImageReference, entry: Entry, wanted: Platform) -> Digest | PinnerError:
    image = platform_image(entry.selected, wanted)
    if image is not None:
        return image.digest
    there = ", ".join(sorted(map(str, entry.selected.platforms)))
    return PinnerError(
        f"`{reference}` is in pinner.lock, but not for {wanted}", hint=f"it is there for {there}" if there else None
    )


def overruled_references(asked: ExportInput, concerns: Callable[[str, Place], bool]) -> Iterable[Problem]:
    """Yield the references whose own digest is not the lock's: what is exported overrules the file."""
    for wanted in wanted_pins(asked, concerns)[0]:
        if wanted.reference.digest is not None and not wanted.is_met:
            said = PinnerError(
                f"`{wanted.reference.familiar}` has another digest here than in pinner.lock, which is what is exported",
                hint="`pinner check` says how to mend it",
            )
            yield problem(wanted.path, wanted.place, said)


def unambiguous_pins(
    found: Iterable[WantedPin], key: Callable[[WantedPin], str], consumer: str
) -> tuple[dict[str, WantedPin], list[Problem]]:
    """Return one wanted pin for each ``key``, by which ``consumer`` tells images apart, and the keys that are torn.

    Where two places of one key want different things, no file for ``consumer`` can be right about both.
    """
    by_key: dict[str, list[WantedPin]] = {}
    for wanted in found:
        by_key.setdefault(key(wanted), []).append(wanted)
    agreed: dict[str, WantedPin] = {}
    problems: list[Problem] = []
    for name in sorted(by_key):
        first, *others = by_key[name]
        other = next((wanted for wanted in others if (wanted.tag, wanted.digest) != (first.tag, first.digest)), None)
        if other is None:
            agreed[name] = first
        else:
            problems.append(_torn(name, first, other, consumer))
    return agreed, problems


def _torn(name: str, first: WantedPin, other: WantedPin, consumer: str) -> Problem:
    if not isinstance(other.place, Occurrence):
        first, other = other, first
    where = f"{first.path}:{first.place.line}"
    return problem(
        other.path,
        other.place,
        PinnerError(
            f"`{name}` is to be {_said(other)} here and {_said(first)} in {where}, and {consumer} cannot tell them "
            "apart: it is left out",
            hint="name the files of one use alone, or pin it in the file with `pinner pin`",
        ),
    )


def _said(wanted: WantedPin) -> str:
    if wanted.digest is None:
        return "left as it is"
    return f"{wanted.tag or ''}@{wanted.digest.algorithm}:{wanted.digest.hex[:12]}…"


# Starts with a letter, so no number, date or indicator; a colon is followed by something, so no key.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./@-]|:(?!$))*")
# yaml.org/type/bool.html and null.html: what YAML 1.1 readers, go-yaml among them, take for something else.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


def scalar(text: str) -> str:
    """Return ``text`` as a YAML scalar that every reader takes for this very string."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
