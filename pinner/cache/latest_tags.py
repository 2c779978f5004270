"""Record of ``:latest`` tags that pinner added, so that ``unpin`` takes them off again.

``nginx`` and ``nginx:latest`` both become ``nginx:latest@sha256:…``: nothing in the file tells them apart afterwards. A
small record in the user's cache folder does, keyed by the file's path and its bytes without digests, so it outlives
``update``. Without a record (another machine, the cache cleared, the file edited since) ``unpin`` keeps the tag.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pinner.files.atomic import read_regular, write_atomically

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import TypeAlias

    StrPath: TypeAlias = str | os.PathLike[str]

_DIGEST = re.compile(rb"@sha(?:256|384|512):[0-9a-f]{64,128}")


def record_latest_tags(directory: StrPath, file: StrPath, data: bytes, added: Collection[int]) -> None:
    """Record that the tags before the digests whose ``@`` stand at the offsets ``added`` of ``data`` are pinner's own.

    Replaces what was known of the file with these bytes. A record that cannot be written is no error: the pin stands.
    """
    if not added and not _folder(directory).is_dir():  # there is nothing to forget
        return
    record = _record(directory, file, data)
    try:
        if not added:
            record.unlink(missing_ok=True)
            return
        record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = " ".join(str(bare) for offset, bare in _digests(data) if offset in added)
        write_atomically(record, text.encode("ascii"))
    except OSError:
        return


def recorded_latest_tags(directory: StrPath, file: StrPath, data: bytes) -> frozenset[int]:
    """Return the offsets of the digests' ``@`` in ``data`` whose tags are pinner's own, as far as is known."""
    if not _folder(directory).is_dir():
        return frozenset()
    try:
        known = {int(word) for word in read_regular(_record(directory, file, data)).split()}
    except (OSError, ValueError):
        return frozenset()
    return frozenset(offset for offset, bare in _digests(data) if bare in known)


def _record(directory: StrPath, file: StrPath, data: bytes) -> Path:
    key = hashlib.sha256(os.fsencode(Path(file).resolve()) + b"\0" + _DIGEST.sub(b"", data)).hexdigest()
    return _folder(directory) / key


def _folder(directory: StrPath) -> Path:
    return Path(directory) / "tags"


def _digests(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the offset of each digest's ``@`` in ``data``, and what it would be were there no digests before it."""
    removed = 0
    for match in _DIGEST.finditer(data):
        yield match.start(), match.start() - removed
        removed += match.end() - match.start()
