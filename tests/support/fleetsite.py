"""A fleet on one machine: a forge, registries whose tags can be moved, ``fleet.toml``, and a clock that tests move."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from fakes import FakeRegistry
from forkserver import program
from images import make_image, write_layout
from locks import digest, image
from world import NOW, Outcome, outcome, world

from pinner.fleet.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from forge_double import ForgeDouble

    from pinner.fleet.store import Store

NGINX = "docker.io/library/nginx:1.27"
REDIS = "docker.io/library/redis:7"
HOUR = 3600.0


def held(word: str, name: str = "nginx:1.27") -> str:
    """Return a Dockerfile that holds ``name`` to the image ``word``."""
    return f"FROM {name}@{digest(word)}\n"


class FleetSite:
    """Runs ``pinner fleet`` in this process, at the time that `now` says."""

    def __init__(self, folder: Path, forge: ForgeDouble, store: str | None = None, more: str = "") -> None:
        """``more`` are further lines of the file, before its tables."""
        self.folder = folder
        self.forge = forge
        self.now = NOW
        self.address = store or f"sqlite://{folder}/fleet.db"
        self.registry = FakeRegistry()
        self.means(NGINX, "old")
        self.means(NGINX, "new")
        self.forge.state.wall = lambda: self.now
        self.write(more)

    def write(self, more: str = "", source: str = "", tables: str = "") -> None:
        """Write ``fleet.toml``."""
        text = (
            f'store = "{self.address}"\nsettle = "0s"\n{more}\n[[source]]\norg = "{self.forge.url}/acme"\n'
            f'forge = "{self.forge.face}"\ntoken = "env:PINNER_TOKEN"\n{source}\n{tables}\n'
        )
        (self.folder / "fleet.toml").write_text(text)

    def means(self, name: str, word: str) -> None:
        """Have the tag ``name`` mean the image ``word`` from now on."""
        made = image(word)
        self.registry.images[f"{name.rpartition(':')[0]}@{made.digest}"] = made
        self.registry.tags[name] = made.digest

    def run(self, *arguments: str) -> Outcome:
        """Run ``pinner fleet`` with these arguments."""
        environment = {**os.environ, **self.forge.environment(), "GIT_CONFIG_GLOBAL": os.devnull}
        context = world(self.folder, self.registry, environment=environment)._replace(clock=lambda: self.now)
        return outcome(context, "fleet", *arguments)

    def once(self) -> Outcome:
        """Run ``pinner fleet run --once``, and assert that all went well."""
        ran = self.run("run", "--once")
        assert ran.status == 0, ran.stderr
        return ran

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store, to look into it."""
        opened = open_store(self.address, str(self.folder))
        assert opened is not None
        with opened:
            yield opened

    @contextlib.contextmanager
    def serving(self, **secrets: str) -> Iterator[str]:
        """Have ``pinner fleet serve`` run in a process of its own, and give its address; it has to end well."""
        write_layout(self.folder / "none", {"docker.io/library/none:1": make_image("none")})
        environment = {**os.environ, **self.forge.environment(), **secrets, "GIT_CONFIG_GLOBAL": os.devnull}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        # A layout: nobody else's registry is asked.
        command = ("fleet", "serve", "--listen", "127.0.0.1:0", "--layout", "none")
        with program(*command, cwd=self.folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            line = process.stderr.readline()
            try:
                assert "serving at http://127.0.0.1:" in line, line
                yield line.split()[-1]
            finally:
                process.send_signal(signal.SIGTERM)
                said = line + process.stderr.read()
        assert (process.returncode, "interrupted" in said, "Traceback" in said) == (0, False, False), said

    @property
    def pulls(self) -> dict[str, int]:
        """How many pull requests each repository has."""
        return {name: len(one.pulls) for name, one in sorted(self.forge.state.repositories.items())}

    @property
    def cloned(self) -> list[str]:
        """The repositories that were cloned since the forge forgot its requests."""
        asked = [seen for seen in self.forge.git_requests if seen.path.endswith("git-upload-pack")]
        fetched = {seen.path.lstrip("/").partition(".git/")[0] for seen in asked}
        # What only asks for the head of a branch sends one command: listing references.
        return sorted(fetched)


__all__ = ["HOUR", "NGINX", "REDIS", "FleetSite", "held"]
