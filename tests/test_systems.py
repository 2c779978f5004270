"""Systems that this is not: what they lack is taken away, and the same bytes come out."""

from __future__ import annotations

import ntpath
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from systemcalls import READ, calls, table

from pinner.config import Override, Settings, by_path
from pinner.files import atomic
from pinner.files.atomic import shown_path
from pinner.identification.docker_engine_sockets import open_socket
from pinner.model import FormatChoice, PlaceRule
from pinner.scan import configured_files

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
LAYOUT = ROOT / "pinner" / "cli" / "demo" / "layout"
# What Windows' Python does not have. Python's own library has looked at it before; pinner has not.
WITHOUT = """
import asyncio, concurrent.futures, http.server, multiprocessing, pathlib, shutil, signal, socket, ssl, subprocess, sys
import os, selectors, tempfile, logging, zipfile, email.message, urllib.request, ctypes, platform, random, uuid
NONE = '''fork forkpty getuid geteuid getgid getegid getpgid chown lchown fchown fchmod killpg kill mkfifo nice pipe2
          setsid sched_getaffinity register_at_fork set_blocking
          O_NOFOLLOW O_NOCTTY O_DIRECTORY O_CLOEXEC WNOHANG'''
for name in NONE.split():
    if hasattr(os, name):
        delattr(os, name)
if hasattr(os, "process_cpu_count"):  # from Python 3.13 on, by what is gone by now
    os.process_cpu_count = os.cpu_count
for name in ("SIGHUP", "SIGKILL", "SIGCHLD", "SIGPIPE", "pthread_sigmask"):
    delattr(signal, name)
for name in ("resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
sys.platform = "another"
"""
FILES = {
    "Dockerfile": b"FROM python:3.12-slim\r\nRUN --mount=from=busybox,target=/b make\r\n",
    "a b/caf\u00e9.dockerfile": b"FROM nginx:1.27-alpine",
    "compose.yaml": b"\xef\xbb\xbfservices:\r\n  web:\r\n    image: nginx:1.27-alpine # \xe2\x9c\x93\r\n",
}


_ELSEWHERE = pytest.mark.skipif(
    sys.platform == "win32", reason="what is taken away here is what Windows does not have in the first place"
)


class Ran(NamedTuple):
    """What a run left."""

    status: int
    stdout: bytes
    stderr: bytes


