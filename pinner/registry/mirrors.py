"""Registry mirrors and blocks of containers' registries.conf.

Source: containers-registries.conf(5), version 2, and `sysregistriesv2` of containers/image for what it leaves open.
Short names are not searched for: `nginx` is Docker Hub's. What no rule is about is asked as dockerd would ask.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pinner.config import RegistryOptions
from pinner.errors import InvalidReferenceError, UnavailableError, UnsupportedError
from pinner.http.addresses import Endpoint, endpoint_for
from pinner.http.errors import safe_text
from pinner.reference import DOCKER_HUB, ImageReference
from pinner.registry.docker_daemon_json import Daemon, read_daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_MAX_FILE = 1024 * 1024
_SYSTEM = Path("/etc/containers")


class Place(NamedTuple):
    """Where a name's images are."""

    location: str
    """Host and, it may be, the beginning of a path; empty under a ``*.`` prefix: as it is asked for."""
    insecure: bool
    """Plain HTTP may be spoken where HTTPS is not."""


class Rule(NamedTuple):
    """One ``[[registry]]``."""

    prefix: str
    place: Place
    mirrors: tuple[Place, ...]
    """Those that may be asked what a tag means."""
    blocked: bool
    file: str


class Source(NamedTuple):
    """One place to ask for one image."""

    endpoint: Endpoint
    repository: str
    """Its name there."""
    is_mirror: bool = False
    is_last_resort: bool = False
    """In plain HTTP, and only where the one before could not be reached in HTTPS."""
    resolves: bool = True
    """Whether it is trusted to say what a tag means; every source may have what a digest names, for that is hashed."""

    @property
    def stands_in(self) -> bool:
        """Tell whether it answers in the registry's place: a mirror, or the settings' endpoint."""
        return self.is_mirror or self.endpoint.login.lower() != self.endpoint.registry.lower()


