"""What Gitea alone has: lists that cannot be asked for a branch, labels by number, auto-merge only in the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forge_double import ForgeDouble
from forge_talk import talk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pinner.bot.forges.base import Forge
    from pinner.bot.model import PullRequest, Repository

APP, BRANCH = "ada/app", "pinner/digests"


@pytest.fixture
def gitea(tmp_path: Path) -> Iterator[ForgeDouble]:
    with ForgeDouble(tmp_path, "gitea") as forge:
        forge.add_repository(APP, {"Dockerfile": b"FROM nginx:1\n"}, is_organisation=False)
        forge.commit(APP, BRANCH, {"Dockerfile": b"FROM nginx:1@sha256:a\n"}, "Pin")
        yield forge


async def opened(client: Forge) -> tuple[Repository, PullRequest]:
    repository = await client.repository(APP)
    return repository, await client.create(repository, BRANCH, "main", "Title", "Body")


def test_of_the_closed_ones_only_the_newest_500_are_looked_at(gitea: ForgeDouble) -> None:
    stored = gitea.repository(APP)
    for number in range(620):
        pull = stored.opened(BRANCH if number in (0, 300) else "other", "main", "Title", "")
        pull.state, pull.last_head = "closed", "0" * 40

    async def story(client: Forge) -> list[int]:
        found = await client.pull_requests(await client.repository(APP), BRANCH)
        return [request.number for request in found]

    assert talk(gitea, story) == [301]


def test_an_open_one_is_found_however_old_it_is(gitea: ForgeDouble) -> None:
    stored = gitea.repository(APP)
    stored.opened(BRANCH, "main", "Title", "")
    for _ in range(120):
        pull = stored.opened("other", "main", "Title", "")
        pull.last_head = "0" * 40

    async def story(client: Forge) -> list[int]:
        found = await client.pull_requests(await client.repository(APP), BRANCH)
        return [request.number for request in found]

    assert talk(gitea, story) == [1]


def test_the_labels_of_a_persons_repository_are_made_once(gitea: ForgeDouble) -> None:
    gitea.repository(APP).label("theirs")

    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        await client.add(repository, request, labels=["pinner", "theirs"])

    talk(gitea, story)
    assert gitea.repository(APP).pulls[1].labels == ["pinner", "theirs"]
    made = [seen.body["name"] for seen in gitea.writes if seen.path.endswith("app/labels")]
    assert made == ["pinner"]


def test_auto_merge_that_was_taken_back_is_off(gitea: ForgeDouble) -> None:
    async def story(client: Forge) -> bool:
        repository, request = await opened(client)
        stored = gitea.repository(APP).pulls[1]
        stored.comments, stored.auto_merge_cancelled = ["Said"], True
        (found,) = await client.pull_requests(repository, BRANCH)
        assert found.number == request.number
        return found.auto_merge

    assert talk(gitea, story) is False


def test_a_team_reviews_as_a_team(gitea: ForgeDouble) -> None:
    async def story(client: Forge) -> None:
        repository, request = await opened(client)
        await client.add(repository, request, reviewers=["acme/platform", "linus"])

    talk(gitea, story)
    assert gitea.writes[-1].body == {"reviewers": ["linus"], "team_reviewers": ["platform"]}
