"""``--diff`` and ``git apply`` make the same bytes as ``pin``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import pinner

from pinner.report.diff import file_patch

PADDING = b"RUN true\n" * 9
FILES = {
    "Dockerfile": b"FROM alpine:3.20\n",
    "crlf.dockerfile": b"# one\r\nFROM alpine:3.20\r\nRUN true\r\n",
    "mixed.dockerfile": b"FROM alpine:3.20\r\nRUN true\nFROM debian:12\r\n",
    "no-end.dockerfile": b"RUN true\nFROM alpine:3.20",
    "crlf-no-end.dockerfile": b"FROM alpine:3.20\r\nFROM debian:12\r\n# end",
    "latin.dockerfile": b"# caf\xe9 \xff\xfe\nFROM alpine:3.20\n",
    "bom.dockerfile": b"\xef\xbb\xbfFROM alpine:3.20\n",
    "far.dockerfile": b"FROM alpine:3.20\n" + PADDING + b"FROM debian:12\n" + PADDING + b"FROM nginx\n",
    "near.dockerfile": b"FROM alpine:3.20\n" + b"RUN true\n" * 6 + b"FROM debian:12\n",
    "just-apart.dockerfile": b"FROM alpine:3.20\n" + b"RUN true\n" * 7 + b"FROM debian:12\n",
    "row.dockerfile": b"FROM alpine:3.20\nFROM debian:12\nFROM nginx\n",
    "carriage.dockerfile": b"FROM alpine:3.20\r\n# a\rb\r\n",
    "form.dockerfile": b"# \x0c \x0b \x1c \xc2\x85\nFROM alpine:3.20\n",
    "sp ace/Dockerfile": b"FROM alpine:3.20\n",
    "compose.yaml": b"services:\r\n  a:\r\n    image: redis:7 # caf\xe9\r\n".replace(b"\xe9", "\u00e9".encode()),
    "untouched.dockerfile": b"FROM scratch\n",
}
ODD_NAMES = {
    "caf\u00e9/Dockerfile": b"FROM alpine:3.20\n",
    'q"uote/Dockerfile': b"FROM alpine:3.20\n",
    "back\\slash/Dockerfile": b"FROM alpine:3.20\n",
    "ta\tb/Dockerfile": b"FROM alpine:3.20\n",
    "li\nne/Dockerfile": b"FROM alpine:3.20\n",
    "e\x1bscape/Dockerfile": b"FROM alpine:3.20\n",
    "a/b/Dockerfile": b"FROM alpine:3.20\n",
    "tail \t/Dockerfile": b"FROM alpine:3.20\n",
}


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode) for path in files}


def apply(folder: Path, patch: bytes) -> None:
    command = ("git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-")
    done = subprocess.run(command, cwd=folder, input=patch, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("operation", ["pin", "unpin"])
@pytest.mark.parametrize("where", ["a repository", "a folder below one", "no repository"])
def test_the_patch_makes_what_the_command_writes(tmp_path: Path, operation: str, where: str) -> None:
    files = FILES if sys.platform == "win32" else FILES | ODD_NAMES
    root = tmp_path / "patched"
    patched = fill(root / "sub" if where == "a folder below one" else root, files)
    (patched / "Dockerfile").chmod(0o755)
    if operation == "unpin":
        assert pinner(patched, "pin").status == 0
    written = tmp_path / "written"
    shutil.copytree(patched, written)
    if where != "no repository":
        subprocess.run(("git", "init", "-q"), cwd=root, check=True)
    untouched = contents(patched)
    patch = pinner(patched, operation, "--diff", ".")
    assert contents(patched) == untouched
    apply(patched, patch.raw)
    assert pinner(written, operation, ".").status == 0
    assert contents(patched) == contents(written) != untouched


def test_a_patch_that_leaves_the_current_folder_is_one_for_the_repository(tmp_path: Path) -> None:
    fill(tmp_path, {"Dockerfile": b"FROM alpine:3.20\n", "a/b/Dockerfile": b"FROM alpine:3.20\n"})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    outcome = pinner(tmp_path / "a" / "b", "pin", "--diff")
    assert outcome.stderr == (
        "warning: the patch reaches outside the current folder\n"
        "  hint: apply it with `git -C ../.. apply`\n"
        "would pin 2 references in 2 files\n"
    )
    assert [line for line in outcome.stdout.splitlines() if line.startswith("---")] == [
        "--- a/Dockerfile",
        "--- a/a/b/Dockerfile",
    ]
    subprocess.run(["git", "-C", "../..", "apply"], input=outcome.raw, cwd=tmp_path / "a" / "b", check=True)
    assert b"@sha256:" in (tmp_path / "Dockerfile").read_bytes()
    assert b"@sha256:" in (tmp_path / "a" / "b" / "Dockerfile").read_bytes()


def test_outside_a_repository_the_patch_is_for_a_folder_above(tmp_path: Path) -> None:
    fill(tmp_path, {"Dockerfile": b"FROM alpine:3.20\n", "sub/Dockerfile": b"FROM alpine:3.20\n"})
    outcome = pinner(tmp_path / "sub", "pin", "--diff", "..")
    assert "  hint: apply it in a folder above\n" in outcome.stderr
    assert "--- a/../Dockerfile\n" in outcome.stdout
    assert "warning" not in pinner(tmp_path / "sub", "pin", "--diff", ".").stderr


lines = st.lists(st.sampled_from([b"a", b"b\r", b"", b"\xff", b"\x0c"]), min_size=1, max_size=30).filter(any)


@settings(max_examples=60)
@given(before=lines, data=st.data(), ended=st.booleans())
def test_any_lines_can_change(before: list[bytes], data: st.DataObject, *, ended: bool) -> None:
    filled = [number for number, line in enumerate(before) if line]
    changed = data.draw(st.sets(st.sampled_from(filled), min_size=1))
    after = [line + b"@digest" if number in changed else line for number, line in enumerate(before)]
    end = b"\n" if ended else b""
    old, new = b"\n".join(before) + end, b"\n".join(after) + end
    with TemporaryDirectory() as name:
        file = Path(name, "f")
        file.write_bytes(old)
        apply(file.parent, b"".join(file_patch("f", old, new)))
        assert file.read_bytes() == new
