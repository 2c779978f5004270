"""What Gitea alone has: lists that cannot be asked for a branch, labels by number, auto-merge only in the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from forge_double import ForgeDouble
from forge_double.places import APP, BRANCH, prepare
from forge_talk import ask, talk

from pinner.bot.forges.base import AutoMerge, ForbiddenError, ForgeError
from pinner.bot.model import Marker, read_marker, render_marker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pinner.bot.forges.base import Forge
    from pinner.bot.model import PullRequest, Repository


@pytest.fixture
def double(tmp_path: Path) -> Iterator[ForgeDouble]:
    """The double, for what no real server can be brought to in a test."""
    with ForgeDouble(tmp_path, "gitea") as forge:
        prepare(forge)
        yield forge


@pytest.fixture(params=["double", "server"])
def gitea(request: Any, tmp_path: Path) -> Iterator[ForgeDouble]:
    """The double, and the real server where there is one."""
    is_real = request.param == "server"
    with request.getfixturevalue("gitea_server") if is_real else ForgeDouble(tmp_path, "gitea") as forge:
        prepare(forge)
        yield forge


async def opened(client: Forge) -> tuple[Repository, PullRequest]:
    repository = await client.repository(APP)
    return repository, await client.create(repository, BRANCH, "main", "Title", "Body")


def closed(gitea: ForgeDouble, count: int, ours: tuple[int, ...], poster: str) -> None:
    """Have ``count`` pull requests closed, those numbered ``ours`` (from 0) by the bot, the others by ``poster``."""
    stored = gitea.repository(APP)
    for number in range(count):
        pull = stored.opened(BRANCH if number in ours else "other", "main", "Title", "")
        pull.state, pull.last_head = "closed", "0" * 40
        pull.poster = "" if number in ours else poster


async def numbers(client: Forge) -> list[int]:
    found = await client.closed(await client.repository(APP), BRANCH)
    return [request.number for request in found]


def test_of_the_closed_ones_the_tokens_own_are_found_however_many_others_have_closed(double: ForgeDouble) -> None:
    closed(double, 620, (0, 300), "grace")
    assert talk(double, numbers) == [301, 1]
    asked = [seen.query.get("poster") for seen in double.requests if seen.query.get("state") == "closed"]
    assert asked == [None, double.state.account]


def test_a_token_that_may_not_say_whose_it_is_looks_at_the_newest_500(double: ForgeDouble) -> None:
    closed(double, 620, (0, 300), "grace")
    double.state.scopes = frozenset({"write:repository"})
    assert talk(double, numbers) == [301]


def test_the_lists_are_asked_for_once_a_run(gitea: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, _ = await opened(client)
        gitea.forget()
        await client.open_branches(repository, "pinner/")
        for branch in (BRANCH, "pinner/pins", "pinner/base"):
            await client.closed(repository, branch)

    talk(gitea, story)
    assert [seen.query.get("state") for seen in gitea.requests] == ["open", "closed"]


def test_an_open_one_is_found_however_old_it_is(double: ForgeDouble) -> None:
    stored = double.repository(APP)
    stored.opened(BRANCH, "main", "Title", "")
    for _ in range(120):
        pull = stored.opened("other", "main", "Title", "")
        pull.last_head = "0" * 40

    async def story(client: Forge) -> list[int]:
        found = await client.open_branches(await client.repository(APP), BRANCH)
        return [request.number for request in found]

    assert talk(double, story) == [1]


def test_the_labels_of_a_persons_repository_are_made_once(gitea: ForgeDouble) -> None:
    name = "ada/app"
    gitea.add_repository(name, {"Dockerfile": b"FROM nginx:1\n"}, is_organisation=False)
    gitea.commit(name, BRANCH, {"Dockerfile": b"FROM nginx:1@sha256:a\n"}, "Pin")
    gitea.repository(name).label("theirs")

    async def story(client: Forge) -> None:
        repository = await client.repository(name)
        request = await client.create(repository, BRANCH, "main", "Title", "Body")
        await client.add(repository, request, labels=["pinner", "theirs"])

    talk(gitea, story)
    assert gitea.repository(name).pulls[1].labels == ["pinner", "theirs"]
    made = [seen.body["name"] for seen in gitea.writes if seen.path.endswith("app/labels")]
    assert made == ["pinner"]


def test_auto_merge_that_was_taken_back_is_asked_for_again(gitea: ForgeDouble) -> None:
    async def story(client: Forge) -> AutoMerge:
        repository, request = await opened(client)
        stored = gitea.repository(APP).pulls[1]
        stored.comments, stored.auto_merge_cancelled = ["Said"], True
        return await client.enable_auto_merge(repository, request)

    assert talk(gitea, story) == AutoMerge(is_on=True, is_new=True)


@pytest.mark.parametrize("checks", ["none", "pending", "failed", "passed"])
def test_where_checks_are_required_it_is_scheduled_whatever_they_are(gitea: ForgeDouble, checks: Any) -> None:
    async def story(client: Forge) -> AutoMerge:
        repository, request = await opened(client)
        gitea.repository(APP).pulls[1].checks = checks
        return await client.enable_auto_merge(repository, request)

    assert talk(gitea, story) == AutoMerge(is_on=True, is_new=True)
    if checks == "passed":
        assert gitea.becomes(lambda: gitea.repository(APP).pulls[1].state == "merged")
        return
    assert gitea.repository(APP).pulls[1].state == "open"
    if gitea.is_real:
        gitea.repository(APP).pulls[1].checks = "passed"
        assert gitea.becomes(lambda: gitea.repository(APP).pulls[1].state == "merged")


@pytest.mark.parametrize("checks", ["none", "pending", "passed"])
def test_where_none_are_required_nothing_is_merged_and_it_is_said(gitea: ForgeDouble, checks: Any) -> None:
    async def story(client: Forge) -> AutoMerge:
        repository, request = await opened(client)
        gitea.repository(APP).pulls[1].checks = checks
        gitea.repository(APP).required_checks = ()
        gitea.forget()
        return await client.enable_auto_merge(repository, request)

    assert talk(gitea, story).reason == "`main` requires no checks, so nothing would be waited for"
    assert gitea.repository(APP).pulls[1].state == "open"
    assert not gitea.writes


@pytest.mark.parametrize(("checks", "is_merged"), [("failed", False), ("passed", True), ("none", True)])
def test_every_page_of_statuses_counts(double: ForgeDouble, checks: Any, is_merged: bool) -> None:  # noqa: FBT001 - a table
    async def story(client: Forge) -> AutoMerge:
        repository, request = await opened(client)
        stored = double.repository(APP)
        stored.required_checks, stored.pulls[1].checks, stored.pulls[1].more_checks = (), checks, 50
        return await client.enable_auto_merge(repository, request, on_success=True)

    assert talk(double, story).is_on == is_merged
    assert sum(seen.path.endswith("/status") for seen in double.requests) == 2


@pytest.mark.parametrize(
    ("styles", "style"),
    [
        (("squash", "merge"), "squash"),
        (("merge", "squash", "rebase"), "merge"),
        (("fast-forward-only",), "fast-forward-only"),
        (("rebase-merge",), "rebase-merge"),
    ],
)
def test_it_is_merged_in_the_way_that_the_repository_has(
    gitea: ForgeDouble, styles: tuple[str, ...], style: str
) -> None:
    gitea.repository(APP).merge_styles = styles

    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        gitea.repository(APP).pulls[1].checks = "passed"
        await client.enable_auto_merge(repository, request)

    talk(gitea, story)
    assert gitea.writes[-1].body["Do"] == style
    assert gitea.becomes(lambda: gitea.repository(APP).pulls[1].state == "merged")


def test_a_token_that_may_not_merge_is_told(gitea: ForgeDouble) -> None:
    gitea.repository(APP).auto_merge_allowed = False

    async def story(client: Forge) -> None:
        await client.enable_auto_merge(*await opened(client))

    with pytest.raises(ForbiddenError, match="the token may not merge into `main`"):
        talk(gitea, story)


def test_two_that_are_opened_at_once_become_one(double: ForgeDouble) -> None:
    double.repository(APP).races = 1

    async def story(client: Forge) -> PullRequest:
        repository = await client.repository(APP)
        return await client.create(repository, BRANCH, "main", "Title", render_marker(Marker("digests", "0" * 16)))

    assert talk(double, story).number == 1
    first, second = double.repository(APP).pulls.values()
    assert (first.state, second.state) == ("open", "closed")
    # What the bot closes itself silences nothing.
    assert read_marker(first.body) is not None
    assert read_marker(second.body) is None
    assert "/pulls/1 is for the same branch" in second.body


def test_one_who_may_not_see_the_repository_stops_nobody(gitea: ForgeDouble) -> None:
    gitea.repository(APP).strangers = {"grace"}

    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        with pytest.raises(ForgeError, match="`grace`, `nobody` cannot be assigned"):
            await client.add(repository, request, assignees=["grace", "linus", "nobody"])
        with pytest.raises(ForgeError, match="`grace`, `acme/nobodies` cannot be asked for a review"):
            await client.add(repository, request, reviewers=["grace", "linus", "acme/platform", "acme/nobodies"])

    talk(gitea, story)
    pull = gitea.repository(APP).pulls[1]
    assert (pull.assignees, pull.reviewers) == (["linus"], ["linus"])
    # One try for each, and no pause.
    assert sum(seen.method == "PATCH" for seen in gitea.writes) == 1


def test_a_token_for_code_alone_does_all_but_labels(gitea: ForgeDouble) -> None:
    gitea.state.scopes = frozenset({"write:repository"})

    async def story(client: Forge) -> AutoMerge:
        repository, request = await opened(client)
        await client.closed(repository, BRANCH)
        await client.add(repository, request, assignees=["linus"], reviewers=["ada"])
        with pytest.raises(ForbiddenError) as failure:
            await client.add(repository, request, labels=["pinner"])
        assert failure.value.hint == "the token needs the scope read:issue"
        first = await client.enable_auto_merge(repository, request)
        assert await client.enable_auto_merge(repository, request) == AutoMerge(is_on=True)
        return first

    assert talk(gitea, story) == AutoMerge(is_on=True, is_new=True)


def test_a_persons_repositories_need_no_scope_for_organisations(gitea: ForgeDouble) -> None:
    gitea.add_repository("ada/app", is_organisation=False)

    async def story(client: Forge) -> list[str]:
        return [one.name async for one in client.repositories("ada")]

    gitea.state.scopes = frozenset({"read:user", "read:repository"})
    assert talk(gitea, story) == ["ada/app"]
    gitea.state.scopes = frozenset({"read:repository"})
    with pytest.raises(ForbiddenError) as failure:
        talk(gitea, story)
    assert failure.value.hint == "the token needs the scope read:organization"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"mirror": True}, "it is a mirror"),
        ({"takes_pulls": False}, "pull requests are turned off"),
        ({"empty": True}, "it is empty"),
        ({}, ""),
    ],
)
def test_where_nobody_can_propose_anything_it_is_said(gitea: ForgeDouble, settings: dict[str, Any], why: str) -> None:
    gitea.add_repository("acme/other", **settings)

    async def story(client: Forge) -> str:
        return (await client.repository("acme/other")).closed_to_all

    assert talk(gitea, story) == why


def test_a_team_reviews_as_a_team(gitea: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        await client.add(repository, request, reviewers=["acme/platform", "linus"])

    talk(gitea, story)
    assert gitea.writes[-1].body == {"reviewers": ["linus"], "team_reviewers": ["platform"]}


# What its answers are: where these differ, whatever is tried on the double is tried on another server.


def _open(gitea: ForgeDouble, poster: str = "") -> str:
    """Open a pull request, and return its address."""
    gitea.repository(APP).opened(BRANCH, "main", "Title", "").poster = poster
    return f"/repos/{APP}/pulls/1"


def _mirror(gitea: ForgeDouble) -> tuple[str, str, Any]:
    gitea.add_repository("acme/other", mirror=True)
    return "GET", "/repos/acme/other/pulls", None


def _without_pulls(gitea: ForgeDouble) -> tuple[str, str, Any]:
    gitea.add_repository("acme/other", takes_pulls=False)
    return "GET", "/repos/acme/other/pulls", None


def _of_itself(_: ForgeDouble) -> tuple[str, str, Any]:
    return "POST", f"/repos/{APP}/pulls", {"head": "main", "base": "main", "title": "Title"}


def _of_another(gitea: ForgeDouble) -> tuple[str, str, Any]:
    path = _open(gitea, "grace")
    gitea.repository(APP).rights = "read"
    return "PATCH", path, {"title": "Other"}


def _label_of_an_archived_one(gitea: ForgeDouble) -> tuple[str, str, Any]:
    gitea.repository(APP).archived = True
    return "POST", f"/repos/{APP}/labels", {"name": "deps", "color": "#1d63ed"}


def _label_that_is_none(gitea: ForgeDouble) -> tuple[str, str, Any]:
    _open(gitea)
    return "POST", f"/repos/{APP}/issues/1/labels", {"labels": [987654]}


def _nothing(_: ForgeDouble) -> tuple[str, str, Any]:
    return "GET", "/repos/acme/none", None


def _no_events(gitea: ForgeDouble) -> tuple[str, str, Any]:
    _open(gitea)
    return "GET", f"/repos/{APP}/issues/1/timeline?page=7", None


def _without_its_checks(gitea: ForgeDouble) -> tuple[str, str, Any]:
    return "POST", f"{_open(gitea)}/merge", {"Do": "squash"}


def _in_conflict(gitea: ForgeDouble) -> tuple[str, str, Any]:
    path = _open(gitea)
    gitea.repository(APP).required_checks = ()
    gitea.commit(APP, "main", {"Dockerfile": "FROM debian\n"}, "Another base")
    # Until it has looked, a real one tries, and answers 500.
    assert gitea.becomes(lambda: ask(gitea, "GET", path)[1]["mergeable"] is False)
    return "POST", f"{path}/merge", {"Do": "squash"}


def _wrong_style(gitea: ForgeDouble) -> tuple[str, str, Any]:
    return "POST", f"{_open(gitea)}/merge", {"Do": "merge", "merge_when_checks_succeed": True}


def _stranger(gitea: ForgeDouble) -> tuple[str, str, Any]:
    gitea.repository(APP).strangers = {"grace"}
    return "PATCH", _open(gitea), {"assignees": ["grace"]}


def _unknown_team(gitea: ForgeDouble) -> tuple[str, str, Any]:
    return "POST", f"{_open(gitea)}/requested_reviewers", {"team_reviewers": ["nobodies"]}


def _blind_reviewer(gitea: ForgeDouble) -> tuple[str, str, Any]:
    gitea.repository(APP).strangers = {"grace"}
    return "POST", f"{_open(gitea)}/requested_reviewers", {"reviewers": ["grace"]}


@pytest.mark.parametrize(
    ("case", "status", "value"),
    [
        (_mirror, 404, {"message": "not found"}),
        (_without_pulls, 404, {"message": "not found"}),
        (_of_itself, 422, {"message": "There are no changes between the head and the base"}),
        (_of_another, 403, None),
        (_label_of_an_archived_one, 201, {"name": "deps"}),
        (_label_that_is_none, 200, []),
        (_nothing, 404, {"message": "not found", "errors": None}),
        (_no_events, 200, None),
        (_without_its_checks, 405, {"message": "Not all required status checks successful"}),
        (_in_conflict, 405, {"message": "Please try again later"}),
        (_wrong_style, 201, None),
        (_stranger, 500, {"message": ""}),
        (_unknown_team, 404, {"message": ""}),
        (_blind_reviewer, 422, {"message": "Reviewer can't read"}),
    ],
)
def test_the_answers_are_those_of_the_server(gitea: ForgeDouble, case: Any, status: int, value: Any) -> None:
    found, answer = ask(gitea, *case(gitea))
    assert found == status, answer
    if isinstance(value, dict):
        assert all(answer[key] == part or part in (answer[key] or "") for key, part in value.items()), answer
    else:
        assert answer == value
