"""Configuration of the fleet: ``fleet.toml``, read as strictly as pinner.toml."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pinner.bot.forges import FORGES
from pinner.config.table import Table, parse_duration, read_toml
from pinner.errors import ConfigError, did_you_mean
from pinner.files.atomic import read_regular
from pinner.fleet.webhooks import SENDERS
from pinner.limits import CONFIGURATION_BYTES, MIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "fleet.toml"
_SMALLEST = (
    'write `store = "sqlite:fleet.db"` and `source = [{org = "https://github.com/acme", token = "env:PINNER_TOKEN"}]`, '
    "each in a line, or name another with --config FILE: docs/run-a-fleet.md"
)
"""What to do where there is no file: the smallest one."""
_KEYS = ("store", "every", "full-every", "settle", "openings-per-hour", "concurrency", "stalled", "source")
_TABLES = ("hooks", "serve")
_SOURCE = ("org", "token", "app", "forge", "skip", "own")
_SECRET = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_UNITS = "smhdw"
_SECRET_BYTES = 64 * 1024


class App(NamedTuple):
    """A GitHub App whose installation the fleet works as."""

    id: str
    key: str
    """Where its private key is: ``file:…`` or ``env:…``."""


class SourceSettings(NamedTuple):
    """Repositories of one owner, and the token for them."""

    org: str
    """``https://github.com/acme``."""
    token: str | None = None
    """Where it is: ``env:NAME`` or ``file:PATH``."""
    app: App | None = None
    forge: str | None = None
    """What kind of host it is; None where that is told by itself."""
    skip: tuple[str, ...] = ()
    """Globs of names (``acme/archive-*``) that are none of the fleet's."""
    own: tuple[str, ...] = ()
    """Globs of images that are the owner's own: nobody has to wait until they have settled."""

    @property
    def token_id(self) -> str:
        """What the token is called; not the token. An App has one for each owner that has installed it."""
        if self.app is None:
            return self.token or "nobody"
        return f"app:{self.app.id}/{urlsplit(self.org).path.strip('/').partition('/')[0]}"


class FleetSettings(NamedTuple):
    """What a fleet is."""

    store: str
    folder: str
    """That of the file: what relative paths in it start from."""
    sources: tuple[SourceSettings, ...]
    every: float = 3600.0
    """Seconds after which the registry is asked again, and the newest pushes are listed."""
    full_every: float = 24 * 3600.0
    """Seconds after which every repository is listed."""
    settle: float = 2 * 3600.0
    """Seconds for which a tag of others must have stayed what it is."""
    openings_per_hour: int = 200
    concurrency: int = 4
    """Repositories that a process sees to at once."""
    stalled: float = 60.0
    """Seconds after which a worker that is not heard of any more is given up."""
    hooks: Mapping[str, str] = MappingProxyType({})
    """Where the secret of each sender is."""
    serve: Mapping[str, str] = MappingProxyType({})
    """Who may look at the pages: ``token`` and ``user-header``."""

    def settle_of(self, image: str) -> float:
        """Return the seconds that ``image`` (canonical) has to settle: none for an owner's own."""
        name = image if ":" not in image.rpartition("/")[2] else image.rpartition(":")[0]
        own = (pattern for source in self.sources for pattern in source.own)
        return 0.0 if any(fnmatchcase(name, glob) or fnmatchcase(image, glob) for glob in own) else self.settle


def load_fleet(folder: str, file: str | None = None) -> FleetSettings:
    """Return what ``file`` (relative to ``folder``) says, ``fleet.toml`` by default; raises `ConfigError`."""
    path = os.path.normpath(os.path.join(folder, file or NAME))
    shown = file or NAME
    try:
        data = read_regular(path, CONFIGURATION_BYTES)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ConfigError(f"{shown}: cannot be read: {why}", hint=_SMALLEST) from error
    if len(data) > CONFIGURATION_BYTES:
        raise ConfigError(f"{shown}: is larger than {CONFIGURATION_BYTES // MIB} MB and was not read")
    return parse_fleet(data, shown, os.path.dirname(path))


def parse_fleet(data: bytes, source: str, folder: str) -> FleetSettings:
    """Return what the file ``data`` says; ``source`` names it in messages. Raises `ConfigError`."""
    table = Table(read_toml(data, source), source, "")
    table.allow((*_KEYS, *_TABLES))
    plain = FleetSettings("", folder, ())
    store = table.text("store")
    if store is None:
        raise ConfigError(f"{source}: `store` is missing", hint='write store = "sqlite:///var/lib/pinner/fleet.db"')
    return plain._replace(
        store=store,
        sources=_sources(table),
        every=_pause(table, "every", plain.every),
        full_every=_pause(table, "full-every", plain.full_every),
        settle=_duration(table, "settle", plain.settle),
        openings_per_hour=_number(table, "openings-per-hour", plain.openings_per_hour),
        concurrency=_number(table, "concurrency", plain.concurrency),
        stalled=_pause(table, "stalled", plain.stalled),
        hooks=_secrets(table, "hooks", SENDERS),
        serve=_serve(table),
    )


