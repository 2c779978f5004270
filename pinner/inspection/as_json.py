"""``inspect --format json``: one object with ``version``, ``images`` and ``failed``, or ``limits``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pinner.inspection.model import (
    Failure,
    ImageId,
    artifact_name,
    attachment_name,
    full_name,
    name_of,
    pin_text,
    shared,
)
from pinner.report.records import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.inspection.model import Entry, Inspection
    from pinner.oci.resolver import Allowance
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import Digest
    from pinner.report.style import Style


def render_inspections(entries: Sequence[Entry], style: Style) -> Iterator[str]:  # noqa: ARG001 - asked like the others
    """Yield the object of ``inspect``."""
    images = [
        _image_id(entry) if isinstance(entry, ImageId) else _inspection(entry)
        for entry in entries
        if not isinstance(entry, Failure)
    ]
    failed = [
        {"reference": entry.text, "message": entry.error.message, "hint": entry.error.hint}
        for entry in entries
        if isinstance(entry, Failure)
    ]
    yield json.dumps({"version": VERSION, "images": images, "failed": failed}, indent=2)


def render_allowances(entries: Sequence[Allowance], style: Style) -> Iterator[str]:  # noqa: ARG001 - the same
    """Yield the object of ``inspect --rate-limit``; what a registry did not say is null."""
    yield json.dumps({"version": VERSION, "limits": [entry._asdict() for entry in entries]}, indent=2)


def _inspection(entry: Inspection) -> dict[str, Any]:
    reference, image = entry.reference, entry.image
    today = entry.today
    return {
        "reference": str(reference),
        "canonical": full_name(reference),
        "kind": _kind(image),
        "digest": str(image.digest),
        "mediaType": image.media_type,
        "pull": pin_text(reference, image.digest),
        "tagMeansToday": None if today is None else str(today.digest),
        "tagIsGone": entry.is_tag_gone,
        "annotations": dict(image.annotations),
        "labels": shared(one.labels for one in image.platforms),
        "platforms": [_platform(entry, one) for one in image.platforms],
        "attachments": [
            {
                "digest": str(one.digest),
                "kind": one.kind,
                "name": attachment_name(one.kind),
                "subject": _text(one.subject),
                "verified": str(one.digest) in _good(entry),
            }
            for one in entry.beside
        ],
        "attachmentsUnknown": entry.unsought,
        **({} if entry.signed is None else {"signature": entry.signed}),
    }


def _good(entry: Inspection) -> frozenset[str]:
    """Return the digests of what was verified beside an image."""
    found = () if entry.signed is None else entry.signed.get("signatures", ())
    signatures = found if isinstance(found, list | tuple) else ()
    return frozenset(str(one["place"]) for one in signatures if one["verified"])


def _kind(image: Image) -> str:
    if image.is_index:
        return "index"
    return "manifest" if image.platforms[0].artifact is None else "artifact"


def _platform(entry: Inspection, one: PlatformImage) -> dict[str, Any]:
    """Return the object of one platform; ``imageId`` is what each of Docker's stores calls it once it is pulled."""
    return {
        "platform": None if one.platform is None else str(one.platform),
        "digest": str(one.digest),
        "mediaType": one.media_type,
        "config": _text(one.config),
        "pull": f"{name_of(entry.reference)}@{one.digest}",
        "imageId": {"classic": _text(one.config), "containerd": str(entry.image.digest)},
        "size": one.size,
        "created": one.created,
        "labels": dict(one.labels),
        "annotations": dict(one.annotations),
        "layers": [str(layer) for layer in one.layers],
        "diffIds": list(one.diff_ids),
        "missing": one.is_missing,
        "artifactType": one.artifact,
        "artifact": None if one.artifact is None else artifact_name(one.artifact),
    }


def _image_id(entry: ImageId) -> dict[str, Any]:
    config, today = entry.config, entry.today
    return {
        "reference": str(entry.reference),
        "canonical": full_name(entry.reference),
        "kind": "config",
        "digest": str(config.digest),
        "platform": None if config.platform is None else str(config.platform),
        "created": config.created,
        "labels": dict(config.labels),
        "diffIds": list(config.diff_ids),
        "tagMeansToday": None if today is None else str(today.digest),
        "belongsToTag": None if today is None else entry.belongs is not None,
        "pull": None
        if today is None
        else f"{name_of(entry.reference)}:{entry.reference.tag or 'latest'}@{today.digest}",
    }


def _text(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)
