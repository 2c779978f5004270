"""The forge double itself: it must say no where a forge would, or the tests upon it are worth nothing."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from forge_double import ForgeDouble
from forge_talk import ask

if TYPE_CHECKING:
    from pathlib import Path


def git(forge: ForgeDouble, *arguments: str, where: Path | None = None) -> subprocess.CompletedProcess[str]:
    login = base64.b64encode(f"pinner:{forge.token}".encode()).decode()
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {login}",
        "GIT_TERMINAL_PROMPT": "0",
    }
    return subprocess.run(["git", *arguments], cwd=where, env=environment, capture_output=True, text=True, check=False)


OPEN = {
    "github": ("/repos/acme/app/pulls", {"title": "T", "head": "pinner/digests", "base": "main"}),
    "gitlab": (
        "/projects/acme%2Fapp/merge_requests",
        {"title": "T", "source_branch": "pinner/digests", "target_branch": "main"},
    ),
    "gitea": ("/repos/acme/app/pulls", {"title": "T", "head": "pinner/digests", "base": "main"}),
}


def test_a_key_that_the_forge_does_not_know_is_refused_and_remembered(double: ForgeDouble) -> None:
    path, body = OPEN[double.face]
    status, answer = ask(double, "POST", path, {**body, "labelz": ["x"]})
    assert status in (400, 422)
    assert "labelz" in json.dumps(answer)
    assert any("labelz" in violation for violation in double.violations)
    assert not double.repository("acme/app").pulls
    double.violations.clear()


def test_a_value_of_the_wrong_kind_is_refused(double: ForgeDouble) -> None:
    path, body = OPEN[double.face]
    assert ask(double, "POST", path, {**body, "title": 5})[0] in (400, 422)
    assert double.violations
    double.violations.clear()


def test_a_parameter_that_the_forge_does_not_know_is_remembered(double: ForgeDouble) -> None:
    ask(double, "GET", f"{OPEN[double.face][0]}?heads=x")
    assert any("heads" in violation for violation in double.violations)
    double.violations.clear()


def test_an_operation_that_is_none_is_remembered(double: ForgeDouble) -> None:
    assert ask(double, "GET", "/what")[0] == 404
    assert double.violations
    double.violations.clear()


def test_what_breaks_the_rules_fails_the_test(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no operation"), ForgeDouble(tmp_path) as forge:
        ask(forge, "GET", "/what")


def test_the_second_pull_request_is_refused(forge: ForgeDouble) -> None:
    path, body = OPEN[forge.face]
    assert ask(forge, "POST", path, body)[0] == 201
    assert ask(forge, "POST", path, body)[0] == (422 if forge.face == "github" else 409)


def test_a_wrong_token_sees_nothing(forge: ForgeDouble) -> None:
    assert ask(forge, "GET", OPEN[forge.face][0], token="other")[0] == 401


def test_graphql_that_is_wrong_is_remembered(github: ForgeDouble) -> None:
    ask(github, "POST", "/api/graphql", {"query": "query { viewer { logins } }"})
    assert any("logins" in violation for violation in github.violations)
    github.violations.clear()


def test_a_stale_head_is_refused(github: ForgeDouble) -> None:
    query = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"
    values = {
        "branch": {"repositoryNameWithOwner": "acme/app", "branchName": "main"},
        "expectedHeadOid": "1" * 40,
        "message": {"headline": "Title"},
        "fileChanges": {"additions": [{"path": "x", "contents": "eA=="}]},
    }
    before = github.repository("acme/app").head("main")
    _, answer = ask(github, "POST", "/api/graphql", {"query": query, "variables": {"input": values}})
    assert answer["errors"][0]["type"] == "STALE_DATA"
    assert github.repository("acme/app").head("main") == before


def test_git_clones_in_part_and_pushes_with_a_lease(forge: ForgeDouble, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    cloned = git(forge, "clone", "-q", "--depth=1", "--filter=blob:none", forge.clone_url("acme/app"), str(copy))
    assert cloned.returncode == 0, cloned.stderr
    who = ("-c", "user.name=x", "-c", "user.email=x@y.example")
    assert git(forge, *who, "commit", "-q", "--allow-empty", "-m", "Empty", where=copy).returncode == 0
    head = forge.repository("acme/app").head("pinner/digests")
    stale = git(
        forge, "push", f"--force-with-lease=pinner/digests:{'1' * 40}", "origin", "HEAD:pinner/digests", where=copy
    )
    assert stale.returncode != 0
    assert forge.repository("acme/app").head("pinner/digests") == head
    pushed = git(
        forge, "push", f"--force-with-lease=pinner/digests:{head}", "origin", "HEAD:pinner/digests", where=copy
    )
    assert pushed.returncode == 0, pushed.stderr
    assert forge.repository("acme/app").head("pinner/digests") != head
    assert forge.git_requests


@pytest.mark.parametrize(
    ("settings", "may_read"), [({"rights": "read"}, True), ({"archived": True}, True), ({"rights": "none"}, False)]
)
def test_git_may_do_what_the_token_may(tmp_path: Path, settings: Any, may_read: bool) -> None:  # noqa: FBT001 - a table
    with ForgeDouble(tmp_path) as forge:
        forge.add_repository("acme/app", **settings)
        copy = tmp_path / "copy"
        assert (git(forge, "clone", "-q", forge.clone_url("acme/app"), str(copy)).returncode == 0) == may_read
        if may_read:
            assert git(forge, "push", "origin", "HEAD:new", where=copy).returncode != 0
        assert forge.repository("acme/app").head("new") is None


def test_a_push_whose_answer_is_lost_took_effect(forge: ForgeDouble, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    git(forge, "clone", "-q", forge.clone_url("acme/app"), str(copy))
    forge.inject("error-after", method="POST", path="git-receive-pack")
    assert git(forge, "push", "origin", "HEAD:new", where=copy).returncode != 0
    assert forge.repository("acme/app").head("new") == forge.repository("acme/app").head("main")
