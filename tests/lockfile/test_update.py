from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fakes import FakeRegistry
from locks import INDEX, MANIFEST, NGINX, NOON, REDIS, days, digest, entry, image, lock, record, reference

from pinner.cache.first_seen import FirstSeenStore
from pinner.errors import NotFoundError, UnauthorizedError, UnavailableError
from pinner.lockfile.model import Entry
from pinner.lockfile.update import LockUpdateRequest, Outcome, update_entries, usages_to_ask
from pinner.lockfile.usage import Usage
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Platform

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import timedelta
    from pathlib import Path

    from pinner.lockfile.model import Lock
    from pinner.model import Resolved
    from pinner.oci.types import Depth
    from pinner.reference import Digest, ImageReference

AMD = Platform("linux", "amd64")
REPOSITORY = "docker.io/library/nginx"


def usage(*held: str, name: str = NGINX, text: str = "nginx:1.27") -> Usage:
    return Usage(name, reference(text), {digest(word): f"Dockerfile:{line}" for line, word in enumerate(held, 1)})


def serving(tag: str | None, *images: Image) -> FakeRegistry:
    return FakeRegistry(
        {f"{REPOSITORY}@{one.digest}": one for one in images},
        {} if tag is None else {NGINX: digest(tag)},
        missing=[NGINX],
    )


def run(before: Lock, registry: FakeRegistry, request: LockUpdateRequest, days_later: float = 0) -> Outcome:
    return asyncio.run(update_entries(before, request, registry, FirstSeenStore(None, NOON + days(days_later))))


def settle(
    before: Entry | None,
    registry: FakeRegistry,
    *held: str,
    refresh: bool = False,
    min_age: timedelta | None = None,
    platforms: tuple[Platform, ...] = (),
    later: float = 0,
) -> Outcome:
    request = LockUpdateRequest({NGINX: usage(*held)}, (NGINX,) if refresh else (), platforms, min_age)
    return run(lock({} if before is None else {NGINX: before}), registry, request, later)


def selected(outcome: Outcome) -> Digest:
    return outcome.images[NGINX].selected.digest


def test_an_unpinned_tag_is_locked_to_what_it_means_now() -> None:
    registry = serving("n", image("n"))
    outcome = settle(None, registry)
    assert selected(outcome) == digest("n")
    assert outcome.images[NGINX].selected.first_seen == NOON
    assert outcome.images[NGINX].selected.platforms[AMD].size == 100
    assert (outcome.failures, outcome.conflicts) == ({}, ())


def test_what_the_lock_says_is_not_asked_again() -> None:
    registry = serving("new", image("new"))
    assert settle(entry("n"), registry).images == {NGINX: entry("n")}
    assert settle(entry("n"), registry, "n", "n linux/amd64").images == {NGINX: entry("n")}
    assert (registry.asked, registry.described) == ([], [])


def test_a_digest_that_a_file_holds_is_what_the_lock_takes() -> None:
    registry = serving("new", image("new"), image("held"))
    assert selected(settle(None, registry, "held")) == digest("held")
    assert selected(settle(entry("n"), registry, "held")) == digest("held")
    assert registry.asked == []


def test_a_candidate_that_a_file_holds_needs_no_question() -> None:
    registry = serving("new")
    before = entry("n", record("b"), record("c"))
    assert settle(before, registry, "b").images[NGINX] == Entry(record("b"), (record("c"),))
    assert (registry.asked, registry.described) == ([], [])


def test_a_digest_that_is_gone_leaves_the_entry_as_it_was() -> None:
    outcome = settle(entry("n"), serving("n"), "gone")
    assert outcome.images == {NGINX: entry("n")}
    assert isinstance(outcome.failures[NGINX], NotFoundError)
    assert "`pinner check --online`" in str(outcome.failures[NGINX].hint)
    assert settle(None, serving("n"), "gone").images == {}


def test_files_that_disagree_are_settled_by_what_the_tag_means_now() -> None:
    outcome = settle(entry("a"), serving("b", image("b")), "a", "b")
    assert selected(outcome) == digest("b")
    (conflict,) = outcome.conflicts
    assert (conflict.digest, conflict.others) == (digest("b"), {digest("a"): "Dockerfile:1"})


