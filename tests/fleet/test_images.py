"""Images of a fleet: each asked once a pass, what is known not asked again, and ticks that cost nothing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeRegistry
from locks import digest, image

from pinner import __version__
from pinner.bot.model import Use
from pinner.errors import NotFoundError, ResolveError, UnauthorizedError, UnavailableError
from pinner.fleet.catalog import list_repositories
from pinner.fleet.config import FleetSettings, SourceSettings
from pinner.fleet.database import SqliteDatabase
from pinner.fleet.images import StoredRegistry, ask_images, look_for_signatures
from pinner.fleet.migrations import migrate
from pinner.fleet.overview import totals
from pinner.fleet.pages import images_page
from pinner.fleet.planner import tick
from pinner.fleet.shared_answers import body_of, forget_answers, image_of
from pinner.fleet.sources import Fleet
from pinner.fleet.store import RunResult, Store, open_store
from pinner.http.retry import Clock
from pinner.oci.types import Attachment, Image, PlatformImage
from pinner.reference import ImageReference, Platform

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pinner.model import Resolved
    from pinner.oci.types import Depth

NGINX = "docker.io/library/nginx:1"
FILES = Path("/dev/fd")
"""What this process has open."""


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
        store.finish(row, RunResult("nothing", read=("a", "1"), uses=uses), now.at)


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


class Slow(FakeRegistry):
    """Takes its time, in which others want to know the same."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        await asyncio.sleep(0.01)
        return await super().resolve(reference, platform)

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        await asyncio.sleep(0.01)
        return await super().describe(reference, depth, platforms)


def opened_at(address: str) -> Store:
    opened = open_store(address, "/")
    assert opened is not None
    return opened


def test_ten_workers_that_need_an_image_at_the_same_moment_cost_one_question(address: str) -> None:
    """Bar 7: of its tag, and of each document by its digest, today and tomorrow."""
    registry, now, made = Slow(), Now(), image("new")
    registry.images[f"docker.io/library/nginx@{made.digest}"] = made
    registry.tags[NGINX] = made.digest
    reference = ImageReference.parse("nginx:1")
    held, some = reference.at(made.digest), [one.platform for one in made.platforms[:1] if one.platform]

    async def work(store: Store) -> list[Image]:
        worker = StoredRegistry(registry, store, FleetSettings("", "/", ()), now.clock())
        assert (await worker.resolve(reference, None)).digest == made.digest
        both = worker.describe(held), worker.describe(held)
        return [*await asyncio.gather(*both), await worker.describe(held, "configs", some)]

    async def story(stores: list[Store]) -> None:
        for _ in range(2):
            for first, second, configured in await asyncio.gather(*map(work, stores)):
                assert first == second == made
                assert configured == made._replace(platforms=made.platforms[:1])
            now.at += 86_400.0
            registry.asked.clear()

    with contextlib.ExitStack() as opened:
        stores = [opened.enter_context(opened_at(address)) for _ in range(10)]
        asyncio.run(story(stores))
        assert [one.rpartition(" ")[2] for one in registry.described] == ["index", "configs"]
        assert stores[0].read("select count(*) from answer") == [(2,)]
        forget_answers(stores[0], now.at + 31 * 86_400.0)
        assert stores[0].read("select count(*) from answer") == [(0,)]


def test_each_of_ten_workers_asks_for_a_tag_once(store: Store) -> None:
    registry, now = Slow(), Now()

    async def story() -> None:
        settings = FleetSettings("", "/", ())
        workers = [StoredRegistry(registry, store, settings, now.clock()) for _ in range(10)]
        await asyncio.gather(*(worker.resolve(ImageReference.parse("nginx:1"), None) for worker in workers))

    asyncio.run(story())
    assert registry.asked == [NGINX]


def test_who_was_killed_while_it_asked_is_given_up_and_a_failure_is_nobodys_answer(store: Store) -> None:
    now, registry, slept = Now(), FakeRegistry(), list[float]()

    async def sleep(seconds: float) -> None:
        now.at += seconds
        slept.append(seconds)

    clock = Clock(sleep=sleep, wall=lambda: now.at)
    worker = StoredRegistry(registry, store, FleetSettings("", "/", ()), clock)
    made = image("new")
    held = ImageReference.parse("nginx").at(made.digest)
    with pytest.raises(NotFoundError):
        asyncio.run(worker.describe(held))
    assert store.read("select * from answer") == []
    registry.images[f"docker.io/library/nginx@{made.digest}"] = made
    key = f"{__version__} index {held.repository}@{made.digest} "
    store.read("insert into answer (key, at) values (?, ?) returning key", key, now.at)
    assert asyncio.run(worker.describe(held)) == made
    assert sum(slept) == 60.0


def test_an_image_is_what_it_was_after_it_was_kept() -> None:
    one = PlatformImage(
        *(Platform("linux", "arm", "v7"), digest("a"), "t", digest("b"), 5, (digest("c"),)),
        *({"a": "\x00ü"}, "2026", {"l": "x"}, ("sha256:d",), "chart", True),
    )
    beside = Attachment(digest("d"), "sig", digest("e"))
    whole = Image(
        digest("f"), "i", (one, PlatformImage(None, digest("g"), "t")), {"k": "v"}, (beside,), is_hashed=False
    )
    for made in (whole, image("x"), whole._replace(attachments=(Attachment(digest("d"), "sbom"),))):
        assert image_of(body_of(made)) == made
        assert hash(image_of(body_of(made)).platforms[0].layers) is not None


def test_a_thousand_ticks_in_which_nothing_happens_cost_nothing(tmp_path: Path) -> None:
    """Bar 9: nobody is asked, nothing is changed, and neither memory nor files grow."""
    now, registry, store = Now(), FakeRegistry(), opened_at(f"sqlite://{tmp_path}/fleet.db")
    use(store, [f"registry.example/team/image{number}:1" for number in range(20)], now)
    fleet = fleet_of(store, registry, now)
    fleet = fleet._replace(settings=fleet.settings._replace(every=1e9))

    async def story(ticks: int) -> None:
        for _ in range(ticks):
            now.at += 60.0
            with store.database.ticking() as is_ours:
                came = await tick(fleet)
            assert is_ours
            assert (came.asked, came.moved, came.due, came.errors) == (0, 0, 0, ())

    def what_there_is() -> list[object]:
        # Windows has no such list.
        files = len([*FILES.iterdir()]) if FILES.is_dir() else 0
        return [store.read("select * from repository"), store.read("select * from image"), files]

    asyncio.run(tick(fleet))
    registry.asked.clear()
    asyncio.run(story(50))
    before, held = what_there_is(), blocks_held()
    asyncio.run(story(1000))
    grown = blocks_held() - held
    assert registry.asked == []
    assert what_there_is() == before
    # Whatever is kept of a tick would be a thousand.
    assert grown < 100
    assert len(store.read("select at from total")) == 1 + 1050 // 60
    store.database.close()


def blocks_held() -> int:
    """Return how many pieces of memory the interpreter holds."""
    gc.collect()
    return sys.getallocatedblocks()


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
