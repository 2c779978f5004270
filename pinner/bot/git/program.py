"""Git program runner: no shell, bounded time, no prompts, no visible secrets.

A token reaches git through a header for one host alone, and through GIT_ASKPASS, a script that answers for that host.
It stands in the environment of git and nowhere else: not in an argument, not in a remote, not in a message.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from pinner.errors import PinnerError, public_address
from pinner.scan.git import NO_PROTOCOL, hardened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


OLDEST = (2, 25)
"""The oldest git that does all of this."""
PATIENCE = 300.0
"""Seconds that one call of git may take: a clone over a slow line."""
# Whatever the user has configured, and the system: what the bot does must not depend on it. Proxies, certificates and
# `insteadOf` stay as they are: without them git might not get there.
_SETTINGS = (
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.quotePath=false",
    # A link is no file of its own, and one that leads out of the tree must not be followed.
    "core.symlinks=false",
    "commit.gpgSign=false",
    "push.gpgSign=false",
    "push.followTags=false",
    "push.recurseSubmodules=no",
    "fetch.prune=false",
    "credential.useHttpPath=false",
    "protocol.version=2",
    "safe.directory=*",
    "advice.detachedHead=false",
)
_PROTOCOLS = "https:http:ssh:git:file"
_ASKPASS = """#!/bin/sh
case "$1" in
"Username for '$PINNER_GIT_ORIGIN': ") printf '%s\\n' "$PINNER_GIT_USER" ;;
"Password for '$PINNER_GIT_LOGIN': ") printf '%s\\n' "$PINNER_GIT_PASSWORD" ;;
*) exit 1 ;;
esac
"""
_LINES_TOLD = 3
_EMPTY = re.compile(r"(?:remote:\s*)?(?:error:)?")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'`\"]+", re.IGNORECASE)


class GitError(PinnerError):
    """Git is missing, too old, or did not do what it was asked; nothing secret is in the message."""


class Login(NamedTuple):
    """What git says who it is with, over HTTP."""

    user: str
    password: str


class Git(NamedTuple):
    """The git program as it is called for one repository."""

    folder: Path
    """The clone, with everything that belongs to it: the script that answers for the token too."""
    environment: Mapping[str, str]
    """That of the process."""
    own: Mapping[str, str]
    """The variables that it gets besides."""
    secrets: tuple[str, ...] = ()
    """What must not be shown."""
    protocols: str = _PROTOCOLS
    """The transports that it may use."""

    @property
    def tree(self) -> Path:
        """The working tree."""
        return self.folder / "tree"

    def with_variables(self, **variables: str) -> Git:
        """Return this with ``variables`` in git's environment: its own ones too, which are not the user's."""
        return self._replace(own={**self.own, **variables})

    async def run(
        self,
        *arguments: str,
        data: bytes = b"",
        patience: float = PATIENCE,
        within: bool = True,
    ) -> bytes:
        """Return what git writes to its output, fed ``data``; ``within`` the working tree, or outside of it.

        Raises `GitError` where it fails or takes longer than ``patience`` seconds. A run that is cancelled leaves no
        process behind.
        """
        status, output, errors = await self.outcome(*arguments, data=data, patience=patience, within=within)
        if status:
            raise GitError(f"git {arguments[0]} failed: {self.words(errors)}")
        return output

    async def outcome(
        self, *arguments: str, data: bytes = b"", patience: float = PATIENCE, within: bool = True
    ) -> tuple[int, bytes, bytes]:
        """Return git's status, output and errors; raises `GitError` where it cannot be run or takes too long."""
        git = hardened(arguments, self.environment, protocols=self.protocols, settings=_SETTINGS, own=self.own)
        try:
            process = await asyncio.create_subprocess_exec(
                *git.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=self.tree if within else self.folder,
                env=git.environment,
                start_new_session=True,
            )
        except OSError as error:
            raise _missing(error) from error
        try:
            async with asyncio.timeout(patience):
                output, errors = await process.communicate(data)
        except TimeoutError:
            raise GitError(
                f"git {arguments[0]} took longer than {patience:g} seconds", hint="is the host reachable?"
            ) from None
        finally:
            if process.returncode is None:
                await _end(process)
        return process.returncode or 0, output, errors

    def words(self, errors: bytes) -> str:
        """Return the gist of what git wrote to its errors, without secrets."""
        text = redacted(errors.decode("utf-8", "replace"), self.secrets)
        # Servers frame what they say with lines that say nothing.
        lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if not _EMPTY.fullmatch(line.strip())]
        telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))] or lines
        gist = "; ".join(line.removeprefix("fatal: ").removeprefix("error: ") for line in telling[:_LINES_TOLD])
        return gist or "it does not say why"


