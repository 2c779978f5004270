"""Generated project of signed images and their layout: a third each by certificate, by key and by notation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from images import make_image, write_layout
from notarykit import Notation, signing_leaf, write_trust
from signed import Layer, beside, bundle_referrer, notation_referrer, toml
from signingkit import IDENTITY, ISSUER, Sigstore, ca, classic_annotations, classic_payload, keyless_bundle, p256, pem

if TYPE_CHECKING:
    from pathlib import Path

    from images import Image

REGISTRY = "registry.example"
KINDS = ("keyless", "key", "notation")


def write_project(folder: Path, images: int) -> None:
    """Write a compose file that names so many ``images``, ``pinner.toml``, what it trusts, and ``layout`` beside it."""
    folder.mkdir(parents=True)
    at, key, root = Sigstore(), p256(), ca("root", length=0)
    leaf = signing_leaf(root)
    found: dict[str, Image] = {}
    for number in range(images):
        kind = KINDS[number % len(KINDS)]
        repository = f"{REGISTRY}/{kind}/app{number}"
        image = make_image(f"signed {number}")
        found[f"{repository}:1.0"] = image
        if kind == "keyless":
            signed = [bundle_referrer(image, keyless_bundle(at, image.digest))]
            found |= beside(image, signed, repository=repository)
        elif kind == "key":
            payload = classic_payload(repository, image.digest)
            found |= beside(image, layers=[Layer(payload, classic_annotations(key, payload))], repository=repository)
        else:
            envelope = Notation((leaf, root), image.digest, len(image.top.data)).jws()
            found |= beside(image, [notation_referrer(image, envelope)], repository=repository)
    write_layout(folder / "layout", found)
    write_trust(folder / "trust", {"ca:acme": [root]})
    (folder / "root.json").write_text(json.dumps(at.trusted_root()))
    (folder / "key.pub").write_bytes(pem(key))
    tables: list[dict[str, Any]] = [
        {"by": "keyless", "identity": IDENTITY, "issuer": ISSUER, "trusted-root": "root.json"},
        {"by": "key", "key": "key.pub", "log": False},
        {"by": "notation", "config": "trust"},
    ]
    policies = [{"images": [f"{REGISTRY}/{kind}/**"], **table} for kind, table in zip(KINDS, tables, strict=True)]
    (folder / "pinner.toml").write_text("\n".join(toml(policy) for policy in policies))
    services = [
        f"  app{number}:\n    image: {name}@{image.digest}\n"
        for number, (name, image) in enumerate((name, image) for name, image in found.items() if name.endswith(":1.0"))
    ]
    (folder / "compose.yaml").write_text("services:\n" + "".join(services))
