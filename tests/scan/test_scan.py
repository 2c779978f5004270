from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pinner.formats import by_name
from pinner.scan.discover import Target
from pinner.scan.scan import read_all

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
    assert (found.path, found.data) == ("0.Dockerfile", b"FROM image0:1\n")
    assert found.format is by_name("dockerfile")
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


def test_a_notebook_may_be_larger_than_other_files(tmp_path: Path) -> None:
    padding = b" " * (11 * 1024 * 1024)
    (tmp_path / "a.ipynb").write_bytes(b"{}" + padding)
    (tmp_path / "a.py").write_bytes(padding)
    targets = [Target(str(tmp_path / name), name) for name in ("a.ipynb", "a.py")]
    notebook, module = read_all(targets)
    assert notebook.error is None
    assert module.error is not None
