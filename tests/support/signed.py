"""Images with signatures beside them, for layouts and registries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from images import CONFIG_TYPE, INDEX_TYPE, MANIFEST_TYPE, Blob, Image, make_image, to_json, write_layout
from signingkit import BUNDLE, Sigstore, compact
from world import outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from world import Outcome

REPOSITORY = "127.0.0.1:9601/acme/app"
IMAGE = make_image("app")
EMPTY = Blob("application/vnd.oci.empty.v1+json", b"{}")
CLASSIC = "application/vnd.dev.cosign.simplesigning.v1+json"
NOTATION = "application/vnd.cncf.notary.signature"


class Layer(NamedTuple):
    """One layer of a classic signature."""

    payload: bytes
    annotations: Mapping[str, str]


def referrer(subject: Image, kind: str, layer: Blob, *, config: Blob | None = None, about: str | None = None) -> Image:
    """Return the manifest of an artifact about ``subject`` (or, to lie, about another digest)."""
    config = config or EMPTY
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE["oci"],
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
        "subject": {**subject.top.descriptor(), **({"digest": about} if about else {})},
        **({"artifactType": kind} if kind else {}),
    }
    return Image(Blob(MANIFEST_TYPE["oci"], to_json(manifest)), (config, layer))


def bundle_referrer(subject: Image, bundle: Mapping[str, Any] | bytes, **more: Any) -> Image:
    data = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
    return referrer(subject, BUNDLE, Blob(BUNDLE, data), **more)


def notation_referrer(subject: Image, envelope: bytes, media_type: str = "application/jose+json") -> Image:
    return referrer(subject, "", Blob(media_type, envelope), config=Blob(NOTATION, b"{}"))


def fallback(referrers: Sequence[Image], kind: str | None = None) -> Image:
    """Return the index that clients keep under a tag where the registry keeps no list."""
    entries = [one.top.descriptor(artifactType=kind or BUNDLE) for one in referrers]
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE["oci"], "manifests": entries}
    return Image(Blob(INDEX_TYPE["oci"], to_json(index)), children=tuple(referrers))


def classic(layers: Sequence[Layer]) -> Image:
    """Return the manifest of classic signatures."""
    config = Blob(
        CONFIG_TYPE["oci"],
        compact({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}),
    )
    blobs = [Blob(CLASSIC, one.payload) for one in layers]
    described = [blob.descriptor(annotations=dict(one.annotations)) for blob, one in zip(blobs, layers, strict=True)]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE["oci"],
        "config": config.descriptor(),
        "layers": described,
    }
    return Image(Blob(MANIFEST_TYPE["oci"], to_json(manifest)), (config, *blobs))


def beside(
    subject: Image, referrers: Sequence[Image] = (), layers: Sequence[Layer] = (), repository: str = REPOSITORY
) -> dict[str, Image]:
    """Return by its name what lies beside ``subject``."""
    tag = subject.digest.replace(":", "-")
    found = {}
    if referrers:
        found[f"{repository}:{tag}"] = fallback(referrers)
    if layers:
        found[f"{repository}:{tag}.sig"] = classic(layers)
    return found


def toml(policy: Mapping[str, Any]) -> str:
    """Return a ``[[verify]]`` table."""
    lines = ["[[verify]]"]
    for key, value in policy.items():
        if isinstance(value, dict):
            inside = ", ".join(f"{json.dumps(one)} = {json.dumps(text)}" for one, text in value.items())
            lines.append(f"{key} = {{ {inside} }}")
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def run(folder: Path, policy: Mapping[str, Any], name: str, *more: str, now: float | None = None) -> Outcome:
    """Run ``pinner verify`` on ``name`` against the layout in ``folder``."""
    (folder / "pinner.toml").write_text(toml(policy))
    context = world(folder, now=now)._replace(connect=connect_to_registries)
    return outcome(context, "verify", "--layout", "layout", "--config", "pinner.toml", *more, name)


def verdict(folder: Path, policy: Mapping[str, Any], name: str, *, now: float | None = None) -> dict[str, Any]:
    """Return what ``pinner verify`` says of ``name`` as JSON."""
    ran = run(folder, policy, name, "--format", "json", now=now)
    assert ran.stdout, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)["images"][0]
    assert ran.status == {"verified": 0, "unknown": 2}.get(found["verdict"], 1)
    return found


def place(folder: Path, images: Mapping[str, Image], at: Sigstore | None = None) -> None:
    """Write a layout of ``images``, and the trusted root of ``at``."""
    write_layout(folder / "layout", images)
    if at is not None:
        (folder / "root.json").write_bytes(json.dumps(at.trusted_root()).encode())
