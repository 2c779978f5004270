"""Gitignore files of a tree, met on the way down."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING
from pinner.files.atomic import read_regular
from pinner.limits import IGNORE_BYTES, PATTERNS
from pinner.patterns.globs import read_patterns

if TYPE_CHECKING:
    from pinner.patterns.globs import Patterns


class Ignored:
    """The .gitignore files met so far, by folder; the deepest that has an opinion decides."""

    def __init__(self, root: str, repository: str | None) -> None:
        self._root = root
        self._specs: dict[str, Patterns] = {}
        self._above = ""
        if repository is not None and repository != root:
            # Folders between the repository's root and ours have their say; paths are seen from the top.
            self._root = repository
            self._above = os.path.relpath(root, repository).replace(os.sep, "/") + "/"
            parts = self._above.split("/")
            for depth in range(len(parts) - 1):
                self._load("".join(f"{part}/" for part in parts[:depth]))

    def read(self, prefix: str) -> bool:
        """Learn the .gitignore of the folder ``prefix``: empty, or ending in ``/``. Tell whether it is small enough."""
        return self._load(self._above + prefix)

    def _load(self, prefix: str) -> bool:
        try:
            # A link is no .gitignore (gitignore(5)).
            data = read_regular(os.path.join(self._root, prefix, ".gitignore"), IGNORE_BYTES, follow=False)
        except OSError:
            return True
        lines = os.fsdecode(data).splitlines()
        if len(data) > IGNORE_BYTES or len(lines) > PATTERNS:
            return False
        self._specs[prefix], _ = read_patterns(lines)
        return True

    def ignore(self, name: str) -> bool:
        """Tell whether git would pass over ``name``, which ends in ``/`` for a folder."""
        if not self._specs:
            return False
        path = self._above + name
        position = path.rstrip("/").rfind("/") + 1
        while True:
            spec = self._specs.get(path[:position])
            if spec is not None and (verdict := spec.check(path[position:])) is not None:
                return verdict
            if not position:
                return False
            position = path.rfind("/", 0, position - 1) + 1
