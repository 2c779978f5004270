"""Cache files in the user's cache folder, and where that is."""

from __future__ import annotations

import os
import sys

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def cache_folder(environment: Mapping[str, str]) -> str | None:
    """Return pinner's cache folder for this user (XDG base directories and their like), or None where none is known.

    A relative XDG_CACHE_HOME is none, says its specification: the cache would lie in whatever folder is current.
    """
    directory = environment.get("XDG_CACHE_HOME", "")
    if os.path.isabs(directory):
        return os.path.join(directory, "pinner")
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return os.path.join(local, "pinner", "cache") if local else None
    home = environment.get("HOME")
    if not home:
        return None
    return os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache", "pinner")
