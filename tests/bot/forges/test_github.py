"""What GitHub alone has: commits that it signs, tokens of Apps, limits of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from forge_double import ForgeDouble
from forge_talk import Waits, access, talk

from pinner.bot.forges.base import BusyError, ForbiddenError, ForgeError, Reply, StaleHeadError, check
from pinner.bot.forges.github import GitHub
from pinner.bot.forges.github_api import GraphQl, addresses
from pinner.bot.model import FileChange, NewCommit

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.bot.forges.base import AutoMerge, Forge
    from pinner.bot.model import PullRequest

APP, SCRATCH = "acme/app", "pinner/scratch-1"
MESSAGE = "Pin nginx\n\nWhy, in a sentence.\n\nPinner-Fingerprint: 0123456789abcdef\nSigned-off-by: A <a@b.example>\n"
CONTENT = b"FROM nginx:1@sha256:a\r\n\xff"


def new_commit(forge: ForgeDouble, **changes: Any) -> NewCommit:
    parent = forge.repository(APP).head("main") or ""
    return NewCommit(SCRATCH, parent, MESSAGE, (FileChange("Dockerfile", b"", CONTENT),))._replace(**changes)


def commit(forge: ForgeDouble, wanted: NewCommit) -> str | None:
    async def story(client: Forge) -> str | None:
        return await client.commit(await client.repository(APP), wanted)

    return talk(forge, story)


def test_a_commit_is_made_on_a_branch_of_its_own(github: ForgeDouble) -> None:
    made = commit(github, new_commit(github))
    stored = github.repository(APP)
    assert made == stored.head(SCRATCH)
    assert stored.files(SCRATCH) == {"Dockerfile": CONTENT}
    assert stored.files("main") == {"Dockerfile": b"FROM nginx:1\n"}


def test_a_commit_that_was_made_before_is_not_made_again(github: ForgeDouble) -> None:
    wanted = new_commit(github)
    assert commit(github, wanted) == commit(github, wanted)


def test_a_branch_without_the_commit_is_gone_on_with(github: ForgeDouble) -> None:
    wanted = new_commit(github)
    github.inject("error-before", path="createCommitOnBranch", times=5)
    with pytest.raises(ForgeError):
        commit(github, wanted)
    assert github.repository(APP).head(SCRATCH) == wanted.parent
    github.faults.clear()
    assert commit(github, wanted) == github.repository(APP).head(SCRATCH) != wanted.parent


@pytest.mark.parametrize("kind", ["error-after", "lost-after", "error-before", "lost-before", "secondary"])
@pytest.mark.parametrize("path", ["git/refs", "createCommitOnBranch"])
def test_a_commit_whose_answer_is_lost_is_made_once(github: ForgeDouble, kind: Any, path: str) -> None:
    github.inject(kind, path=path)
    made = commit(github, new_commit(github))
    assert made == github.repository(APP).head(SCRATCH)
    assert github.repository(APP).files(SCRATCH) == {"Dockerfile": CONTENT}


def test_a_commit_of_somebody_else_on_the_branch_stays(github: ForgeDouble) -> None:
    theirs = github.commit(APP, SCRATCH, {"x": "theirs"}, "Theirs")
    with pytest.raises(StaleHeadError):
        commit(github, new_commit(github))
    assert github.repository(APP).head(SCRATCH) == theirs


def test_a_push_in_between_is_noticed(github: ForgeDouble) -> None:
    def push() -> None:
        github.commit(APP, SCRATCH, {"x": "theirs"}, "Theirs")

    github.inject("before", path="createCommitOnBranch", action=push)
    with pytest.raises(StaleHeadError):
        commit(github, new_commit(github))
    assert github.repository(APP).files(SCRATCH)["x"] == b"theirs"


def test_a_parent_that_is_no_commit_is_refused(github: ForgeDouble) -> None:
    with pytest.raises(ForgeError, match="cannot be made: Object does not exist"):
        commit(github, new_commit(github, parent="1" * 40))


def test_a_token_that_may_not_write_cannot_commit(github: ForgeDouble) -> None:
    github.repository(APP).rights = "read"
    with pytest.raises(ForbiddenError) as failure:
        commit(github, new_commit(github))
    assert "a fork's pull request never gets them" in (failure.value.hint or "")


def test_only_the_token_of_an_app_is_worth_signed_commits(github: ForgeDouble) -> None:
    assert GitHub(access(github)).signs_commits
    assert not GitHub(access(github, token="ghp_person")).signs_commits


def test_an_apps_token_has_the_rights_that_its_account_lacks(github: ForgeDouble) -> None:
    # GitHub answers "no" to each right: they are those of an account, and an App has none.
    assert talk(github, lambda client: client.repository(APP)).can_push
    github.token = github.state.token = "ghp_person"
    github.repository(APP).rights = "read"
    assert not talk(github, lambda client: client.repository(APP)).can_push


def test_the_token_of_a_workflow_is_told_from_an_apps(tmp_path: Path) -> None:
    for account, count in (("github-actions[bot]", 1), ("pinner[bot]", 0)):
        with ForgeDouble(tmp_path, "github", account=account) as forge:
            advice = talk(forge, lambda client: client.advice())
            assert len(advice) == count
            assert not forge.writes
    with ForgeDouble(tmp_path, "github") as forge:
        assert talk(forge, lambda client: client.advice(), token="ghp_person") == ()
        assert not forge.requests


def test_a_workflow_that_may_not_propose_is_told_where_to_allow_it(github: ForgeDouble) -> None:
    said = b'{"message": "GitHub Actions is not permitted to create or approve pull requests."}'
    with pytest.raises(ForbiddenError) as failure:
        check(Reply(403, {}, said), "POST", httpx.URL(github.url), ())
    assert "Workflow permissions" in (failure.value.hint or "")


def test_auto_merge_takes_a_way_that_the_repository_allows(github: ForgeDouble) -> None:
    github.commit(APP, "pinner/digests", {"x": "1"}, "Pin")

    async def story(client: Forge) -> AutoMerge:
        repository = await client.repository(APP)
        assert repository.merge_methods == ("squash", "rebase")
        request = await client.create(repository, "pinner/digests", "main", "Title", "")
        github.repository(APP).pulls[1].checks = "pending"
        return await client.enable_auto_merge(repository, request)

    assert talk(github, story).is_on
    mutation = github.writes[-1].body["variables"]["input"]
    assert mutation["mergeMethod"] == "SQUASH"


@pytest.mark.parametrize("required", [("ci/test",), ()])
def test_what_passes_in_between_is_merged_where_its_checks_are_required(
    github: ForgeDouble, required: tuple[str, ...]
) -> None:
    github.repository(APP).required_checks = required
    github.commit(APP, "pinner/digests", {"x": "1"}, "Pin")

    def finish() -> None:
        github.repository(APP).pulls[1].checks = "passed"

    async def story(client: Forge) -> AutoMerge:
        repository = await client.repository(APP)
        request = await client.create(repository, "pinner/digests", "main", "Title", "")
        github.repository(APP).pulls[1].checks = "pending"
        github.inject("before", path="enablePullRequestAutoMerge", action=finish)
        return await client.enable_auto_merge(repository, request)

    assert talk(github, story).is_on is bool(required)
    assert github.repository(APP).pulls[1].state == ("merged" if required else "open")


def test_teams_review_as_teams(github: ForgeDouble) -> None:
    github.commit(APP, "pinner/digests", {"x": "1"}, "Pin")

    async def story(client: Forge) -> None:
        repository = await client.repository(APP)
        request = await client.create(repository, "pinner/digests", "main", "Title", "")
        await client.add(repository, request, reviewers=["acme/platform", "ada"])

    talk(github, story)
    assert github.writes[-1].body == {"reviewers": ["ada"], "team_reviewers": ["platform"]}


def test_a_pull_request_without_a_difference_is_refused(github: ForgeDouble) -> None:
    github.commit(APP, "main", {"x": "1"}, "One")
    stored = github.repository(APP)
    head = stored.head("main")
    assert head is not None
    (stored.folder / "refs/heads/same").write_text(f"{head}\n")

    async def story(client: Forge) -> PullRequest:
        return await client.create(await client.repository(APP), "same", "main", "Title", "Body")

    with pytest.raises(ForgeError, match="No commits between main and same"):
        talk(github, story)


def test_no_more_than_80_pieces_of_content_a_minute_are_made(github: ForgeDouble) -> None:
    names = [f"pinner/{number}" for number in range(85)]
    head = github.commit(APP, names[0], {"x": "1"}, "One")
    for name in names[1:]:
        (github.repository(APP).folder / "refs/heads" / name).write_text(f"{head}\n")
    waits = Waits()

    async def story(client: Forge) -> None:
        repository = await client.repository(APP)
        for name in names:
            assert await client.take_opening() == 0
            await client.create(repository, name, "main", "Title", "Body")

    talk(github, story, waits)
    assert waits.seconds == [60.0]
    assert waits.told == ["127.0.0.1 asks for a pause of 60 s: its limit on new content"]


def test_graphql_that_is_limited_says_when_to_come_back() -> None:
    with pytest.raises(BusyError):
        _graphql(GraphQl, {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]})
    with pytest.raises(ForgeError, match="could be read"):
        _graphql(GraphQl, ["what"])


def _graphql(kind: Any, answer: Any) -> None:
    class Scripted:
        async def call(self, *_: Any, **__: Any) -> Any:
            return self

        def json(self) -> Any:
            return answer

    asyncio.run(kind(Scripted(), "x").viewer())


@pytest.mark.parametrize(
    ("server", "rest", "graphql"),
    [
        ("https://github.com", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql"),
        ("https://git.example", "https://git.example/api/v3", "https://git.example/api/graphql"),
    ],
)
def test_each_github_has_its_addresses(server: str, rest: str, graphql: str) -> None:
    assert addresses(server) == (rest, graphql)


@pytest.mark.parametrize("face", ["gitlab", "gitea"])
def test_commits_elsewhere_are_gits(tmp_path: Path, face: Any) -> None:
    with ForgeDouble(tmp_path, face) as forge:
        forge.add_repository(APP)
        assert commit(forge, new_commit(forge)) is None
        assert not forge.writes
