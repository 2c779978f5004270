"""One repository that has all of it: names, links, pipes, settings and git configuration that mean harm."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from hostilegit import bare_looking, git

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "::stop-commands::pwn",
    "::add-mask::x",
    "  ::set-output name=x::y",
    "##vso[task.setvariable variable=PATH]x",
    "##[command]x",
    "##teamcity[x]",
    "esc\x1b[2J\x1b]0;title\x07",
    "line\n::warning::x",
    "bidi\u202e\u2066\u200f",
    "sep\u2028::x\u2029::y\x85::z",
    "$(touch ran)`touch ran`;touch ran",
    "--output=ran",
)
COMPOSE = 'services:\n  a: {image: "##vso[task.setvariable variable=PATH]/tmp/evil x"}\n  b: {image: "::add-mask::x"}\n'
SETTINGS = """\
[registries."docker.io"]
endpoint = "http://127.0.0.1:9"
plain-http = true
mirrors = true
[registries."ghcr.io"]
endpoint = "https://127.0.0.1:9"
ca = "certificates/ca.pem"
[registries."quay.io"]
plain-http = true
[registries."registry.example"]
endpoint = "https://mirror.example/cache"
token-server = "auth.example.net"
mirrors = false
[registries."*"]
endpoint = "http://127.0.0.1:9"
plain-http = true
"""
PYTHON = """\
import docker
open("ran", "w").close()
docker.from_env().containers.run("nginx:1.27")
"""


class HostileTree(NamedTuple):
    """The repository, and what lies outside of it."""

    root: Path
    outside: Path
    proof: Path
    """Comes to be where anything of the repository is run."""


def plant(folder: Path) -> HostileTree:
    tree = HostileTree(folder / "tree", folder / "outside", folder / "ran")
    tree.root.mkdir()
    tree.outside.mkdir()
    (tree.outside / "Dockerfile").write_text("FROM nginx:1.27\n")
    (tree.outside / "precious").write_text("mine")
    for name in NAMES:
        there = tree.root / name
        there.mkdir()
        (there / "Dockerfile").write_text("FROM nginx:1.27\nFROM \u202e##[x]\n")
        (there / "compose.yaml").write_text(COMPOSE)
        (there / "broken.Dockerfile").write_bytes(b"FROM a\0")
        (there / "pod.yaml").write_text("image: [\n")
    (tree.root / "app.py").write_text(PYTHON)
    (tree.root / "pinner.toml").write_text(SETTINGS)
    bare_looking(tree.root / "infra", tree.proof)
    git(tree.root, "init", "--quiet")
    git(tree.root, "add", "--all", "--force")
    git(tree.root, "commit", "--quiet", "--message=x")
    for link, target in (
        ("linked.Dockerfile", "../outside/Dockerfile"),
        ("linked", "../outside"),
        ("report.out", "../outside/precious"),
        ("loop.Dockerfile", "loop.Dockerfile"),
        ("zero.Dockerfile", "/dev/zero"),
        ("git.Dockerfile", ".git/config"),
    ):
        (tree.root / link).symlink_to(target)
    (tree.root / "certificates").mkdir()
    for fifo in ("fifo.Dockerfile", "certificates/ca.pem", "fifo.out"):
        os.mkfifo(tree.root / fifo)
    monitor = tree.root / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch '{tree.proof}'\n")
    monitor.chmod(0o755)
    git(tree.root, "config", "core.fsmonitor", str(monitor))
    git(tree.root, "config", "core.hooksPath", str(tree.root))
    tree.proof.unlink(missing_ok=True)
    return tree
