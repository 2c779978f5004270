"""What a forge knows, whatever its face: repositories, their pull requests, labels, people."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from . import gitstore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Pull:
    """A pull request."""

    number: int
    title: str
    body: str
    head: str
    """A branch."""
    base: str
    state: Literal["open", "closed", "merged"] = "open"
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    auto_merge: bool = False
    auto_merge_cancelled: bool = False
    """Whether somebody had asked for it, and taken it back."""
    checks: Literal["none", "pending", "failed", "passed"] = "none"
    more_checks: int = 0
    """How many others have passed, with a name each."""
    last_head: str = ""
    """The head's commit when it was last seen: a closed one keeps it."""
    poster: str = ""
    """Who opened it; empty for the token's own account."""
    of_fork: bool = False
    """Whether its head is another repository's branch of that name."""


@dataclass
class Stored:
    """A repository."""

    name: str
    number: int
    folder: Path
    default_branch: str = "main"
    rights: Literal["write", "read", "none"] = "write"
    archived: bool = False
    fork: bool = False
    auto_merge_allowed: bool = True
    required_checks: tuple[str, ...] = ("ci/test",)
    """What the default branch's protection requires; Gitea waits for nothing else."""
    rule_sets: bool = False
    """Whether GitHub has that from a rule set, and not from a protection of the branch."""
    strangers: set[str] = field(default_factory=set)
    """People who may not read it."""
    mirror: bool = False
    takes_pulls: bool = True
    empty: bool = False
    merge_styles: tuple[str, ...] = ("squash", "rebase")
    """What is allowed, the default first; as Gitea calls it."""
    pushed_at: float = 1_760_000_000.0
    """When something was pushed last, in seconds since the epoch."""
    races: int = 0
    """How many times an opened pull request is not seen by whoever asks for another at the same moment."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    def head(self, branch: str) -> str | None:
        """Return where a branch is."""
        return gitstore.head(self.folder, branch)

    def files(self, branch: str = "main") -> dict[str, bytes]:
        """Return a branch's files."""
        return gitstore.read(self.folder, branch)

    def head_of(self, pull: Pull) -> str:
        """Return the commit at a pull request's head: an open one moves with its branch."""
        if pull.state == "open" and not pull.of_fork:
            pull.last_head = self.head(pull.head) or pull.last_head
        return pull.last_head

    def conflicts(self, pull: Pull) -> bool:
        """Tell whether it cannot be merged."""
        base = self.head(pull.base)
        return base is not None and gitstore.conflicts(self.folder, base, self.head_of(pull))

    def open_for(self, head: str, base: str) -> Pull | None:
        """Return the open pull request of these two branches."""
        same = (pull for pull in self.pulls.values() if not pull.of_fork and (pull.head, pull.base) == (head, base))
        return next((pull for pull in same if pull.state == "open"), None)

    def label(self, name: str) -> int:
        """Return a label's number; it is made if it is none."""
        return self.labels.setdefault(name, 100 * self.number + len(self.labels) + 1)

    def opened(self, head: str, base: str, title: str, body: str) -> Pull:
        """Open a pull request."""
        pull = Pull(len(self.pulls) + 1, title, body, head, base, last_head=self.head(head) or "0" * 40)
        self.pulls[pull.number] = pull
        return pull

    def protect(self, prefix: str) -> None:
        """Let only others push to the branches below ``prefix``; refused is as Gitea refuses."""
        hook = self.folder / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(
            "#!/bin/sh\n"
            'while read old new name; do case "$name" in\n'
            f"refs/heads/{prefix}*)\n"
            '  printf "\\nerror:\\nerror: Not allowed to push to protected branch %s\\n" "${name#refs/heads/}" >&2\n'
            "  exit 1;;\n"
            "esac; done\n"
        )
        hook.chmod(0o755)

    def opened_from_fork(self, branch: str) -> None:
        """Have somebody open a pull request from the branch of that name in their own fork."""
        self.opened(branch, self.default_branch, "Of a fork", "").of_fork = True


@dataclass
class State:
    """The whole forge."""

    folder: Path
    token: str
    account: str
    repositories: dict[str, Stored] = field(default_factory=dict)
    people: list[str] = field(default_factory=lambda: ["ada", "grace", "linus"])
    organisations: set[str] = field(default_factory=set)
    teams: set[str] = field(default_factory=lambda: {"platform", "reviewers"})
    scopes: frozenset[str] | None = None
    """What the token may do, in Gitea's words (``write:repository``); None for everything."""
    wall: Callable[[], float] = time.time
    """The forge's clock: when something is pushed."""
    old_tokens: dict[str, float] = field(default_factory=dict)
    """Until when, by `wall`, tokens are good that others have followed."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @staticmethod
    def date(seconds: float) -> str:
        """Return a moment as the APIs write it."""
        return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")

    def find(self, name: str) -> Stored | None:
        """Return a repository that the token may see, by name or number."""
        known = self.repositories.values()
        found = next((one for one in known if name.lower() in (one.name.lower(), str(one.number))), None)
        return None if found is None or found.rights == "none" else found

    def of_owner(self, owner: str) -> list[Stored]:
        """Return what an owner has, that the token may see, by name."""
        seen = [one for one in self.repositories.values() if one.rights != "none"]
        return sorted((one for one in seen if one.name.startswith(f"{owner}/")), key=lambda one: one.name)

    def pushed(self, name: str) -> None:
        """Note that something was pushed to a repository now."""
        self.repositories[name].pushed_at = self.wall()

    def accepts(self, token: str) -> bool:
        """Tell whether ``token`` is good now."""
        return self.old_tokens.get(token, 0.0 if token != self.token else float("inf")) > self.wall()

    def person(self, name: str) -> int | None:
        """Return a person's number."""
        return self.people.index(name) + 1 if name in self.people else None
