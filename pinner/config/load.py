"""Configuration loading: the file discovered from a folder upwards, read, and parsed into settings."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING
from pinner.config import Settings
from pinner.errors import ConfigError
from pinner.files import repository_around
from pinner.files.atomic import read_regular, shown_path
from pinner.limits import CONFIGURATION_BYTES, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OWN_FILE = "pinner.toml"
SHARED_FILE = "pyproject.toml"


def load_settings(folder: str, file: str | None = None, paths: Sequence[str] | None = ()) -> Settings:
    """Return the settings of ``file`` (relative to ``folder``), or of the file that governs ``folder``.

    ``paths`` are what the run is about, relative to ``folder`` too: a ``file`` that lies in their trees or in the
    repository around ``folder`` is as trustworthy as these are, whoever named it. None: the run is about other trees.

    Without ``file``, the nearest ``pinner.toml`` or pyproject.toml with a ``[tool.pinner]`` table counts, from
    ``folder`` up to the root of its repository; outside a repository only ``folder`` itself is searched, since folders
    further up may belong to anybody. Raises `ConfigError`.
    """
    if file is not None:
        named = _named(folder, file)
        is_theirs = paths is not None and _lies_in_tree(os.path.join(folder, file), folder, paths)
        return _of_the_tree(named) if is_theirs else named
    for candidate in _up_to_repository(folder):
        for name in (OWN_FILE, SHARED_FILE):
            path = os.path.join(candidate, name)
            data = _read(path, shown_path(path, folder)) if os.path.isfile(path) else None
            # The bytes tell without a parser that most pyproject.toml files do not speak of pinner.
            if data is None or (name == SHARED_FILE and b"pinner" not in data):
                continue
            settings = _parse(path, data, folder)
            if settings is not None:
                return _of_the_tree(settings)
    return Settings()


def nested_settings(inner: str, folder: str) -> Settings:
    """Return the settings of the ``pinner.toml`` in ``inner``; messages name it as a run in ``folder`` does.

    Raises `ConfigError`.
    """
    path = os.path.join(inner, OWN_FILE)
    return _parse(path, _read(path, shown_path(path, folder)), folder) or Settings()


def _of_the_tree(settings: Settings) -> Settings:
    """Return ``settings``, which the tree brought, so that those for registries say where they were found."""
    found = {host: options._replace(found_in=settings.source) for host, options in settings.registries.items()}
    return settings._replace(registries=found) if found else settings


def _lies_in_tree(file: str, folder: str, paths: Sequence[str]) -> bool:
    """Tell whether ``file`` lies in the repository around ``folder``, or in a tree that one of ``paths`` is in."""
    around = repository_around(folder)
    trees = [] if around is None else [around]
    for path in paths or ("",):
        full = os.path.join(folder, path)
        place = full if os.path.isdir(full) else os.path.dirname(full)
        trees.append(repository_around(os.path.abspath(place)) or place)
    real = os.path.realpath(file)
    return any(real.startswith(os.path.join(os.path.realpath(tree), "")) for tree in trees)


def tree_around(file: str, path: str) -> str:
    """Return the folder in which files decide about the one at ``file``, absolute, that a run calls ``path``.

    It is the repository around it; where there is none the folder of the run, if the file is in that.
    """
    folder = os.path.dirname(file)
    of_run = file.replace(os.sep, "/").removesuffix(f"/{path}")
    return repository_around(folder) or (folder if len(of_run) == len(file) else file[: len(of_run)] or os.sep)


def _up_to_repository(folder: str) -> Iterator[str]:
    root = repository_around(folder)
    yield folder
    while root is not None and folder != root:
        folder = os.path.dirname(folder)
        yield folder


def _named(folder: str, file: str) -> Settings:
    path = os.path.normpath(os.path.join(folder, file))
    shown = shown_path(path, folder)
    if not os.path.isfile(path):
        raise ConfigError(f"--config: there is no file `{shown}`")
    settings = _parse(path, _read(path, shown), folder)
    if settings is None:
        raise ConfigError(f"{shown}: there is no [tool.pinner] table in this file")
    return settings


def _read(path: str, shown: str) -> bytes:
    try:
        data = read_regular(path, CONFIGURATION_BYTES)
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    if len(data) > CONFIGURATION_BYTES:
        raise ConfigError(f"{shown}: is larger than {CONFIGURATION_BYTES // MIB} MB and was not read")
    return data


def _parse(path: str, data: bytes, folder: str) -> Settings | None:
    """Return the settings in ``data``; None for a pyproject.toml without a table for pinner."""
    from pinner.config.parse import parse_settings  # noqa: PLC0415 - needed only where there is a file

    shared = os.path.basename(path) == SHARED_FILE
    return parse_settings(data, shown_path(path, folder), root=os.path.dirname(path), shared=shared)
