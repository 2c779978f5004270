"""Bot types: proposals, pull requests, and the hidden marker that tells the bot's own work."""

from __future__ import annotations

import hashlib
import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pinner.config import MergeWay
    from pinner.oci.types import Image
    from pinner.reference import Digest


TRAILER = "Pinner-Fingerprint"
"""Of every commit that the bot makes; a commit without it is somebody else's."""
_MARKER = re.compile(r"<!-- pinner: (\{[^\n]{0,4000}?\}) -->")
_TRAILER = re.compile(rf"^{TRAILER}: ([0-9a-f]{{16}})[ \t]*$", re.MULTILINE)
_BOT = "pinner[bot]"
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


class Marker(NamedTuple):
    """What a pull request's body says of itself."""

    group: str
    fingerprint: str


def fingerprint(changes: Iterable[ImageChange]) -> str:
    """Return 16 hex digits that tell one set of changes from another: names, digests and files, not lines.

    A reference that moves within its file is no other change: a closed pull request stays closed for it.
    """
    parts = sorted([change.name, change.canonical, *_target(change), *_files(change)] for change in changes)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _target(change: ImageChange) -> tuple[str, str]:
    """Return what a change comes to. A tag that is raised is what it is, whatever it means by then."""
    return (str(change.old or ""), str(change.new)) if change.raised is None else ("raised", change.raised)


def _files(change: ImageChange) -> list[str]:
    return sorted({place.rpartition(":")[0] for place in change.places})


def render_marker(marker: Marker) -> str:
    """Return the comment that hides ``marker`` in Markdown."""
    # `>` could end the comment, and group names are the user's.
    text = json.dumps(marker._asdict(), sort_keys=True).replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<!-- pinner: {text} -->"


def read_marker(body: str) -> Marker | None:
    """Return what a body says of itself, the last where several do; None where nothing does, or what no bot wrote."""
    for text in reversed(_MARKER.findall(body)):
        try:
            values = json.loads(text)
        except ValueError:
            continue
        group, mark = values.get("group"), values.get("fingerprint")
        if isinstance(group, str) and isinstance(mark, str) and _FINGERPRINT.fullmatch(mark):
            return Marker(group, mark)
    return None


def without_marker(body: str) -> str:
    """Return ``body`` without what it says of itself."""
    return _MARKER.sub("", body).rstrip()


def closed_as_double(body: str, url: str) -> str:
    """Return the ``body`` of a pull request that is closed since the one at ``url`` is for the same branch.

    Without its marker: what the bot closes itself must not silence the same change later.
    """
    return f"**Closed by pinner:** {url} is for the same branch.\n\n{without_marker(body)}"


def read_trailer(message: str) -> str | None:
    """Return the fingerprint that a commit's message carries in its last paragraph, or None."""
    last = message.replace("\r\n", "\n").strip().rpartition("\n\n")[2]
    found = _TRAILER.search(last)
    return found[1] if found else None


class ImageChange(NamedTuple):
    """One name whose digest moves, or that gets its first."""

    name: str
    """As written, without a digest: ``nginx:1.27``."""
    canonical: str
    """``docker.io/library/nginx:1.27``."""
    old: Digest | None
    """None for a first pin."""
    new: Digest
    places: tuple[str, ...]
    """``path:line``, sorted."""
    first_seen: datetime | None = None
    """When pinner first saw the new digest for this tag, as the lock has it; UTC."""
    before: Image | None = None
    """What the old digest is, where the registry still serves it."""
    after: Image | None = None
    signed_by: str = ""
    """Who signed the new digest, where a policy wants to know."""
    raised: str | None = None
    """The tag that takes the place of its own; None where that stays."""
    level: str = ""
    """How great a step that is: patch, minor, major."""
    why: tuple[str, ...] = ()
    """Why it is this tag and no later one: clauses."""

    @property
    def new_name(self) -> str:
        """Return the name that is written then, without its digest."""
        return self.name if self.raised is None else f"{self.name.rpartition(':')[0]}:{self.raised}"

    @property
    def new_canonical(self) -> str:
        """Return the registry's full name of what is written then."""
        return self.canonical if self.raised is None else f"{self.canonical.rpartition(':')[0]}:{self.raised}"


