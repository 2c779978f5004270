"""Many repositories: each on its own, in order, by shards, with one registry for all."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from botfleet import see_to
from botplace import NGINX
from fakes import FakeRegistry
from forge_double import ForgeDouble
from locks import digest, image

from pinner.bot.batch import Registries, Shard, SharedRegistry, parse_shard, tally
from pinner.bot.report import render_json, report_lines, summary_lines
from pinner.config import Settings
from pinner.errors import ConfigError, NotFoundError, UnavailableError
from pinner.oci.resolver import Allowance
from pinner.reference import ImageReference
from pinner.report.style import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pinner.model import Resolved
    from pinner.reference import Platform

OLD = f"FROM nginx:1.27@{digest('old')}\n"


@pytest.fixture
def registry() -> FakeRegistry:
    registry = FakeRegistry()
    for word in ("old", "new"):
        made = image(word)
        registry.images[f"docker.io/library/nginx@{made.digest}"] = made
        registry.tags[NGINX] = made.digest
    return registry


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[ForgeDouble]:
    with ForgeDouble(tmp_path) as forge:
        yield forge


def test_every_repository_gets_exactly_one_pull_request_whatever_goes_wrong(
    forge: ForgeDouble, registry: FakeRegistry
) -> None:
    names = [f"acme/app{number:02}" for number in range(8)]
    for name in names:
        forge.add_repository(name, {"Dockerfile": OLD})
    faults = [
        forge.inject("secondary", path="/api/", times=-1, every=9, retry_after=1.0),
        forge.inject("error-after", path="/api/", times=-1, every=23),
        forge.inject("lost-after", path="/api/", times=-1, every=29),
        forge.inject("error-before", path="/api/", times=-1, every=31),
    ]
    reports = see_to(forge, registry)
    assert [report.name for report in reports] == names
    assert all(fault.done for fault in faults)
    # However it went, another run does what is left, and no more.
    reports = see_to(forge, registry)
    assert [len(forge.repository(name).pulls) for name in names] == [1] * 8
    assert all(report.is_complete for report in reports)
    forge.faults.clear()
    forge.forget()
    assert tally(see_to(forge, registry)) == {"unchanged": 8}
    assert forge.writes == []
    assert registry.asked == [NGINX] * 3  # once a run


def test_what_may_not_be_opened_now_is_left_for_later_without_a_branch(
    forge: ForgeDouble, registry: FakeRegistry
) -> None:
    names = [f"acme/app{number}" for number in range(6)]
    for name in names:
        forge.add_repository(name, {"Dockerfile": OLD})
    reports = see_to(forge, registry, at_once=2, content=[(2, 3600.0)])
    assert tally(reports) == {"opened": 2, "later": 4}
    assert all(report.is_complete for report in reports), "another run goes on: that is no failure"
    assert sum(forge.repository(name).head("pinner/digests") is not None for name in names) == 2
    # All but the one that was at work when the last turn was taken are not even cloned.
    assert len({seen.path.partition(".git/")[0] for seen in forge.git_requests}) <= 3
    lines = [line for report in reports[-1:] for line in report_lines(report, PLAIN)]
    assert lines == ["acme/app5: later: the forge lets us open no more for 60 minutes: a later run does"]
    value = json.loads(render_json(reports, dry_run=False))
    assert "60 minutes" in value["repositories"][-1]["later"]
    # What is open is still seen to, and the rest comes with the next hours.
    reports = see_to(forge, registry, content=[(4, 3600.0)])
    assert tally(reports) == {"opened": 4, "unchanged": 2}
    assert [len(forge.repository(name).pulls) for name in names] == [1] * 6


def test_of_two_pull_requests_the_second_waits_for_a_later_run(forge: ForgeDouble, registry: FakeRegistry) -> None:
    compose = "services: {a: {image: 'nginx:1.27'}}\n"
    forge.add_repository("acme/app", {"Dockerfile": OLD, "compose.yaml": compose})
    (report,) = see_to(forge, registry, content=[(1, 3600.0)])
    assert tally([report]) == {"opened": 1, "later": 1}
    lines = list(report_lines(report, PLAIN))
    assert lines[1] == "acme/app: later pinner/pins: the forge lets us open no more for 60 minutes: a later run does"
    assert forge.repository("acme/app").head("pinner/pins") is None
    assert tally(see_to(forge, registry, content=[(1, 3600.0)])) == {"opened": 1, "unchanged": 1}


def test_a_minutes_limit_is_waited_for(forge: ForgeDouble, registry: FakeRegistry) -> None:
    for number in range(5):
        forge.add_repository(f"acme/app{number}", {"Dockerfile": OLD})
    assert tally(see_to(forge, registry, at_once=1, content=[(2, 60.0)])) == {"opened": 5}


def test_a_forge_that_asks_for_a_long_pause_is_left_alone(forge: ForgeDouble, registry: FakeRegistry) -> None:
    names = [f"acme/app{number}" for number in range(4)]
    for name in names:
        forge.add_repository(name, {"Dockerfile": OLD})
    forge.inject("secondary", method="POST", path="/pulls$", retry_after=3000.0)
    reports = see_to(forge, registry, names, at_once=1)
    assert tally(reports) == {"failed": 4}
    assert [forge.repository(name).head("pinner/digests") is not None for name in names] == [True, False, False, False]
    last = forge.requests[-1]
    assert (last.method, last.path.rpartition("/")[2], last.status) == ("POST", "pulls", 403), "and nothing after it"


def test_trouble_of_one_is_not_the_others(forge: ForgeDouble, registry: FakeRegistry) -> None:
    forge.add_repository("acme/a", {"Dockerfile": OLD})
    forge.add_repository("acme/b", {"Dockerfile": OLD, "pinner.toml": "wrong = 1\n"})
    forge.add_repository("acme/c", {"Dockerfile": OLD}, rights="read")
    forge.add_repository("acme/d", {"Dockerfile": OLD})
    reports = see_to(forge, registry, ["acme/a", "acme/b", "acme/c", "acme/none", "acme/d"])
    assert [report.is_complete for report in reports] == [True, False, False, False, True]
    errors = [report.error.message for report in reports if report.error]
    assert errors[0] == "pinner.toml: unknown key `wrong`"
    assert "acme/none" in errors[1]
    refused = reports[2].published
    assert refused is not None
    assert str(refused.steps[0].error).startswith("the token may not push to `pinner/digests`")
    assert "\n".join(summary_lines(tally(reports), len(reports), PLAIN)) == "5 repositories:\n  2  opened\n  3  failed"


def test_repository_that_takes_too_long_is_given_up(forge: ForgeDouble, registry: FakeRegistry) -> None:
    forge.add_repository("acme/a", {"Dockerfile": OLD})
    (report,) = see_to(forge, registry, ["acme/a"], patience=0.01)
    assert report.error is not None
    assert report.error.message == "took longer than 0.01 seconds"


def test_archived_forked_and_empty_repositories_are_skipped_with_the_reason(
    forge: ForgeDouble, registry: FakeRegistry
) -> None:
    forge.add_repository("acme/a", {"Dockerfile": OLD}, archived=True)
    forge.add_repository("acme/b", {"Dockerfile": OLD}, fork=True)
    forge.add_repository("acme/c", {"Dockerfile": "FROM scratch\n"})
    lines = [line for report in see_to(forge, registry) for line in report_lines(report, PLAIN)]
    assert lines == [
        "acme/a: skipped: it is archived",
        "acme/b: skipped: it is a fork",
        "acme/c: nothing to do: every digest is what its tag means, and there is no pull request",
    ]


def test_fork_that_is_named_is_seen_to(forge: ForgeDouble, registry: FakeRegistry) -> None:
    forge.add_repository("acme/b", {"Dockerfile": OLD}, fork=True)
    (report,) = see_to(forge, registry, ["acme/b"])
    assert tally([report]) == {"opened": 1}


def test_interrupted_run_leaves_nothing_half_done(forge: ForgeDouble, registry: FakeRegistry) -> None:
    names = [f"acme/app{number}" for number in range(6)]
    for name in names:
        forge.add_repository(name, {"Dockerfile": OLD})

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        see_to(forge, registry, names, on_report=stop)
    reports = see_to(forge, registry, names)
    assert all(report.is_complete for report in reports)
    assert [len(forge.repository(name).pulls) for name in names] == [1] * 6


def test_shards_share_the_work_and_miss_nothing() -> None:
    names = [f"acme/app{number}" for number in range(1000)]
    shares = [[name for name in names if Shard(number, 4).has(name)] for number in range(4)]
    assert sorted(name for share in shares for name in share) == sorted(names)
    assert all(len(share) > 150 for share in shares)


@pytest.mark.parametrize("text", ["4/4", "1/0", "1", "a/b", "-1/4", "1/4/2", ""])
def test_wrong_shards_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="there is no shard"):
        parse_shard(text)


class SlowRegistry(FakeRegistry):
    """Takes its time, and fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.failures = list(failures)

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        await asyncio.sleep(0.01)
        if self.failures:
            self.asked.append(reference.canonical)
            raise self.failures.pop(0)
        return await super().resolve(reference, platform)


