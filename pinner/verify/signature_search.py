"""Search for the signatures of a digest: referrers, the fallback tag, cosign's tag.

Sources: distribution-spec 1.1; cosign's SIGNATURE_SPEC.md; kyverno#16664 for lists that do not say what they list.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from pinner.errors import InvalidReferenceError, ResolveError
from pinner.reference import Digest
from pinner.verify.strict_decoding import MalformedError, Object, load_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Iterator, Mapping

    from pinner.registry.artifacts import ArtifactLocations, RawManifest

_T = TypeVar("_T")
MAX_CANDIDATES = 50
MAX_LAYERS = 50
MAX_BLOB = 1024 * 1024
_BUNDLE = "application/vnd.dev.sigstore.bundle"
_NOTATION = "application/vnd.cncf.notary.signature"
_COSIGN_REFERRER = "application/vnd.dev.cosign.artifact.sig"
_CLASSIC_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json"
_ENVELOPES = ("application/jose+json", "application/cose")
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_HINTS = (_BUNDLE, _NOTATION, _COSIGN_REFERRER, "application/vnd.oci.empty")


class Fetch(Protocol):
    """Reads one repository; everything raises `ResolveError` but for what is not there: None."""

    async def beside(self, digest: Digest) -> ArtifactLocations:
        """Return what may speak of ``digest``."""
        ...

    async def manifest(self, selector: str) -> RawManifest | None:
        """Return the manifest under a tag or digest."""
        ...

    async def blob(self, digest: Digest, limit: int) -> bytes | None:
        """Return a blob of at most ``limit`` bytes."""
        ...


class Found(NamedTuple):
    """One thing that claims to be a signature, fetched."""

    scheme: str
    """``bundle``, ``classic`` or ``notation``."""
    place: str
    """The digest of the manifest that holds it."""
    content: bytes | None
    """The bundle, the payload or the envelope; None where that is not there or not as the manifest says."""
    annotations: Mapping[str, object]
    """The layer's."""
    media_type: str
    """The layer's."""
    problem: str = ""
    """Why there is no content."""


class FoundSignatures(NamedTuple):
    """All that was found, and why that may not be all."""

    found: tuple[Found, ...]
    cut: str = ""


class _Listed(NamedTuple):
    digest: Digest
    is_hinted: bool


async def find_signatures(fetch: Fetch, subject: Digest, schemes: frozenset[str]) -> FoundSignatures:
    """Return what claims to be a signature of ``subject``, of the given ``schemes``.

    Raises `ResolveError` where it is not told what there is; one thing that cannot be had is told in ``cut``.
    """
    beside = await fetch.beside(subject)
    cut = f"the list of what lies beside {subject} has no end" if beside.is_cut else ""
    listed: list[_Listed] = []
    try:
        for body in (*(beside.pages or ()), *([beside.fallback.body] if beside.fallback else ())):
            listed += _entries(load_object(body, "the list of referrers"))
    except MalformedError as error:
        cut = error.detail
    # Those that the list calls signatures first: where a limit cuts, it cuts the others.
    ordered = list(dict.fromkeys(one.digest for one in sorted(listed, key=lambda one: not one.is_hinted)))
    if len(ordered) > MAX_CANDIDATES:
        cut = f"more than {MAX_CANDIDATES} things lie beside {subject}"
    missed: list[str] = []
    wanted: list[_Layer] = []
    for manifest in await _each(missed, (fetch.manifest(str(digest)) for digest in ordered[:MAX_CANDIDATES])):
        wanted += _layers_of_referrer(manifest, subject)
    if beside.classic is not None:
        wanted += _classic_layers(beside.classic)
    wanted = [one for one in wanted if one.scheme in schemes]
    if sum(one.scheme == "classic" for one in wanted) > MAX_LAYERS:
        cut = f"there are more than {MAX_LAYERS} signatures of {subject}"
        others = [one for one in wanted if one.scheme != "classic"]
        wanted = [*others, *[one for one in wanted if one.scheme == "classic"][:MAX_LAYERS]]
    if any(one.size > MAX_BLOB for one in wanted):
        cut = f"a signature of {subject} is larger than {MAX_BLOB >> 20} MB"
    found = await _each(missed, (_fetched(fetch, one) for one in wanted if one.size <= MAX_BLOB))
    return FoundSignatures(tuple(one for one in found if one is not None), next(iter(missed), cut))


