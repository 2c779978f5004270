"""Each forge in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from forge_double import ForgeDouble
from forge_double.places import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["github", "gitlab", "gitea", "gitea-server"])
def forge(request: Any, tmp_path: Path) -> Iterator[ForgeDouble]:
    """A forge with a repository that has the branch ``pinner/digests``, one commit ahead."""
    is_real = request.param == "gitea-server"
    with request.getfixturevalue("gitea_server") if is_real else ForgeDouble(tmp_path, request.param) as double:
        prepare(double)
        yield double


@pytest.fixture(params=["github", "gitlab", "gitea"])
def double(request: Any, tmp_path: Path) -> Iterator[ForgeDouble]:
    """The same, of doubles alone: for what they are stricter in than any server, or nothing else can be brought to."""
    with ForgeDouble(tmp_path, request.param) as double:
        prepare(double)
        yield double


@pytest.fixture
def github(tmp_path: Path) -> Iterator[ForgeDouble]:
    with ForgeDouble(tmp_path, "github") as double:
        double.add_repository("acme/app", {"Dockerfile": b"FROM nginx:1\n"})
        yield double
