"""A repository whose report has something of everything: states, ages, stale tags, signers, a long history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fakes import OCI_INDEX, digest_of

from pinner.lockfile.model import Entry, Lock, LockedDigest, LockedPlatform
from pinner.lockfile.render import render_lock
from pinner.oci.types import Signature
from pinner.reference import Platform

if TYPE_CHECKING:
    from pathlib import Path

PLATFORMS = (Platform("linux", "amd64"), Platform("linux", "arm64", "v8"), Platform("linux", "s390x"))
KEYLESS = ("keyless", "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main")
ISSUER = "https://token.actions.githubusercontent.com"


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def record(name: str, seen: str, built: str = "", number: int = 0, *, signed: bool = False) -> LockedDigest:
    digest = digest_of(f"{name}{number or ''}")
    labels = {"org.opencontainers.image.source": f"https://github.com/acme/{name.rpartition('/')[2].partition(':')[0]}"}
    if built:
        labels["org.opencontainers.image.created"] = f"{built}T08:30:00Z"
    signature = None
    if signed:
        log = ("https://rekor.sigstore.dev", 143_204_118)
        signature = Signature(
            *KEYLESS, str(digest), str(digest_of("signature")), ISSUER, None, f"{seen}T09:00:00Z", log
        )
    platforms = {
        one: LockedPlatform(digest_of(f"{name}{number}", one), None, None)
        for one in PLATFORMS[: 1 if "acme" in name else 3]
    }
    return LockedDigest(digest, OCI_INDEX, day(seen), platforms, labels, signature)


HUB = "docker.io/library"
ENTRIES = {
    f"{HUB}/python:3.12-slim": Entry(
        record(f"{HUB}/python:3.12-slim", "2026-08-02", "2026-07-30"),
        (record(f"{HUB}/python:3.12-slim", "2026-10-28", "2026-10-27", 1),),
    ),
    f"{HUB}/nginx:1.27": Entry(record(f"{HUB}/nginx:1.27", "2026-10-20", "2026-10-18")),
    f"{HUB}/postgres:16": Entry(record(f"{HUB}/postgres:16", "2026-03-11", "2026-03-09")),
    f"{HUB}/redis:7": Entry(record(f"{HUB}/redis:7", "2025-09-30", "2025-09-14")),
    "ghcr.io/acme/base:stable": Entry(record("ghcr.io/acme/base:stable", "2026-10-30", "2026-10-30", signed=True)),
    "ghcr.io/acme/worker:2": Entry(record("ghcr.io/acme/worker:2", "2026-09-04", "", signed=True)),
    "quay.io/prometheus/node-exporter:v1.8.2": Entry(
        record("quay.io/prometheus/node-exporter:v1.8.2", "2024-07-20", "2024-07-14")
    ),
}


def held(name: str) -> str:
    return f"{name.removeprefix(f'{HUB}/')}@{ENTRIES[name].selected.digest}"


FILES = {
    "Dockerfile": f"FROM {held(f'{HUB}/python:3.12-slim')} AS build\nRUN --mount=from=busybox,target=/b make\n"
    "FROM ${BASE}\nCOPY --from=build /app /app\n",
    "compose.yaml": f"services:\n  web: {{image: '{held(f'{HUB}/nginx:1.27')}'}}\n"
    f"  db: {{image: '{held(f'{HUB}/postgres:16')}'}}\n  cache: {{image: '{held(f'{HUB}/redis:7')}'}}\n"
    "  app: {build: ., image: acme/app}\n  mail: {image: 'axllent/mailpit'}\n",
    "deploy/base/worker.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
    f"    - image: {held('ghcr.io/acme/worker:2')}\n    - image: {held('ghcr.io/acme/base:stable')}\n"
    "    - image: fluent/fluent-bit:3.1\n",
    "deploy/monitoring/exporter.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
    f"    - image: {held('quay.io/prometheus/node-exporter:v1.8.2')}\n    - image: grafana/grafana:11.2.0\n"
    "    # pinner: ignore built on this machine\n    - image: registry.example/team/exporter:dev\n",
    ".github/workflows/ci.yml": "jobs:\n  test:\n    runs-on: ubuntu-latest\n    container: node:22\n"
    "    services:\n      db: {image: 'postgres:16'}\n    steps: []\n",
}


def plant(folder: Path) -> Path:
    """Write the repository below ``folder`` and return where it is."""
    root = folder / "shop"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    shown = {name: name.removeprefix(f"{HUB}/") for name in sorted(ENTRIES)}
    named = {path: tuple(name for name in shown if shown[name] in text) for path, text in FILES.items()}
    sources = {path: names for path, names in named.items() if names}
    (root / "pinner.lock").write_bytes(render_lock(Lock(ENTRIES, sources)))
    return root
