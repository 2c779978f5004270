"""Requests and round trips that one signed image costs, counted at servers: with a list of referrers and without."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

import pytest
from images import INDEX_TYPE, make_image
from registry_server import RealRegistry
from signed import beside, bundle_referrer, fallback, toml
from signingkit import IDENTITY, ISSUER, Sigstore, keyless_bundle
from world import outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from images import Image

AT = Sigstore()
IMAGE = make_image("counted")
BUNDLE = bundle_referrer(IMAGE, keyless_bundle(AT, IMAGE.digest))
POLICY = {"by": "keyless", "identity": IDENTITY, "issuer": ISSUER, "trusted-root": "root.json"}
AT_ONCE = 3
"""The questions of the first round trip: a list of referrers, the tag in its place, cosign's tag."""


class Counting:
    """A server that counts, and answers nothing of the first round trip before all of it has arrived."""

    def __init__(self, answer: Callable[[str], tuple[int, str, bytes]]) -> None:
        self.asked: list[str] = []
        together = threading.Barrier(AT_ONCE)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                if "/referrers/" in self.path or "/manifests/sha256-" in self.path:
                    # Whoever asks one after the other waits here for ever, and is told so.
                    together.wait(60)
                status, kind, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def with_referrers(path: str) -> tuple[int, str, bytes]:
    """Answer as a registry that lists referrers."""
    listed = fallback([BUNDLE])
    if path.endswith(f"/referrers/{IMAGE.digest}"):
        return 200, INDEX_TYPE["oci"], listed.top.data
    known: dict[str, Image] = {IMAGE.digest: IMAGE, BUNDLE.digest: BUNDLE}
    last = path.rpartition("/")[2]
    if "/manifests/" in path and last in known:
        return 200, known[last].media_type, known[last].top.data
    blobs = {blob.digest: blob.data for blob in (*IMAGE.parts(), *BUNDLE.parts())}
    if "/blobs/" in path and last in blobs:
        return 200, "application/octet-stream", blobs[last]
    return 404, "application/json", b"{}"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with RealRegistry(tmp_path_factory.mktemp("registry")) as registry:
        registry.push({"acme/app:1.0": IMAGE, **beside(IMAGE, [BUNDLE], repository="acme/app")})
        yield registry


def behind(registry: RealRegistry) -> Callable[[str], tuple[int, str, bytes]]:
    """Answer as ``registry`` does."""

    def answer(path: str) -> tuple[int, str, bytes]:
        accepted = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
        request = urllib.request.Request(f"{registry.url}{path}", headers={"Accept": accepted})  # noqa: S310 - our own
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310 - our own
                return reply.status, reply.headers["Content-Type"], reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"] or "text/plain", error.read()

    return answer


def verified(server: Counting, folder: Path) -> None:
    (folder / "root.json").write_text(json.dumps(AT.trusted_root()))
    (folder / "pinner.toml").write_text(toml(POLICY))
    context = world(folder)._replace(connect=connect_to_registries)
    name = f"{server.host}/acme/app:1.0@{IMAGE.digest}"
    ran = outcome(context, "verify", "--no-cache", "--format", "json", name)
    assert json.loads(ran.stdout)["images"][0]["verdict"] == "verified", ran.stdout + ran.stderr
    # Three at once, then the bundle's manifest, then the bundle: each needs the answer before it.
    first, then = server.asked[:AT_ONCE], server.asked[AT_ONCE:]
    assert sorted(one.rpartition("/")[2][:7] for one in first) == ["sha256-", "sha256-", "sha256:"]
    assert [one.split("/")[4] for one in then] == ["manifests", "blobs"]
    assert len(server.asked) == 5


def test_a_list_of_referrers_costs_five_requests_in_three_round_trips(tmp_path: Path) -> None:
    with Counting(with_referrers) as server:
        verified(server, tmp_path)


@pytest.mark.registry
def test_a_registry_without_a_list_costs_no_more(real: RealRegistry, tmp_path: Path) -> None:
    with Counting(behind(real)) as server:
        verified(server, tmp_path)
