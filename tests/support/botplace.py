"""A repository with something to update, a forge around it, and a registry whose tags can be moved."""

from __future__ import annotations

import asyncio
import os
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fakes import FakeRegistry
from locks import image
from memory_forge import MemoryForge, git

from pinner.bot.batch import SharedRegistry
from pinner.bot.context import BotContext, Scope
from pinner.bot.publish import publish
from pinner.cache.first_seen import FirstSeenStore
from pinner.config.load import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.bot.context import Published
    from pinner.config import Settings
    from pinner.oci.resolver import Registry

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Place:
    """One repository ``acme/app`` and everything around it; each `run` is a run of the bot on a machine of its own."""

    def __init__(self, folder: Path, files: Mapping[str, bytes]) -> None:
        self.folder = folder
        self.bare = folder / "app.git"
        self.work = folder / "work"
        self.work.mkdir()
        git(self.work, "init", "--quiet", "--initial-branch=main")
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        for option in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            git(self.bare, "config", option, "true")
        git(self.work, "remote", "add", "origin", str(self.bare))
        self.forge = MemoryForge(self.bare)
        self.registry = FakeRegistry()
        self.now = NOON
        self.commit(files)

    def commit(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Commit ``files`` as a person does, on top of the remote's ``branch``."""
        if self.heads().get(branch):
            git(self.work, "fetch", "--quiet", "origin", branch)
            git(self.work, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        for path, data in files.items():
            file = self.work / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        git(self.work, "-c", "core.autocrlf=false", "add", "--all")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "work")
        git(self.work, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return git(self.work, "rev-parse", "HEAD")

    def heads(self) -> dict[str, str]:
        """Return the remote's branches."""
        lines = git(self.bare, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads").splitlines()
        return {name.removeprefix("refs/heads/"): head for head, name in (line.split(" ") for line in lines)}

    def show(self, branch: str, path: str) -> str:
        return git(self.bare, "show", f"{branch}:{path}")

    def changed(self, branch: str) -> list[str]:
        """Return what the branch changes: ``M path``."""
        return git(self.bare, "diff", "--name-status", "--no-renames", f"main...{branch}").split("\n")

    def means(self, name: str, word: str) -> str:
        """Have the tag ``name`` (canonical) mean the image ``word`` from now on; return its digest."""
        made = image(word)
        self.registry.images[f"{name.rpartition(':')[0]}@{made.digest}"] = made
        self.registry.tags[name] = made.digest
        return str(made.digest)

    def merge(self, branch: str) -> None:
        """Merge the branch's pull request with a merge commit, as the forge does."""
        git(self.work, "fetch", "--quiet", "origin", "main", branch)
        git(self.work, "checkout", "--quiet", "--detach", "origin/main")
        git(self.work, "merge", "--quiet", "--no-ff", "-m", "merge", f"origin/{branch}")
        git(self.work, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        request = next(one for one in self.forge.requests if one.branch == branch and one.state == "open")
        self.forge.change(request.number, state="merged")

    def run(self, scope: Scope | None = None, *, dry_run: bool = False) -> Published:
        """Run the bot once, in a folder of its own."""
        shared = SharedRegistry(self.registry)

        async def registry(_settings: Settings) -> Registry:
            return shared

        world = BotContext(
            self.forge,
            None,
            os.environ,
            date(2026, 11, 1),
            self.now,
            FirstSeenStore(None, self.now),
            load_settings,
            registry,
            dry_run,
        )

        async def story() -> Published:
            with tempfile.TemporaryDirectory() as folder:
                return await publish(self.forge.found, scope or Scope(), world, Path(folder))

        return asyncio.run(story())


NGINX = "docker.io/library/nginx:1.27"


def nginx_place(folder: Path) -> Place:
    """Return a repository whose Dockerfile has nginx pinned to the image ``old``, while the tag means ``new``."""
    made = image("old")
    there = Place(folder, {"Dockerfile": f"FROM nginx:1.27@{made.digest}\n".encode(), "README.md": b"hello\n"})
    there.registry.images[f"docker.io/library/nginx@{made.digest}"] = made
    there.means(NGINX, "new")
    return there
