"""The HTTP side: the API's calls to the face, git's to `git http-backend`, and what was asked to go wrong."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from .face import Answer, Call, Face, Null, RefusalError

if TYPE_CHECKING:
    from .double import ForgeDouble
    from .faults import Fault
    from .state import State


@dataclass
class Seen:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int = 0
    fault: str | None = None

    @property
    def is_write(self) -> bool:
        """Whether it would change something; a GraphQL query does not."""
        if self.path.endswith("/graphql") and isinstance(self.body, dict):
            return str(self.body.get("query", "")).lstrip().startswith("mutation")
        return self.method not in ("GET", "HEAD")


class Server:
    """A server on a loopback port of its own."""

    def __init__(self, state: State, face: Face, double: ForgeDouble, below: str = "") -> None:
        self.state, self.face, self.double, self.below = state, face, double, below
        self._http: ThreadingHTTPServer | None = None
        self.handler: type[_Handler] = _Handler

    @property
    def url(self) -> str:
        """Where it is."""
        assert self._http is not None, "use it as a context manager"
        return f"http://127.0.0.1:{self._http.server_address[1]}{self.below}"

    def start(self) -> None:
        """Listen."""
        handler = type("Handler", (self.handler,), {"server_of": self})
        self._http = _Http(("127.0.0.1", 0), handler)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        assert self._http is not None
        self._http.shutdown()
        self._http.server_close()

    def fault(self, method: str, path: str) -> Fault | None:
        """Return what goes wrong with this request."""
        with self.state.lock:
            return next((fault for fault in self.double.faults if fault.strikes(method, path)), None)


@cache
def _backend_program() -> str:
    """Return the program behind ``git http-backend``: git would start it, and be one more process for each request."""
    folder = subprocess.run(["git", "--exec-path"], capture_output=True, check=True).stdout.decode().strip()
    return shutil.which("git-http-backend", path=folder) or "git-http-backend"


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the library's signature
        """A client that hangs up is no news; anything else is the double's own mistake."""
        import sys  # noqa: PLC0415
        import traceback  # noqa: PLC0415

        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            handler: Any = self.RequestHandlerClass
            handler.server_of.double.violations.append("".join(traceback.format_exception(error)))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else each answer waits 40 ms for the acknowledgement of its head.
    disable_nagle_algorithm = True
    wbufsize = -1
    server_of: ClassVar[Server]

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _any(self) -> None:
        place, below = urlsplit(self.path), self.server_of.below
        data = self._body()
        if len(data) < int(self.headers.get("Content-Length") or 0):
            # Whoever asked has ended in the middle of it: no server takes that for a request.
            self.close_connection = True
            return
        if below and not place.path.startswith(f"{below}/"):
            # Another site is at the root.
            self._plain(404, "404 page not found")
        elif ".git/" in place.path:
            self._git(place.path.removeprefix(below), place.query, data)
        else:
            self._api(place.path.removeprefix(below), place.query, data)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815 - the library's names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    # The API

    def _api(self, path: str, query: str, data: bytes) -> None:
        server, face = self.server_of, self.server_of.face
        try:
            body = json.loads(data) if data else None
        except ValueError:
            body = data
        seen = Seen(self.command, path, dict(parse_qsl(query, keep_blank_values=True)), body)
        fault = server.fault(self.command, path + face.field_of(body))
        with server.state.lock:
            server.double.requests.append(seen)
        if fault is not None:
            seen.fault = fault.kind
            if fault.kind == "slow":
                time.sleep(fault.seconds)
            if fault.action is not None:
                fault.action()
            if fault.kind == "lost-before":
                self.close_connection = True
                return
        refused = None if fault is None else self._refusal(fault)
        answer = refused or self._answered(path, seen)
        if fault is not None and fault.kind == "lost-after":
            self.close_connection = True
            return
        if fault is not None and fault.kind == "error-after":
            answer = Answer(502, {"message": "Bad Gateway"})
        seen.status = answer.status
        self._send_json(answer)

    def _refusal(self, fault: Fault) -> Answer | None:
        if fault.kind in ("secondary", "primary", "too-many"):
            return self.server_of.face.limited(fault.kind, fault.retry_after)
        if fault.kind == "error-before":
            return Answer(503, {"message": "Service Unavailable"})
        return None

    def _answered(self, path: str, seen: Seen) -> Answer:
        server, face = self.server_of, self.server_of.face
        prefix = next((prefix for prefix in face.prefixes if path.startswith(f"{prefix}/")), None)
        if prefix is None:
            return Answer(404, {"message": "Not Found"})
        if path in face.public:
            return Answer(200, face.public[path])
        if not face.authorised(self.headers, server.state.token):  # type: ignore[arg-type]
            return face.unauthorised()
        raw = path[len(prefix) :]
        if prefix.endswith("/graphql"):
            raw = "/graphql"
        call = Call(self.command, unquote(raw), raw, seen.query, seen.body, server.url, prefix)
        with server.state.lock:
            try:
                return face.answer(call)
            except RefusalError as refusal:
                return refusal.answer

    def _send_json(self, answer: Answer) -> None:
        value = None if isinstance(answer.value, Null) else answer.value
        data = b"" if answer.value is None else json.dumps(value).encode()
        self.send_response(answer.status)
        if answer.value is not None:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(data)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data)

    # Git

    def _git(self, path: str, query: str, data: bytes) -> None:
        server = self.server_of
        name = unquote(path).lstrip("/").partition(".git/")[0]
        is_push = "git-receive-pack" in f"{path}?{query}"
        seen = Seen(self.command, path, dict(parse_qsl(query)), None)
        fault = server.fault(self.command, path)
        with server.state.lock:
            server.double.git_requests.append(seen)
        if fault is not None:
            seen.fault = fault.kind
            if fault.action is not None:
                fault.action()
            if fault.kind in ("error-before", "lost-before"):
                self._plain(503, "down for a moment")
                return
        refusal = self._may(name, is_push=is_push)
        if refusal is not None:
            seen.status = refusal
            self._plain(refusal, "no")
            return
        status, headers, content = self._backend(path, query, data)
        if fault is not None and fault.kind in ("error-after", "lost-after"):
            self._plain(502, "lost")
            return
        seen.status = status
        if is_push and self.command == "POST":
            server.state.pushed(name)
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _may(self, name: str, *, is_push: bool) -> int | None:
        """Return the status that refuses, or None."""
        state = self.server_of.state
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        password = ""
        if scheme.lower() == "basic":
            password = base64.b64decode(value).decode().partition(":")[2]
        if not state.accepts(password):
            return 401
        repository = state.find(name)
        if repository is None:
            return 404
        return 403 if is_push and (repository.rights != "write" or repository.archived) else None

    def _backend(self, path: str, query: str, data: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_PROJECT_ROOT": str(self.server_of.state.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(data)),
            "REMOTE_USER": "pinner",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run([_backend_program()], input=data, capture_output=True, env=environment, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        pairs = [line.partition(": ")[::2] for line in head.decode().split("\r\n") if line]
        status = next((int(value.split()[0]) for key, value in pairs if key == "Status"), 200)
        return status, [(key, value) for key, value in pairs if key != "Status"], content

    def _plain(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
