"""What the resolver asks for a name, and which answers it believes."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest
from images import make_attestation, make_image, make_index, make_multi_platform
from scripted_registry import (
    HUB,
    OCI_INDEX,
    OCI_MANIFEST,
    A,
    Answer,
    B,
    ScriptedRegistry,
    ask,
    challenge,
    digest_of,
    manifest_answer,
    refusal,
    resolver,
    tag_answer,
)

from pinner.config import RegistryOptions, Settings
from pinner.errors import (
    ConfigError,
    IntegrityError,
    NotFoundError,
    RateLimitedError,
    ResolveError,
    UnauthorizedError,
    UnavailableError,
    UnsupportedError,
)
from pinner.model import Resolved
from pinner.oci.resolver import Listener
from pinner.reference import Digest
from pinner.registry.client import RegistryResolver

TAG = f"{HUB}library/nginx/manifests/1"
IMAGE = make_multi_platform("nginx")


@pytest.fixture
def registry() -> ScriptedRegistry:
    return ScriptedRegistry()


def resolve(registry: ScriptedRegistry, name: str = "nginx:1", platform: str | None = None) -> Resolved | ResolveError:
    answer = ask(resolver(registry), name, platform=platform)[0]
    registry.assert_used_up()
    return answer


def error_of(answer: Resolved | ResolveError, kind: type[ResolveError]) -> ResolveError:
    assert isinstance(answer, ResolveError), answer
    assert type(answer) is kind, repr(answer)
    return answer


def test_a_tag_costs_one_head_with_all_four_types_and_no_encoding(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, tag_answer(A))
    assert resolve(registry) == Resolved(Digest.parse(A), OCI_INDEX)
    headers = registry.requests[0].headers
    assert headers["accept"] == (
        "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
        "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    )
    assert headers["accept-encoding"] == "identity"
    assert "cookie" not in headers
    assert headers["user-agent"].startswith("pinner/")


def test_the_digest_in_the_reference_is_not_looked_at(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, tag_answer(A))
    assert resolve(registry, f"nginx:1@{B}") == Resolved(Digest.parse(A), OCI_INDEX)


def test_no_tag_is_latest(registry: ScriptedRegistry) -> None:
    registry.on("TAG", "https://ghcr.io/v2/a/b/manifests/latest", tag_answer(A))
    assert resolve(registry, "ghcr.io/a/b") == Resolved(Digest.parse(A), OCI_INDEX)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(Answer(200, (("Content-Type", OCI_INDEX),)), id="no digest"),
        pytest.param(tag_answer("md5:abc"), id="a digest of another kind"),
        pytest.param(tag_answer(A.upper()), id="upper case"),
        pytest.param(tag_answer("sha256:../../etc/passwd"), id="a path"),
        pytest.param(Answer(200, (("Docker-Content-Digest", A),)), id="no type"),
        pytest.param(tag_answer(A, "application/octet-stream"), id="type says nothing"),
        pytest.param(Answer(204), id="no content"),
        pytest.param(refusal(404), id="HEAD alone is not found"),
        pytest.param(refusal(405), id="HEAD not allowed"),
        pytest.param(refusal(501), id="HEAD not implemented"),
        pytest.param(Answer(200, (("ETag", f'"{A}"'), ("Content-Type", OCI_INDEX))), id="an ETag is no digest"),
    ],
)
def test_a_head_that_says_too_little_is_followed_by_a_get_that_is_hashed(
    registry: ScriptedRegistry, head: Answer
) -> None:
    registry.on("TAG", TAG, head)
    registry.on("GET", TAG, Answer(200, (("Content-Type", f"{OCI_INDEX}; charset=utf-8"),), IMAGE.top.data))
    assert resolve(registry) == Resolved(Digest.parse(IMAGE.digest), OCI_INDEX)


def test_a_host_that_refuses_head_is_not_asked_so_again() -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", TAG, refusal(405))
    for tag in "12":
        registry.on("GET", f"{HUB}library/nginx/manifests/{tag}", manifest_answer(IMAGE.top.data))
    assert all(isinstance(answer, Resolved) for answer in ask(resolver(registry), "nginx:1", "nginx:2"))
    registry.assert_used_up()


def test_a_get_whose_header_lies_is_an_integrity_error(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(405))
    registry.on("GET", TAG, Answer(200, tag_answer(A).headers, IMAGE.top.data))
    error = error_of(resolve(registry), IntegrityError)
    assert error.message == f"cannot resolve `nginx:1`: docker.io sent something else than {A}"


def test_a_get_whose_header_is_no_digest_is_an_integrity_error(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(405))
    registry.on("GET", TAG, Answer(200, tag_answer("md5:1").headers, IMAGE.top.data))
    error_of(resolve(registry), IntegrityError)


def test_a_sha512_header_is_checked_with_sha512(registry: ScriptedRegistry) -> None:
    digest = f"sha512:{hashlib.sha512(IMAGE.top.data).hexdigest()}"
    registry.on("TAG", TAG, refusal(405))
    registry.on("GET", TAG, Answer(200, tag_answer(digest).headers, IMAGE.top.data))
    assert resolve(registry) == Resolved(Digest.parse(digest), OCI_INDEX)


@pytest.mark.parametrize("method", ["TAG", "GET"])
def test_two_digests_that_differ_are_refused(registry: ScriptedRegistry, method: str) -> None:
    both = (("Content-Type", OCI_INDEX), ("Docker-Content-Digest", A), ("Docker-Content-Digest", B))
    if method == "GET":
        registry.on("TAG", TAG, refusal(405))
    registry.on(method, TAG, Answer(200, both, IMAGE.top.data))
    assert "two digests" in error_of(resolve(registry), IntegrityError).message


def test_the_same_digest_twice_is_one(registry: ScriptedRegistry) -> None:
    same = (("Content-Type", OCI_INDEX), ("Docker-Content-Digest", A), ("Docker-Content-Digest", A))
    registry.on("TAG", TAG, Answer(200, same))
    assert resolve(registry) == Resolved(Digest.parse(A), OCI_INDEX)


@pytest.mark.parametrize("method", ["TAG", "GET"])
def test_schema_1_is_named_as_what_it_is(registry: ScriptedRegistry, method: str) -> None:
    kind = (("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),)
    if method == "GET":
        registry.on("TAG", TAG, refusal(405))
    registry.on(method, TAG, Answer(200, (*kind, ("Docker-Content-Digest", A)), b'{"schemaVersion":1}'))
    error = error_of(resolve(registry), UnsupportedError)
    assert "schema 1" in error.message
    assert error.hint == "push the image again with a current client"


def test_a_body_without_an_end_is_not_believed_without_a_digest(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(405))
    registry.on("GET", TAG, Answer(200, (("Content-Type", OCI_INDEX),), IMAGE.top.data, undelimited=True))
    assert "where its manifest ends" in error_of(resolve(registry), IntegrityError).message


def test_a_body_without_an_end_is_believed_if_it_hashes_to_the_digest(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(405))
    answer = manifest_answer(IMAGE.top.data)
    registry.on("GET", TAG, Answer(200, answer.headers, answer.body, undelimited=True))
    assert isinstance(resolve(registry), Resolved)


@pytest.mark.parametrize("says_so", [True, False])
def test_a_body_that_is_too_long_is_refused(registry: ScriptedRegistry, says_so: bool) -> None:  # noqa: FBT001
    registry.on("TAG", TAG, refusal(405))
    body = b" " * (4 * 1024 * 1024 + 1)
    registry.on("GET", TAG, Answer(200, (("Content-Type", OCI_INDEX),), body, undelimited=not says_so))
    assert "sent more than 4096 KB" in error_of(resolve(registry), UnsupportedError).message


def test_a_gzip_bomb_is_not_opened(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(405))
    bomb = gzip.compress(b" " * 50_000_000)
    registry.on("GET", TAG, Answer(200, (("Content-Type", OCI_INDEX), ("Content-Encoding", "gzip")), bomb))
    assert "encoded although" in error_of(resolve(registry), UnsupportedError).message


@pytest.mark.parametrize(
    ("get", "kind", "clause", "hint"),
    [
        (
            refusal(404, "MANIFEST_UNKNOWN", "manifest unknown"),
            NotFoundError,
            "has no such image (manifest unknown)",
            "name right",
        ),
        (Answer(404, (("Content-Type", "text/html"),), b"<html>nothing"), NotFoundError, "a web page", "name right"),
        (
            Answer(404, (), b"404 page not found\n"),
            NotFoundError,
            "has no such image (404 page not found)",
            "name right",
        ),
        (
            refusal(400, "NAME_INVALID", "invalid repository name"),
            NotFoundError,
            "(invalid repository name)",
            "name right",
        ),
        (refusal(451), NotFoundError, "has no such image", "name right"),
        (refusal(403, "DENIED", "no access"), UnauthorizedError, "denies access (no access)", "docker login"),
        (refusal(406), UnsupportedError, "answered with status 406", None),
        (refusal(505), UnavailableError, "failed with status 505", "later"),
        (Answer(302), UnsupportedError, "answered with status 302", None),
    ],
)
def test_a_refusal_becomes_one_clear_sentence(
    registry: ScriptedRegistry, get: Answer, kind: type[ResolveError], clause: str, hint: str | None
) -> None:
    registry.on("TAG", TAG, Answer(get.status, get.headers))
    registry.on("GET", TAG, get)
    error = error_of(resolve(registry), kind)
    assert error.message.startswith("cannot resolve `nginx:1`: docker.io ")
    assert clause in error.message
    assert (error.hint is None) if hint is None else (hint in str(error.hint))


@pytest.mark.parametrize(
    ("status", "kind"), [(429, RateLimitedError), (503, UnavailableError), (408, UnavailableError)]
)
def test_a_failing_head_is_not_followed_by_a_get(
    registry: ScriptedRegistry, status: int, kind: type[ResolveError]
) -> None:
    registry.on("TAG", TAG, *[refusal(status)] * 4)
    error_of(resolve(registry), kind)


def test_what_a_server_says_is_cut_and_stripped_of_control_characters(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(404))
    registry.on("GET", TAG, refusal(404, "X", "\x1b[31mred\r\n\u202eevil " + "x" * 5000))
    error = error_of(resolve(registry), NotFoundError)
    assert "[31mred evil xxx" in error.message
    assert error.message.isprintable()
    assert len(error.message) < 300


def test_an_error_body_of_megabytes_is_cut(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(404))
    registry.on("GET", TAG, Answer(404, (), json.dumps({"errors": [{"message": "x" * 5_000_000}]}).encode()))
    assert len(error_of(resolve(registry), NotFoundError).message) < 300


def test_an_encoded_error_body_is_not_read(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(404))
    registry.on("GET", TAG, Answer(404, (("Content-Encoding", "gzip"),), gzip.compress(b"text")))
    assert error_of(resolve(registry), NotFoundError).message == "cannot resolve `nginx:1`: docker.io has no such image"


def test_a_name_without_a_registry_is_not_asked_for(registry: ScriptedRegistry) -> None:
    assert "names no registry" in error_of(resolve(registry, "my_host.example/app"), NotFoundError).message


@pytest.mark.parametrize("host", ["host.example:99999999", "127.0.0.1:65536"])
def test_a_host_that_cannot_be_is_an_answer_and_no_crash(host: str) -> None:
    error = error_of(ask(RegistryResolver(Settings(), environment={}), f"{host}/app")[0], UnavailableError)
    assert error.message == f"cannot resolve `{host}/app`: `{host}` is no address of a host"


# --- platforms ---


def serve(registry: ScriptedRegistry, url: str, body: bytes, media_type: str = OCI_INDEX) -> None:
    registry.on("GET", url, manifest_answer(body, media_type))


def test_a_platform_is_chosen_from_the_verified_index(registry: ScriptedRegistry) -> None:
    serve(registry, TAG, IMAGE.top.data)
    assert resolve(registry, platform="linux/arm64") == Resolved(Digest.parse(IMAGE.children[1].digest), OCI_MANIFEST)


def test_an_index_that_lies_about_its_digest_offers_no_platform(registry: ScriptedRegistry) -> None:
    registry.on("GET", TAG, Answer(200, tag_answer(A).headers, IMAGE.top.data))
    error_of(resolve(registry, platform="linux/arm64"), IntegrityError)


def test_a_platform_that_is_not_there_names_those_that_are(registry: ScriptedRegistry) -> None:
    image = make_image("x", "linux/amd64")
    serve(registry, TAG, make_index([image, make_attestation(image)]).top.data)
    error = error_of(resolve(registry, platform="linux/s390x"), NotFoundError)
    assert error.message == "cannot resolve `nginx:1`: docker.io does not have it for linux/s390x"
    assert error.hint == "there is linux/amd64"


def test_many_platforms_are_not_all_named(registry: ScriptedRegistry) -> None:
    serve(registry, TAG, make_multi_platform("x", [f"linux/a{n}" for n in range(20)]).top.data)
    hint = str(error_of(resolve(registry, platform="linux/s390x"), NotFoundError).hint)
    assert hint.endswith("linux/a7 and 12 more")


def test_an_empty_index_has_no_platform(registry: ScriptedRegistry) -> None:
    serve(registry, TAG, make_index([]).top.data)
    assert error_of(resolve(registry, platform="linux/amd64"), NotFoundError).hint == "it names no platform"


def test_nested_indexes_are_opened_to_depth_three(registry: ScriptedRegistry) -> None:
    image = make_image("deep", "linux/amd64")
    index = make_index([image])
    levels = [index]
    for _ in range(3):
        index = make_index([index])
        levels.insert(0, index)
    serve(registry, TAG, levels[0].top.data)
    for level in levels[1:]:
        serve(registry, f"{HUB}library/nginx/manifests/{level.digest}", level.top.data)
    assert resolve(registry, platform="linux/amd64") == Resolved(Digest.parse(image.digest), OCI_MANIFEST)


def test_nested_indexes_are_opened_no_deeper(registry: ScriptedRegistry) -> None:
    index = make_index([make_image("deep", "linux/amd64")])
    levels = [index]
    for _ in range(4):
        index = make_index([index])
        levels.insert(0, index)
    serve(registry, TAG, levels[0].top.data)
    for level in levels[1:4]:
        serve(registry, f"{HUB}library/nginx/manifests/{level.digest}", level.top.data)
    error_of(resolve(registry, platform="linux/amd64"), NotFoundError)


def test_a_nested_index_that_is_another_one_is_refused(registry: ScriptedRegistry) -> None:
    inner = make_index([make_image("deep", "linux/amd64")])
    serve(registry, TAG, make_index([inner]).top.data)
    serve(registry, f"{HUB}library/nginx/manifests/{inner.digest}", IMAGE.top.data)
    error_of(resolve(registry, platform="linux/amd64"), IntegrityError)


def test_only_so_many_children_are_opened(registry: ScriptedRegistry) -> None:
    inner = [make_index([make_image(str(number), "linux/arm64")]) for number in range(40)]
    serve(registry, TAG, make_index(inner).top.data)
    for child in inner[:32]:
        serve(registry, f"{HUB}library/nginx/manifests/{child.digest}", child.top.data)
    error_of(resolve(registry, platform="linux/amd64"), NotFoundError)


@pytest.mark.parametrize("platform", ["linux/arm64", "linux/arm64/v8"])
def test_a_single_manifest_is_told_by_its_config(registry: ScriptedRegistry, platform: str) -> None:
    image = make_image("one", "linux/arm64")
    serve(registry, TAG, image.top.data, OCI_MANIFEST)
    registry.on("GET", f"{HUB}library/nginx/blobs/{image.blobs[0].digest}", Answer(200, (), image.blobs[0].data))
    assert resolve(registry, platform=platform) == Resolved(Digest.parse(image.digest), OCI_MANIFEST)


def test_a_single_manifest_of_another_platform_is_not_taken(registry: ScriptedRegistry) -> None:
    image = make_image("one", "linux/arm64")
    serve(registry, TAG, image.top.data, OCI_MANIFEST)
    registry.on("GET", f"{HUB}library/nginx/blobs/{image.blobs[0].digest}", Answer(200, (), image.blobs[0].data))
    error = error_of(resolve(registry, platform="linux/amd64"), NotFoundError)
    assert error.hint == "there is linux/arm64"


def test_a_config_that_is_another_one_is_refused(registry: ScriptedRegistry) -> None:
    image = make_image("one", "linux/arm64")
    serve(registry, TAG, image.top.data, OCI_MANIFEST)
    registry.on("GET", f"{HUB}library/nginx/blobs/{image.blobs[0].digest}", Answer(200, (), b"{}"))
    error_of(resolve(registry, platform="linux/arm64"), IntegrityError)


def test_an_artifact_has_no_platform(registry: ScriptedRegistry) -> None:
    config = {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": A, "size": 2}
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}).encode()
    serve(registry, TAG, body, OCI_MANIFEST)
    error_of(resolve(registry, platform="linux/amd64"), NotFoundError)


def test_a_config_without_a_platform_matches_none(registry: ScriptedRegistry) -> None:
    config = b'{"rootfs":{}}'
    descriptor = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": digest_of(config),
        "size": len(config),
    }
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor, "layers": []}).encode()
    serve(registry, TAG, body, OCI_MANIFEST)
    registry.on("GET", f"{HUB}library/nginx/blobs/{digest_of(config)}", Answer(200, (), config))
    error_of(resolve(registry, platform="linux/amd64"), NotFoundError)


# --- endpoints ---


def test_one_endpoint_answers_for_every_registry_under_its_own_path(registry: ScriptedRegistry) -> None:
    settings = Settings(registries={"*": RegistryOptions(endpoint="https://mirror.example/v2-cache/")})
    base = "https://mirror.example/v2-cache/v2/"
    registry.on("MIRROR", f"{base}library/nginx/manifests/1", tag_answer(A))
    registry.on("TAG", f"{base}a/b/manifests/latest", tag_answer(B))
    answers = ask(resolver(registry, settings=settings), "nginx:1", "ghcr.io/a/b")
    assert answers == [Resolved(Digest.parse(A), OCI_INDEX), Resolved(Digest.parse(B), OCI_INDEX)]


def test_a_wrong_endpoint_is_told_before_anything_is_asked() -> None:
    settings = Settings(registries={"docker.io": RegistryOptions(endpoint="http://mirror.example")})
    with pytest.raises(ConfigError, match="plain HTTP"):
        RegistryResolver(settings, environment={})


def test_a_broken_configuration_is_one_warning(registry: ScriptedRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    registry.on("TAG", TAG, challenge("Basic"))
    registry.on("TAG", TAG.replace("nginx", "redis"), challenge("Basic"))
    asked = resolver(registry, environment={"DOCKER_AUTH_CONFIG": "{"}, listener=Listener(print, print))
    ask(asked, "nginx:1", "redis:1")
    text = "DOCKER_AUTH_CONFIG is not a docker configuration: its credentials are not used"
    assert asked.warnings == (text,)
    assert capsys.readouterr().out == f"{text}\n"


def test_a_warning_said_twice_is_one(registry: ScriptedRegistry) -> None:
    for name in ("nginx", "redis"):
        registry.on("TAG", TAG.replace("nginx", name), challenge("Basic"))
    asked = resolver(registry, environment={"DOCKER_AUTH_CONFIG": '{"auths":{"docker.io":{"auth":"!"}}}'})
    ask(asked, "nginx:1", "redis:1")
    assert asked.warnings == ("DOCKER_AUTH_CONFIG: the credentials for docker.io cannot be read and are not used",)


def test_a_host_of_its_own_comes_before_the_star(registry: ScriptedRegistry) -> None:
    settings = Settings(
        registries={"*": RegistryOptions(endpoint="http://127.0.0.1:5000"), "ghcr.io": RegistryOptions()}
    )
    registry.on("MIRROR", "http://127.0.0.1:5000/v2/library/nginx/manifests/1", tag_answer(A))
    registry.on("TAG", "https://ghcr.io/v2/a/b/manifests/1", tag_answer(B))
    answers = ask(resolver(registry, settings=settings), "nginx:1", "ghcr.io/a/b:1")
    assert all(isinstance(answer, Resolved) for answer in answers)


def test_an_error_through_an_endpoint_names_the_host_that_was_asked(registry: ScriptedRegistry) -> None:
    settings = Settings(registries={"docker.io": RegistryOptions(endpoint="https://mirror.example")})
    url = "https://mirror.example/v2/library/nginx/manifests/1"
    registry.on("MIRROR", url, refusal(404))
    error = ask(resolver(registry, settings=settings), "nginx:1")[0]
    assert isinstance(error, NotFoundError)
    assert error.message == "cannot resolve `nginx:1`: mirror.example has no such image"


@pytest.mark.parametrize("domain", ["[1:2:3]", "[:::]:5000"])
def test_a_domain_that_is_no_address_is_not_found(registry: ScriptedRegistry, domain: str) -> None:
    assert "no address of a registry" in error_of(resolve(registry, f"{domain}/x"), NotFoundError).message


def test_an_error_in_json_without_a_message_adds_nothing(registry: ScriptedRegistry) -> None:
    registry.on("TAG", TAG, refusal(404))
    registry.on("GET", TAG, Answer(404, (), b'{"errors": [], "message": 7}'))
    assert error_of(resolve(registry), NotFoundError).message.endswith("docker.io has no such image")


@pytest.mark.parametrize(
    "said",
    [
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"<html><title>400 The plain HTTP request was sent to HTTPS port</title>",
        b"Reason: You're speaking plain HTTP to an SSL-enabled server port.",
    ],
    ids=["Go", "nginx", "Apache"],
)
def test_plain_http_to_a_tls_port_is_told_as_that(registry: ScriptedRegistry, said: bytes) -> None:
    address = "http://registry.example:5000/v2/app/manifests/1"
    registry.on("TAG", address, Answer(400))
    registry.on("GET", address, Answer(400, (), said))
    settings = Settings(registries={"registry.example:5000": RegistryOptions(plain_http=True)})
    error = ask(resolver(registry, settings=settings), "registry.example:5000/app:1")[0]
    assert isinstance(error, UnavailableError)
    assert error.message == (
        "cannot resolve `registry.example:5000/app:1`: registry.example:5000 speaks HTTPS and was asked in plain HTTP"
    )
    assert error.hint == 'set endpoint = "https://registry.example:5000" for it, and no plain-http'


def test_a_web_page_is_told_with_the_host_that_sent_it(registry: ScriptedRegistry) -> None:
    portal = "https://portal.hotel.example/login"
    page = Answer(200, (("Content-Type", "text/html"),), b"<!DOCTYPE html><title>Welcome</title>")
    for method in ("HEAD", "GET"):
        registry.on(method, f"{HUB}library/nginx/manifests/1", Answer(302, (("Location", portal),)))
        registry.on(method, portal, page)
    error = ask(resolver(registry), "nginx:1")[0]
    assert isinstance(error, UnsupportedError)
    assert error.message == "cannot resolve `nginx:1`: portal.hotel.example sent a web page and no manifest"
    assert error.hint == "is its name right, or does the network want a login?"
