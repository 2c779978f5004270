"""Types of the JSON of ``inspect``, ``identify`` and the bot's report."""

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from pinner.schema.generate import Keyword
from pinner.schema.records import Count, Digest, Hint, SignedRecord, Version

Labels: TypeAlias = dict[str, str]
Deed: TypeAlias = Literal["push", "create", "edit", "complete", "close", "delete-branch"]


class FailureRecord(TypedDict):
    """A name that nothing could be told about."""

    reference: str
    message: str
    hint: Hint


class ImageIdRecord(TypedDict):
    """What each of Docker's stores calls the image once it is pulled."""

    classic: Digest | None
    containerd: Digest


class PlatformRecord(TypedDict):
    """One platform's image."""

    platform: str | None
    digest: Annotated[Digest, "Of the manifest."]
    mediaType: str
    config: Annotated[Digest | None, "The image ID of Docker's classic store."]
    pull: Annotated[str, "What pulls this platform alone."]
    imageId: ImageIdRecord
    size: Annotated[int | None, "Bytes of a pull."]
    created: str | None
    labels: Labels
    annotations: Labels
    layers: list[Digest]
    diffIds: list[str]
    missing: Annotated[bool, "The index names it, and the registry does not serve it."]
    artifactType: str | None
    artifact: Annotated[str | None, "What such a thing is called."]


class AttachmentRecord(TypedDict):
    """A signature, an attestation or the like; `verified` where a policy is for the image and accepts it."""

    digest: Digest
    kind: str
    name: str
    subject: Digest | None
    verified: bool


class InspectionRecord(TypedDict):
    """What one name means."""

    reference: Annotated[str, "As it was asked."]
    canonical: str
    kind: Literal["index", "manifest", "artifact"]
    digest: Digest
    mediaType: str
    pull: Annotated[str, "The reference to write."]
    tagMeansToday: Annotated[Digest | None, "Where a digest was asked about."]
    tagIsGone: bool
    annotations: Labels
    labels: Annotated[Labels, "Those that all platforms share."]
    platforms: list[PlatformRecord]
    attachments: list[AttachmentRecord]
    attachmentsUnknown: Annotated[str | None, "Why their list may lack some."]
    signature: NotRequired[Annotated[SignedRecord, "Where a policy is for the image."]]


class ConfigRecord(TypedDict):
    """A name whose digest is an image ID, which nothing can pull."""

    reference: str
    canonical: str
    kind: Literal["config"]
    digest: Digest
    platform: str | None
    created: str | None
    labels: Labels
    diffIds: list[str]
    tagMeansToday: Digest | None
    belongsToTag: bool | None
    pull: str | None


class InspectionsRecord(TypedDict):
    """What `pinner inspect --format json` prints."""

    version: Version
    images: list[InspectionRecord | ConfigRecord]
    failed: list[FailureRecord]


class AllowanceRecord(TypedDict):
    """How much a registry lets somebody fetch; null where it does not say."""

    registry: str
    user: Annotated[str | None, "The account that was asked with; null for anybody."]
    limit: Annotated[int | None, "Manifests in a window."]
    remaining: Annotated[int | None, "Those that are left of it."]
    window: Annotated[int | None, "Its length in seconds."]
    source: Annotated[str | None, "Who is counted, in the registry's words."]


class AllowancesRecord(TypedDict):
    """What `pinner inspect --rate-limit --format json` prints."""

    version: Version
    limits: list[AllowanceRecord]


class SightingRecord(TypedDict):
    """One place where a hash is known, and as what."""

    role: Literal["index", "manifest", "index-or-manifest", "config", "layer", "diff-id", "attachment"]
    digest: Digest
    where: Annotated[str, "A full name, an engine, or pinner.lock."]
    platform: str | None
    layer: Annotated[int | None, "From 1, the lowest."]
    proof: Annotated[Literal["hashed", "named", "engine", "lock"], "named: by something that was hashed."]
    current: Annotated[bool, "false where the repository has it, and the tag means something else."]
    index: Digest | None
    manifest: Digest | None
    config: Digest | None
    write: Annotated[str | None, "The reference to write."]


class UnansweredRecord(TypedDict):
    """A name that no registry would answer for."""

    name: str
    message: str
    hint: Hint


