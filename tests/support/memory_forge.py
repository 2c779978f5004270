"""A forge in memory over one bare repository: what the story of a repository needs, and nothing of HTTP."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from pinner.bot.forges.base import AutoMerge, ForbiddenError
from pinner.bot.model import PullRequest, Repository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from pathlib import Path

    from pinner.bot.model import NewCommit


def git(folder: Path, *arguments: str) -> str:
    """Return what git says, run in ``folder`` as somebody else than the bot."""
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgSign=false")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


class MemoryForge:
    """Keeps pull requests; ``writes`` tells what was written. ``forbids_auto_merge`` is a repository's setting."""

    name = "github"
    body_limit = 65536
    default_token_user = "x-access-token"
    signs_commits = False
    adds_at_once = False

    def __init__(self, bare: Path) -> None:
        self.bare = bare
        self.requests: list[PullRequest] = []
        self.writes: list[str] = []
        self.conflicting: set[str] = set()
        self.forbids_auto_merge = False
        self.opening_seconds = 0.0
        self.found = Repository("acme/app", "main", f"file://{bare}", "https://forge.example/acme/app")

    async def aclose(self) -> None:
        return

    async def advice(self) -> tuple[str, ...]:
        return ()

    async def repository(self, name: str) -> Repository:
        return self.found._replace(name=name)

    async def repositories(self, owner: str, since: float | None = None) -> AsyncIterator[Repository]:
        del since
        yield self.found._replace(name=f"{owner}/app")

    async def open_branches(self, repository: Repository, prefix: str) -> tuple[PullRequest, ...]:
        del repository
        return tuple(
            one._replace(conflicts=one.branch in self.conflicting)
            for one in reversed(self.requests)
            if one.state == "open" and one.branch.startswith(prefix)
        )

    async def closed(self, repository: Repository, branch: str) -> tuple[PullRequest, ...]:
        del repository
        return tuple(one for one in reversed(self.requests) if one.state != "open" and one.branch == branch)

    async def opening_delay(self) -> float:
        return self.opening_seconds

    async def take_opening(self) -> float:
        return self.opening_seconds

    async def create(self, repository: Repository, branch: str, base: str, title: str, body: str) -> PullRequest:
        self.writes.append(f"create {branch}")
        number = len(self.requests) + 1
        url = f"{repository.web_url}/pull/{number}"
        head = git(self.bare, "rev-parse", f"refs/heads/{branch}")
        request = PullRequest(number, "open", branch, base, head, title, body, url)
        self.requests.append(request)
        return request

    def change(self, number: int, **values: object) -> PullRequest:
        changed = self.requests[number - 1]._replace(**values)  # type: ignore[arg-type]
        self.requests[number - 1] = changed
        return changed

    async def edit(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
    ) -> None:
        del repository
        self.writes.append(f"edit {request.branch}")
        self.change(request.number, title=title or request.title, body=body or request.body, base=base or request.base)

    async def close(self, repository: Repository, request: PullRequest, body: str | None = None) -> None:
        del repository
        self.writes.append(f"close {request.branch}")
        self.change(request.number, state="closed", body=body or request.body)

    async def add(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        labels: Collection[str] = (),
        assignees: Collection[str] = (),
        reviewers: Collection[str] = (),
    ) -> None:
        del repository
        self.writes.append(f"add {request.branch}")
        there = self.requests[request.number - 1]
        self.change(
            request.number,
            labels=(*there.labels, *labels),
            assignees=(*there.assignees, *assignees),
            reviewers=(*there.reviewers, *reviewers),
        )

    async def enable_auto_merge(
        self, repository: Repository, request: PullRequest, *, on_success: bool = False
    ) -> AutoMerge:
        del repository, on_success
        if self.forbids_auto_merge:
            raise ForbiddenError("the repository does not allow auto-merge")
        self.writes.append(f"auto-merge {request.branch}")
        self.change(request.number, auto_merge=True)
        return AutoMerge(is_on=True, is_new=True)

    async def commit(self, repository: Repository, commit: NewCommit) -> str | None:
        """Commit as GitHub does for a bot: with its own date and committer, on a branch made for it."""
        del repository
        self.writes.append(f"commit {commit.branch}")
        if not self.signs_commits:
            return None
        index = {"GIT_INDEX_FILE": str(self.bare / "scratch-index")}
        who = {
            "GIT_AUTHOR_NAME": "app[bot]",
            "GIT_AUTHOR_EMAIL": "1+app[bot]@users.noreply.github.com",
            "GIT_COMMITTER_NAME": "GitHub",
            "GIT_COMMITTER_EMAIL": "noreply@github.com",
        }

        def run(*arguments: str, data: bytes = b"") -> str:
            done = subprocess.run(
                ["git", *arguments], cwd=self.bare, check=True, capture_output=True, input=data, env={**index, **who}
            )
            return done.stdout.decode().strip()

        run("read-tree", commit.parent)
        for file in commit.files:
            blob = run("hash-object", "-w", "--stdin", data=file.after)
            run("update-index", "--add", "--cacheinfo", f"100644,{blob},{file.path}")
        made = run("commit-tree", run("write-tree"), "-p", commit.parent, "-F", "-", data=commit.message.encode())
        run("update-ref", f"refs/heads/{commit.branch}", made)
        return made
