"""The only writer of bytes: splice edits into a document's data."""

from __future__ import annotations

from pinner.errors import EditRefusedError
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.model import Edit


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return ``data`` with all ``edits`` made at once.

    Raises `EditRefusedError` where an edit's expected bytes are not there or two edits touch the same bytes;
    the same edit given twice counts once.
    """
    parts: list[bytes] = []
    position = 0
    previous: Edit | None = None
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end)):
        if edit.start < position or (previous is not None and edit.start == previous.start):
            raise EditRefusedError(f"two edits touch the bytes at offset {edit.start}")
        if data[edit.start : edit.end] != edit.expected or edit.end > len(data):
            raise EditRefusedError(f"the bytes at offset {edit.start} are not those the edit replaces")
        parts += (data[position : edit.start], edit.replacement)
        position = edit.end
        previous = edit
    return b"".join((*parts, data[position:]))
