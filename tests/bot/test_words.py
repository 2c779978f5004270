"""What a run of the bot says: lines, tables, Markdown, JSON, and the splitting that they tell of."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from botplace import NGINX, Place, nginx_place
from locks import NOON, digest, record

from pinner.bot.batch import Job, Report, Shard, run_one, tally
from pinner.bot.context import Published, Scope, Step
from pinner.bot.decide import Complete, Decision
from pinner.bot.execute import Executed, Tools, execute
from pinner.bot.model import Author, Proposal, Repository
from pinner.bot.report import render_json, render_markdown, report_lines, summary_lines
from pinner.errors import InputError, PinnerError
from pinner.lockfile.model import Entry, Lock
from pinner.lockfile.render import render_lock
from pinner.report.style import PLAIN
from pinner.scan.scan import Unreadable

if TYPE_CHECKING:
    from pathlib import Path

HERE = Repository("acme/app", "main", "https://forge.example/acme/app.git", "https://forge.example/acme/app")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return nginx_place(tmp_path)


def step(outcome: str = "opened", error: PinnerError | None = None, url: str | None = None) -> Step:
    decision = Decision(outcome, "1 image")  # type: ignore[arg-type]
    return Step(decision, Proposal("digests", "pinner/digests", "main", (), ()), url, error=error)


def test_counts_are_of_pull_requests_and_of_repositories_without_any() -> None:
    reports = [
        Report("a", Published(HERE, (step(), step("waiting")))),
        Report("b", Published(HERE, skipped="it is archived")),
        Report("c", Published(HERE)),
        Report("d", error=PinnerError("down")),
        Report("e", Published(HERE, (step("opened", PinnerError("moved")),))),
    ]
    assert tally(reports) == {"opened": 1, "waiting": 1, "nothing": 1, "skipped": 1, "failed": 2}
    assert [report.is_complete for report in reports] == [True, True, True, False, False]


def test_counts_of_a_dry_run_are_of_what_would_be() -> None:
    reports = [Report("a", Published(HERE, (step(), step("waiting"))))]
    assert list(summary_lines(tally(reports), 1, PLAIN, dry_run=True)) == [
        "1 repository:",
        "  1  would open",
        "  1  waiting",
    ]
    assert list(summary_lines(tally(reports), 1, PLAIN)) == ["1 repository:", "  1  opened", "  1  waiting"]


def test_repository_with_something_unreadable_is_not_said_to_be_all_right() -> None:
    published = Published(HERE, unreadable=(Unreadable("Dockerfile", InputError("is binary")),))
    assert list(report_lines(Report("a", published), PLAIN)) == ["a: nothing to do"]
    assert not Report("a", published).is_complete
    value = json.loads(render_json([Report("a", published), Report("b", error=PinnerError("x"))], dry_run=False))
    assert value["repositories"][0]["unreadable"] == [{"path": "Dockerfile", "message": "is binary"}]
    assert value["repositories"][1]["error"] == {"message": "x", "hint": None}


def test_error_of_one_pull_request_is_no_line_of_the_others() -> None:
    published = Published(HERE, (step("opened", PinnerError("moved")), step("nothing")))
    assert list(report_lines(Report("a", published), PLAIN)) == ["a: nothing to do pinner/digests: 1 image"]


def test_dry_run_in_markdown_is_exact_and_harmless(place: Place) -> None:
    place.commit(
        {
            "pinner.toml": b'[bot]\nlabels = ["deps"]\nreviewers = ["ann", "bob"]\nauto-merge = true\n'
            b'commit-message = "```\\n{title}"\n',
            "Dockerfile.x": f"# \x1b[31m\tred\nFROM nginx:1.27@{digest('old')}\n".encode(),
        }
    )
    published = place.run(dry_run=True)
    text = "\n".join(render_markdown([Report("acme/app", published), Report("b", Published(HERE, (step(),)))]))
    assert "- labels: deps\n- reviewers: ann, bob\n- auto-merge: once the checks pass\n" in text
    assert "\n````\n```\nUpdate nginx:1.27" in text  # a fence that the message cannot close
    assert "\\x1b[31m\tred" in text
    assert "\x1b" not in text
    assert text.count("# Update") == 1
    assert list(report_lines(Report("acme/app", published), PLAIN, dry_run=True)) == [
        "acme/app: would open pinner/digests: 1 image"
    ]


def test_lock_with_line_ends_of_windows_keeps_them(place: Place) -> None:
    lock = Lock({NGINX: Entry(record("old", NOON))}, {"Dockerfile": (NGINX,), "elsewhere": (NGINX,)})
    place.commit({"pinner.lock": render_lock(lock).replace(b"\n", b"\r\n")})
    place.run()
    changed = place.show("pinner/digests", "pinner.lock")
    assert changed.count("\r\n") == changed.count("\n") > 5
    assert '"elsewhere"' in changed


def test_one_tag_moves_everywhere_at_once_beside_a_lock(place: Place) -> None:
    lock = Lock({NGINX: Entry(record("old", NOON))}, {"Dockerfile": (NGINX,), "a/Dockerfile": (NGINX,)})
    place.commit(
        {
            "pinner.lock": render_lock(lock),
            "a/Dockerfile": b"FROM nginx:1.27\n",
            "pinner.toml": b'[[group]]\nname = "a"\npaths = ["a/"]\n',
        }
    )
    (found,) = place.run().steps
    assert [file.path for file in found.proposal.files] == ["Dockerfile", "a/Dockerfile", "pinner.lock"]
    assert found.proposal.group == "digests"


def test_lock_beside_a_new_image_gets_it_with_its_pin(place: Place) -> None:
    lock = Lock({NGINX: Entry(record("old", NOON))}, {"Dockerfile": (NGINX,)})
    place.means("docker.io/library/redis:7", "cache")
    place.commit({"pinner.lock": render_lock(lock), "compose.yaml": b"services:\n  a:\n    image: redis:7\n"})
    steps = {step.proposal.group: step for step in place.run().steps}
    assert [file.path for file in steps["pins"].proposal.files] == ["compose.yaml", "pinner.lock"]
    assert "redis" not in place.show("pinner/digests", "pinner.lock")
    assert "redis" in place.show("pinner/pins", "pinner.lock")


def test_index_is_taken_where_it_is_asked_for(place: Place) -> None:
    old = place.registry.images[f"docker.io/library/nginx@{digest('old')}"].platforms[0]
    place.commit({"Dockerfile": f"FROM nginx:1.27@{old.digest}\n".encode()})
    place.run(Scope(to_index=True))
    assert place.show("pinner/digests", "Dockerfile") == f"FROM nginx:1.27@{digest('new')}"


def test_note_that_somebody_has_spoilt_is_made_anew(place: Place) -> None:
    from memory_forge import git  # noqa: PLC0415 - beside its use

    place.commit({"pinner.toml": b'min-age = "3d"\n'})
    place.run()
    git(place.work, "checkout", "--quiet", "--orphan", "spoilt")
    (place.work / "pinner.lock").write_text("no lock")
    git(place.work, "add", "--all")
    git(place.work, "commit", "--quiet", "-m", "x")
    git(place.work, "push", "--quiet", "--force", "origin", "HEAD:refs/pinner/seen")
    published = place.run()
    assert published.notes == ()
    assert "eligible on" in published.steps[0].held_back[0].reason
    assert '"candidates"' in git(place.bare, "show", "refs/pinner/seen:pinner.lock")


def test_note_that_cannot_be_pushed_is_said(place: Place) -> None:
    hook = place.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    place.commit({"pinner.toml": b'min-age = "3d"\n'})
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (note,) = place.run().notes
    assert note.startswith("when digests were first seen could not be noted in the repository: ")


def test_labels_of_no_pull_request_are_nobodys(place: Place) -> None:
    proposal = Proposal("digests", "pinner/digests", "main", (), (), labels=("a",))
    tools = Tools(place.forge, HERE, None, Author("a", "b"), "git", "pinner/")  # type: ignore[arg-type]
    assert asyncio.run(execute((Complete(None),), proposal, tools)) == Executed()
    assert place.forge.writes == []


class BrokenForge:
    """Says something that nobody expects."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def repository(self, _name: str) -> Repository:
        raise self.error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("odd"), "internal error: RuntimeError: odd"),
        (KeyError(), "internal error: KeyError"),
        (OSError(28, "No space left on device"), "no space left on device"),
        (ExceptionGroup("tasks", [PinnerError("told")]), "told"),
    ],
)
def test_whatever_happens_to_one_repository_is_its_own_report(error: Exception, message: str) -> None:
    class World:
        forge = BrokenForge(error)

    job = Job("acme/app", World(), "https://forge.example")  # type: ignore[arg-type]
    report = asyncio.run(run_one(job, Scope()))
    assert report.error is not None
    assert report.error.message == message


def test_token_goes_to_no_other_host_than_its_own() -> None:
    from pinner.bot.batch import _clone_url  # noqa: PLC0415 - a rule of its own

    assert _clone_url(HERE, "https://forge.example") == HERE.clone_url
    evil = HERE._replace(clone_url="https://evil.example/acme/app.git")
    assert _clone_url(evil, "https://forge.example") == "https://forge.example/acme/app.git"
    assert _clone_url(evil._replace(clone_url="http://forge.example/x.git"), "https://forge.example").startswith(
        "https:"
    )


def test_shard_of_a_name_is_the_same_on_every_machine() -> None:
    assert [Shard(number, 5).has("acme/app") for number in range(5)].index(True) == 3
