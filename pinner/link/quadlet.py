"""Quadlet units linked: a drop-in that sets an image takes the place of what its unit says.

Source: podman's ``GetUnitDropinPaths`` and ``loadUnitDropins``: of the drop-ins in ``web.container.d`` the last by name
has the last word. What adds to more units than one (``container.d``, ``web-.container.d``) says nothing here.
"""

from __future__ import annotations

import posixpath

from pinner._typing import TYPE_CHECKING
from pinner.model import Occurrence, as_skipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.link.facts import UnitImage
    from pinner.model import Place


class Units:
    """The Quadlet units of a run and their drop-ins."""

    def __init__(self, facts: Iterable[tuple[str, UnitImage]]) -> None:
        """``facts`` are the images that files set, each with its path."""
        self._own: dict[str, list[UnitImage]] = {}
        self._last: dict[tuple[str, str], tuple[str, UnitImage]] = {}
        for path, fact in sorted(facts):
            self._own.setdefault(path, []).append(fact)
            if path.endswith(".conf"):
                self._last[posixpath.dirname(path), fact.section] = path, fact

    def concerns(self, path: str) -> bool:
        """Tell whether the file at ``path`` sets an image that a drop-in may set otherwise."""
        return bool(self._last) and path in self._own

    def judge(self, path: str, places: Iterable[Place]) -> tuple[Place, ...]:
        """Return ``places``, those of the file at ``path``, those replaced that a drop-in sets otherwise."""
        folder = posixpath.dirname(path) if path.endswith(".conf") else f"{path}.d"
        replaced = {}
        for fact in self._own.get(path, ()):
            by = self._last.get((folder, fact.section))
            if by is not None and by[0] != path:
                replaced[fact.span] = f"{by[0]}:{by[1].line}"
        return tuple([_replaced(place, replaced.get(place.span, "")) for place in places])


def _replaced(place: Place, where: str) -> Place:
    if not where or place.format != "quadlet":
        return place
    detail = f"{where} sets the image of this unit"
    if isinstance(place, Occurrence):
        return as_skipped(place, "replaced", detail)._replace(decided_by=(where,))
    return place._replace(reason="replaced", detail=detail, decided_by=(where,))
