"""What every forge must do alike, tried on all three."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from forge_double import ForgeDouble
from forge_double.places import prepare
from forge_talk import Waits, talk

from pinner.bot.forges.base import (
    AutoMerge,
    BusyError,
    ForbiddenError,
    ForgeError,
    MissingError,
    StaleHeadError,
    UnreachableError,
    epoch,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from pinner.bot.forges.base import Forge
    from pinner.bot.model import PullRequest, Repository

APP, BRANCH = "acme/app", "pinner/digests"


async def opened(client: Forge, title: str = "Title", body: str = "Body") -> tuple[Repository, PullRequest]:
    repository = await client.repository(APP)
    return repository, await client.create(repository, BRANCH, "main", title, body)


async def again(client: Forge) -> PullRequest:
    """Return the newest pull request as it is by now."""
    return (await everything(client, await client.repository(APP)))[0]


async def everything(client: Forge, repository: Repository) -> list[PullRequest]:
    """Return every pull request of the branch, the newest first."""
    there = await client.open_branches(repository, BRANCH)
    found = [*(one for one in there if one.branch == BRANCH), *await client.closed(repository, BRANCH)]
    return sorted(found, key=lambda request: -request.number)


# Repositories


def test_a_repository_says_what_it_is_and_what_may_be_done(forge: ForgeDouble) -> None:
    found = talk(forge, lambda client: client.repository(APP))
    assert (found.name, found.default_branch) == (APP, "main")
    assert found.clone_url == forge.clone_url(APP)
    assert found.web_url.startswith(forge.url)
    assert (found.is_archived, found.is_fork, found.can_push, found.can_propose) == (False, False, True, True)
    assert not forge.writes


def test_what_was_pushed_to_since_is_listed(forge: ForgeDouble) -> None:
    forge.state.wall = lambda: 2_000_000_000.5
    forge.add_repository("acme/other")
    forge.commit(APP, "main", {"a": "b"}, "Change")

    async def story(client: Forge) -> list[tuple[str, float | None]]:
        return [(one.name, one.pushed_at) async for one in client.repositories("acme", 1_999_999_999.0)]

    if forge.is_real:
        # Its clock is the machine's.
        assert all(when is not None and when > 1_700_000_000 for _, when in talk(forge, story))
        return
    newest = [(APP, 2_000_000_000.0)]
    # Gitea has no such list: all of them come.
    assert talk(forge, story)[:1] == newest
    assert forge.face == "gitea" or talk(forge, story) == newest


@pytest.mark.parametrize("text", [None, 5, "yesterday", "2026-01-01", "2026-01-01T00:00:00"])
def test_a_date_that_is_none_is_not_known(text: object) -> None:
    assert epoch(text) is None


def test_an_archived_repository_and_a_fork_are_told(forge: ForgeDouble) -> None:
    forge.add_repository("acme/old", archived=True)
    forge.add_repository("acme/fork", fork=True)
    assert talk(forge, lambda client: client.repository("acme/old")).is_archived
    assert talk(forge, lambda client: client.repository("acme/fork")).is_fork


def test_a_repository_that_is_none_is_missing(forge: ForgeDouble) -> None:
    with pytest.raises(MissingError, match="the token may not see it"):
        talk(forge, lambda client: client.repository("acme/none"))


def test_a_repository_that_the_token_may_not_see_is_missing(forge: ForgeDouble) -> None:
    forge.add_repository("acme/secret", rights="none")
    with pytest.raises(MissingError):
        talk(forge, lambda client: client.repository("acme/secret"))


def test_all_repositories_of_an_organisation_are_found_page_by_page(forge: ForgeDouble) -> None:
    names = {f"acme/r{number:03}" for number in range(120)}
    for name in names:
        forge.add_repository(name, folder=forge.repository(APP).folder)
    forge.add_repository("other/app")
    forge.add_repository("acme/old", archived=True)
    forge.add_repository("acme/hidden", rights="none")

    async def story(client: Forge) -> list[str]:
        return [repository.name async for repository in client.repositories("acme")]

    found = talk(forge, story)
    assert sorted(found) == sorted({*names, APP, "acme/old"})
    assert len(forge.requests) > 1


def test_the_repositories_of_a_person_are_found_too(forge: ForgeDouble) -> None:
    forge.add_repository("ada/tools", is_organisation=False)

    async def story(client: Forge) -> list[str]:
        return [repository.name async for repository in client.repositories("ada")]

    assert talk(forge, story) == ["ada/tools"]


def test_an_owner_that_is_nobody_is_missing(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> list[str]:
        return [repository.name async for repository in client.repositories("nobody")]

    with pytest.raises(MissingError):
        talk(forge, story)


# Opening


def test_a_pull_request_is_opened_as_it_was_asked_for(forge: ForgeDouble) -> None:
    _, made = talk(forge, lambda client: opened(client, "Tïtle `x`", "Bödy\n\n<!-- hidden -->\n"))
    stored = forge.repository(APP).pulls[1]
    assert (stored.title, stored.body) == ("Tïtle `x`", "Bödy\n\n<!-- hidden -->\n")
    assert (stored.head, stored.base, stored.state) == (BRANCH, "main", "open")
    assert (made.number, made.state, made.branch, made.base) == (1, "open", BRANCH, "main")
    assert made.head == forge.repository(APP).head(BRANCH)
    assert (made.title, made.body) == (stored.title, stored.body)


def test_a_pull_request_that_is_open_already_is_returned_as_it_is(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> tuple[PullRequest, PullRequest]:
        _, first = await opened(client)
        _, second = await opened(client, "Another", "text")
        return first, second

    first, second = talk(forge, story)
    assert second.number == first.number
    assert second.title == "Title"
    assert len(forge.repository(APP).pulls) == 1


def test_a_closed_one_does_not_stop_the_next(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> list[PullRequest]:
        repository, first = await opened(client)
        await client.close(repository, first)
        await opened(client, "Next")
        return await everything(client, repository)

    found = talk(forge, story)
    assert [(request.number, request.state, request.title) for request in found] == [
        (2, "open", "Next"),
        (1, "closed", "Title"),
    ]


def test_one_that_is_closed_just_then_is_neither_returned_nor_hidden(forge: ForgeDouble) -> None:
    def close() -> None:
        forge.repository(APP).pulls[1].state = "closed"

    async def story(client: Forge) -> None:
        await opened(client)
        forge.inject("before", method="GET", path="/(pulls|merge_requests)$", action=close)
        await opened(client)

    with pytest.raises(ForgeError, match="already exists"):
        talk(forge, story)
    assert len(forge.repository(APP).pulls) == 1


def test_one_for_another_base_is_another(forge: ForgeDouble) -> None:
    forge.commit(APP, "stable", {"x": "1"}, "Stable")

    async def story(client: Forge) -> tuple[int, int, int]:
        repository, first = await opened(client)
        second = await client.create(repository, BRANCH, "stable", "For stable", "")
        third = await client.create(repository, BRANCH, "main", "Again", "")
        return first.number, second.number, third.number

    assert talk(forge, story) == (1, 2, 1)


def test_a_branch_that_is_none_is_refused_in_words(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        await client.create(await client.repository(APP), "pinner/none", "main", "Title", "Body")

    with pytest.raises(ForgeError) as failure:
        talk(forge, story)
    assert "HTTP" not in failure.value.message
    assert not forge.repository(APP).pulls


def test_a_token_that_may_only_read_is_told_so(forge: ForgeDouble) -> None:
    forge.repository(APP).rights = "read"
    # An App's token has no account whose rights would be told: it shows when it tries.
    assert talk(forge, lambda client: client.repository(APP)).can_push == (forge.face == "github")
    if forge.face == "gitea":
        # Whoever may read may propose a branch that is there; it is the push that is refused.
        assert talk(forge, opened)[1].number == 1
        return
    with pytest.raises(ForbiddenError) as failure:
        talk(forge, opened)
    assert failure.value.hint is not None
    assert "write" in failure.value.hint


def test_an_archived_repository_takes_no_pull_request(forge: ForgeDouble) -> None:
    forge.repository(APP).archived = True
    with pytest.raises(ForbiddenError):
        talk(forge, opened)


def test_a_token_that_is_wrong_is_told_and_not_shown(forge: ForgeDouble) -> None:
    with pytest.raises(ForbiddenError, match="does not accept the token") as failure:
        talk(forge, lambda client: client.repository(APP), token="wrong-token-123")
    assert "wrong-token-123" not in f"{failure.value.message} {failure.value.hint}"


# Finding


def test_only_the_pull_requests_of_the_branch_itself_are_found(forge: ForgeDouble) -> None:
    forge.commit(APP, "pinner/digests-2", {"x": "1"}, "Other")
    forge.commit(APP, "mine", {"x": "1"}, "Mine")

    async def story(client: Forge) -> tuple[tuple[PullRequest, ...], tuple[PullRequest, ...]]:
        repository, first = await opened(client)
        await client.close(repository, first)
        await opened(client)
        for branch in ("pinner/digests-2", "mine"):
            await client.create(repository, branch, "main", branch, "")
        # Somebody's fork has a branch of the same name.
        forge.repository(APP).opened_from_fork(BRANCH)
        return await client.closed(repository, BRANCH), await client.open_branches(repository, "pinner/")

    closed, open_ones = talk(forge, story)
    assert [request.number for request in closed] == [1]
    assert [request.branch for request in open_ones] == ["pinner/digests-2", BRANCH]


def test_many_pull_requests_are_read_page_by_page(forge: ForgeDouble) -> None:
    if forge.is_real:
        pytest.skip("261 branches, each with a commit of its own")
    repository = forge.repository(APP)
    for number in range(130):
        repository.opened(f"branch-{number}", "main", "Another", "").state = "closed"
    repository.opened(BRANCH, "main", "Mine", "").state = "closed"
    for number in range(130):
        pull = repository.opened(f"later-{number}", "main", "Another", "")
        pull.state, pull.last_head = "closed", "0" * 40
    assert talk(forge, again).title == "Mine"


def test_a_merged_pull_request_is_merged_and_not_closed(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> PullRequest:
        await opened(client)
        forge.repository(APP).pulls[1].state = "merged"
        return await again(client)

    assert talk(forge, story).state == "merged"


def test_one_with_conflicts_is_never_taken_for_one_without(forge: ForgeDouble) -> None:
    talk(forge, opened)
    # GitHub's list does not say it. A real one looks behind its answers, and says what it knew last until then.
    expected = None if forge.face == "github" else False
    assert forge.becomes(lambda: talk(forge, again).conflicts is expected)
    forge.commit(APP, "main", {"Dockerfile": "FROM debian\n"}, "Another base")
    expected = True if forge.face == "gitlab" else None
    assert forge.becomes(lambda: talk(forge, again).conflicts is expected)


def test_reading_writes_nothing(forge: ForgeDouble) -> None:
    talk(forge, opened)
    forge.forget()

    async def story(client: Forge) -> None:
        repository = await client.repository(APP)
        await client.closed(repository, BRANCH)
        await client.open_branches(repository, "pinner/")
        await client.advice()

    talk(forge, story)
    assert forge.requests
    assert not forge.writes


# Changing


@pytest.mark.parametrize(
    ("change", "title", "body"),
    [({"title": "New"}, "New", "Body"), ({"body": "New"}, "Title", "New"), ({"title": "A", "body": ""}, "A", "")],
)
def test_an_edit_changes_what_it_names_and_nothing_else(
    forge: ForgeDouble, change: dict[str, str], title: str, body: str
) -> None:
    async def story(client: Forge) -> PullRequest:
        repository, request = await opened(client)
        await client.edit(repository, request, **change)
        return await again(client)

    found = talk(forge, story)
    assert (found.title, found.body, found.state) == (title, body, "open")


def test_an_edit_of_nothing_asks_for_nothing(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        forge.forget()
        await client.edit(repository, request)
        await client.add(repository, request)

    talk(forge, story)
    assert not forge.requests


def test_closing_says_why_in_the_same_step(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        forge.forget()
        await client.close(repository, request, "Closed: up to date")
        assert len(forge.writes) == 1
        await client.close(repository, request)

    talk(forge, story)
    stored = forge.repository(APP).pulls[1]
    assert (stored.state, stored.body, stored.title) == ("closed", "Closed: up to date", "Title")


def test_labels_and_people_are_added_and_none_is_taken_away(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> PullRequest:
        repository, request = await opened(client)
        stored = forge.repository(APP).pulls[1]
        forge.repository(APP).label("theirs")
        stored.labels, stored.assignees, stored.reviewers = ["theirs"], ["linus"], ["linus"]
        request = await again(client)
        labels = ["pinner", "Theirs", "docker images"]
        await client.add(repository, request, labels=labels, assignees=["ada", "linus"], reviewers=["grace"])
        return await again(client)

    found = talk(forge, story)
    assert set(found.labels) == {"theirs", "pinner", "docker images"}
    assert set(found.assignees) == {"linus", "ada"}
    assert set(found.reviewers) == {"linus", "grace"}


def test_what_is_there_already_is_not_asked_for(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        people: dict[str, Any] = {"labels": ["pinner"], "assignees": ["ada"], "reviewers": ["grace"]}
        await client.add(repository, request, **people)
        request = await again(client)
        forge.forget()
        await client.add(repository, request, **people)

    talk(forge, story)
    assert not forge.requests


def test_a_reviewer_who_is_nobody_is_told(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        await client.add(repository, request, reviewers=["nobody"])

    with pytest.raises(ForgeError):
        talk(forge, story)


# Auto-merge


def test_auto_merge_waits_for_the_checks(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> PullRequest:
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = "pending"
        assert await client.enable_auto_merge(repository, request) == AutoMerge(is_on=True, is_new=True)
        found = await again(client)
        forge.forget()
        assert await client.enable_auto_merge(repository, found) == AutoMerge(is_on=True)
        assert await client.enable_auto_merge(repository, request) == AutoMerge(is_on=True)
        assert not forge.writes
        return found

    assert talk(forge, story).state == "open"
    assert forge.repository(APP).pulls[1].auto_merge


@pytest.mark.parametrize("checks", ["none", "passed"])
def test_where_no_check_is_to_come_nothing_is_merged(forge: ForgeDouble, checks: Any) -> None:
    async def story(client: Forge) -> AutoMerge:
        forge.repository(APP).required_checks = ()
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = checks
        forge.forget()
        return await client.enable_auto_merge(repository, request)

    outcome = talk(forge, story)
    assert not outcome.is_on
    assert "nothing would be waited for" in outcome.reason
    assert forge.repository(APP).pulls[1].state == "open"
    assert not forge.writes


@pytest.mark.parametrize("rule_sets", [False, True])
def test_what_has_passed_the_required_checks_is_merged(forge: ForgeDouble, rule_sets: bool) -> None:  # noqa: FBT001 - a case
    async def story(client: Forge) -> AutoMerge:
        repository, request = await opened(client)
        forge.repository(APP).rule_sets = rule_sets
        forge.repository(APP).pulls[1].checks = "passed"
        return await client.enable_auto_merge(repository, request)

    assert talk(forge, story) == AutoMerge(is_on=True, is_new=True)
    assert forge.becomes(lambda: forge.repository(APP).pulls[1].state == "merged")


def test_what_has_passed_and_moved_since_is_not_merged(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        forge.commit(APP, BRANCH, {"evil": "x"}, "Not looked at")
        forge.repository(APP).pulls[1].checks = "passed"
        await client.enable_auto_merge(repository, request)

    # GitLab's pipeline is another commit's then, and nothing is asked for.
    with contextlib.suppress(StaleHeadError):
        talk(forge, story)
    assert forge.repository(APP).pulls[1].state == "open"


def test_what_has_passed_and_may_not_be_merged_is_told(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = "passed"
        forge.repository(APP).auto_merge_allowed = False
        await client.enable_auto_merge(repository, request)

    with pytest.raises(ForbiddenError):
        talk(forge, story)


def test_auto_merge_that_is_not_allowed_is_told(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = "pending"
        forge.repository(APP).auto_merge_allowed = False
        await client.enable_auto_merge(repository, request)

    with pytest.raises(ForbiddenError) as failure:
        talk(forge, story)
    assert failure.value.hint


@pytest.mark.parametrize("kind", ["lost-after", "error-after"])
def test_auto_merge_whose_answer_is_lost_is_on(forge: ForgeDouble, kind: Any) -> None:
    async def story(client: Forge) -> AutoMerge:
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = "pending"
        forge.inject(kind, path="/merge$|enablePullRequestAutoMerge")
        return await client.enable_auto_merge(repository, request)

    assert talk(forge, story).is_on
    stored = forge.repository(APP).pulls[1]
    assert (stored.auto_merge, stored.state) == (True, "open")


def test_auto_merge_is_for_the_commit_that_was_looked_at(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = "pending"
        forge.commit(APP, BRANCH, {"evil": "x"}, "Not looked at")
        await client.enable_auto_merge(repository, request)

    with pytest.raises(StaleHeadError):
        talk(forge, story)
    assert not forge.repository(APP).pulls[1].auto_merge


# Auto-merge on success, where nothing is required


def merged_on_success(forge: ForgeDouble, checks: Any, *, more: int = 0) -> AutoMerge:
    """Return what comes of it where no check is required and those of the pull request have come to ``checks``."""

    async def begin(client: Forge) -> tuple[Repository, PullRequest]:
        forge.repository(APP).required_checks = ()
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = checks
        forge.repository(APP).pulls[1].more_checks = more
        return repository, request

    repository, request = talk(forge, begin)
    found = AutoMerge()

    def is_decided() -> bool:
        # A real one cannot say at once whether it can be merged.
        nonlocal found
        found = talk(forge, lambda client: client.enable_auto_merge(repository, request, on_success=True))
        return "asks again" not in found.reason

    assert forge.becomes(is_decided)
    return found


def test_what_has_succeeded_is_merged_where_nothing_is_required(forge: ForgeDouble) -> None:
    assert merged_on_success(forge, "passed") == AutoMerge(is_on=True, is_new=True)
    assert forge.becomes(lambda: forge.repository(APP).pulls[1].state == "merged")


@pytest.mark.parametrize(
    ("checks", "reason"), [("none", "none has run"), ("pending", "not all succeeded"), ("failed", "not all succeeded")]
)
def test_what_has_not_succeeded_is_not_merged(forge: ForgeDouble, checks: str, reason: str) -> None:
    outcome = merged_on_success(forge, checks)
    if (forge.face, checks) == ("gitlab", "pending"):
        # GitLab waits for whatever pipeline there is.
        assert outcome == AutoMerge(is_on=True, is_new=True)
    else:
        assert not outcome.is_on
        assert reason in outcome.reason
    assert forge.repository(APP).pulls[1].state == "open"


def test_what_has_succeeded_and_moved_since_is_not_merged(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        forge.repository(APP).required_checks = ()
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = "passed"
        forge.commit(APP, BRANCH, {"evil": "x"}, "Not looked at")
        forge.repository(APP).pulls[1].checks = "passed"
        await client.enable_auto_merge(repository, request, on_success=True)

    # What has succeeded is another commit, or the forge looks at which one it merges.
    with contextlib.suppress(StaleHeadError):
        talk(forge, story)
    assert forge.repository(APP).pulls[1].state == "open"


@pytest.mark.parametrize("kind", ["lost-after", "error-after"])
def test_a_merge_whose_answer_is_lost_is_one(double: ForgeDouble, kind: Any) -> None:
    double.inject(kind, path="/merge$")
    assert merged_on_success(double, "passed").is_on
    assert double.repository(APP).pulls[1].state == "merged"


def test_where_checks_are_required_they_are_waited_for_all_the_same(forge: ForgeDouble) -> None:
    async def story(client: Forge) -> AutoMerge:
        repository, request = await opened(client)
        forge.repository(APP).pulls[1].checks = "pending"
        return await client.enable_auto_merge(repository, request, on_success=True)

    assert talk(forge, story) == AutoMerge(is_on=True, is_new=True)
    assert forge.repository(APP).pulls[1].state == "open"


def test_what_may_not_be_merged_by_this_token_is_told(double: ForgeDouble) -> None:
    double.repository(APP).auto_merge_allowed = False
    with pytest.raises(ForbiddenError):
        merged_on_success(double, "passed")


# What goes wrong on the way

STEPS: dict[str, Callable[[Forge], Awaitable[object]]] = {}


def step(function: Callable[[Forge, Any, Any], Awaitable[object]]) -> None:
    async def story(client: Forge) -> object:
        repository, request = await opened(client)
        return await function(client, repository, request)

    STEPS[function.__name__.strip("_")] = story


@step
async def _edit(client: Forge, repository: Any, request: Any) -> None:
    await client.edit(repository, request, title="New")


@step
async def _add(client: Forge, repository: Any, request: Any) -> None:
    await client.add(repository, request, labels=["pinner"], assignees=["ada"], reviewers=["grace"])


@step
async def _close(client: Forge, repository: Any, request: Any) -> None:
    await client.close(repository, request, "Why")


WANTED: dict[tuple[str, str], Any] = {}
"""What a story without a fault leaves behind."""


def effects(forge: ForgeDouble) -> Any:
    """Return everything that a run may have changed."""
    stored = forge.repository(APP)
    pulls = [
        (pull.state, pull.title, pull.body, pull.head, pull.base, pull.labels, pull.assignees, pull.reviewers)
        for pull in stored.pulls.values()
    ]
    return pulls, sorted(stored.labels), stored.head(BRANCH)


@pytest.mark.parametrize("kind", ["error-before", "error-after", "lost-before", "lost-after", "secondary", "primary"])
@pytest.mark.parametrize("name", sorted(STEPS))
def test_whatever_goes_wrong_once_the_end_is_the_same(forge: ForgeDouble, tmp_path: Path, name: str, kind: Any) -> None:
    # Every write of the story meets the fault once: the pull request's creation and the step itself.
    if (forge.face, name) not in WANTED:
        # What a real server does at its best is what its double does.
        with ForgeDouble(tmp_path / "quiet", forge.face) as quiet:
            prepare(quiet)
            talk(quiet, STEPS[name])
            WANTED[forge.face, name] = effects(quiet)
    faults = [forge.inject(kind, method=method, every=2, times=20) for method in ("POST", "PATCH", "PUT", "DELETE")]
    for fault in faults:
        # The first, the third, …
        fault.met = 1
    talk(forge, STEPS[name])
    assert sum(fault.done for fault in faults) >= 2
    assert effects(forge) == WANTED[forge.face, name]


@pytest.mark.parametrize("kind", ["error-before", "lost-before", "secondary"])
def test_reading_goes_on_as_well_page_by_page(forge: ForgeDouble, kind: Any) -> None:
    for number in range(220):
        forge.add_repository(f"acme/r{number}", folder=forge.repository(APP).folder)
    fault = forge.inject(kind, method="GET", every=2, times=50)

    async def story(client: Forge) -> int:
        return len([repository async for repository in client.repositories("acme")])

    assert talk(forge, story) == 221
    assert fault.done


def test_a_pause_is_as_long_as_the_forge_asks_for_and_is_told(forge: ForgeDouble) -> None:
    forge.inject("too-many", retry_after=37)
    waits = Waits()
    talk(forge, lambda client: client.repository(APP), waits)
    assert waits.seconds == [37.0]
    assert waits.told == ["127.0.0.1 asks for a pause of 37 s: its rate limit"]


def test_a_pause_that_is_too_long_ends_the_run_with_the_time_to_come_back(forge: ForgeDouble) -> None:
    forge.inject("too-many", retry_after=3000)
    waits = Waits()
    with pytest.raises(BusyError, match="3000 s") as failure:
        talk(forge, lambda client: client.repository(APP), waits)
    assert failure.value.retry_after == 3000
    assert not waits.seconds


def test_pauses_without_end_end(forge: ForgeDouble) -> None:
    forge.inject("too-many", retry_after=100, times=1000)
    waits = Waits()
    with pytest.raises(BusyError):
        talk(forge, lambda client: client.repository(APP), waits)
    assert sum(waits.seconds) <= 900


def test_a_forge_that_stays_down_is_given_up(forge: ForgeDouble) -> None:
    forge.inject("error-before", times=1000)
    with pytest.raises(UnreachableError, match="does not work: Service Unavailable"):
        talk(forge, lambda client: client.repository(APP))
    assert len(forge.requests) == 5


def test_a_connection_that_always_breaks_is_given_up(forge: ForgeDouble) -> None:
    forge.inject("lost-before", times=1000)
    with pytest.raises(UnreachableError):
        talk(forge, lambda client: client.repository(APP))
    assert len(forge.requests) == 5


def test_a_slow_answer_is_waited_for(forge: ForgeDouble) -> None:
    forge.inject("slow", seconds=0.3)
    assert talk(forge, lambda client: client.repository(APP)).name == APP
