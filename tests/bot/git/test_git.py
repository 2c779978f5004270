"""Git as the bot runs it: bounded, silent about secrets, and with servers and users of every kind."""

from __future__ import annotations

import asyncio
import functools
import http.server
import os
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from botplace import Place, nginx_place
from memory_forge import git as person
from scripted_forge import Scripted

from pinner.bot.forges.base import ForbiddenError, StaleHeadError
from pinner.bot.git.branches import (
    blob_id,
    delete,
    is_ours,
    judge,
    make_commit,
    make_note,
    push,
    push_note,
    read_file,
)
from pinner.bot.git.clone import Commit, clone, read_commits
from pinner.bot.git.program import Git, GitError, Login, open_git, redacted, remote_url, require_git
from pinner.bot.git.remote import fetch_branches, list_remote
from pinner.bot.model import Author, FileChange
from pinner.formats import claims

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from pinner.bot.git.clone import Clone

BOT = Author("pinner[bot]", "pinner@example.com")
MESSAGE = "Title\n\nText\n\nPinner-Fingerprint: 0123456789abcdef\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return nginx_place(tmp_path)


def in_clone(place: Place, story: Callable[[Clone], Awaitable[None]], url: str | None = None) -> None:
    async def tell() -> None:
        address = url or f"file://{place.bare}"
        there = await clone(open_git(place.folder / "clone", os.environ, address, None), address, "main", claims)
        await story(there)

    asyncio.run(tell())


