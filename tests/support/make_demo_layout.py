"""Makes ``pinner/cli/demo/layout``, the images of ``pinner demo``: ``python tests/support/make_demo_layout.py``.

The images hold one file each; the same bytes come out every time.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from images import make_multi_platform, write_layout

LAYOUT = Path(__file__).parent.parent.parent / "pinner" / "cli" / "demo" / "layout"

NAMES = (
    "docker.io/docker/dockerfile:1",
    "docker.io/library/busybox:latest",
    "docker.io/library/nginx:1.27-alpine",
    "docker.io/library/postgres:16",
    "docker.io/library/python:3.12-slim",
    "docker.io/library/redis:7",
    "ghcr.io/astral-sh/uv:0.5",
)


def make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_layout(folder, {name: make_multi_platform(name, ("linux/amd64", "linux/arm64")) for name in NAMES})


if __name__ == "__main__":
    shutil.rmtree(LAYOUT, ignore_errors=True)
    make(LAYOUT)
