"""Partial clone: one commit, its trees, and the files that a format claims.

A shallow clone without blobs, then one fetch for the blobs that are wanted, is the least that git sends. What
lies in the working tree is what lies in git, to the byte: no line end, no filter and no encoding of .gitattributes has
its way.
"""

from __future__ import annotations

import os
from shutil import rmtree
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.git.program import GitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from pinner.bot.git.program import Git

FILE_MODES = ("100644", "100755")
"""Of the entries in a tree that are files; the others are links and submodules."""
_PLAIN = "* -text -eol -ident -filter -working-tree-encoding -crlf\n"
"""Above every .gitattributes of the repository (gitattributes(5): $GIT_DIR/info/attributes comes first)."""
_NO_BRANCH = (b"not found in upstream", b"couldn't find remote ref")
_OTHER_IDS = b"mismatched algorithms"
_NARROW = ("--depth=2", "--filter=blob:none")
_NO_SHALLOW = (b"shallow", b"filter", b"dumb http")


class Entry(NamedTuple):
    """A file in a commit's tree."""

    mode: str
    object: str
    """The blob's id."""


class Commit(NamedTuple):
    """A commit as git keeps it."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    """``Name <address>``."""
    author_time: int
    committer: str
    committer_time: int
    message: str


class Clone(NamedTuple):
    """A clone at one branch's head."""

    git: Git
    base: Commit
    files: Mapping[str, Entry]
    """Every file of the base, by path (``/`` on every system)."""

    @property
    def folder(self) -> Path:
        """The working tree, in which only what was wanted lies."""
        return self.git.tree


class NoBranchError(GitError):
    """The remote has no such branch: the repository is empty, or the name is wrong."""


async def clone(
    git: Git, url: str, branch: str, wanted: Callable[[str], bool], besides: Mapping[str, str] = MappingProxyType({})
) -> Clone:
    """Return a clone of ``branch`` of ``url`` with the files checked out whose paths are ``wanted``.

    ``besides`` are other refs of the remote, by pattern, and what they are called in the clone: they are fetched with
    the branch, each with the commit below it.

    Raises `NoBranchError` and `GitError`.
    """
    await _fetch(git, url, branch, [f"+{there}:{here}" for there, here in besides.items()])
    base = (await read_commits(git, ["HEAD"]))[0]
    there = Clone(git, base, entries(await git.run("ls-tree", "-r", "-z", "--full-tree", base.tree)))
    await check_out(there, wanted)
    return there


async def check_out(there: Clone, wanted: Callable[[str], bool]) -> None:
    """Put the files of ``there`` whose paths are ``wanted`` into its working tree, and no others; raises `GitError`."""
    await _check_out(there.git, {path: entry for path, entry in there.files.items() if wanted(path)})


async def _fetch(git: Git, url: str, branch: str, besides: Iterable[str]) -> None:
    """Fetch ``branch``, which becomes HEAD, and ``besides``: all in one go, as git's own clone cannot."""
    head = f"refs/heads/{branch}"
    for ids in ("sha1", "sha256"):
        for options in (_NARROW, ()):
            await _init(git, url, head, ids)
            status, _, errors = await git.outcome(
                "fetch", *options, "--quiet", "--no-tags", "--update-head-ok", "origin", f"+{head}:{head}", *besides
            )
            if not status:
                return
            if any(words in errors for words in _NO_BRANCH):
                raise NoBranchError(f"there is no branch `{branch}`", hint="an empty repository has none")
            if _OTHER_IDS in errors or not any(words in errors for words in _NO_SHALLOW):
                break
        if _OTHER_IDS not in errors:
            break
    raise GitError(f"git clone failed: {git.words(errors)}")


async def _init(git: Git, url: str, head: str, ids: str) -> None:
    """Make the repository of the clone anew, with ids by the algorithm ``ids``."""
    rmtree(git.tree / ".git", ignore_errors=True)
    # Git before 2.29 knows one algorithm, and not the option.
    await git.run("init", "--quiet", "--template=", *(() if ids == "sha1" else (f"--object-format={ids}",)))
    await git.run("symbolic-ref", "HEAD", head)
    await git.run("config", "remote.origin.url", url)