def fake_git(folder: Path, script: str) -> dict[str, str]:
    """Return an environment whose git is ``script``."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "git").write_text(f"#!/bin/sh\n{script}\n")
    (programs / "git").chmod(0o755)
    return {"PATH": f"{programs}:{os.environ['PATH']}"}


# The program


def test_git_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    environment = fake_git(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; wait")
    git = open_git(tmp_path / "git", environment, "file:///x", None)
    patience = 1
    while not _number_in(tmp_path / "child"):  # a busy machine takes its time to start it
        with pytest.raises(GitError, match=f"git fetch took longer than {patience} seconds"):
            asyncio.run(git.run("fetch", patience=patience))
        patience *= 2
    with pytest.raises(ProcessLookupError):
        _until_gone(_number_in(tmp_path / "child"))


def _number_in(file: Path) -> int:
    """Return the number of a process that was written into ``file``; 0 as long as none is."""
    return int(file.read_text()) if file.exists() and file.read_text().endswith("\n") else 0


def _until_gone(process: int) -> None:
    for _ in range(6000):
        os.kill(process, 0)
        with open(f"/proc/{process}/stat", encoding="ascii") as stat:  # noqa: PTH123 - no file of ours
            if stat.read().rpartition(")")[2].split()[0] == "Z":
                raise ProcessLookupError
        time.sleep(0.05)


def test_missing_git_is_said(tmp_path: Path) -> None:
    git = open_git(tmp_path / "clone", {"PATH": str(tmp_path)}, "file:///x", None)
    with pytest.raises(GitError, match="git cannot be run: no such file or directory") as caught:
        asyncio.run(git.run("version"))
    assert caught.value.hint == "install git 2.25 or newer"


@pytest.mark.parametrize("version", ["git version 2.24.9", "git version 1.8.3.1", "what?"])
def test_git_that_is_too_old_is_said(tmp_path: Path, version: str) -> None:
    git = open_git(tmp_path / "git", fake_git(tmp_path, f"echo {version!r}"), "file:///x", None)
    with pytest.raises(GitError, match=r"git 2\.25 or newer is needed, and this is "):
        asyncio.run(require_git(git))


@pytest.mark.parametrize("version", ["git version 2.25.0", "git version 2.39.5 (Apple Git-154)", "git version 3.0"])
def test_git_that_is_new_enough_is_taken(tmp_path: Path, version: str) -> None:
    git = open_git(tmp_path / "git", fake_git(tmp_path, f"echo {version!r}"), "file:///x", None)
    asyncio.run(require_git(git))


def test_git_gets_none_of_the_variables_that_speak_of_another_repository(tmp_path: Path) -> None:
    environment = {"GIT_DIR": "/x", "GIT_INDEX_FILE": "/y", "GIT_SSL_CAINFO": "/z", "GIT_TRACE": "1", "PATH": "/bin"}
    environment["PATH"] = fake_git(tmp_path, "env")["PATH"]
    git = open_git(tmp_path / "git", environment, "file:///x", None)
    kept = dict(line.partition("=")[::2] for line in asyncio.run(git.run("version")).decode().splitlines())
    assert {name for name in kept if name in environment} == {"GIT_SSL_CAINFO", "PATH"}
    assert kept["GIT_TERMINAL_PROMPT"] == "0"
    assert kept["GIT_ALLOW_PROTOCOL"] == "https:http:ssh:git:file"


def test_failure_without_words_is_said_too(tmp_path: Path) -> None:
    git = open_git(tmp_path / "git", fake_git(tmp_path, "exit 1"), "file:///x", None)
    with pytest.raises(GitError, match="git fetch failed: it does not say why"):
        asyncio.run(git.run("fetch"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fatal: https://ann:s3cret@host/x", "fatal: https://host/x"),
        ("password s3/cret and s3%2Fcret", "password *** and ***"),
        ("https://s3%2Fcret@host and nothing else", "https://host and nothing else"),
        ("mail ann@example.com", "mail ann@example.com"),
        ("unable to access 'https://host/x?token=t0ken': no", "unable to access 'https://host/x?…': no"),
        (r"remote: s3\/cret, s3%2fcret and s3&#47;cret", "remote: ***, *** and ***"),
    ],
)
def test_secrets_are_not_shown(text: str, shown: str) -> None:
    assert redacted(text, ["s3/cret"]) == shown


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Username for 'https://git.example:8443': ", "oauth2\n"),
        ("Password for 'https://oauth2@git.example:8443': ", "s3cret\n"),
        ("Username for 'https://elsewhere.example': ", ""),
        ("Password for 'https://oauth2@elsewhere.example': ", ""),
        ("Password for 'https://ann@git.example:8443': ", ""),
        ("Enter passphrase for key '/home/ann/.ssh/id': ", ""),
    ],
)
def test_token_is_told_to_its_own_host_alone(tmp_path: Path, prompt: str, answer: str) -> None:
    git = open_git(tmp_path / "git", os.environ, "https://git.example:8443/a/b.git", Login("oauth2", "s3cret"))
    done = subprocess.run(
        [git.own["GIT_ASKPASS"], prompt], env={**git.environment, **git.own}, capture_output=True, check=False
    )
    assert done.stdout.decode() == answer
    assert "s3cret" not in (tmp_path / "git" / "askpass").read_text()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://git.example:8443/a/b.git", "Authorization: Basic b2F1dGgyOnMzY3JldA==\n"),
        ("https://git.example/a/b.git", ""),
        ("http://git.example:8443/a/b.git", ""),
        ("https://git.example.com:8443/a/b.git", ""),
    ],
)
def test_login_is_said_at_once_and_to_its_own_host_alone(tmp_path: Path, url: str, said: str) -> None:
    users = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "Ann"}
    git = open_git(
        tmp_path / "git", {**os.environ, **users}, "https://git.example:8443/a/b.git", Login("oauth2", "s3cret")
    )

    async def ask(*arguments: str) -> str:
        return (await git.outcome("config", *arguments, within=False))[1].decode()

    assert asyncio.run(ask("--get-urlmatch", "http.extraHeader", url)) == said
    assert asyncio.run(ask("--get", "user.name")) == "Ann\n", "what the user has set so stays"


def test_login_does_not_go_where_the_host_sends_git_on_to(tmp_path: Path) -> None:
    with Scripted({}) as elsewhere:
        path = "/a/b.git/info/refs?service=git-upload-pack"
        with Scripted({path: (301, {"Location": f"{elsewhere.url}{path}"}, b"")}) as forge:
            git = open_git(tmp_path / "git", os.environ, f"{forge.url}/a/b.git", Login("oauth2", "s3cret"))
            with pytest.raises(GitError):
                asyncio.run(clone(git, f"{forge.url}/a/b.git", "main", lambda _: True))
            assert [authorization for _, _, authorization in forge.seen][:1] == ["Basic b2F1dGgyOnMzY3JldA=="]
            assert elsewhere.seen == []


def test_remote_of_a_checkout_is_told(place: Place) -> None:
    assert asyncio.run(remote_url(place.work, os.environ)) == str(place.bare)


def test_settings_of_the_user_change_nothing(place: Place, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("pre-push", "reference-transaction", "post-checkout"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{hook}\nexit 1\n")
        (hooks / hook).chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f"[core]\n hooksPath = {hooks}\n autocrlf = true\n eol = crlf\n attributesFile = {tmp_path}/attributes\n"
        "[commit]\n gpgSign = true\n[push]\n gpgSign = true\n followTags = true\n[fetch]\n prune = true\n"
        "[user]\n name = Wrong\n email = wrong@example.com\n[i18n]\n commitEncoding = latin1\n"
    )
    (tmp_path / "attributes").write_text("* text eol=crlf\n")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": str(settings)}
    person(place.bare, "config", "core.hooksPath", str(place.bare / "hooks"))  # the server's own are not the user's
    url = f"file://{place.bare}"
    before = place.show("main", "Dockerfile").encode() + b"\n"

    async def tell(environment: dict[str, str], folder: str) -> tuple[str, bytes]:
        there = await clone(open_git(tmp_path / folder, environment, url, None), url, "main", claims)
        made = await make_commit(there, [FileChange("Dockerfile", before, b"FROM x\n")], MESSAGE, BOT)
        await push(there.git, f"pinner/{folder}", made, None)
        return made, (there.folder / "Dockerfile").read_bytes()

    theirs = asyncio.run(tell(environment, "theirs"))
    assert theirs == asyncio.run(tell(dict(os.environ), "ours"))
    assert theirs[1] == before
    assert not list(tmp_path.glob("ran-*"))


# Clones


@contextmanager
def dumb_server(folder: Path) -> Iterator[str]:
    """Serve files and nothing else: what git calls a dumb server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_server_without_shallow_and_partial_clones_is_cloned_whole(place: Place) -> None:
    person(place.bare, "update-server-info")

    async def story(there: Clone) -> None:
        assert sorted(path.name for path in there.folder.iterdir()) == [".git", "Dockerfile"]

    with dumb_server(place.folder) as url:
        in_clone(place, story, f"{url}/app.git")


