"""Repositories and forges of ``update --pr``, from the command line."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.batch import Job, Shard, UnreachableRepository
from pinner.bot.forges import Place, connect, kind_of, locate, own_variables, parse_url, token_for
from pinner.bot.forges.base import Access, ForgeError
from pinner.bot.forges.github_api import InstallationTokens, app_in
from pinner.bot.git.program import GitError, Login, remote_url
from pinner.errors import ConfigError
from pinner.files import repository_around

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pinner.bot.context import BotContext
    from pinner.bot.forges.base import Forge
    from pinner.bot.forges.github_api import App

_SERVERS = {"github": "https://github.com", "gitlab": "https://gitlab.com"}
"""Where a forge is that has one address everybody means."""


class Asked(NamedTuple):
    """Which repositories a command line names."""

    here: bool = False
    """The one around the current folder."""
    repositories: tuple[str, ...] = ()
    file: str | None = None
    """A list of them, one a line."""
    organisation: str | None = None
    """A name, or an address with it: ``https://gitlab.example/group``."""
    forge: str | None = None
    shard: Shard | None = None

    @property
    def is_fleet(self) -> bool:
        """Tell whether there may be many."""
        return self.file is not None or self.organisation is not None or len(self.repositories) > 1


class Forges:
    """The forges of a run, each connected once."""

    def __init__(
        self,
        environment: Mapping[str, str],
        kind: str | None,
        world: Callable[[Forge, Login | None], BotContext],
        on_wait: Callable[[str], None],
        *,
        may_be_anybody: bool,
        runs: int = 1,
    ) -> None:
        """``kind`` is the forge as it was named; ``may_be_anybody``: nothing is written, and no token is no mistake.

        ``runs`` of the same kind share a token's budget.
        """
        self._environment = environment
        self._kind = kind
        self._world = world
        self._on_wait = on_wait
        self._may_be_anybody = may_be_anybody
        self._runs = runs
        self._worlds: dict[str, tuple[BotContext, str]] = {}
        """What to work with below an address, and the forge's own address."""
        self._lost: dict[str, ForgeError] = {}

    async def world(self, place: Place, least: int = 2) -> tuple[BotContext, Place]:
        """Return what to work with at ``place``, and where that is below a path of its server.

        ``least`` is how many parts a name has. Raises `ConfigError` without a token, `ForgeError`.
        """
        if place.server in self._lost:
            raise self._lost[place.server]
        known = next((found for address, found in self._worlds.items() if _is_below(place, address)), None)
        if known is not None:
            return known[0], _below(place, known[1])
        access = Access(place.server, None, self._environment, self._on_wait, runs=self._runs)
        try:
            kind, place = await self._kind_at(access, place, least)
        except ForgeError as error:
            self._lost[place.server] = error
            raise
        access = access._replace(server=place.server)
        app = app_in(self._environment) if kind == "github" else None
        if app is not None:
            return await self._world_of_app(app, access, place), place
        is_named = self._kind is not None
        token = token_for(kind, place.host, self._environment, is_named=is_named)
        if token is None and not self._may_be_anybody:
            raise _no_token(kind, place.host, is_named=is_named)
        self._worlds[place.server] = (self._connected(kind, access._replace(token=token)), place.server)
        return self._worlds[place.server][0], place

    async def _world_of_app(self, app: App, access: Access, place: Place) -> BotContext:
        """Return what to work with as an App at one owner: each has an installation, with tokens of its own."""
        owner = place.name.partition("/")[0]
        tokens = InstallationTokens(app, access, owner)
        access = access._replace(token=await tokens.current(), renewed=tokens.current)
        world = self._connected("github", access)._replace(renewed=tokens.current)
        self._worlds[f"{place.server}/{owner}"] = (world, place.server)
        return world

    def _connected(self, kind: str, access: Access) -> BotContext:
        forge = connect(kind, access)
        return self._world(forge, None if access.token is None else Login(forge.default_token_user, access.token))

    async def _kind_at(self, access: Access, place: Place, least: int) -> tuple[str, Place]:
        kind = kind_of(place.host) or self._kind
        # GitHub is at the root of its host, and so is what has no part to spare for a path.
        is_plain = place.name.count("/") < least or kind == "github"
        if kind is not None and (is_plain or kind_of(place.host) is not None):
            return self._kind or kind, place
        try:
            found, place = await locate(access, place, least)
        except ForgeError:
            # Where it is named, a server that tells strangers nothing is no riddle.
            if self._kind is None:
                raise
            return self._kind, place
        return self._kind or found, place

    async def advice(self) -> list[str]:
        """Return what the user should know about the tokens."""
        found: list[str] = []
        for world, _ in self._worlds.values():
            with suppress(ForgeError):
                found += await world.forge.advice()
        return found

    async def aclose(self) -> None:
        """Close every connection."""
        for world, _ in self._worlds.values():
            await world.forge.aclose()


