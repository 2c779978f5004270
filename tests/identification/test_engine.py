from __future__ import annotations

import hashlib
import io
import json
import socket
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pinner.errors import ConfigError, InputError
from pinner.identification import docker_engine_sockets
from pinner.identification.docker_engine_api import Engine, open_engine
from pinner.identification.docker_engine_sockets import (
    Address,
    PipeTransport,
    find_address,
    read_address,
    transport_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIG, MANIFEST, INDEX, LAYER, OTHER = (f"sha256:{letter * 64}" for letter in "cabde")
NAME = "registry.example/app:1"
CLASSIC = {"/version": {"Components": [{"Name": "Engine"}]}, "/info": {"DriverStatus": [["Backing", "extfs"]]}}
PODMAN = {"/version": {"Components": [{"Name": "Podman Engine"}]}, "/info": {}}
CONTAINERD = {
    "/version": {"Components": [{"Name": "Engine"}]},
    "/info": {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]},
}
INSPECTED = {
    "Id": CONFIG,
    "RepoTags": [NAME],
    "RepoDigests": [f"registry.example/app@{INDEX}"],
    "Os": "linux",
    "Architecture": "amd64",
    "Created": "2026-01-01T00:00:00Z",
    "Config": {"Labels": {"a": "b"}},
    "RootFS": {"Layers": [LAYER]},
}


