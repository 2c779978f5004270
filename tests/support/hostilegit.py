"""Folders whose git configuration runs a command as soon as git looks at them, for tests that nothing does."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MISSING = "1" * 40
DOCKERFILE = "FROM nginx:1.27\n"


def git(folder: Path, *arguments: str, **variables: str) -> None:
    identity = ("-c", "user.name=Pat", "-c", "user.email=pat@example.org")
    environment = {**os.environ, **variables}
    subprocess.run(("git", *identity, *arguments), cwd=folder, env=environment, check=True, capture_output=True)


def bare_looking(folder: Path, proof: Path) -> Path:
    """Make ``folder``, that of a Dockerfile, look like a bare repository whose first look makes ``proof``.

    Its configuration names another working tree, and where to fetch the .gitignore from that the index has and nobody
    else: a command.
    """
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    for name in ("objects", "refs", "elsewhere"):
        (folder / name).mkdir()
        (folder / name / "kept").write_text("")
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(_config(proof) + "[core]\n\tbare = false\n\tworktree = elsewhere\n")
    _hide_gitignore(folder / "elsewhere", GIT_DIR=str(folder), GIT_WORK_TREE=str(folder / "elsewhere"))
    return folder


def committed_bare_looking(root: Path, proof: Path) -> Path:
    """Return the folder ``infra`` of a repository at ``root`` in which it is committed, laid out as a bare one."""
    folder = bare_looking(root / "infra", proof)
    git(root, "init", "--quiet")
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--message=x")
    return folder


def unpacked(root: Path, proof: Path) -> Path:
    """Return ``root``, an unpacked archive with a ``.git`` of its own that does the same, and more."""
    root.mkdir(parents=True)
    (root / "Dockerfile").write_text(DOCKERFILE)
    git(root, "init", "--quiet")
    command = f"touch {proof}"
    programs = "".join(
        f'[{section}]\n\t{key} = "{command}"\n'
        for section, key in (
            ("core", "fsmonitor"),
            ("core", "pager"),
            ("core", "sshCommand"),
            ("core", "askPass"),
            ("core", "editor"),
            ("core", "gitProxy"),
            ("core", "alternateRefsCommand"),
            ("credential", "helper"),
            ("diff", "external"),
            ("gpg", "program"),
            ('filter "x"', "clean"),
            ('filter "x"', "smudge"),
            ('filter "x"', "process"),
            ('diff "x"', "textconv"),
            ('diff "x"', "command"),
            ("alias", "ls-files = !"),
            ("alias", "remote = !"),
        )
    )
    hooks = root / ".git" / "ours"
    hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\n{command}\n")
        (hooks / name).chmod(0o755)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n")
    _hide_gitignore(root)
    with (root / ".git" / "config").open("a") as config:
        config.write(_config(proof) + programs + "[core]\n\thooksPath = .git/ours\n")
    return root


def _config(proof: Path) -> str:
    return (
        "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n"
        f'[protocol "ext"]\n\tallow = always\n[remote "origin"]\n\turl = "ext::touch {proof}"\n\tpromisor = true\n'
    )


def _hide_gitignore(tree: Path, **variables: str) -> None:
    """Give the index a .gitignore that is neither in the working tree nor among the objects."""
    git(tree, "update-index", "--add", "--cacheinfo", f"100644,{MISSING},.gitignore", **variables)
    git(tree, "update-index", "--skip-worktree", ".gitignore", **variables)
