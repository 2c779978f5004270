"""Against Debian's docker-registry: what is true there, and what it costs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from images import Image, make_image, make_index, make_multi_platform
from registry_server import RealRegistry, TokenAuth, require

from pinner.config import RegistryOptions, Settings
from pinner.errors import NotFoundError, ResolveError, UnauthorizedError
from pinner.model import Question, Resolved, Unresolved
from pinner.oci.resolver import resolve_all
from pinner.reference import Digest, ImageReference, Platform
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pinner.model import Answer

pytestmark = pytest.mark.registry

IMAGES: Mapping[str, Image] = {
    "a/oci-index:1": make_multi_platform("one"),
    "a/docker-list:1": make_multi_platform("two", ("linux/amd64", "linux/arm/v6"), "docker"),
    "a/oci-manifest:1": make_image("three"),
    "a/docker-manifest:1": make_image("four", "linux/arm64", "docker"),
    "a/nested:1": make_index([make_multi_platform("five")]),
}


class Counting(httpx.AsyncHTTPTransport):
    """The network, its requests counted."""

    def __init__(self) -> None:
        super().__init__(trust_env=False, limits=httpx.Limits(max_connections=8))
        self.requests: list[str] = []
        self.statuses: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url}")
        response = await super().handle_async_request(request)
        self.statuses.append(response.status_code)
        return response


def ask(
    names: list[str],
    *,
    environment: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    platform: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> dict[str, Answer]:
    async def main() -> dict[str, Answer]:
        resolver = RegistryResolver(settings or Settings(), environment=environment or {}, transport=transport)
        async with resolver:
            wanted = None if platform is None else Platform.parse(platform)
            questions = [Question(ImageReference.parse(name), wanted) for name in names]
            answers = await resolve_all(questions, resolver)
            return {canonical: answer for (canonical, _), answer in answers.items()}

    return asyncio.run(main())


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with RealRegistry(tmp_path_factory.mktemp("registry")) as running:
        running.push(IMAGES)
        yield running


@pytest.mark.parametrize("name", IMAGES)
def test_what_was_pushed_is_what_is_resolved(registry: RealRegistry, name: str) -> None:
    image = IMAGES[name]
    full = f"{registry.host}/{name}"
    assert ask([full]) == {full: Resolved(Digest.parse(image.digest), image.media_type)}


def test_what_is_known_is_not_sent_again_and_what_moved_is(registry: RealRegistry, tmp_path: Path) -> None:
    name, cache = f"{registry.host}/a/moving:1", {"XDG_CACHE_HOME": str(tmp_path)}
    answers, statuses = [], []
    for image in (IMAGES["a/oci-index:1"], IMAGES["a/oci-index:1"], IMAGES["a/oci-manifest:1"]):
        registry.push({"a/moving:1": image})
        transport = Counting()
        answers.append(ask([name], environment=cache, transport=transport)[name])
        statuses.append(transport.statuses)
    assert [str(one.digest) for one in answers if isinstance(one, Resolved)] == [
        IMAGES[name].digest for name in ("a/oci-index:1", "a/oci-index:1", "a/oci-manifest:1")
    ]
    assert statuses == [[200], [304], [200]]


def test_what_rotted_in_the_registrys_storage_is_not_pinned(registry: RealRegistry) -> None:
    image = make_multi_platform("rots")
    registry.push({"a/rots:1": image})
    digest = image.digest.removeprefix("sha256:")
    (stored,) = registry.storage.rglob(f"blobs/sha256/{digest[:2]}/{digest}/data")
    stored.write_bytes(stored.read_bytes().replace(b"arm64", b"arm46"))
    answer = ask([f"{registry.host}/a/rots:1"])[f"{registry.host}/a/rots:1"]
    assert isinstance(answer, Unresolved)
    assert f"sent something else than {image.digest}" in answer.error.message


@pytest.mark.parametrize("name", IMAGES)
def test_skopeo_hashes_the_same_bytes(registry: RealRegistry, name: str) -> None:
    full = f"{registry.host}/{name}"
    command = [require("skopeo"), "inspect", "--raw", "--tls-verify=false", f"docker://{full}"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    answer = ask([full])[full]
    assert isinstance(answer, Resolved)
    assert str(answer.digest) == f"sha256:{hashlib.sha256(raw).hexdigest()}"


@pytest.mark.parametrize(
    ("name", "platform", "child"),
    [
        ("a/oci-index:1", "linux/arm64", IMAGES["a/oci-index:1"].children[1]),
        ("a/docker-list:1", "linux/arm/v7", IMAGES["a/docker-list:1"].children[1]),
        ("a/docker-manifest:1", "linux/arm64/v8", IMAGES["a/docker-manifest:1"]),
        ("a/nested:1", "linux/amd64", IMAGES["a/nested:1"].children[0].children[0]),
    ],
)
def test_a_platforms_manifest_is_found(registry: RealRegistry, name: str, platform: str, child: Image) -> None:
    full = f"{registry.host}/{name}"
    assert ask([full], platform=platform) == {full: Resolved(Digest.parse(child.digest), child.media_type)}


def error_in(answers: Mapping[str, Answer]) -> ResolveError:
    (answer,) = answers.values()
    assert isinstance(answer, Unresolved), answer
    return answer.error


def test_what_is_not_there_is_said_in_the_registrys_words(registry: RealRegistry) -> None:
    error = error_in(ask([f"{registry.host}/a/none:1"]))
    assert isinstance(error, NotFoundError)
    assert error.message == (
        f"cannot resolve `{registry.host}/a/none:1`: {registry.host} has no such image (manifest unknown)"
    )


def test_one_endpoint_answers_for_every_registry(registry: RealRegistry) -> None:
    settings = Settings(registries={"*": RegistryOptions(endpoint=registry.url)})
    for name in ("a/oci-index:1", "ghcr.io/a/oci-index:1", "quay.io/a/oci-index:1"):
        (answer,) = ask([name], settings=settings).values()
        image = IMAGES["a/oci-index:1"]
        assert answer == Resolved(Digest.parse(image.digest), image.media_type, is_mirrored=True)


def test_thirty_images_cost_thirty_requests(tmp_path: Path) -> None:
    images = {f"many/r{number}:1": make_multi_platform(str(number)) for number in range(30)}
    with RealRegistry(tmp_path, images=images) as running:
        transport = Counting()
        answers = ask([f"{running.host}/{name}" for name in images], transport=transport)
    assert all(isinstance(answer, Resolved) for answer in answers.values())
    assert len(transport.requests) == 30


def auths(host: str, username: str, password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {host: {"auth": encoded}}})}


def test_basic_auth(tmp_path: Path) -> None:
    image = make_image("secret")
    with RealRegistry(tmp_path, users={"alice": "s3cret"}, images={"a/b:1": image}) as running:
        full = f"{running.host}/a/b:1"
        right = ask([full], environment=auths(running.host, "alice", "s3cret"))
        wrong = error_in(ask([full], environment=auths(running.host, "alice", "guess")))
        nobody = error_in(ask([full]))
    assert right == {full: Resolved(Digest.parse(image.digest), image.media_type)}
    assert "rejects the credentials of `alice`" in wrong.message
    assert "guess" not in wrong.message
    assert isinstance(nobody, UnauthorizedError)
    assert f"docker login {running.host}" in str(nobody.hint)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class TokenServer:
    """Distribution's token server (docs/spec/auth/token.md): alice reads everything, anybody reads ``public/``."""

    folder: Path
    requests: list[str] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        command = [require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=t"]
        command += ["-keyout", str(self.folder / "key.pem"), "-out", str(self.certificates)]
        subprocess.run(command, check=True, capture_output=True)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.requests.append(self.path)
                status, document = outer.answer(self.path, self.headers.get("Authorization"))
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()

    @property
    def certificates(self) -> Path:
        return self.folder / "cert.pem"

    @property
    def auth(self) -> TokenAuth:
        assert self.server is not None
        realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
        return TokenAuth(realm, "test-service", "test-issuer", self.certificates)

    def answer(self, path: str, authorization: str | None) -> tuple[int, dict[str, object]]:
        user = ""
        if authorization is not None:
            user = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            if user != "alice:s3cret":
                return 401, {"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]}
        query = parse_qs(urlsplit(path).query)
        granted: list[dict[str, object]] = [
            {"type": "repository", "name": name, "actions": ["pull"]}
            for name in (scope.split(":")[1] for scope in query.get("scope", []))
            if user or name.startswith("public/")
        ]
        return 200, {"token": self._sign(query["service"][0], granted), "expires_in": 300}

    def _sign(self, service: str, granted: list[dict[str, object]]) -> str:
        lines = self.certificates.read_text().splitlines()
        header = {"typ": "JWT", "alg": "RS256", "x5c": ["".join(lines[1:-1])]}
        now = int(time.time())
        claims = {"iss": "test-issuer", "sub": "x", "aud": service, "exp": now + 300, "nbf": now - 5, "iat": now}
        claims |= {"jti": str(uuid.uuid4()), "access": granted}
        text = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
        command = ["openssl", "dgst", "-sha256", "-sign", str(self.folder / "key.pem")]
        signature = subprocess.run(command, input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{_base64(signature)}"


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with TokenServer(tmp_path_factory.mktemp("tokens")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, tokens: TokenServer) -> Iterator[RealRegistry]:
    images = {f"public/r{number}:1": make_image(str(number)) for number in range(30)}
    images["private/app:1"] = make_image("private")
    with RealRegistry(tmp_path_factory.mktemp("guarded"), token=tokens.auth, images=images) as running:
        yield running


def test_thirty_repositories_cost_one_challenge_and_one_token(guarded: RealRegistry, tokens: TokenServer) -> None:
    tokens.requests.clear()
    transport = Counting()
    answers = ask([f"{guarded.host}/public/r{number}:1" for number in range(30)], transport=transport)
    assert all(isinstance(answer, Resolved) for answer in answers.values())
    assert len(tokens.requests) == 1
    assert len(transport.requests) == 1 + 1 + 30


def test_a_private_repository_wants_somebody(guarded: RealRegistry) -> None:
    full = f"{guarded.host}/private/app:1"
    assert isinstance(error_in(ask([full])), UnauthorizedError)
    answers = ask([full], environment=auths(guarded.host, "alice", "s3cret"))
    assert answers == {full: Resolved(Digest.parse(make_image("private").digest), make_image("private").media_type)}


def test_a_wrong_password_is_tried_for_all_and_for_one_and_then_no_more(
    guarded: RealRegistry, tokens: TokenServer
) -> None:
    tokens.requests.clear()
    names = [f"{guarded.host}/public/r{number}:1" for number in range(10)]
    answers = ask(names, environment=auths(guarded.host, "alice", "guess"))
    assert all("rejects the credentials of `alice`" in str(answer) for answer in answers.values())
    assert len(tokens.requests) == 2


def test_a_layout_that_skopeo_wrote_answers_for_the_name_it_was_given(registry: RealRegistry, tmp_path: Path) -> None:
    """The command that the hint recommends."""
    source, name = f"docker://{registry.host}/a/oci-index:1", "docker.io/library/nginx:1.27"
    command = [require("skopeo"), "copy", "--all", "--src-tls-verify=false", source, f"oci:{tmp_path}/layout:{name}"]
    subprocess.run(command, check=True, capture_output=True)
    image = IMAGES["a/oci-index:1"]
    answers = ask(["nginx:1.27"], settings=Settings(layout=str(tmp_path / "layout")))
    assert answers == {name: Resolved(Digest.parse(image.digest), image.media_type)}
