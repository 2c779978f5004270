"""Judge each place and plan its edit: what to say, and what to write."""

from __future__ import annotations

from fnmatch import fnmatchcase
from operator import itemgetter
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from pinner.errors import PinnerError
from pinner.formats.pragmas import read_pragmas
from pinner.formats.source import LineIndex
from pinner.model import Edit, Mention, Resolved, Skip
from pinner.proof import Target, prove

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from pinner.formats.base import Format
    from pinner.formats.pragmas import Pragma, PragmaProblem
    from pinner.model import Answer, Document, Located, Place
    from pinner.reference import Digest, ImageReference

Operation: TypeAlias = Literal["pin", "update", "unpin"]

# The rule that a pragma has to silence to keep an operation away from a reference.
_GUARD = {"pin": "PIN001", "update": "PIN101", "unpin": "PIN001"}


LATEST = ":latest"
"""What an untagged reference gets along with its digest: the tag that is followed is visible."""


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


class Unchanged(NamedTuple):
    """Nothing to do: pinned already, or a skip."""

    place: Place


class Changed(NamedTuple):
    """A mention that gets, moves or loses its digest."""

    place: Mention
    edit: Edit
    text: str
    """What the reference reads afterwards, as its consumer sees it."""
    digest: Digest | None


class Failed(NamedTuple):
    """A mention that should have changed and does not: no answer, or no safe edit."""

    place: Mention
    error: PinnerError


Verdict: TypeAlias = Unchanged | Changed | Failed


def _steps(own_tags: Collection[int], edits: Collection[Edit]) -> list[tuple[int, Edit | None]]:
    return [*((offset, None) for offset in own_tags), *((edit.start, edit) for edit in edits)]


class Plan(NamedTuple):
    """What an operation does to one document."""

    document: Document
    verdicts: tuple[Verdict, ...]
    result: bytes
    """The bytes to write; the document's own where nothing changes."""

    @property
    def changed(self) -> bool:
        """Tell whether there is anything to write."""
        return self.result != self.document.data

    def tags_added(self, own_tags: Collection[int] = ()) -> frozenset[int]:
        """Return the offsets in ``result`` of every ``@`` whose tag is pinner's own, those of before included."""
        edits = {verdict.edit for verdict in self.verdicts if isinstance(verdict, Changed)}
        offsets = set()
        shift = 0
        for start, edit in sorted(_steps(own_tags, edits), key=itemgetter(0)):
            if edit is None:
                offsets.add(start + shift)
                continue
            if edit.replacement.startswith(LATEST.encode()):
                offsets.add(start + shift + len(LATEST))
            shift += len(edit.replacement) - len(edit.expected)
        return frozenset(offset for offset in offsets if self.result.startswith(b"@", offset))


class UnsafeEditError(PinnerError):
    """The edit failed its proof; the file keeps its bytes."""