def test_server_that_ignores_filters_is_no_trouble(place: Place) -> None:
    person(place.bare, "config", "uploadpack.allowFilter", "false")

    async def story(there: Clone) -> None:
        assert sorted(there.files) == ["Dockerfile", "README.md"]

    in_clone(place, story)


def test_only_what_is_wanted_is_fetched(place: Place) -> None:
    place.commit({f"big/{number}.txt": os.urandom(20_000) for number in range(50)})

    async def story(there: Clone) -> None:
        assert len(there.files) == 52
        size = sum(file.stat().st_size for file in (there.folder / ".git").rglob("*") if file.is_file())
        assert size < 200_000

    in_clone(place, story)


def test_clone_of_nothing_is_told(place: Place) -> None:
    with pytest.raises(GitError, match=r"git clone failed: .* does not appear to be a git repository"):
        in_clone(place, _nothing, f"file://{place.folder}/nowhere.git")


async def _nothing(_: Clone) -> None:
    return


def test_odd_names_of_files_are_kept(place: Place) -> None:
    names = ['Dockerfile.a "b"', "Dockerfile.back\\slash", "Dockerfile.ünï", "Dockerfile.new\nline"]
    place.commit(dict.fromkeys(names, b"FROM a\n"))

    async def story(there: Clone) -> None:
        assert set(names) <= set(there.files)
        changes = [FileChange(name, b"FROM a\n", b"FROM b\n") for name in names]
        made = await make_commit(there, changes, MESSAGE, BOT)
        await push(there.git, "pinner/x", made, None)
        fetched = await fetch_branches(there.git, ["pinner/x"])
        assert (await judge(there, fetched["pinner/x"], changes)).matches
        assert await read_file(there.git, made, names[3]) == b"FROM b\n"
        assert await read_file(there.git, made, "none") is None

    in_clone(place, story)


def test_commit_that_is_not_there_is_told(place: Place) -> None:
    async def story(there: Clone) -> None:
        with pytest.raises(GitError, match="there is no commit `nowhere`"):
            await read_commits(there.git, ["nowhere"])

    in_clone(place, story)


def test_repository_with_sha256_is_as_good(tmp_path: Path) -> None:
    work = tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "--object-format=sha256", "-b", "main", str(work)], check=True)
    (work / "Dockerfile").write_bytes(b"FROM a\n")
    person(work, "add", "--all")
    person(work, "commit", "--quiet", "-m", "x")
    assert blob_id(b"FROM a\n", 64) == person(work, "rev-parse", "HEAD:Dockerfile")


# Branches


def test_branch_at_the_base_has_nothing_to_lose(place: Place) -> None:
    person(place.bare, "branch", "pinner/x", "main")

    async def story(there: Clone) -> None:
        fetched = await fetch_branches(there.git, ["pinner/x"])
        branch = await judge(there, fetched["pinner/x"], [])
        assert (branch.is_ours, branch.matches) == (True, False)

    in_clone(place, story)


