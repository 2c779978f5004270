"""Report model: places, findings and counts that every output format renders."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.model import Occurrence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Literal, Protocol

    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.model import Place
    from pinner.report.style import Style
    from pinner.rules import Severity

    class Unread(Protocol):
        """A file that nothing could be told about."""

        @property
        def path(self) -> str:
            """Where it is."""
            ...

        @property
        def error(self) -> PinnerError:
            """Why."""
            ...

    class Renderer(Protocol):
        """The module of an output format of ``check``."""

        def render_verdict(self, verdict: Verdict, style: Style) -> Iterator[str]:
            """Yield the lines of ``check``, without line ends."""
            ...

    class ListingRenderer(Renderer, Protocol):
        """The module of an output format of ``check`` and ``list``."""

        def render_listing(self, listing: Listing, style: Style) -> Iterator[str]:
            """Yield the lines of ``list``, without line ends."""
            ...


NOT_IMAGES = frozenset({"stage", "scratch", "index"})
"""Reasons of skips that name no image: shown by ``list --all`` alone, and counted nowhere else."""


DEFAULT_FAILING: tuple[Severity, ...] = ("error",)


class Shown(NamedTuple):
    """A place and the path of its file."""

    path: str
    place: Place


class Summary(NamedTuple):
    """The counts that close a report."""

    files: int
    mentions: int
    pinned: int
    unpinned: int
    skipped: int
    unknown: int
    error: int
    warning: int
    note: int


class Listing(NamedTuple):
    """What ``list`` says."""

    places: tuple[Shown, ...]
    summary: Summary
    unreadable: Sequence[Unread] = ()


class Verdict(NamedTuple):
    """What ``check`` says."""

    findings: tuple[Finding, ...]
    summary: Summary
    unreadable: Sequence[Unread] = ()
    documents: Mapping[str, bytes] = MappingProxyType({})
    """The files that were looked into, by path, with the bytes that lines and columns are counted in.

    A file without a finding may be empty here: nobody counts in it.
    """
    failing: Collection[Severity] = DEFAULT_FAILING
    """The severities that fail the run."""
    status: int = 0
    """What the run exits with."""
    untold: Sequence[tuple[str, Occurrence, PinnerError]] = ()
    """The references, with the paths of their files, that no registry had an answer for, and why."""
    believed: Sequence[tuple[str, Occurrence]] | None = None
    """The references, with the paths of their files, whose answers nobody hashed; None where no registry was asked."""
    is_unverified: bool = False
    """Whether policies on signatures were left aside, as the command line asked for."""


def shown_places(sources: Iterable[tuple[str, Iterable[Place]]], *, everything: bool = False) -> tuple[Shown, ...]:
    """Return the places of ``sources`` (path, places) in order; those that name no image only with ``everything``."""
    return tuple(
        Shown(path, place)
        for path, places in sources
        for place in places
        if everything or isinstance(place, Occurrence) or place.reason not in NOT_IMAGES
    )


def summarise(files: int, places: Iterable[Shown], findings: Iterable[Finding] = (), unknown: int = 0) -> Summary:
    """Return the counts for ``places`` in ``files`` files, and for ``findings`` by severity.

    ``unknown`` is how many of the places no registry would answer for.
    """
    states = {"pinned": 0, "unpinned": 0, "skipped": 0}
    for shown in places:
        states[status_of(shown.place)] += 1
    return summary_of(files, states.values(), findings, unknown)


def summary_of(files: int, states: Iterable[int], findings: Iterable[Finding], unknown: int) -> Summary:
    """Return the same where the places are counted already: ``states`` are how many are pinned, unpinned, skipped."""
    pinned, unpinned, skipped = (*states,) or (0, 0, 0)
    severities = {"error": 0, "warning": 0, "note": 0}
    for finding in findings:
        severities[finding.severity] += 1
    return Summary(files, pinned + unpinned + skipped, pinned, unpinned, skipped, unknown, **severities)


def status_of(place: Place) -> Literal["pinned", "unpinned", "skipped"]:
    """Return ``pinned``, ``unpinned`` or ``skipped``."""
    if not isinstance(place, Occurrence):
        return "skipped"
    return "unpinned" if place.reference.digest is None else "pinned"
