"""YAML templates read with their directives masked."""

from __future__ import annotations

from functools import partial

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    from pinner.model import Document, Located

    class LocateMasked(Protocol):
        """Finds the images of a document that is masked, or not."""

        def __call__(self, document: Document, *, is_masked: bool = False) -> Located | None:
            """Return what is in ``document``; None where it is of another format."""
            ...


def locate_masked(document: Document, locate: LocateMasked) -> Located | None:
    """Return what ``locate`` finds in ``document``; where a template is no YAML, with its directives masked.

    Where it is none then, either, it stays what was found in it as it stands.
    """
    located = locate(document)
    if located is None or not any(
        place.kind == "document" and getattr(place, "reason", "") == "templated" for place in located.places
    ):
        return located
    from pinner.formats.template_masking import locate_template  # noqa: PLC0415 - few files are templates

    found = locate_template(document, partial(locate, is_masked=True))
    return located if found is None or any(place.kind == "document" for place in found.places) else found