def screen(
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
    pragmas = read_pragmas(document.data, trailing=format_.trailing_comments)
    lines = LineIndex(document.data)
    candidates = []
    for place in located.places if places is None else places:
        applying: tuple[Pragma, ...] = ()
        if pragmas.by_line or pragmas.whole_file:
            applying = pragmas.covering((place.line, lines.line(place.span.start)))
        if isinstance(place, Mention) and images_exclude and matches(place.reference, images_exclude):
            place = as_skip(place, "excluded", "the configuration excludes this image")  # noqa: PLW2901 - the same place, judged
        candidates.append(
            Candidate(
                place,
                tuple(pragma for pragma in applying if not pragma.expired(today)),
                tuple(pragma for pragma in applying if pragma.expired(today)),
            )
        )
    return Source(document, format_, located, tuple(candidates), pragmas.problems)


def matches(reference: ImageReference, globs: Iterable[str]) -> bool:
    """Tell whether a glob fits ``reference``: as written, canonical, or canonical without the tag."""
    names = (reference.repository, reference.canonical, reference.familiar)
    return any(fnmatchcase(name, glob) for glob in globs for name in names)


def as_skip(mention: Mention, reason: Literal["ignored", "excluded"], detail: str) -> Skip:
    """Return the skip that ``mention`` becomes where it is to be left alone."""
    return Skip(
        mention.format,
        mention.kind,
        str(mention.reference),
        mention.line,
        mention.column,
        mention.span,
        reason,
        detail,
        mention.via,
        mention.platform,
        mention.owner,
    )


def judged(source: Source, operation: Operation) -> tuple[Place, ...]:
    """Return the places of ``source`` as ``operation`` sees them: what pragmas guard has become a skip.

    Mentions that share an insertion point share their fate: guarding one guards all.
    """
    rule = _GUARD[operation]
    guards = {}
    for candidate in source.candidates:
        if isinstance(candidate.place, Skip) and candidate.place.reason == "excluded":
            guards[candidate.place.span] = candidate.place.detail
        elif (pragma := candidate.silenced(rule)) is not None:
            guards[candidate.place.span] = pragma.reason or "a `pinner: ignore` comment"
    return tuple(
        as_skip(place, "ignored", guards[place.span]) if isinstance(place, Mention) and place.span in guards else place
        for place in (candidate.place for candidate in source.candidates)
    )


def questions(source: Source, operation: Operation) -> tuple[ImageReference, ...]:
    """Return the references whose meaning ``operation`` needs to know. Unpinning asks nothing."""
    if operation == "unpin":
        return ()
    return tuple(
        place.reference
        for place in judged(source, operation)
        if isinstance(place, Mention) and _wants_answer(place, operation)
    )


def _wants_answer(mention: Mention, operation: Operation) -> bool:
    if mention.reference.digest is None:
        return operation in ("pin", "update")
    # `repo@sha256:…` follows no tag: guessing `latest` would change what the file means.
    return operation == "update" and mention.reference.tag is not None


def make_plan(
    source: Source, operation: Operation, answers: Mapping[str, Answer], own_tags: Collection[int] = ()
) -> Plan:
    """Return what ``operation`` does to ``source``, proved: each edit kept has passed the three laws.

    ``answers`` maps canonical names to what the registry said; every name that `questions` returned must be there.
    ``own_tags`` are the offsets of the ``@`` before which unpinning takes a ``:latest`` off as well.
    """
    verdicts = [_judge(place, operation, answers, own_tags) for place in judged(source, operation)]
    targets = {
        verdict.place.span: Target(verdict.edit, verdict.text) for verdict in verdicts if isinstance(verdict, Changed)
    }
    kept, result = prove(source.document, source.format, source.located, targets)
    checked = tuple(
        Failed(verdict.place, _unsafe()) if isinstance(verdict, Changed) and verdict.edit not in kept else verdict
        for verdict in verdicts
    )
    return Plan(source.document, checked, result)


def _unsafe() -> UnsafeEditError:
    return UnsafeEditError(
        "unsafe-edit: a digest here would change more than this reference; left as it is",
        hint="please report the file: this should have been told apart earlier",
    )


def _judge(place: Place, operation: Operation, answers: Mapping[str, Answer], own_tags: Collection[int]) -> Verdict:
    if isinstance(place, Skip):
        return Unchanged(place)
    if operation == "unpin":
        return _unpin(place, own_tags)
    if not _wants_answer(place, operation):
        return Unchanged(place)
    answer = answers[place.reference.canonical]
    if not isinstance(answer, Resolved):
        return Failed(place, answer.error)
    if place.reference.digest is None:
        added = ("" if place.reference.tag else LATEST) + f"@{answer.digest}"
        edit = Edit(place.insert, b"", added.encode())
        return Changed(place, edit, f"{place.reference}{added}", answer.digest)
    if place.reference.digest == answer.digest:
        return Unchanged(place)
    if place.digest_span is None:
        return Failed(place, _scattered("moved"))
    edit = Edit(place.digest_span.start, str(place.reference.digest).encode(), str(answer.digest).encode())
    return Changed(place, edit, f"{place.reference.familiar}@{answer.digest}", answer.digest)


def _unpin(mention: Mention, own_tags: Collection[int]) -> Verdict:
    digest = mention.reference.digest
    if digest is None:
        return Unchanged(mention)
    if mention.digest_span is None:
        return Failed(mention, _scattered("removed"))
    start = mention.digest_span.start - 1
    text = mention.reference.familiar
    removed = f"@{digest}"
    if start in own_tags and text.endswith(LATEST):
        start -= len(LATEST)
        text = text.removesuffix(LATEST)
        removed = LATEST + removed
    return Changed(mention, Edit(start, removed.encode(), b""), text, None)


def _scattered(verb: str) -> PinnerError:
    return UnsafeEditError(f"the digest is put together from several places and cannot be {verb} in one edit")
