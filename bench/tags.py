"""Requests and seconds of ``pinner update --tags``: 300 images of 120 repositories, each answer 50 ms away.

Idle: nothing is newer. Then 20 repositories have a newer tag. Then the same again, with the lists remembered. And one
list of 1,000,000 tags, in pages and all at once.

    .venv/bin/python bench/tags.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from tagregistry import TagRegistry

REPOSITORIES, IMAGES, RAISES, DELAY = 120, 300, 20, 0.05
MANY = 1_000_000


class Server(ThreadingHTTPServer):
    """Answers what ``registry`` answers, after `DELAY`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, registry: TagRegistry) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.registry = registry
        self.lock = threading.Lock()
        self.tokens = self.connections = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        """Answer GET and HEAD."""
        time.sleep(DELAY)
        with self.server.lock:
            response = self.answer(httpx.Request(self.command, f"http://{self.server.host}{self.path}"))
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            if name != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", response.headers["content-length"])
        self.end_headers()
        self.wfile.write(response.content if self.command == "GET" else b"")

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return what the registry says to who has a token, and one to who asks for one."""
        if request.url.path == "/token":
            self.server.tokens += 1
            return httpx.Response(200, json={"token": "t", "expires_in": 300})
        if "Authorization" in self.headers:
            return self.server.registry(request)
        scope = f"repository:{'/'.join(request.url.path.split('/')[2:4])}:pull"
        realm = f'Bearer realm="http://{self.server.host}/token",service="s",scope="{scope}"'
        self.server.registry.asked.append("401")
        return httpx.Response(401, headers={"WWW-Authenticate": realm}, json={})

    def do_HEAD(self) -> None:
        """Answer HEAD."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Paged(TagRegistry):
    """Lists very many tags: in pages, or, where it takes no notice of ``n``, at once."""

    pages = True

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/tags/list") or not self.pages:
            return super().__call__(request)
        self.asked.append(str(request.url))
        query = parse_qs(urlsplit(str(request.url)).query)
        start = int(query.get("last", ["-1"])[0].rpartition(".")[2]) + 1
        tags = [f"1.{number}" for number in range(start, min(start + int(query["n"][0]), MANY))]
        link = {"Link": f'<{request.url.path}?n={query["n"][0]}&last={tags[-1]}>; rel="next"'} if tags else {}
        return httpx.Response(200, json={"tags": tags}, headers=link)


def run(folder: Path, *arguments: str) -> tuple[float, str]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "CONTAINERS_REGISTRIES_CONF": os.devnull}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pinner", "update", "--tags", "minor", "--diff", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return time.perf_counter() - start, done.stderr.strip().splitlines()[-1]


def measured(name: str, server: Server, folder: Path) -> None:
    """Print one row."""
    server.registry.asked.clear()
    server.tokens = server.connections = 0
    seconds, words = run(folder)
    asked = server.registry.asked
    lists = sum("/tags/list" in one for one in asked)
    heads = sum(one.startswith("HEAD") for one in asked)
    others = f"{server.tokens} | {server.connections}"
    print(f"| {name} | {len(asked)} | {lists} | {heads} | {others} | {seconds:.2f} | {words} |")


def write(folder: Path, server: Server) -> None:
    """Write 300 references to what the registry has now."""
    lines = []
    for number in range(IMAGES):
        path = f"team/app{number % REPOSITORIES}"
        tag = ("1.0.0", "1.0.0-slim", "1.0.0-alpine3.22")[number // REPOSITORIES]
        lines.append(f"FROM {server.host}/{path}:{tag}@{server.registry.digest(path, tag)}\n")
    (folder / "Dockerfile").write_text("".join(lines))


def main() -> None:
    """Print the table."""
    tags = ["1.0.0", "1.0.0-slim", "1.0.0-alpine3.22", "latest"]
    print("| work | requests | lists | HEADs | tokens | connections | seconds | it says |")
    print("|---" * 8 + "|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(TagRegistry({f"team/app{number}": list(tags) for number in range(REPOSITORIES)}))
        write(folder, server)
        measured("idle", server, folder)
        measured("idle, lists remembered", server, folder)
        for number in range(RAISES):
            server.registry.tags[f"team/app{number}"] = [*tags, "1.1.0"]
        (folder / "cache").rename(folder / "cache-of-before")
        measured("20 raises", server, folder)
        server.shutdown()
    for pages in (True, False):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            listed = ["1.0"] if pages else [f"1.{number}" for number in range(MANY)]
            registry = Paged({"team/app": listed})
            registry.pages = pages
            now = registry.digest("team/app", "1.0")
            server = Server(registry)
            (folder / "Dockerfile").write_text(f"FROM {server.host}/team/app:1.0@{now}\n")
            measured(f"1,000,000 tags, {'in pages' if pages else 'at once'}", server, folder)
            server.shutdown()


if __name__ == "__main__":
    main()