async def read_commits(git: Git, names: Iterable[str]) -> list[Commit]:
    """Return the commits called ``names``; raises `GitError` for one that is not there."""
    names = list(names)
    data = await git.run("cat-file", "--batch", data="".join(f"{name}^{{commit}}\n" for name in names).encode())
    commits = []
    for name in names:
        header, _, rest = data.partition(b"\n")
        words = header.split()
        if len(words) != 3 or words[1] != b"commit":  # noqa: PLR2004 - id, type, size: git-cat-file(1)
            raise GitError(f"there is no commit `{name}`")
        size = int(words[2])
        commits.append(_commit(words[0].decode("ascii"), rest[:size]))
        data = rest[size + 1 :]
    return commits


def _commit(name: str, raw: bytes) -> Commit:
    text = raw.decode("utf-8", "surrogateescape")
    head, _, message = text.partition("\n\n")
    values: dict[str, list[str]] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        values.setdefault(key, []).append(value)
    author, author_time = _signature(values["author"][0])
    committer, committer_time = _signature(values["committer"][0])
    parents = tuple(values.get("parent", ()))
    return Commit(name, values["tree"][0], parents, author, author_time, committer, committer_time, message)


def _signature(text: str) -> tuple[str, int]:
    """Return who and when, of ``Name <address> seconds zone``."""
    who, _, when = text.rpartition("> ")
    seconds = when.split(" ")[0]
    return f"{who}>", int(seconds) if seconds.removeprefix("-").isdecimal() else 0


def entries(listing: bytes) -> dict[str, Entry]:
    """Return the files in what ``git ls-tree -z`` writes, by path.

    Raises `GitError` for a tree that cannot be, as a forge may serve one: a name that leads out of it or into ``.git``,
    or one that is there twice. Git would check other files out, and commit them, than those that were read.
    """
    found = {}
    seen: set[bytes] = set()
    for record in listing.split(b"\0")[:-1]:
        head, _, path = record.partition(b"\t")
        if path in seen or not _may_be(path):
            raise GitError(f"the repository's tree is broken: `{os.fsdecode(path)}` cannot be a path in it")
        seen.add(path)
        mode, _, name = head.decode("ascii").split(" ")
        if mode in FILE_MODES:
            found[os.fsdecode(path)] = Entry(mode, name)
    folders = {folder for path in seen for folder in _folders(path)}
    if both := folders & seen:
        raise GitError(f"the repository's tree is broken: `{os.fsdecode(min(both))}` is a file and a folder in it")
    return found


def _may_be(path: bytes) -> bool:
    """Tell whether git itself would take ``path`` into an index (verify_path, read-cache.c)."""
    names = path.lower().split(b"/")
    return not any(name in (b"", b".", b"..", b".git", b"git~1") for name in names)


def _folders(path: bytes) -> Iterator[bytes]:
    position = path.rfind(b"/")
    while position > 0:
        yield path[:position]
        position = path.rfind(b"/", 0, position)


async def _check_out(git: Git, wanted: Mapping[str, Entry]) -> None:
    """Put ``wanted`` into the working tree, their blobs fetched all at once.

    By a tree that has nothing else: `git read-tree -u` fetches what lacks in one go, where the patterns of a sparse
    checkout would each be held against every path.
    """
    attributes = git.tree / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text(_PLAIN, "ascii")
    listing = b"".join(
        f"{entry.mode} {entry.object}\t".encode() + os.fsencode(path) + b"\0" for path, entry in wanted.items()
    )
    apart = git.with_variables(GIT_INDEX_FILE=str(git.folder / "index"))
    await apart.run("update-index", "-z", "--index-info", data=listing)
    tree = (await apart.run("write-tree", "--missing-ok")).decode("ascii").strip()
    await git.run("read-tree", "--reset", "-u", tree)
