"""What registries say beside the answer: limits that are nearly used up, and warnings."""

from __future__ import annotations

import json

import httpx
import pytest
from images import make_multi_platform
from scripted_registry import (
    HUB,
    A,
    Answer,
    ScriptedRegistry,
    ask,
    bearer,
    manifest_answer,
    refusal,
    resolver,
    tag_answer,
    token,
)

from pinner.errors import RateLimitedError, ResolveError
from pinner.http.errors import Reply
from pinner.http.rate_limit_headers import Notices, RateLimit
from pinner.model import Resolved
from pinner.oci.resolver import Listener

HOST = "registry-1.docker.io"
IMAGE = make_multi_platform("app")


def reply(*headers: tuple[str, str], host: str = HOST) -> Reply:
    return Reply(200, httpx.Headers(headers), b"", httpx.URL(f"https://{host}/v2/a/manifests/1"))


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        pytest.param(
            (
                ("ratelimit-limit", "100;w=21600"),
                ("ratelimit-remaining", "76;w=21600"),
                ("docker-ratelimit-source", "203.0.113.7"),
            ),
            RateLimit(HOST, 100, 76, 21_600, "203.0.113.7"),
            id="Docker Hub",
        ),
        pytest.param(
            (("RateLimit-Limit", "100"), ("RateLimit-Remaining", "0")), RateLimit(HOST, 100, 0, None, None), id="bare"
        ),
        pytest.param((("ratelimit-remaining", " 7 ; w=60"),), RateLimit(HOST, None, 7, 60, None), id="no limit"),
        pytest.param(
            (("ratelimit-limit", "10;w=1, 10;w=3600"), ("ratelimit-remaining", "x")),
            RateLimit(HOST, 10, None, 1, None),
            id="several windows",
        ),
        pytest.param(
            (("ratelimit-limit", "1;w=2"), ("docker-ratelimit-source", "\x1b[31m" + "x" * 500)),
            RateLimit(HOST, 1, None, 2, "[31m" + "x" * 195 + "…"),
            id="an escape sequence",
        ),
    ],
)
def test_what_a_host_says_of_its_limit_is_kept(headers: tuple[tuple[str, str], ...], limit: RateLimit) -> None:
    notices = Notices()
    notices.observe(reply(*headers))
    assert notices.rate_limits == (limit,)


@pytest.mark.parametrize("value", ["", "x", "-1", ";w=1"])
def test_what_is_no_quantity_is_no_limit(value: str) -> None:
    notices = Notices()
    notices.observe(reply(("ratelimit-limit", value), ("ratelimit-remaining", value)))
    assert notices.rate_limits == ()


def test_hosts_are_kept_apart_and_the_last_word_counts() -> None:
    notices = Notices()
    for host, remaining in (("b.example", 9), ("a.example", 5), ("b.example", 8)):
        notices.observe(reply(("ratelimit-remaining", str(remaining)), host=host))
    assert [(limit.host, limit.remaining) for limit in notices.rate_limits] == [("a.example", 5), ("b.example", 8)]


LIMITED = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "2;w=21600"}


def test_a_run_that_wants_more_than_is_left_is_warned_of_once() -> None:
    registry = ScriptedRegistry()
    names = [f"team/app{number}:1" for number in range(4)]
    for number in range(4):
        registry.on("GET", f"{HUB}team/app{number}/manifests/1", manifest_answer(IMAGE.top.data, **LIMITED))
    asked = resolver(registry)
    answers = ask(asked, *names, platform="linux/amd64")
    assert all(isinstance(answer, Resolved) for answer in answers)
    warning = (
        f"{HOST} lets 2 more manifests be fetched (of 100 in 6 hours), and this run wants 3: "
        "log in for a higher limit, or pin without a platform, which fetches none"
    )
    assert asked.warnings == (warning,)