class Use(NamedTuple):
    """One place in a repository that names an image."""

    path: str
    line: int
    image: str
    """The canonical name; without a tag where none is written beside a digest."""
    digest: str | None
    """What it is held to."""


class HeldBack(NamedTuple):
    """A change that is not proposed yet, and why."""

    name: str
    digest: Digest | None
    reason: str
    """One sentence without a full stop: ``seen 1 day ago, eligible on 2026-11-25``, ``no answer: …``."""
    is_signer_changed: bool = False
    """Whether somebody else signed it than what it would replace, or nobody did."""
    is_gone: bool = False
    """Whether what it would replace is not served any more: whoever pulls it gets nothing until then."""


class FileChange(NamedTuple):
    """A file as it should be."""

    path: str
    """Relative to the repository's root, ``/`` on every system."""
    before: bytes | None
    """None for a new file (a lock)."""
    after: bytes


class Proposal(NamedTuple):
    """What one group's pull request should be. Without changes there should be none."""

    group: str
    """``digests`` for what no group of the settings claims, ``pins`` for first pins, else the group's name."""
    branch: str
    """``pinner/<group>``."""
    base: str
    """The branch that it is for."""
    changes: tuple[ImageChange, ...]
    files: tuple[FileChange, ...]
    """By path."""
    held_back: tuple[HeldBack, ...] = ()
    title: str = ""
    body: str = ""
    """Markdown, within the forge's limit, with the marker at its end."""
    message: str = ""
    """The commit's: title, body, trailers."""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    auto_merge: MergeWay = ""

    @property
    def fingerprint(self) -> str:
        """What tells this set of changes from another: 16 hex digits over names, digests and paths."""
        return fingerprint(self.changes)


State: TypeAlias = Literal["open", "closed", "merged"]


class PullRequest(NamedTuple):
    """A pull request (GitLab: merge request) as the forge has it."""

    number: int
    """What people call it by: GitLab's ``iid``."""
    state: State
    branch: str
    base: str
    head: str
    """The commit at its head."""
    title: str
    body: str
    url: str
    labels: tuple[str, ...] = ()
    conflicts: bool | None = None
    """Whether it cannot be merged as it stands; None where the forge does not know yet."""
    auto_merge: bool = False
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    details: Mapping[str, str] = MappingProxyType({})
    """What else the forge's own module needs to know: ids."""


class Repository(NamedTuple):
    """A repository on a forge, and what the token may do there."""

    name: str
    """``owner/name``, with GitLab's subgroups; Unicode as the forge has it."""
    default_branch: str
    clone_url: str
    """Over HTTP, without credentials."""
    web_url: str
    is_archived: bool = False
    is_fork: bool = False
    can_push: bool = True
    can_propose: bool = True
    """Whether pull requests may be opened (a token of a fork's workflow run may not)."""
    merge_methods: tuple[str, ...] = ()
    """The ways of merging that are allowed, the preferred one first."""
    closed_to_all: str = ""
    """Why nobody can propose anything there (``it is a mirror``); empty where one can."""
    pushed_at: float | None = None
    """When something was pushed last, in seconds since the epoch; None where the forge does not say."""
    details: Mapping[str, str] = MappingProxyType({})
    """What else the forge's own module needs to know: ids."""


class Author(NamedTuple):
    """Who commits."""

    name: str
    email: str


def usual_author(repository: Repository) -> Author:
    """Return who commits where the settings name nobody.

    No account has such a name, so that no person is said to have made what a program did, whose token it ever uses; nor
    has a token to be one that may ask whose it is. The host is the forge's, as is what forges give people who hide
    their address.
    """
    return Author(_BOT, f"{_BOT}@users.noreply.{urlsplit(repository.web_url).hostname}")


class NewCommit(NamedTuple):
    """A commit to be made through the forge's API, so that the forge signs it."""

    branch: str
    parent: str
    message: str
    files: tuple[FileChange, ...]