def test_files_that_disagree_and_a_tag_that_means_neither_leave_the_lock() -> None:
    outcome = settle(entry("b"), serving("c", image("a"), image("c")), "a", "b")
    assert outcome.images == {NGINX: entry("b")}
    assert [one.digest for one in outcome.conflicts] == [digest("b")]


def test_files_that_disagree_and_nobody_to_ask_take_the_first() -> None:
    outcome = settle(None, serving(None, image("a"), image("b")), "a", "b")
    assert selected(outcome) == digest("a")
    assert outcome.conflicts[0].others == {digest("b"): "Dockerfile:2"}
    assert outcome.failures == {}


def test_one_of_the_index_s_own_platforms_is_no_conflict() -> None:
    outcome = settle(None, serving("n", image("n")), "n", "n linux/amd64")
    assert selected(outcome) == digest("n")
    assert outcome.conflicts == ()


def test_asking_again_moves_the_lock_whatever_files_hold() -> None:
    registry = serving("new", image("new"))
    outcome = settle(entry("n", record("b")), registry, "n", refresh=True)
    assert outcome.images[NGINX] == Entry(outcome.images[NGINX].selected)
    assert selected(outcome) == digest("new")
    assert selected(settle(None, registry, "n", refresh=True)) == digest("new")


def test_a_tag_that_did_not_move_costs_one_question_and_withdraws_candidates() -> None:
    registry = serving("n", image("n"))
    assert settle(entry("n", record("b")), registry, refresh=True).images[NGINX] == entry("n")
    assert (registry.asked, registry.described) == ([NGINX], [])


def test_a_tag_without_an_answer_keeps_its_entry() -> None:
    outcome = settle(entry("n"), serving(None), refresh=True)
    assert outcome.images == {NGINX: entry("n")}
    assert str(outcome.failures[NGINX]) == f"`{NGINX}` does not exist"


def test_a_platform_that_counts_by_now_is_looked_up() -> None:
    registry = serving("n", image("n", ("linux/amd64", "linux/s390x")))
    before = entry("n", seen=NOON - days(5))
    after = settle(before, registry, refresh=True, platforms=(AMD, Platform("linux", "s390x"))).images[NGINX].selected
    assert [str(platform) for platform in after.platforms] == ["linux/amd64", "linux/s390x"]
    assert after.first_seen == NOON - days(5)


def test_only_the_platforms_that_count_are_looked_at() -> None:
    after = settle(None, serving("n", image("n")), platforms=(AMD,)).images[NGINX].selected
    assert list(after.platforms) == [AMD]


def moved_for_arm(word: str) -> Image:
    amd = PlatformImage(AMD, digest("n linux/amd64"), MANIFEST, digest("config"), 1)
    return Image(digest(word), INDEX, (amd, PlatformImage(Platform("linux", "arm64"), digest(f"{word} arm"), MANIFEST)))


def test_an_index_that_moved_for_other_platforms_alone_is_no_update() -> None:
    registry = serving("new", moved_for_arm("new"))
    outcome = settle(entry("n"), registry, refresh=True, platforms=(AMD,))
    assert outcome.images == {NGINX: entry("n")}
    assert outcome.elsewhere == (NGINX,)
    assert selected(settle(entry("n"), registry, refresh=True)) == digest("new")
    assert selected(settle(entry("n"), registry, refresh=True, platforms=(AMD, Platform("linux", "arm64")))) == digest(
        "new"
    )


def test_a_digest_that_is_too_young_waits() -> None:
    registry = serving("new", image("new"))
    outcome = settle(entry("n"), registry, refresh=True, min_age=days(3))
    assert selected(outcome) == digest("n")
    (waiting,) = outcome.images[NGINX].candidates
    assert (waiting.digest, waiting.first_seen) == (digest("new"), NOON)


def test_what_is_not_in_the_lock_yet_does_not_wait() -> None:
    assert selected(settle(None, serving("new", image("new")), refresh=True, min_age=days(3))) == digest("new")


