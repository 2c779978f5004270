from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pinner.discover import Target
from pinner.model import Mention
from pinner.reading import WORTH_A_PROCESS, read_all

if TYPE_CHECKING:
    from pathlib import Path


def tree(folder: Path, number: int) -> list[Target]:
    targets = []
    for position in range(number):
        file = folder / f"{position}.Dockerfile"
        file.write_text(f"FROM image{position}:1\n")
        targets.append(Target(str(file), file.name))
    return targets


def test_what_comes_of_a_file(tmp_path: Path) -> None:
    targets = tree(tmp_path, 1)
    (tmp_path / "notes.yaml").write_text("a: b\n")
    missing = tmp_path / "missing"
    extra = [Target(str(tmp_path / "notes.yaml"), "notes.yaml"), Target(str(missing), "missing")]
    found, notes, gone = read_all([*targets, *extra])
    assert (found.path, found.format, found.data) == ("0.Dockerfile", "dockerfile", b"FROM image0:1\n")
    assert (notes.format, notes.located, notes.error) == (None, None, None)
    assert gone.error is not None
    assert gone.located is None


@pytest.mark.parametrize("name", ["bad.py", "dockerfile.abi3.so"])
def test_of_binary_files_that_a_walk_comes_upon_those_that_could_be_nothing_are_passed_over(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_bytes(b"import docker\0")
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_bytes(b"FROM a\0")
    walked, asked_for, lost = read_all(
        [Target(str(file), name), Target(str(file), name, named=True), Target(str(dockerfile), "Dockerfile")]
    )
    assert walked.error is None
    assert asked_for.error is not None
    assert lost.error is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks cheaply and safely")
def test_several_processes_say_what_one_says(tmp_path: Path) -> None:
    targets = tree(tmp_path, 2 * WORTH_A_PROCESS + 7)
    targets[5] = Target(str(tmp_path / "missing"), "missing")
    shared = read_all(targets, processes=2)
    alone = read_all(targets, processes=1)
    assert [reading._replace(error=None) for reading in shared] == [reading._replace(error=None) for reading in alone]
    error, same = shared[5].error, alone[5].error
    assert error is not None
    assert same is not None
    assert (type(error), error.message, error.hint) == (type(same), same.message, same.hint)


def test_order_is_kept(tmp_path: Path) -> None:
    targets = tree(tmp_path, 2 * WORTH_A_PROCESS)
    names = []
    for reading in read_all(targets):
        assert reading.located is not None
        [place] = reading.located.places
        assert isinstance(place, Mention)
        names.append(str(place.reference))
    assert names == [f"image{position}:1" for position in range(len(targets))]


def test_a_notebook_may_be_larger_than_other_files(tmp_path: Path) -> None:
    padding = b" " * (11 * 1024 * 1024)
    (tmp_path / "a.ipynb").write_bytes(b"{}" + padding)
    (tmp_path / "a.py").write_bytes(padding)
    targets = [Target(str(tmp_path / name), name) for name in ("a.ipynb", "a.py")]
    notebook, module = read_all(targets)
    assert notebook.error is None
    assert module.error is not None
