"""Settings of a run: flags over ``pinner.toml`` or ``[tool.pinner]`` in pyproject.toml over defaults."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pinner.model import Calls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.reference import Platform
    from pinner.rules import Level


class RegistryOptions(NamedTuple):
    """How one registry host (or ``*``, every host not named) is reached."""

    endpoint: str | None = None
    """Ask here instead: scheme, host, port and path prefix, ``https://mirror.example/v2-cache``."""
    plain_http: bool = False
    """Speak HTTP without TLS. Loopback hosts need no asking."""
    ca: str | None = None
    """A PEM file of certificate authorities to trust for this host; absolute by the time it is here."""
    token_server: str | None = None
    """Host, or host and port, of a token server of another domain that may be given the credentials."""
    mirrors: bool | None = None
    """Whether mirrors say what this host's tags mean: no, yes, or (None) those alone whose configuration says so, which
    is registries.conf and not docker's daemon.json."""


class Group(NamedTuple):
    """Images whose updates travel together, in one pull request."""

    name: str
    images: tuple[str, ...]
    """Globs on canonical names."""


class Settings(NamedTuple):
    """Everything a run depends on, but for its command's own options."""

    exclude: tuple[str, ...] = ()
    """gitignore patterns, relative to ``root``."""
    root: str | None = None
    """The folder of the configuration file, absolute; None where there is no such file."""
    images_exclude: tuple[str, ...] = ()
    """Globs on canonical names without the tag: such images are left alone."""
    platforms: tuple[Platform, ...] = ()
    """The platforms that a pin must serve."""
    min_age: float | None = None
    """Seconds for which a digest must have been known before it is proposed."""
    rules: Mapping[str, Level] = MappingProxyType({})
    """Severities that differ from the rules' defaults, by rule id."""
    registries: Mapping[str, RegistryOptions] = MappingProxyType({})
    """By host, ``*`` for the rest."""
    platform: Platform | None = None
    """Pin this platform's manifest and not the index."""
    layout: str | None = None
    """An OCI layout that answers in the registries' place."""
    offline: bool = False
    jobs: int | None = None
    """How many requests a host gets at once; None for the default."""
    use_cache: bool = True
    timeout: float | None = None
    """Seconds for all questions together; None for as long as each takes."""
    groups: tuple[Group, ...] = ()
    calls: Calls = Calls()
    """The calls in Python code that take an image, beyond those that pinner knows."""
    source: str | None = None
    """The configuration file that was read, for messages."""