def _is_below(place: Place, address: str) -> bool:
    return f"{place.server}/{place.name}/".lower().startswith(f"{address}/".lower())


def _below(place: Place, server: str) -> Place:
    return Place(server, place.host, f"{place.server}/{place.name}".removeprefix(f"{server}/"))


def _no_token(kind: str, host: str, *, is_named: bool) -> ConfigError:
    variables = own_variables(kind, host, is_named=is_named)
    own = f"or {' or '.join(variables)}" if variables else f"or name the forge with --forge {kind}"
    own += " (or its host in GH_HOST) for GH_ENTERPRISE_TOKEN" if kind == "github" and not variables else ""
    return ConfigError(
        f"there is no token for {host}", hint=f"set PINNER_TOKEN, {own}; --dry-run needs none for what is public"
    )


async def jobs_for(
    asked: Asked, forges: Forges, folder: str, environment: Mapping[str, str]
) -> list[Job | UnreachableRepository]:
    """Return the repositories to see to, each once; raises `ConfigError`, `ForgeError`, `GitError`.

    One of several whose forge gives no answer is lost, and the others are not.
    """
    jobs: dict[tuple[str, str], Job | UnreachableRepository] = {}
    for place in await _places(asked, folder, environment):
        try:
            world, there = await forges.world(place)
        except ForgeError as error:
            if not asked.is_fleet:
                raise
            jobs.setdefault((place.server, place.name), UnreachableRepository(place.name, error))
        else:
            jobs.setdefault((there.server, there.name), Job(there.name, world, there.server))
    if asked.organisation is not None:
        place = _owner(asked.organisation, asked.forge)
        world, place = await forges.world(place, 1)
        async for repository in world.forge.repositories(place.name):
            jobs.setdefault((place.server, repository.name), Job(repository.name, world, place.server, repository))
    shard = asked.shard
    return [job for job in jobs.values() if shard is None or shard.has(job.name)]


async def _places(asked: Asked, folder: str, environment: Mapping[str, str]) -> list[Place]:
    urls = [*asked.repositories, *([] if asked.file is None else _listed(asked.file, folder))]
    if asked.here:
        urls.append(await _origin(folder, environment))
    try:
        return [parse_url(url) for url in urls]
    except ForgeError as error:
        raise ConfigError(error.message, hint=error.hint) from error


async def _origin(folder: str, environment: Mapping[str, str]) -> str:
    root = repository_around(folder)
    if root is None:
        raise ConfigError("--pr: there is no repository here", hint="go into a checkout, or name one with --repo URL")
    try:
        return await remote_url(Path(root), environment)
    except GitError as error:
        raise ConfigError(
            f"--pr: the repository here has no remote `origin`: {error.message}", hint="name one with --repo URL"
        ) from error


def _listed(file: str, folder: str) -> list[str]:
    """Return the lines of a list of repositories: ``-`` is standard input, what begins with ``#`` is none."""
    try:
        text = sys.stdin.read() if file == "-" else Path(os.path.join(folder, file)).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"--repos: `{file}` cannot be read: {why}") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _owner(text: str, forge: str | None) -> Place:
    """Return where the repositories of an organisation are."""
    if "://" in text:
        server, host, name = _parts(text)
        return Place(server, host, name)
    server = _SERVERS.get(forge or "github", "")
    if not server:
        raise ConfigError(f"--org: where is `{text}`?", hint="write its address, as in https://git.example/acme")
    return Place(server, server.removeprefix("https://"), text.strip("/"))


def _parts(url: str) -> tuple[str, str, str]:
    try:
        # An owner's address has one name fewer than a repository's.
        place = parse_url(f"{url.rstrip('/')}/-")
    except ForgeError as error:
        raise ConfigError(f"--org: {error.message.replace('/-`', '`')}", hint="write https://HOST/NAME") from error
    return place.server, place.host, place.name.removesuffix("/-")


def paths_from_root(paths: Sequence[str], folder: str) -> tuple[str, ...]:
    """Return ``paths`` (relative to ``folder``) from the root of the repository around it; raises `ConfigError`."""
    root = repository_around(folder) or folder
    found = []
    for path in paths:
        inner = os.path.relpath(os.path.normpath(os.path.join(folder, path)), root).replace(os.sep, "/")
        if inner == ".." or inner.startswith("../"):
            raise ConfigError(f"`{path}` is outside of this repository")
        found.append(inner)
    return tuple(found)
