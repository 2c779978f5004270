"""Open whatever a path leads to: an archive or a layout, told apart, read and judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pinner.errors import InputError
from pinner.identity.archive import interpret, is_outdated
from pinner.local.archives import read_archive
from pinner.local.layouts import read_layout

if TYPE_CHECKING:
    from pinner.identity.model import Holding

_HINT = "`docker save`, `podman save` and `skopeo copy` write such"


def open_path(path: str) -> Holding:
    """Return what lies at ``path``. Raises `InputError` where it is nothing that images are kept in."""
    place = Path(path)
    contents = read_layout(place) if place.is_dir() else read_archive(place)
    holding = interpret(contents)
    if holding is not None:
        return holding
    if is_outdated(contents):
        raise InputError("was saved by Docker before 1.10, which kept no config to tell an image by")
    raise InputError("has neither manifest.json nor index.json in it: no archive of images", hint=_HINT)
