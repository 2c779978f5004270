"""Plan of edits: a verdict and an edit for every occurrence."""

from __future__ import annotations

from operator import itemgetter
from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InputError, PinnerError, attempt
from pinner.model import Edit, Occurrence, Resolved, SkippedOccurrence, Unresolved
from pinner.reference import ImageReference
from pinner.scan.suppressions import occurrences_for, wants_answer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import TypeAlias

    from pinner.edits import PlaceKey
    from pinner.model import Answer, Document, Place
    from pinner.oci.digest_kind import DigestKind, DigestKindKey
    from pinner.reference import Digest, Platform
    from pinner.scan.suppressions import Operation, Source

_NOTHING_HELD: Mapping[DigestKindKey, DigestKind] = MappingProxyType({})
LATEST = ":latest"
"""What an untagged reference gets along with its digest: the tag that is followed is visible."""


class Unchanged(NamedTuple):
    """Nothing to do: pinned already, or a skip."""

    place: Place
    elsewhere: bool = False
    """Whether the tag moved, but for platforms alone that do not count."""


class Changed(NamedTuple):
    """An occurrence that gets, moves or loses its digest."""

    place: Occurrence
    edit: Edit
    text: str
    """What the reference reads afterwards, as its consumer sees it."""
    digest: Digest | None
    """None where it loses it, and where the tag alone is raised."""
    raised: str | None = None
    """The tag that it gets in place of its own; None where that stays."""
    beside: Edit | None = None
    """The edit of the tag, where that stands apart from the digest: both are made, or none."""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What changes in the file, together."""
        return (self.edit,) if self.beside is None else (self.edit, self.beside)


class Failed(NamedTuple):
    """An occurrence that should have changed and does not: no answer, or no safe edit."""

    place: Occurrence
    error: PinnerError


Settled: TypeAlias = tuple[str, "Digest | None"]
"""A canonical name, and the digest that a file holds for it."""
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
        edits = {edit for verdict in self.verdicts if isinstance(verdict, Changed) for edit in verdict.edits}
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


def unchanged_plans(sources: Iterable[Source], operation: Operation) -> tuple[Plan, ...] | None:
    """Return the plans of ``operation`` where it changes nothing in ``sources``, whatever anybody answers, or None."""
    plans = []
    for source in sources:
        plan = _settled_plan(source, operation)
        if plan is None:
            return None
        plans.append(plan)
    return tuple(plans)


def _settled_plan(source: Source, operation: Operation) -> Plan | None:
    places = occurrences_for(source, operation)
    for place in places:
        if isinstance(place, SkippedOccurrence):
            if operation == "unpin" and _misplaced(place) is not None:
                return None
        elif _may_change(place, operation):
            return None
    return Plan(source.document, tuple(map(Unchanged, places)), source.document.data)


def _may_change(occurrence: Occurrence, operation: Operation) -> bool:
    if operation == "unpin":
        return occurrence.reference.digest is not None
    return occurrence.rewrites is not None or wants_answer(occurrence, operation)


def make_plan(
    source: Source,
    operation: Operation,
    answers: Mapping[tuple[str, Platform | None], Answer],
    platform: Platform | None = None,
    own_tags: Collection[int] = (),
    held: Mapping[DigestKindKey, DigestKind] = _NOTHING_HELD,
    settled: Collection[Settled] = (),
) -> Plan:
    """Return what ``operation`` does to ``source``, proved: each edit kept has passed the three laws.

    ``answers`` maps the keys of questions to what the registry said; every question that `questions` returned for
    ``platform`` and ``held`` must be there. ``own_tags`` are the offsets of the ``@`` before which unpinning takes a
    ``:latest`` off as well. What is ``settled`` stays: its tag moved for platforms alone that do not count.
    """
    if (plan := _settled_plan(source, operation)) is not None:
        return plan
    verdicts: list[Verdict] = []
    for place in occurrences_for(source, operation):
        if isinstance(place, SkippedOccurrence):
            misplaced = _misplaced(place) if operation == "unpin" else None
            verdicts.append(Unchanged(place) if misplaced is None else _unpin(misplaced, (), is_misplaced=True))
        elif operation == "unpin":
            verdicts.append(_unpin(place, own_tags))
        elif settled and (place.reference.canonical, place.reference.digest) in settled:
            verdicts.append(_as_written(Unchanged(place, elsewhere=True)))
        elif place.rewrites is not None:
            change = Changed(place, place.rewrites, str(place.reference), None, place.reference.tag)
            verdicts.append(_as_written(change))
        elif wants_answer(place, operation):
            verdicts.append(_as_written(_follow(place, _answer(place, answers, platform, held))))
        else:
            verdicts.append(Unchanged(place))
    if any(type(verdict) is Changed for verdict in verdicts):
        return _proved(source, verdicts)
    return Plan(source.document, tuple(verdicts), source.document.data)


def _proved(source: Source, verdicts: Collection[Verdict]) -> Plan:
    """Return the plan of ``verdicts``; a change that fails its proof is a failure."""
    from pinner.edits import Target, prove  # noqa: PLC0415 - only where something changes

    targets = {_key(one): Target(one.edits, one.text) for one in verdicts if isinstance(one, Changed)}
    proof = attempt(prove, source.document, source.format, source.located, targets)
    error, kept, result = (proof, (), source.document.data) if isinstance(proof, InputError) else (_unsafe(), *proof)
    checked = tuple(
        Failed(verdict.place, error) if isinstance(verdict, Changed) and verdict.edits not in kept else verdict
        for verdict in verdicts
    )
    return Plan(source.document, checked, result)


def edited_texts(plan: Plan) -> dict[PlaceKey, str]:
    """Return what the references read that ``plan`` changes."""
    return {_key(verdict): verdict.text for verdict in plan.verdicts if isinstance(verdict, Changed)}


def _key(verdict: Changed) -> PlaceKey:
    """Return the places that ``verdict`` is about: a text that takes no digest may end several images."""
    span = verdict.place.span
    return span if verdict.place.rewrites is None else (span, str(verdict.place.reference))


def without_edits(plan: Plan) -> Plan:
    """Return ``plan`` with its edits refused: each is a failure, and the document stays as it is."""
    verdicts = [Failed(one.place, _unsafe()) if isinstance(one, Changed) else one for one in plan.verdicts]
    return Plan(plan.document, tuple(verdicts), plan.document.data)


def _unsafe() -> UnsafeEditError:
    return UnsafeEditError(
        "unsafe-edit: a digest here would change more than this reference; left as it is",
        hint="please report the file: this should have been told apart earlier",
    )


def _answer(
    place: Occurrence,
    answers: Mapping[tuple[str, Platform | None], Answer],
    platform: Platform | None,
    held: Mapping[DigestKindKey, DigestKind],
) -> Answer:
    from pinner.plan.registry_questions import kind_of, question_for  # noqa: PLC0415 - only where somebody was asked

    kind = kind_of(place.reference, held)
    if kind is not None and kind.error is not None:
        return Unresolved(kind.error)
    return answers[question_for(place, platform, held).key]


def _follow(place: Occurrence, answer: Answer) -> Verdict:
    if not isinstance(answer, Resolved):
        return Failed(place, answer.error)
    if place.replaces is not None and place.reference.digest != answer.digest:
        return _raise(place, place.replaces, answer.digest)
    if place.reference.digest is None:
        tag = "" if place.reference.tag else LATEST
        edit = Edit(place.insert, b"", f"{tag}{place.glue}{place.spelled(answer.digest)}".encode())
        return Changed(place, edit, f"{place.reference}{tag}@{answer.digest}", answer.digest)
    if place.reference.digest == answer.digest:
        return Unchanged(place)
    if place.digest_span is None:
        return Failed(place, _scattered("moved"))
    before, after = place.spelled(place.reference.digest), place.spelled(answer.digest)
    edit = Edit(place.digest_span.start, before.encode(), after.encode())
    return Changed(place, edit, f"{place.reference.familiar}@{answer.digest}", answer.digest)


def _raise(place: Occurrence, written: ImageReference, digest: Digest) -> Changed:
    from pinner.edits import tag_edits  # noqa: PLC0415 - only where tags are raised

    edit, beside = tag_edits(place, written, digest)
    return Changed(place, edit, f"{place.reference.familiar}@{digest}", digest, place.reference.tag, beside)


def _as_written(verdict: Verdict) -> Verdict:
    """Return ``verdict`` about the place as it is: with the reference that stands there."""
    place = verdict.place
    if type(place) is not Occurrence or place.replaces is None:
        return verdict
    return verdict._replace(place=place._replace(reference=place.replaces, replaces=None))


def _unpin(occurrence: Occurrence, own_tags: Collection[int], *, is_misplaced: bool = False) -> Verdict:
    digest = occurrence.reference.digest
    # Without a tag beside it, taking the digest off would make the reference mean `latest`; a misplaced one holds none.
    if digest is None or (occurrence.reference.tag is None and not is_misplaced):
        return Unchanged(occurrence)
    if occurrence.digest_span is None:
        return Failed(occurrence, _scattered("removed"))
    removed = occurrence.glue + occurrence.spelled(digest)
    start = occurrence.digest_span.end - len(removed)
    text = occurrence.reference.familiar
    if start in own_tags and text.endswith(LATEST):
        start -= len(LATEST)
        text = text.removesuffix(LATEST)
        removed = LATEST + removed
    return Changed(occurrence, Edit(start, removed.encode(), b""), text, None)


def _misplaced(place: SkippedOccurrence) -> Occurrence | None:
    """Return the occurrence that ``place`` would be if its name were not built or replaced; None without a digest."""
    if place.reason not in ("built-here", "replaced") or place.digest_span is None:
        return None
    return Occurrence(
        place.format,
        place.kind,
        ImageReference.parse(place.text),
        place.line,
        place.column,
        place.span,
        place.digest_span.end,
        place.digest_span,
        place.via,
        place.platform,
        place.owner,
        place.decided_by,
        place.glue,
        place.implied,
    )


def _scattered(verb: str) -> PinnerError:
    return UnsafeEditError(f"the digest is put together from several places and cannot be {verb} in one edit")