def engine(answers: Mapping[str, Any]) -> Engine:
    """Return an engine that gives ``answers`` by path; what is not there is 404."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers.get(request.url.path)
        if isinstance(found, httpx.Response):
            return found
        if isinstance(found, Exception):
            raise found
        return (
            httpx.Response(404, json={"message": "No such image"}) if found is None else httpx.Response(200, json=found)
        )

    return Engine(httpx.MockTransport(answer), "/run/test.sock")


@pytest.mark.parametrize(("said", "store"), [(CLASSIC, "classic"), (PODMAN, "podman"), (CONTAINERD, "containerd")])
def test_the_store_is_told_from_what_the_engine_says_of_itself(said: Mapping[str, Any], store: str) -> None:
    with engine(said) as one:
        assert (one.store, one.store) == (store, store)


@pytest.mark.parametrize("odd", [[], {"Components": 3, "DriverStatus": 4}, {"Components": [7]}])
def test_an_engine_that_says_nothing_of_itself_has_the_classic_store(odd: Any) -> None:
    assert engine({"/version": odd, "/info": odd}).store == "classic"


@pytest.mark.parametrize("said", [CLASSIC, PODMAN])
def test_the_image_id_of_the_classic_store_and_of_podman_is_the_config(said: Mapping[str, Any]) -> None:
    holding = engine({**said, f"/images/{NAME}/json": INSPECTED}).find(NAME)
    assert holding is not None
    [image] = holding.images
    assert (str(image.config), image.manifest, image.index_digest) == (CONFIG, None, None)
    assert (image.names, str(image.platform), dict(image.labels)) == ((NAME,), "linux/amd64", {"a": "b"})
    assert [str(one) for one in image.diff_ids] == [LAYER]
    assert image.repo_digests == (f"registry.example/app@{INDEX}",)


def test_an_id_without_its_algorithm_is_read_and_one_that_is_none_is_not() -> None:
    for identity, expected in ((CONFIG.removeprefix("sha256:"), CONFIG), ("x", "None"), (None, "None")):
        holding = engine({**PODMAN, "/images/x/json": {"Id": identity}}).find("x")
        assert holding is not None
        assert str(holding.images[0].config) == expected


def _child(digest: str, architecture: str, **more: Any) -> dict[str, Any]:
    platform = {"os": "linux", "architecture": architecture}
    child = {"ID": digest, "Kind": "image", "Available": True, "ImageData": {"Platform": platform}}
    return {**child, "Descriptor": {"digest": digest}, **more}


def test_the_image_id_of_the_containerd_store_is_the_index() -> None:
    answer = INSPECTED | {
        "Id": INDEX,
        "Descriptor": {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": INDEX},
        "Manifests": [
            _child(MANIFEST, "amd64"),
            _child(OTHER, "arm64", ID=None, ImageData=None),
            _child(OTHER, "s390x", Available=False),
            _child(OTHER, "unknown", Kind="attestation"),
            _child("nonsense", "arm", Descriptor=None),
            7,
        ],
    }
    holding = engine({**CONTAINERD, f"/images/{NAME}/json": answer}).find(NAME)
    assert holding is not None
    first, second = holding.images
    assert (first.config, str(first.manifest), str(first.index_digest)) == (None, MANIFEST, INDEX)
    assert [str(one) for one in first.diff_ids] == [LAYER]
    # The answer's layers are this machine's platform's, and no other's.
    assert (str(second.manifest), second.diff_ids, second.created) == (OTHER, (), None)


def test_the_image_id_of_the_containerd_store_may_be_a_manifest() -> None:
    descriptor = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": MANIFEST}
    answer = INSPECTED | {"Id": MANIFEST, "Descriptor": descriptor}
    holding = engine({**CONTAINERD, "/images/x/json": answer}).find("x")
    assert holding is not None
    [image] = holding.images
    assert (str(image.manifest), image.index_digest, image.config) == (MANIFEST, None, None)


@pytest.mark.parametrize(
    "descriptor", [None, {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": INDEX}]
)
def test_an_older_engine_does_not_say_what_its_id_is_of(descriptor: Any) -> None:
    holding = engine({**CONTAINERD, "/images/x/json": INSPECTED | {"Id": INDEX, "Descriptor": descriptor}}).find("x")
    assert holding is not None
    [image] = holding.images
    assert (image.config, image.manifest, str(image.engine_id)) == (None, None, INDEX)
    assert str(image.index_digest) == (INDEX if descriptor else "None")


@pytest.mark.parametrize("answer", [[], {"Id": 7}])
def test_an_answer_that_is_no_image_has_none(answer: Any) -> None:
    holding = engine({**CONTAINERD, "/images/x/json": answer}).find("x")
    assert holding is not None
    assert holding.images == ()


def test_what_the_engine_has_not_is_none() -> None:
    assert engine(CLASSIC).find("nginx:1") is None


def test_every_image_is_looked_at_as_far_as_it_is_still_there() -> None:
    listed = [{"Id": CONFIG}, {"Id": OTHER}, {}, 7]
    one = engine({**CLASSIC, "/images/json": listed, f"/images/{CONFIG}/json": INSPECTED})
    assert [str(image.config) for image in one.all_images()] == [CONFIG]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (httpx.Response(500, json={"message": "out of luck"}), "answers 500: out of luck"),
        (httpx.Response(500, json=[]), "answers 500: no reason given"),
        (httpx.Response(400, content=b"<html>"), "answers 400: no reason given"),
        (httpx.Response(200, content=b"<html>"), "sends no JSON"),
        (httpx.Response(200, content=b"[" * 100_000), "sends no JSON"),
        (httpx.Response(200, content=bytes((64 << 20) + 1)), "sends more than 64 MB"),
        (httpx.ConnectError("permission denied"), "cannot ask the engine at /run/test.sock: permission denied"),
        (httpx.ReadTimeout(""), "cannot ask the engine at /run/test.sock: ReadTimeout"),
    ],
)
def test_trouble_with_an_engine_is_one_message(answer: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        engine({"/images/x/json": answer}).find("x")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:///run/d.sock", ("unix", "/run/d.sock")),
        ("npipe:////./pipe/docker_engine", ("npipe", r"\\.\pipe\docker_engine")),
        ("tcp://127.0.0.1:2375", ("tcp", "http://127.0.0.1:2375")),
        ("tcp://engine", ("tcp", "http://engine:2375")),
        ("http://[::1]:80", ("tcp", "http://[::1]:80")),
        ("https://engine", ("tcp", "https://engine:2376")),
    ],
)
def test_addresses_are_those_of_docker(text: str, address: tuple[str, str]) -> None:
    assert read_address(text, {}, "DOCKER_HOST")[:2] == address
    assert find_address({"DOCKER_HOST": text}, windows=False) == read_address(text, {}, "")


@pytest.mark.parametrize("text", ["ssh://me@engine", "unix://", "engine:2375", "tcp://"])
def test_an_address_that_cannot_be_asked_is_a_wrong_configuration(text: str) -> None:
    with pytest.raises(ConfigError, match="CONTAINER_HOST says"):
        find_address({"CONTAINER_HOST": text}, windows=False)


def test_tls_is_used_where_docker_would(tmp_path: Path) -> None:
    environment = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    address = read_address("tcp://engine", environment, "")
    assert address == Address("tcp", "https://engine:2376", tmp_path)
    with pytest.raises(ConfigError, match="certificates in"):
        transport_for(address)
    assert read_address("tcp://engine", {"DOCKER_TLS_VERIFY": "1", "HOME": "/h"}, "").certificates is not None
    assert isinstance(transport_for(Address("tcp", "http://engine:2375")), httpx.HTTPTransport)


def test_the_context_of_the_docker_program_is_followed(tmp_path: Path) -> None:
    meta = tmp_path / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": "tcp://far:1"}}}))
    environment = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "far"}
    assert find_address(environment, windows=False) == Address("tcp", "http://far:1")
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "far"}))
    assert find_address({"DOCKER_CONFIG": str(tmp_path)}, windows=False) == Address("tcp", "http://far:1")
    assert find_address({**environment, "DOCKER_HOST": "tcp://near:1"}, windows=False) == Address(
        "tcp", "http://near:1"
    )


@pytest.mark.parametrize("meta", ["", "[]", '{"Endpoints": 1}', '{"Endpoints": {"docker": 1}}'])
def test_a_context_that_says_nothing_is_not_followed(tmp_path: Path, meta: str) -> None:
    folder = tmp_path / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(meta)
    environment = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "far"}
    assert find_address(environment, windows=True) == Address("npipe", r"\\.\pipe\docker_engine")


@contextmanager
def listening(path: Path, answer: bytes) -> Iterator[None]:
    """Answer one connection to the socket at ``path`` with ``answer``."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(1)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no unix sockets here")


