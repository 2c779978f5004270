"""Scan of files: each read, and its references located by the format that claims it."""

from __future__ import annotations

from pinner import files
from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import BinaryError, InputError, attempt
from pinner.formats import FORMATS, is_no_loss, largest, locate
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.formats.base import Format
    from pinner.model import Located
    from pinner.scan.discover import Target


class Reading(NamedTuple):
    """What came of one file: its bytes and what its format found, or why it could not be read."""

    path: str
    data: bytes = b""
    format: Format | None = None
    """The one that knows the content; None where none does."""
    located: Located | None = None
    error: InputError | None = None


def read_all(targets: Iterable[Target], formats: Sequence[Format] = FORMATS) -> list[Reading]:
    """Return what came of each of ``targets``, in their order; ``formats`` are the formats as they are configured.

    In this process alone: what another would find had to be handed over, which takes as long as finding it.
    """
    return [_read(target, formats) for target in targets]


def _read(target: Target, formats: Sequence[Format]) -> Reading:
    reading = attempt(_located, target, formats)
    return Reading(target.path, error=reading) if isinstance(reading, InputError) else reading


def _located(target: Target, formats: Sequence[Format]) -> Reading:
    data = read_text(target)
    found = None if data is None else locate(Document(target.path, data), formats)
    if data is None or found is None:
        return Reading(target.path)
    return Reading(target.path, data, *found)


def read_text(target: Target) -> bytes | None:
    """Return the bytes of ``target``, or None for a library and the like that a walk came upon; raises `InputError`."""
    try:
        return files.read(target.file, largest(target.path))
    except BinaryError:
        if not target.named and is_no_loss(target.path):
            return None
        raise
