"""Identification types: five kinds of digest, local images, comparisons, sightings of hashes and answers."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, NewType, TypeAlias

from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.errors import ResolveError
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import ImageReference, Platform


IndexDigest = NewType("IndexDigest", Digest)
"""Of an index: what a tag of several platforms means."""
ManifestDigest = NewType("ManifestDigest", Digest)
"""Of one platform's manifest."""
ConfigDigest = NewType("ConfigDigest", Digest)
"""Of a config: the image ID of Docker's classic store and of podman."""
LayerDigest = NewType("LayerDigest", Digest)
"""Of a layer as it is stored and sent, most often compressed."""
DiffId = NewType("DiffId", Digest)
"""Of a layer unpacked: what the config lists."""

Role: TypeAlias = Literal["index", "manifest", "index-or-manifest", "config", "layer", "diff-id", "attachment"]
"""What a hash is. ``index-or-manifest``: an engine remembers it and does not say which."""
Form: TypeAlias = Literal["legacy", "docker-archive", "docker-oci", "oci-archive", "oci-layout", "engine"]
Store: TypeAlias = Literal["classic", "containerd", "podman"]
Proof: TypeAlias = Literal["hashed", "named", "engine", "lock"]
"""``hashed``: its bytes were. ``named``: something that was hashed names it. Else the word of an engine or the lock."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


class LocalLayer(NamedTuple):
    """One layer of an image on this machine."""

    diff_id: DiffId | None
    """Of the bytes found, unpacked; where they were not looked at, what the config says."""
    stored: LayerDigest | None = None
    """Of the bytes as stored under their own digest; None where the form keeps layers under other names."""
    compression: str | None = None
    """``none``, ``gzip``, ``zstd``; None where the bytes were not looked at."""


class LocalImage(NamedTuple):
    """One platform's image as it lies on this machine; each digest was hashed here, but where an engine said so."""

    names: tuple[str, ...] = ()
    """The references that the archive or the engine gives it."""
    platform: Platform | None = None
    config: ConfigDigest | None = None
    manifest: ManifestDigest | None = None
    """None where the form keeps no manifest."""
    index_digest: IndexDigest | None = None
    """Of the index that it came with."""
    diff_ids: tuple[DiffId, ...] = ()
    """As the config lists them, the lowest first."""
    layers: tuple[LocalLayer, ...] = ()
    created: str | None = None
    labels: Mapping[str, str] = _NOTHING
    engine_id: Digest | None = None
    """What an engine calls the image ID."""
    repo_digests: tuple[str, ...] = ()
    """``repository@digest`` as the engine remembers them: a digest that no registry ever served may be among them."""


class Holding(NamedTuple):
    """What an archive, a layout or an engine's store holds."""

    form: Form
    images: tuple[LocalImage, ...]
    tampered: tuple[str, ...] = ()
    """What contradicts what: one sentence each."""
    unchecked: tuple[str, ...] = ()
    """What could not be looked at."""
    store: Store | None = None
    """Of an engine."""


class Query(NamedTuple):
    """A hash that somebody wants to know about: whole, or its first digits."""

    hex: str
    digest: Digest | None
    """None for a short ID."""

    def fits(self, digest: Digest | None) -> bool:
        """Tell whether ``digest`` may be the one that is meant."""
        if digest is None:
            return False
        if self.digest is not None:
            return digest == self.digest
        return digest.algorithm == "sha256" and digest.hex.startswith(self.hex)


class Sighting(NamedTuple):
    """One place where a hash is known, and as what."""

    role: Role
    digest: Digest
    where: str
    """The canonical name, the engine, or ``pinner.lock``."""
    proof: Proof
    platform: Platform | None = None
    layer: int | None = None
    """From 1, the lowest."""
    reference: ImageReference | None = None
    image: Image | None = None
    """What the registry serves there."""
    member: PlatformImage | None = None
    """The platform's image that it belongs to, where it belongs to one."""
    local: LocalImage | None = None
    current: bool = True
    """False where the repository still has it, and the tag means something else."""


Outcome: TypeAlias = Literal[
    "equal-index", "equal-manifest", "equal-config", "same-files", "stale", "different", "absent", "unknown"
]
"""How a local image stands to what a name means today, from the closest down.

``same-files``: other config, same diff_ids. ``stale``: the repository still has it, and the tag moved on.
``absent``: the registry has no such name. ``unknown``: no answer.
"""


class Comparison(NamedTuple):
    """A local image beside what a registry serves under one name."""

    reference: ImageReference
    outcome: Outcome
    asked: bool = False
    """Whether the user named it; else the archive or the engine did."""
    image: Image | None = None
    member: PlatformImage | None = None
    """The served image of the same platform."""
    reasons: tuple[str, ...] = ()
    """Why digests differ where they do, or what differs: one sentence each."""
    error: ResolveError | None = None

    @property
    def is_equal(self) -> bool:
        """Tell whether it is the same image: bit for bit, or by its config."""
        return self.outcome in ("equal-index", "equal-manifest", "equal-config")


class Compared(NamedTuple):
    """A local image with everything it was compared with."""

    image: LocalImage
    comparisons: tuple[Comparison, ...]


class LocalAnswer(NamedTuple):
    """What ``pinner identify`` says of an archive, a layout or a local image."""

    what: str
    holding: Holding
    images: tuple[Compared, ...]


class Unanswered(NamedTuple):
    """A name that no answer came for."""

    reference: ImageReference
    error: ResolveError


class HashAnswer(NamedTuple):
    """What ``pinner identify`` says of a hash."""

    what: str
    query: Query
    sightings: tuple[Sighting, ...]
    searched: tuple[str, ...]
    """Where it was looked for."""
    unanswered: tuple[Unanswered, ...] = ()
    asked: tuple[ImageReference, ...] = ()
    """The names that the user gave to compare with."""


Answer: TypeAlias = LocalAnswer | HashAnswer


def pinned_text(reference: ImageReference, digest: Digest) -> str:
    """Return ``reference`` held to ``digest``, as one would write it."""
    tag = "" if reference.tag else ":latest"
    return f"{reference.familiar}{tag}@{digest}"


MAX_DOCUMENT = 8 * 1024 * 1024
"""The largest config that is read, in bytes; registries serve manifests up to 4 MB."""
_MAX_LINKS = 8


class Member(NamedTuple):
    """One file."""

    digest: Digest
    """Of its bytes, by the algorithm that its name gives, else sha256."""
    size: int
    data: bytes | None = None
    """Its bytes, where it is small and may be JSON."""
    content: DiffId | None = None
    """The sha256 of its bytes unpacked; None where they could not be."""
    compression: str = "none"
    trouble: str | None = None
    """Why it could not be unpacked."""


class Contents(NamedTuple):
    """Everything in one place, by its normalised path (``/``, no leading ``./``)."""

    members: Mapping[str, Member]
    links: Mapping[str, str] = MappingProxyType({})
    """From a link's path to the path it means."""
    clashes: tuple[str, ...] = ()
    """Paths that stand for several different files."""
    escaping: tuple[str, ...] = ()
    """Names and links that lead out of the archive."""
    folder: bool = False

    def find(self, path: str) -> Member | None:
        """Return the file at ``path``, links followed inside the archive; None where there is none."""
        for _ in range(_MAX_LINKS):
            if path in self.members:
                return self.members[path]
            if path not in self.links:
                return None
            path = self.links[path]
        return None

    def blob(self, digest: Digest) -> Member | None:
        """Return the blob that is stored under ``digest``, whatever its bytes hash to."""
        return self.find(f"blobs/{digest.algorithm}/{digest.hex}")
