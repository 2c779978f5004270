"""A search of the bytes: most Python files name no image, and a few microseconds must do for them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats.python.callees import CALLEES, LOOSE_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.model import Calls

# What the text of a file holds in which a call of the package's is made, one of each line; a test holds every row of
# the table to that. Many files import such a package, few of them start containers.
_DOCKER = (("containers", "services", "images", "create_container", "pull", "ContainerSpec"),)
_KUBERNETES = (
    (r"V1Container\b", r"V1EphemeralContainer\b", r"V1ImageVolumeSource\b"),
    (r"image\s*=", r"reference\s*="),
)
_CLUES = {
    "docker": _DOCKER,
    "podman": _DOCKER,
    "testcontainers": ((r"Container\b",),),
    "airflow": (
        (
            "DockerOperator",
            "SwarmOperator",
            "PodOperator",
            "JobOperator",
            "KubernetesOperator",
            "InstancesOperator",
            r"\.docker\s*\(",
            r"\.kubernetes(?:_cmd)?\s*\(",
            "docker_task",
            "kubernetes_task",
            "kubernetes_cmd_task",
        ),
        (r"image\s*=",),
    ),
    "kfp": (
        (
            "ContainerSpec",
            "ContainerOp",
            "InitContainer",
            "UserContainer",
            "Sidecar",
            "base_image",
            "create_component_from_func",
            "func_to_container_op",
        ),
    ),
    "kubernetes": _KUBERNETES,
    "kubernetes_asyncio": _KUBERNETES,
}
_CLUES_OF_TIERS = (("image", "from_"),)


class _Search(NamedTuple):
    imports: tuple[re.Pattern[bytes], re.Pattern[bytes]]
    clues: tuple[tuple[bytes, tuple[tuple[re.Pattern[bytes], ...], ...]], ...]
    """By the name of a package, what else has to be there: one of each."""
    anywhere: tuple[bytes, ...]
    """What makes a file worth a look whatever it imports."""


def worth_parsing(data: bytes, calls: Calls) -> bool:
    """Tell whether ``data``, the bytes of Python code in whatever encoding or wrapping, may call a known callee.

    20 µs for an ordinary file.
    """
    search = _search(calls)
    if any(pattern.search(data) for pattern in search.imports):
        for package, lines in search.clues:
            if package in data and all(any(clue.search(data) for clue in clues) for clues in lines):
                return True
    return any(word in data for word in search.anywhere)


@lru_cache(maxsize=8)
def _search(calls: Calls) -> _Search:
    callees = [callee for callee in CALLEES if not callee.tier or callee.tier in calls.tiers]
    clues = {(root, _CLUES.get(root, _CLUES_OF_TIERS)) for callee in callees for root in callee.roots}
    anywhere = set(LOOSE_PARAMETERS) if "loose" in calls.tiers else set()
    for text in calls.own:
        root, *rest = text.rpartition(":")[0].split(".")
        if root == "*":
            anywhere.add(rest[-1])
        else:
            clues.add((root, ((re.escape(rest[-1]),),)))
    names = "|".join(sorted({re.escape(root) for root, _ in clues})).encode()
    # Each begins with a word to search for, which is ten times as fast as a choice of several.
    several = rb"import[ \t]+(?:[^\s,]++(?:[ \t]+as[ \t]+[^\s,]++)?[ \t]*,[ \t\\\r\n]*)*?(?:%b)\b"
    return _Search(
        (re.compile(rb"from[ \t]+(?:%b)\b" % names), re.compile(several % names)),
        tuple((root.encode(), tuple(map(_compiled, lines))) for root, lines in sorted(clues)),
        tuple(sorted(word.encode() for word in anywhere)),
    )


def _compiled(clues: Iterable[str]) -> tuple[re.Pattern[bytes], ...]:
    return tuple(re.compile(clue.encode()) for clue in clues)
