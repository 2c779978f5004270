"""Terraform and OpenTofu format: images in resources, by the providers' schemas."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.model import Calls

if TYPE_CHECKING:
    from pinner.model import Document, Located

_RESOURCES = re.compile(
    rb"docker_(?:image|container|service|buildx_builder|registry_image)|kubernetes_|google_cloud_run_"
    rb"|azurerm_container_|aws_ecs_task_definition|aws_batch_job_definition"
)
"""What every file has in it that names an image."""
_DEFINITIONS = re.compile(rb'(?m)^[ \t{,]*+"?(?:variable|locals)\b')
_TEXT = re.compile(rb'[=:][ \t]*+"[\w./:@${}-]++"')
"""Beside the former what a file has in it that may give another one's image its name."""
_NO_CALLS = Calls()
_COMMENT = re.compile(rb"(?m)^[ \t]*+(?:#|//)[^\n]*+")
_READ = re.compile(rb"(?<![\w.])(?:var|local)(?:\.[\w-]++|(?!))++")


def locate(document: Document, calls: Calls = _NO_CALLS) -> Located | None:
    """Return the images in ``document``, and what it says of its module's names; None where it is neither.

    ``calls`` says whether inputs of modules are looked at.
    """
    data = document.data
    is_loose = calls.modules and b"image" in data
    if not is_loose and _RESOURCES.search(data) is None and not (_DEFINITIONS.search(data) and _TEXT.search(data)):
        return _reads(data)
    from pinner.formats.terraform.extract import locate as locate_  # noqa: PLC0415 - few files name an image

    return locate_(document, is_loose=is_loose)


def _reads(data: bytes) -> Located | None:
    """Return which names a file reads that has no image; those in its texts too, which is more than there may be."""
    code = _COMMENT.sub(b"", data)
    found: dict[bytes, int] = {}
    line, position = 1, 0
    for match in _READ.finditer(code):
        if match[0] not in found:
            line += code.count(b"\n", position, match.start())
            position = match.start()
            found[match[0]] = line
    if not found:
        return None
    from pinner.link.facts import HclModule, HclRead  # noqa: PLC0415 - as above
    from pinner.model import Located  # noqa: PLC0415 - as above

    reads = [HclRead(name.decode("utf-8", "replace"), at) for name, at in found.items()]
    return Located(facts=(HclModule(readers=tuple(reads)),))
