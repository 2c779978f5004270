from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from locks import NGINX, NOON, REDIS, days, entry, lock

from pinner.config import Settings
from pinner.errors import ConfigError, InputError
from pinner.lockfile.file import LockFile, lock_file, read_lock, save_lock
from pinner.lockfile.model import Lock
from pinner.lockfile.render import render_lock

ROOT = Path(__file__).parent.parent.parent
ONE = lock({NGINX: entry("n")}, {"a": (NGINX,)})
TWO = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX,), "b": (REDIS,)})


def place(folder: Path) -> LockFile:
    return LockFile(str(folder / "pinner.lock"), "pinner.lock")


def test_the_lock_is_beside_the_configuration_else_at_the_repository_s_root_else_here(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert lock_file(Settings(), str(inner)) == LockFile(str(inner / "pinner.lock"), "pinner.lock")
    (tmp_path / ".git").mkdir()
    assert lock_file(Settings(), str(inner)) == LockFile(str(tmp_path / "pinner.lock"), "../../pinner.lock")
    settings = Settings(root=str(tmp_path / "a"))
    assert lock_file(settings, str(inner)) == LockFile(str(tmp_path / "a" / "pinner.lock"), "../pinner.lock")


def test_paths_are_relative_to_the_lock(tmp_path: Path) -> None:
    at = LockFile(str(tmp_path / "a" / "pinner.lock"), "x")
    assert at.inner_path(str(tmp_path / "a" / "b" / "Dockerfile")) == "b/Dockerfile"
    assert at.inner_path(str(tmp_path / "Dockerfile")) == "../Dockerfile"


def test_no_lock(tmp_path: Path) -> None:
    assert read_lock(place(tmp_path)) is None


def test_a_lock_is_made_and_read(tmp_path: Path) -> None:
    assert save_lock(place(tmp_path), Lock(), ONE, tmp_path / "cache") == (ONE, True)
    stored = read_lock(place(tmp_path))
    assert stored is not None
    assert (stored.lock, stored.data) == (ONE, render_lock(ONE))


def test_nothing_but_the_lock_lies_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    save_lock(place(folder), Lock(), ONE, tmp_path / "cache")
    assert [path.name for path in folder.iterdir()] == ["pinner.lock"]


def test_an_empty_lock_is_not_made(tmp_path: Path) -> None:
    assert save_lock(place(tmp_path), Lock(), Lock(), tmp_path / "cache") == (Lock(), False)
    assert not (tmp_path / "pinner.lock").exists()


def test_a_lock_that_says_it_already_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "pinner.lock"
    # Not as pinner would write it, but it says the same.
    path.write_bytes(render_lock(TWO).replace(b"\n", b"\n "))
    os.utime(path, (1, 1))
    assert save_lock(place(tmp_path), ONE, TWO, tmp_path / "cache") == (TWO, False)
    assert path.stat().st_mtime == 1


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "pinner.lock"
    path.write_bytes(render_lock(ONE).replace(b"\n", b"\r\n"))
    save_lock(place(tmp_path), ONE, TWO, tmp_path / "cache")
    assert path.read_bytes() == render_lock(TWO).replace(b"\n", b"\r\n")


def test_what_somebody_else_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    theirs = lock({NGINX: entry("n", seen=NOON - days(1))}, {"a": (NGINX,), "c": (NGINX,)})
    (tmp_path / "pinner.lock").write_bytes(render_lock(theirs))
    merged, changed = save_lock(place(tmp_path), ONE, TWO, tmp_path / "cache")
    assert changed
    assert merged.images == {NGINX: entry("n", seen=NOON - days(1)), REDIS: entry("r")}
    assert merged.sources == {"a": (NGINX,), "b": (REDIS,), "c": (NGINX,)}
    stored = read_lock(place(tmp_path))
    assert stored is not None
    assert stored.lock == merged


def test_a_lock_that_was_deleted_meanwhile_is_made_anew(tmp_path: Path) -> None:
    assert save_lock(place(tmp_path), ONE, TWO, tmp_path / "cache") == (TWO, True)


def test_a_lock_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "pinner.lock").mkdir()
    with pytest.raises(ConfigError, match=r"^pinner.lock: is a folder, not a file$"):
        read_lock(place(tmp_path))


def test_a_broken_lock_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "pinner.lock"
    path.write_text("{", "utf-8")
    with pytest.raises(ConfigError, match=r"^pinner.lock:1:2: "):
        save_lock(place(tmp_path), ONE, TWO, tmp_path / "cache")
    assert path.read_text("utf-8") == "{"


def test_a_cache_that_is_none_sends_the_guard_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("x", "utf-8")
    assert save_lock(place(tmp_path), Lock(), ONE, tmp_path / "cache")[1]
    assert save_lock(place(tmp_path), ONE, TWO, None)[1]


def test_no_folder_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with pytest.raises(InputError, match="no folder to keep two runs apart in"):
        save_lock(place(tmp_path), Lock(), ONE, tmp_path / "file")


def test_another_that_does_not_end_is_not_waited_for_forever(tmp_path: Path) -> None:
    save_lock(place(tmp_path), Lock(), ONE, tmp_path / "cache")
    (guard,) = (tmp_path / "cache" / "locks").iterdir()
    with FileLock(guard), pytest.raises(InputError, match=r"^pinner.lock is being written by another pinner"):
        save_lock(place(tmp_path), ONE, TWO, tmp_path / "cache", patience=0.05)


WRITER = """
import sys
from pathlib import Path
from locks import entry, lock
from pinner.lockfile.model import Lock
from pinner.lockfile.file import LockFile, read_lock, save_lock
folder, number = Path(sys.argv[1]), sys.argv[2]
at = LockFile(str(folder / "pinner.lock"), "pinner.lock")
for turn in range(8):
    stored = read_lock(at)
    base = Lock() if stored is None else stored.lock
    name = f"ghcr.io/a/image:{number}-{turn}"
    ours = lock({**base.images, name: entry(name)}, {**base.sources, f"{number}-{turn}": (name,)})
    save_lock(at, base, ours, folder / "cache", patience=300)
"""


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support")))}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(number)], env=environment)
        for number in range(4)
    ]
    assert [writer.wait(600) for writer in writers] == [0] * 4
    stored = read_lock(place(tmp_path))
    assert stored is not None
    expected = {f"ghcr.io/a/image:{number}-{turn}" for number in range(4) for turn in range(8)}
    assert stored.lock.images.keys() == expected
    assert {name for names in stored.lock.sources.values() for name in names} == expected
