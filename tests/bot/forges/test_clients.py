"""Independent clients read what pinner made: if they understand the double, it speaks as the forges do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import github as pygithub
import gitlab as python_gitlab
from forge_double import ForgeDouble
from forge_talk import talk

from pinner.bot.model import FileChange, NewCommit

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.bot.forges.base import Forge

APP, BRANCH = "acme/group/app", "pinner/digests"


async def propose(client: Forge, name: str) -> None:
    repository = await client.repository(name)
    request = await client.create(repository, BRANCH, "main", "Update digests", "Bödy\n\n<!-- pinner: {} -->")
    await client.add(repository, request, labels=["pinner", "docker"], assignees=["ada"], reviewers=["grace"])


def test_pygithub_reads_the_pull_request(tmp_path: Path) -> None:
    with ForgeDouble(tmp_path, "github") as forge:
        forge.add_repository("acme/app")
        forge.commit("acme/app", BRANCH, {"Dockerfile": "FROM nginx:1@sha256:a\n"}, "Pin")
        talk(forge, lambda client: propose(client, "acme/app"))
        with pygithub.Github(base_url=f"{forge.url}/api/v3", auth=pygithub.Auth.Token(forge.token)) as client:
            repository = client.get_repo("acme/app")
            (pull,) = repository.get_pulls(state="open", head=f"acme:{BRANCH}")
            assert (pull.number, pull.title, pull.state) == (1, "Update digests", "open")
            assert pull.body == "Bödy\n\n<!-- pinner: {} -->"
            assert (pull.head.ref, pull.base.ref) == (BRANCH, "main")
            assert pull.head.sha == forge.repository("acme/app").head(BRANCH)
            assert [label.name for label in pull.labels] == ["pinner", "docker"]
            assert [person.login for person in pull.assignees] == ["ada"]
            assert [person.login for person in pull.requested_reviewers] == ["grace"]
            assert repository.get_pull(1).mergeable
            pull.edit(state="closed")
        assert forge.repository("acme/app").pulls[1].state == "closed"


def test_pygithub_reads_the_signed_commit(tmp_path: Path) -> None:
    with ForgeDouble(tmp_path, "github") as forge:
        forge.add_repository("acme/app")
        parent = forge.repository("acme/app").head("main") or ""

        async def story(client: Forge) -> str | None:
            commit = NewCommit("scratch", parent, "Title\n\nBody\n", (FileChange("a/Dockerfile", None, b"FROM x\n"),))
            return await client.commit(await client.repository("acme/app"), commit)

        made = talk(forge, story)
        with pygithub.Github(base_url=f"{forge.url}/api/v3", auth=pygithub.Auth.Token(forge.token)) as client:
            commit = client.get_repo("acme/app").get_git_commit(made or "")
            assert commit.message == "Title\n\nBody"
            assert [parent.sha for parent in commit.parents] == [parent]


def test_python_gitlab_reads_the_merge_request_of_a_subgroup(tmp_path: Path) -> None:
    with ForgeDouble(tmp_path, "gitlab") as forge:
        forge.add_repository(APP)
        forge.commit(APP, BRANCH, {"Dockerfile": "FROM nginx:1@sha256:a\n"}, "Pin")
        talk(forge, lambda client: propose(client, APP))
        with python_gitlab.Gitlab(forge.url, private_token=forge.token) as client:
            project = client.projects.get(APP)
            assert project.path_with_namespace == APP
            (request,) = project.mergerequests.list(state="opened", source_branch=BRANCH, get_all=True)
            assert (request.iid, request.title, request.state) == (1, "Update digests", "opened")
            assert request.description == "Bödy\n\n<!-- pinner: {} -->"
            assert request.sha == forge.repository(APP).head(BRANCH)
            assert request.labels == ["pinner", "docker"]
            assert [person["username"] for person in request.assignees] == ["ada"]
            assert [person["username"] for person in request.reviewers] == ["grace"]
            assert project.branches.get(BRANCH).commit["id"] == request.sha
            project.mergerequests.update(request.iid, {"state_event": "close"})
        assert forge.repository(APP).pulls[1].state == "closed"


def test_what_the_double_takes_for_gitlabs_keys_are_those_that_python_gitlab_knows() -> None:
    from forge_double.gitlab import BODIES  # noqa: PLC0415 - the table alone
    from gitlab.v4.objects import ProjectMergeRequestManager  # noqa: PLC0415

    create, update = ProjectMergeRequestManager._create_attrs, ProjectMergeRequestManager._update_attrs  # noqa: SLF001 - its tables
    keys, required = BODIES["POST", "/projects/{id}/merge_requests"]
    # Its tables are older than `reviewer_ids` and `assignee_ids`, which its users pass all the same.
    newer = {"reviewer_ids", "assignee_ids", "squash", "remove_source_branch", "add_labels", "remove_labels"}
    assert set(keys) <= {*create.required, *create.optional, *newer}
    assert set(required) == set(create.required)
    assert set(BODIES["PUT", "/projects/{id}/merge_requests/{iid}"][0]) <= {*update.required, *update.optional, *newer}
