"""The command line of pull requests: what it takes, what it says, and the status it ends with."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, NoReturn

import pytest
from botforge import Site, held
from forge_double import ForgeDouble
from world import outcome, pinner, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = {"Dockerfile": f"FROM {held('nginx', 'old')}\n"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ForgeDouble(tmp_path) as forge:
        site = Site(tmp_path, forge)
        site.means(nginx="new")
        yield site


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--pr", "--repo", "https://github.com/a/b"], "--pr is about the repository here"),
        (["--repo", "https://github.com/a/b", "Dockerfile"], "a PATH goes with --pr"),
        (["--dry-run"], "--dry-run, --forge, --shard and --concurrency go with pull requests"),
        (["--pr", "--diff"], "--diff is about files, not pull requests"),
        (["--pr", "--exit-non-zero-on-change"], "--exit-non-zero-on-change is about files, not pull requests"),
        (["--pr", "--format", "sarif"], "--format sarif goes with --diff"),
        (["--org", "acme", "--shard", "4/4"], "--shard: there is no shard `4/4`"),
        (["--org", "acme", "--forge", "gitea"], "--org: where is `acme`?"),
        (["--org", "ftp://x"], "--org: `ftp://x` is no repository's address"),
        (["--repo", "nonsense"], "`nonsense` is no repository's address"),
        (["--repos", "nowhere"], "--repos: `nowhere` cannot be read: no such file or directory"),
        (["--pr"], "--pr: there is no repository here"),
        (["--repo", "https://github.com/a/b"], "there is no token for github.com"),
        (["--repo", "https://github.com/a/b", "--min-age", "soon"], "--min-age: not a duration: `soon`"),
        (["--pr", "../elsewhere"], "`../elsewhere` is outside of this repository"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: list[str], problem: str) -> None:
    ran = pinner(tmp_path, "update", *arguments)
    assert ran.status == 2
    assert ran.stderr.startswith(f"error: {problem}")


def test_checkout_without_a_remote_is_told(tmp_path: Path, site: Site) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "here")], check=True)
    ran = outcome(world(tmp_path / "here", environment=site.environment), "update", "--pr")
    assert ran.status == 2
    assert "the repository here has no remote `origin`" in ran.stderr


def test_wrong_settings_of_the_one_repository_end_with_2(site: Site) -> None:
    site.forge.add_repository("acme/app", {"pinner.toml": "wrong = 1\n"})
    ran = site.run()
    assert ran.status == 2
    assert ran.stderr.startswith("error: pinner.toml: unknown key `wrong`")


def test_what_has_no_answer_ends_with_3(site: Site) -> None:
    site.forge.add_repository("acme/app", {"Dockerfile": f"FROM {held('nginx', 'old')}\nFROM gone:1\n"})
    ran = site.run()
    assert ran.status == 3
    assert "acme/app: opened" in ran.stdout
    assert ran.stderr.startswith("Dockerfile:2:6: error: ")


def test_base_branch_that_is_not_there_is_told_as_a_setting(site: Site) -> None:
    site.forge.add_repository("acme/app", {**FILE, "pinner.toml": '[bot]\nbase = "gone"\n'})
    ran = site.run()
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: `bot.base`: there is no branch `gone`\n")


def test_forge_out_of_reach_is_no_concern_of_the_other_repositories(tmp_path: Path) -> None:
    with ForgeDouble(tmp_path, "gitlab") as forge:
        site = Site(tmp_path, forge)
        site.means(nginx="new")
        forge.add_repository("acme/app", FILE)
        # A name that is nobody's (RFC 6761), twice.
        names = ("https://forge.invalid/acme/x", "https://forge.invalid/acme/y", f"{forge.url}/acme/app")
        (tmp_path / "list").write_text("\n".join(names))
        context = world(tmp_path, environment=site.environment)._replace(connect=connect_to_registries)
        ran = outcome(context, "update", "--repos", "list", "--layout", str(site.layout))
    assert ran.status == 3
    assert ran.stdout.startswith("acme/app: opened ")
    assert [line.partition(":")[0] for line in ran.stderr.splitlines() if ": error: " in line] == ["acme/x", "acme/y"]
    assert "3 repositories:\n  1  opened\n  2  failed\n" in ran.stderr


def test_one_repository_at_a_forge_out_of_reach_ends_with_3(site: Site) -> None:
    context = world(site.folder, environment=site.environment)
    ran = outcome(context, "update", "--repo", "https://forge.invalid/acme/x")
    assert (ran.status, ran.stdout) == (3, "")
    assert ran.stderr.startswith("error: ")


def test_interrupted_run_says_that_another_goes_on(site: Site) -> None:
    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    site.forge.add_repository("acme/app", FILE)
    ran = outcome(world(site.folder, environment=site.environment)._replace(connect=interrupted), *site.arguments())
    assert (ran.status, ran.stdout) == (130, "")
    assert "run it again" in ran.stderr
    assert site.run().status == 0


def test_forge_that_is_down_ends_with_3(site: Site) -> None:
    ran = site.run(name="acme/none")
    assert ran.status == 3
    assert ran.stderr.startswith("acme/none: error: ")


def test_list_of_repositories_has_a_line_each_and_a_table(site: Site, tmp_path: Path) -> None:
    for name in ("acme/a", "acme/b"):
        site.forge.add_repository(name, FILE)
    site.forge.add_repository("acme/c", {**FILE, "pinner.toml": "wrong = 1\n"})
    lines = [f"{site.forge.url}/acme/{name}" for name in ("b", "a", "c", "b")]
    (tmp_path / "list").write_text("# ours\n\n" + "\n".join(lines) + "\n")
    ran = site.run("--repos", "list", name=None)
    assert ran.status == 3
    assert [line.split(" http")[0] for line in ran.stdout.splitlines()] == ["acme/b: opened", "acme/a: opened"]
    assert ran.stderr.splitlines()[0] == "acme/c: error: pinner.toml: unknown key `wrong`"
    assert ran.stderr.splitlines()[-3:] == ["3 repositories:", "  2  opened", "  1  failed"]


def test_organisation_is_seen_to_in_shards(site: Site) -> None:
    names = [f"acme/app{number}" for number in range(6)]
    for name in names:
        site.forge.add_repository(name, FILE)
    said = ""
    for shard in ("0/2", "1/2"):
        ran = site.run("--org", f"{site.forge.url}/acme", "--shard", shard, "--concurrency", "2", name=None)
        assert ran.status == 0
        said += ran.stdout
    assert sorted(line.split(":")[0] for line in said.splitlines()) == names
    assert [len(site.forge.repository(name).pulls) for name in names] == [1] * 6


def test_json_says_everything(site: Site) -> None:
    site.forge.add_repository("acme/app", FILE)
    ran = site.run("--format", "json")
    value = json.loads(ran.stdout)
    assert (value["version"], value["dryRun"], value["summary"]) == (1, False, {"opened": 1})
    (request,) = value["repositories"][0]["pullRequests"]
    assert request["url"].endswith("/acme/app/pull/1")
    assert request["changes"][0]["name"] == "nginx:1"
    assert "opened" in ran.stderr


def test_configuration_of_the_command_line_is_every_repositorys(site: Site, tmp_path: Path) -> None:
    site.forge.add_repository("acme/app", {**FILE, "sub/Dockerfile": FILE["Dockerfile"]})
    (tmp_path / "ours.toml").write_text('exclude = ["sub/"]\n[bot]\nbranch-prefix = "deps/"\n')
    assert site.run("--config", "ours.toml", "--min-age", "0m").status == 0
    stored = site.forge.repository("acme/app")
    assert stored.files("deps/digests")["sub/Dockerfile"] == FILE["Dockerfile"].encode()


def test_places_of_the_command_lines_configuration_are_of_every_repository(site: Site, tmp_path: Path) -> None:
    site.forge.add_repository("acme/app", {"deploy/x.mk": f"IMAGE={held('nginx', 'old')}\n"})
    rules = "[[places]]\nfiles = [\"/deploy/*.mk\"]\nregex = 'IMAGE=(?P<image>\\S+)'\n"
    (tmp_path / "ours.toml").write_text(rules)
    assert site.run("--config", "ours.toml").status == 0
    stored = site.forge.repository("acme/app")
    assert stored.files("pinner/digests")["deploy/x.mk"] != stored.files("main")["deploy/x.mk"]


def test_progress_is_shown_on_a_terminal_and_cleared(site: Site) -> None:
    site.forge.add_repository("acme/app", FILE)
    context = world(site.folder, environment=site.environment, terminal=True)._replace(connect=connect_to_registries)
    ran = outcome(context, *site.arguments("--dry-run"))
    assert ran.status == 0
    assert "would open" in ran.stderr


def test_dry_run_of_something_public_needs_no_token(site: Site) -> None:
    context = world(site.folder, environment={"PATH": site.environment["PATH"]})
    ran = outcome(context, *site.arguments("--dry-run"))
    assert ran.status == 3  # the double is not public, but that was its own word
    assert "there is no token" not in ran.stderr


def test_what_is_in_the_way_of_one_pull_request_is_named_with_it(site: Site) -> None:
    stored = site.forge.add_repository("acme/app", {**FILE, "Dockerfile.bad": b"\0"})
    hook = stored.folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho quota exceeded >&2\nexit 1\n")
    hook.chmod(0o755)
    ran = site.run()
    assert ran.status == 3
    assert "acme/app pinner/digests: error: git push failed: " in ran.stderr
    assert "quota exceeded" in ran.stderr
    assert "Dockerfile.bad: error: is binary" in ran.stderr


def test_note_of_the_forge_is_said_once(site: Site) -> None:
    site.forge.state.account = "github-actions[bot]"
    settings = "[bot]\nauto-merge = true\n"
    site.forge.add_repository("acme/app", {**FILE, "pinner.toml": settings}, auto_merge_allowed=False)
    fault = site.forge.inject("secondary", method="GET", path="/pulls", retry_after=0.1)
    ran = site.run()
    assert ran.status == 0
    assert ran.stderr.count("warning: pull requests made with GITHUB_TOKEN start no workflows") == 1
    assert fault.done == 1
    assert "rate limit" in ran.stderr


def test_list_from_nowhere_and_an_odd_list_are_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\xff\xfe")
    ran = site.run("--repos", "list", name=None)
    assert (ran.status, ran.stderr.startswith("error: --repos: `list` cannot be read: not UTF-8")) == (2, True)


def test_settings_of_the_current_folder_are_of_no_concern(site: Site, tmp_path: Path) -> None:
    site.forge.add_repository("acme/app", FILE)
    (tmp_path / "pinner.toml").write_text("wrong = 1\n")
    assert site.run().status == 0
    ran = site.run("--config", "pinner.toml")
    assert (ran.status, ran.stderr.startswith("error: pinner.toml: unknown key `wrong`")) == (2, True)
