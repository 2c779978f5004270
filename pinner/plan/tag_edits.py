"""Edits of a raised tag: with its digest in one text, or both in fields of their own."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.model import Edit

if TYPE_CHECKING:
    from pinner.model import Occurrence
    from pinner.reference import Digest, ImageReference

_NUMBER = re.compile(
    r"0[xo][0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", re.ASCII
)
"""A tag that YAML, of whatever version, may take for a number or a date."""


def raised_edits(place: Occurrence, written: ImageReference, digest: Digest) -> tuple[Edit, Edit | None]:
    """Return the edits that make of ``written``, at ``place``, its reference with ``digest``: both, or none.

    The second is that of the tag, where that stands apart; None where one edit does it.
    """
    if place.tag_span is None:
        old, new = written.tail, f"{place.reference.tag}@{digest}"
        return Edit(place.insert - len(old), old.encode(), new.encode()), None
    new = str(place.reference.tag)
    # What YAML reads as a number would be another text, if it is a text at all.
    quoted = f'"{new}"' if place.is_plain_tag and _NUMBER.fullmatch(new) else new
    beside = Edit(place.tag_span.start, str(written.tag).encode(), quoted.encode())
    after = place.spelled(digest)
    if written.digest is None or place.digest_span is None:
        return Edit(place.insert, b"", f"{place.glue}{after}".encode()), beside
    return Edit(place.digest_span.start, place.spelled(written.digest).encode(), after.encode()), beside
