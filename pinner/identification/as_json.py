"""``identify --format json``: one object, its fields a contract, which `pinner.schema.command_json` says.

``result`` goes with the exit status: ``identified`` 0, ``differs`` 1, ``unknown`` 3. Digests are whole; what is not
known is null.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pinner.identification.compare import result_of
from pinner.identification.model import LocalAnswer, pinned_text
from pinner.report.records import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.identification.model import Answer, Compared, Comparison, HashAnswer, Sighting
    from pinner.oci.types import Image, PlatformImage
    from pinner.schema.command_json import (
        ComparisonRecord,
        HashRecord,
        LocalImageRecord,
        LocalRecord,
        ServedRecord,
        SightingRecord,
    )


def render_json(answer: Answer) -> Iterator[str]:
    """Yield the object of ``identify``."""
    record = _local_record(answer) if isinstance(answer, LocalAnswer) else _hash_record(answer)
    yield json.dumps(record, indent=2)


def _hash_record(answer: HashAnswer) -> HashRecord:
    return {
        "version": VERSION,
        "what": answer.what,
        "result": result_of(answer),
        "kind": "hash",
        "digest": _text(answer.query.digest),
        "sightings": [_sighting_record(one) for one in answer.sightings],
        "searched": list(answer.searched),
        "unanswered": [
            {"name": one.reference.canonical, "message": one.error.message, "hint": one.error.hint}
            for one in answer.unanswered
        ],
    }


def _sighting_record(sighting: Sighting) -> SightingRecord:
    image = sighting.image
    write = None
    if sighting.reference is not None and image is not None and sighting.current:
        write = pinned_text(sighting.reference, image.digest)
    return {
        "role": sighting.role,
        "digest": str(sighting.digest),
        "where": sighting.where,
        "platform": _text(sighting.platform),
        "layer": sighting.layer,
        "proof": sighting.proof,
        "current": sighting.current,
        **_served(image, sighting.member),
        "write": write,
    }


def _served(image: Image | None, member: PlatformImage | None) -> ServedRecord:
    return {
        "index": str(image.digest) if image is not None and image.is_index else None,
        "manifest": None if member is None else str(member.digest),
        "config": None if member is None else _text(member.config),
    }


def _local_record(answer: LocalAnswer) -> LocalRecord:
    holding = answer.holding
    return {
        "version": VERSION,
        "what": answer.what,
        "result": result_of(answer),
        "kind": "image",
        "form": holding.form,
        "store": holding.store,
        "tampered": list(holding.tampered),
        "unchecked": list(holding.unchecked),
        "images": [_image_record(one) for one in answer.images],
    }


def _image_record(compared: Compared) -> LocalImageRecord:
    image = compared.image
    return {
        "names": list(image.names),
        "platform": _text(image.platform),
        "config": _text(image.config),
        "manifest": _text(image.manifest),
        "index": _text(image.index_digest),
        "engineId": _text(image.engine_id),
        "repoDigests": list(image.repo_digests),
        "diffIds": [str(diff_id) for diff_id in image.diff_ids],
        "layers": [
            {"diffId": _text(one.diff_id), "stored": _text(one.stored), "compression": one.compression}
            for one in image.layers
        ],
        "created": image.created,
        "comparisons": [_comparison_record(one) for one in compared.comparisons],
    }


def _comparison_record(comparison: Comparison) -> ComparisonRecord:
    image = comparison.image
    return {
        "name": comparison.reference.canonical,
        "asked": comparison.asked,
        "outcome": comparison.outcome,
        "equal": comparison.is_equal,
        **_served(image, comparison.member),
        "reasons": list(comparison.reasons),
        "write": None if image is None else pinned_text(comparison.reference, image.digest),
        "error": None if comparison.error is None else comparison.error.message,
    }


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)