async def _each(missed: list[str], questions: Iterable[Awaitable[_T | None]]) -> list[_T | None]:
    """Return the answers; what could not be looked up is told in ``missed``, for another signature may be good."""
    found: list[_T | None] = []
    for answer in await asyncio.gather(*questions, return_exceptions=True):
        if isinstance(answer, ResolveError):
            missed.append(answer.message)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found.append(answer)
    return found


class _Layer(NamedTuple):
    scheme: str
    place: str
    digest: Digest | None
    size: int
    annotations: Mapping[str, object]
    media_type: str
    problem: str = ""


def _entries(index: Object) -> Iterator[_Listed]:
    for entry in index.tables("manifests"):
        try:
            digest = Digest.parse(entry.text("digest"))
        except InvalidReferenceError:
            raise MalformedError("the list of referrers names a digest that is none") from None
        hint = entry.members.get("artifactType")
        yield _Listed(digest, not isinstance(hint, str) or hint.startswith(_HINTS))


def _layers_of_referrer(manifest: RawManifest | None, subject: Digest) -> Iterator[_Layer]:
    """Yield what a referrer holds that claims to be a signature of ``subject``, by the manifest's own type."""
    if manifest is None or manifest.media_type in _INDEXES:
        return
    try:
        document = load_object(manifest.body, "a referrer's manifest")
        if "subject" not in document or document.table("subject").text("digest") != str(subject):
            return
        kind = document.optional("artifactType") or document.table("config").text("mediaType")
        layers = document.tables("layers")
    except MalformedError:
        # Without a type that can be read it claims nothing.
        return
    if kind.startswith(_COSIGN_REFERRER):
        yield from _classic_layers(manifest)
    elif kind.startswith(_BUNDLE):
        yield _only_layer("bundle", manifest, layers, (_BUNDLE,))
    elif kind == _NOTATION:
        yield _only_layer("notation", manifest, layers, _ENVELOPES)


def _only_layer(scheme: str, manifest: RawManifest, layers: tuple[Object, ...], types: tuple[str, ...]) -> _Layer:
    try:
        if len(layers) == 1 and layers[0].text("mediaType").startswith(types):
            return _layer(scheme, manifest, layers[0])
    except MalformedError as error:
        return _Layer(scheme, manifest.digest, None, 0, {}, "", error.detail)
    problem = f"a {scheme}'s manifest must have one layer, of the type {types[0]}"
    return _Layer(scheme, manifest.digest, None, 0, {}, "", problem)


def _classic_layers(manifest: RawManifest) -> Iterator[_Layer]:
    try:
        layers = load_object(manifest.body, "the signature's manifest").tables("layers")
    except MalformedError as error:
        yield _Layer("classic", manifest.digest, None, 0, {}, "", error.detail)
        return
    for layer in layers:
        if layer.members.get("mediaType") == _CLASSIC_LAYER:
            try:
                yield _layer("classic", manifest, layer)
            except MalformedError as error:
                yield _Layer("classic", manifest.digest, None, 0, {}, "", error.detail)


def _layer(scheme: str, manifest: RawManifest, layer: Object) -> _Layer:
    try:
        digest = Digest.parse(layer.text("digest"))
    except InvalidReferenceError:
        raise MalformedError("a layer has a digest that is none") from None
    annotations = layer.table("annotations").members if "annotations" in layer else {}
    return _Layer(scheme, manifest.digest, digest, layer.number("size"), annotations, layer.text("mediaType"))


async def _fetched(fetch: Fetch, layer: _Layer) -> Found:
    content, problem = None, layer.problem
    if layer.digest is not None:
        content = await fetch.blob(layer.digest, MAX_BLOB)
        if content is None:
            problem = "the registry has the signature's manifest and not its content"
        elif len(content) != layer.size:
            content, problem = None, "the signature is not as long as its manifest says"
    return Found(layer.scheme, layer.place, content, layer.annotations, layer.media_type, problem)


def children_of(manifest: RawManifest | None) -> tuple[Digest, ...]:
    """Return the images of an index, without BuildKit's attestations; none for anything else."""
    if manifest is None:
        return ()
    try:
        found = []
        for entry in load_object(manifest.body, "the index").tables("manifests"):
            notes = entry.table("annotations").members if "annotations" in entry else {}
            if "vnd.docker.reference.type" not in notes:
                found.append(Digest.parse(entry.text("digest")))
    except (MalformedError, InvalidReferenceError):
        return ()
    return tuple(found)
