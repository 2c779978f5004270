from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.errors import InvalidReferenceError
from pinner.reference import Digest, ImageReference, Platform

D256 = "sha256:" + "0a" * 32
D512 = "sha512:" + "0a" * 64

VALID = [
    # written, domain, path, tag, digest
    ("nginx", "docker.io", "library/nginx", None, None),
    ("nginx:1.27", "docker.io", "library/nginx", "1.27", None),
    (f"nginx@{D256}", "docker.io", "library/nginx", None, D256),
    (f"nginx:1.27@{D256}", "docker.io", "library/nginx", "1.27", D256),
    (f"nginx:1.27@{D512}", "docker.io", "library/nginx", "1.27", D512),
    ("bitnami/redis:7", "docker.io", "bitnami/redis", "7", None),
    ("docker.io/nginx", "docker.io", "library/nginx", None, None),
    ("index.docker.io/nginx:1", "docker.io", "library/nginx", "1", None),
    ("docker.io/a/b:1", "docker.io", "a/b", "1", None),
    ("ghcr.io/o/i:v1", "ghcr.io", "o/i", "v1", None),
    ("localhost/x", "localhost", "x", None, None),
    ("localhost", "docker.io", "library/localhost", None, None),
    ("localhost:5000/x", "localhost:5000", "x", None, None),
    ("localhost:5000", "docker.io", "library/localhost", "5000", None),
    ("127.0.0.1:5000/a/b:t", "127.0.0.1:5000", "a/b", "t", None),
    ("[::1]:5000/x:1", "[::1]:5000", "x", "1", None),
    ("[2001:db8::1]/x", "[2001:db8::1]", "x", None, None),
    ("Foo/bar", "Foo", "bar", None, None),  # upper case makes the first part a registry
    ("a__b/c--d/e_f.g-h", "docker.io", "a__b/c--d/e_f.g-h", None, None),
    ("scratch:latest", "docker.io", "library/scratch", "latest", None),
    ("my_host.example/app", "", "my_host.example/app", None, None),
]

INVALID = [
    "",
    " nginx",
    "nginx ",
    "nginx\n",
    "Nginx",
    "docker.io/Nginx",
    "nginx:",
    "nginx:-1",
    "nginx@",
    "nginx:1:2",
    "nginx:" + "t" * 129,
    "a//b",
    "/a",
    "a/",
    "a___b",
    "a..b",
    "-a",
    "a-",
    "[::1%eth0]/x",
    "naïve:1",
    "nginx:１",  # noqa: RUF001 - a full-width digit is not a digit here
    "0" * 64,
    f"nginx@{D256[:-1]}",
    f"nginx@{D256.upper()}",
    "nginx@sha256:" + "A" * 64,
    "nginx@md5:" + "0" * 32,
    f"nginx@{D256}@{D256}",
    "a/" * 128 + "b",
    "https://nginx",
    "${VAR}",
    "nginx:1#x",
]


@pytest.mark.parametrize(("written", "domain", "path", "tag", "digest"), VALID)
def test_valid(written: str, domain: str, path: str, tag: str | None, digest: str | None) -> None:
    reference = ImageReference.parse(written)
    assert (reference.domain, reference.path, reference.tag) == (domain, path, tag)
    assert (None if reference.digest is None else str(reference.digest)) == digest
    assert str(reference) == written


@pytest.mark.parametrize("text", INVALID)
def test_invalid(text: str) -> None:
    with pytest.raises(InvalidReferenceError):
        ImageReference.parse(text)


def test_tag_and_digest_are_kept_apart() -> None:
    reference = ImageReference.parse(f"ghcr.io/o/i:v1@{D256}")
    assert reference.canonical == "ghcr.io/o/i:v1"
    assert reference.familiar == "ghcr.io/o/i:v1"
    assert reference.repository == "ghcr.io/o/i"


def test_no_tag_follows_latest() -> None:
    assert ImageReference.parse("nginx").canonical == "docker.io/library/nginx:latest"


def test_a_name_without_a_registry_stays_one() -> None:
    reference = ImageReference.parse("my_host.example/app:1")
    assert reference.canonical == "my_host.example/app:1"
    assert ImageReference.parse(reference.canonical) == reference


def test_aliases_of_docker_hub_are_one_name() -> None:
    names = ("nginx:1", "library/nginx:1", "docker.io/nginx:1", "index.docker.io/library/nginx:1")
    assert {ImageReference.parse(name).canonical for name in names} == {"docker.io/library/nginx:1"}


def test_a_message_for_an_id_says_what_to_write() -> None:
    with pytest.raises(InvalidReferenceError) as caught:
        ImageReference.parse("0" * 64)
    assert caught.value.hint == "write the name, and the hash after `@sha256:`"


PATH_PART = st.from_regex(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+){0,2}", fullmatch=True)
DOMAIN = st.one_of(
    st.sampled_from(["localhost", "localhost:5000", "[::1]:5000", "docker.io", "index.docker.io"]),
    st.from_regex(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)?\.[a-zA-Z0-9]+(:[0-9]{1,5})?", fullmatch=True),
)
TAG = st.text(string.ascii_letters + string.digits + "_.-", max_size=20).map(lambda rest: f"v{rest}")


@given(st.none() | DOMAIN, st.lists(PATH_PART, min_size=1, max_size=3), st.none() | TAG, st.sampled_from([None, D256]))
def test_parse_then_str_is_the_text(domain: str | None, path: list[str], tag: str | None, digest: str | None) -> None:
    text = "/".join(([domain] if domain else []) + path) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    reference = ImageReference.parse(text)
    assert str(reference) == text
    assert reference.tag == tag
    assert ImageReference.parse(reference.canonical).canonical == reference.canonical


@given(st.text())
def test_any_text_parses_or_is_refused(text: str) -> None:
    with contextlib.suppress(InvalidReferenceError):
        assert str(ImageReference.parse(text)) == text


def test_digests() -> None:
    assert str(Digest.parse(D512)) == D512
    for text in ("sha256", "sha256:", "sha1:" + "0" * 40, D256 + "0", D256.replace("a", "g")):
        with pytest.raises(InvalidReferenceError):
            Digest.parse(text)


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm/v7", "windows/amd64"])
def test_platforms(text: str) -> None:
    assert str(Platform.parse(text)) == text


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d"])
def test_what_is_not_a_platform(text: str) -> None:
    with pytest.raises(InvalidReferenceError):
        Platform.parse(text)


@pytest.mark.parametrize("text", ["nginx:1.27", f"nginx:1.27@sha256:{'a' * 64}"])
def test_a_reference_is_held_to_a_digest_whatever_held_it(text: str) -> None:
    digest = Digest("sha256", "b" * 64)
    assert ImageReference.parse(text).at(digest) == ImageReference.parse(f"nginx:1.27@{digest}")
    assert digest.short == "sha256:bbbbbbbbbbbb…"