def tree(folder: Path, count: int = 0) -> Path:
    for name, data in {
        **FILES,
        **{f"many/{number}/Dockerfile": FILES["Dockerfile"] for number in range(count)},
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def run(folder: Path, *arguments: str, site: str = "", encoding: str = "utf-8") -> Ran:
    """Run pinner in ``folder``, in a Python that ``site`` was taken from."""
    home = folder.parent / f"{folder.name}-home"
    home.mkdir(exist_ok=True)
    (home / "sitecustomize.py").write_text(site, "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "GIT_", "XDG_"))}
    environment = {**kept, "PYTHONPATH": str(home), "XDG_CACHE_HOME": str(home), "PYTHONIOENCODING": encoding}
    command = (sys.executable, "-m", "pinner", *arguments)
    ran = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert b"Traceback" not in ran.stderr, ran.stderr.decode("utf-8", "replace")
    assert b"internal error" not in ran.stderr, ran.stderr.decode("utf-8", "replace")
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


STORY = (
    ("list", "--all"),
    ("check",),
    ("pin", "--layout", str(LAYOUT)),
    ("lock", "--layout", str(LAYOUT)),
    ("check",),
    ("pin", "--locked"),
    ("check", "--online", "--layout", str(LAYOUT)),
    ("update", "--layout", str(LAYOUT)),
    ("unpin",),
    ("identify", str(LAYOUT)),
)


@_ELSEWHERE
def test_the_same_comes_out_where_a_system_has_less(tmp_path: Path) -> None:
    usual, less = tree(tmp_path / "usual"), tree(tmp_path / "less")
    for arguments in STORY:
        # A lock's time is now.
        first, second = run(usual, *arguments), run(less, *arguments, site=WITHOUT)
        assert first[:2] == second[:2], (arguments, second.stderr)
    assert {name: data for name, data in contents(usual).items() if name != "pinner.lock"} == {
        name: data for name, data in contents(less).items() if name != "pinner.lock"
    }


@_ELSEWHERE
def test_a_large_tree_is_checked_without_processes(tmp_path: Path) -> None:
    folder = tree(tmp_path / "tree", 400)
    assert run(folder, "check", "--no-cache")[:2] == run(folder, "check", "--no-cache", site=WITHOUT)[:2]


@_ELSEWHERE
def test_an_engine_behind_a_unix_socket_is_an_answer(tmp_path: Path) -> None:
    import socket  # noqa: PLC0415 - this process's keeps what it has

    site = f"{WITHOUT}del socket.AF_UNIX\nos.environ['DOCKER_HOST'] = 'unix:///nowhere/docker.sock'\n"
    said = run(tree(tmp_path / "tree"), "identify", "0" * 64, "--layout", str(LAYOUT), site=site)
    assert said.status == 3
    assert hasattr(socket, "AF_UNIX")


def test_no_unix_sockets_are_an_error_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("socket.AF_UNIX", raising=False)
    with pytest.raises(OSError, match="has no unix sockets"):
        open_socket("/nowhere")


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-16"])
def test_a_console_of_a_code_page_shows_what_it_can(tmp_path: Path, encoding: str) -> None:
    folder = tree(tmp_path / "tree")
    for arguments in STORY[:3]:
        said = run(folder, *arguments, encoding=encoding)
        text = said.stdout.decode(encoding)
        assert said.status == (1 if arguments == ("check",) else 0)
        assert "nginx:1.27-alpine" in text
        if encoding in ("cp437", "ascii"):
            assert "\u2192" not in text
    assert (folder / "compose.yaml").read_bytes().startswith(FILES["compose.yaml"][:40])


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("CON", False),
        ("nul.yaml", True),
        ("aux/Dockerfile", True),
        ("COM1.dockerfile", True),
        ("Dockerfile ", False),
        ("a:b.yaml", True),
        ("x?.yaml", True),
    ],
)
def test_a_name_that_windows_keeps_for_itself_is_a_name(tmp_path: Path, name: str, *, is_known: bool) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    said = run(folder, "check", "-", "--stdin-filename", name)
    assert said.status == (0 if is_known else 2), said.stderr
    if sys.platform != "win32":  # where a file CON is always there
        assert run(folder, "check", name).status == 2


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what only handles the texts of paths handle those of Windows."""
    for module in (atomic, by_path, configured_files):
        monkeypatch.setattr(module, "os", SimpleNamespace(path=ntpath, sep="\\"))


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("path", "folder", "shown"),
    [
        (r"C:\work\app\web\Dockerfile", r"C:\work\app", "web/Dockerfile"),
        (r"C:\work\Dockerfile", r"C:\work\app", "../Dockerfile"),
        (r"c:\WORK\app\a", r"C:\work\app", "a"),
        (r"C:/src/app/a", r"C:\src\app", "a"),
        (r"D:\other\Dockerfile", r"C:\work\app", "D:/other/Dockerfile"),
        (r"\\host\share\a", r"C:\work", "//host/share/a"),
        (r"\\host\share\app\a", r"\\host\share\app", "a"),
    ],
)
def test_a_path_is_shown_with_slashes_and_one_on_another_drive_whole(path: str, folder: str, shown: str) -> None:
    assert shown_path(path, folder) == shown


@pytest.mark.usefixtures("windows")
def test_patterns_of_the_configuration_fit_paths_of_windows() -> None:
    override = Override(("/deploy/**",), {"PIN001": "note"})
    places = FormatChoice(places=(PlaceRule(("*.tpl",), "yaml", "image"),), root="C:/app")
    settings = Settings(root=r"C:\app", overrides=(override,), exclude=("vendor/**",), formats=places)
    levels = by_path.Severities(settings, r"C:\app")
    assert levels.of(r"C:\app\deploy\a\web.yaml")["PIN001"] == "note"
    assert "PIN001" not in levels.of(r"C:\app\web.yaml")
    assert "PIN001" not in levels.of(r"D:\app\deploy\web.yaml")
    assert levels.of(r"C:\app\web\testdata\web.yaml")["PIN001"] == "note"
    excluded, has_places = configured_files.exclusion_test(settings), configured_files.own_places(settings)
    assert [excluded(rf"C:\app\{name}") for name in (r"vendor\a\Dockerfile", "Dockerfile")] == [True, False]
    assert [has_places(name) for name in (r"C:\app\a\b.tpl", r"C:\app\a\b.yml", r"D:\app\b.tpl")] == [
        True,
        False,
        False,
    ]


def test_every_call_of_one_system_was_read() -> None:
    assert set(calls()) == set(READ)


def test_contributing_shows_them(*, update_golden: bool) -> None:
    start, end = "<!-- systems: made by `make docs` -->\n", "<!-- end of systems -->\n"
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    shown = f"{before}{start}{''.join(f'{line}{chr(10)}' for line in table())}{end}{after}"
    if update_golden:
        PAGE.write_text(shown, "utf-8")
    assert re.search(r"`files/atomic\.py`", shown)
    assert PAGE.read_text("utf-8") == shown
