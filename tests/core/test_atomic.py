"""What may be opened, and what is refused before it can block."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from world import outcome, world

from pinner.files.atomic import open_regular, read_regular, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="FIFOs, sockets and devices")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def a_fifo(path: Path) -> None:
    os.mkfifo(path)


def a_link_to_a_fifo(path: Path) -> None:
    os.mkfifo(f"{path}.fifo")
    path.symlink_to(f"{path}.fifo")


def a_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@posix_only
@pytest.mark.parametrize("make", [a_fifo, a_link_to_a_fifo, a_link_to_a_device])
def test_what_is_no_file_is_refused_at_once(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "x")
    with pytest.raises(OSError, match="not a regular file but a pipe, socket or device"):
        read_regular(tmp_path / "x")


@posix_only
def test_a_socket_and_a_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name is short
    a_socket(tmp_path / "s" if len(str(tmp_path)) < 80 else type(tmp_path)("s"))
    with pytest.raises(OSError, match="No such device or address"):
        open_regular("s")
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)


@posix_only
def test_a_link_is_followed_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link") == b"x"
    with pytest.raises(OSError, match="symbolic links"):
        read_regular(tmp_path / "link", follow=False)


@pytest.mark.parametrize(("limit", "length"), [(None, 10), (20, 10), (10, 10), (9, 10), (3, 4)])
def test_one_byte_more_than_the_limit_tells_of_it(tmp_path: Path, limit: int | None, length: int) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    assert read_regular(tmp_path / "file", limit) == b"0123456789"[:length]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a file that says it is empty and is not")
def test_a_file_without_a_size_is_read_whole() -> None:
    assert b"Name:" in read_regular("/proc/self/status")
    assert len(read_regular("/proc/self/status", 5)) == 6


@posix_only
@pytest.mark.parametrize("name", [".gitignore", "pinner.toml", "pyproject.toml", "Dockerfile"])
def test_no_fifo_in_a_tree_blocks_a_check(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.Dockerfile").write_text("FROM nginx:1.27\n")
    os.mkfifo(tmp_path / name)
    said = outcome(world(tmp_path), "check")
    assert said.status == 1
    assert "a.Dockerfile:1:6" in said.stdout


@posix_only
def test_what_another_run_took_for_litter_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    lock = fcntl.flock
    taken: list[str] = []

    def locking(descriptor: int, how: int) -> None:
        if not taken:
            [litter] = tmp_path.iterdir()
            taken.append(litter.name)
            litter.unlink()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", locking)
    write_atomically(tmp_path / "file", b"whole")
    assert taken
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_of_two_who_write_first_one_is_told(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"one", exclusive=True)
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "file", b"two", exclusive=True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"one"


def test_where_there_is_no_folder_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "file", b"")


@posix_only
def test_what_may_not_be_given_away_stays_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o640)

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refused)
    write_atomically(tmp_path / "file", b"new", like=(tmp_path / "file").stat())
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
