"""A search of the bytes: most Python files name no image, and a few microseconds must do for them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats.python.callees import CALLEES, LOOSE_PARAMETERS

if TYPE_CHECKING:
    from pinner.model import Calls

# What every call in the table has in its text somewhere; a test holds each of its rows to that.
_CLUES = (
    b"mage",  # image=, base_image=, images.pull, V1ImageVolumeSource, DockerImage
    b"ontainer",  # containers.run, PostgresContainer, create_container, ContainerSpec, V1Container
    b"services",
    b"component",  # create_component_from_func, whose image may be given by position
    b"pull",
    b"from_",
    b"Sidecar",
)


class _Search(NamedTuple):
    imports: tuple[re.Pattern[bytes], re.Pattern[bytes]]
    clues: tuple[bytes, ...]
    anywhere: tuple[bytes, ...]
    """What makes a file worth a look whatever it imports."""


def worth_parsing(data: bytes, calls: Calls) -> bool:
    """Tell whether ``data``, the bytes of Python code in whatever encoding or wrapping, may call a known callee.

    20 µs for an ordinary file. An import whose names stand on other lines than its first word is not seen where it has
    no ``from``.
    """
    search = _search(calls)
    if any(pattern.search(data) for pattern in search.imports) and any(clue in data for clue in search.clues):
        return True
    return any(word in data for word in search.anywhere)


@lru_cache(maxsize=8)
def _search(calls: Calls) -> _Search:
    callees = [callee for callee in CALLEES if not callee.tier or callee.tier in calls.tiers]
    roots = {root for callee in callees for root in callee.roots}
    clues = set(_CLUES)
    anywhere = set(LOOSE_PARAMETERS) if "loose" in calls.tiers else set()
    for text in calls.own:
        root, *rest = text.rpartition(":")[0].split(".")
        if root == "*":
            anywhere.add(rest[-1])
        else:
            roots.add(root)
            clues.add(rest[-1].encode())
    names = "|".join(map(re.escape, sorted(roots))).encode()
    return _Search(
        # Each begins with a word to search for, which is ten times as fast as a choice of several.
        (re.compile(rb"from[ \t]+(?:%b)\b" % names), re.compile(rb"import[^\n]*?[ \t,](?:%b)\b" % names)),
        tuple(sorted(clues)),
        tuple(sorted(word.encode() for word in anywhere)),
    )
