"""`pinner update --repo` and `--pr` against forges that keep state and check every request, on real git over HTTP."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from botforge import Site, held, picture
from forge_double import ForgeDouble
from world import outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from forge_double.gitea_real import RealGitea
    from world import Outcome

BRANCH = "pinner/digests"
NOTEBOOK = {
    "cells": [{"cell_type": "code", "source": ["import docker\n", "docker.from_env().containers.run('nginx:1')\n"]}],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def everything(word: str) -> dict[str, bytes | str]:
    """Return a file of each format, all of which hold nginx at ``word``."""
    image = held("nginx", word)
    return {
        "Dockerfile": f"ARG V={image.partition(':')[2]}\r\nFROM nginx:$V AS base\r\nFROM base",
        "deploy/compose.yaml": f"services:\n  web:\n    image: '{image}' # here\n",
        "k8s/app.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        f"  - {{name: a, image: {image}}}\n",
        "tests/run.py": f"import docker\n\ndocker.from_env().containers.run('{image}')\n",
        "notes/run.ipynb": json.dumps(NOTEBOOK, indent=1).replace("nginx:1", image) + "\n",
        "scripts/Dockerfile.run": f"FROM {image}\n",
        "README.md": f"nothing of {image} here\n",
    }


@pytest.fixture(params=["github", "gitlab", "gitea", "gitea-server"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    is_real = request.param == "gitea-server"
    with request.getfixturevalue("gitea_server") if is_real else ForgeDouble(tmp_path, request.param) as forge:
        forge.add_repository("acme/app", everything("old"), executable=["scripts/Dockerfile.run"])
        site = Site(tmp_path, forge)
        site.means(nginx="new")
        yield site


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Site]:
    with ForgeDouble(tmp_path) as forge:
        forge.add_repository("acme/app", {"Dockerfile": f"FROM {held('nginx', 'old')}\n"})
        site = Site(tmp_path, forge)
        site.means(nginx="new")
        yield site


def test_all_formats_come_in_one_pull_request_with_exactly_the_digests_changed(site: Site) -> None:
    ran = site.run()
    assert (ran.status, ran.stderr) == (0, "")
    stored = site.forge.repository("acme/app")
    (pull,) = stored.pulls.values()
    assert (pull.head, pull.base, pull.state) == (BRANCH, "main", "open")
    assert f"/{pull.number}: 1 image" in ran.stdout
    old, new = picture("old").digest.encode(), picture("new").digest.encode()
    before = stored.files("main")
    after = {path: data.replace(old, new) if path != "README.md" else data for path, data in before.items()}
    assert stored.files(BRANCH) == after
    assert len([path for path in before if before[path] != after[path]]) == 6


def test_second_run_pushes_nothing_and_calls_nothing_that_writes(site: Site) -> None:
    site.run()
    site.forge.forget()
    ran = site.run()
    assert (ran.status, ran.stderr) == (0, "")
    assert "unchanged" in ran.stdout
    assert site.forge.writes == []
    assert [seen.path for seen in site.forge.git_requests if "receive-pack" in seen.path] == []
    # Git says who it is at once, and all that the bot has there comes with the clone.
    assert [seen.status for seen in site.forge.git_requests if seen.status != 200] == []
    assert len(site.forge.git_requests) <= 5
    # The repository and what is open in it; GitHub's token is asked whose it is, too.
    assert len(site.forge.requests) <= (3 if site.forge.face == "github" else 2)


def test_life_of_a_pull_request(site: Site) -> None:
    forge = site.forge
    stored = forge.repository("acme/app")
    site.run()
    site.means(nginx="newer")
    assert "updated" in site.run().stdout
    assert len(stored.pulls) == 1
    assert picture("newer").digest.encode() in stored.files(BRANCH)["Dockerfile"]
    assert picture("newer").digest in stored.pulls[1].body
    stored.pulls[1].state = "closed"
    assert "silenced" in site.run().stdout
    site.means(nginx="newest")
    assert "opened" in site.run().stdout
    assert [pull.state for pull in stored.pulls.values()] == ["closed", "open"]
    mine = forge.commit("acme/app", BRANCH, {"mine.txt": "mine"}, "Mine")
    site.means(nginx="old")
    assert "foreign" in site.run().stdout
    assert stored.head(BRANCH) == mine


def test_everything_back_to_normal_closes_the_pull_request_and_deletes_the_branch(site: Site) -> None:
    site.run()
    site.means(nginx="old")
    ran = site.run()
    assert (ran.status, "closed" in ran.stdout) == (0, True)
    stored = site.forge.repository("acme/app")
    assert (stored.pulls[1].state, stored.head(BRANCH)) == ("closed", None)


def test_pull_request_follows_the_base_branch_of_the_settings(site: Site) -> None:
    forge = site.forge
    stored = forge.repository("acme/app")
    site.run()
    forge.commit("acme/app", "next", {"next.txt": "next"}, "Next")
    forge.commit("acme/app", "main", {"pinner.toml": '[bot]\nbase = "next"\n', "main.txt": "main"}, "Settings")
    assert "updated" in site.run().stdout
    assert [(pull.base, pull.state) for pull in stored.pulls.values()] == [("next", "open")]
    assert stored.files(BRANCH).keys() == stored.files("next").keys()
    site.forge.forget()
    assert "unchanged" in site.run().stdout
    assert site.forge.writes == []


def test_labels_and_people_are_one_request_where_the_forge_takes_it(tmp_path: Path) -> None:
    with ForgeDouble(tmp_path, "gitlab") as forge:
        settings = '[bot]\nlabels = ["deps"]\nassignees = ["ada"]\nreviewers = ["grace"]\n'
        forge.add_repository("acme/app", {"Dockerfile": f"FROM {held('nginx', 'old')}\n", "pinner.toml": settings})
        site = Site(tmp_path, forge)
        site.means(nginx="new")
        assert site.run().status == 0
        (pull,) = forge.repository("acme/app").pulls.values()
        assert (pull.labels, pull.assignees, pull.reviewers) == (["deps"], ["ada"], ["grace"])
        assert [seen.method for seen in forge.writes] == ["POST", "PUT"]
        # The repository, what is open, what was closed, and the numbers of two people.
        assert len(forge.requests) == 7


def test_people_whom_the_forge_does_not_know_are_told_and_keep_nothing_up(site: Site) -> None:
    settings = '[bot]\nlabels = ["deps"]\nassignees = ["ada", "nobody"]\nreviewers = ["stranger"]\n'
    site.forge.commit("acme/app", "main", {"pinner.toml": settings}, "Settings")
    ran = site.run()
    (pull,) = site.forge.repository("acme/app").pulls.values()
    assert ran.status == 0
    assert "opened" in ran.stdout
    assert "note: `reviewers`: " in ran.stderr
    assert "note: `assignees`: " in ran.stderr
    assert (pull.labels, pull.reviewers) == (["deps"], [])


def test_what_has_succeeded_is_merged_by_a_later_run_where_that_is_wanted(site: Site) -> None:
    stored = site.forge.repository("acme/app")
    stored.required_checks = ()
    site.forge.commit("acme/app", "main", {"pinner.toml": '[bot]\nauto-merge = "on-success"\n'}, "Settings")
    assert "note: `auto-merge`: no check is required, and none has run" in site.run().stderr
    stored.pulls[1].checks = "passed"
    assert "is merged as soon as its checks have passed" in site.run().stdout
    assert site.forge.becomes(lambda: stored.pulls[1].state == "merged")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("face", "below", "name"),
    [
        ("gitea", "/git", "acme/app"),
        ("gitea", "/a/forge", "acme/app"),
        ("gitlab", "/gitlab", "acme/tools/app"),
        ("gitlab", "", "acme/tools/app"),
        ("github", "", "acme/app"),
    ],
)
def test_forge_is_found_at_the_root_of_its_host_and_below_a_path(
    tmp_path: Path,
    face: Any,
    below: str,
    name: str,
    named: bool,  # noqa: FBT001 - a table
) -> None:
    with ForgeDouble(tmp_path, face, below=below) as forge:
        forge.add_repository(name, {"Dockerfile": f"FROM {held('nginx', 'old')}\n"})
        site = Site(tmp_path, forge)
        site.means(nginx="new")
        ran = site.run(name=name, named=named)
        assert (ran.status, ran.stderr) == (0, "")
        (pull,) = forge.repository(name).pulls.values()
        assert pull.head == BRANCH
        ran = site.run("--org", f"{forge.url}/acme", name=None, named=named)
        assert (ran.status, "unchanged" in ran.stdout) == (0, True)
        assert len(forge.repository(name).pulls) == 1


@pytest.mark.parametrize("site", ["gitea", "gitea-server"], indirect=True)
def test_a_branch_that_the_token_may_not_push_to_is_told_in_the_servers_words(site: Site) -> None:
    site.forge.repository("acme/app").protect("pinner/")
    ran = site.run()
    assert ran.status == 3
    assert "Not allowed to push to protected branch pinner/digests" in ran.stderr
    assert "remote:;" not in ran.stderr
    assert "hint: " in ran.stderr
    assert site.forge.repository("acme/app").pulls == {}


def test_images_in_the_servers_own_registry_take_a_scope_of_their_own(gitea_server: RealGitea, tmp_path: Path) -> None:
    with gitea_server as forge:
        forge.add_repository("acme/app")
        forge.push_image("acme/tool", "1")
        host = forge.url.removeprefix("http://")

        def inspected(*scopes: str) -> Outcome:
            forge.state.scopes = frozenset(scopes)
            login = base64.b64encode(f"{forge.state.account}:{forge.state.token}".encode()).decode()
            (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": login}}}))
            context = world(tmp_path, environment={**os.environ, "DOCKER_CONFIG": str(tmp_path)})
            return outcome(context._replace(connect=connect_to_registries), "inspect", f"{host}/acme/tool:1")

        assert inspected("read:package").status == 0
        refused = inspected("write:repository", "write:issue", "read:organization")
        assert refused.status != 0
        assert "rejects the credentials" in refused.stderr


def test_checkout_is_not_touched_by_its_pull_request(hub: Site) -> None:
    checkout = hub.folder / "checkout"
    url = hub.forge.clone_url("acme/app").replace("://", f"://ann:{hub.forge.token}@")
    subprocess.run(["git", "clone", "--quiet", url, str(checkout)], check=True)
    (checkout / "Dockerfile").write_text("FROM mine\n")
    (checkout / "sub").mkdir()

    def look() -> tuple[object, ...]:
        files = sorted((path.as_posix(), path.stat().st_mtime_ns) for path in checkout.rglob("*"))
        return files, (checkout / ".git" / "index").read_bytes()

    before = look()
    ran = hub.run("--pr", name=None, folder=checkout / "sub")
    assert (ran.status, ran.stderr) == (0, "")
    assert "opened" in ran.stdout
    assert look() == before
    assert hub.forge.repository("acme/app").files(BRANCH)["Dockerfile"] == f"FROM {held('nginx', 'new')}\n".encode()


def test_dry_run_prints_the_exact_pull_request_and_writes_nothing(hub: Site) -> None:
    ran = hub.run("--dry-run")
    stored = hub.forge.repository("acme/app")
    assert (ran.status, stored.pulls, stored.head(BRANCH), hub.forge.writes) == (0, {}, None, [])
    as_json = json.loads(hub.run("--dry-run", "--format", "json").stdout)
    (request,) = as_json["repositories"][0]["pullRequests"]
    assert (as_json["dryRun"], request["outcome"], request["actions"]) == (True, "opened", ["push", "create"])
    hub.run()
    (pull,) = stored.pulls.values()
    assert (pull.title, pull.body, pull.head) == (request["title"], request["body"], request["branch"])
    assert f"# {pull.title}\n" in ran.stdout
    assert pull.body in ran.stdout
    assert f"+FROM {held('nginx', 'new')}\n" in ran.stdout
    assert request["diff"] in ran.stdout


def test_token_is_in_no_argument_no_remote_and_no_message(hub: Site) -> None:
    folder = hub.folder / "bin"
    folder.mkdir()
    log = hub.folder / "calls"
    real = subprocess.run(["sh", "-c", "command -v git"], check=True, capture_output=True).stdout.decode().strip()
    (folder / "git").write_text(
        f'#!/bin/sh\necho "$@" >> {log}\n{real} "$@"\ns=$?\ncat .git/config >> {log} 2>/dev/null\nexit $s\n'
    )
    (folder / "git").chmod(0o755)
    environment = {**hub.environment, "PATH": f"{folder}:{hub.environment['PATH']}"}
    context = world(hub.folder, environment=environment)._replace(connect=connect_to_registries)
    ran = outcome(context, *hub.arguments("-v"))
    assert ran.status == 0
    said = log.read_text()
    assert "push" in said
    assert hub.forge.token not in said + ran.stdout + ran.stderr
