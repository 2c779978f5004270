"""Compose projects linked: which service's image is the result of a build, by which file.

A project is what one run of compose may load: a file alone, or a base and its override. Merging, ``extends``,
``include``, ``!reset`` and ``!override`` are those of compose-go (loader/loader.go, extends.go, include.go, reset.go):
a file's services are extended first, then laid over those of the files before it. Profiles leave a service as it is.
"""

from __future__ import annotations

import posixpath
import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.link.paths import Paths
from pinner.model import ENV_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinner.link.facts import ComposeFile, ComposeInclude, ComposeService

_EXTENSION = re.compile(r"\.ya?ml$")
_DEFAULT_BASES = ("compose", "docker-compose")
_DEFAULT_OVERRIDES = ("compose.override", "docker-compose.override")
_DEEPEST = 50
"""Services that extend each other, and files that include each other, one below the other."""


class ServiceDefinition(NamedTuple):
    """A service as one file has it."""

    path: str
    service: ComposeService
    folder: str = ""
    """From which the paths in it count."""

    @property
    def where(self) -> str:
        """``path:line``, for people."""
        return f"{self.path}:{self.service.line}"


class ComposedService(NamedTuple):
    """A service as compose sees it: whose ``image`` is in force, and whose ``build`` are merged, the strongest last."""

    image: ServiceDefinition | None = None
    builds: tuple[ServiceDefinition, ...] = ()