def test_the_newest_that_is_old_enough_is_taken_though_the_tag_has_moved_on() -> None:
    before = entry("n", record("b", NOON - days(9)), record("c", NOON - days(4)), record("d", NOON - days(1)))
    registry = serving("e", image("b"), image("c"), image("d"), image("e"))
    after = settle(before, registry, refresh=True, min_age=days(3)).images[NGINX]
    assert after.selected == record("c", NOON - days(4))
    assert [one.digest for one in after.candidates] == [digest("d"), digest("e")]


def test_a_candidate_that_is_no_longer_served_is_dropped() -> None:
    before = entry("n", record("b", NOON - days(9)), record("c", NOON - days(4)))
    after = settle(before, serving("e", image("b"), image("e")), refresh=True, min_age=days(3)).images[NGINX]
    assert after.selected == record("b", NOON - days(9))
    assert [one.digest for one in after.candidates] == [digest("e")]
    nothing = settle(before, serving("e", image("e")), refresh=True, min_age=days(3)).images[NGINX]
    assert selected(settle(before, serving("e", image("e")), refresh=True, min_age=days(3))) == digest("n")
    assert [one.digest for one in nothing.candidates] == [digest("e")]


def test_what_the_tag_means_at_this_moment_is_taken_without_looking_whether_it_is_served() -> None:
    registry = serving("c")
    registry.images[f"{REPOSITORY}@{digest('c')}"] = image("c")
    before = entry("n", record("c", NOON - days(3)))
    after = settle(before, registry, refresh=True, min_age=days(3))
    assert after.images[NGINX] == Entry(record("c", NOON - days(3)))
    assert registry.described == []


def test_a_fast_tag_becomes_eligible_in_the_end() -> None:
    held: Entry | None = entry("0")
    for day in range(1, 8):
        registry = serving(str(day), *(image(str(one)) for one in range(8)))
        held = settle(held, registry, refresh=True, min_age=days(3), later=day).images[NGINX]
    assert held is not None
    assert held.selected.digest == digest("4")
    assert [one.digest for one in held.candidates] == [digest(word) for word in "567"]


class Broken(FakeRegistry):
    """Describes nothing: the registry is down but for what tags mean."""

    async def describe(
        self,
        reference: ImageReference,
        depth: Depth = "index",  # noqa: ARG002 - the protocol's
        platforms: Collection[Platform] | None = None,  # noqa: ARG002 - the protocol's
    ) -> Image:
        raise UnavailableError(f"`{reference}`: nobody is there")


def test_a_registry_that_breaks_down_drops_no_candidate() -> None:
    registry = Broken({f"{REPOSITORY}@{digest('c')}": image("c")}, {NGINX: digest("c")})
    before = entry("n", record("b", NOON - days(9)), record("c", NOON - days(1)))
    outcome = settle(before, registry, refresh=True, min_age=days(3))
    assert outcome.images == {NGINX: before}
    assert str(outcome.failures[NGINX]) == f"`nginx:1.27@{digest('b')}`: nobody is there"


def test_where_a_file_s_own_digest_cannot_be_described_the_way_to_tell_what_it_is_is_named() -> None:
    broken = Broken({f"{REPOSITORY}@{digest('c')}": image("c")}, {NGINX: digest("c")})
    assert "`pinner check --online`" in str(settle(None, broken, "b").failures[NGINX].hint)
    assert settle(None, broken).failures[NGINX].hint is None


def test_credentials_that_are_missing_have_nothing_to_do_with_what_a_file_s_digest_is() -> None:
    class Closed(Broken):
        async def describe(
            self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
        ) -> Image:
            raise UnauthorizedError(f"`{reference}`: {depth}, {platforms}", hint="log in")

    assert settle(None, Closed({}, {}), "b").failures[NGINX].hint == "log in"


class Labelled(FakeRegistry):
    """Knows labels where configs are asked for."""

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        found = await super().describe(reference, depth, platforms)
        if depth != "configs":
            return found
        labels = {"org.opencontainers.image.revision": "abc", "more": "x"}
        return found._replace(platforms=tuple(one._replace(labels=labels) for one in found.platforms))


