"""Many repositories on a real Gitea: runs that are killed, and runs at the same time.

`PINNER_GITEA_REPOSITORIES=60 PINNER_GITEA_KILLS=20 make forge` is the same at a size that shows what is rare; the
defaults are for every day. What it took is printed (`pytest -s`).
"""

from __future__ import annotations

import os
import tempfile
import time
from typing import TYPE_CHECKING

import pytest
from botforge import Site, held

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from forge_double.gitea_real import RealGitea

REPOSITORIES = int(os.environ.get("PINNER_GITEA_REPOSITORIES", "4"))
KILLS = int(os.environ.get("PINNER_GITEA_KILLS", "3"))
SETTINGS = '[bot]\nlabels = ["deps"]\nassignees = ["grace"]\n'
KILLED_AT = (
    {"method": "POST", "path": "/git-receive-pack$"},
    {"method": "POST", "path": "/pulls$"},
    {"method": "POST", "path": "/issues/[0-9]+/labels$"},
)
BRANCHES = ["pinner/digests", "pinner/pins"]


@pytest.fixture
def server(gitea_server: RealGitea, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A server with an organisation of repositories, each of which wants two pull requests."""
    with gitea_server as forge:
        files = {
            "Dockerfile": f"FROM {held('nginx', 'old')}\n",
            "compose.yaml": "services:\n  web:\n    image: redis:1\n",
            "pinner.toml": SETTINGS,
        }
        for number in range(REPOSITORIES):
            forge.add_repository(f"acme/app{number:02}", files)
    # Where those that are started have their clones, too.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    site = Site(tmp_path, forge)  # type: ignore[arg-type] # it has the double's face
    site.means(nginx="new", redis="cache")
    forge.forget()
    return site


def run(site: Site, what: str) -> str:
    """Run the bot over all of it, and print what it took."""
    site.forge.forget()
    begun = time.monotonic()
    ran = site.run("--org", f"{site.forge.url}/acme", name=None)
    seconds = time.monotonic() - begun
    api, git = site.forge.requests, site.forge.git_requests
    print(  # noqa: T201 - figures, for `pytest -s`
        f"\n{what}: {REPOSITORIES} repositories, {len(api)} requests ({len(site.forge.writes)} writes), "
        f"{len(git)} of git ({sum(seen.status == 401 for seen in git)} refused), {seconds:.1f} s"
    )
    assert (ran.status, ran.stderr.count("error")) == (0, 0), ran.stderr
    return ran.stdout


def check_all_open(site: Site) -> None:
    for number in range(REPOSITORIES):
        pulls = site.forge.repository(f"acme/app{number:02}").pulls.values()
        assert sorted((pull.head, pull.state) for pull in pulls if pull.state == "open") == [
            (branch, "open") for branch in BRANCHES
        ]
        assert all(pull.labels == ["deps"] and pull.assignees == ["grace"] for pull in pulls if pull.state == "open")


def check_unchanged(site: Site) -> None:
    assert run(site, "unchanged").count("unchanged") == 2 * REPOSITORIES
    assert site.forge.writes == []
    assert len(site.forge.requests) <= 3 * REPOSITORIES + 5
    assert len(site.forge.git_requests) <= 6 * REPOSITORIES


def test_first_and_second_run_of_an_organisation(server: Site) -> None:
    assert run(server, "first run").count("opened") == 2 * REPOSITORIES
    check_all_open(server)
    check_unchanged(server)


def test_killed_wherever_it_is_and_run_again_leaves_one_of_each(server: Site) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        started[-1].kill()

    for number in range(KILLS):
        # In the middle of its share of the work: at a push, an opening, a label.
        fault = server.forge.inject(
            "before", skip=2 * REPOSITORIES // (KILLS + 1) - 1, action=kill, **KILLED_AT[number % 3]
        )
        started.append(server.start("--org", f"{server.forge.url}/acme", name=None))
        started[-1].communicate(timeout=900)
        assert fault.done
        server.forge.faults.clear()
    assert list(server.folder.glob("pinner-bot-*"))
    run(server, f"after {KILLS} kills")
    check_all_open(server)
    check_unchanged(server)
    assert list(server.folder.glob("pinner-bot-*")) == []


def test_three_runs_at_once_leave_one_of_each(server: Site) -> None:
    runs = [server.start("--org", f"{server.forge.url}/acme", name=None) for _ in range(3)]
    said = [process.communicate(timeout=900) for process in runs]
    # Each comes too late for some: that is told, and no second one is opened.
    assert {process.returncode for process in runs} <= {0, 3}, said
    assert sum(out.count(b"opened") for out, _ in said) >= 2 * REPOSITORIES, said
    run(server, "after three runs at once")
    check_all_open(server)
    check_unchanged(server)
