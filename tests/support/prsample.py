"""An invented pull request with something of everything that a body can show: for the page and its picture."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from pinner.bot.model import FileChange, HeldBack, ImageChange, Proposal
from pinner.bot.pull_request_body import render_body, render_message, render_title
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Digest, Platform

OCI = "org.opencontainers.image."
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SERVERS = ("linux/amd64", "linux/arm64/v8")
MANY = ("linux/amd64", "linux/arm/v7", "linux/arm64/v8", "linux/ppc64le", "linux/s390x")


def digest(text: str) -> Digest:
    return Digest("sha256", hashlib.sha256(text.encode()).hexdigest())


def commit(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def image(
    name: str,
    platforms: tuple[str, ...],
    size: int,
    built: str,
    annotations: dict[str, str] | None = None,
    kept: tuple[str, ...] = (),
) -> Image:
    """Return an index with a manifest for each platform; those ``kept`` are the same whatever the name."""
    return Image(
        digest(name),
        INDEX,
        tuple(
            PlatformImage(
                Platform.parse(platform),
                digest(platform if platform in kept else name + platform),
                MANIFEST,
                size=size,
                created=f"{built}T06:12:44Z",
            )
            for platform in platforms
        ),
        {f"{OCI}{key}": value for key, value in (annotations or {}).items()},
    )


def said(version: str, source: str, revision: str, base: str | None = None) -> dict[str, str]:
    values = {"version": version, "source": source, "revision": commit(revision)}
    if base is not None:
        values |= {"base.name": "docker.io/library/debian:trixie-slim", "base.digest": str(digest(base))}
    return values


NGINX = "https://github.com/nginx/docker-nginx.git"
POSTGRES = "https://github.com/docker-library/postgres.git"
UV = "https://github.com/astral-sh/uv"
FORGEJO = "https://codeberg.org/forgejo/runner"

CHANGES = (
    ImageChange(
        "nginx:1.29",
        "docker.io/library/nginx:1.29",
        digest("nginx old"),
        digest("nginx new"),
        ("deploy/compose.yaml:4", "web/Dockerfile:9"),
        datetime(2026, 11, 16, tzinfo=UTC),
        image("nginx old", MANY, 72_133_000, "2026-10-21", said("1.29.3", NGINX, "nginx 3", "debian old")),
        image("nginx new", (*MANY, "linux/riscv64"), 72_345_000, "2026-11-15", said("1.29.4", NGINX, "nginx 4", "d")),
    ),
    ImageChange(
        "postgres:17",
        "docker.io/library/postgres:17",
        digest("postgres old"),
        digest("postgres new"),
        ("deploy/compose.yaml:17",),
        datetime(2026, 11, 17, tzinfo=UTC),
        image("postgres old", MANY, 158_020_000, "2026-10-30", said("17.7", POSTGRES, "postgres", "debian old")),
        image("postgres new", MANY, 157_610_000, "2026-11-16", said("17.7", POSTGRES, "postgres", "d")),
    ),
    ImageChange(
        "ghcr.io/astral-sh/uv:0.9",
        "ghcr.io/astral-sh/uv:0.9",
        digest("uv old"),
        digest("uv new"),
        ("web/Dockerfile:1",),
        datetime(2026, 11, 18, tzinfo=UTC),
        image("uv old", SERVERS, 21_400_000, "2026-11-04", said("0.9.10", UV, "uv 10")),
        image("uv new", SERVERS, 23_900_000, "2026-11-17", said("0.9.11", UV, "uv 11")),
    ),
    ImageChange(
        "quay.io/prometheus/prometheus:v3.7.3",
        "quay.io/prometheus/prometheus:v3.7.3",
        digest("prometheus old"),
        digest("prometheus new"),
        ("k8s/monitoring.yaml:31",),
        datetime(2026, 11, 18, tzinfo=UTC),
        image("prometheus old", ("linux/386", *MANY), 137_900_000, "2026-10-29", kept=MANY[1:]),
        image("prometheus new", MANY, 137_900_000, "2026-10-29", kept=MANY[1:]),
    ),
    ImageChange(
        "data.forgejo.org/forgejo/runner:11",
        "data.forgejo.org/forgejo/runner:11",
        None,
        digest("runner new"),
        ("k8s/runner.yaml:22",),
        datetime(2026, 11, 18, tzinfo=UTC),
        None,
        image("runner new", SERVERS, 31_200_000, "2026-11-12", said("11.3.1", FORGEJO, "runner")),
    ),
)

SAMPLE = Proposal(
    "weekly",
    "pinner/weekly",
    "main",
    CHANGES,
    tuple(
        FileChange(path, b"", b"new")
        for path in ("deploy/compose.yaml", "k8s/monitoring.yaml", "k8s/runner.yaml", "web/Dockerfile")
    ),
    (
        HeldBack("redis:8", digest("redis"), "first seen on 2026-11-20, eligible on 2026-11-23"),
        HeldBack("registry.example/team/api:2", None, "no answer: timed out"),
    ),
)
TITLE = render_title(SAMPLE)
BODY = render_body(SAMPLE, 65_536)
MESSAGE = render_message(SAMPLE, TITLE)
