"""What a start costs, and that the short way in is the same as the long one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from world import pinner

from pinner import __version__

ROOT = Path(__file__).parent.parent.parent
HEAVY = (
    *("httpx", "httpcore", "anyio", "ssl", "socket", "asyncio", "concurrent.futures", "subprocess", "tempfile"),
    *("libcst", "rich", "click", "argparse", "pathspec", "tomllib", "ruamel.yaml", "difflib", "pathlib", "hashlib"),
    *("dataclasses", "inspect"),
)
# `pinner._typing` has what is needed of them.
TYPING = ("typing", "contextlib")
# Each takes a third of a millisecond to find, read and run.
MOST_MODULES = 58
MOST_MODULES_TO_PIN = 60


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Return the modules that ``pinner`` with ``arguments`` has imported by its end."""
    code = (
        "import sys; from pinner.__main__ import main; status = main(); "
        "print('MODULES', *sys.modules, file=sys.stderr); sys.exit(status)"
    )
    command = (sys.executable, "-c", code, *arguments)
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("MODULES ")[2].split())


def test_a_check_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM alpine:3.20@sha256:{'0' * 64}\n", "utf-8")
    modules = loaded(tmp_path, "check", "Dockerfile")
    assert [name for name in (*HEAVY, *TYPING) if name in modules] == []
    assert {"pinner.cli.check", "pinner.formats.dockerfile"} <= modules
    assert len([name for name in modules if name.startswith("pinner")]) <= MOST_MODULES


def test_a_compose_file_beside_that_gives_nothing_is_not_parsed(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"ARG V=alpine:3.20@sha256:{'0' * 64}\nFROM $V\n", "utf-8")
    compose = tmp_path / "compose.yaml"
    compose.write_text("services:\n  web:\n    build: .\n    image: web:1\n", "utf-8")
    assert "ruamel.yaml" not in loaded(tmp_path, "check", "Dockerfile")
    compose.write_text(f"services:\n  web:\n    build: {{args: {{V: 'redis:7@sha256:{'0' * 64}'}}}}\n", "utf-8")
    assert "ruamel.yaml" in loaded(tmp_path, "check", "Dockerfile")


@pytest.mark.parametrize("arguments", [("check",), ("check", "pod.yaml"), ("unpin",), ("pin",), ("update", "--diff")])
def test_nothing_to_ask_needs_no_network(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    (tmp_path / "pod.yaml").write_text("kind: Pod\n", "utf-8")
    modules = loaded(tmp_path, *arguments)
    assert [name for name in ("httpx", "ssl", "asyncio", "ruamel.yaml") if name in modules] == []


@pytest.mark.parametrize("command", ["pin", "unpin"])
def test_what_is_done_already_imports_nothing_heavy(tmp_path: Path, command: str) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM alpine:3.20@sha256:{'0' * 64}\n" if command == "pin" else "FROM alpine:3.20\n", "utf-8"
    )
    modules = loaded(tmp_path, command, "Dockerfile")
    assert [name for name in (*HEAVY, *TYPING) if name in modules] == []
    assert {"pinner.cli.change", "pinner.formats.dockerfile"} <= modules
    own = {name for name in modules if name.startswith("pinner")}
    beside = own - {"pinner.lockfile", "pinner.lockfile.file"}  # where a lock would be
    assert [
        name
        for name in beside
        if name.startswith(("pinner.lockfile", "pinner.registry", "pinner.cli.commands", "pinner.cli.parser"))
    ] == []
    assert own.isdisjoint(
        {
            "pinner.edits",
            "pinner.oci.digest_kind",
            "pinner.oci.types",
            "pinner.oci.resolver",
            "pinner.cache.latest_tags",
        }
    )
    assert len(own) <= MOST_MODULES_TO_PIN


