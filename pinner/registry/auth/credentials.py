"""Credentials of docker's config.json, containers' auth.json, credential helpers, the environment."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pinner.errors import UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


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


_MAX_FILE = 1024 * 1024
_DOCKER_HUB = "docker.io"
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKER_HUB_NAMES = frozenset({_DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_IDENTITY_USER = "<token>"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name with its password, or an identity token (OAuth 2's refresh token) in the password's place."""

    username: str
    password: str = field(default="", repr=False)
    identity_token: str | None = field(default=None, repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        secret = self.password if self.identity_token is None else self.identity_token
        pair = f"{self.username or _IDENTITY_USER}:{secret}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Store:
    """One configuration file's credentials, the keys in the form `candidates` makes."""

    where: str
    entries: Mapping[str, Mapping[str, object]] = field(repr=False)
    helpers: Mapping[str, str]
    default_helper: str | None


class CredentialFinder:
    """Finds credentials, each file read once and each helper asked once for a host."""

    def __init__(
        self,
        environment: Mapping[str, str],
        on_warning: Callable[[str], None],
        helper: Callable[[str, str, Mapping[str, str]], tuple[str, str] | None] = ask_helper,
    ) -> None:
        self._environment = environment
        self._on_warning = on_warning
        self._helper = helper
        self._stores: tuple[Store, ...] | None = None
        self._asked: dict[tuple[str, str], asyncio.Task[Credentials | None]] = {}

    async def find(self, login: str, repository: str) -> Credentials | None:
        """Return the credentials for ``repository`` at the host ``login``; None where nobody has any.

        The first store that knows the host decides; in it a helper comes before what is written down. Raises
        `UnauthorizedError` for a helper that fails.
        """
        if self._stores is None:
            self._stores = tuple(read_stores(self._environment, self._on_warning))
        keys = candidates(login, repository)
        for store in self._stores:
            helper = next((store.helpers[key] for key in keys if key in store.helpers), store.default_helper)
            if helper is not None and (found := await self._ask(helper, login)) is not None:
                return found
            for key in keys:
                if (entry := store.entries.get(key)) and (found := self._decode(entry, key, store.where)) is not None:
                    return found
        return None

    async def _ask(self, helper: str, login: str) -> Credentials | None:
        task = self._asked.get((helper, login))
        if task is None:
            task = self._asked[helper, login] = asyncio.create_task(self._run(helper, login))
        # Shielded: a question that gives up must not take the answer from the others.
        return await asyncio.shield(task)

    async def _run(self, helper: str, login: str) -> Credentials | None:
        server = _DOCKER_HUB_KEY if login == _DOCKER_HUB else login
        answer = await asyncio.to_thread(self._helper, helper, server, self._environment)
        if answer is None:
            return None
        username, secret = answer
        if username == _IDENTITY_USER:
            return Credentials(_IDENTITY_USER, identity_token=secret)
        return Credentials(username, secret)

    def _decode(self, entry: Mapping[str, object], key: str, where: str) -> Credentials | None:
        try:
            return decode_entry(entry)
        except ValueError:
            self._on_warning(f"{where}: the credentials for {key} cannot be read and are not used")
            return None


def candidates(login: str, repository: str) -> tuple[str, ...]:
    """Return the keys under which the credentials may be, the longest first (containers-auth.json(5))."""
    parts = repository.split("/") if repository else []
    return tuple("/".join((login, *parts[:length])) for length in range(len(parts), -1, -1))


def normalise_key(key: str) -> str:
    """Return a configuration's key without scheme, API version and slash; Docker Hub's names as docker.io."""
    host, _, path = key.partition("://")[2].partition("/") if "://" in key else key.partition("/")
    path = path.strip("/")
    if "://" in key or path in ("v1", "v2"):
        # docker keys by host alone: `https://host/v1/` means `host`.
        path = ""
    host = host.lower()
    host = _DOCKER_HUB if host in _DOCKER_HUB_NAMES else host
    return f"{host}/{path}" if path else host


def decode_entry(entry: Mapping[str, object]) -> Credentials | None:
    """Return the credentials of one entry of ``auths``; None where it is empty. Raises ValueError if it is broken."""
    username, password, identity = (_text(entry, key) for key in ("username", "password", "identitytoken"))
    if encoded := _text(entry, "auth"):
        try:
            username, separator, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError("auth") from None
        if not separator:
            raise ValueError("auth")
        password = password.rstrip("\0")
    if identity:
        return Credentials(username or _IDENTITY_USER, identity_token=identity)
    return Credentials(username, password) if username and password else None


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise ValueError(key)  # noqa: TRY004 - a broken file, whatever is wrong with it
    return value


def read_stores(environment: Mapping[str, str], on_warning: Callable[[str], None]) -> Iterator[Store]:
    """Yield the stores there are, the most explicit first.

    ``DOCKER_AUTH_CONFIG``, ``REGISTRY_AUTH_FILE``, docker's config.json, then containers' own places.
    """
    if text := environment.get("DOCKER_AUTH_CONFIG"):
        yield from _read_store("DOCKER_AUTH_CONFIG", text.encode("utf-8", "replace"), on_warning)
    for path in _paths(environment):
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_FILE + 1)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            on_warning(f"{path} cannot be read ({error.strerror}): its credentials are not used")
            continue
        yield from _read_store(str(path), data, on_warning)


def _paths(environment: Mapping[str, str]) -> Iterator[Path]:
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if explicit := environment.get("REGISTRY_AUTH_FILE"):
        yield Path(explicit)
    if folder := environment.get("DOCKER_CONFIG"):
        yield Path(folder) / "config.json"
    elif home:
        yield Path(home) / ".docker" / "config.json"
    if folder := environment.get("XDG_RUNTIME_DIR"):
        yield Path(folder) / "containers" / "auth.json"
    if folder := environment.get("XDG_CONFIG_HOME"):
        yield Path(folder) / "containers" / "auth.json"
    elif home:
        yield Path(home) / ".config" / "containers" / "auth.json"


def _read_store(where: str, data: bytes, on_warning: Callable[[str], None]) -> Iterator[Store]:
    try:
        if len(data) > _MAX_FILE:
            raise ValueError("size")  # noqa: TRY301 - one way out for every broken file
        document = json.loads(data.decode("utf-8-sig"))
        auths, helpers = document.get("auths") or {}, document.get("credHelpers") or {}
        entries = {normalise_key(key): entry for key, entry in auths.items() if isinstance(entry, dict)}
        named = {normalise_key(key): name for key, name in helpers.items() if isinstance(name, str) and name}
        default = document.get("credsStore")
    except (ValueError, RecursionError, AttributeError):
        on_warning(f"{where} is not a docker configuration: its credentials are not used")
        return
    yield Store(where, entries, named, default if isinstance(default, str) and default else None)
