"""``check`` beside a lock, and what a check without one may cost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from locks import NGINX, digest, entry, lock
from world import pinner

import pinner as api
from pinner.lockfile.render import render_lock

if TYPE_CHECKING:
    from pathlib import Path

HELD = lock({NGINX: entry("n")}, {"Dockerfile": (NGINX,)})


def project(folder: Path, word: str = "n") -> Path:
    (folder / "Dockerfile").write_text(f"FROM nginx:1.27@{digest(word)}\n", "utf-8")
    (folder / "pinner.lock").write_bytes(render_lock(HELD))
    return folder


def test_agreement_is_said(tmp_path: Path) -> None:
    done = pinner(project(tmp_path), "check")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr == "the one reference is pinned (1 file); pinner.lock agrees\n"


def test_disagreement_fails_the_check_without_a_path_and_with_one(tmp_path: Path) -> None:
    for paths in ((), ("Dockerfile",), (".",)):
        done = pinner(project(tmp_path, "m"), "check", *paths)
        assert done.status == 1
        assert done.stdout.startswith(
            f"Dockerfile:1:6: error: `nginx:1.27` is {str(digest('m'))[:19]}… here and sha256:"
        )
        assert done.stderr.endswith("; pinner.lock disagrees in 1 place\n")


def test_what_the_lock_has_too_much_is_said_only_without_a_path(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    assert pinner(tmp_path, "check", "Dockerfile").status == 0
    done = pinner(tmp_path, "check")
    assert done.status == 1
    assert [line.split(": ")[0] for line in done.stdout.splitlines() if "PIN004" in line] == [
        "pinner.lock:3:5",
        "pinner.lock:18:5",
    ]


@pytest.mark.parametrize("format_", ["json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown", "rdjsonl"])
def test_every_format_can_show_a_place_in_the_lock(tmp_path: Path, format_: str) -> None:
    project(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    done = pinner(tmp_path, "check", "--format", format_)
    assert done.status == 1
    assert "pinner.lock" in done.stdout
    assert "internal error" not in done.stderr


def test_a_rule_that_is_off_claims_nothing(tmp_path: Path) -> None:
    project(tmp_path, "m")
    (tmp_path / "pinner.toml").write_text('[rules]\nPIN004 = "off"\n', "utf-8")
    assert pinner(tmp_path, "check").stderr == "the one reference is pinned (1 file)\n"


def test_a_lock_s_merge_conflict_is_said_with_its_line(tmp_path: Path) -> None:
    path = project(tmp_path) / "pinner.lock"
    path.write_bytes(path.read_bytes().replace(b"  },\n", b"  },\n<<<<<<< ours\n=======\n>>>>>>> theirs\n"))
    done = pinner(tmp_path, "check")
    assert done.status == 2
    assert done.stderr.startswith("error: pinner.lock:")
    assert "has merge conflicts" in done.stderr


def test_the_library_s_check_looks_into_the_lock_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(tmp_path, "m"))
    assert [finding.rule.id for finding in api.check()] == ["PIN004"]


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    path = project(tmp_path, "m") / "pinner.lock"
    os.utime(path, (1, 1))
    pinner(tmp_path, "check")
    assert path.stat().st_mtime == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Dockerfile", "pinner.lock"]
