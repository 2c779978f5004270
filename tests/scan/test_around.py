"""What a run over a part of the repository sees around, without walking what it has walked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from world import world

from pinner.cli.scan import surrounding_files
from pinner.config import Settings
from pinner.scan.discover import find

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("folder", "path"), [("", "."), ("", "web/.."), ("web", ".."), ("web", "."), ("", "web")])
def test_around_a_run_is_what_a_run_over_all_finds(tmp_path: Path, folder: str, path: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "web").mkdir()
    for name in ("Dockerfile", "web/Dockerfile"):
        (tmp_path / name).write_text("FROM a\n")
    context = world(tmp_path / folder)
    found = find((path,), Settings(), context.folder, {})
    around = surrounding_files(context, Settings(), (path,), found)
    assert around is not None
    assert sorted(around()) == sorted(find((), Settings(), context.folder, {}).targets)


def test_nothing_is_around_a_run_over_all(tmp_path: Path) -> None:
    context = world(tmp_path)
    assert surrounding_files(context, Settings(), (), find((), Settings(), context.folder, {})) is None
