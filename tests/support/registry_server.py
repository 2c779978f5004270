"""A real registry for tests: Debian's ``docker-registry`` on a free loopback port, its storage in a folder of ours.

Use it as a context manager; it is stopped by its own process. Where the program is missing the test is skipped, or
fails if ``PINNER_REQUIRE_REGISTRY=1`` says that it must be there. Mark such tests ``@pytest.mark.registry``.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pytest
from images import push, write_storage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from images import Image

_PROGRAM = "docker-registry"
_START_TIMEOUT = 300.0


@dataclass(frozen=True)
class TokenAuth:
    """A token server that the registry believes."""

    realm: str
    service: str
    issuer: str
    certificates: Path
    """The PEM bundle with the certificate that signs the tokens."""


def require(program: str) -> str:
    """Return the path of ``program``, or skip the test (fail it under ``PINNER_REQUIRE_REGISTRY=1``)."""
    path = shutil.which(program)
    if path is None:
        message = f"{program} is not installed"
        if os.environ.get("PINNER_REQUIRE_REGISTRY") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path


class RealRegistry:
    """A running registry; ``folder`` must be empty or hold its storage."""

    def __init__(
        self,
        folder: Path,
        *,
        users: Mapping[str, str] | None = None,
        token: TokenAuth | None = None,
        images: Mapping[str, Image] | None = None,
    ) -> None:
        """``users`` (name → password) turns basic auth on. ``images`` (by ``repository:tag``) are there at once."""
        self._program = require(_PROGRAM)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port = _free_port()
        folder.mkdir(parents=True, exist_ok=True)
        write_storage(folder / "storage", images or {})
        self._configuration = folder / "conf.yml"
        # YAML reads JSON; a user's settings of the same names would otherwise be mixed in by the program itself.
        self._configuration.write_text(json.dumps(self._settings(users, token)), encoding="utf-8")

    def _settings(self, users: Mapping[str, str] | None, token: TokenAuth | None) -> dict[str, object]:
        settings: dict[str, object] = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "storage")}, "delete": {"enabled": True}},
            "http": {"addr": self.host},
        }
        if users:
            settings["auth"] = {"htpasswd": {"realm": "test", "path": str(self._write_users(users))}}
        elif token is not None:
            settings["auth"] = {
                "token": {
                    "realm": token.realm,
                    "service": token.service,
                    "issuer": token.issuer,
                    "rootcertbundle": str(token.certificates),
                }
            }
        return settings

    def _write_users(self, users: Mapping[str, str]) -> Path:
        path = self._folder / "htpasswd"
        program = require("htpasswd")
        lines = [
            # Cost 4, the lowest bcrypt has: 10 takes 58 ms of every request.
            subprocess.run([program, "-Bbn", "-C", "4", user, password], capture_output=True, check=True, text=True)
            for user, password in users.items()
        ]
        path.write_text("".join(line.stdout.strip() + "\n" for line in lines), encoding="utf-8")
        return path

    @property
    def host(self) -> str:
        """``127.0.0.1:PORT``: the domain of references to it."""
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``: an endpoint for the settings."""
        return f"http://{self.host}"

    @property
    def storage(self) -> Path:
        """The folder it serves; `write_storage` adds images while it runs."""
        return self._folder / "storage"

    def push(self, images: Mapping[str, Image]) -> None:
        """PUT images, as a client would."""
        push(self.url, images)

    def __enter__(self) -> Self:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
        log = (self._folder / "log").open("wb")
        with log:
            self._process = subprocess.Popen(
                [self._program, "serve", str(self._configuration)], stdout=log, stderr=log, env=environment
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; a second time does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait(self) -> None:
        assert self._process is not None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + _START_TIMEOUT
        while time.monotonic() < end and self._process.poll() is None:
            try:
                opener.open(f"{self.url}/v2/", timeout=60).close()
            except urllib.error.HTTPError as error:
                error.close()
                return
            except OSError:
                time.sleep(0.01)
            else:
                return
        pytest.fail(f"{_PROGRAM} did not start: {(self._folder / 'log').read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