@needs_unix
@pytest.mark.parametrize("place", ["docker.sock", "podman/podman.sock"])
def test_a_rootless_engine_is_found_and_asked_by_its_socket(tmp_path: Path, place: str) -> None:
    if Path("/var/run/docker.sock").exists():
        pytest.skip("an engine of this machine would be asked first")
    (tmp_path / "podman").mkdir()
    with listening(tmp_path / place, ANSWER):
        one = open_engine({"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}, windows=False)
        assert one is not None
        with one:
            assert (one.name, one.find("x")) == (str(tmp_path / place), None)


def test_without_a_socket_there_is_no_engine(tmp_path: Path) -> None:
    if Path("/var/run/docker.sock").exists() or Path("/run/podman/podman.sock").exists():
        pytest.skip("this machine has an engine")
    assert open_engine({"HOME": str(tmp_path)}, windows=False) is None


class Pipe(io.BytesIO):
    """A pipe that gives an answer and remembers what was asked."""

    asked = b""

    def write(self, data: Any) -> int:
        self.asked += bytes(data)
        return len(data)


def test_a_named_pipe_carries_a_question_and_its_answer() -> None:
    pipes: list[Pipe] = []

    def opened(path: str) -> Pipe:
        assert path == "PIPE"
        pipes.append(Pipe(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
        return pipes[-1]

    holding = Engine(PipeTransport("PIPE", opened), "PIPE").find("a b")
    assert holding is not None
    assert holding.store == "classic"
    assert pipes[0].asked.startswith(b"GET /images/a%20b/json?manifests=1 HTTP/1.1\r\nHost: engine\r\n")
    assert len(pipes) == 3


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
def test_a_pipe_that_breaks_off_is_an_engine_that_cannot_be_asked(answer: bytes) -> None:
    with pytest.raises(InputError, match="cannot ask the engine"):
        Engine(PipeTransport("PIPE", lambda _: Pipe(answer)), "PIPE").find("x")


def test_a_pipe_without_end_is_cut_off() -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + bytes((64 << 20) + 1)
    with pytest.raises(InputError, match="no end"):
        Engine(PipeTransport("PIPE", lambda _: Pipe(answer)), "PIPE").find("x")


def test_a_pipe_that_is_not_there_is_said_to_be_none(tmp_path: Path) -> None:
    transport = transport_for(Address("npipe", str(tmp_path / "pipe")))
    with pytest.raises(InputError, match="cannot ask the engine"):
        Engine(transport, "PIPE").find("x")


@needs_unix
def test_an_engine_that_says_nothing_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_engine_sockets, "_TIMEOUT", 0.05)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def listen() -> None:
            connection, _ = server.accept()
            with connection:
                # Whoever waits without a limit hears after a minute that there is nothing, which is another error.
                connection.settimeout(60)
                with suppress(TimeoutError):
                    while connection.recv(1000):
                        pass

        thread = threading.Thread(target=listen)
        thread.start()
        with pytest.raises(InputError, match="timed out"):
            Engine(transport_for(Address("unix", str(tmp_path / "s"))), "it").find("x")
        thread.join()
