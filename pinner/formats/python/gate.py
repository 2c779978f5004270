"""A search of the bytes: most Python files name no image, and a few microseconds must do for them."""

from __future__ import annotations

import re
from functools import lru_cache

from pinner.formats.python.callees import CALLEES, LOOSE_PARAMETERS
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from pinner.model import Calls

_Lines: TypeAlias = "tuple[tuple[str, ...], ...]"


def _whole(word: str) -> str:
    """Return a pattern for ``word`` alone, in a notebook too, whose line break is a backslash and an ``n``."""
    # It begins with the word, which is searched for ten times as fast.
    return rf"{word}\b(?:(?<!\w{word})|(?<=\\[nrt]{word}))"


# What the text of a file holds in which a call of the package's is made: one of each line of one of the groups; a test
# holds every row of the table to that. Many files import such a package, few of them start containers.
_DOCKER: tuple[_Lines, ...] = (
    ((r"containers\b",), (r"run\b", r"create\b")),
    ((r"services\b",), (r"create\b",)),
    ((r"images\b",), (r"pull\b", r"get\b", r"build\b")),
    ((r"create_container\b", r"ContainerSpec\b"),),
    ((r"Client\b", r"from_env\b", r"api\b"), (r"pull\b", r"build\b")),
)
_KUBERNETES: tuple[_Lines, ...] = (
    (
        (r"V1Container\b", r"V1EphemeralContainer\b", r"V1ImageVolumeSource\b"),
        (r"image\s*=", r"reference\s*="),
    ),
)
_CLUES: dict[str, tuple[_Lines, ...]] = {
    "docker": _DOCKER,
    "podman": _DOCKER,
    "testcontainers": (((r"Container\b(?<=[\w\x80-\xff]Container)", r"DockerImage\b"),),),
    "airflow": (
        (
            (
                r"DockerOperator\b",
                r"SwarmOperator\b",
                r"PodOperator\b",
                r"JobOperator\b",
                r"KubernetesOperator\b",
                r"InstancesOperator\b",
                r"\.docker\s*\(",
                r"\.kubernetes(?:_cmd)?\s*\(",
                r"docker_task\b",
                r"kubernetes_task\b",
                r"kubernetes_cmd_task\b",
            ),
            (r"image\s*=",),
        ),
    ),
    "kfp": (
        (
            (
                _whole("ContainerSpec"),
                _whole("ContainerOp"),
                _whole("InitContainer"),
                _whole("UserContainer"),
                _whole("Sidecar"),
                r"base_image\s*=",
                r"create_component_from_func(?:_v2)?\b",
                r"func_to_container_op\b",
            ),
        ),
    ),
    "kubernetes": _KUBERNETES,
    "kubernetes_asyncio": _KUBERNETES,
}
_CLUES_OF_TIERS: tuple[_Lines, ...] = ((("image", "from_"),),)


class _Package(NamedTuple):
    name: bytes
    imports: tuple[re.Pattern[bytes], re.Pattern[bytes]]
    """One of them finds where the package is imported."""
    groups: tuple[tuple[tuple[re.Pattern[bytes], ...], ...], ...]
    """What else has to be there: one of each line of one of them."""


class _Search(NamedTuple):
    imports: tuple[re.Pattern[bytes], re.Pattern[bytes]]
    """One of them finds where any of the packages is imported."""
    packages: tuple[_Package, ...]
    anywhere: tuple[bytes, ...]
    """What makes a file worth a look whatever it imports."""


def worth_parsing(data: bytes, calls: Calls) -> bool:
    """Tell whether ``data``, the bytes of Python code in whatever encoding or wrapping, may call a known callee.

    20 µs for an ordinary file.
    """
    search = _search(calls)
    if any(pattern.search(data) for pattern in search.imports):
        for package, imports, groups in search.packages:
            if (
                package in data
                and any(pattern.search(data) for pattern in imports)
                and any(all(any(clue.search(data) for clue in clues) for clues in lines) for lines in groups)
            ):
                return True
    return any(word in data for word in search.anywhere)


@lru_cache(maxsize=8)
def _search(calls: Calls) -> _Search:
    callees = [callee for callee in CALLEES if not callee.tier or callee.tier in calls.tiers]
    clues = {
        (root, lines) for callee in callees for root in callee.roots for lines in _CLUES.get(root, _CLUES_OF_TIERS)
    }
    anywhere = set(LOOSE_PARAMETERS) if "loose" in calls.tiers else set()
    for text in calls.own:
        root, *rest = text.rpartition(":")[0].split(".")
        if root == "*":
            anywhere.add(rest[-1])
        else:
            clues.add((root, ((re.escape(rest[-1]),),)))
    return _Search(
        _imports({root for root, _ in clues}),
        tuple(
            _Package(
                root.encode(),
                _imports((root,)),
                tuple(tuple(map(_compiled, lines)) for name, lines in sorted(clues) if name == root),
            )
            for root in sorted({root for root, _ in clues})
        ),
        tuple(sorted(word.encode() for word in anywhere)),
    )


def _imports(packages: Iterable[str]) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    names = "|".join(sorted(map(re.escape, packages))).encode()
    # Each begins with a word to search for, which is ten times as fast as a choice of several.
    several = rb"import[ \t]+(?:[^\s,]++(?:[ \t]+as[ \t]+[^\s,]++)?[ \t]*,[ \t\\\r\n]*)*?(?:%b)\b"
    return re.compile(rb"from[ \t]+(?:%b)\b" % names), re.compile(several % names)


def _compiled(clues: Iterable[str]) -> tuple[re.Pattern[bytes], ...]:
    return tuple(re.compile(clue.encode()) for clue in clues)