def test_one_question_is_asked_once_however_many_ask_it_at_the_same_moment() -> None:
    async def run() -> list[str]:
        inner = SlowRegistry()
        shared = SharedRegistry(inner)
        reference = ImageReference.parse("nginx")
        first = asyncio.create_task(shared.resolve(reference, None))
        others = [asyncio.create_task(shared.resolve(reference, None)) for _ in range(5)]
        await asyncio.sleep(0)
        first.cancel()  # whoever asked first may give up
        await asyncio.gather(*others)
        for _ in range(2):
            with pytest.raises(NotFoundError):
                await shared.describe(reference, "index", ())
        assert await shared.config(reference) is None
        assert await shared.attachments(reference) == ()
        inner.allowances["docker.io"] = Allowance("docker.io", None)
        assert (await shared.allowance("docker.io")).registry == "docker.io"
        await shared.aclose()
        assert inner.described == ["docker.io/library/nginx@None index"]
        return inner.asked

    assert asyncio.run(run()) == ["docker.io/library/nginx:latest", "docker.io"]


def test_what_may_pass_is_asked_again_and_what_may_not_is_remembered() -> None:
    async def run(error: Exception) -> int:
        inner = SlowRegistry(error)
        shared = SharedRegistry(inner)
        for _ in range(2):
            try:
                await shared.resolve(ImageReference.parse("nginx"), None)
            except (NotFoundError, UnavailableError):
                continue
        await shared.aclose()
        return len(inner.asked)

    assert asyncio.run(run(UnavailableError("down"))) == 2
    assert asyncio.run(run(NotFoundError("none"))) == 1


def test_repositories_whose_settings_reach_registries_alike_share_one() -> None:
    async def run() -> int:
        opened = []

        class Open:
            def __init__(self, settings: Settings) -> None:
                opened.append(settings)

            async def __aenter__(self) -> FakeRegistry:
                return FakeRegistry()

            async def __aexit__(self, *_: object) -> None:
                return

        async with Registries(Open) as registries:
            one = await registries.registry(Settings(root="/a", exclude=("x",)))
            assert await registries.registry(Settings(root="/b")) is one
            assert await registries.registry(Settings(jobs=2)) is not one
        return len(opened)

    assert asyncio.run(run()) == 2
