"""What people paste is understood: web addresses, commands, lines of files, shortened hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver
from hypothesis import given
from hypothesis import strategies as st
from world import outcome, pinner, world

from pinner.cli.pasted_text import hash_of, hash_shown, images_of
from pinner.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

A = "a" * 64
HUB = "https://hub.docker.com"


@pytest.mark.parametrize(
    ("pasted", "image"),
    [
        (f"{HUB}/_/nginx", "nginx"),
        (f"{HUB}/_/nginx/tags?name=1.27", "nginx:1.27"),
        (f"{HUB}/r/bitnami/redis", "bitnami/redis"),
        (f"{HUB}/r/bitnami/redis/tags?page=1&name=7.2", "bitnami/redis:7.2"),
        (f"{HUB}/layers/library/nginx/1.27/images/sha256-{A}?context=explore", f"nginx:1.27@sha256:{A}"),
        (f"{HUB}/layers/bitnami/redis/7/images/sha256-{A}", f"bitnami/redis:7@sha256:{A}"),
        (f"{HUB}/repository/docker/acme/app", "acme/app"),
        (f"{HUB}/hardened-images/catalog/dhi/node", "dhi/node"),
        ("https://github.com/Acme/app/pkgs/container/app%2Fworker", "ghcr.io/acme/app/worker"),
        ("https://github.com/acme/app/pkgs/container/app/1234?tag=v1", "ghcr.io/acme/app:v1"),
        ("https://github.com/orgs/acme/packages/container/package/app/versions", "ghcr.io/acme/app"),
        ("https://quay.io/repository/prometheus/prometheus?tab=tags&tag=v3", "quay.io/prometheus/prometheus:v3"),
        (f"https://quay.io/repository/a/b/manifest/sha256:{A}", f"quay.io/a/b@sha256:{A}"),
        ("https://gallery.ecr.aws/docker/library/nginx", "public.ecr.aws/docker/library/nginx"),
        ("https://mcr.microsoft.com/en-us/product/dotnet/sdk/tags", "mcr.microsoft.com/dotnet/sdk"),
        ("https://mcr.microsoft.com/artifact/mar/dotnet/aspnet", "mcr.microsoft.com/dotnet/aspnet"),
        (
            f"https://console.cloud.google.com/artifacts/docker/acme/europe/apps/web/sha256:{A}",
            f"europe-docker.pkg.dev/acme/apps/web@sha256:{A}",
        ),
        ("https://images.chainguard.dev/directory/image/python/versions", "cgr.dev/chainguard/python"),
        ("https://registry.example.com/team/app", "registry.example.com/team/app"),
        ("https://registry.example.com:5000/v2/team/app", "registry.example.com:5000/team/app"),
        ("hub.docker.com/r/bitnami/redis/tags?name=7.2", "bitnami/redis:7.2"),
        ("quay.io/repository/a/b?tag=v3", "quay.io/a/b:v3"),
        ("quay.io/a/b", "quay.io/a/b"),
        ("mcr.microsoft.com/dotnet/sdk", "mcr.microsoft.com/dotnet/sdk"),
        ("https://registry.example.com/v2/team/app/manifests/1.4", "registry.example.com/team/app:1.4"),
        (f"https://registry.example.com/v2/app/blobs/sha256:{A}", f"registry.example.com/app@sha256:{A}"),
        ("https://registry.example.com/v2/team/app/tags/list", "registry.example.com/team/app"),
        ("docker pull nginx:1.27", "nginx:1.27"),
        ("$ docker run nginx", "nginx"),
        ("sudo podman image pull quay.io/a/b:1", "quay.io/a/b:1"),
        ("FROM nginx:1 AS web", "nginx:1"),
        ("FROM --platform=linux/arm64 nginx:1", "nginx:1"),
        ("- image: nginx:1", "nginx:1"),
        ('image: "nginx:1"', "nginx:1"),
        ("uses: docker://alpine:3", "alpine:3"),
        ("docker://alpine:3", "alpine:3"),
        ("'nginx:1',", "nginx:1"),
        ("docker", "docker"),
        ("docker:27-cli", "docker:27-cli"),
        ("registry.example:5000/a/b@sha256:" + A, "registry.example:5000/a/b@sha256:" + A),
    ],
)
def test_it_is_the_image_that_was_meant(pasted: str, image: str) -> None:
    assert images_of((pasted,)) == (image,)
    assert images_of(tuple(pasted.split())) == (image,)


def test_a_text_that_is_no_line_stays_one() -> None:
    assert images_of(("NOT A NAME", "nginx")) == ("NOT A NAME", "nginx")


@pytest.mark.parametrize(
    ("pasted", "message"),
    [
        (f"{HUB}/search?q=nginx", f"no image is named by `{HUB}/search?…`"),
        ("https://github.com/acme/app", "no image is named by"),
        ("https://user:secret@example.com/", "no image is named by `https://example.com/`"),
        ("https://example/a", "no image is named by"),
        ("docker run -p 80:80 nginx", "which word of `docker run -p 80:80 nginx` is the image?"),
        ("docker pull", "which word of `docker pull` is the image?"),
        ("nginx:1@sha256:0a39…", "`nginx:1@sha256:0a39…` is shortened: it has 4 of 64 digits"),
        ("nginx@sha256:0a39...", "is shortened: it has 4 of 64 digits"),
    ],
)
def test_what_names_no_image_is_told(pasted: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        images_of((pasted,))
    assert message in error.value.message
    assert "secret" not in error.value.message


@given(
    st.lists(st.from_regex(r"[a-z]{2,8}(/[a-z]{2,8}){0,2}(:[a-z0-9.]{1,5})?", fullmatch=True), min_size=1, max_size=3)
)
def test_plain_names_stay_as_they_are(names: list[str]) -> None:
    tools = {
        "from",
        "docker",
        "podman",
        "sudo",
        "crane",
        "skopeo",
        "ctr",
        "oras",
        "cosign",
        "crictl",
        "buildah",
        "nerdctl",
    }
    if names[0] not in tools:
        assert images_of(names) == tuple(names)


@pytest.mark.parametrize("shown", [f"sha256:{A[:12]}…", f" sha256:{A[:12]}... ", f"`sha256:{A[:12]}`"])
def test_a_shown_hash_is_its_digits(shown: str) -> None:
    assert hash_of(shown) == f"sha256:{A[:12]}"


def test_inspect_takes_what_was_pasted(tmp_path: Path) -> None:
    resolver = FakeResolver()
    said = outcome(world(tmp_path, resolver), "inspect", "docker", "pull", "nginx:1.27")
    assert said.status == 0
    assert said.stdout.startswith("docker.io/library/nginx:1.27\n")
    assert pinner(tmp_path, "inspect", "https://github.com/acme/app").status == 2


def test_identify_takes_what_was_pasted(tmp_path: Path) -> None:
    page = f"{HUB}/layers/library/nginx/1.27/images/sha256-{A}"
    said = pinner(tmp_path, "identify", page, "--offline")
    assert f"sha256:{A}" in said.stdout
    assert pinner(tmp_path, "identify", "$ nginx:1 redis:7").status == 2
    short = pinner(tmp_path, "identify", f"sha256:{A[:12]}…", "--image", "nginx")
    assert short.status == 3
    assert "a hash with" not in short.stderr


def test_a_file_goes_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "my image...").write_bytes(b"no archive")
    assert "my image..." in pinner(tmp_path, "identify", "my image...").stderr


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("nginx   1.27-alpine   f140f25a763b   3 weeks ago   48.2MB", ("f140f25a763b", "nginx:1.27-alpine")),
        (f"nginx 1.27 sha256:{A} f140f25a763b 3 weeks ago 48.2MB", (f"sha256:{A}", "nginx:1.27")),
        ("nginx 1.27 <none> f140f25a763b 3 weeks ago 48.2MB", ("f140f25a763b", "nginx:1.27")),
        ("<none>  <none>  f140f25a763b  2 days ago  1GB", ("f140f25a763b", "")),
        ("localhost:5000/acme/web 1 f140f25a763b", ("f140f25a763b", "localhost:5000/acme/web:1")),
        ("docker pull f140f25a763b", None),
        ("nginx 1.27", None),
        ("nginx 1.27 f140f25a763", None),
    ],
)
def test_a_line_of_docker_images_is_its_hash_and_its_name(line: str, shown: tuple[str, str] | None) -> None:
    assert hash_shown(line) == shown


def test_a_bare_hash_is_no_image_to_inspect(tmp_path: Path) -> None:
    run = pinner(tmp_path, "inspect", f"sha256:{A}")
    assert run.status == 2
    assert run.stderr == (
        "error: a hash alone names no image: registries are asked for NAME@sha256:…\n"
        f"  hint: write NAME@sha256:{A}, or see what it is of: `pinner identify sha256:{A}`\n"
    )
