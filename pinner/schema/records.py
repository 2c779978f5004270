"""Types of the JSON that ``list``, ``check``, ``verify`` and the two files of pinner's own consist of.

The functions that make the JSON return these: a type checker holds them to it, and the schemas are made of them.
"""

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from pinner.config.verify import MODES
from pinner.schema.generate import Keyword

_DIGEST = Keyword("pattern", "^sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$")
_FROM_ONE = Keyword("minimum", 1)
_COUNT = Keyword("minimum", 0)
_MOMENT = Keyword("pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")

Digest: TypeAlias = Annotated[str, _DIGEST]
Moment: TypeAlias = Annotated[str, _MOMENT]
Severity: TypeAlias = Literal["error", "warning", "note"]
Count: TypeAlias = Annotated[int, _COUNT]
Version: TypeAlias = Annotated[Literal[1], "Of the shape: a member more keeps it, anything else raises it."]
Hint: TypeAlias = Annotated[str | None, "What to do about it."]


class OccurrenceRecord(TypedDict):
    """One place that names an image."""

    path: Annotated[str, "The file, relative to the current folder, with `/`; `-` is standard input."]
    line: Annotated[int, _FROM_ONE]
    column: Annotated[int, _FROM_ONE, "In characters."]
    span: Annotated[
        list[Count],
        Keyword("minItems", 2),
        Keyword("maxItems", 2),
        "Byte offsets, half-open, of the text with the reference's end.",
    ]
    format: Annotated[str, "dockerfile, compose, kubernetes, …"]
    kind: Annotated[str, "What the image is for: from, service-image, container-image, …"]
    reference: Annotated[str, "As its consumer sees it, expanded."]
    digest: Digest | None
    platform: Annotated[str | None, "os/architecture[/variant], where the place asks for one."]
    status: Literal["pinned", "unpinned", "skipped"]
    reason: Annotated[str | None, "Why it is skipped, as a code; null where it is not."]
    detail: Annotated[str | None, "The same as a sentence."]
    via: Annotated[list[str], "What the text goes through, outermost first: an ARG, an anchor, a variable."]
    owner: Annotated[str | None, "Who uses the image: a stage, a service, `Kind/name`."]
    decidedBy: Annotated[list[str], "`path:line` of what elsewhere decided what the text means."]


class UnreadableRecord(TypedDict):
    """A file that nothing can be said of."""

    path: str
    message: str
    hint: Hint


class SummaryRecord(TypedDict):
    """The counts that close a report."""

    files: Annotated[Count, "Files that name an image, or could."]
    mentions: Annotated[Count, "Places: pinned, unpinned and skipped together."]
    pinned: Count
    unpinned: Count
    skipped: Count
    unknown: Annotated[Count, "Of the places those for which no registry had an answer."]
    error: Annotated[Count, "Findings."]
    warning: Annotated[Count, "Findings."]
    note: Annotated[Count, "Findings."]


class ListingRecord(TypedDict):
    """What `pinner list --format json` prints."""

    version: Version
    mentions: list[OccurrenceRecord]
    unreadable: list[UnreadableRecord]
    summary: SummaryRecord


class FindingRecord(TypedDict):
    """One rule broken in one place."""

    rule: Annotated[str, Keyword("pattern", "^PIN[0-9]{3}$")]
    name: Annotated[str, "The rule's name: unpinned, stale, …"]
    severity: Severity
    message: str
    hint: Hint
    mention: OccurrenceRecord
    proposed: Annotated[str | None, "The text to write instead."]
    current: Annotated[Digest | None, "The digest that the registry serves."]


class VerdictRecord(TypedDict):
    """What `pinner check --format json` prints, and `pin` and `update` with `--diff --format json`."""

    version: Version
    findings: list[FindingRecord]
    verify: NotRequired[Annotated[Literal["off"], "Policies on signatures were left aside, as was asked for."]]
    believed: NotRequired[
        Annotated[list[OccurrenceRecord], "With --online: the references whose answers were not hashed."]
    ]
    unreadable: list[UnreadableRecord]
    summary: SummaryRecord