def test_the_hook_that_pins_starts_without_click(tmp_path: Path) -> None:
    [entry] = re.findall(r"(?m)^  entry: pinner (pin .*)$", (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (tmp_path / "Dockerfile").write_text(f"FROM alpine:3.20@sha256:{'0' * 64}\n", "utf-8")
    modules = loaded(tmp_path, *entry.split(), "Dockerfile")
    assert [name for name in (*HEAVY, *TYPING) if name in modules] == []


def test_what_is_pinned_without_a_tag_is_nothing_to_update_either(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM alpine@sha256:{'0' * 64}\n", "utf-8")
    modules = loaded(tmp_path, "update", "Dockerfile")
    assert [name for name in (*HEAVY, *TYPING) if name in modules] == []


def test_what_is_as_the_lock_says_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    assert pinner(tmp_path, "lock").status == pinner(tmp_path, "pin").status == 0
    modules = loaded(tmp_path, "pin", "Dockerfile")
    assert "pinner.lockfile.parse" in modules
    assert [name for name in (*HEAVY, *TYPING) if name in modules] == []


def test_a_list_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    modules = loaded(tmp_path, "list", "Dockerfile")
    assert [name for name in (*HEAVY, *TYPING) if name in modules] == []


def test_the_version_takes_little_more_than_a_stream_to_say_it_on(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--version")
    assert [name for name in (*HEAVY, *TYPING) if name in modules] == []
    assert {name for name in modules if name.startswith("pinner")} <= {
        *("pinner", "pinner.__main__", "pinner._typing", "pinner.errors"),
        *("pinner.cli", "pinner.cli.run", "pinner.cli.context", "pinner.cli.terminal"),
        *("pinner.report", "pinner.report.escapes", "pinner.report.style"),
    }


def test_help_imports_no_command(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--help")
    assert [
        name for name in modules if name.startswith(("pinner.cli.change", "pinner.cli.check", "pinner.formats."))
    ] == []


CALLS: list[tuple[str, ...]] = [
    (),
    ("Dockerfile",),
    ("a", "Dockerfile"),
    ("nix",),
    ("a/clean.dockerfile",),
    ("bad.yaml",),
]


@pytest.mark.parametrize("paths", CALLS, ids=" ".join)
def test_with_and_without_click_the_same_is_said(tmp_path: Path, paths: tuple[str, ...]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nFROM ${X}\n# pinner: ignroe\n", "utf-8")
    (tmp_path / "a" / "clean.dockerfile").write_text(f"FROM alpine:3.20@sha256:{'0' * 64}\n", "utf-8")
    (tmp_path / "bad.yaml").write_bytes(b"image: a\0\n")
    short = pinner(tmp_path, "check", *paths)
    assert short == pinner(tmp_path, "check", *paths, "--color=auto")
    assert short == pinner(tmp_path, "--color=auto", "check", "--format=text", "--fail-on=error", "--", *paths)
    short = pinner(tmp_path, "list", *paths)
    assert short == pinner(tmp_path, "list", *paths, "--color=auto")
    assert short == pinner(tmp_path, "--color=auto", "list", "--format=text", "--", *paths)


ON_CHANGE = "--exit-non-zero-on-change"
CHANGES: list[tuple[str, ...]] = [
    *CALLS,
    *(("",), ("pin",), ("a", "bad.yaml", "nix"), ("https://example.com/a/b",)),
    *((ON_CHANGE,), (ON_CHANGE, "Dockerfile"), ("Dockerfile", ON_CHANGE, "a", ON_CHANGE), (ON_CHANGE, "nix")),
]


@pytest.mark.parametrize("command", ["pin", "update", "unpin"])
@pytest.mark.parametrize("paths", CHANGES, ids=" ".join)
def test_with_and_without_click_the_same_is_done(tmp_path: Path, command: str, paths: tuple[str, ...]) -> None:
    said = []
    spellings = ((command, *paths), (command, *paths, "--color=auto"), ("--color=auto", command, *paths))
    for number, arguments in enumerate(spellings):
        folder = tmp_path / str(number)
        (folder / "a").mkdir(parents=True)
        (folder / "Dockerfile").write_text("FROM alpine:3.20\nFROM ${X}\n# pinner: ignroe\n", "utf-8")
        (folder / "a" / "clean.dockerfile").write_text(f"FROM alpine:3.20@sha256:{'0' * 64}\n", "utf-8")
        (folder / "bad.yaml").write_bytes(b"image: a\0\n")
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        before = [path.read_bytes() for path in files]
        outcome = pinner(folder, *arguments)
        after = [path.read_bytes() for path in files]
        assert (after != before) == bool(outcome.stdout)
        said.append((outcome, after))
    assert said[0] == said[1] == said[2]


def test_a_change_with_an_option_is_click_s_business(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    assert pinner(tmp_path, "pin", "Dockerfile", "--lokced").status == 2
    for command in ("check", "list"):
        assert "no such option" in pinner(tmp_path, command, ON_CHANGE).stderr
    assert ON_CHANGE in pinner(tmp_path, "pin", "--", ON_CHANGE).stderr
    assert "--format goes with --diff" in pinner(tmp_path, "update", "Dockerfile", "--format=json").stderr
    assert pinner(tmp_path, "unpin", "--help").stdout.startswith("Usage: pinner unpin")


def test_with_and_without_click_the_version_is_the_same(tmp_path: Path) -> None:
    said = pinner(tmp_path, "--version")
    assert (said.status, said.raw, said.stderr) == (0, f"pinner {__version__}\n".encode(), "")
    assert said == pinner(tmp_path, "--color=never", "--version") == pinner(tmp_path, "--version", "check")