class HashRecord(TypedDict):
    """What `pinner identify --format json` prints of a hash."""

    version: Version
    what: Annotated[str, "As it was asked."]
    result: Literal["identified", "differs", "unknown"]
    kind: Literal["hash"]
    digest: Annotated[Digest | None, "null for a short one."]
    sightings: list[SightingRecord]
    searched: Annotated[list[str], "Sentences."]
    unanswered: list[UnansweredRecord]


class ServedRecord(TypedDict):
    """What the registry serves."""

    index: Digest | None
    manifest: Digest | None
    config: Digest | None


class ComparisonRecord(ServedRecord):
    """A local image beside what a name means today."""

    name: str
    asked: Annotated[bool, "Whether the user gave the name; else the archive or the engine did."]
    outcome: Literal[
        "equal-index", "equal-manifest", "equal-config", "same-files", "stale", "different", "absent", "unknown"
    ]
    equal: bool
    reasons: Annotated[list[str], "Sentences."]
    write: Annotated[str | None, "The reference to write."]
    error: str | None


class LocalLayerRecord(TypedDict):
    """One layer of a local image."""

    diffId: Digest | None
    stored: Digest | None
    compression: str | None


class LocalImageRecord(TypedDict):
    """One image of an archive, a layout or an engine."""

    names: list[str]
    platform: str | None
    config: Digest | None
    manifest: Digest | None
    index: Digest | None
    engineId: Annotated[Digest | None, "What the engine calls its ID."]
    repoDigests: list[str]
    diffIds: list[Digest]
    layers: list[LocalLayerRecord]
    created: str | None
    comparisons: list[ComparisonRecord]


class LocalRecord(TypedDict):
    """What `pinner identify --format json` prints of an archive, a layout or an engine's image."""

    version: Version
    what: Annotated[str, "As it was asked."]
    result: Literal["identified", "differs", "unknown"]
    kind: Literal["image"]
    form: Literal["legacy", "docker-archive", "docker-oci", "oci-archive", "oci-layout", "engine"]
    store: Literal["classic", "containerd", "podman"] | None
    tampered: Annotated[list[str], "What contradicts what: sentences."]
    unchecked: Annotated[list[str], "What could not be looked at: sentences."]
    images: list[LocalImageRecord]


class ChangeRecord(TypedDict):
    """One image that a pull request moves."""

    name: str
    canonical: str
    old: Digest | None
    new: Digest
    places: Annotated[list[str], "`path:line`."]


class HeldBackRecord(TypedDict):
    """An image that is left out, and why."""

    name: str
    digest: Digest | None
    reason: str


class PullRequestRecord(TypedDict):
    """One pull request as it is, or would be."""

    outcome: Annotated[str, "opened, updated, closed, unchanged, …"]
    reason: Annotated[str, "A sentence."]
    error: str | None
    url: str | None
    actions: Annotated[list[Deed], "What was done."]
    group: str
    branch: str
    base: str
    title: str | None
    body: str | None
    message: Annotated[str | None, "Of the commit."]
    labels: list[str]
    assignees: list[str]
    reviewers: list[str]
    autoMerge: bool
    changes: list[ChangeRecord]
    heldBack: list[HeldBackRecord]
    diff: str | None


class BotErrorRecord(TypedDict):
    """Why a repository was not seen to."""

    message: str
    hint: Hint


class UnresolvedRecord(TypedDict):
    """A reference that no registry had an answer for."""

    path: str
    line: Annotated[int, Keyword("minimum", 1)]
    reference: str
    message: str


class UnreadFileRecord(TypedDict):
    """A file that could not be read."""

    path: str
    message: str


class RepositoryRecord(TypedDict):
    """One repository; the last three are there where it was reached."""

    name: str
    url: str | None
    skipped: Annotated[str | None, "Why nothing was done to it."]
    later: Annotated[str | None, "Why it is put off to a later run."]
    error: BotErrorRecord | None
    pullRequests: list[PullRequestRecord]
    unresolved: NotRequired[list[UnresolvedRecord]]
    unreadable: NotRequired[list[UnreadFileRecord]]
    notes: NotRequired[list[str]]


class BotRecord(TypedDict):
    """What `pinner update` prints with `--pr`, `--repo`, `--repos` or `--org`, and `--format json`."""

    version: Version
    dryRun: bool
    repositories: list[RepositoryRecord]
    summary: Annotated[dict[str, Count], "How many pull requests or repositories came to what."]
