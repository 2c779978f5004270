"""Doubles that tests pass in, instead of patching."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pinner.errors import NotFoundError
from pinner.model import Resolved
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Collection

    from pinner.reference import ImageReference, Platform

OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(canonical: str, platform: Platform | None = None) -> Digest:
    """Return the digest that `FakeResolver` gives a canonical name: its hash, so golden files never churn."""
    return Digest("sha256", hashlib.sha256(f"{canonical}{platform or ''}".encode()).hexdigest())


class FakeResolver:
    """Knows every image but those in ``missing`` (canonical names), and remembers what it was asked."""

    def __init__(self, missing: Collection[str] = ()) -> None:
        self.missing = missing
        self.asked: list[str] = []

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        self.asked.append(reference.canonical)
        if reference.canonical in self.missing:
            raise NotFoundError(f"`{reference.canonical}` does not exist")
        return Resolved(digest_of(reference.canonical, platform), OCI_INDEX)
