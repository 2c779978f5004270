"""``inspect --format json``: one object with ``version``, ``images`` and ``failed``, or ``limits``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from pinner.inspection.model import (
    Failure,
    ImageId,
    artifact_name,
    attachment_name,
    common_entries,
    full_name,
    name_of,
    pin_text,
)
from pinner.report.records import VERSION
from pinner.report.signatures import signed_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.inspection.model import Entry, Inspection
    from pinner.oci.resolver import Allowance
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import Digest
    from pinner.report.style import Style
    from pinner.schema.command_json import (
        AllowanceRecord,
        AllowancesRecord,
        ConfigRecord,
        FailureRecord,
        InspectionRecord,
        InspectionsRecord,
        PlatformRecord,
    )


def render_inspections(entries: Sequence[Entry], style: Style) -> Iterator[str]:  # noqa: ARG001 - asked like the others
    """Yield the object of ``inspect``."""
    images: list[InspectionRecord | ConfigRecord] = [
        _image_id(entry) if isinstance(entry, ImageId) else _inspection(entry)
        for entry in entries
        if not isinstance(entry, Failure)
    ]
    failed: list[FailureRecord] = [
        {"reference": entry.text, "message": entry.error.message, "hint": entry.error.hint}
        for entry in entries
        if isinstance(entry, Failure)
    ]
    record: InspectionsRecord = {"version": VERSION, "images": images, "failed": failed}
    yield json.dumps(record, indent=2)


def render_allowances(entries: Sequence[Allowance], style: Style) -> Iterator[str]:  # noqa: ARG001 - the same
    """Yield the object of ``inspect --rate-limit``; what a registry did not say is null."""
    record: AllowancesRecord = {"version": VERSION, "limits": [_allowance(entry) for entry in entries]}
    yield json.dumps(record, indent=2)


def _allowance(entry: Allowance) -> AllowanceRecord:
    return {
        "registry": entry.registry,
        "user": entry.user,
        "limit": entry.limit,
        "remaining": entry.remaining,
        "window": entry.window,
        "source": entry.source,
    }


def _inspection(entry: Inspection) -> InspectionRecord:
    reference, image = entry.reference, entry.image
    today = entry.today
    record: InspectionRecord = {
        "reference": str(reference),
        "canonical": full_name(reference),
        "kind": _kind(image),
        "digest": str(image.digest),
        "mediaType": image.media_type,
        "pull": pin_text(reference, image.digest),
        "tagMeansToday": None if today is None else str(today.digest),
        "tagIsGone": entry.is_tag_gone,
        "annotations": dict(image.annotations),
        "labels": common_entries(one.labels for one in image.platforms),
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
    }
    if entry.signed is not None:
        record["signature"] = signed_json(entry.signed)
    return record


def _good(entry: Inspection) -> frozenset[str]:
    """Return the digests of what was verified beside an image."""
    answer = None if entry.signed is None else entry.signed.answer
    found = () if answer is None else answer.verdict.signatures
    return frozenset(one.place for one in found if one.signer is not None)


def _kind(image: Image) -> Literal["index", "manifest", "artifact"]:
    if image.is_index:
        return "index"
    return "manifest" if image.platforms[0].artifact is None else "artifact"


def _platform(entry: Inspection, one: PlatformImage) -> PlatformRecord:
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


def _image_id(entry: ImageId) -> ConfigRecord:
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
