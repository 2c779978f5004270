"""Bake format: the images of ``docker buildx bake`` files, in HCL and in JSON."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.model import Document, Located

_IMAGES = re.compile(rb'docker-image://|dockerfile-inline|(?<![\w-])"?args"?[ \t]*[=:{]')
"""What a file has in it that names an image, or gives a Dockerfile's ``ARG`` one."""


def locate(document: Document) -> Located | None:
    """Return the images in ``document``, and what it builds with which arguments; None where it has neither."""
    if _IMAGES.search(document.data) is None or b"target" not in document.data:
        return None
    from pinner.formats.bake.extract import locate as locate_  # noqa: PLC0415 - few files name an image

    return locate_(document)
