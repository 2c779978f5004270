"""Words for kinds of digests, forms of archives and comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.report.escapes import printable
from pinner.report.summary_sentences import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pinner.identification.model import Comparison, Form, Holding, LocalLayer, Outcome, Role, Sighting, Store
    from pinner.oci.types import Image
    from pinner.reference import Digest, ImageReference

_SHORT = 12
_FORMS: Mapping[Form, str] = {
    "legacy": "an archive of `docker save`, in the form of Docker before 25",
    "docker-archive": "a docker-archive, as podman and skopeo write it",
    "docker-oci": "an archive of `docker save`, an OCI layout with manifest.json",
    "oci-archive": "an oci-archive, as podman and skopeo write it",
    "oci-layout": "an OCI layout",
}
_STORES: Mapping[Store, str] = {
    "classic": "a Docker engine's classic store",
    "containerd": "a Docker engine's containerd store",
    "podman": "podman's store",
}
STORE_IDS: Mapping[Store, str] = {
    "classic": "the config's digest",
    "containerd": "the digest of its index or manifest, not of its config",
    "podman": "the config's digest",
}
_ROLES: Mapping[Role, str] = {
    "index": "index digest of {where}",
    "manifest": "manifest digest of {where}{platform}",
    "index-or-manifest": "digest of {where}{platform}: of an index or a manifest",
    "config": "config digest of {where}{platform}: its image ID",
    "layer": "digest of layer {layer}, as it is sent, of {where}{platform}",
    "diff-id": "diff_id of layer {layer}, its digest unpacked, of {where}{platform}",
    "attachment": "digest of an attestation beside {where}",
}
_HASHED: Mapping[Role, str] = {
    "index": "the name means it, and its bytes hash to it",
    "manifest": "its bytes hash to it, and the name leads to it",
    "config": "its bytes hash to it, and the manifest names it",
}
_NAMED: Mapping[Role, str] = {
    "index": "the name means it",
    "manifest": "the index names it",
    "config": "the manifest names it",
    "layer": "the manifest names it",
    "diff-id": "the config lists it",
    "attachment": "the index lists it beside the images",
}
_PULL = "docker pull NAME@…, FROM, compose and kubectl"
_USES: Mapping[Role, tuple[tuple[str, str], ...]] = {
    "index": (("good for", f"{_PULL}: every platform takes its own"),),
    "manifest": (("good for", f"{_PULL}: this platform alone"),),
    "index-or-manifest": (("good for", _PULL),),
    "config": (
        ("good for", "docker run and docker image inspect where the image is (classic store, podman)"),
        ("not for", f"{_PULL}: nothing can be pulled by it"),
    ),
    "layer": (("not for", f"{_PULL}: it is one layer and no image"),),
    "diff-id": (("not for", f"{_PULL}: no registry knows it"),),
    "attachment": (("not for", f"{_PULL}: it is no image"),),
}
_OUTCOMES: Mapping[Outcome, str] = {
    "equal-index": "the same image: the index is the same, bit for bit",
    "equal-manifest": "the same image: the manifest is the same, bit for bit",
    "equal-config": "the same image: its config is the same, bit for bit",
    "same-files": "the same files under another config",
    "stale": "not what the tag means, though the repository has it",
    "different": "another image",
    "absent": "the registry has no such name",
    "unknown": "could not be determined",
}


def form(holding: Holding) -> str:
    """Return what kind of thing was looked at, and how many images it holds."""
    number = len(holding.images)
    if holding.store is not None:
        return f"an image in {_STORES[holding.store]}" + (f", for {number} platforms" if number > 1 else "")
    return f"{_FORMS[holding.form]}: {count(number, 'image')}"


def role(sighting: Sighting, where: str) -> str:
    """Return what kind of digest it is, of what, and of which platform and layer; ``where`` is how the place looks."""
    platform = "" if sighting.platform is None else f" for {printable(str(sighting.platform))}"
    return _ROLES[sighting.role].format(where=where, platform=platform, layer=sighting.layer)


def proof(sighting: Sighting) -> str:
    """Return how it is known."""
    if sighting.proof == "engine":
        return "the engine says so"
    if sighting.proof == "lock":
        return "pinner.lock says so"
    words = _HASHED if sighting.proof == "hashed" else _NAMED
    if not sighting.current:
        return "the repository serves it under this digest, and its bytes hash to it"
    return words[sighting.role]


def uses(role_: Role) -> Sequence[tuple[str, str]]:
    """Return what takes such a digest, and what does not."""
    return _USES[role_]


def served_digests(comparison: Comparison) -> Mapping[Digest, str]:
    """Return what the digests are that a registry serves under the name compared with."""
    image = comparison.image
    if image is None:
        return {}
    words = {
        one.digest: f"the manifest of {one.platform}" if one.platform else "the manifest" for one in image.platforms
    }
    return {**words, image.digest: "the index"} if image.is_index else words


def outcome(comparison: Comparison) -> str:
    """Return how an image stands to what a name means."""
    return _OUTCOMES[comparison.outcome]


def short_ids(image: Image, config: Digest) -> str:
    """Return what ``docker images`` shows for it, which depends on the store."""
    classic, containerd = config.hex[:_SHORT], image.digest.hex[:_SHORT]
    return f"{classic} by Docker's classic store and podman, {containerd} by its containerd store"


def layers_checked(layers: Sequence[LocalLayer]) -> str:
    """Return what to say of the layers' bytes."""
    if any(layer.compression is None for layer in layers):
        return ""
    return ", each hashed unpacked (diff_id)"


def repository(reference: ImageReference) -> str:
    """Return the repository as it was written, without tag and digest."""
    familiar = reference.familiar
    return familiar if reference.tag is None else familiar[: -len(reference.tag) - 1]
