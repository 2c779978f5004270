"""What the tests of the fleet stand on: stores of both kinds, and a site with a forge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forge_double import ForgeDouble
from postgres_server import PostgresServer

from pinner.fleet.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pinner.fleet.store import Store


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


@pytest.fixture
def postgres(server: PostgresServer) -> str:
    """The address of an empty database."""
    return server.database()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store is to be, of each kind."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/fleet.db"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def store(address: str, tmp_path: Path) -> Iterator[Store]:
    made = open_store(address, str(tmp_path))
    assert made is not None
    with made:
        yield made


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[ForgeDouble]:
    with ForgeDouble(tmp_path) as running:
        yield running
