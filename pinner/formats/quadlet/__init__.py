"""Quadlet format: images of podman's systemd units (``.container``, ``.image``, ``.volume``) and drop-ins."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.model import Document, Located

_IMAGE = re.compile(rb"(?m)^[ \t]*(?:Image[ \t]*=|Mount[ \t]*=.*image)")
_SECTION = re.compile(rb"(?m)^[ \t]*\[(?:Container|Image|Volume)\]")


def locate(document: Document) -> Located | None:
    """Return the images that the unit names; None where it has no section of podman's that may name one."""
    if _IMAGE.search(document.data) is None or _SECTION.search(document.data) is None:
        return None
    from pinner.formats.quadlet.extract import locate as locate_  # noqa: PLC0415 - few units name an image

    return locate_(document)
