"""Nothing is written outside of the repository, whatever links the tree brings, nor into git's own folder."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from world import outcome, world

from pinner.errors import InputError
from pinner.files import refuse_outside

if TYPE_CHECKING:
    from pathlib import Path

    from world import Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")

DOCKERFILE = "FROM nginx:1.27\n"
CONFIG = "[core]\n"


@pytest.fixture(params=["repository", "plain folder"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A tree that links out of itself, and what lies there."""
    root, outside = tmp_path / "tree", tmp_path / "outside"
    for folder in (root, outside):
        folder.mkdir()
        (folder / "Dockerfile").write_text(DOCKERFILE)
    if request.param == "repository":
        (root / ".git").mkdir()
        (root / ".git" / "config").write_text(CONFIG)
    (outside / "precious").write_text("mine")
    (outside / ".git").mkdir()  # a repository of its own
    (outside / ".git" / "config").write_text(CONFIG)
    (root / "folder").symlink_to("../outside")
    (root / "named.Dockerfile").symlink_to("../outside/Dockerfile")
    return root


def inside(tree: Path, *arguments: str) -> Outcome:
    said = outcome(world(tree), *arguments)
    outside = tree.parent / "outside"
    assert (outside / "Dockerfile").read_text() == DOCKERFILE
    assert (outside / "precious").read_text() == "mine"
    assert (outside / ".git" / "config").read_text() == CONFIG
    assert sorted(os.listdir(outside)) == [".git", "Dockerfile", "precious"]  # noqa: PTH208 - the names alone
    if (tree / ".git").exists():
        assert (tree / ".git" / "config").read_text() == CONFIG
    return said


OUTPUTS = {
    "../outside/precious": "report.sarif: error: is a link to `{outside}/precious`, outside of the repository",
    "../outside/new": "report.sarif: error: is a link to `{outside}/new`, outside of the repository",
    "folder/precious": "report.sarif: error: is a link to `{outside}/precious`, outside of the repository",
}


@pytest.mark.parametrize("target", OUTPUTS)
def test_a_report_does_not_go_through_a_link_out(tree: Path, target: str) -> None:
    (tree / "report.sarif").symlink_to(target)
    said = inside(tree, "check", "--output", "report.sarif")
    assert said.status == 1  # findings outweigh
    assert OUTPUTS[target].format(outside=tree.parent / "outside") in said.stderr
    assert "  hint: name what it leads to, if that is meant\n" in said.stderr
    assert inside(tree, "check", "--exit-zero", "--output", "report.sarif").status == 3


def test_a_report_does_not_go_into_a_folder_out(tree: Path) -> None:
    said = inside(tree, "check", "--output", "folder/new.sarif")
    assert f"leads through the link `folder` to `{tree.parent}/outside`, outside of the repository" in said.stderr


@pytest.mark.parametrize("command", [("lock",), ("update",)])
def test_a_lock_does_not_go_through_a_link_out(tree: Path, command: tuple[str, ...]) -> None:
    (tree / "pinner.lock").symlink_to("../outside/precious")
    assert inside(tree, *command).status != 0
    (tree / "pinner.lock").unlink()
    (tree / "pinner.lock").symlink_to("../outside/new.lock")
    assert inside(tree, *command).status != 0


def test_a_lock_elsewhere_is_not_rewritten(tree: Path) -> None:
    elsewhere = tree.parent / "elsewhere.lock"
    assert inside(tree, "lock").status == 0
    (tree / "pinner.lock").rename(elsewhere)
    (tree / "pinner.lock").symlink_to("../elsewhere.lock")
    before = elsewhere.read_bytes()
    (tree / "new.Dockerfile").write_text("FROM alpine:3.20\n")
    said = inside(tree, "lock")
    assert said.status == 3
    assert f"is a link to `{elsewhere}`, outside of the repository" in said.stderr
    assert elsewhere.read_bytes() == before


@pytest.mark.parametrize("path", ["named.Dockerfile", "folder", "folder/Dockerfile", "../tree/folder/Dockerfile"])
def test_what_is_named_and_a_link_out_is_not_changed(tree: Path, path: str) -> None:
    said = inside(tree, "pin", path)
    assert said.status == 3
    assert f"`{tree.parent}/outside" in said.stderr
    # To look is no harm.
    assert inside(tree, "check", path).status == 1


def test_an_export_does_not_go_through_a_link_out(tree: Path) -> None:
    assert inside(tree, "lock").status == 0
    (tree / "policy.json").symlink_to("../outside/precious")
    assert inside(tree, "export", "source-policy", "--output", "policy.json").status == 3


@pytest.mark.parametrize("link", [None, ".git/config", ".git"])
def test_nothing_goes_into_gits_own_folder(tree: Path, link: str | None) -> None:
    if not (tree / ".git").exists():
        pytest.skip("there is none")
    where = ".git/config" if link is None else "x.json" if link.endswith("config") else "x/config"
    if link is not None:
        (tree / where.split("/", maxsplit=1)[0]).symlink_to(link)
    said = inside(tree, "check", "--exit-zero", "--format=json", "--output", where)
    assert said.status == 3
    assert f"is git's own (`{tree}/.git/config`) and was left alone" in said.stderr


def test_links_that_stay_inside_are_followed(tree: Path) -> None:
    (tree / "a").mkdir()
    (tree / "b").symlink_to("a")
    (tree / "report.md").symlink_to("b/real.md")
    assert inside(tree, "check", "--exit-zero", "--output", "report.md").status == 0
    assert (tree / "a" / "real.md").read_text().startswith("### pinner")
    (tree / "a" / "Dockerfile").write_text(DOCKERFILE)
    assert inside(tree, "pin", "b/Dockerfile").status == 0
    assert "@sha256:" in (tree / "a" / "Dockerfile").read_text()


def test_what_the_user_names_elsewhere_is_meant(tree: Path) -> None:
    out = tree.parent / "reports"
    out.mkdir()
    (tree.parent / "short").symlink_to("reports")
    assert inside(tree, "check", "--exit-zero", "--output", "../short/x.json").status == 0
    assert inside(tree, "check", "--exit-zero", "--output", str(out / "y.json")).status == 0
    assert sorted(os.listdir(out)) == ["x.json", "y.json"]  # noqa: PTH208 - the names alone


def test_a_repository_may_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real" / ".git").mkdir(parents=True)
    (tmp_path / "real" / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "here").mkdir()
    (tmp_path / "alias").symlink_to("real")
    assert outcome(world(tmp_path / "here"), "pin", "../alias/Dockerfile").status == 0
    assert "@sha256:" in (tmp_path / "real" / "Dockerfile").read_text()


def test_the_current_folder_counts_where_no_other_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to("../there")
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError, match="outside of the repository"):
        refuse_outside(str(tmp_path / "here" / "link"))
    refuse_outside(str(tmp_path / "here" / ".." / "here" / "file"))


def test_a_fifo_that_nobody_reads_does_not_block_a_report(tree: Path) -> None:
    os.mkfifo(tree / "out.json")
    said = outcome(world(tree), "check", "--exit-zero", "--output", "out.json")
    assert said.status == 3
    assert "out.json: error: cannot be written: no such device or address" in said.stderr


def test_a_fifo_that_somebody_reads_gets_it_all(tree: Path) -> None:
    os.mkfifo(tree / "out.json")
    reader = os.open(tree / "out.json", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert outcome(world(tree), "check", "--exit-zero", "--output", "out.json").status == 0
        assert os.read(reader, 65536).startswith(b"{")
    finally:
        os.close(reader)
