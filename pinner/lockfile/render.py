"""Lockfile renderer: the same lock gives the same bytes."""

from __future__ import annotations

import json

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from pinner.lockfile.model import Entry, Lock, LockedDigest, LockedPlatform
    from pinner.oci.types import Signature


def render_lock(lock: Lock) -> bytes:
    """Return the bytes of the lockfile that says ``lock`` (architecture.md §6).

    ASCII alone: no editor, merge driver or code page can change what it means.
    """
    content = {
        "version": lock.version,
        "images": {name: _entry(entry) for name, entry in lock.images.items()},
        "sources": {path: sorted(names) for path, names in lock.sources.items()},
    }
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=True).encode("ascii") + b"\n"


def moment_text(moment: datetime) -> str:
    """Return ``moment`` (UTC) as a lockfile has it: ``2026-11-01T12:00:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(entry: Entry) -> dict[str, Any]:
    record = _digest(entry.selected)
    if entry.candidates:
        record["candidates"] = [_digest(candidate) for candidate in entry.candidates]
    return record


def _digest(locked: LockedDigest) -> dict[str, Any]:
    signature = {} if locked.signature is None else {"signature": _signature(locked.signature)}
    return {
        "digest": str(locked.digest),
        "mediaType": locked.media_type,
        "firstSeen": moment_text(locked.first_seen),
        "platforms": {str(platform): _platform(image) for platform, image in locked.platforms.items()},
        "labels": dict(locked.labels),
        **signature,
    }


def _signature(signature: Signature) -> dict[str, Any]:
    log = None if signature.log is None else {"url": signature.log[0], "index": signature.log[1]}
    record = {
        "by": signature.by,
        "signer": signature.signer,
        "issuer": signature.issuer,
        "keyId": signature.key_id,
        "subject": signature.subject,
        "place": signature.place,
        "signedAt": signature.signed_at,
        "log": log,
        "policy": signature.policy,
    }
    return {name: value for name, value in record.items() if value is not None}


def _platform(image: LockedPlatform) -> dict[str, Any]:
    record: dict[str, Any] = {"digest": str(image.digest)}
    if image.config is not None:
        record["config"] = str(image.config)
    if image.size is not None:
        record["size"] = image.size
    return record
