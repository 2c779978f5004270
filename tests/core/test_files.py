from __future__ import annotations

import os
import socket
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from pinner.errors import InputError
from pinner.files import read, save, write
from pinner.limits import FILE_BYTES

if TYPE_CHECKING:
    from pathlib import Path

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes, links and pipes")

TOO_BIG = "where it is no file of yours to pin, name it under `exclude` in pinner.toml"


def complaint(error: pytest.ExceptionInfo[InputError]) -> tuple[str, str | None]:
    return error.value.message, error.value.hint


@pytest.mark.parametrize(
    "data", [b"", b"a\r\nb", b"\xef\xbb\xbfx\xff\xfe", b"x" * FILE_BYTES], ids=["", "crlf", "odd", "full"]
)
def test_bytes_come_as_they_are(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "f"
    path.write_bytes(data)
    assert read(str(path)) == data


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"x" * (FILE_BYTES + 1), "is larger than 10 MB and was not read", TOO_BIG),
        (b"ab\0c", "is binary: there is a NUL byte at offset 2", None),
        ("FROM a\n".encode("utf-16"), "is UTF-16", "save it as UTF-8"),
        (b"\xfe\xff\0F", "is UTF-16", "save it as UTF-8"),
    ],
    ids=["big", "binary", "utf-16-le", "utf-16-be"],
)
def test_what_is_no_text_of_a_fair_size_is_refused(tmp_path: Path, data: bytes, message: str, hint: str | None) -> None:
    path = tmp_path / "f"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        read(str(path))
    assert complaint(error) == (message, hint)


def test_what_is_not_there_or_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(str(tmp_path / "nothing"))
    assert complaint(error) == ("cannot be read: no such file or directory", None)
    with pytest.raises(InputError) as error:
        read(str(tmp_path))
    if sys.platform != "win32":
        assert complaint(error) == ("is a folder, not a file", None)


@posix_only
def test_a_pipe_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError) as error:
        read(str(tmp_path / "pipe"))
    assert complaint(error) == ("is not a regular file but a pipe, socket or device", None)
    with pytest.raises(InputError) as error:
        read(os.devnull)
    assert complaint(error) == ("is not a regular file but a pipe, socket or device", None)


@posix_only
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(InputError) as error:
            read("s")
    assert complaint(error) == ("cannot be read: no such device or address", None)


@posix_only
def test_a_file_we_may_not_read_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read anything")
    path = tmp_path / "f"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(InputError) as error:
        read(str(path))
    assert complaint(error) == ("cannot be read: permission denied", None)


def test_a_file_whose_size_says_nothing_is_read_to_its_end() -> None:
    if not os.path.exists("/proc/self/status"):  # noqa: PTH110 - a name, not a file of ours
        pytest.skip("there is no /proc here")
    assert read("/proc/self/status").startswith(b"Name:")


def test_writing_replaces_the_bytes_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old\r\n")
    write(str(path), b"old\r\n", b"new\r\n\xff")
    assert path.read_bytes() == b"new\r\n\xff"
    assert os.listdir(tmp_path) == ["f"]  # noqa: PTH208 - the names alone


@posix_only
def test_without_a_change_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"same")
    before = path.stat()
    write(str(path), b"same", b"same")
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o666, 0o4755, 0o640])
def test_the_mode_stays(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(mode)
    write(str(path), b"old", b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix_only
def test_the_owner_stays(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    path = tmp_path / "f"
    path.write_bytes(b"old")
    os.chown(path, 12345, 54321)
    write(str(path), b"old", b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)


@posix_only
def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "f"
    real.write_bytes(b"old")
    (tmp_path / "hop").symlink_to("real/f")
    link = tmp_path / "link"
    link.symlink_to("hop")
    write(str(link), b"old", b"new")
    assert real.read_bytes() == b"new"
    assert link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["hop", "link", "real"]  # noqa: PTH208 - the names alone
    assert os.listdir(tmp_path / "real") == ["f"]  # noqa: PTH208 - the names alone


def test_a_file_that_somebody_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"theirs")
    with pytest.raises(InputError) as error:
        write(str(path), b"old", b"new")
    assert complaint(error) == ("was changed by somebody else meanwhile and was left alone", "run pinner again")
    assert path.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["f"]  # noqa: PTH208 - the names alone


@pytest.mark.parametrize("mode", [0o444, 0o555, 0o400])
def test_a_read_only_file_is_an_error_even_where_a_rename_would_do(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(mode)
    with pytest.raises(InputError) as error:
        write(str(path), b"old", b"new")
    assert complaint(error) == ("is read-only and was not changed", "make it writable and run pinner again")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]  # noqa: PTH208 - the names alone


def test_a_file_that_vanished_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        write(str(tmp_path / "f"), b"old", b"new")
    assert complaint(error) == ("cannot be written: no such file or directory; it is as it was", None)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the names alone


@posix_only
def test_a_folder_in_the_files_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    with pytest.raises(InputError) as error:
        write(str(tmp_path / "f"), b"old", b"new")
    assert complaint(error) == ("is a folder, not a file", None)
    assert os.listdir(tmp_path) == ["f"]  # noqa: PTH208 - the names alone


@posix_only
def test_a_folder_that_takes_no_new_file_is_an_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    path = tmp_path / "f"
    path.write_bytes(b"old")
    tmp_path.chmod(0o555)
    with pytest.raises(InputError) as error:
        write(str(path), b"old", b"new")
    tmp_path.chmod(0o755)
    assert complaint(error) == ("cannot be written: permission denied; it is as it was", None)


class Interrupting(bytes):
    """The bytes at whose comparison Ctrl-C is pressed."""

    __slots__ = ()
    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        raise KeyboardInterrupt


def test_an_interruption_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write(str(path), Interrupting(b"old"), b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]  # noqa: PTH208 - the names alone


def test_a_new_file_gets_the_mode_of_new_files(tmp_path: Path) -> None:
    (tmp_path / "like").write_bytes(b"")
    save(str(tmp_path / "f"), b"new")
    assert (tmp_path / "f").read_bytes() == b"new"
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "like").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f", "like"]


@posix_only
def test_a_file_that_is_there_keeps_its_mode_and_loses_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old and long")
    path.chmod(0o640)
    save(str(path), b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o640)


@posix_only
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    save(str(path), b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("name", ["gone/f", "folder"])
def test_what_cannot_be_a_file_is_an_error_and_leaves_no_litter(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as error:
        save(str(tmp_path / name), b"new")
    assert error.value.message.startswith("cannot be written: ")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_limit_may_be_another(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"12345")
    assert read(str(file), 5) == b"12345"
    with pytest.raises(InputError, match="larger than 0 MB"):
        read(str(file), 4)
