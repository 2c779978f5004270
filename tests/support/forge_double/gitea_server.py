"""A real Gitea for tests: its process, what it starts with, and a relay before it that notes and spoils requests."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from .face import Answer
from .server import Seen, Server, _Handler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOT, ADMIN, PASSWORD = "pinner-bot", "root", "a-password-1"
PEOPLE = ("ada", "grace", "linus")
TEAMS = ("platform", "reviewers")
_HOP = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})
_CONFIG = """\
RUN_MODE = prod
RUN_USER = {user}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = {folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = {url}/
STATIC_ROOT_PATH = {folder}/static
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
SQLITE_JOURNAL_MODE = WAL
[security]
INSTALL_LOCK = true
SECRET_KEY = tests
PASSWORD_HASH_ALGO = argon2$2$8$1$16
[log]
LEVEL = Warn
MODE = console
[service]
DISABLE_REGISTRATION = true
[cron]
ENABLED = false
[migrations]
ALLOW_LOCALNETWORKS = true
[webhook]
ALLOWED_HOST_LIST = loopback
[indexer]
ISSUE_INDEXER_TYPE = db
[mailer]
ENABLED = false
"""


class Raw(NamedTuple):
    """A body as it came."""

    data: bytes


class GiteaServer:
    """One Gitea, for as long as the tests of one process run.

    ``program`` is the built server, and beside it, or where PINNER_GITEA_SOURCE says, are its ``options`` and
    ``templates``.
    """

    def __init__(self, program: Path, source: Path, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._program = program
        static = folder / "static"
        (static / "public" / "assets" / ".vite").mkdir(parents=True)
        (static / "public" / "assets" / ".vite" / "manifest.json").write_text("{}")
        for name in ("options", "templates"):
            (static / name).symlink_to(source / name)
        self._config = folder / "app.ini"
        (folder / "home").mkdir()
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITEA_"))},
            "HOME": str(folder / "home"),
        }

    def start(self, url: str) -> None:
        """Start it as the server that people find at ``url``."""
        user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        self._config.write_text(_CONFIG.format(user=user, folder=self.folder, port=self.port, url=url))
        self._command("migrate")
        how = ("--username", ADMIN, "--password", PASSWORD, "--email", f"{ADMIN}@example.org")
        self._command("admin", "user", "create", "--admin", "--must-change-password=false", *how)
        self._log = (self.folder / "log.txt").open("wb")
        self._process = subprocess.Popen(
            self._called("web"), stdout=self._log, stderr=self._log, env=self._environment, start_new_session=True
        )
        for _ in range(1200):
            try:
                self.ask("GET", "/version")
            except OSError:
                assert self._process.poll() is None, (self.folder / "log.txt").read_text()
                time.sleep(0.1)
            else:
                break
        for name in (BOT, *PEOPLE):
            person = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
            self.ask("POST", "/admin/users", {**person, "must_change_password": False})

    def stop(self) -> None:
        """Stop it: this process and no other."""
        self._process.terminate()
        self._process.wait(60)
        self._log.close()

    def _called(self, *arguments: str) -> list[str]:
        return [str(self._program), "--config", str(self._config), "--work-path", str(self.folder), *arguments]

    def _command(self, *arguments: str) -> None:
        done = subprocess.run(self._called(*arguments), capture_output=True, env=self._environment, check=False)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()

    def ask(
        self, method: str, path: str, body: Any = None, *, who: str = ADMIN, expect: tuple[int, ...] = (), **query: Any
    ) -> Any:
        """Return what the API answers ``who``; a refusal that is none of ``expect`` fails the test."""
        given = {key: value for key, value in query.items() if value is not None}
        login = base64.b64encode(f"{who}:{PASSWORD}".encode()).decode()
        status, _, data = self.send(
            method,
            f"/api/v1{path}" + (f"?{urlencode(given)}" if given else ""),
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Basic {login}", "Content-Type": "application/json"},
        )
        assert status < 300 or status in expect, f"{method} {path}: {status} {data[:300]!r}"
        return json.loads(data) if data.strip() and status < 300 else None

    def listed(self, path: str, **query: Any) -> Iterator[Any]:
        """Yield the items of a list, page by page."""
        for page in range(1, 1000):
            items = self.ask("GET", path, page=page, limit=50, **query)
            items = items["data"] if isinstance(items, dict) else items
            yield from items or ()
            if not items or len(items) < 50:
                return

    def send(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers and body of the server's own answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Relay(Server):
    """What stands before the server: it notes every request, and spoils those it is asked to."""

    def __init__(self, server: GiteaServer, face: Any, state: Any, double: Any) -> None:
        super().__init__(state, face, double)
        self.behind = server
        self.handler = _RelayHandler


class _RelayHandler(_Handler):
    def _api(self, path: str, query: str, data: bytes) -> None:
        self._data = data
        super()._api(path, query, data)

    def _answered(self, path: str, seen: Seen) -> Answer:
        del path, seen
        status, headers, data = self._passed_on(self._data)
        return Answer(status, Raw(data), dict(headers))

    def _send_json(self, answer: Answer) -> None:
        if not isinstance(answer.value, Raw):
            super()._send_json(answer)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.value.data)))
        self.end_headers()
        self.wfile.write(answer.value.data)

    def _may(self, name: str, *, is_push: bool) -> int | None:
        del name, is_push
        return None

    def _backend(self, path: str, query: str, data: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        del path, query
        return self._passed_on(data)

    def _passed_on(self, data: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        relay: Any = self.server_of
        given = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        status, headers, content = relay.behind.send(self.command, self.path, data or None, given)
        return status, [(name, value) for name, value in headers if name.lower() not in _HOP], content
