"""What is kept on disk: content for ever, answers for those who must not ask; broken files, foreign users."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from images import Image, make_image, make_index
from scripted_registry import (
    HUB,
    OCI_INDEX,
    A,
    Answer,
    B,
    FakeClock,
    ScriptedRegistry,
    ask,
    bearer,
    challenge,
    manifest_answer,
    resolver,
    tag_answer,
    token,
)

from pinner.config import RegistryOptions, Settings
from pinner.errors import ResolveError, UnavailableError
from pinner.model import Resolved
from pinner.reference import Digest
from pinner.registry.auth.credentials import Credentials
from pinner.registry.cache import Cache, TagKey, age

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ANSWER = Resolved(Digest.parse(A), OCI_INDEX)
KEY = TagKey("https://r.example/v2/", "team/app", "1", None)
NGINX = f"{HUB}library/nginx/manifests/1"
OFFLINE = Settings(offline=True)
DAY = 24 * 60 * 60.0


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path, lambda: 1000.0)


@pytest.fixture
def registry() -> ScriptedRegistry:
    return ScriptedRegistry()


def digest_of(data: bytes, algorithm: str = "sha256") -> Digest:
    return Digest(algorithm, hashlib.new(algorithm, data).hexdigest())


def only_file(folder: Path) -> Path:
    (path,) = (path for path in folder.rglob("*") if path.is_file() and path.name != "trimmed")
    return path


def resolve(
    registry: ScriptedRegistry,
    folder: Path,
    *names: str,
    settings: Settings | None = None,
    environment: Mapping[str, str] | None = None,
    platform: str | None = None,
    now: float = 1000.0,
) -> list[Resolved | ResolveError]:
    places = {"XDG_CACHE_HOME": str(folder), **(environment or {})}
    asked = resolver(registry, settings=settings, environment=places, clock=FakeClock(now))
    return ask(asked, *names, platform=platform)


def login(user: str, word: str = "s3cret") -> dict[str, str]:
    auth = base64.b64encode(f"{user}:{word}".encode()).decode()
    return {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {"r.example": {"auth": auth}}})}


# --- files ---


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_what_was_kept_is_there(cache: Cache, algorithm: str) -> None:
    body = b'{"a":\n1}\n'
    cache.keep_content(digest_of(body, algorithm), "text/x", body)
    assert cache.content(digest_of(body, algorithm), 100) == ("text/x", body)
    assert cache.content(digest_of(b"else", algorithm), 100) is None


@pytest.mark.parametrize("data", [b"", b"\n", b"text/x\nothers", b"text/x", b"text/x\nbodybody"])
def test_content_that_is_not_what_it_was_is_removed(cache: Cache, tmp_path: Path, data: bytes) -> None:
    cache.keep_content(digest_of(b"body"), "text/x", b"body")
    path = only_file(tmp_path)
    path.write_bytes(data)
    assert cache.content(digest_of(b"body"), 100) is None
    assert not path.exists()


def test_content_over_the_limit_is_not_read(cache: Cache) -> None:
    cache.keep_content(digest_of(b"x" * 9000), "", b"x" * 9000)
    assert cache.content(digest_of(b"x" * 9000), 100) is None
    assert cache.content(digest_of(b"x" * 9000), 9000) == ("", b"x" * 9000)


@pytest.mark.parametrize("content_type", ["a\nb", "ä", "x" * 5000])
def test_a_content_type_that_would_break_the_file_is_not_kept(cache: Cache, tmp_path: Path, content_type: str) -> None:
    cache.keep_content(digest_of(b"body"), content_type, b"body")
    assert not list(tmp_path.iterdir())


def test_an_answer_has_its_time(cache: Cache) -> None:
    cache.keep_answer(KEY, None, ANSWER)
    assert cache.answer(KEY, None) == (ANSWER, 1000.0)


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(base="https://r.example:444/v2/"),
        KEY._replace(repository="team/other"),
        KEY._replace(tag="2"),
        KEY._replace(platform="linux/amd64"),
        KEY._replace(repository="team", tag="app1"),
    ],
)
def test_an_answer_is_that_to_its_question_alone(cache: Cache, other: TagKey) -> None:
    cache.keep_answer(KEY, None, ANSWER)
    assert cache.answer(other, None) is None


def test_an_answer_to_one_user_is_none_to_another(cache: Cache) -> None:
    alice = Credentials("alice", "s3cret")
    cache.keep_answer(KEY, alice, ANSWER)
    assert cache.answer(KEY, Credentials("alice", "s3cret")) == (ANSWER, 1000.0)
    for other in (
        None,
        Credentials("bob", "s3cret"),
        Credentials("alice", "else"),
        Credentials("alice", identity_token="s3cret"),
    ):
        assert cache.answer(KEY, other) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 4000,
        b"x" * 5000,
        json.dumps({"digest": "sha256:12", "mediaType": OCI_INDEX, "time": 1}).encode(),
        json.dumps({"digest": A, "mediaType": "text/html", "time": 1}).encode(),
        json.dumps({"digest": A, "mediaType": [], "time": 1}).encode(),
        json.dumps({"digest": A, "mediaType": OCI_INDEX, "time": "now"}).encode(),
        json.dumps({"digest": A, "mediaType": OCI_INDEX}).encode(),
    ],
    ids=range(11),
)
def test_an_answer_that_cannot_be_read_is_none(cache: Cache, tmp_path: Path, data: bytes) -> None:
    cache.keep_answer(KEY, None, ANSWER)
    only_file(tmp_path).write_bytes(data)
    assert cache.answer(KEY, None) is None
    cache.keep_answer(KEY, None, ANSWER)
    assert cache.answer(KEY, None) == (ANSWER, 1000.0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_only_the_owner_may_look(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new", lambda: 0.0)
    mask = os.umask(0)
    try:
        cache.keep_answer(KEY, None, ANSWER)
        cache.keep_content(digest_of(b"x"), "", b"x")
    finally:
        os.umask(mask)
    paths = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}


def test_no_secret_is_written(cache: Cache, tmp_path: Path) -> None:
    cache.keep_answer(KEY, Credentials("alice", "s3cret"), ANSWER)
    path = only_file(tmp_path)
    plain = json.dumps([*KEY, "s3cret"])
    assert path.name != hashlib.sha256(plain.encode()).hexdigest()
    assert b"s3cret" not in path.read_bytes()
    assert b"alice" not in path.read_bytes()


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = Cache(tmp_path / "file", lambda: 0.0)
    cache.keep_answer(KEY, None, ANSWER)
    cache.keep_content(digest_of(b"x"), "", b"x")
    assert cache.answer(KEY, None) is None
    assert cache.content(digest_of(b"x"), 10) is None
    cache.trim()


def test_a_place_that_is_taken_is_no_error_and_leaves_nothing(cache: Cache, tmp_path: Path) -> None:
    cache.keep_content(digest_of(b"x"), "", b"x")
    path = only_file(tmp_path)
    path.unlink()
    path.mkdir()
    (path / "inside").write_bytes(b"")
    cache.keep_content(digest_of(b"x"), "", b"x")
    assert cache.content(digest_of(b"x"), 10) is None
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_many_at_once_never_see_half_a_file(tmp_path: Path) -> None:
    bodies = [bytes([letter]) * 100_000 for letter in b"abc"]

    def work(number: int) -> None:
        own = Cache(tmp_path, lambda: float(number))
        for body in bodies:
            own.keep_content(digest_of(body), "t", body)
            # Never None: a file that another run replaces is whole at every moment.
            assert own.content(digest_of(body), 100_000) == ("t", body)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3


def test_the_oldest_are_removed_once_a_day(tmp_path: Path) -> None:
    times = [0.0]
    cache = Cache(tmp_path, lambda: times[0], max_bytes=5 * 10_000)
    bodies = [bytes([letter]) * 9_990 for letter in b"abcdefgh"]

    def kept() -> str:
        return "".join(chr(body[0]) for body in bodies if cache.content(digest_of(body), 9_990))

    def fill() -> None:
        for body in bodies:
            cache.keep_content(digest_of(body), "", body)
        for number, body in enumerate(bodies):
            os.utime(next(tmp_path.rglob(digest_of(body).hex)), (number, number))

    fill()
    cache.trim()
    assert kept() == "defgh"
    fill()
    times[0] = DAY - 1
    cache.trim()
    assert kept() == "abcdefgh"
    fill()
    times[0] = DAY + 1
    cache.trim()
    assert kept() in ("efgh", "defgh")  # the mark of the last time takes room as well


def test_what_is_in_use_is_not_among_the_oldest(cache: Cache, tmp_path: Path) -> None:
    cache.keep_content(digest_of(b"x"), "", b"x")
    path = only_file(tmp_path)
    os.utime(path, (5, 5))
    cache.content(digest_of(b"x"), 10)
    assert path.stat().st_mtime > 5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "less than a minute ago"),
        (59, "less than a minute ago"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (2 * DAY - 1, "1 day ago"),
        (40 * DAY, "40 days ago"),
    ],
)
def test_ages_in_words(seconds: float, words: str) -> None:
    assert age(seconds) == words


# --- the resolver ---


def test_a_tag_is_asked_for_every_time(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", NGINX, tag_answer(A), tag_answer(B))
    assert resolve(registry, tmp_path, "nginx:1") == [ANSWER]
    assert resolve(registry, tmp_path, "nginx:1") == [Resolved(Digest.parse(B), OCI_INDEX)]


def test_offline_the_last_answer_is_given_and_its_age_told(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", NGINX, tag_answer(B), tag_answer(A))
    resolve(registry, tmp_path, "nginx:1")
    resolve(registry, tmp_path, "nginx:1", now=2000.0)
    clock, environment = FakeClock(2000.0 + 3 * DAY), {"XDG_CACHE_HOME": str(tmp_path)}
    asked = resolver(registry, settings=OFFLINE, environment=environment, clock=clock)
    assert not asked.warnings
    assert ask(asked, "nginx:1") == [ANSWER]
    assert asked.warnings == ("nobody was asked: 1 remembered answer, the oldest from 3 days ago",)
    assert len(registry.asked) == 2


def test_offline_the_oldest_of_many_is_told(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", NGINX, tag_answer(A))
    registry.on("TAG", f"{HUB}library/redis/manifests/1", tag_answer(B))
    resolve(registry, tmp_path, "nginx:1", now=0.0)
    resolve(registry, tmp_path, "redis:1", now=DAY)
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    asked = resolver(registry, settings=OFFLINE, environment=environment, clock=FakeClock(2 * DAY))
    ask(asked, "redis:1", "nginx:1")
    assert asked.warnings == ("nobody was asked: 2 remembered answers, the oldest from 2 days ago",)


def test_offline_what_nobody_said_is_an_error_and_nobody_is_asked(registry: ScriptedRegistry, tmp_path: Path) -> None:
    error = resolve(registry, tmp_path, "nginx:1", settings=OFFLINE)[0]
    assert type(error) is UnavailableError
    assert error.message == (
        "cannot resolve `nginx:1`: no answer of docker.io is remembered and --offline forbids to ask"
    )
    assert error.hint == "run it once without --offline"


def test_offline_another_platform_or_endpoint_is_another_question(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", NGINX, tag_answer(A))
    resolve(registry, tmp_path, "nginx:1")
    assert isinstance(resolve(registry, tmp_path, "nginx:1", settings=OFFLINE, platform="linux/amd64")[0], ResolveError)
    moved = OFFLINE._replace(registries={"docker.io": RegistryOptions(endpoint="https://mirror.example")})
    assert isinstance(resolve(registry, tmp_path, "nginx:1", settings=moved)[0], ResolveError)


@pytest.mark.parametrize("settings", [Settings(use_cache=False), Settings()])
def test_nothing_is_kept_where_nothing_may_be(registry: ScriptedRegistry, tmp_path: Path, settings: Settings) -> None:
    registry.on("TAG", NGINX, tag_answer(A))
    environment = {} if settings.use_cache else {"XDG_CACHE_HOME": str(tmp_path)}
    assert ask(resolver(registry, settings=settings, environment=environment), "nginx:1") == [ANSWER]
    assert not list(tmp_path.iterdir())


def test_no_cache_reads_nothing(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", NGINX, tag_answer(A))
    resolve(registry, tmp_path, "nginx:1")
    answer = resolve(registry, tmp_path, "nginx:1", settings=OFFLINE._replace(use_cache=False))[0]
    assert isinstance(answer, UnavailableError)


def test_a_failure_is_not_remembered(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", NGINX, Answer(404))
    registry.on("GET", NGINX, Answer(404))
    resolve(registry, tmp_path, "nginx:1")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_offline_a_private_answer_is_for_those_it_was_for(
    registry: ScriptedRegistry, tmp_path: Path, scheme: str
) -> None:
    url = "https://r.example/v2/team/app/manifests/1"
    basic = f"Basic {base64.b64encode(b'alice:s3cret').decode()}"
    if scheme == "basic":
        registry.on("TAG", url, challenge("Basic"))
        registry.on("TAG", url, tag_answer(A), authorization=basic)
    else:
        registry.on("TAG", url, bearer("team/app", "https://r.example/token", "s"))
        address = "https://r.example/token?service=s&account=alice&scope=repository%3Ateam%2Fapp%3Apull"
        registry.on("GET", address, token("t"), authorization=basic)
        registry.on("TAG", url, tag_answer(A), authorization="Bearer t")
    name = "r.example/team/app:1"
    assert resolve(registry, tmp_path, name, environment=login("alice")) == [ANSWER]
    assert resolve(registry, tmp_path, name, environment=login("alice"), settings=OFFLINE) == [ANSWER]
    for environment in ({}, login("bob"), login("alice", "else")):
        assert isinstance(resolve(registry, tmp_path, name, environment=environment, settings=OFFLINE)[0], ResolveError)


def test_offline_a_public_answer_is_for_everybody(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", "https://r.example/v2/team/app/manifests/1", tag_answer(A))
    name = "r.example/team/app:1"
    assert resolve(registry, tmp_path, name, environment=login("alice")) == [ANSWER]
    assert resolve(registry, tmp_path, name, environment=login("bob"), settings=OFFLINE) == [ANSWER]


def nested(registry: ScriptedRegistry, times: int) -> Resolved:
    """Have ``r.example/a:1`` be an index of an index, each part below the tag served so many times."""
    child = make_image("one")
    inner = make_index([Image(child.top, child.blobs)])
    outer = make_index([inner])
    base = "https://r.example/v2/a"
    registry.on("GET", f"{base}/manifests/1", *[manifest_answer(outer.top.data, outer.media_type)] * 2)
    for top in (inner.top, child.top):
        registry.on("GET", f"{base}/manifests/{top.digest}", *[manifest_answer(top.data, top.media_type)] * times)
    registry.on("GET", f"{base}/blobs/{child.blobs[0].digest}", *[Answer(200, (), child.blobs[0].data)] * times)
    return Resolved(Digest.parse(child.digest), child.media_type)


def test_the_content_behind_a_platform_is_fetched_once(registry: ScriptedRegistry, tmp_path: Path) -> None:
    expected = nested(registry, times=1)
    for _ in range(2):
        answers = ask(
            resolver(registry, environment={"XDG_CACHE_HOME": str(tmp_path)}), "r.example/a:1", platform="linux/amd64"
        )
        assert answers == [expected]
    assert len(registry.asked) == 4 + 1
    registry.assert_used_up()


def test_content_that_was_tampered_with_is_fetched_again(registry: ScriptedRegistry, tmp_path: Path) -> None:
    expected = nested(registry, times=2)
    for _ in range(2):
        answers = ask(
            resolver(registry, environment={"XDG_CACHE_HOME": str(tmp_path)}), "r.example/a:1", platform="linux/amd64"
        )
        assert answers == [expected]
        for path in tmp_path.rglob("content/*/*/*"):
            path.write_bytes(path.read_bytes().replace(b"linux", b"minix").replace(b"sha256", b"sha265"))
    registry.assert_used_up()


def test_content_is_for_ever_and_tags_are_not_taken_from_it(registry: ScriptedRegistry, tmp_path: Path) -> None:
    old, new = make_image("old"), make_image("new")
    url = "https://r.example/v2/a/manifests/1"
    registry.on("GET", url, *(manifest_answer(image.top.data, image.media_type) for image in (old, new)))
    for image in (old, new):
        config = image.blobs[0]
        registry.on("GET", f"https://r.example/v2/a/blobs/{config.digest}", Answer(200, (), config.data))
    for image in (old, new):
        answers = ask(
            resolver(registry, environment={"XDG_CACHE_HOME": str(tmp_path)}), "r.example/a:1", platform="linux/amd64"
        )
        assert answers == [Resolved(Digest.parse(image.digest), image.media_type)]
