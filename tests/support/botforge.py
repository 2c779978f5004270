"""The bot as a program against a forge double: repositories, images in a layout, and runs of ``pinner update``."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from forkserver import program
from images import Image, make_multi_platform, write_layout
from world import Outcome, outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from forge_double import ForgeDouble

NGINX = "docker.io/library/nginx:1.27"
DAY = 1_760_000_000.0


def picture(word: str) -> Image:
    """Return an image for two platforms, always the same for the same word."""
    return make_multi_platform(word, ("linux/amd64", "linux/arm64/v8"))


class Site(NamedTuple):
    """A machine with a layout for the registries, and a forge that it may speak to."""

    folder: Path
    forge: ForgeDouble

    @property
    def layout(self) -> Path:
        return self.folder / "layout"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "SOURCE_DATE_EPOCH": str(int(DAY)), **self.forge.environment()}

    def means(self, **words: str) -> None:
        """Have the tags of docker.io mean these images: ``nginx="new"``; each has one tag, 1."""
        write_layout(self.layout, {f"docker.io/library/{name}:1": picture(word) for name, word in words.items()})

    def arguments(self, *more: str, name: str | None = "acme/app", named: bool = True) -> list[str]:
        where = [] if name is None else ["--repo", f"{self.forge.url}/{name}"]
        forge = ["--forge", self.forge.face] if named else []
        return ["update", *where, *forge, "--layout", str(self.layout), *more]

    def run(self, *more: str, name: str | None = "acme/app", folder: Path | None = None, named: bool = True) -> Outcome:
        """Run the bot in this process; ``named``: the command line says which forge it is."""
        context = world(folder or self.folder, environment=self.environment, now=DAY)
        context = context._replace(connect=connect_to_registries)
        return outcome(context, *self.arguments(*more, name=name, named=named))

    def start(self, *more: str, name: str | None = "acme/app") -> subprocess.Popen[bytes]:
        """Start the bot in a process of its own."""
        return program(
            *self.arguments(*more, name=name),
            cwd=self.folder,
            # What is killed cannot tidy up: its clone stays among the test's own files.
            env={
                **self.environment,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "TMPDIR": str(self.folder),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def held(name: str, word: str) -> str:
    """Return ``nginx:1@sha256:…``."""
    return f"{name}:1@{picture(word).digest}"


def state(forge: ForgeDouble, name: str = "acme/app") -> dict[str, object]:
    """Return everything about a repository that people see."""
    stored = forge.repository(name)
    branches = gitlines(stored.folder, "for-each-ref", "--format=%(refname) %(tree)", "refs/heads")
    return {
        "branches": sorted(branches),
        "requests": [
            (pull.state, pull.head, pull.title, pull.body, pull.labels, pull.assignees, pull.reviewers)
            for pull in stored.pulls.values()
        ],
    }


def gitlines(folder: Path, *arguments: str) -> Sequence[str]:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().splitlines()
