"""Paths of files as a run shows them, followed from one file to another.

A run shows paths relative to its own folder, so one file may be reached by two texts: from the folder ``base``, what
``../over/kustomization.yaml`` calls ``../base/pod.yaml`` is shown as ``pod.yaml``.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache

from pinner._typing import NamedTuple


class Paths(NamedTuple):
    """How the paths of a run lead from file to file."""

    here: str = ""
    """The folder of the run, absolute, ``/`` on every system; empty where nothing shown is outside of it."""

    def shown(self, path: str) -> str:
        """Return the one text by which ``path``, relative to the folder of the run, is shown; empty for that folder."""
        path = posixpath.normpath(path)
        if self.here and path.startswith(".."):
            here = f"/{self.here.strip('/')}"
            path = posixpath.relpath(posixpath.join(here, path), here)
        return "" if path == "." else path

    def beside(self, path: str, written: str) -> str:
        """Return how the file or folder is shown that the file at ``path`` calls ``written``."""
        return self.shown(posixpath.join(posixpath.dirname(path), written))

    def folders(self, path: str) -> tuple[str, ...]:
        """Return the folder of the file at ``path`` and those around it, from the inside out, as far as it is known."""
        return _folders(self, posixpath.dirname(path))


@lru_cache(maxsize=4096)
def _folders(paths: Paths, folder: str) -> tuple[str, ...]:
    """Return ``folder`` and those around it. Remembered, for there are many files to a folder."""
    inner: list[str] = []
    if not folder.startswith(("/", "..")) and posixpath.normpath(folder) == folder:
        while folder:
            inner.append(folder)
            folder = folder.rpartition("/")[0]
        return (*inner, *_folders(paths, ""))
    beyond = len(list(filter(None, paths.here.split("/"))))
    found = [folder]
    while True:
        around = paths.shown(posixpath.join(folder, ".."))
        if folder in (around, "/") or around.count("..") > beyond:
            return tuple(found)
        folder = around
        found.append(folder)