class KnownRecord(TypedDict):
    """A finding that was there before, as often as it was there."""

    path: Annotated[str, "Relative to the root of the repository."]
    rule: str
    image: Annotated[str, "As the file says it."]
    count: Annotated[int, _FROM_ONE]


class BaselineRecord(TypedDict):
    """The file of `pinner check --baseline`, written by `--write-baseline`."""

    version: Literal[1]
    findings: list[KnownRecord]


class LogRecord(TypedDict):
    """An entry of a transparency log."""

    url: str
    index: int


class LockSignatureRecord(TypedDict):
    """Who signed a digest, verified when it was written down."""

    by: Annotated[str, "key, keyless, notation or dct."]
    signer: str
    subject: Annotated[str, "The digest that is signed: the image's own, or its index's."]
    place: Annotated[str, "The digest of the manifest that holds the signature, or the notary server."]
    policy: Annotated[str, "The policy's name, and a hash of what it says."]
    issuer: NotRequired[str]
    keyId: NotRequired[str]
    signedAt: NotRequired[Moment]
    log: NotRequired[LogRecord]


class LockPlatformRecord(TypedDict):
    """One platform's image."""

    digest: Digest
    config: NotRequired[Annotated[Digest, "The image ID of Docker's classic store."]]
    size: NotRequired[Annotated[Count, "Bytes of a pull."]]


class LockDigestRecord(TypedDict):
    """What a tag meant at one time."""

    digest: Digest
    mediaType: str
    firstSeen: Annotated[Moment, "When pinner first saw this digest for this tag."]
    platforms: NotRequired[Annotated[dict[str, LockPlatformRecord], "By os/architecture[/variant]."]]
    labels: NotRequired[Annotated[dict[str, str], "org.opencontainers.image.source, .revision, .version, .created."]]
    signature: NotRequired[LockSignatureRecord]


class LockEntryRecord(LockDigestRecord):
    """One image: what its tag is held to, and what it has meant since."""

    candidates: NotRequired[Annotated[list[LockDigestRecord], "Too young to be held to; the oldest first."]]


class LockRecord(TypedDict):
    """pinner.lock: what every tag is held to. Version 2 has signatures; what needs none is written as version 1."""

    version: Literal[1, 2]
    images: Annotated[dict[str, LockEntryRecord], "By the image's full name, registry/repository:tag."]
    sources: Annotated[
        dict[str, Annotated[list[str], Keyword("minItems", 1)]],
        "The full names in each file, by its path from the lock's.",
    ]


class JudgedRecord(TypedDict):
    """One signature, and what the policy makes of it."""

    scheme: Annotated[str, Keyword("enum", ("bundle", "classic", "notation", "dct"))]
    place: str
    verified: bool
    reasons: list[str]
    signer: NotRequired[str]
    detail: NotRequired[str]


class SignedRecord(TypedDict):
    """What a policy makes of an image. Who signed it stands there where the verdict is `verified`."""

    verdict: Annotated[
        Literal["verified", "unsigned", "refused", "unknown"] | None, "null where no policy is for the image."
    ]
    reasons: Annotated[list[str], "Codes."]
    policy: NotRequired[str]
    mode: NotRequired[Annotated[str, Keyword("enum", MODES)]]
    detail: NotRequired[str]
    by: NotRequired[Annotated[str, Keyword("enum", ("key", "keyless", "notation", "dct"))]]
    signer: NotRequired[str]
    subject: NotRequired[str]
    place: NotRequired[str]
    issuer: NotRequired[str]
    keyId: NotRequired[str]
    signedAt: NotRequired[Moment]
    log: NotRequired[LogRecord]
    engines: NotRequired[Annotated[list[str], "Who verified it."]]
    warnings: NotRequired[list[str]]
    signatures: NotRequired[list[JudgedRecord]]


class CheckedRecord(SignedRecord):
    """One image, and what its policy makes of it. Who signed it stands there where the verdict is `verified`."""

    image: str
    digest: Digest | None


class VerificationRecord(TypedDict):
    """What `pinner verify --format json` prints."""

    version: Version
    images: list[CheckedRecord]
