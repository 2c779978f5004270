"""Files and a lock for the exports: what is in the files is located for real, the lock knows what it is told to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from fakes import OCI_INDEX, digest_of

from pinner.export.base import ExportInput
from pinner.formats import locate
from pinner.lockfile.model import Entry, Lock, LockedDigest, LockedPlatform
from pinner.model import Document
from pinner.reference import ImageReference, Platform
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pinner.reference import Digest
    from pinner.scan.suppressions import Source

SEEN = datetime(2026, 11, 1, tzinfo=UTC)
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64", "v8")
OTHER = "sha256:" + "a" * 64


def canonical(name: str) -> str:
    return ImageReference.parse(name).canonical


def digest(name: str, platform: Platform | None = None) -> Digest:
    """Return what the lock of `lock_of` holds ``name`` to."""
    return digest_of(canonical(name), platform)


def lock_of(names: Iterable[str]) -> Lock:
    return Lock(
        {
            canonical(name): Entry(
                LockedDigest(
                    digest(name),
                    OCI_INDEX,
                    SEEN,
                    {one: LockedPlatform(digest(name, one), None, None) for one in (AMD64, ARM64)},
                )
            )
            for name in names
        }
    )


def sources_of(files: Mapping[str, str], images_exclude: tuple[str, ...] = ()) -> tuple[Source, ...]:
    found = []
    for path, text in sorted(files.items()):
        document = Document(path, text.encode())
        located = locate(document)
        assert located is not None, path
        found.append(apply_suppressions(document, *located, today=date(2026, 11, 1), images_exclude=images_exclude))
    return tuple(found)


def asked(
    files: Mapping[str, str], *names: str, platform: Platform | None = None, named: tuple[str, ...] = ()
) -> ExportInput:
    """Return the order to export ``files``, with a lock of ``names``."""
    return ExportInput(sources_of(files), lock_of(names), platform, named)
