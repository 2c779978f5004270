"""What .gitignore files, and lists of the same patterns, say of paths."""

from __future__ import annotations

import os
import re

from pinner.filesystem import read_regular
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pathspec import GitIgnoreSpec


class Ignored:
    """The .gitignore files met so far, by folder; the deepest that has an opinion decides."""

    def __init__(self, root: str, repository: str | None) -> None:
        self._root = root
        self._specs: dict[str, GitIgnoreSpec] = {}
        self._above = ""
        if repository is not None and repository != root:
            # Folders between the repository's root and ours have their say; paths are seen from the top.
            self._root = repository
            self._above = os.path.relpath(root, repository).replace(os.sep, "/") + "/"
            parts = self._above.split("/")
            for depth in range(len(parts) - 1):
                self._load("".join(f"{part}/" for part in parts[:depth]))

    def read(self, prefix: str) -> None:
        """Learn the .gitignore of the folder ``prefix``: empty, or ending in ``/``."""
        self._load(self._above + prefix)

    def _load(self, prefix: str) -> None:
        try:
            # A link is no .gitignore (gitignore(5)).
            data = read_regular(os.path.join(self._root, prefix, ".gitignore"), follow=False)
        except OSError:
            return
        self._specs[prefix], _ = read_patterns(os.fsdecode(data).splitlines())

    def ignore(self, name: str) -> bool:
        """Tell whether git would pass over ``name``, which ends in ``/`` for a folder."""
        if not self._specs:
            return False
        path = self._above + name
        position = path.rstrip("/").rfind("/") + 1
        while True:
            spec = self._specs.get(path[:position])
            if spec is not None and (verdict := spec.check_file(path[position:]).include) is not None:
                return verdict
            if not position:
                return False
            position = path.rfind("/", 0, position - 1) + 1


def read_patterns(lines: Iterable[str]) -> tuple[GitIgnoreSpec, list[str]]:
    """Return what ``lines`` of a .gitignore match, and those lines that are no pattern (git passes over them too)."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - 30 ms, needed only where there are patterns

    good, wrong = [], []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines((line,))
        except (ValueError, re.error):
            wrong.append(line)
        else:
            good.append(line)
    return GitIgnoreSpec.from_lines(good), wrong
