"""Runs that are ended from outside: no file is torn, and the next run leaves no litter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from images import make_image, write_layout

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

ROOT = Path(__file__).parent.parent
BEFORE = b"FROM example.com/app:1\n"
FOLDERS, FILES = 20, 15
TIMES = 5
MOMENT = 7
"""The write in whose middle the signal comes."""

# Sends itself a signal in the middle of a write: no clock tells when.
ENDING = """
import os, sys
from pinner import __main__
from pinner.files import atomic
number, moment, fsync = int(sys.argv[1]), int(sys.argv[2]), os.fsync
def ending(descriptor):
    global moment
    moment -= 1
    if not moment:
        os.kill(os.getpid(), number)
    fsync(descriptor)
atomic.os.fsync = ending
sys.argv[1:] = sys.argv[3:]
__main__.run()
"""


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layout")
    write_layout(folder, {"example.com/app:1": make_image("x")})
    return folder


def run(tree: Path, layout: Path, *program: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tree.parent / "cache")}
    command = (sys.executable, *program, "pin", "--layout", str(layout))
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False)


def ended(tree: Path, layout: Path, number: signal.Signals) -> subprocess.CompletedProcess[bytes]:
    return run(tree, layout, "-c", ENDING, str(int(number)), str(MOMENT))


def litter(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if ".tmp" in path.name]


def plant(tree: Path) -> list[Path]:
    files = [tree / str(one) / f"{other}.Dockerfile" for one in range(FOLDERS) for other in range(FILES)]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(BEFORE)
    return files


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_no_file_is_torn_and_no_litter_stays(tmp_path: Path, layout: Path, number: signal.Signals) -> None:
    tree = tmp_path / "tree"
    files = plant(tree)
    for turn in range(1, (TIMES if number != signal.SIGHUP else 1) + 1):
        done = ended(tree, layout, number)
        pinned = [file for file in files if b"@sha256:" in file.read_bytes()]
        assert len(pinned) == turn * (MOMENT - 1)
        assert {file.read_bytes() for file in files if file not in pinned} == {BEFORE}
        assert {file.read_bytes()[: len(BEFORE) - 1] for file in pinned} == {BEFORE[:-1]}
        if number == signal.SIGKILL:
            assert done.returncode == -signal.SIGKILL
            # What the runs before have left is gone, but for this one's.
            assert len(litter(tmp_path)) == 1
        else:
            assert done.returncode == 130
            assert done.stderr == b"interrupted; every file is either as it was or fully written\n"
            assert litter(tmp_path) == []
    assert run(tree, layout, "-m", "pinner").returncode == 0
    assert len({file.read_bytes() for file in files}) == 1
    assert b"@sha256:" in files[0].read_bytes()
    assert litter(tmp_path) == []


def test_where_an_interruption_is_ignored_an_end_is_none(tmp_path: Path, layout: Path) -> None:
    plant(tmp_path / "tree")
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    done = run(tmp_path / "tree", layout, "-c", ignoring + ENDING, str(int(signal.SIGTERM)), "3")
    assert done.returncode == 130
    ignoring += "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    assert run(tmp_path / "tree", layout, "-c", ignoring + ENDING, str(int(signal.SIGHUP)), "3").returncode == 0


def test_what_somebody_writes_is_no_litter(tmp_path: Path, layout: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "Dockerfile").write_bytes(BEFORE)
    others = [
        tree / name for name in (".pinner-1-x.tmp", ".pinner-12-0123456789ab.tmp.bak", "pinner-12-0123456789ab.tmp")
    ]
    for other in (*others, tree / ".pinner-2-0123456789ab.tmp"):
        other.write_text("")
    (tree / ".pinner-3-0123456789ab.tmp").symlink_to("Dockerfile")
    (tree / ".pinner-4-0123456789ab.tmp").mkdir()
    with (tree / ".pinner-1-0123456789ab.tmp").open("w") as written:
        fcntl.flock(written, fcntl.LOCK_EX)
        assert run(tree, layout, "-m", "pinner").returncode == 0
    assert sorted(path.name for path in tree.iterdir()) == sorted(
        [
            *(other.name for other in others),
            "Dockerfile",
            *(f".pinner-{number}-0123456789ab.tmp" for number in (1, 3, 4)),
        ]
    )
