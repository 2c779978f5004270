"""Dockerfile format: image references located as BuildKit reads them."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.dockerfile.plain import locate_plain

if TYPE_CHECKING:
    from pinner.model import Document, Located


def locate(document: Document) -> Located | None:
    """Return the image references of the Dockerfile ``document``, or None where it cannot be one.

    Never raises. ``outline`` holds (instruction, first line, last line), from 1, heredocs included.
    """
    plain = locate_plain(document.data)
    if plain is not None:
        return plain
    from pinner.formats.dockerfile.extract import locate_in_full  # noqa: PLC0415 - 10 ms that a plain file need not pay

    return locate_in_full(document)
