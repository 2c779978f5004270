"""Bare repositories on disk, by the git program: made, read and committed to without a working tree."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTHOR = ("Ada Maintainer", "ada@example.org")
EPOCH = 1_760_000_000
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def git(folder: Path, *arguments: str, data: bytes | None = None, check: bool = True) -> str:
    """Return what git prints, without the blanks around it."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], input=data, capture_output=True, env=_ENVIRONMENT, check=False
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout.decode("utf-8", "surrogateescape").strip() if done.returncode == 0 else ""


def make(folder: Path) -> None:
    """Make an empty bare repository that can be pushed to over HTTP, and cloned in part."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "--template=", ".")
    with (folder / "config").open("a") as config:
        config.write("[http]\n\treceivepack = true\n[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n")


@cache
def _begun(branch: str, files: tuple[tuple[str, bytes | None], ...], message: str, executable: frozenset[str]) -> Path:
    """Return a repository with one commit that says ``message``: made once, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="pinner-gitstore-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = folder / "begun.git"
    make(made)
    commit(made, branch, dict(files), message, executable=executable)
    return made


def begin(
    folder: Path, branch: str, files: Mapping[str, bytes | None], message: str, executable: frozenset[str]
) -> None:
    """Make a repository with one commit, as `make` and `commit` do: the same ones are wanted again and again."""
    shutil.copytree(_begun(branch, tuple(files.items()), message, executable), folder)


def head(folder: Path, branch: str) -> str | None:
    """Return the commit that a branch is at: asked for so often that no program is started for it."""
    try:
        return (folder / "refs" / "heads" / branch).read_text().strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        packed = folder / "packed-refs"
        lines = packed.read_text().splitlines() if packed.exists() else []
        return next((line[:40] for line in lines if line[40:] == f" refs/heads/{branch}"), None)


def commit(
    folder: Path,
    branch: str,
    files: Mapping[str, bytes | None],
    message: str,
    *,
    parent: str | None = None,
    author: tuple[str, str] = AUTHOR,
    committer: tuple[str, str] | None = None,
    when: int = EPOCH,
    executable: frozenset[str] = frozenset(),
) -> str:
    """Commit ``files`` (None: deleted) on a branch, on ``parent`` or the branch's head; return the commit."""
    start = parent or head(folder, branch)
    text = message.encode()
    name, mail = author
    committed, address = committer or author
    lines = [
        f"commit refs/heads/{branch}\n".encode(),
        f"author {name} <{mail}> {when} +0000\ncommitter {committed} <{address}> {when} +0000\n".encode(),
        f"data {len(text)}\n".encode() + text + b"\n",
        f"from {start}\n".encode() if start else b"",
    ]
    for path, content in files.items():
        quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        if content is None:
            lines.append(f"D {quoted}\n".encode())
        else:
            mode = "100755" if path in executable else "100644"
            lines.append(f"M {mode} inline {quoted}\ndata {len(content)}\n".encode() + content + b"\n")
    git(folder, "fast-import", "--quiet", "--force", data=b"".join(lines))
    made = head(folder, branch)
    assert made is not None
    return made


def read(folder: Path, branch: str) -> dict[str, bytes]:
    """Return the files of a branch."""
    names = git(folder, "ls-tree", "-r", "-z", "--name-only", f"refs/heads/{branch}").split("\0")
    return {
        name: subprocess.run(
            ["git", "-C", str(folder), "cat-file", "blob", f"refs/heads/{branch}:{name}"],
            capture_output=True,
            env=_ENVIRONMENT,
            check=True,
        ).stdout
        for name in names
        if name
    }


@cache
def conflicts(folder: Path, base: str, other: str) -> bool:
    """Tell whether merging the two would leave conflicts."""
    done = subprocess.run(
        ["git", "-C", str(folder), "merge-tree", "--write-tree", base, other],
        capture_output=True,
        env=_ENVIRONMENT,
        check=False,
    )
    return done.returncode == 1
