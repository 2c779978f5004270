"""Signature policy of a repository for the bot: read from the base branch, and never from a pull request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pinner.bot.git.program import GitError
from pinner.lockfile.file import current_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.bot.context import BotContext
    from pinner.bot.git.clone import Clone
    from pinner.config import Settings
    from pinner.oci.resolver import Registry


async def verified_registry(registry: Registry, settings: Settings, there: Clone, world: BotContext) -> Registry:
    """Return ``registry``, which refuses what the policies on the base branch do; itself where there are none.

    Raises `ConfigError` where what verifies is not installed, or a policy cannot be used.
    """
    if not settings.verify:
        return registry
    from pinner.verify.policy import check_extra  # noqa: PLC0415 - only where a policy is

    check_extra()
    from pinner.verify.gate import VerifiedRegistry  # noqa: PLC0415 - as above
    from pinner.verify.verifier import Verifier, VerifierContext  # noqa: PLC0415 - as above

    folder = str(there.folder)
    prefix = _below(settings.root or folder, folder)
    files = await _files(there, sorted(_named(settings, there.files, prefix)))
    lock = current_lock(settings, folder)
    recorded = {} if lock is None else lock.signatures
    policies = _Files({path.removeprefix(prefix): data for path, data in files.items()})
    own_world = VerifierContext(policies.read, policies.names, world.environment, world.now.timestamp)
    verifier = Verifier(settings, registry, own_world, recorded)
    return VerifiedRegistry(registry, verifier, recorded, compares_files=True)


def _below(root: str, folder: str) -> str:
    """Return what stands before a path from ``root`` where it is one from ``folder``."""
    inside = os.path.relpath(root, folder).replace(os.sep, "/")
    return "" if inside == "." else f"{inside}/"


class _Files:
    """The files that policies name, as they are on the base branch."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def read(self, name: str) -> bytes:
        path = os.path.normpath(name).replace(os.sep, "/")
        if path not in self._files:
            raise FileNotFoundError(2, "it is not on the base branch", name)
        return self._files[path]

    def names(self, folder: str) -> tuple[str, ...]:
        inside = f"{os.path.normpath(folder).replace(os.sep, '/')}/"
        return tuple(path.removeprefix(inside) for path in self._files if os.path.dirname(path) == inside[:-1])


def _named(settings: Settings, files: Mapping[str, object], prefix: str) -> Iterator[str]:
    """Yield the paths in the repository of what the policies name."""
    for policy in settings.verify:
        for name in (*policy.key, *filter(None, (policy.trusted_root,))):
            path = os.path.normpath(f"{prefix}{name}").replace(os.sep, "/")
            if path in files:
                yield path
        if policy.config is not None:
            inside = os.path.normpath(f"{prefix}{policy.config}").replace(os.sep, "/")
            yield from (path for path in files if path.startswith(f"{inside}/"))


async def _files(there: Clone, paths: list[str]) -> dict[str, bytes]:
    """Return the bytes of ``paths`` in the commit that was cloned; one that git does not have is left out."""
    found = {}
    for path in paths:
        try:
            found[path] = await there.git.run("cat-file", "blob", there.files[path].object)
        except GitError:
            continue
    return found