async def _end(process: asyncio.subprocess.Process) -> None:
    """End ``process`` and what it has started (git talks HTTP through a program of its own)."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:  # pragma: no cover - Windows
            process.kill()
    await process.wait()


def _missing(error: OSError) -> GitError:
    return GitError(
        f"git cannot be run: {(error.strerror or str(error)).lower()}",
        hint=f"install git {OLDEST[0]}.{OLDEST[1]} or newer",
    )


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` without ``secrets``, in whatever spelling, and without a login or a query in any address."""
    from pinner.http.redaction import mask  # noqa: PLC0415 - with httpx, and only where something is shown

    return _URL.sub(lambda match: public_address(match[0]), mask(secrets, text))


async def remote_url(checkout: Path, environment: Mapping[str, str]) -> str:
    """Return where the remote ``origin`` of ``checkout`` is; raises `GitError`. Nothing there is changed."""
    git = Git(checkout, environment, {"GIT_DIR": str(checkout / ".git")}, protocols=NO_PROTOCOL)
    said = await git.run("remote", "get-url", "origin", within=False)
    return said.decode("utf-8", "replace").strip()


def open_git(folder: Path, environment: Mapping[str, str], url: str, login: Login | None) -> Git:
    """Return git for a clone of ``url`` in ``folder``, which is made; ``login`` goes to the host of it."""
    folder.mkdir(mode=0o700)
    (folder / "tree").mkdir(mode=0o700)
    if login is None:
        # Nobody is asked, not even by a window.
        return Git(folder, environment, {"GIT_ASKPASS": "true", "SSH_ASKPASS": "true"})
    script = folder / "askpass"
    script.write_text(_ASKPASS, "ascii", newline="\n")
    script.chmod(0o700)
    from pinner.http.redaction import secrets_in  # noqa: PLC0415 - with httpx

    parts = urlsplit(url)
    # What git makes of it for the host, who may repeat it.
    basic = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
    own = _said_at_once(environment, f"{parts.scheme}://{parts.netloc}/", basic) | {
        "GIT_ASKPASS": str(script),
        "PINNER_GIT_ORIGIN": f"{parts.scheme}://{parts.netloc}",
        "PINNER_GIT_LOGIN": f"{parts.scheme}://{quote(login.user, safe='')}@{parts.netloc}",
        "PINNER_GIT_USER": login.user,
        "PINNER_GIT_PASSWORD": login.password,
    }
    return Git(folder, environment, own, secrets_in(f"Basic {basic}", None))


def _said_at_once(environment: Mapping[str, str], origin: str, basic: str) -> dict[str, str]:
    """Return variables that have git send the login with its first request, and not after a 401 (git 2.31 and newer).

    The header would go along wherever the host sends git on to, so git does not follow: the address is the forge's own.
    """
    said = environment.get("GIT_CONFIG_COUNT", "")
    count = int(said) if said.isascii() and said.isdecimal() else 0
    values = {f"http.{origin}.extraHeader": f"Authorization: Basic {basic}", "http.followRedirects": "false"}
    found = {"GIT_CONFIG_COUNT": str(count + len(values))}
    for number, (key, value) in enumerate(values.items(), count):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


async def require_git(git: Git) -> None:
    """Raise `GitError` where git is too old."""
    said = (await git.run("version")).decode("utf-8", "replace")
    match = re.search(r"(\d+)\.(\d+)", said)
    if match is None or (int(match[1]), int(match[2])) < OLDEST:
        raise GitError(
            f"git {OLDEST[0]}.{OLDEST[1]} or newer is needed, and this is {said.strip().removeprefix('git version ')}",
            hint="install a newer git",
        )
