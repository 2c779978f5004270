"""Images of a fleet: each asked once a pass, what is known not asked again, and ticks that cost nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeRegistry
from locks import digest

from pinner.bot.model import Use
from pinner.errors import NotFoundError, ResolveError, UnauthorizedError, UnavailableError
from pinner.fleet.catalog import list_repositories
from pinner.fleet.config import FleetSettings, SourceSettings
from pinner.fleet.database import SqliteDatabase
from pinner.fleet.images import StoredRegistry, ask_images, look_for_signatures
from pinner.fleet.overview import totals
from pinner.fleet.pages import images_page
from pinner.fleet.planner import tick
from pinner.fleet.schema import migrate
from pinner.fleet.sources import Fleet
from pinner.fleet.store import Seen, Store
from pinner.http.retry import Clock
from pinner.oci.types import Attachment
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.model import Resolved
    from pinner.reference import Platform

NGINX = "docker.io/library/nginx:1"


class Now:
    """A clock that tests move."""

    at = 1_800_000_000.0

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.at, now=lambda: self.at, chance=lambda: 0.5)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(SqliteDatabase(None)) as made:
        made.run(migrate)
        yield made


def fleet_of(store: Store, registry: FakeRegistry, now: Now) -> Fleet:
    settings = FleetSettings("", "/", (SourceSettings("https://f/acme"),))
    world: Any = None
    return Fleet(settings, store, (), registry, world, now.clock())


def use(store: Store, names: list[str], now: Now) -> None:
    """Have one repository name these images."""
    from pinner.bot.model import Repository  # noqa: PLC0415 - beside its use

    list_repositories(store, "https://f", "acme", [Repository("acme/app", "main", "", "")], now.at, is_all=True)
    uses = tuple(Use("Dockerfile", number, name, None) for number, name in enumerate(names, 1))
    for row in store.due(now.at):
        store.finish(row, Seen("nothing", read=("a", "1"), uses=uses), now.at)


def test_each_of_3000_images_is_asked_once_a_pass(store: Store) -> None:
    """Bar 7."""
    now, registry = Now(), FakeRegistry()
    names = [f"registry.example/team/image{number}:1" for number in range(3000)]
    use(store, names, now)
    fleet = fleet_of(store, registry, now)
    assert asyncio.run(ask_images(fleet, now.at)) == (3000, 0)
    assert asyncio.run(ask_images(fleet, now.at)) == (0, 0)
    assert Counter(registry.asked) == Counter(names)
    now.at += fleet.settings.every
    assert asyncio.run(ask_images(fleet, now.at)) == (3000, 0)
    assert set(Counter(registry.asked).values()) == {2}


def test_ticks_in_which_nothing_happens_ask_nobody_and_change_nothing(store: Store) -> None:
    """Bar 9."""
    now, registry = Now(), FakeRegistry()
    use(store, [NGINX], now)
    fleet = fleet_of(store, registry, now)
    asyncio.run(tick(fleet))
    registry.asked.clear()
    before = store.read("select * from repository"), store.read("select * from image")
    for _ in range(30):
        now.at += 60.0
        came = asyncio.run(tick(fleet))
        assert (came.asked, came.moved, came.due, came.errors) == (0, 0, 0, ())
    assert registry.asked == []
    assert (store.read("select * from repository"), store.read("select * from image")) == before
    assert len(store.read("select at from total")) == 1
    now.at += 3600.0
    asyncio.run(tick(fleet))
    assert len(store.read("select at from total")) == 2


class Broken(FakeRegistry):
    """Fails as it is told to."""

    error: Exception | None = None

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        if self.error is not None:
            self.asked.append(reference.canonical)
            raise self.error
        return await super().resolve(reference, platform)


@pytest.mark.parametrize(
    ("error", "kind"), [(NotFoundError("none"), NotFoundError), (UnavailableError("down"), UnavailableError)]
)
def test_what_failed_is_remembered_until_it_is_asked_again(
    store: Store, error: Exception, kind: type[Exception]
) -> None:
    now, registry = Now(), Broken()
    registry.error = error
    shared = StoredRegistry(registry, store, fleet_of(store, registry, now).settings, now.clock())
    reference = ImageReference.parse("nginx:1")
    for _ in range(3):
        with pytest.raises(kind, match=str(error)):
            asyncio.run(shared.resolve(reference, None))
    assert registry.asked == [NGINX]
    registry.error = None
    now.at += 3600.0
    first = asyncio.run(shared.resolve(reference, None))
    assert asyncio.run(shared.resolve(reference, None)).digest == first.digest
    assert registry.asked == [NGINX] * 2
    assert store.read("select failures, note from image") == [(0, None)]


def test_a_name_that_is_none_is_no_answer(store: Store) -> None:
    now, registry = Now(), FakeRegistry()
    use(store, ["docker.io/library/UPPER:1"], now)
    assert asyncio.run(ask_images(fleet_of(store, registry, now), now.at)) == (1, 0)
    assert store.read("select failures, note from image") == [(1, "it is no image's name")]
    assert registry.asked == []


def test_signatures_are_looked_for_once_a_digest(store: Store) -> None:
    now, registry = Now(), FakeRegistry()
    use(store, [NGINX, "docker.io/library/redis:7"], now)
    fleet = fleet_of(store, registry, now)
    asyncio.run(ask_images(fleet, now.at))
    held = {str(name): str(held) for name, held in store.read("select name, digest from image")}
    beside = Attachment(digest("signature"), "sha256-x.sig")
    registry.beside[f"docker.io/library/nginx@{held[NGINX]}"] = (beside,)
    assert asyncio.run(look_for_signatures(fleet, 1)) == 1
    assert asyncio.run(look_for_signatures(fleet, 9)) == 1
    assert asyncio.run(look_for_signatures(fleet, 9)) == 0
    assert store.read("select name, signed from image order by name") == [(NGINX, 1), ("docker.io/library/redis:7", 0)]


class Mute(FakeRegistry):
    """Says nothing of what lies beside an image."""

    why: ResolveError

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
        if reference.repository == "docker.io/library/nginx":
            self.asked.append("beside")
            raise self.why
        return await super().attachments(reference)


@pytest.mark.parametrize(("why", "again"), [(UnauthorizedError("no"), 0), (UnavailableError("down"), 1)])
def test_what_no_registry_tells_keeps_nobody_waiting(store: Store, why: ResolveError, again: int) -> None:
    now, registry = Now(), Mute()
    registry.why = why
    use(store, [NGINX, "docker.io/library/redis:7"], now)
    fleet = fleet_of(store, registry, now)
    asyncio.run(ask_images(fleet, now.at))
    registry.asked.clear()
    assert asyncio.run(look_for_signatures(fleet, 9)) == 2
    assert asyncio.run(look_for_signatures(fleet, 9)) == again
    assert registry.asked == ["beside"] * (1 + again)
    assert totals(store, now.at).signed == 0
    assert b"signed</span>" in images_page(store)
