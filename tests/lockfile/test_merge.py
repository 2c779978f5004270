from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from locks import NGINX, NOON, REDIS, days, entry, lock, record

from pinner.lockfile.merge import merge
from pinner.lockfile.model import Lock

GHCR = "ghcr.io/a/b:1"


def test_two_that_add_different_images_keep_both() -> None:
    base = lock({NGINX: entry("n")}, {"a": (NGINX,)})
    theirs = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX,), "b": (REDIS,)})
    ours = lock({NGINX: entry("n"), GHCR: entry("g")}, {"a": (NGINX,), "c": (GHCR,)})
    merged = merge(base, theirs, ours)
    assert merged.images == {NGINX: entry("n"), REDIS: entry("r"), GHCR: entry("g")}
    assert merged.sources == {"a": (NGINX,), "b": (REDIS,), "c": (GHCR,)}
    assert merge(base, ours, theirs) == merged


def test_nobody_else_means_ours() -> None:
    base = lock({NGINX: entry("n")})
    assert merge(base, base, lock({})) == lock({})


def test_what_both_moved_is_ours_with_the_earliest_time() -> None:
    base = lock({NGINX: entry("old")})
    theirs = lock({NGINX: entry("new", seen=NOON - days(2))})
    ours = lock({NGINX: entry("new", record("newer", NOON), seen=NOON)})
    assert merge(base, theirs, ours).images[NGINX] == entry("new", record("newer", NOON), seen=NOON - days(2))
    assert merge(base, lock({NGINX: entry("other")}), ours).images[NGINX] == ours.images[NGINX]


def test_what_we_dropped_goes_unless_they_changed_it() -> None:
    base = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX,), "b": (REDIS,)})
    ours = lock({NGINX: entry("n")}, {"a": (NGINX,)})
    touched = lock({NGINX: entry("n2"), REDIS: entry("r")}, {"a": (NGINX,), "b": (REDIS,)})
    assert merge(base, touched, ours) == lock({NGINX: entry("n2")}, {"a": (NGINX,)})
    moved = lock({NGINX: entry("n"), REDIS: entry("r2")}, {"a": (NGINX,), "b": (NGINX, REDIS)})
    assert merge(base, moved, ours).images[REDIS] == entry("r2")


def test_what_they_dropped_and_we_still_need_comes_back() -> None:
    base = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX, REDIS)})
    theirs = lock({NGINX: entry("n")}, {"a": (NGINX,)})
    ours = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX, REDIS), "c": (REDIS,)})
    merged = merge(base, theirs, ours)
    assert merged.images == ours.images
    assert merged.sources == {"a": (NGINX,), "c": (REDIS,)}


def test_what_we_dropped_and_they_need_by_now_stays() -> None:
    base = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX,), "b": (REDIS,)})
    theirs = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX,), "b": (REDIS,), "c": (REDIS,)})
    ours = lock({NGINX: entry("n")}, {"a": (NGINX,)})
    assert merge(base, theirs, ours).images == base.images


def test_a_name_that_no_side_holds_stays_listed_for_check_to_find() -> None:
    base = lock({NGINX: entry("n")}, {"a": (NGINX,)})
    theirs = lock({NGINX: entry("n")}, {"a": (NGINX, REDIS)})
    assert merge(base, theirs, lock({NGINX: entry("m")}, {"a": (NGINX,)})) == lock({NGINX: entry("m")}, theirs.sources)


locks = st.builds(
    lambda images, sources: Lock(images, {path: names for path, names in sources.items() if set(names) <= set(images)}),
    st.dictionaries(st.sampled_from([NGINX, REDIS, GHCR]), st.sampled_from([entry("a"), entry("b"), entry("c")])),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from([(NGINX,), (REDIS,), (NGINX, GHCR)])),
)


@given(locks, locks, locks)
def test_every_file_finds_its_images_and_no_image_lacks_a_file(base: Lock, theirs: Lock, ours: Lock) -> None:
    merged = merge(base, theirs, ours)
    used = {name for names in merged.sources.values() for name in names}
    assert used <= merged.images.keys()
    if theirs != base:
        assert used == merged.images.keys()


@given(locks, locks)
def test_one_side_alone_is_that_side(base: Lock, ours: Lock) -> None:
    assert merge(base, base, ours) == ours
