"""Suppressions: references that pragmas and globs keep an operation away from."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.pragmas import read_pragmas
from pinner.formats.source import LineIndex
from pinner.model import Occurrence, SkippedOccurrence, as_skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from typing import Literal, TypeAlias

    from pinner.formats.base import Format
    from pinner.formats.pragmas import Pragma, PragmaProblem
    from pinner.model import Document, Located, Place
    from pinner.reference import ImageReference
    from pinner.scan.linking import Links

# As text: nobody needs what typing would make of it.
Operation: TypeAlias = "Literal['pin', 'update', 'unpin', 'hold']"
"""What is to be done to references; ``hold`` makes them what the lock says, whether they have a digest or not."""

# The rules of which a pragma has to silence one to keep an operation away from a reference.
_GUARDS: Mapping[Operation, tuple[str, ...]] = {
    "pin": ("PIN001",),
    "update": ("PIN101",),
    "unpin": ("PIN001",),
    "hold": ("PIN001", "PIN004"),
}


class Candidate(NamedTuple):
    """A place as located, and the pragmas that apply to it."""

    place: Place
    pragmas: tuple[Pragma, ...] = ()
    expired: tuple[Pragma, ...] = ()

    def silenced(self, rule: str) -> Pragma | None:
        """Return the pragma in force that covers ``rule`` (an id), or None."""
        return next((pragma for pragma in self.pragmas if pragma.covers(rule)), None)


class Source(NamedTuple):
    """A document whose references are located: the input of every command."""

    document: Document
    format: Format
    located: Located
    """What the format found in this document alone: what an edit is proved against."""
    candidates: tuple[Candidate, ...]
    """The places after the rules across files, pragmas and image globs."""
    problems: tuple[PragmaProblem, ...] = ()
    pragmas: tuple[Pragma, ...] = ()
    """The comments in force, each once, in the order of their lines."""
    links: Links | None = None
    """All that was linked with it, where files decide about each other's images."""


def apply_suppressions(
    document: Document,
    format_: Format,
    located: Located,
    *,
    today: date,
    places: Sequence[Place] | None = None,
    images_exclude: Sequence[str] = (),
) -> Source:
    """Return ``document`` with its places judged by pragmas and the configured image globs.

    ``places`` are those of ``located`` after the rules across files, where there are such. A glob is compared with the
    name as written, without its digest, and with the canonical name with and without its tag.
    """
    pragmas = read_pragmas(format_.unwrapped(document), trailing=format_.trailing_comments)
    lines = LineIndex(document.data)
    has_any = bool(pragmas.by_line or pragmas.levels or pragmas.whole_file)
    candidates = []
    joined = has_any and not format_.trailing_comments
    for place in located.places if places is None else places:
        own = (place.line, lines.line(place.span.start)) if has_any else ()
        if joined:
            own = (*own, *(_instruction_line(document.data, lines, line) for line in own))
        applying = pragmas.covering(own) if has_any else ()
        candidates.append(_candidate(place, applying, images_exclude, today))
    in_force = {pragma.line: pragma for pragma in (*pragmas.every, *pragmas.whole_file) if not pragma.expired(today)}
    every = tuple([in_force[line] for line in sorted(in_force)])
    return Source(document, format_, located, tuple(candidates), pragmas.problems, every)


def _instruction_line(data: bytes, lines: LineIndex, line: int) -> int:
    """Return the line on which the Dockerfile's instruction begins that goes on in ``line``."""
    above = line - 1
    while above > 0:
        text = data[lines.starts[above - 1] : lines.starts[above]].strip()
        if text.endswith((b"\\", b"`")) and not text.startswith(b"#"):
            line = above
        elif not text.startswith(b"#"):  # a comment among its lines is none of the instruction's
            return line
        above -= 1
    return line


def _candidate(place: Place, applying: Sequence[Pragma], excluded: Sequence[str], today: date) -> Candidate:
    if isinstance(place, Occurrence) and excluded and matches(place.reference, excluded):
        place = as_skipped(place, "excluded", "the configuration excludes this image")
    if not applying:
        return Candidate(place)
    in_force = tuple(pragma for pragma in applying if not pragma.expired(today))
    return Candidate(place, in_force, tuple(pragma for pragma in applying if pragma.expired(today)))


def matches(reference: ImageReference, globs: Iterable[str]) -> bool:
    """Tell whether a glob fits ``reference``: its name with or without the tag, short or in full.

    ``nginx``, ``nginx:1.27``, ``docker.io/library/nginx`` and ``docker.io/library/nginx:1.27`` all fit `nginx:1.27`.
    """
    short = reference.repository.removeprefix("docker.io/library/").removeprefix("docker.io/")
    tag = f":{reference.tag or 'latest'}"
    names = {reference.familiar, reference.repository, reference.canonical, short, short + tag}
    return any(fnmatchcase(name, glob) for glob in globs for name in names)


def occurrences_for(source: Source, operation: Operation) -> tuple[Place, ...]:
    """Return the places of ``source`` as ``operation`` sees them: what pragmas guard has become a skip.

    Occurrences that share an insertion point share their fate: guarding one guards all.
    """
    guards = {}
    for candidate in source.candidates:
        if not candidate.pragmas and type(candidate.place) is Occurrence:
            continue
        if isinstance(candidate.place, SkippedOccurrence) and candidate.place.reason == "excluded":
            guards[candidate.place.span] = candidate.place.detail
            continue
        pragma = next(filter(None, map(candidate.silenced, _GUARDS[operation])), None)
        if pragma is not None:
            guards[candidate.place.span] = pragma.reason or "a `pinner: ignore` comment"
    if not guards:
        return tuple([candidate.place for candidate in source.candidates])
    return tuple(
        as_skipped(place, "ignored", guards[place.span])
        if isinstance(place, Occurrence) and place.span in guards
        else place
        for place in (candidate.place for candidate in source.candidates)
    )


def wants_answer(occurrence: Occurrence, operation: Operation) -> bool:
    """Tell whether ``operation`` has to know what the tag of ``occurrence`` means."""
    if occurrence.rewrites is not None:
        return False
    if occurrence.reference.digest is None:
        return operation in ("pin", "update", "hold")
    # `repo@sha256:…` follows no tag: guessing `latest` would change what the file means.
    return operation in ("update", "hold") and occurrence.reference.tag is not None
