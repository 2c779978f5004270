"""Standard input: text in, findings or text out, in the light of the repository around the name it is given."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver
from world import outcome, pinner, world

if TYPE_CHECKING:
    from pathlib import Path

UNPINNED = b"FROM alpine:3.20\r\nCOPY --from=busybox /a /a"


def as_file(folder: Path, data: bytes) -> bytes:
    """Return what `pinner pin` makes of a Dockerfile with ``data``."""
    (folder / "Dockerfile").write_bytes(data)
    pinner(folder, "pin", "--no-cache")
    return (folder / "Dockerfile").read_bytes()


def test_text_in_text_out_and_no_file_changes(tmp_path: Path) -> None:
    wanted = as_file(tmp_path, UNPINNED)
    assert wanted.count(b"@sha256:") == 2
    (tmp_path / "Dockerfile").unlink()
    said = pinner(tmp_path, "pin", "-", "--stdin-filename", "Dockerfile", stdin=UNPINNED)
    assert (said.status, said.raw) == (0, wanted)
    assert said.stderr.splitlines()[-1] == "pinned 2 references in 1 file"
    assert said.stderr.startswith("Dockerfile:1:6: pinned alpine:3.20 → sha256:")
    assert list(tmp_path.iterdir()) == []
    again = pinner(tmp_path, "pin", "--stdin-filename", "Dockerfile", stdin=wanted)
    assert (again.status, again.raw) == (0, wanted)
    off = pinner(tmp_path, "unpin", "-", "--stdin-filename", "Dockerfile", "-q", stdin=wanted)
    assert (off.status, off.raw, off.stderr) == (0, UNPINNED.replace(b"busybox", b"busybox:latest"), "")


def test_update_moves_a_digest(tmp_path: Path) -> None:
    old = b"FROM alpine:3.20@sha256:" + b"0" * 64 + b"\n"
    said = pinner(tmp_path, "update", "-", "--stdin-filename", "Dockerfile", stdin=old)
    assert (said.status, said.raw) == (0, as_file(tmp_path, b"FROM alpine:3.20\n"))


def test_what_stays_is_written_all_the_same(tmp_path: Path) -> None:
    text = b"FROM alpine:3.20\nCOPY --from=gone:1 /a /a\n"
    said = pinner(
        tmp_path,
        "pin",
        "-",
        "--stdin-filename",
        "Dockerfile",
        stdin=text,
        resolver=FakeResolver(["docker.io/library/gone:1"]),
    )
    assert said.status == 3
    assert said.raw.endswith(b"\nCOPY --from=gone:1 /a /a\n")
    assert b"FROM alpine:3.20@sha256:" in said.raw
    binary = b"FROM \0\n"
    assert pinner(tmp_path, "pin", "-", "--stdin-filename", "Dockerfile", stdin=binary)[::3] == (3, binary)
    yaml = b"name: nothing\n"
    assert pinner(tmp_path, "pin", "-", "--stdin-filename", "a.yaml", stdin=yaml)[::3] == (0, yaml)


def test_what_the_configuration_excludes_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('exclude = ["vendor/"]\n', "utf-8")
    for command in ("pin", "check"):
        said = pinner(tmp_path, command, "-", "--stdin-filename", "vendor/Dockerfile", stdin=UNPINNED)
        assert (said.status, said.raw) == (0, UNPINNED if command == "pin" else b"")


def test_a_patch_names_the_file(tmp_path: Path) -> None:
    said = pinner(tmp_path, "pin", "-", "--stdin-filename", "a/Dockerfile", "--diff", stdin=b"FROM alpine:3.20\n")
    assert said.stdout.startswith(
        "--- a/a/Dockerfile\n+++ b/a/Dockerfile\n@@ -1 +1 @@\n-FROM alpine:3.20\n+FROM alpine:3.20@"
    )


def test_check_and_list_tell_of_it_under_its_name(tmp_path: Path) -> None:
    arguments = ("-", "--stdin-filename", "sub/Dockerfile", "--format", "json")
    checked = pinner(tmp_path, "check", *arguments, stdin=UNPINNED)
    assert checked.status == 1
    assert [one["mention"]["path"] for one in json.loads(checked.stdout)["findings"]] == ["sub/Dockerfile"] * 2
    listed = json.loads(pinner(tmp_path, "list", *arguments, stdin=UNPINNED).stdout)
    assert [one["reference"] for one in listed["mentions"]] == ["alpine:3.20", "busybox"]
    absolute = ("check", "--stdin-filename", str(tmp_path / "sub" / "Dockerfile"), "-q")
    assert pinner(tmp_path, *absolute, stdin=UNPINNED).stdout.startswith("sub/Dockerfile:1:6: error")


def test_the_repository_around_it_decides_and_the_file_of_its_name_does_not(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "compose.yaml").write_text(
        "services:\n  app:\n    build: {context: app, additional_contexts: {base: ../base}}\n", "utf-8"
    )
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM debian:13\n", "utf-8")
    text = b"FROM base\nCOPY --from=alpine:3.20 /a /a\n"
    listed = pinner(tmp_path, "list", "-", "--stdin-filename", "app/Dockerfile", "--format", "jsonl", stdin=text)
    found = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(one["reference"], one["reason"]) for one in found] == [
        ("base", "replaced"),
        ("alpine:3.20", None),
    ]
    said = pinner(tmp_path, "pin", "-", "--stdin-filename", "app/Dockerfile", stdin=text)
    assert said.raw.startswith(b"FROM base\nCOPY --from=alpine:3.20@sha256:")
    checked = pinner(tmp_path, "check", "-", "--stdin-filename", "app/Dockerfile", "-q", stdin=text)
    assert checked.stdout.count("[PIN001]") == 1
    assert (tmp_path / "app" / "Dockerfile").read_text("utf-8") == "FROM debian:13\n"


def test_the_lock_is_read_and_stays(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    pinner(tmp_path, "lock")
    before = (tmp_path / "pinner.lock").read_bytes()
    said = pinner(tmp_path, "pin", "-", "--stdin-filename", "Dockerfile", stdin=UNPINNED)
    assert (said.status, said.raw.count(b"@sha256:")) == (0, 2)
    assert (tmp_path / "pinner.lock").read_bytes() == before


def test_a_baseline_is_not_told_to_be_old_by_it(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(UNPINNED)
    pinner(tmp_path, "check", "--write-baseline", "known.json")
    said = pinner(
        tmp_path, "check", "--stdin-filename", "Dockerfile", "--baseline", "known.json", stdin=b"FROM scratch\n"
    )
    assert (said.status, "found no more" in said.stderr) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "problem", "hint"),
    [
        (("check", "-"), "nothing tells what kind of file standard input is", "--stdin-filename compose.yaml"),
        (("pin", "-", "--stdin-filename", ""), "nothing tells what kind of file", "--stdin-filename compose.yaml"),
        (("list", "-", "Dockerfile"), "standard input and `Dockerfile` at once", "`./-`"),
        (("check", "a", "--stdin-filename", "b"), "standard input and `a` at once", "`./-`"),
        (("check", "--stdin-filename", "."), "--stdin-filename: `.` is a folder", "name the file in it"),
        (("pin", "-", "--stdin-filename", "notes.txt"), "no format knows `notes.txt`", "what-is-pinned.md"),
        (("check", "-", "--fix", "--stdin-filename", "Dockerfile"), "--fix writes files", "`pinner pin -`"),
        (("check", "--fix", "-"), "--fix writes files", "`pinner pin -`"),
        (("update", "--pr", "--stdin-filename", "Dockerfile"), "--stdin-filename is about files", "--dry-run"),
        (("check", "--stdin"), "no such option: --stdin", "`-` is standard input"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    tmp_path: Path, arguments: tuple[str, ...], problem: str, hint: str
) -> None:
    said = pinner(tmp_path, *arguments, stdin=b"hello\n")
    assert (said.status, said.raw) == (2, b"")
    first, second = said.stderr.splitlines()
    assert problem in first
    assert hint in second


def test_a_runner_that_reads_along_gets_no_command(tmp_path: Path) -> None:
    text = b"FROM alpine:3.20\n::add-mask::x\n"
    context = world(tmp_path, environment={"CI": "true"}, stdin=b"# a\n" + text)
    said = outcome(context, "pin", "-", "--stdin-filename", "Dockerfile")
    assert (said.status, said.raw) == (3, b"")
    assert "the text was not written: a line of it is a command to the CI system" in said.stderr
    assert "hint: send it into a file: `pinner pin - --stdin-filename" in said.stderr


def test_the_process_reads_its_own_standard_input(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "pinner", "check", "-", "--stdin-filename", "Dockerfile")
    ran = subprocess.run(command, cwd=tmp_path, input=UNPINNED, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout.count(b"[PIN001]")) == (1, 2)
    closed = "import os, sys; os.close(0); os.execv(sys.argv[1], sys.argv[1:])"
    ran = subprocess.run((sys.executable, "-c", closed, *command), cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
