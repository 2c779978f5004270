"""Check of one file: its counts and findings, and what it states about others."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InputError, attempt
from pinner.findings import broken_rule, check_source
from pinner.formats import configured, locate
from pinner.formats.pragmas import may_have_pragmas
from pinner.model import ENV_NAME, Document, Occurrence
from pinner.report.base import NOT_IMAGES
from pinner.scan.scan import read_text
from pinner.scan.suppressions import apply_suppressions, occurrences_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.findings.lock_agreement import LockView
    from pinner.formats.base import Format
    from pinner.formats.pragmas import PragmaProblem
    from pinner.link.facts import Fact
    from pinner.model import FormatChoice, Located, Place
    from pinner.rules import Level
    from pinner.scan.discover import Target
    from pinner.scan.suppressions import Source

_MOST_PLACES = 200
"""Of one file: to keep more takes more memory than it saves time."""


class Criteria(NamedTuple):
    """All that an examination depends on beside the bytes of a file, its name, the day and other files."""

    formats: FormatChoice
    images_exclude: tuple[str, ...]
    rules: Mapping[str, Level]
    lock: LockView | None = None


class Conditions(NamedTuple):
    """How the files of one run are examined."""

    criteria: Criteria
    today: date
    hashed: bool = False
    """Whether the hash is told of a file whose answer holds on every day."""
    keeps_sources: bool = False
    """Whether it is told where every image stands: registries are to be asked."""
    keeps_places: bool = False
    """Whether it is told what the format found, so that a second look need not find it again."""
    keeps_bytes: bool = True
    """Whether the bytes are told of a file with findings: an output counts in them."""


def conditions_for(
    settings: Settings, today: date, lock: LockView | None = None, *, keeps_sources: bool = False
) -> Conditions:
    """Return how files are examined in a run with ``settings``, on ``today``, beside ``lock``."""
    criteria = Criteria(settings.formats, settings.images_exclude, settings.rules, lock)
    return Conditions(criteria, today, keeps_sources=keeps_sources)


class Counts(NamedTuple):
    """How many images a file names, by what has come of them."""

    pinned: int = 0
    unpinned: int = 0
    skipped: int = 0


class Judged(NamedTuple):
    """What is said of a file: alone, or in the light of others."""

    counts: Counts = Counts()
    findings: tuple[Finding, ...] = ()
    names: tuple[str, ...] = ()
    """The canonical names that a lock lists for it; only beside a lock."""


class Kept(NamedTuple):
    """What a format found in a file, kept for a second look in the light of other files."""

    located: Located
    """Without its outline."""
    mark: int
    """The hash of the bytes that it was found in, good in this run."""


class Examined(NamedTuple):
    """What a check has to know of one file."""

    path: str
    format: str | None = None
    """The name of the format that knows the content; None where none does."""
    judged: Judged = Judged()
    problems: tuple[PragmaProblem, ...] = ()
    facts: tuple[Fact, ...] = ()
    """What it states about images that other files name."""
    data: bytes = b""
    """Where there is a finding, and the conditions ask for them: its lines and columns are counted in these bytes."""
    error: InputError | None = None
    hash: str = ""
    """SHA-256 of the bytes, in hex, where nothing but these and the criteria says what there is to say of it alone."""
    source: Source | None = None
    """Only where the conditions ask for it."""
    kept: Kept | None = None
    """As `source`, and only of a file that was looked into in this run."""

    @property
    def counts(self) -> Counts:
        """How many images it names."""
        return self.judged.counts

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with it."""
        return self.judged.findings


class Remembered(NamedTuple):
    """What has come of one file."""

    examined: Examined
    """By itself."""
    light: str = ""
    """What the other files were that it was seen in the light of, so that it can be compared; empty where none were."""
    again: Judged | None = None
    """What was said of it in that light."""


def examine(target: Target, conditions: Conditions, before: Examined | None = None) -> Examined:
    """Return what there is to know of ``target`` on its own.

    ``before`` is what came of the file alone when its bytes had the hash that it tells: that holds for these bytes
    again. Never raises: what cannot be told is the error.
    """
    examined = attempt(_examine, target, conditions, before)
    return Examined(target.path, error=examined) if isinstance(examined, InputError) else examined


def _examine(target: Target, conditions: Conditions, before: Examined | None) -> Examined:
    criteria, today, hashed, *_ = conditions
    data = read_text(target)
    if data is None:
        return Examined(target.path)
    # What stands in a `.env` is kept nowhere.
    hash_ = digest(data) if hashed and not target.path.endswith(ENV_NAME) else ""
    if before is not None and before.hash == hash_:
        return before._replace(data=data if before.findings and conditions.keeps_bytes else b"")
    document = Document(target.path, data)
    found = locate(document, configured(criteria.formats))
    if found is None:
        return Examined(target.path, hash=hash_)
    format_, located = found
    kept = _kept(data, format_, located) if conditions.keeps_places else None
    # Where nobody is silenced or excluded the places themselves say whether a rule is broken.
    is_plain = not may_have_pragmas(format_.unwrapped(document)) and not _looks_closer(conditions)
    if is_plain and not any(map(broken_rule, located.places)):
        judged = Judged(_count(located.places))
        return Examined(target.path, format_.name, judged, facts=located.facts, hash=hash_, kept=kept)
    source = apply_suppressions(document, *found, today=today, images_exclude=criteria.images_exclude)
    return examine_source(source, target, conditions, hash_)._replace(kept=kept)


def _kept(data: bytes, format_: Format, located: Located) -> Kept | None:
    """Return what is to be kept of ``located``; None where nobody decides about it, or it is large."""
    # A format is found again by its name: one with the user's own places is not.
    has_rules = any(one.rules for one in (format_, *format_.also))
    if not (located.places or located.facts) or len(located.places) > _MOST_PLACES or has_rules:
        return None
    return Kept(located._replace(outline=()), hash(data))


def _looks_closer(conditions: Conditions) -> bool:
    criteria = conditions.criteria
    return conditions.keeps_sources or bool(criteria.images_exclude) or criteria.lock is not None


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


def examine_source(source: Source, target: Target, conditions: Conditions, hash_: str = "") -> Examined:
    """Return what there is to know of ``target``, from which ``source`` was made."""
    path, data = source.document
    judged = _judge(source, target, conditions.criteria)
    return Examined(
        path,
        source.format.name,
        judged,
        source.problems,
        source.located.facts,
        data if conditions.keeps_sources or (judged.findings and conditions.keeps_bytes) else b"",
        hash=hash_ if _lasts(source) else "",
        source=source if conditions.keeps_sources else None,
    )


def _judge(source: Source, target: Target, criteria: Criteria) -> Judged:
    counts = _count(occurrences_for(source, "pin"))
    findings = tuple(check_source(source, criteria.rules))
    if criteria.lock is None:
        return Judged(counts, findings)
    from pinner.findings.lock_agreement import findings_beside_lock  # noqa: PLC0415 - only where there is a lock
    from pinner.lockfile.usage import names_in  # noqa: PLC0415 - as above

    inner = criteria.lock.place.inner_path(target.file)
    return Judged(
        counts, findings_beside_lock(findings, source, inner, criteria.lock, criteria.rules), names_in(source)
    )


def _lasts(source: Source) -> bool:
    """Tell whether what there is to say of a file will be the same on another day."""
    applying = (pragma for one in source.candidates for pragma in (*one.pragmas, *one.expired))
    return all(pragma.until is None for pragma in (*source.pragmas, *applying))


def digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hex."""
    import hashlib  # noqa: PLC0415 - 5 ms, needed only where the answer is to be kept

    return hashlib.sha256(data).hexdigest()