def _sources(table: Table) -> tuple[SourceSettings, ...]:
    value = table.values.get("source")
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise table.error("source", "must be written as [[source]], once at least")
    return tuple(_source(Table(item, table.source, "source")) for item in value)


def _source(table: Table) -> SourceSettings:
    table.allow(_SOURCE)
    org, forge = table.text("org"), table.text("forge")
    if org is None or "://" not in org:
        raise table.error("org", "must be an address, as in https://github.com/acme")
    if forge is not None and forge not in FORGES:
        raise table.error("forge", f"is none: `{forge}`", did_you_mean(forge, FORGES) or f"known: {', '.join(FORGES)}")
    token, app = table.text("token"), _app(table)
    if token is not None and app is not None:
        raise table.error("app", "and `token` cannot both be given")
    return SourceSettings(
        org.rstrip("/"),
        None if token is None else _named_secret(table, "token", token),
        app,
        forge,
        table.strings("skip"),
        table.strings("own"),
    )


def _app(table: Table) -> App | None:
    if "app" not in table.values:
        return None
    app = table.table("app")
    app.allow(("id", "key"))
    number, key = app.values.get("id"), app.text("key")
    if isinstance(number, bool) or not isinstance(number, int | str) or key is None:
        raise table.error(
            "app", "needs an `id` and a `key`", 'write app = {id = 123, key = "file:/run/secrets/app.pem"}'
        )
    return App(str(number), _named_secret(app, "key", key))


def _named_secret(table: Table, name: str, text: str) -> str:
    if _SECRET.fullmatch(text) is None:
        # What stands there may be the secret itself: it is not repeated.
        raise table.error(name, "must say where the secret is, not what it is", "write env:NAME or file:PATH")
    return text


def _secrets(table: Table, name: str, known: Iterable[str]) -> Mapping[str, str]:
    inner = table.table(name)
    inner.allow(tuple(known))
    return MappingProxyType({key: _named_secret(inner, key, inner.text(key) or "") for key in inner.values})


def _serve(table: Table) -> Mapping[str, str]:
    inner = table.table("serve")
    inner.allow(("token", "user-header"))
    found = {key: text for key in inner.values if (text := inner.text(key)) is not None}
    if "token" in found:
        _named_secret(inner, "token", found["token"])
    if "" in found.values():
        # It would let everybody in while it says that somebody is looked at.
        raise inner.error("user-header", "is empty")
    return MappingProxyType(found)


def _duration(table: Table, name: str, default: float) -> float:
    text = table.text(name)
    seconds = default if text is None else parse_duration(text, _UNITS)
    if seconds is None:
        raise table.error(name, f"is not a duration: `{text}`", "write a whole number and s, m, h, d or w, as in 1h")
    return seconds


def _pause(table: Table, name: str, default: float) -> float:
    """Return a duration after which something is done again: without any it would be done all the time."""
    seconds = _duration(table, name, default)
    if seconds < 1.0:
        raise table.error(name, "must be 1s at least")
    return seconds


def _number(table: Table, name: str, default: int) -> int:
    value = table.values.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise table.wrong_type(name, "a number", value)
    if value < 1:
        raise table.error(name, "must be 1 at least")
    return value


def read_secret(where: str, environment: Mapping[str, str], folder: str) -> str:
    """Return the secret at ``where``, ``env:NAME`` or ``file:PATH``; raises `ConfigError` where there is none."""
    kind, _, name = where.partition(":")
    if kind == "env":
        value = environment.get(name, "").strip()
        if not value:
            raise ConfigError(f"the variable {name} is not set", hint="fleet.toml names it")
        return value
    try:
        data = read_regular(os.path.join(folder, name), _SECRET_BYTES)
    except OSError as error:
        raise ConfigError(f"`{name}` cannot be read: {(error.strerror or str(error)).lower()}") from error
    secret = data.decode("utf-8", "replace").strip()
    if not secret:
        # Nothing is what everybody knows: an empty secret would let anybody in.
        raise ConfigError(f"`{name}` is empty", hint="fleet.toml names it")
    return secret
