"""An OCI layout in the registries' place: what it serves, what it does not, and what is no layout."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from images import (
    Image,
    make_attestation,
    make_image,
    make_index,
    make_multi_platform,
    write_layout,
)
from scripted_registry import OCI_INDEX, OCI_MANIFEST, ask

from pinner.config import RegistryOptions, Settings
from pinner.errors import ConfigError, IntegrityError, NotFoundError, ResolveError, UnsupportedError
from pinner.model import Resolved
from pinner.reference import Digest
from pinner.registry.client import RegistryResolver
from pinner.registry.layout import LayoutTransport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NGINX = make_multi_platform("nginx")
APP = make_image("app", "linux/arm64", "docker")
OTHER = make_image("other")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_layout(tmp_path, {"docker.io/library/nginx:1.27": NGINX, "ghcr.io/team/app": APP, "latest": OTHER})
    return tmp_path


def resolve(folder: Path, name: str, platform: str | None = None, **more: object) -> Resolved | ResolveError:
    settings = Settings(layout=str(folder), **more)  # type: ignore[arg-type] # the settings a test is about
    return ask(RegistryResolver(settings, environment={}), name, platform=platform)[0]


def answer(image: Image) -> Resolved:
    return Resolved(Digest.parse(image.digest), image.media_type)


def send(folder: Path, method: str, url: str) -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=LayoutTransport(folder)) as client:
            return await client.request(method, url)

    return asyncio.run(once())


@pytest.mark.parametrize(
    "name", ["nginx:1.27", "library/nginx:1.27", "docker.io/nginx:1.27", "index.docker.io/nginx:1.27"]
)
def test_a_name_is_found_however_it_is_spelled(folder: Path, name: str) -> None:
    assert resolve(folder, name) == answer(NGINX)


@pytest.mark.parametrize("annotation", ["org.opencontainers.image.ref.name", "io.containerd.image.name"])
@pytest.mark.parametrize("written", ["nginx:1.27", "docker.io/library/nginx:1.27", "library/nginx:1.27"])
def test_an_annotation_may_be_familiar_or_full(tmp_path: Path, annotation: str, written: str) -> None:
    write_layout(tmp_path, {written: NGINX}, annotation)
    assert resolve(tmp_path, "nginx:1.27") == answer(NGINX)


def test_no_tag_is_latest_on_both_sides(folder: Path) -> None:
    assert resolve(folder, "ghcr.io/team/app") == answer(APP)
    assert resolve(folder, "ghcr.io/team/app:latest") == answer(APP)


def test_other_registries_settings_do_not_matter(folder: Path) -> None:
    registries = {"*": RegistryOptions(endpoint="https://mirror.example/x")}
    assert resolve(folder, "nginx:1.27", registries=registries) == answer(NGINX)


def test_a_port_is_part_of_the_name(tmp_path: Path) -> None:
    write_layout(tmp_path, {"localhost:5000/a:1": NGINX, "r.example:443/b:1": APP})
    assert resolve(tmp_path, "localhost:5000/a:1") == answer(NGINX)
    assert isinstance(resolve(tmp_path, "localhost:5001/a:1"), NotFoundError)
    assert resolve(tmp_path, "r.example:443/b:1") == answer(APP)
    assert resolve(tmp_path, "r.example/b:1") == answer(APP)


def test_a_platform_is_chosen(folder: Path) -> None:
    assert resolve(folder, "nginx:1.27", "linux/arm64") == Resolved(
        Digest.parse(NGINX.children[1].digest), OCI_MANIFEST
    )
    assert resolve(folder, "ghcr.io/team/app", "linux/arm64") == answer(APP)
    assert isinstance(resolve(folder, "ghcr.io/team/app", "linux/amd64"), NotFoundError)


@pytest.mark.parametrize(
    "name", ["latest", "nginx:latest", "nginx:1.28", "quay.io/nginx:1.27", "ghcr.io/library/nginx:1.27"]
)
def test_a_name_that_is_not_there_says_what_is_and_how_names_are_given(folder: Path, name: str) -> None:
    error = resolve(folder, name)
    assert isinstance(error, NotFoundError)
    assert error.message == (
        f"cannot resolve `{name}`: the OCI layout {folder} has no such image "
        "(it has library/nginx:1.27, team/app:latest)"
    )
    assert "org.opencontainers.image.ref.name" in str(error.hint)


def test_a_layout_of_bare_tags_names_nothing(tmp_path: Path) -> None:
    write_layout(tmp_path, {"1.27": NGINX, "_x": APP})
    assert "it has no image with a full name" in str(resolve(tmp_path, "nginx:1.27"))


def test_many_names_are_not_all_listed(tmp_path: Path) -> None:
    write_layout(tmp_path, {f"a/b{number}:1": NGINX for number in range(9)})
    assert "a/b2:1 …" in str(resolve(tmp_path, "nginx:1.27"))


@pytest.mark.parametrize("name", ["a b", "UPPER/x:1", f"nginx@sha256:{'a' * 64}", "my_host.example/x:1", ""])
def test_an_annotation_that_is_no_name_names_nothing(tmp_path: Path, name: str) -> None:
    write_layout(tmp_path, {name: NGINX})
    assert isinstance(resolve(tmp_path, "nginx"), NotFoundError)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/v2/", 200, b"{}"),
        ("GET", "/v2/library/nginx/manifests/1.27", 200, NGINX.top.data),
        ("HEAD", "/v2/library/nginx/manifests/1.27", 200, b""),
        ("GET", f"/v2/library/nginx/manifests/{NGINX.digest}", 200, NGINX.top.data),
        ("GET", f"/v2/library/nginx/manifests/{NGINX.children[0].digest}", 200, NGINX.children[0].top.data),
        ("GET", f"/v2/library/nginx/blobs/{NGINX.children[0].blobs[0].digest}", 200, NGINX.children[0].blobs[0].data),
        ("GET", f"/v2/library/nginx/manifests/{OTHER.digest}", 404, None),
        ("GET", f"/v2/library/nginx/manifests/{APP.digest}", 404, None),
        ("GET", f"/v2/library/nginx/manifests/sha256:{'0' * 64}", 404, None),
        ("GET", "/v2/library/nginx/manifests/sha256:..%2f..%2fx", 404, None),
        ("GET", "/v2/library/nginx/manifests/sha256:../../x", 404, None),
        ("GET", "/v2/library/nginx/blobs/1.27", 404, None),
        ("GET", "/v2/library/nginx/tags/list", 200, b'{"name":"library/nginx","tags":["1.27"]}'),
        ("GET", "/", 404, None),
        ("PUT", "/v2/library/nginx/manifests/1.27", 405, None),
    ],
)
def test_it_answers_as_a_registry_does(folder: Path, method: str, path: str, status: int, body: bytes | None) -> None:
    response = send(folder, method, f"https://registry-1.docker.io{path}")
    assert response.status_code == status
    if body is None:
        assert response.json()["errors"][0]["code"] in ("MANIFEST_UNKNOWN", "UNSUPPORTED")
    else:
        assert response.content == body


def test_headers_are_those_of_a_registry(folder: Path) -> None:
    response = send(folder, "HEAD", "https://registry-1.docker.io/v2/library/nginx/manifests/1.27")
    assert response.headers["docker-content-digest"] == NGINX.digest
    assert response.headers["content-type"] == OCI_INDEX
    assert response.headers["content-length"] == str(len(NGINX.top.data))


def test_a_repository_serves_only_what_is_under_its_own_tags(tmp_path: Path) -> None:
    nested = make_index([make_index([OTHER]), make_attestation(OTHER)])
    write_layout(tmp_path, {"a/a:1": nested, "a/b:1": APP})
    for image in (nested.children[0], OTHER, nested.children[1]):
        assert send(tmp_path, "GET", f"https://registry-1.docker.io/v2/a/a/manifests/{image.digest}").status_code == 200
        assert send(tmp_path, "GET", f"https://registry-1.docker.io/v2/a/b/manifests/{image.digest}").status_code == 404


def blob_path(folder: Path, digest: str) -> Path:
    return folder / "blobs" / digest.replace(":", "/")


def test_a_blob_that_was_changed_is_an_integrity_error(folder: Path) -> None:
    blob_path(folder, NGINX.digest).write_bytes(b"{}")
    error = resolve(folder, "nginx:1.27")
    assert isinstance(error, IntegrityError)
    assert f"has something else under {NGINX.digest}" in error.message


def test_a_blob_that_is_gone_is_named(folder: Path) -> None:
    blob_path(folder, NGINX.digest).unlink()
    assert f"lacks the blob {NGINX.digest}" in str(resolve(folder, "nginx:1.27"))


def test_a_blob_that_is_too_long_is_not_served(folder: Path) -> None:
    blob_path(folder, NGINX.digest).write_bytes(b" " * (4 * 1024 * 1024 + 1))
    assert isinstance(resolve(folder, "nginx:1.27"), UnsupportedError)


def test_a_layout_for_one_platform_may_lack_the_others(folder: Path) -> None:
    blob_path(folder, NGINX.children[0].digest).unlink()
    digest = NGINX.children[1].digest
    assert send(folder, "GET", f"https://registry-1.docker.io/v2/library/nginx/manifests/{digest}").status_code == 200


def spoil(folder: Path, **changes: object) -> None:
    index = json.loads((folder / "index.json").read_bytes())
    index["manifests"][0].update(changes)
    (folder / "index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    "changes",
    [
        {"mediaType": "application/x"},
        {"mediaType": 7},
        {"mediaType": "application/vnd.docker.distribution.manifest.v1+json"},
        {"annotations": None},
        {"annotations": {"org.opencontainers.image.ref.name": 7}},
    ],
)
def test_what_is_no_image_or_has_no_name_is_passed_over(folder: Path, changes: dict[str, object]) -> None:
    spoil(folder, **changes)
    assert isinstance(resolve(folder, "nginx:1.27"), NotFoundError)
    assert resolve(folder, "ghcr.io/team/app") == answer(APP)


def test_an_entry_that_is_no_object_is_passed_over(folder: Path) -> None:
    (folder / "index.json").write_text('{"manifests": [7]}')
    assert isinstance(resolve(folder, "nginx:1.27"), NotFoundError)


@pytest.mark.parametrize("digest", [None, "sha256:../../../etc/passwd", "sha256:abc", "md5:" + "a" * 32])
def test_a_digest_that_is_none_makes_no_path(folder: Path, digest: object) -> None:
    spoil(folder, digest=digest)
    with pytest.raises(ConfigError, match="is broken"):
        LayoutTransport(folder)


def test_one_name_for_two_images_is_an_error(folder: Path) -> None:
    write_layout(folder, {"nginx:1.27": NGINX, "docker.io/library/nginx:1.27": APP})
    with pytest.raises(ConfigError, match=r"two images named library/nginx:1\.27"):
        LayoutTransport(folder)


def test_one_image_twice_under_one_name_is_fine(folder: Path) -> None:
    write_layout(folder, {"nginx:1.27": NGINX, "docker.io/library/nginx:1.27": NGINX})
    assert resolve(folder, "nginx:1.27") == answer(NGINX)


@pytest.mark.parametrize(
    ("files", "clause"),
    [
        ({}, "it has no oci-layout"),
        ({"oci-layout": "{}"}, "unknown version"),
        ({"oci-layout": '{"imageLayoutVersion":"2.0.0"}'}, "unknown version"),
        ({"oci-layout": "x"}, "oci-layout is not JSON"),
        ({"oci-layout": "[]"}, "oci-layout is no JSON object"),
        ({"oci-layout": '{"imageLayoutVersion":"1.0.0"}'}, "it has no index.json"),
        ({"oci-layout": '{"imageLayoutVersion":"1.0.0"}', "index.json": "{}"}, "lists no manifests"),
        ({"oci-layout": '{"imageLayoutVersion":"1.0.0"}', "index.json": "[" * 100_000}, "index.json is not JSON"),
    ],
)
def test_a_folder_that_is_no_layout_is_a_configuration_error(
    tmp_path: Path, files: Mapping[str, str], clause: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=clause) as caught:
        RegistryResolver(Settings(layout=str(tmp_path)), environment={})
    assert caught.value.hint


def test_a_folder_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not an OCI layout"):
        LayoutTransport(tmp_path / "none")


@pytest.mark.parametrize("blob", [0, 1], ids=["config", "layer"])
def test_every_blob_of_an_image_is_served_and_hashed(folder: Path, blob: int) -> None:
    one = APP.blobs[blob]
    url = f"https://ghcr.io/v2/team/app/blobs/{one.digest}"
    answered = send(folder, "GET", url)
    assert (answered.status_code, answered.content) == (200, one.data)
    assert send(folder, "HEAD", url).headers["content-length"] == str(len(one.data))
    algorithm, _, name = one.digest.partition(":")
    (folder / "blobs" / algorithm / name).write_bytes(b"something else")
    with pytest.raises(IntegrityError):
        send(folder, "GET", url)
    # Another repository's are none of its own.
    assert send(folder, "GET", f"https://ghcr.io/v2/team/else/blobs/{one.digest}").status_code == 404
