"""Inspection types, and the words for them that every format shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pinner.errors import PinnerError
    from pinner.oci.types import Attachment, Config, Image, PlatformImage
    from pinner.reference import Digest, ImageReference, Platform
    from pinner.report.signatures import Checked


class Inspection(NamedTuple):
    """What one name means."""

    reference: ImageReference
    image: Image
    beside: tuple[Attachment, ...] = ()
    """Signatures, attestations and the like, in the index and outside, each once."""
    unsought: str | None = None
    """Why the list of them may lack some; None where it is all there is."""
    today: Image | None = None
    """What the tag means that stands beside a digest in the name."""
    today_unknown: str | None = None
    """Why that is not known."""
    only: Platform | None = None
    """The one platform that was asked for: an index may have others."""
    is_tag_gone: bool = False
    """Whether the registry has the digest, and the tag beside it no more."""
    signed: Checked | None = None
    """Who signed it and whether they may; None where no policy fits."""


class ImageId(NamedTuple):
    """A name whose digest is no manifest's but a config's: an image ID, which nothing can pull."""

    reference: ImageReference
    config: Config
    today: Image | None = None
    """What the tag of the name means."""

    @property
    def belongs(self) -> PlatformImage | None:
        """The platform's image of the tag that has this ID."""
        platforms = () if self.today is None else self.today.platforms
        return next((one for one in platforms if one.config == self.config.digest), None)


class Failure(NamedTuple):
    """A name that nothing could be told about."""

    text: str
    error: PinnerError


Entry: TypeAlias = Inspection | ImageId | Failure

_FAMILIES = {
    "application/vnd.oci.image.index.v1+json": "OCI index",
    "application/vnd.docker.distribution.manifest.list.v2+json": "Docker manifest list",
    "application/vnd.oci.image.manifest.v1+json": "OCI manifest",
    "application/vnd.docker.distribution.manifest.v2+json": "Docker manifest",
}
# By the beginning of the type: versions come and go. Sources: cosign, notation, BuildKit, SPDX, CycloneDX, in-toto.
_ATTACHMENTS = {
    ".sig": "cosign signature",
    ".att": "cosign attestation",
    ".sbom": "cosign SBOM",
    "attestation": "BuildKit attestation",
    "application/vnd.docker.attestation.manifest": "BuildKit attestation",
    "application/vnd.dev.sigstore.bundle": "Sigstore bundle",
    "application/vnd.dev.cosign.artifact.sig": "cosign signature",
    "application/vnd.dev.cosign.artifact.att": "cosign attestation",
    "application/vnd.dev.cosign.artifact.sbom": "cosign SBOM",
    "application/vnd.cncf.notary.signature": "Notation signature",
    "application/vnd.in-toto": "in-toto attestation",
    "application/spdx": "SPDX SBOM",
    "text/spdx": "SPDX SBOM",
    "application/vnd.cyclonedx": "CycloneDX SBOM",
    "application/sarif": "SARIF report",
}
# What is kept in registries and is no container image. Sources: Helm, OCI wasm, Flux, conftest, compose, Apptainer.
_ARTIFACTS = {
    "application/vnd.cncf.helm.config": "Helm chart",
    "application/vnd.wasm.config": "WebAssembly module",
    "application/vnd.wasm.content": "WebAssembly module",
    "application/vnd.cncf.flux": "Flux artifact",
    "application/vnd.cncf.openpolicyagent": "policy bundle",
    "application/vnd.docker.compose": "compose project",
    "application/vnd.docker.plugin": "Docker plugin",
    "application/vnd.docker.ai": "model",
    "application/vnd.cncf.model": "model",
    "application/vnd.devcontainers": "dev container feature",
    "application/vnd.sylabs.sif": "Apptainer image",
    "application/vnd.oci.empty": "artifact without a type",
    **{kind: name for kind, name in _ATTACHMENTS.items() if "/" in kind},
}
_OCI_LABELS = "org.opencontainers.image."
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def family(media_type: str) -> str:
    """Return ``OCI index`` and the like."""
    return _FAMILIES.get(media_type, media_type)