def merged_pairs(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return which of ``paths``, which are in one folder, compose may read together, sorted.

    They are a base and its override, ``<base>.<name>.yaml``. By what the names have in common: there may be thousands,
    and to compare all with all takes their square.
    """
    stems: dict[str, list[str]] = {}
    for path in paths:
        if _EXTENSION.search(path):
            stems.setdefault(_stem(path), []).append(path)
    found = []
    for stem, others in stems.items():
        bases = {stem.partition(".")[0]} if "." in stem else set()
        bases |= set(_DEFAULT_BASES) if stem in _DEFAULT_OVERRIDES else set()
        found += [(path, other) for base in bases for path in stems.get(base, ()) for other in others]
    return sorted(found)


def _stem(path: str) -> str:
    return _EXTENSION.sub("", posixpath.basename(path))


class Project(NamedTuple):
    """What one run of compose may load."""

    services: Mapping[str, ComposedService]
    files: frozenset[str]
    """All that were read for it."""
    name: str
    """The top-level ``name``, empty where it is left to compose."""
    folder: str = ""
    """That of the first file."""
    included: Mapping[str, str] = {}
    """By path of what is included: the folder whose ``.env`` gives it values too; ``$`` where another file does."""
    is_whole: bool = True
    """False for an override without its base, and for what other files extend or include."""


class _Loading(NamedTuple):
    """What is found of a project besides its services; see `Project`."""

    read: set[str]
    included: dict[str, str]


class Projects:
    """The compose files of a run."""

    def __init__(self, files: Mapping[str, ComposeFile], paths: Paths = Paths()) -> None:  # noqa: B008 - a value
        """``files`` are by path."""
        self._files = files
        self._paths = paths
        self._services = {path: {one.name: one for one in file.services} for path, file in files.items()}

    def __iter__(self) -> Iterator[Project]:
        """Yield what compose may load: each file alone, and with each of its overrides."""
        parts = {self._paths.beside(path, one) for path, file in self._files.items() for one in file.reads}
        folders: dict[str, list[str]] = {}
        for path in sorted(self._files):
            folders.setdefault(posixpath.dirname(path), []).append(path)
        for paths in folders.values():
            pairs = [pair for pair in merged_pairs(paths) if not self._files[pair[0]].is_alone]
            overrides = {other for _, other in pairs}
            yield from [self._load((path,), is_whole=path not in parts | overrides) for path in paths]
            yield from [self._load(pair, is_whole=pair[0] not in parts) for pair in pairs]

    def _load(self, paths: Sequence[str], *, is_whole: bool) -> Project:
        read: set[str] = set()
        included: dict[str, str] = {}
        folder = posixpath.dirname(paths[0])
        services = self._merged(paths, folder, _Loading(read, included), 0)
        name = next((self._files[path].project for path in reversed(paths) if self._files[path].project), "")
        return Project(services, frozenset(read), name, folder, included, is_whole)

    def _merged(self, paths: Sequence[str], folder: str, loading: _Loading, depth: int) -> dict[str, ComposedService]:
        """Return the services of the files at ``paths``, each laid over those before it, over what they include.

        The paths in them count from ``folder``.
        """
        services: dict[str, ComposedService] = {}
        for path in paths:
            file = self._files.get(path)
            if file is None or depth > _DEEPEST:
                continue
            loading.read.add(path)
            for entry in file.includes:
                services = {**self._included(entry, folder, loading, depth), **services}
            for service in file.services:
                if service.is_reset:
                    services.pop(service.name, None)
                    continue
                own = self._extended(ServiceDefinition(path, service, folder), loading.read, 0)
                services[service.name] = _laid_over(services.get(service.name, ComposedService()), own, service)
        return services

    def _included(
        self, entry: ComposeInclude, folder: str, loading: _Loading, depth: int
    ) -> dict[str, ComposedService]:
        """Return the services of the files that ``entry`` of a file in ``folder`` includes."""
        paths = [self._paths.shown(posixpath.join(folder, one)) for one in entry.paths]
        if not paths:
            return {}
        inner = self._paths.shown(posixpath.join(folder, entry.folder)) if entry.folder else posixpath.dirname(paths[0])
        before = len(loading.read)
        services = self._merged(paths, inner, loading, depth + 1)
        if len(loading.read) > before:
            own = self._paths.shown(posixpath.join(inner, ENV_NAME))
            is_own = not entry.environment or self._paths.shown(posixpath.join(folder, entry.environment)) == own
            loading.included.update((path, inner if is_own else "$") for path in paths)
        return services

    def _extended(self, said: ServiceDefinition, read: set[str], depth: int) -> ComposedService:
        """Return the service that is ``said``, laid over the one that it extends."""
        path, service, folder = said
        read.add(path)
        own = ComposedService(None if service.image is None else said, () if service.build is None else (said,))
        if service.extends is None or depth > _DEEPEST:
            return own
        file, name = service.extends
        place = self._paths.shown(posixpath.join(folder, file)) if file else path
        base = self._services.get(place, {}).get(name)
        if base is None:
            return own
        inner = posixpath.dirname(place) if file else folder
        return _laid_over(self._extended(ServiceDefinition(place, base, inner), read, depth + 1), own, service)


def _laid_over(below: ComposedService, own: ComposedService, service: ComposeService) -> ComposedService:
    """Return ``own``, which is what ``service`` says, laid over ``below``."""
    if service.replaces:
        return own
    image = None if "image" in service.resets else below.image
    builds = () if "build" in service.resets else below.builds
    return ComposedService(own.image or image, (*builds, *own.builds))


class Builds:
    """What the projects of a run build: whose ``image`` names a result, and by which names it goes where."""

    def __init__(self, projects: Iterable[Project]) -> None:
        self.results: dict[tuple[str, str], ServiceDefinition] = {}
        """By the path and the service that have the ``image``: who builds it."""
        self.names: dict[str, dict[str, ServiceDefinition]] = {}
        """By the path of a file, and by name in the registry's full form: who builds the image of that name."""
        for project in projects:
            self._add(project)

    def _add(self, project: Project) -> None:
        built: dict[str, ServiceDefinition] = {}
        for name, service in project.services.items():
            if not service.builds:
                continue
            builder = service.builds[-1]
            if service.image is not None:
                self.results.setdefault((service.image.path, service.image.service.name), builder)
                built.setdefault(service.image.service.image or "", builder)
            elif project.name:
                built.setdefault(f"docker.io/library/{project.name}-{name}:latest", builder)
            for one in service.builds:
                if one.service.build is not None:
                    built |= dict.fromkeys(one.service.build.tags, one)
        for path in project.files if built else ():
            self.names[path] = {**built, **self.names.get(path, {})}
