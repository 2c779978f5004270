"""The story of one repository, run by run, on real git. Every run is on a machine of its own: nothing is remembered."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import runaways
from botplace import NGINX, Place, nginx_place
from locks import NOON, digest, image, record
from memory_forge import git

from pinner.bot.context import Scope
from pinner.bot.forges.base import ForbiddenError, UnreachableError
from pinner.cli.settings import select
from pinner.errors import ConfigError, UnavailableError
from pinner.lockfile.model import Entry, Lock
from pinner.lockfile.parse import parse_lock
from pinner.lockfile.render import render_lock

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.bot.context import Published

BRANCH = "pinner/digests"
PINS = "pinner/pins"
REDIS = "docker.io/library/redis:7"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return nginx_place(tmp_path)


def outcomes(published: Published) -> dict[str, str]:
    return {step.proposal.branch: step.decision.outcome for step in published.steps}


def line(word: str, name: str = "nginx:1.27") -> str:
    return f"FROM {name}@{digest(word)}"


def test_first_run_opens_one_pull_request_with_exactly_the_change(place: Place) -> None:
    main = place.heads()["main"]
    published = place.run()
    assert outcomes(published) == {BRANCH: "opened"}
    (request,) = place.forge.requests
    assert (request.branch, request.base, request.title) == (
        BRANCH,
        "main",
        f"Update nginx:1.27 digest to {digest('new').hex[:12]}",
    )
    assert place.changed(BRANCH) == ["M\tDockerfile"]
    assert place.show(BRANCH, "Dockerfile") == line("new")
    assert place.heads() == {"main": main, BRANCH: request.head}
    assert git(place.bare, "rev-parse", f"{BRANCH}^") == main


def test_run_tells_what_it_has_read_and_what_is_open_then(place: Place) -> None:
    other = digest("old")
    files = {"compose.yaml": f"services:\n  a: {{image: 'ghcr.io/a/b@{other}'}}\n  b: {{image: redis:7}}\n".encode()}
    main = place.commit(files)
    published = place.run()
    assert published.head == main
    assert [tuple(use) for use in published.uses] == [
        ("Dockerfile", 1, NGINX, str(other)),
        ("compose.yaml", 2, "ghcr.io/a/b", str(other)),
        ("compose.yaml", 3, REDIS, None),
    ]
    assert [(pull.branch, pull.state) for pull in published.pulls] == [(BRANCH, "open"), (PINS, "open")]
    place.means(NGINX, "old")
    assert [pull.branch for pull in place.run().pulls] == [PINS]


def test_second_run_writes_nothing(place: Place) -> None:
    place.run()
    heads, writes = place.heads(), list(place.forge.writes)
    assert outcomes(place.run()) == {BRANCH: "unchanged"}
    assert (place.heads(), place.forge.writes) == (heads, writes)


def test_commit_is_the_same_on_every_run_and_says_whose_it_is(place: Place) -> None:
    place.run()
    head = place.heads()[BRANCH]
    git(place.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")
    place.run()
    assert place.heads()[BRANCH] == head
    said = git(place.bare, "log", "-1", "--format=%an <%ae>|%cn <%ce>|%at %ct", BRANCH)
    time = git(place.bare, "log", "-1", "--format=%ct", "main")
    bot = "pinner[bot] <pinner[bot]@users.noreply.forge.example>"
    assert said == f"{bot}|{bot}|{time} {time}"


def test_nobody_named_signs_off_as_the_bot_of_its_forge(place: Place) -> None:
    place.commit({"pinner.toml": b"[bot]\nsign-off = true\n"})
    place.run()
    said = "Signed-off-by: pinner[bot] <pinner[bot]@users.noreply.forge.example>"
    assert said in git(place.bare, "log", "-1", "--format=%B", BRANCH)


def test_digest_that_moves_again_updates_the_same_pull_request(place: Place) -> None:
    place.run()
    place.means(NGINX, "newer")
    assert outcomes(place.run()) == {BRANCH: "updated"}
    (request,) = place.forge.requests
    assert str(digest("newer")) in request.body
    assert place.show(BRANCH, "Dockerfile") == line("newer")
    assert git(place.bare, "rev-list", "--count", f"main..{BRANCH}") == "1"


@pytest.mark.parametrize("again", ["newer", "old"])
def test_commit_of_a_person_is_never_lost(place: Place, again: str) -> None:
    place.run()
    theirs = place.commit({"notes.txt": b"mine\n"}, BRANCH)
    place.means(NGINX, again)
    assert outcomes(place.run()) == {BRANCH: "foreign"}
    assert place.heads()[BRANCH] == theirs
    assert place.forge.requests[0].state == "open"


@pytest.mark.parametrize("how", [("commit", "--amend", "--no-edit"), ("commit", "--amend", "--no-edit", "--date=now")])
def test_commit_that_a_person_amended_is_theirs(place: Place, how: tuple[str, ...]) -> None:
    place.run()
    git(place.work, "fetch", "--quiet", "origin", BRANCH)
    git(place.work, "checkout", "--quiet", "FETCH_HEAD")
    (place.work / "Dockerfile").write_text("FROM mine\n")
    git(place.work, "add", "--all")
    git(place.work, *how)
    git(place.work, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{BRANCH}")
    theirs = place.heads()[BRANCH]
    place.means(NGINX, "newer")
    assert outcomes(place.run()) == {BRANCH: "foreign"}
    assert place.heads()[BRANCH] == theirs


def test_label_stops_the_bot(place: Place) -> None:
    place.run()
    place.forge.change(1, labels=("pinner:stop",))
    place.means(NGINX, "newer")
    heads = place.heads()
    assert outcomes(place.run()) == {BRANCH: "stopped"}
    assert place.heads() == heads


def test_closed_pull_request_stays_closed_until_the_digests_change(place: Place) -> None:
    place.run()
    place.forge.change(1, state="closed")
    assert outcomes(place.run()) == {BRANCH: "silenced"}
    git(place.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")
    assert outcomes(place.run()) == {BRANCH: "silenced"}
    assert BRANCH not in place.heads()
    place.means(NGINX, "newer")
    assert outcomes(place.run()) == {BRANCH: "opened"}
    assert [request.state for request in place.forge.requests] == ["closed", "open"]


def test_everything_back_to_normal_closes_the_pull_request_and_deletes_the_branch(place: Place) -> None:
    place.run()
    place.means(NGINX, "old")
    assert outcomes(place.run()) == {BRANCH: "closed"}
    assert place.forge.requests[0].state == "closed"
    assert list(place.heads()) == ["main"]
    writes = list(place.forge.writes)
    assert outcomes(place.run()) == {}
    assert place.forge.writes == writes
    # The bot's own closing silences nothing.
    place.means(NGINX, "new")
    assert outcomes(place.run()) == {BRANCH: "opened"}


def test_new_digest_after_a_merge_is_a_new_pull_request(place: Place) -> None:
    place.run()
    place.merge(BRANCH)
    assert outcomes(place.run()) == {BRANCH: "closed"}  # the branch that the merge left
    assert list(place.heads()) == ["main"]
    place.means(NGINX, "newer")
    assert outcomes(place.run()) == {BRANCH: "opened"}
    assert [request.state for request in place.forge.requests] == ["merged", "open"]


def test_branch_that_a_merge_left_is_used_again(place: Place) -> None:
    place.run()
    place.merge(BRANCH)
    place.means(NGINX, "newer")
    assert outcomes(place.run()) == {BRANCH: "opened"}
    assert place.show(BRANCH, "Dockerfile") == line("newer")


def test_base_that_moves_on_elsewhere_needs_no_rebase(place: Place) -> None:
    place.run()
    head = place.heads()[BRANCH]
    place.commit({"README.md": b"more\n"})
    assert outcomes(place.run()) == {BRANCH: "unchanged"}
    assert place.heads()[BRANCH] == head


def test_conflict_is_rebased(place: Place) -> None:
    place.run()
    base = place.commit({"README.md": b"more\n"})
    place.forge.conflicting.add(BRANCH)
    assert outcomes(place.run()) == {BRANCH: "updated"}
    assert git(place.bare, "rev-parse", f"{BRANCH}^") == base


def test_base_that_changes_the_same_file_is_followed(place: Place) -> None:
    place.run()
    place.commit({"Dockerfile": f"{line('old')}\nRUN true\n".encode()})
    assert outcomes(place.run()) == {BRANCH: "updated"}
    assert place.show(BRANCH, "Dockerfile") == f"{line('new')}\nRUN true"


def test_base_that_was_pushed_over_is_no_foreign_commit(place: Place) -> None:
    place.run()
    git(place.work, "checkout", "--quiet", "--orphan", "fresh")
    (place.work / "Dockerfile").write_text(line("old") + "\n")
    git(place.work, "add", "--all")
    git(place.work, "commit", "--quiet", "-m", "anew", "--date=2020-01-01T00:00:00Z")
    git(place.work, "push", "--quiet", "--force", "origin", "HEAD:refs/heads/main")
    place.forge.conflicting.add(BRANCH)
    assert outcomes(place.run()) == {BRANCH: "updated"}
    assert git(place.bare, "merge-base", "main", BRANCH) == place.heads()["main"]


def test_first_pins_have_a_pull_request_of_their_own(place: Place) -> None:
    place.means(REDIS, "cache")
    place.commit({"compose.yaml": b"services:\n  a:\n    image: redis:7\n"})
    assert outcomes(place.run()) == {BRANCH: "opened", PINS: "opened"}
    assert place.changed(BRANCH) == ["M\tDockerfile"]
    assert place.changed(PINS) == ["M\tcompose.yaml"]


def test_groups_of_the_settings_have_their_own_branches_labels_and_titles(place: Place) -> None:
    place.means(REDIS, "cache")
    place.commit(
        {
            "compose.yaml": b"services:\n  a:\n    image: redis:7\n",
            "pinner.toml": b'[bot]\nlabels = ["deps"]\n[[group]]\nname = "data bases"\nimages = ["*/redis"]\n'
            b'labels = ["db"]\ntitle = "db: {summary}"\nreviewers = ["ann"]\nauto-merge = true\n',
        }
    )
    assert outcomes(place.run()) == {"pinner/data-bases": "opened", BRANCH: "opened"}
    by_branch = {request.branch: request for request in place.forge.requests}
    assert by_branch["pinner/data-bases"].labels == ("db",)
    assert by_branch["pinner/data-bases"].title.startswith("db: pin redis:7")
    assert by_branch["pinner/data-bases"].reviewers == ("ann",)
    assert not by_branch["pinner/data-bases"].auto_merge  # a first pin is for a person to see
    assert by_branch[BRANCH].labels == ("deps",)
    assert outcomes(place.run()) == {"pinner/data-bases": "unchanged", BRANCH: "unchanged"}


def test_group_that_is_gone_leaves_no_pull_request(place: Place) -> None:
    place.commit({"pinner.toml": b'[[group]]\nname = "web"\nimages = ["*/nginx"]\n'})
    place.run()
    place.commit({"pinner.toml": b""})
    assert outcomes(place.run()) == {"pinner/web": "closed", BRANCH: "opened"}
    assert sorted(place.heads()) == ["main", BRANCH]


def test_auto_merge_is_asked_for_where_only_digests_move(place: Place) -> None:
    place.commit({"pinner.toml": b"[bot]\nauto-merge = true\n"})
    place.run()
    assert place.forge.requests[0].auto_merge


def test_auto_merge_that_the_forge_forbids_is_said(place: Place) -> None:
    place.forge.forbids_auto_merge = True
    place.commit({"pinner.toml": b'[bot]\nauto-merge = true\nlabels = ["a"]\n'})
    published = place.run()
    assert outcomes(published) == {BRANCH: "opened"}
    assert published.notes == ("`auto-merge`: the repository does not allow auto-merge",)
    assert place.forge.requests[0].labels == ("a",)


def test_forge_that_goes_away_in_the_middle_is_an_error_and_no_note(place: Place) -> None:
    async def away(*_: object, **__: object) -> None:
        raise UnreachableError("gone")

    add, place.forge.add = place.forge.add, away  # type: ignore[method-assign]
    place.commit({"pinner.toml": b'[bot]\nassignees = ["ada"]\n'})
    (step,) = place.run().steps
    assert isinstance(step.error, UnreachableError)
    place.forge.add = add  # type: ignore[method-assign]
    assert outcomes(place.run()) == {BRANCH: "updated"}
    assert place.forge.requests[0].assignees == ("ada",)


def test_no_more_are_opened_than_allowed(place: Place) -> None:
    place.means(REDIS, "cache")
    place.commit({"compose.yaml": b"services:\n  a:\n    image: redis:7\n", "pinner.toml": b"[bot]\nmax-open = 1\n"})
    assert outcomes(place.run()) == {BRANCH: "opened", PINS: "waiting"}
    place.merge(BRANCH)
    assert outcomes(place.run()) == {BRANCH: "closed", PINS: "opened"}


def test_schedule_opens_nothing_new_but_keeps_what_is_open_fresh(place: Place) -> None:
    place.commit({"pinner.toml": b'[bot]\nschedule = ["mon"]\n'})  # the day of the tests is a Sunday
    assert outcomes(place.run()) == {BRANCH: "waiting"}
    place.now += timedelta(days=1)
    assert outcomes(place.run()) == {BRANCH: "opened"}
    place.now += timedelta(days=1)
    place.means(NGINX, "newer")
    assert outcomes(place.run()) == {BRANCH: "updated"}


def test_lock_moves_with_the_files_and_is_the_same_on_every_run(place: Place) -> None:
    lock = Lock({NGINX: Entry(record("old", NOON - timedelta(days=9)))}, {"Dockerfile": (NGINX,)})
    place.commit({"pinner.lock": render_lock(lock)})
    place.run()
    assert place.changed(BRANCH) == ["M\tDockerfile", "M\tpinner.lock"]
    made = parse_lock(place.show(BRANCH, "pinner.lock").encode(), "pinner.lock")
    assert made.images[NGINX].selected.digest == digest("new")
    assert made.images[NGINX].selected.first_seen == NOON
    heads = place.heads()
    place.now += timedelta(days=2)
    assert outcomes(place.run()) == {BRANCH: "unchanged"}
    assert place.heads() == heads


@pytest.mark.parametrize("locked", [True, False])
def test_digest_is_proposed_once_it_is_old_enough_although_no_run_remembers(place: Place, locked: bool) -> None:  # noqa: FBT001 - a case
    files = {"pinner.toml": b'min-age = "3d"\n'}
    if locked:
        lock = Lock({NGINX: Entry(record("old", NOON - timedelta(days=9)))}, {"Dockerfile": (NGINX,)})
        files["pinner.lock"] = render_lock(lock)
    place.commit(files)
    published = place.run()
    assert list(place.heads()) == ["main"]
    assert [held.reason for step in published.steps for held in step.held_back] == [
        "first seen on 2026-11-01, eligible on 2026-11-04"
    ]
    # A tag that moves on does not make the digest before it young again.
    place.now += timedelta(days=2)
    place.means(NGINX, "newer")
    assert list(place.run().steps[0].proposal.changes) == []
    place.now += timedelta(days=1)
    assert outcomes(place.run()) == {BRANCH: "opened"}
    assert place.show(BRANCH, "Dockerfile") == line("new")
    heads, writes = place.heads(), list(place.forge.writes)
    place.now += timedelta(hours=1)
    assert outcomes(place.run()) == {BRANCH: "unchanged"}
    assert (place.heads(), place.forge.writes) == (heads, writes)
    place.now += timedelta(days=2)
    assert outcomes(place.run()) == {BRANCH: "updated"}
    assert place.show(BRANCH, "Dockerfile") == line("newer")


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_digest_that_is_gone_while_the_next_one_waits_is_said(place: Place, is_gone: bool) -> None:  # noqa: FBT001 - a case
    place.commit({"pinner.toml": b'min-age = "3d"\n'})
    if is_gone:
        del place.registry.images[f"docker.io/library/nginx@{digest('old')}"]
    said = "`nginx:1.27`: the digest in use is not served any more, and the new one waits: "
    when = "first seen on 2026-11-01, eligible on 2026-11-04"
    assert place.run().notes == ((said + when,) if is_gone else ())
    # Whether it is there is told without pulling it.
    assert place.registry.described[-1] == f"docker.io/library/nginx@{digest('old')} kind"


def test_an_answer_that_is_none_is_no_reason_for_a_note(place: Place) -> None:
    place.commit({"pinner.toml": b'min-age = "3d"\n'})
    describe = place.registry.describe

    async def out_of_reach(*arguments: Any, **more: Any) -> Any:
        if arguments[0].digest == digest("old"):
            raise UnavailableError("docker.io gives no answer")
        return await describe(*arguments, **more)

    place.registry.describe = out_of_reach  # type: ignore[method-assign]
    assert place.run().notes == ()


def test_platforms_that_do_not_count_move_nothing(place: Place) -> None:
    old = place.registry.images[f"docker.io/library/nginx@{digest('old')}"]
    moved = image("new")
    moved = moved._replace(platforms=(old.platforms[0], moved.platforms[1]))
    place.registry.images[f"docker.io/library/nginx@{moved.digest}"] = moved
    place.commit({"pinner.toml": b'platforms = ["linux/amd64"]\n'})
    published = place.run()
    assert list(place.heads()) == ["main"]
    assert [held.reason for step in published.steps for held in step.held_back] == [
        "moved only for platforms that do not count"
    ]


def test_image_without_an_answer_is_said_and_the_others_go_on(place: Place) -> None:
    place.registry.missing = ("docker.io/library/gone:1",)
    place.commit({"Dockerfile": f"{line('old')}\nFROM gone:1@{digest('gone')}\n".encode()})
    published = place.run()
    assert outcomes(published) == {BRANCH: "opened"}
    assert [str(verdict.place.reference.familiar) for _, verdict in published.unresolved()] == ["gone:1"]
    assert "gone:1" in place.forge.requests[0].body


def test_registry_that_is_out_of_reach_closes_nothing(place: Place) -> None:
    place.run()
    heads = place.heads()

    async def out_of_reach(*_: object) -> None:
        raise UnavailableError("docker.io gives no answer")

    resolve, place.registry.resolve = place.registry.resolve, out_of_reach  # type: ignore[method-assign, assignment]
    published = place.run()
    assert outcomes(published) == {BRANCH: "waiting"}
    assert place.heads() == heads
    place.registry.resolve = resolve  # type: ignore[method-assign]
    assert outcomes(place.run()) == {BRANCH: "unchanged"}


def test_tag_that_is_gone_closes_no_pull_request_about_it(place: Place) -> None:
    place.run()
    heads = place.heads()
    place.registry.missing = (NGINX,)
    gone = place.registry.tags.pop(NGINX)
    assert outcomes(place.run()) == {BRANCH: "waiting"}
    assert (place.heads(), place.forge.requests[0].state) == (heads, "open")
    place.registry.tags[NGINX] = gone
    assert outcomes(place.run()) == {BRANCH: "unchanged"}


def test_tag_that_is_gone_elsewhere_keeps_no_pull_request_open(place: Place) -> None:
    place.commit({"gone/Dockerfile": f"FROM gone:1@{digest('gone')}\n".encode()})
    place.registry.missing = ("docker.io/library/gone:1",)
    place.run()
    place.means(NGINX, "old")
    assert outcomes(place.run()) == {BRANCH: "closed"}


def test_run_about_a_part_closes_nothing(place: Place) -> None:
    place.run()
    scope = Scope(select=partial(select, only=("*/redis",), exclude=()), is_all=False)
    assert outcomes(place.run(scope)) == {BRANCH: "waiting"}


def test_what_files_hold_is_worked_on_in_a_process_of_its_own(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    assert outcomes(place.run(Scope(select=partial(runaways.tell_who_selects, str(file))))) == {BRANCH: "opened"}
    assert file.read_text() not in ("", str(os.getpid()))


def test_paths_are_what_a_run_is_about(place: Place) -> None:
    place.commit({"docker/Dockerfile": (line("old") + "\n").encode(), "odd-name": (line("old") + "\n").encode()})
    place.run(Scope(paths=("docker", "odd-name"), is_all=False))
    assert place.changed(BRANCH) == ["M\tdocker/Dockerfile", "M\todd-name"]
    with pytest.raises(ConfigError, match="there is no file or folder `nowhere`"):
        place.run(Scope(paths=("nowhere",), is_all=False))


def test_path_without_anything_to_read_is_not_everything(place: Place) -> None:
    place.commit({"docs/page.txt": b"text\n"})
    assert outcomes(place.run(Scope(paths=("docs",), is_all=False))) == {}


def test_dry_run_shows_the_pull_request_and_writes_nothing(place: Place) -> None:
    heads = place.heads()
    (step,) = place.run(dry_run=True).steps
    assert (step.decision.outcome, place.heads(), place.forge.writes) == ("opened", heads, [])
    assert step.patch.decode().endswith(f"-{line('old')}\n+{line('new')}\n")
    place.run()
    request = place.forge.requests[0]
    assert (request.title, request.body) == (step.proposal.title, step.proposal.body)


def test_other_base_branch_is_the_one_that_is_updated(place: Place) -> None:
    place.commit({"Dockerfile": (line("old") + "\n# next\n").encode()}, "next")
    place.commit({"pinner.toml": b'[bot]\nbase = "next"\n'})
    place.run()
    assert place.forge.requests[0].base == "next"
    assert place.show(BRANCH, "Dockerfile") == f"{line('new')}\n# next"


def test_mode_line_ends_and_attributes_of_a_file_stay(place: Place) -> None:
    before = f"{line('old')}\r\n# $Id$\r\n".encode()
    place.commit(
        {
            ".gitattributes": b"*.df text eol=crlf\nDockerfile.* ident text\n",
            "Dockerfile.run": before.replace(b"\r", b""),
        }
    )
    (place.work / "Dockerfile").chmod(0o755)
    place.commit({"sub/Dockerfile": before})
    place.run()
    for path in ("Dockerfile", "Dockerfile.run", "sub/Dockerfile"):
        old, new = (git(place.bare, "cat-file", "blob", f"{branch}:{path}") for branch in ("main", BRANCH))
        assert new == old.replace(str(digest("old")), str(digest("new")))
    assert git(place.bare, "ls-tree", BRANCH, "Dockerfile").startswith("100755")


def test_links_are_neither_followed_nor_changed(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "Dockerfile"
    outside.write_text(line("old") + "\n")
    (place.work / "Dockerfile.out").symlink_to(outside)
    (place.work / "Dockerfile.in").symlink_to("Dockerfile")
    place.commit({})
    place.run()
    assert place.changed(BRANCH) == ["M\tDockerfile"]
    assert outside.read_text() == line("old") + "\n"


def test_empty_and_archived_repositories_are_skipped_with_the_reason(place: Place, tmp_path: Path) -> None:
    place.forge.found = place.forge.found._replace(is_archived=True)
    assert place.run().skipped == "it is archived"
    git(tmp_path, "init", "--quiet", "--bare", str(tmp_path / "empty.git"))
    place.forge.found = place.forge.found._replace(is_archived=False, clone_url=f"file://{tmp_path}/empty.git")
    assert place.run().skipped == "there is no branch `main`: is it empty?"


def test_token_that_may_not_push_is_said_before_anything_is_done(place: Place) -> None:
    place.forge.found = place.forge.found._replace(can_push=False)
    with pytest.raises(ForbiddenError, match="the token may not push to acme/app"):
        place.run()
    assert outcomes(place.run(dry_run=True)) == {BRANCH: "opened"}


def test_forge_signs_where_it_can(place: Place) -> None:
    place.forge.signs_commits = True
    place.run()
    assert git(place.bare, "log", "-1", "--format=%cn", BRANCH) == "GitHub"
    assert sorted(place.heads()) == ["main", BRANCH]
    assert place.changed(BRANCH) == ["M\tDockerfile"]
    writes = list(place.forge.writes)
    assert outcomes(place.run()) == {BRANCH: "unchanged"}
    assert place.forge.writes == writes
    place.means(NGINX, "newer")
    assert outcomes(place.run()) == {BRANCH: "updated"}


def test_executable_file_is_left_to_git(place: Place) -> None:
    place.forge.signs_commits = True
    (place.work / "Dockerfile").chmod(0o755)
    place.commit({})
    place.run()
    assert git(place.bare, "log", "-1", "--format=%cn", BRANCH) == "pinner[bot]"


def test_scratch_branch_that_a_run_left_goes(place: Place) -> None:
    place.forge.signs_commits = True
    place.run()
    git(place.bare, "branch", "pinner/signed-0123456789abcdef", BRANCH)
    assert outcomes(place.run())["pinner/signed-0123456789abcdef"] == "closed"
    assert sorted(place.heads()) == ["main", BRANCH]


def test_branch_of_somebody_else_with_the_prefix_is_left_alone(place: Place) -> None:
    theirs = place.commit({"a.txt": b"a"}, "pinner/mine")
    assert outcomes(place.run()) == {"pinner/mine": "foreign", BRANCH: "opened"}
    assert place.heads()["pinner/mine"] == theirs


@pytest.mark.parametrize(("commits", "author"), [("auto", "Ann Other <ann@other.example>"), ("api", "app[bot]")])
def test_author_who_is_named_commits_unless_the_forge_is_told_to(place: Place, commits: str, author: str) -> None:
    place.forge.signs_commits = True
    settings = f'[bot]\nauthor = "Ann Other <ann@other.example>"\nsign-off = true\ncommits = "{commits}"\n'
    place.commit({"pinner.toml": settings.encode()})
    assert outcomes(place.run()) == {BRANCH: "opened"}
    made = git(place.bare, "log", "-1", "--format=%an <%ae>%n%B", BRANCH)
    assert made.startswith(author)
    assert "\nSigned-off-by: Ann Other <ann@other.example>" in made
    assert outcomes(place.run()) == {BRANCH: "unchanged"}


def test_a_forge_that_cannot_sign_is_told_of_where_it_was_to(place: Place) -> None:
    place.commit({"pinner.toml": b'[bot]\ncommits = "api"\n'})
    published = place.run()
    assert outcomes(published) == {BRANCH: "opened"}
    assert any("the commits are git's own" in note for note in published.notes)
    assert not place.run().notes


class RefusingForge:
    """What a forge does that says it signs, and then does not."""

    def __init__(self, place: Place, error: Exception | None) -> None:
        self.error = error
        place.forge.signs_commits = True
        place.forge.commit = self.commit  # type: ignore[method-assign, assignment]

    async def commit(self, *_: object) -> str | None:
        if self.error is not None:
            raise self.error
        return None


@pytest.mark.parametrize("error", [None, ForbiddenError("no")])
def test_git_commits_where_the_forge_will_not(place: Place, error: Exception | None) -> None:
    RefusingForge(place, error)
    assert outcomes(place.run()) == {BRANCH: "opened"}
    assert git(place.bare, "log", "-1", "--format=%cn", BRANCH) == "pinner[bot]"


def test_what_is_remembered_of_images_that_are_gone_or_moved_by_hand_is_dropped(place: Place) -> None:
    place.means(REDIS, "cache")
    both = f"{line('old')}\nFROM redis:7@{digest('before')}\n"
    place.commit({"pinner.toml": b'min-age = "3d"\n', "Dockerfile": both.encode()})
    place.run()
    assert git(place.bare, "show", "refs/pinner/seen:pinner.lock").count('"candidates"') == 2
    # One goes, one is moved by hand to what nobody has seen; a third has no digest yet.
    place.commit({"Dockerfile": f"FROM nginx:1.27@{digest('other')}\nFROM alpine:3\n".encode()})
    made = image("three")
    place.registry.images[f"docker.io/library/alpine@{made.digest}"] = made
    place.registry.tags["docker.io/library/alpine:3"] = made.digest
    assert outcomes(place.run()) == {PINS: "opened", BRANCH: "nothing"}
    assert git(place.bare, "show", "refs/pinner/seen:pinner.lock").count('"candidates"') == 1


def test_nothing_to_remember_makes_no_note(place: Place) -> None:
    place.means(NGINX, "old")
    place.commit({"pinner.toml": b'min-age = "3d"\n'})
    place.run()
    assert git(place.bare, "for-each-ref", "refs/pinner") == ""


def test_places_of_the_users_own_are_fetched(place: Place) -> None:
    rules = "[[places]]\nfiles = [\"tools/*.mk\"]\nregex = 'IMAGE=(?P<image>\\S+)'\n"
    held = f"IMAGE=nginx:1.27@{image('old').digest}\n".encode()
    place.commit({"pinner.toml": rules.encode(), "tools/a.mk": held, "tools/b.txt": b"no\n"})
    place.run()
    assert place.changed(BRANCH) == ["M\tDockerfile", "M\ttools/a.mk"]
    assert place.show(BRANCH, "tools/a.mk") == f"IMAGE=nginx:1.27@{digest('new')}"


def test_templates_of_a_chart_are_witnesses_to_the_bot_too(tmp_path: Path) -> None:
    chart = {
        "c/Chart.yaml": b"apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "c/values.yaml": b"image: {repository: nginx, tag: '1.27'}\n",
        "c/templates/_labels.tpl": b"app.kubernetes.io/version: {{ .Values.image.tag }}\n",
    }
    there = Place(tmp_path, {"Dockerfile": b"FROM nginx:1.27\n", **chart})
    there.means(NGINX, "new")
    there.run()
    assert there.changed(PINS) == ["M\tDockerfile"]