def test_branches_whose_names_only_end_like_ours_are_not_ours(place: Place) -> None:
    person(place.bare, "branch", "x/refs/heads/pinner/a", "main")
    person(place.bare, "branch", "pinner/b", "main")

    async def story(there: Clone) -> None:
        remote = await list_remote(there.git, "pinner/")
        assert list(remote.branches) == ["pinner/b"]

    in_clone(place, story)


def test_what_was_read_must_be_what_git_has(place: Place) -> None:
    async def story(there: Clone) -> None:
        for change in (FileChange("Dockerfile", b"other", b"x"), FileChange("Dockerfile", None, b"x")):
            with pytest.raises(GitError, match="what was read is not what git has"):
                await make_commit(there, [change], MESSAGE, BOT)

    in_clone(place, story)


def commit(**values: object) -> Commit:
    bot = "pinner[bot] <pinner@example.com>"
    made = Commit("1" * 40, "2" * 40, ("3" * 40,), bot, 7, bot, 7, MESSAGE)
    return made._replace(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("head", "ours"),
    [
        (commit(), True),
        (commit(author="Ann <a@x>", committer="Ann <a@x>"), True),  # whoever is configured as the author
        (commit(message="Title\n\nText\n"), False),
        (commit(message=MESSAGE + "\nMore\n"), False),
        (commit(committer="Ann <a@x>"), False),
        (commit(committer_time=8), False),
        (commit(author_time=8, committer_time=8), False),
        (
            commit(author="app[bot] <1+app[bot]@users.noreply.github.com>", committer="GitHub <noreply@github.com>"),
            True,
        ),
        (commit(author="Ann <a@x>", committer="GitHub <noreply@github.com>"), False),
    ],
)
def test_commits_of_the_bot_are_told_from_those_of_others(head: Commit, ours: bool) -> None:  # noqa: FBT001 - a case
    from pinner.bot.git.remote import Fetched  # noqa: PLC0415 - beside its use

    parent = commit(committer_time=7)
    assert is_ours(Fetched(head, parent)) is ours
    assert not is_ours(Fetched(head, None))


# Pushes


def test_head_that_has_moved_is_never_pushed_over(place: Place) -> None:
    person(place.bare, "branch", "pinner/x", "main")
    head = place.heads()["main"]

    async def story(there: Clone) -> None:
        change = FileChange("Dockerfile", (there.folder / "Dockerfile").read_bytes(), b"FROM b\n")
        made = await make_commit(there, [change], MESSAGE, BOT)
        for lease in (None, "1" * 40):
            with pytest.raises(StaleHeadError, match="the branch `pinner/x` has moved meanwhile"):
                await push(there.git, "pinner/x", made, lease)
        with pytest.raises(StaleHeadError):
            await delete(there.git, "pinner/x", made)
        assert place.heads()["pinner/x"] == head
        await push(there.git, "pinner/x", made, head)
        await delete(there.git, "pinner/x", made)

    in_clone(place, story)
    assert list(place.heads()) == ["main"]


@pytest.mark.parametrize(
    ("words", "error"),
    [("GH006: You are not allowed to push here", ForbiddenError), ("quota exceeded", GitError)],
)
def test_push_that_the_server_refuses_is_told_in_its_words(place: Place, words: str, error: type[Exception]) -> None:
    hook = place.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    hook.chmod(0o755)

    async def story(there: Clone) -> None:
        change = FileChange("Dockerfile", (there.folder / "Dockerfile").read_bytes(), b"FROM b\n")
        with pytest.raises(error, match=words):
            await push(there.git, "pinner/x", await make_commit(there, [change], MESSAGE, BOT), None)

    in_clone(place, story)


def test_note_is_no_branch_and_is_not_pushed_over_unseen(place: Place) -> None:
    async def story(there: Clone) -> None:
        made = await make_note(there, b"{}\n", BOT)
        await push_note(there.git, made, None)
        assert (await list_remote(there.git, "pinner/")).note == made
        with pytest.raises(StaleHeadError):
            await push_note(there.git, await make_note(there, b"[]\n", BOT), "1" * 40)

    in_clone(place, story)
    assert list(place.heads()) == ["main"]


def test_git_that_is_not_awaited_any_more_is_ended(tmp_path: Path) -> None:
    environment = fake_git(tmp_path, f"echo $$ > {tmp_path}/child; exec sleep 600")
    git: Git = open_git(tmp_path / "git", environment, "file:///x", None)

    async def give_up() -> None:
        running = asyncio.create_task(git.run("fetch"))
        while not _number_in(tmp_path / "child"):  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(give_up())
    with pytest.raises(ProcessLookupError):
        _until_gone(_number_in(tmp_path / "child"))
