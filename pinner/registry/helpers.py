"""Credential helpers: ``docker-credential-<name> get``, as docker's credentials protocol has it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pinner.errors import UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_NOT_FOUND = "credentials not found in native keychain"
_TIMEOUT = 10.0


def ask_helper(
    name: str, server: str, environment: Mapping[str, str], *, timeout: float = _TIMEOUT
) -> tuple[str, str] | None:
    """Return (user name, secret) that the helper ``name`` keeps for ``server``; None where it keeps none.

    It is looked up in the absolute folders of PATH, started without a shell, and ended after ``timeout`` seconds.
    Blocks: run it in a thread. Raises `UnauthorizedError`; what the helper printed is never repeated.
    """
    program = f"docker-credential-{name}"
    if _NAME.fullmatch(name) is None:
        raise UnauthorizedError("docker's configuration names a credential helper that is no program's name")
    folders = [folder for folder in environment.get("PATH", "").split(os.pathsep) if Path(folder).is_absolute()]
    path = shutil.which(program, path=os.pathsep.join(folders))
    if path is None:
        raise UnauthorizedError(
            f"docker's configuration keeps the credentials for {server} in `{program}`, which is not in PATH",
            hint="install it, or take `credsStore` or `credHelpers` out of docker's config.json",
        )
    try:
        result = subprocess.run(  # noqa: S603 - the user's own configuration names the program; no shell
            [path, "get"], input=server.encode(), capture_output=True, timeout=timeout, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise UnauthorizedError(f"`{program}` gave no credentials for {server} within {timeout:g} s") from None
    except OSError as error:
        raise UnauthorizedError(f"`{program}` could not be started: {error.strerror}") from None
    if result.returncode != 0:
        if _NOT_FOUND.encode() in result.stdout + result.stderr:
            return None
        raise UnauthorizedError(f"`{program}` failed for {server} with status {result.returncode}")
    return _read_answer(result.stdout, program)


def _read_answer(output: bytes, program: str) -> tuple[str, str]:
    try:
        answer = json.loads(output)
        username, secret = answer["Username"], answer["Secret"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise UnauthorizedError(f"`{program}` did not answer as a credential helper does") from None
    if not isinstance(username, str) or not isinstance(secret, str):
        raise UnauthorizedError(f"`{program}` did not answer as a credential helper does")
    return username, secret
