"""When to ask again, how long to wait, and how many at once."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

import httpx
import pytest
from scripted_registry import (
    HUB,
    OCI_INDEX,
    A,
    Answer,
    FakeClock,
    ScriptedRegistry,
    ask,
    refusal,
    resolver,
    tag_answer,
)
from virtual_time import run_virtually

from pinner.config import Settings
from pinner.errors import RateLimitedError, UnavailableError
from pinner.http.retry import RetryPolicy, backoff, retry_after
from pinner.model import Resolved
from pinner.reference import Digest, ImageReference

ANSWER = Resolved(Digest.parse(A), OCI_INDEX)
TAG = f"{HUB}library/nginx/manifests/1"
SOON = RetryPolicy(deadline=0.1)


@pytest.fixture
def registry() -> ScriptedRegistry:
    return ScriptedRegistry()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 522])
def test_what_may_pass_is_asked_four_times_with_growing_pauses(
    registry: ScriptedRegistry, clock: FakeClock, status: int
) -> None:
    registry.on("TAG", TAG, *[refusal(status)] * 3, tag_answer(A))
    assert ask(resolver(registry, clock=clock), "nginx:1") == [ANSWER]
    assert clock.slept == [0.25, 0.5, 1.0]


@pytest.mark.parametrize("status", [400, 403, 404, 410, 501, 505])
def test_what_does_not_pass_is_not_asked_again(registry: ScriptedRegistry, clock: FakeClock, status: int) -> None:
    registry.on("TAG", TAG, refusal(status))
    registry.on("GET", TAG, refusal(status))
    ask(resolver(registry, clock=clock), "nginx:1")
    assert clock.slept == []


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    ],
)
def test_a_broken_connection_is_tried_again(
    registry: ScriptedRegistry, clock: FakeClock, error: httpx.TransportError
) -> None:
    registry.on("TAG", TAG, error, error, tag_answer(A))
    assert ask(resolver(registry, clock=clock), "nginx:1") == [ANSWER]


def test_connections_that_stay_broken_are_an_answer(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, *[httpx.ReadTimeout("slow")] * 4)
    answer = ask(resolver(registry), "nginx:1")[0]
    assert type(answer) is UnavailableError
    assert answer.message == "cannot resolve `nginx:1`: registry-1.docker.io does not answer in time"


def test_a_pause_within_the_budget_is_kept(registry: ScriptedRegistry, clock: FakeClock) -> None:
    registry.on("TAG", TAG, refusal(429, Retry_After="12"), refusal(503, Retry_After="12"), tag_answer(A))
    assert ask(resolver(registry, clock=clock), "nginx:1") == [ANSWER]
    assert clock.slept == [12.0, 12.0]


def test_a_pause_may_be_a_date(registry: ScriptedRegistry, clock: FakeClock) -> None:
    registry.on("TAG", TAG, refusal(429, Retry_After=formatdate(1007, usegmt=True)), tag_answer(A))
    assert ask(resolver(registry, clock=clock), "nginx:1") == [ANSWER]
    assert clock.slept == [7.0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_over_the_budget_is_the_answer_at_once(
    registry: ScriptedRegistry, clock: FakeClock, status: int
) -> None:
    registry.on("TAG", TAG, refusal(status, Retry_After="86400"))
    answer = ask(resolver(registry, clock=clock), "nginx:1")[0]
    assert type(answer) is RateLimitedError
    assert answer.retry_after == 86400.0
    assert answer.message == "cannot resolve `nginx:1`: docker.io asks for a pause of 86400 seconds"
    assert "wait 86400 seconds" in str(answer.hint)
    assert clock.slept == []


def test_pauses_add_up_to_the_budget(registry: ScriptedRegistry, clock: FakeClock) -> None:
    registry.on("TAG", TAG, *[refusal(429, Retry_After="20")] * 2)
    answer = ask(resolver(registry, clock=clock), "nginx:1")[0]
    assert isinstance(answer, RateLimitedError)
    assert clock.slept == [20.0]


def test_a_pause_holds_for_everybody_at_that_host(registry: ScriptedRegistry, clock: FakeClock) -> None:
    registry.on("TAG", TAG, refusal(429, Retry_After="3600"))
    answers = ask(resolver(registry, clock=clock), "nginx:1", "redis:1", "busybox:1")
    assert all(isinstance(answer, RateLimitedError) for answer in answers)
    assert len(registry.asked) == 1


def test_a_pause_that_others_began_is_waited_out(registry: ScriptedRegistry, clock: FakeClock) -> None:
    registry.on("TAG", TAG, refusal(429, Retry_After="5"), tag_answer(A))
    asked = resolver(registry, clock=clock, settings=Settings(jobs=2))
    second = f"{HUB}library/redis/manifests/1"
    registry.on("TAG", second, tag_answer(A))
    assert ask(asked, "nginx:1", "redis:1") == [ANSWER, ANSWER]
    assert 5.0 in clock.slept


def test_a_limit_without_a_time_ends_after_four_attempts(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, *[refusal(429)] * 4)
    answer = ask(resolver(registry), "nginx:1")[0]
    assert isinstance(answer, RateLimitedError)
    assert answer.retry_after is None
    assert answer.message == "cannot resolve `nginx:1`: docker.io says too many requests"


def test_four_attempts_are_the_end_even_with_short_pauses(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, *[refusal(503, Retry_After="0")] * 4)
    assert type(ask(resolver(registry), "nginx:1")[0]) is UnavailableError


def test_a_question_has_a_deadline(registry: ScriptedRegistry) -> None:
    registry.pause = 5.0
    registry.on("TAG", TAG, tag_answer(A))
    answer = ask(resolver(registry, retry_policy=SOON), "nginx:1")[0]
    assert type(answer) is UnavailableError
    assert answer.message == "cannot resolve `nginx:1`: docker.io gave no answer within 0.1 seconds"


def test_waiting_for_a_turn_is_not_the_questions_time(registry: ScriptedRegistry) -> None:
    registry.pause = 0.03
    names = [f"a{number}:1" for number in range(8)]
    for name in names:
        registry.on("TAG", f"{HUB}library/{name[:-2]}/manifests/1", tag_answer(A))
    asked = resolver(registry, retry_policy=SOON, settings=Settings(jobs=1))
    assert ask(asked, *names) == [ANSWER] * 8


def test_a_host_that_never_answered_is_not_asked_again(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, *[httpx.ConnectError("refused")] * 4)
    answers = ask(resolver(registry), "nginx:1", *(f"a{number}:1" for number in range(20)))
    assert all(isinstance(answer, UnavailableError) for answer in answers)
    assert "`a7:1`: registry-1.docker.io cannot be reached" in str(answers[8])
    assert len(registry.asked) == 4


def test_a_host_that_answered_once_is_asked_on(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, tag_answer(A))
    registry.on("TAG", f"{HUB}library/b/manifests/1", *[httpx.ReadError("reset")] * 4)
    registry.on("TAG", f"{HUB}library/c/manifests/1", tag_answer(A))
    first, second, third = ask(resolver(registry, settings=Settings(jobs=1)), "nginx:1", "b:1", "c:1")
    assert (first, third) == (ANSWER, ANSWER)
    assert "the connection to registry-1.docker.io broke" in str(second)


@pytest.mark.parametrize(("jobs", "most"), [(None, 16), (3, 3), (1, 1)])
def test_no_more_than_so_many_at_once_for_a_host(registry: ScriptedRegistry, jobs: int | None, most: int) -> None:
    registry.pause = 0.005
    for number in range(40):
        registry.on("TAG", f"{HUB}library/a{number}/manifests/1", tag_answer(A))
    asked = resolver(registry, settings=Settings(jobs=jobs))
    assert ask(asked, *(f"a{number}:1" for number in range(40))) == [ANSWER] * 40
    assert registry.most_at_once == most


@pytest.mark.parametrize(
    ("host", "jobs", "most"),
    [("registry.example", None, 32), ("ghcr.io", None, 16), ("ghcr.io", 20, 20), ("registry.example", 2, 2)],
)
def test_hosts_that_mind_are_asked_fewer_at_once_unless_told_otherwise(
    registry: ScriptedRegistry, host: str, jobs: int | None, most: int
) -> None:
    registry.pause = 0.005
    names = [f"{host}/a{number}:1" for number in range(80)]
    for number in range(80):
        registry.on("TAG", f"https://{host}/v2/a{number}/manifests/1", tag_answer(A))
    assert ask(resolver(registry, settings=Settings(jobs=jobs)), *names) == [ANSWER] * 80
    assert registry.most_at_once == most


def test_hosts_do_not_wait_for_each_other(registry: ScriptedRegistry) -> None:
    registry.pause = 0.02
    hosts = [f"registry{number}.example" for number in range(12)]
    for host in hosts:
        registry.on("TAG", f"https://{host}/v2/a/manifests/1", tag_answer(A))
    ask(resolver(registry, settings=Settings(jobs=1)), *(f"{host}/a:1" for host in hosts))
    assert registry.most_at_once == 12


def test_a_cancelled_question_frees_its_place(registry: ScriptedRegistry) -> None:
    async def cancel_then_ask() -> Resolved:
        async with resolver(registry, settings=Settings(jobs=1)) as asked:
            registry.pause = 10
            slow = asyncio.create_task(asked.resolve(ImageReference.parse("nginx:1"), None))
            await asyncio.sleep(0.01)
            slow.cancel()
            registry.pause = 0
            return await asked.resolve(ImageReference.parse("redis:1"), None)

    registry.on("TAG", TAG, tag_answer(A))
    registry.on("TAG", f"{HUB}library/redis/manifests/1", tag_answer(A))
    assert run_virtually(cancel_then_ask()).digest == ANSWER.digest


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("٣", None),
        ("9" * 400, 999999999.0),
        (formatdate(900, usegmt=True), 0.0),
        (formatdate(1060, usegmt=True), 60.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, wall=1000.0) == seconds


def test_the_back_off_is_jittered_fully_and_capped() -> None:
    retry_policy = RetryPolicy()
    assert backoff(1, retry_policy, 0.0) == 0.0
    assert backoff(3, retry_policy, 0.5) == 0.5
    assert backoff(50, retry_policy, 1.0) == 20.0


def test_an_answer_of_no_use_opens_the_gate_too(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, Answer(404))
    registry.on("GET", TAG, Answer(404))
    registry.on("TAG", f"{HUB}library/redis/manifests/1", tag_answer(A))
    assert ask(resolver(registry), "nginx:1", "redis:1")[1] == ANSWER


def test_a_run_has_a_time_and_what_was_answered_in_it_stays(registry: ScriptedRegistry) -> None:
    names = [f"a{number}:1" for number in range(12)]
    for name in names:
        registry.on("TAG", f"{HUB}library/{name[:-2]}/manifests/1", tag_answer(A))
    registry.pause = 0.1
    answers = ask(resolver(registry, settings=Settings(jobs=1, timeout=0.35)), *names)
    assert answers[:3] == [ANSWER] * 3
    late = answers[3:]
    assert {type(answer) for answer in late} == {UnavailableError}
    assert {str(answer).partition(": ")[2] for answer in late} == {
        "docker.io has not answered, and the time of this run, 0.35 s, is over"
    }
    assert {answer.hint for answer in late if isinstance(answer, UnavailableError)} == {
        "give it more time: --timeout, or `timeout` in the settings"
    }
    assert len(registry.asked) == 4


def test_a_pause_does_not_lengthen_the_run(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(429, Retry_After="20"), tag_answer(A))
    real = resolver(registry, settings=Settings(timeout=0.2), clock=LoopClock())
    answer = ask(real, "nginx:1")[0]
    assert "the time of this run, 0.2 s, is over" in str(answer)


def test_a_run_without_a_time_has_all_it_needs(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, tag_answer(A))
    assert ask(resolver(registry, settings=Settings(timeout=None)), "nginx:1") == [ANSWER]


class LoopClock(FakeClock):
    """The time of the loop, which limits of time count as well."""

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
