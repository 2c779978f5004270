"""The program as a process: streams, signals, help, version, completion."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from world import outcome, pinner, world

from pinner import __version__
from pinner.__main__ import main, run
from pinner.cli.commands import COMMANDS
from pinner.cli.context import process_context

ROOT = Path(__file__).parent.parent.parent
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and streams")


def start(folder: Path, *arguments: str, **settings: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("env", {})}
    command = (sys.executable, "-m", "pinner", *arguments)
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, **settings)


def test_the_process_ends_with_the_status_and_all_it_said(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    with start(tmp_path, "check", "Dockerfile", stdout=subprocess.PIPE) as process:
        out, err = process.communicate()
    assert process.returncode == 1
    assert out == b"Dockerfile:1:6: error: `alpine:3.20` has no digest [PIN001]" + os.linesep.encode()[-1:]
    assert err.startswith(b"found 1 error; 0 of 1 reference pinned, 1 to pin (1 file)")


@posix_only
def test_a_reader_who_goes_away_changes_neither_status_nor_calm(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n" * 3000, "utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    with start(tmp_path, "check", "-q", stdout=writer) as process:
        os.close(writer)
        _, err = process.communicate()
    assert (process.returncode, err) == (1, b"")


@posix_only
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk here")  # noqa: PTH110 - a device
def test_a_full_disk_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    with open("/dev/full", "wb") as full, start(tmp_path, "list", "-q", stdout=full) as process:  # noqa: PTH123 - a device
        _, err = process.communicate()
    assert (process.returncode, err) == (3, b"error: cannot write what pinner has to say: no space left on device\n")


@posix_only
def test_closed_streams_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    command = f'"{sys.executable}" -m pinner check >&- 2>&-'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(("sh", "-c", command), cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 1


@posix_only
def test_ctrl_c_while_asking_ends_quietly_and_leaves_the_files(tmp_path: Path) -> None:
    import socket  # noqa: PLC0415 - only this test

    (tmp_path / "Dockerfile").write_text("FROM 127.0.0.1:{port}/a\n", "utf-8")
    with socket.socket() as server:
        server.settimeout(300)
        server.bind(("127.0.0.1", 0))
        server.listen()
        text = f"FROM 127.0.0.1:{server.getsockname()[1]}/a:1\n"
        (tmp_path / "Dockerfile").write_text(text, "utf-8")
        with start(tmp_path, "pin", stdout=subprocess.PIPE) as process:
            connection, _ = server.accept()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=300)
        connection.close()
    assert (process.returncode, out) == (130, b"")
    assert err == b"interrupted; every file is either as it was or fully written\n"
    assert (tmp_path / "Dockerfile").read_text("utf-8") == text


def test_the_entry_point_leaves_with_the_status(capfd: pytest.CaptureFixture[str]) -> None:
    left: list[int] = []
    before = sys.argv
    sys.argv = ["pinner", "--version"]
    try:
        run(left.append)
    finally:
        sys.argv = before
    assert left == [0]
    assert capfd.readouterr().out == f"pinner {__version__}\n"


def test_main_runs_in_this_process_by_default(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["--version"]) == 0
    assert capsysbinary.readouterr().out == f"pinner {__version__}\n".encode()


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_names_every_command(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    helped = pinner(tmp_path, *arguments)
    assert (helped.status, helped.stderr) == (0, "")
    assert helped.stdout.startswith("Usage: pinner [OPTIONS] [COMMAND] [ARGS]...\n\n  Find every image reference")
    assert [name for name in COMMANDS if not re.search(rf"^  {name}  +\S.*\.$", helped.stdout, re.MULTILINE)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, name: str) -> None:
    helped = pinner(tmp_path, name, "--help")
    assert (helped.status, helped.stderr) == (0, "")
    lines = helped.stdout.splitlines()
    assert lines[0].startswith(f"Usage: pinner {name} [OPTIONS]")
    assert lines[2].startswith("  ")
    assert "Options of every command:" in lines
    # An option without a word of help is a line that ends with its name.
    assert [line for line in lines if re.fullmatch(r" +-{1,2}[a-z-]+(, --[a-z]+)?( [A-Z/]+)?", line)] == []
    assert max(len(line) for line in lines) <= 100


@pytest.mark.parametrize("place", [0, 1], ids=["before", "after"])
def test_the_options_of_every_command_stand_before_or_after_its_name(tmp_path: Path, place: int) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    words = ["check"]
    words[place:place] = [
        "--color",
        "always",
        "-q",
        "--jobs",
        "3",
        "--no-cache",
        "--offline",
        "--platform",
        "linux/amd64",
    ]
    assert pinner(tmp_path, *words)[:3] == (
        1,
        "\x1b[1mDockerfile:1:6\x1b[0m: \x1b[1;31merror\x1b[0m: `alpine:3.20` has no digest \x1b[2m[PIN001]\x1b[0m\n",
        "",
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("pinner ch", "plain,check\n"),
        ("pinner check --fo", "plain,--format\nplain,--formats\n"),
        ("pinner pin --di", "plain,--diff\n"),
        ("pinner explain st", "plain,stale\n"),
    ],
)
def test_shells_complete_commands_and_options(tmp_path: Path, words: str, expected: str) -> None:
    environment = {
        "_PINNER_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    with start(tmp_path, stdout=subprocess.PIPE, env=environment) as process:
        out, err = process.communicate()
    assert (process.returncode, out.decode(), err) == (0, expected, b"")


def test_a_process_whose_folder_is_gone_still_has_a_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows does not let go of it")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.setenv("PWD", str(gone))
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert process_context().folder == str(gone)


def test_the_registries_are_what_answers_by_default(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    context = world(tmp_path)._replace(connect=process_context().connect)
    answered = outcome(context, "pin", "--layout", "nowhere")
    assert answered.status in (2, 3)
    assert "nowhere" in answered.stderr


@pytest.mark.parametrize("arguments", [(), ("--keep",)])
def test_the_demo_shows_it_all(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    shown = pinner(tmp_path, "demo", *arguments)
    assert shown.status == 0, shown.stdout + shown.stderr
    assert "$ pinner pin" in shown.stdout
    assert ("The project is in" in shown.stdout) == bool(arguments)
    if arguments:
        shutil.rmtree(shown.stdout.splitlines()[-1].removeprefix("The project is in "))
