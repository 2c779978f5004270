"""The real server that PINNER_GITEA names (`make forge`), started once for all tests of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forge_double.gitea_real import real_gitea

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forge_double.gitea_real import RealGitea


@pytest.fixture(scope="session")
def gitea_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealGitea]:
    """A real Gitea; the test is skipped where there is none."""
    server = real_gitea(tmp_path_factory.mktemp("gitea"))
    if server is None:
        pytest.skip("PINNER_GITEA names no server: `make forge` builds one, and runs these")
    yield server
    server.stop()