def labelled(made: Image) -> Labelled:
    return Labelled({f"{REPOSITORY}@{made.digest}": made}, {NGINX: made.digest})


def test_one_config_tells_where_an_image_came_from() -> None:
    registry = labelled(image("n"))
    assert settle(None, registry).images[NGINX].selected.labels == {"org.opencontainers.image.revision": "abc"}
    assert registry.described == [f"{REPOSITORY}@{digest('n')} manifests", f"{REPOSITORY}@{digest('n')} configs"]


def test_annotations_that_say_it_spare_the_config() -> None:
    said = {f"org.opencontainers.image.{name}": name for name in ("source", "revision")}
    registry = labelled(image("n", annotations=said))
    assert settle(None, registry).images[NGINX].selected.labels == said
    assert len(registry.described) == 1


def test_an_image_without_platforms_has_no_labels() -> None:
    registry = labelled(Image(digest("n"), INDEX, ()))
    assert settle(None, registry).images[NGINX].selected.labels == {}
    assert len(registry.described) == 1


class Forgetful(FakeRegistry):
    """Has no platform of what it describes in full."""

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        found = await super().describe(reference, depth, platforms)
        return found._replace(platforms=()) if depth == "configs" else found


def test_a_config_that_is_not_to_be_had_is_no_failure() -> None:
    made = image("n")
    registry = Forgetful({f"{REPOSITORY}@{made.digest}": made}, {NGINX: made.digest})
    assert settle(None, registry).images[NGINX].selected.labels == {}


def test_one_image_that_fails_stops_no_other_and_progress_is_told() -> None:
    redis = Image(digest("r"), INDEX, ())
    registry = FakeRegistry({f"docker.io/library/redis@{redis.digest}": redis}, {REDIS: redis.digest}, missing=[NGINX])
    told: list[tuple[int, int]] = []
    request = LockUpdateRequest({NGINX: usage(), REDIS: usage(name=REDIS, text="redis")})
    outcome = asyncio.run(
        update_entries(lock({}), request, registry, FirstSeenStore(None, NOON), lambda *state: told.append(state))
    )
    assert list(outcome.images) == [REDIS]
    assert list(outcome.failures) == [NGINX]
    assert told == [(1, 2), (2, 2)]


def test_the_lock_of_others_stays_as_it_is() -> None:
    before = lock({REDIS: entry("r"), NGINX: entry("n")})
    outcome = run(before, serving("new", image("new")), LockUpdateRequest({NGINX: usage()}, (NGINX,)))
    assert outcome.images[REDIS] == entry("r")
    assert [one.name for one in usages_to_ask(LockUpdateRequest({NGINX: usage()}), before)] == []


class Asked(FakeRegistry):
    def __init__(self, images: Mapping[str, Image], tags: Mapping[str, Digest]) -> None:
        super().__init__(images, tags)
        self.references: list[str] = []

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        self.references.append(str(reference))
        return await super().resolve(reference, platform)


def test_when_a_digest_was_first_seen_is_remembered_beyond_the_lock(tmp_path: Path) -> None:
    registry = Asked({f"{REPOSITORY}@{digest('n')}": image("n")}, {NGINX: digest("n")})
    request = LockUpdateRequest({NGINX: usage()})
    first = asyncio.run(update_entries(lock({}), request, registry, FirstSeenStore(tmp_path, NOON)))
    later = asyncio.run(update_entries(lock({}), request, registry, FirstSeenStore(tmp_path, NOON + days(3))))
    assert first.images == later.images
    assert registry.references == ["nginx:1.27", "nginx:1.27"]


def test_an_index_whose_manifest_is_not_served_is_not_locked() -> None:
    whole = image("n")
    lost = whole._replace(platforms=tuple(one._replace(is_missing=True) for one in whole.platforms))
    outcome = settle(None, serving("n", lost))
    assert outcome.images == {}
    assert isinstance(outcome.failures[NGINX], NotFoundError)
    assert "is not served" in outcome.failures[NGINX].message
    # What was locked before stays.
    assert settle(entry("a"), serving("n", lost), refresh=True).images == {NGINX: entry("a")}
