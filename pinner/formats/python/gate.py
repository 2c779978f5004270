"""A search of the bytes: most Python files name no image, and a few microseconds must do for them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats.python.callees import CALLEES, LOOSE_PARAMETERS

if TYPE_CHECKING:
    from pinner.model import Calls

# What every call in the table has in its text somewhere. The patterns of the table are too many to search for one by
# one; a test holds that each of them is found by one of these.
_CLUES = (
    b"mage",  # image=, base_image=, images.pull, V1ImageVolumeSource, DockerImage
    b"ontainer",  # containers.run, PostgresContainer, create_container, ContainerSpec, V1Container
    b"Operator",
    b"services",
    b"component",  # create_component_from_func, whose image may be given by position
    b"func_to_container_op",
    b"pull",
    b"Sidecar",
    b"from_registry",
    b"from_",
)


class _Search(NamedTuple):
    roots: tuple[bytes, ...]
    clues: tuple[bytes, ...]
    anywhere: tuple[bytes, ...]
    """What makes a file worth a look whatever it imports."""


def worth_parsing(data: bytes, calls: Calls) -> bool:
    """Tell whether ``data``, the bytes of Python code in whatever encoding or wrapping, may call a known callee."""
    search = _search(calls)
    if any(word in data for word in search.anywhere):
        return True
    return any(_has_word(data, root) for root in search.roots) and any(clue in data for clue in search.clues)


def _has_word(data: bytes, word: bytes) -> bool:
    """Tell whether ``word`` stands in ``data`` where an import may have it: not within a longer name."""
    start = data.find(word)
    while start >= 0:
        before, after = data[start - 1 : start] if start else b"", data[start + len(word) : start + len(word) + 1]
        # In a notebook's JSON a line break before an import is a backslash and an `n`.
        if not _in_name(after) and (not _in_name(before) or data[max(start - 2, 0) : start] in (b"\\n", b"\\t")):
            return True
        start = data.find(word, start + 1)
    return False


def _in_name(character: bytes) -> bool:
    return character.isalnum() or character == b"_"


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
            clues.add((rest or [root])[-1].encode())
    return _Search(
        tuple(sorted(root.encode() for root in roots)),
        tuple(sorted(clues)),
        tuple(sorted(word.encode() for word in anywhere)),
    )