def test_heads_do_not_count() -> None:
    registry = ScriptedRegistry()
    for number in range(3):
        answer = tag_answer(A)
        registry.on(
            "TAG",
            f"{HUB}team/app{number}/manifests/1",
            Answer(200, (*answer.headers, ("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "0;w=21600"))),
        )
    asked = resolver(registry)
    answers = ask(asked, *(f"team/app{number}:1" for number in range(3)))
    assert all(isinstance(answer, Resolved) for answer in answers)
    assert asked.warnings == ()


def test_what_is_just_enough_is_not_warned_of() -> None:
    registry = ScriptedRegistry()
    for number in range(3):
        registry.on("GET", f"{HUB}team/app{number}/manifests/1", manifest_answer(IMAGE.top.data, **LIMITED))
    asked = resolver(registry)
    ask(asked, "team/app0:1", "team/app1:1", "team/app2:1", platform="linux/amd64")
    assert asked.warnings == ()


def test_a_limit_that_is_used_up_is_not_tried() -> None:
    registry = ScriptedRegistry()
    limited = (("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "0;w=21600"))
    registry.on("TAG", f"{HUB}team/app/manifests/1", Answer(200, limited))
    answer = ask(resolver(registry), "team/app:1")[0]
    assert isinstance(answer, RateLimitedError)
    assert answer.message == (
        f"cannot resolve `team/app:1`: {HOST} lets no more manifests be fetched (of 100 in 6 hours)"
    )
    assert answer.hint == "wait, log in for a higher limit, or pin without a platform: that fetches none"


@pytest.mark.parametrize(
    ("method", "address"), [("TAG", f"{HUB}a/manifests/1"), ("GET", f"{HUB}a/blobs/x"), ("GET", f"{HUB}")]
)
def test_what_does_not_count_is_asked_all_the_same(method: str, address: str) -> None:
    notices = Notices()
    notices.observe(reply(("ratelimit-remaining", "0;w=21600")))
    notices.check(method, httpx.URL(address))
    with pytest.raises(RateLimitedError) as caught:
        notices.check("GET", httpx.URL(f"{HUB}a/manifests/1"))
    assert caught.value.message == f"{HOST} lets no more manifests be fetched"
    notices.check("GET", httpx.URL("https://other.example/v2/a/manifests/1"))


def test_what_was_wanted_is_wanted_no_more_after_an_error() -> None:
    warnings: list[str] = []
    notices = Notices(warnings.append)
    with pytest.raises(KeyError), notices.wanting(HOST, 5):
        raise KeyError
    notices.observe(reply(("ratelimit-remaining", "1;w=21600")))
    assert warnings == []


@pytest.mark.parametrize("remaining", ["0", "0;w=60"])
def test_a_limit_that_the_next_minute_lifts_is_no_budget(remaining: str) -> None:
    warnings: list[str] = []
    notices = Notices(warnings.append)
    with notices.wanting(HOST, 5):
        notices.observe(reply(("ratelimit-limit", "10"), ("ratelimit-remaining", remaining)))
    notices.check("GET", httpx.URL(f"{HUB}a/manifests/1"))
    assert warnings == []


def test_a_registrys_warning_is_told_once_and_never_obeyed() -> None:
    registry = ScriptedRegistry()
    warned = ("Warning", '299 - "team/app moves to \\"new.example\\" on \x1b[31mMonday"')
    for number in range(2):
        answer = tag_answer(A)
        registry.on("TAG", f"{HUB}team/app{number}/manifests/1", Answer(200, (*answer.headers, warned)))
    asked = resolver(registry)
    answers = ask(asked, "team/app0:1", "team/app1:1")
    assert all(isinstance(answer, Resolved) for answer in answers)
    assert asked.warnings == (f'{HOST} warns: team/app moves to \\"new.example\\" on [31mMonday',)


@pytest.mark.parametrize("value", ['199 - "old"', "299 -", "299 - text", '299 - "' + "x" * 5000 + '"'])
def test_what_is_no_warning_of_that_kind_is_passed_over(value: str) -> None:
    warnings: list[str] = []
    Notices(warnings.append).observe(reply(("Warning", value)))
    assert warnings == []


def test_a_host_has_five_warnings_at_the_most() -> None:
    warnings: list[str] = []
    notices = Notices(warnings.append)
    for number in range(20):
        notices.observe(reply(("Warning", f'299 - "number {number}"')))
    assert len(warnings) == 5


def test_a_refusal_says_its_warnings_too() -> None:
    registry = ScriptedRegistry()
    body = json.dumps({"errors": [{"code": "X", "message": "gone"}]}).encode()
    headers = (("Warning", '299 - "closing down"'), ("ratelimit-remaining", "7"))
    registry.on("TAG", f"{HUB}team/app/manifests/1", refusal(404))
    registry.on("GET", f"{HUB}team/app/manifests/1", Answer(404, headers, body))
    asked = resolver(registry)
    assert isinstance(ask(asked, "team/app:1")[0], ResolveError)
    assert asked.warnings == (f"{HOST} warns: closing down",)


def test_docker_hub_is_heard_about_its_limit_before_more_is_fetched() -> None:
    registry = ScriptedRegistry()
    names = [f"team/app{number}" for number in range(4)]
    registry.pause = 0.01
    registry.on("GET", f"{HUB}{names[0]}/manifests/1", bearer(names[0]))
    scopes = "".join(f"&scope=repository%3Ateam%2Fapp{number}%3Apull" for number in range(4))
    registry.on("GET", f"https://auth.docker.io/token?service=registry.docker.io{scopes}", token("t1"))
    for name in names:
        answer = manifest_answer(IMAGE.top.data, **LIMITED)
        registry.on("GET", f"{HUB}{name}/manifests/1", answer, authorization="Bearer t1")
    fetched_before: list[int] = []

    def on_warning(_: str) -> None:
        fetched_before.append(sum(authorization is not None for *_, authorization in registry.asked))

    # The first row of the first name is the challenge: the two rows differ in their authorization.
    answers = ask(
        resolver(registry, listener=Listener(on_warning, on_warning)),
        *(f"{name}:1" for name in names),
        platform="linux/amd64",
    )
    registry.assert_used_up()
    assert all(isinstance(answer, Resolved) for answer in answers)
    assert fetched_before == [1]
