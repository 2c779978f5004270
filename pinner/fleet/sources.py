"""Sources of the fleet: each owner's forge, with its token and the budget that all processes share."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pinner.bot.forges import Place, connect, kind_of, locate, parse_url
from pinner.bot.forges.base import Access, ForgeError
from pinner.bot.forges.github_api import App, InstallationTokens
from pinner.bot.forges.limits import GITHUB_CONTENT
from pinner.bot.git.program import Login
from pinner.errors import ConfigError
from pinner.fleet.config import read_secret
from pinner.fleet.content_budget import StoredBudget

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pinner.bot.context import BotContext
    from pinner.bot.forges.base import Forge
    from pinner.fleet.config import FleetSettings, SourceSettings
    from pinner.fleet.store import Store
    from pinner.http.retry import Clock
    from pinner.oci.resolver import Registry

_HOUR = 3600.0


class Source(NamedTuple):
    """The repositories of one owner, and what they are worked on with."""

    settings: SourceSettings
    server: str
    owner: str
    forge: Forge
    login: Login | None
    budget: StoredBudget
    secrets: tuple[str, ...] = ()
    """What must not be shown."""
    renewed: Callable[[], Awaitable[str]] | None = None
    """Returns the token to use now, where the one of ``login`` ends: that of an App's installation."""

    def has(self, server: str, name: str) -> bool:
        """Tell whether the repository called ``name`` on ``server`` is one of these."""
        is_below = server == self.server and name.startswith(f"{self.owner}/")
        return is_below and not any(fnmatchcase(name, glob) for glob in self.settings.skip)


class Fleet(NamedTuple):
    """What everything that the fleet does is done with."""

    settings: FleetSettings
    store: Store
    sources: tuple[Source, ...]
    registry: Registry
    """What is asked what tags mean: nothing remembers its answers."""
    world: Callable[[Forge, Login | None], BotContext]
    """Makes what a repository is worked on with, of this very moment."""
    clock: Clock

    def world_of(self, source: Source) -> BotContext:
        """Return what a repository of ``source`` is worked on with, of this very moment."""
        return self.world(source.forge, source.login)._replace(renewed=source.renewed)

    def source_of(self, server: str, name: str) -> Source | None:
        """Return the source that a repository is of; None where it is none of the fleet's any more."""
        return next((source for source in self.sources if source.has(server, name)), None)


class SourceEnvironment(NamedTuple):
    """What sources are connected with."""

    settings: FleetSettings
    store: Store
    environment: Mapping[str, str]
    on_wait: Callable[[str], None]
    clock: Clock


async def connect_sources(around: SourceEnvironment) -> tuple[Source, ...]:
    """Return the sources of the settings, connected; raises `ConfigError`, `ForgeError`."""
    return tuple([await _connected(settings, around) for settings in around.settings.sources])


async def _connected(settings: SourceSettings, around: SourceEnvironment) -> Source:
    place = owner_at(settings.org)
    access = Access(place.server, None, around.environment, around.on_wait, around.clock)
    kind = settings.forge or kind_of(place.host)
    if kind is None:
        kind, place = await locate(access, place, 1)
    access = access._replace(server=place.server)
    content = GITHUB_CONTENT if kind == "github" else ()
    windows = (*content, (around.settings.openings_per_hour, _HOUR))
    budget = StoredBudget(around.store, urlsplit(place.server).netloc, settings.token_id, windows, around.clock)
    access, secrets = await _with_token(access._replace(budget=budget), settings, place, around)
    forge = connect(kind, access)
    login = None if access.token is None else Login(forge.default_token_user, access.token)
    return Source(settings, place.server, place.name, forge, login, budget, secrets, access.renewed)


async def _with_token(
    access: Access, settings: SourceSettings, place: Place, around: SourceEnvironment
) -> tuple[Access, tuple[str, ...]]:
    """Return ``access`` with the token that the settings name, and what must not be shown of it."""
    if settings.app is not None:
        key = read_secret(settings.app.key, around.environment, around.settings.folder)
        tokens = InstallationTokens(App(settings.app.id, key.encode()), access, place.name.partition("/")[0])
        return access._replace(token=await tokens.current(), renewed=tokens.current), (key,)
    if settings.token is not None:
        token = read_secret(settings.token, around.environment, around.settings.folder)
        return access._replace(token=token), (token,)
    return access, ()


def owner_at(address: str) -> Place:
    """Return the server and the name of an owner's address; raises `ConfigError`."""
    try:
        # An owner's address has one name fewer than a repository's.
        place = parse_url(f"{address}/-")
    except ForgeError as error:
        raise ConfigError(f"`org`: {error.message.replace('/-`', '`')}", hint="write https://HOST/NAME") from error
    return place._replace(name=place.name.removesuffix("/-"))