def attachment_name(kind: str) -> str:
    """Return what something beside an image is called; the type itself where it is an unknown one."""
    return _named(kind, _ATTACHMENTS)


def artifact_name(kind: str) -> str:
    """Return what an artifact is called."""
    return _named(kind, _ARTIFACTS)


def _named(kind: str, names: Mapping[str, str]) -> str:
    return next((name for beginning, name in names.items() if kind.startswith(beginning)), kind)


def pin_text(reference: ImageReference, digest: Digest) -> str:
    """Return the name held to ``digest``, tag and all: what `pinner pin` would write."""
    untagged = reference.tag is None and reference.digest is None
    return f"{reference.familiar}{':latest' if untagged else ''}@{digest}"


def full_name(reference: ImageReference) -> str:
    """Return the registry's name in full, with the tag that is followed and the digest, as far as there is one."""
    name = reference.repository if reference.digest and not reference.tag else reference.canonical
    return name if reference.digest is None else f"{name}@{reference.digest}"


def name_of(reference: ImageReference) -> str:
    """Return the repository as it was written, without tag and digest."""
    return reference.familiar if reference.tag is None else reference.familiar[: -len(reference.tag) - 1]


def platform_name(one: PlatformImage) -> str:
    """Return ``linux/arm64/v8``."""
    return "no platform named" if one.platform is None else str(one.platform)


def subject_name(subject: Digest | None, image: Image) -> str:
    """Return what of ``image`` something beside it speaks of, or an empty text."""
    for one in image.platforms:
        if one.digest == subject:
            return platform_name(one) if image.is_index else "the manifest"
    return "the index" if subject == image.digest else ""


def is_runnable(image: Image) -> bool:
    """Tell whether there is a container image in ``image``."""
    return any(one.artifact is None for one in image.platforms)


def human_size(size: int) -> str:
    """Return ``71.2 MB``: in powers of 1000, as docker does."""
    return next((f"{size / unit:.1f} {name}" for unit, name in _UNITS if size >= unit), f"{size} bytes")


def oci_labels(one: PlatformImage) -> dict[str, str]:
    """Return the OCI labels of an image, its manifest's annotations among them: official images have them there."""
    both = {**one.annotations, **one.labels}
    return {name: both[name] for name in sorted(both) if name.startswith(_OCI_LABELS)}


def common_entries(tables: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return what all ``tables`` have alike."""
    first, *others = list(tables) or [{}]
    return {name: value for name, value in first.items() if all(table.get(name) == value for table in others)}


def today_words(entry: Inspection) -> tuple[str, Digest | None]:
    """Return how the digest in a name stands to what its tag means now, and that digest where it is another.

    The words are empty where that is no question.
    """
    tag, image, today = entry.reference.tag, entry.image, entry.today
    if entry.today_unknown is not None:
        return f"what the tag {tag} means today could not be determined: {entry.today_unknown}", None
    if entry.is_tag_gone:
        return f"the tag {tag} is gone: what is shown is still served by its digest", None
    if today is None:
        return "", None
    if today.digest == image.digest:
        return f"this is what the tag {tag} means today", None
    inside = next((one for one in today.platforms if one.digest == image.digest), None)
    if inside is not None and today.is_index:
        return f"{platform_name(inside)} of what the tag {tag} means today, an index:", today.digest
    return f"the tag {tag} means something else today:", today.digest


def kind_words(entry: Inspection) -> str:
    """Return the words on what a name means: an index, one platform's manifest, an artifact."""
    image = entry.image
    if image.is_index:
        if entry.only is not None:
            return f"{family(image.media_type)}; of its platforms {entry.only} is shown"
        number = len(image.platforms)
        return f"{family(image.media_type)} of {number} platform{'' if number == 1 else 's'}"
    [one] = image.platforms
    if one.artifact is not None:
        name = artifact_name(one.artifact)
        return "something else than a container image" if name == one.artifact else f"{name}, no container image"
    return f"{family(image.media_type)} of {platform_name(one)} alone"
