"""Which compose files make one project: those that were named, or what ``docker compose`` reads in a folder.

Source: ``DefaultFileNames`` and ``DefaultOverrideFileNames`` in compose-go's ``cli/options.go``; the first counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pinner.screen import Source

_BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_SHOWN = 5


class Project(NamedTuple):
    """Compose files that are read together."""

    sources: tuple[Source, ...]
    """The later changes what the earlier says."""
    left_out: tuple[str, ...] = ()
    """The paths of the compose files that are not part of it."""


def choose(sources: Sequence[Source], named: Sequence[str], included: Collection[str] = ()) -> Project:
    """Return the one project among ``sources``; ``named`` are the paths that were given one by one, in that order.

    What is ``included`` by others is part of theirs, and no project by itself.

    Raises `ConfigError` where there are several, and where nothing tells which files belong together.
    """
    found = {source.document.path: source for source in sources if source.format.name == "compose"}
    paths = [path for path in named if path in found] or _found_together(
        [path for path in found if path not in included]
    )
    return Project(tuple(found[path] for path in paths), tuple(path for path in found if path not in paths))


def _found_together(paths: list[str]) -> list[str]:
    """Return the paths that ``docker compose`` would read without ``-f``, in the one folder where there are such."""
    folders: dict[str, dict[str, str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, {})[name] = path
    projects = [together for names in folders.values() if (together := _by_default(names))]
    if len(projects) == 1:
        return projects[0]
    if projects:
        raise ConfigError(
            f"there are {len(projects)} compose projects, and an override is for one: {_listed(projects)}",
            hint=f"name its file or folder: `pinner export compose-override {projects[0][0]}`",
        )
    if len(paths) > 1:
        raise ConfigError(
            f"`docker compose` reads none of these by itself: {_listed([[path] for path in paths])}",
            hint="name those that you give it with `-f`, in the same order",
        )
    return paths


def _by_default(names: dict[str, str]) -> list[str]:
    base = next((names[name] for name in _BASES if name in names), None)
    if base is None:
        return []
    return [base, *[names[name] for name in _OVERRIDES if name in names][:1]]


def _listed(projects: Sequence[Sequence[str]]) -> str:
    first = ", ".join(f"`{project[0]}`" for project in projects[:_SHOWN])
    return f"{first} and {len(projects) - _SHOWN} more" if len(projects) > _SHOWN else first