class Mirrors:
    """The rules of a run, read when the first image is asked for."""

    def __init__(
        self,
        environment: Mapping[str, str],
        on_warning: Callable[[str], None],
        on_note: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``on_note`` is told which mirrors are asked, and what says so."""
        self._environment = environment
        self._on_warning = on_warning
        self._on_note = on_note
        self._rules: tuple[Rule, ...] | None = None
        self._docker: Daemon | None = None

    def sources(self, domain: str, path: str, registries: Mapping[str, RegistryOptions]) -> tuple[Source, ...]:
        """Return where to ask for the image ``path`` of ``domain``, in order; our own settings' endpoint comes first.

        Raises `UnavailableError` for a blocked registry, and what `endpoint_for` raises.
        """
        own = registries.get(domain) or registries.get("*") or RegistryOptions()
        if own.endpoint is not None:
            return (Source(endpoint_for(domain, registries), path),)
        if self._rules is None:
            self._rules = tuple(read_rules(self._environment, self._on_warning))
        rule = find_rule(self._rules, f"{domain}/{path}")
        if rule is None:
            return tuple(self._as_docker_asks(domain, path, registries, own))
        if rule.blocked:
            raise UnavailableError(f"{rule.prefix} is blocked in {rule.file}")
        found: list[Source] = []
        mirrors = () if own.mirrors is False else rule.mirrors
        if mirrors:
            self._note(rule.prefix, [mirror.location for mirror in mirrors], rule.file)
        for place in (*mirrors, rule.place):
            host, repository = _split(rewrite(f"{domain}/{path}", rule.prefix, place.location), rule)
            places = _sources(host, repository, registries, insecure=place.insecure)
            found += [source._replace(is_mirror=place is not rule.place) for source in places]
        return tuple(found)

    def _as_docker_asks(
        self, domain: str, path: str, registries: Mapping[str, RegistryOptions], own: RegistryOptions
    ) -> Iterator[Source]:
        docker = self._daemon()
        if domain == DOCKER_HUB and own.mirrors is not False and docker.mirrors:
            if own.mirrors:
                self._note(domain, docker.mirrors, docker.file)
            for address in docker.mirrors:
                host = address.partition("://")[2]
                options = registries.get(host) or RegistryOptions()
                is_plain = address.startswith("http://")
                mirror = {domain: options._replace(endpoint=address, plain_http=is_plain)}
                for source in _sources(domain, path, mirror, insecure=docker.is_insecure(host)):
                    # daemon.json does not say that a mirror is up to date: our own settings may.
                    yield source._replace(is_mirror=True, resolves=own.mirrors is True)
        yield from _sources(domain, path, registries, insecure=docker.is_insecure(domain))

    def _daemon(self) -> Daemon:
        if self._docker is None:
            # Who names the file that decides means that file alone.
            is_decided = "CONTAINERS_REGISTRIES_CONF" in self._environment
            self._docker = Daemon() if is_decided else read_daemon(self._environment, self._on_warning)
        return self._docker

    def _note(self, prefix: str, mirrors: Iterable[str], file: str) -> None:
        self._on_note(f"{prefix}: {', '.join(map(safe_text, mirrors))} is asked first, as {file} has it")


def _sources(
    domain: str, repository: str, registries: Mapping[str, RegistryOptions], *, insecure: bool
) -> Iterator[Source]:
    """Yield where ``domain`` is asked: in plain HTTP too where that is allowed, and only where nobody speaks HTTPS."""
    source = Source(endpoint_for(domain, registries), repository)
    yield source
    if not insecure or source.endpoint.base.scheme != "https":
        return
    options = registries.get(domain) or registries.get("*") or RegistryOptions()
    if options.endpoint is not None:
        options = options._replace(endpoint=options.endpoint.replace("https://", "http://", 1))
    plain = endpoint_for(domain, {domain: options._replace(plain_http=True)})
    yield source._replace(endpoint=plain, is_last_resort=True)


def _split(name: str, rule: Rule) -> tuple[str, str]:
    """Return host and repository of a name that a rule made, or raise `UnsupportedError`."""
    host, _, repository = name.partition("/")
    try:
        reference = ImageReference.parse(name)
    except InvalidReferenceError:
        reference = None
    if reference is None or (reference.domain, reference.path, reference.tag) != (host, repository, None):
        raise UnsupportedError(f"{rule.file} makes `{safe_text(name)}` of it, which is no image's name")
    return host, repository


def find_rule(rules: Iterable[Rule], name: str) -> Rule | None:
    """Return the rule with the longest prefix of ``name``, a repository in full; None where there is none."""
    matching = [rule for rule in rules if _matched(name, rule.prefix) is not None]
    return max(matching, key=lambda rule: len(rule.prefix), default=None)


def rewrite(name: str, prefix: str, location: str) -> str:
    """Return ``name`` with what ``prefix`` matches of it replaced by ``location``, unless that is empty."""
    return f"{location}{name[_matched(name, prefix) or 0 :]}" if location else name


def _matched(name: str, prefix: str) -> int | None:
    """Return how much of ``name`` the prefix stands for, ending where a part of the name ends; None if it does not."""
    if prefix.startswith("*."):
        host = name.partition("/")[0]
        host = host if ":" in prefix else host.partition(":")[0]
        if "/" not in prefix:
            return len(host) if host.endswith(prefix[1:]) else None
        start = name.find(prefix[1:])
        if start <= 0 or "/" in name[:start]:
            return None
        length = start + len(prefix) - 1
    elif not name.startswith(prefix):
        return None
    else:
        length = len(prefix)
    return length if name[length : length + 1] in ("", "/") else None


def read_rules(environment: Mapping[str, str], on_warning: Callable[[str], None]) -> Iterator[Rule]:
    """Yield the rules of every file there is; of two for one prefix, the later file's."""
    found: dict[str, Rule] = {}
    for path in _files(environment):
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_FILE + 1)
            found |= {rule.prefix: rule for rule in parse_rules(data, str(path))}
        except FileNotFoundError:
            continue
        except OSError as error:
            on_warning(f"{path} cannot be read ({error.strerror}): its mirrors are not used")
        except ValueError:
            on_warning(f"{path} is not a registries.conf of version 2: its mirrors are not used")
    yield from found.values()


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files: the one that is named, or the user's with the user's drop-ins, or the system's with both."""
    if explicit := environment.get("CONTAINERS_REGISTRIES_CONF"):
        yield Path(explicit)
        return
    folders = [_SYSTEM]
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if base := environment.get("XDG_CONFIG_HOME") or (home and f"{home}/.config"):
        user = Path(base) / "containers"
        folders = [user] if (user / "registries.conf").exists() else [_SYSTEM, user]
    yield folders[0] / "registries.conf"
    for folder in folders:
        yield from sorted((folder / "registries.conf.d").glob("*.conf"))


def parse_rules(data: bytes, file: str) -> tuple[Rule, ...]:
    """Return the rules in a registries.conf. Raises ValueError for everything that is none."""
    import tomllib  # noqa: PLC0415 - only where there is such a file

    if len(data) > _MAX_FILE:
        raise ValueError(file)
    return tuple(_rule(table, file) for table in _tables(tomllib.loads(data.decode()), "registry"))


def _rule(table: Mapping[str, object], file: str) -> Rule:
    place = _place(table)
    prefix = _location(table, "prefix") or place.location
    is_wild = prefix.startswith("*.")
    if not prefix or "*" in (prefix[1:] if is_wild else prefix):
        raise ValueError(file)
    if not place.location and not is_wild:
        place = place._replace(location=prefix)
    digests_only = _flag(table, "mirror-by-digest-only")
    mirrors = [_place(mirror) for mirror in _tables(table, "mirror") if _resolves_tags(mirror) and not digests_only]
    if not all(mirror.location for mirror in mirrors):
        raise ValueError(file)
    return Rule(prefix, place, tuple(mirrors), _flag(table, "blocked"), file)


def _place(table: Mapping[str, object]) -> Place:
    return Place(_location(table, "location"), _flag(table, "insecure"))


def _resolves_tags(mirror: Mapping[str, object]) -> bool:
    allowed = mirror.get("pull-from-mirror", "")
    if allowed not in ("", "all", "tag-only", "digest-only"):
        raise ValueError(allowed)
    return allowed != "digest-only"


def _location(table: Mapping[str, object], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or "://" in value:
        raise ValueError(key)
    return value.rstrip("/")


def _flag(table: Mapping[str, object], key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(key)  # noqa: TRY004 - a broken file, whatever is wrong with it
    return value


def _tables(table: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(key)
    return value
