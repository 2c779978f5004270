"""Lockfile renderer: the same lock gives the same bytes."""

from __future__ import annotations

import json

from pinner._typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from datetime import datetime

    from pinner.lockfile.model import Entry, Lock, LockedDigest, LockedPlatform
    from pinner.oci.types import Signature
    from pinner.schema.records import (
        LockDigestRecord,
        LockEntryRecord,
        LockPlatformRecord,
        LockRecord,
        LockSignatureRecord,
    )


def render_lock(lock: Lock) -> bytes:
    """Return the bytes of the lockfile that says ``lock``.

    ASCII alone: no editor, merge driver or code page can change what it means.
    """
    content: LockRecord = {
        "version": lock.version,
        "images": {name: _entry(entry) for name, entry in lock.images.items()},
        "sources": {path: sorted(names) for path, names in lock.sources.items()},
    }
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=True).encode("ascii") + b"\n"


def moment_text(moment: datetime) -> str:
    """Return ``moment`` (UTC) as a lockfile has it: ``2026-11-01T12:00:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(entry: Entry) -> LockEntryRecord:
    record = cast("LockEntryRecord", _digest(entry.selected))
    if entry.candidates:
        record["candidates"] = [_digest(candidate) for candidate in entry.candidates]
    return record


def _digest(locked: LockedDigest) -> LockDigestRecord:
    record: LockDigestRecord = {
        "digest": str(locked.digest),
        "mediaType": locked.media_type,
        "firstSeen": moment_text(locked.first_seen),
        "platforms": {str(platform): _platform(image) for platform, image in locked.platforms.items()},
        "labels": dict(locked.labels),
    }
    if locked.signature is not None:
        record["signature"] = _signature(locked.signature)
    return record


def _signature(signature: Signature) -> LockSignatureRecord:
    record: LockSignatureRecord = {
        "by": signature.by,
        "signer": signature.signer,
        "subject": signature.subject,
        "place": signature.place,
        "policy": signature.policy,
    }
    if signature.issuer is not None:
        record["issuer"] = signature.issuer
    if signature.key_id is not None:
        record["keyId"] = signature.key_id
    if signature.signed_at is not None:
        record["signedAt"] = signature.signed_at
    if signature.log is not None:
        record["log"] = {"url": signature.log[0], "index": signature.log[1]}
    return record


def _platform(image: LockedPlatform) -> LockPlatformRecord:
    record: LockPlatformRecord = {"digest": str(image.digest)}
    if image.config is not None:
        record["config"] = str(image.config)
    if image.size is not None:
        record["size"] = image.size
    return record
