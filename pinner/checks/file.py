"""Check of one file: its counts and findings."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InputError, attempt
from pinner.findings import broken_rule, check_source
from pinner.formats import locate, with_calls
from pinner.formats.pragmas import may_have_pragmas
from pinner.model import Document, Occurrence
from pinner.report.base import NOT_IMAGES
from pinner.scan.scan import read_text
from pinner.scan.suppressions import apply_suppressions, occurrences_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from pinner.findings import Finding
    from pinner.formats.pragmas import PragmaProblem
    from pinner.model import Calls, Place
    from pinner.rules import Level
    from pinner.scan.discover import Target
    from pinner.scan.suppressions import Source


class Criteria(NamedTuple):
    """All that an examination depends on beside the bytes of a file, its name and the day."""

    calls: Calls
    images_exclude: tuple[str, ...]
    rules: Mapping[str, Level]


class Counts(NamedTuple):
    """How many images a file names, by what has come of them."""

    pinned: int = 0
    unpinned: int = 0
    skipped: int = 0


class Examined(NamedTuple):
    """What a check has to know of one file."""

    path: str
    format: str | None = None
    """The name of the format that knows the content; None where none does."""
    counts: Counts = Counts()
    findings: tuple[Finding, ...] = ()
    problems: tuple[PragmaProblem, ...] = ()
    data: bytes = b""
    """Where there is a finding: its lines and columns are counted in these bytes."""
    error: InputError | None = None
    hash: str = ""
    """SHA-256 of the bytes, in hex, where nothing but these and the criteria says that there is nothing to report."""


def examine(
    target: Target, criteria: Criteria, *, today: date, hashed: bool = False, before: Examined | None = None
) -> Examined:
    """Return what there is to know of ``target``, on its own: rules across files are not applied.

    With ``hashed`` the hash is told of a file without anything to report. ``before`` is what came of the file when its
    bytes had the hash that it tells: that holds for these bytes again. Never raises: what cannot be told is the error.
    """
    examined = attempt(_examine, target, criteria, today, before, hashed=hashed)
    return Examined(target.path, error=examined) if isinstance(examined, InputError) else examined


def _examine(target: Target, criteria: Criteria, today: date, before: Examined | None, *, hashed: bool) -> Examined:
    data = read_text(target)
    if data is None:
        return Examined(target.path)
    hash_ = digest(data) if hashed else ""
    if before is not None and before.hash == hash_:
        return before
    document = Document(target.path, data)
    found = locate(document, with_calls(criteria.calls))
    if found is None:
        return Examined(target.path, hash=hash_)
    format_, located = found
    # Where nobody is silenced or excluded the places themselves say whether a rule is broken.
    is_plain = not criteria.images_exclude and not may_have_pragmas(format_.unwrapped(document))
    if is_plain and not any(map(broken_rule, located.places)):
        return Examined(target.path, format_.name, _count(located.places), hash=hash_)
    source = apply_suppressions(document, *found, today=today, images_exclude=criteria.images_exclude)
    examined = examine_source(source, criteria.rules)
    return examined._replace(hash=hash_) if _lasts(source, examined) else examined


def _count(places: Iterable[Place]) -> Counts:
    pinned = unpinned = skipped = 0
    for place in places:
        if type(place) is not Occurrence:
            skipped += place.reason not in NOT_IMAGES  # type: ignore[union-attr] # a skip
        elif place.reference.digest is None:
            unpinned += 1
        else:
            pinned += 1
    return Counts(pinned, unpinned, skipped)


def examine_source(source: Source, rules: Mapping[str, Level]) -> Examined:
    """Return what there is to know of the file that ``source`` was made from; ``rules`` are severities by rule id."""
    path, data = source.document
    counts = _count(occurrences_for(source, "pin"))
    findings = tuple(check_source(source, rules))
    return Examined(path, source.format.name, counts, findings, source.problems, data if findings else b"")


def _lasts(source: Source, examined: Examined) -> bool:
    """Tell whether there is nothing to report of a file, and will not be on another day."""
    if examined.findings or examined.problems:
        return False
    return all(
        pragma.until is None for candidate in source.candidates for pragma in (*candidate.pragmas, *candidate.expired)
    )


def digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hex."""
    import hashlib  # noqa: PLC0415 - 5 ms, needed only where the answer is to be kept

    return hashlib.sha256(data).hexdigest()
