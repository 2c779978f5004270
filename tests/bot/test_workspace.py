"""Folders for clones: in use they stay, of killed runs they go."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from pinner.bot import workspace as module
from pinner.bot.workspace import remove_abandoned, workspace

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from pinner.bot.workspace import workspace
with workspace() as folder:
    (folder / "clone").mkdir()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folder_goes_with_what_is_in_it(temporary: Path) -> None:
    with workspace() as folder:
        (folder / "clone").mkdir()
        assert [path.name for path in temporary.iterdir()] == [folder.name]
    assert list(temporary.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_what_is_in_use_is_not(temporary: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout is not None
    folder = temporary / process.stdout.readline().strip().rpartition("/")[2]
    remove_abandoned()
    assert (folder / "clone").is_dir()
    process.kill()
    process.communicate()
    assert folder.is_dir()
    with workspace() as mine:
        remove_abandoned()
        assert list(temporary.iterdir()) == [mine]


def test_what_others_have_there_is_left_alone(temporary: Path) -> None:
    (temporary / "precious").mkdir()
    (temporary / "pinner-bot-link").symlink_to(temporary / "precious")
    (temporary / "pinner-bot-file").write_text("x")
    (temporary / "pinner-other").mkdir()
    remove_abandoned()
    assert len(list(temporary.iterdir())) == 4


def test_folder_of_another_user_is_left_alone(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary / "pinner-bot-theirs").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: -1)
    remove_abandoned()
    assert (temporary / "pinner-bot-theirs").is_dir()


def test_folder_that_was_taken_for_abandoned_is_made_anew(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flock = fcntl.flock
    removed: list[Path] = []

    def late(descriptor: int, how: int) -> None:
        if not removed:
            removed.append(next(temporary.iterdir()))
            removed[0].rmdir()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with workspace() as folder:
        assert folder.is_dir()
        assert removed != [folder]


def test_without_locks_a_folder_is_a_folder(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", none)
    with workspace() as folder:
        remove_abandoned()
        assert folder.is_dir()
    monkeypatch.setattr(module, "_opened", lambda _: None)
    with workspace() as folder:
        assert folder.is_dir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "none"))
    remove_abandoned()
