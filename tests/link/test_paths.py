"""One file has one text in a run, from whichever folder and by whichever way it is reached."""

from __future__ import annotations

import json
import os
import posixpath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import pinner

from pinner.link.paths import Paths
from pinner.scan.discover import Target
from pinner.scan.neighbour_files import paths_of

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.sampled_from(["a", "b", "base", ".."])
FOLDERS = st.lists(NAMES, max_size=4).map("/".join)


@given(st.lists(st.sampled_from(["r", "a", "base"]), min_size=1, max_size=3), FOLDERS, FOLDERS)
def test_a_way_leads_where_the_file_system_would(here: list[str], folder: str, written: str) -> None:
    root = "/" + "/".join(here)
    found = Paths(root).beside(posixpath.join(folder, "file"), posixpath.join(written, "other"))
    there = posixpath.normpath(posixpath.join(root, folder, written, "other"))
    assert posixpath.normpath(posixpath.join(root, found)) == there
    assert found == posixpath.relpath(there, root)


def test_without_a_folder_a_way_out_stays_one() -> None:
    assert Paths().beside("a/x", "../../b") == "../b"
    assert Paths().beside("a/x", "..") == ""
    assert list(Paths().folders("a/b/x")) == ["a/b", "a", ""]


def test_folders_around_are_known_up_to_the_top() -> None:
    assert list(Paths("/r/base").folders("x")) == ["", "..", "../.."]
    assert list(Paths("/r/base").folders("../over/x")) == ["../over", "..", "../.."]
    assert list(Paths("/r").folders("/else/x")) == ["/else", "/"]


@pytest.mark.parametrize(
    ("targets", "here"),
    [
        ([("/r/base/a.yaml", "a.yaml")], "/r/base"),
        ([("/r/over/k.yaml", "../over/k.yaml"), ("/r/base/x/a.yaml", "x/a.yaml")], "/r/base"),
        ([("/r/over/k.yaml", "../over/k.yaml")], "/r/?"),
        ([("/over/k.yaml", "../../over/k.yaml")], "/?/?"),
        ([("/over/k.yaml", "/over/k.yaml")], ""),
        ([], ""),
    ],
)
def test_the_folder_of_a_run_is_told_by_its_files(targets: list[tuple[str, str]], here: str) -> None:
    assert paths_of([Target(file.replace("/", os.sep), path) for file, path in targets]).here == here


POD = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'controller:1'}, {image: 'shop:1'}]}\n"
TREE = {
    ".git/HEAD": "",
    "skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {artifacts: [{image: shop}]}\n",
    "k/base/kustomization.yaml": "resources: [pod.yaml]\n",
    "k/base/pod.yaml": POD,
    "k/prod/kustomization.yaml": "resources: [../base]\nimages: [{name: controller, newName: a.io/app, newTag: v1}]\n",
    "app/Dockerfile": "ARG V=3.12\nFROM python:${V}\n",
    "deploy/compose.yaml": "services: {web: {build: {context: ../app, args: {V: '3.13'}}}}\n",
    "deploy/prod/compose.yaml": "services: {web: {extends: {file: ../compose.yaml, service: web}, image: 'a/web:1'}}\n",
}
UNPINNED = {("deploy/compose.yaml", "python:3.13"), ("k/prod/kustomization.yaml", "a.io/app:v1")}


@pytest.mark.parametrize("folder", ["", "k", "k/base", "k/prod", "deploy", "deploy/prod", "app"])
@pytest.mark.parametrize("command", ["check", "list"])
def test_a_run_says_the_same_from_every_folder(tmp_path: Path, folder: str, command: str) -> None:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    said = json.loads(pinner(tmp_path / folder, command, "--format", "json").stdout)
    mentions = said["mentions"] if command == "list" else [one["mention"] for one in said["findings"]]
    unpinned = {(one["path"], one["reference"]) for one in mentions if one["status"] == "unpinned"}
    from_root = {(posixpath.normpath(posixpath.join(folder, path)), reference) for path, reference in unpinned}
    assert {(path.removeprefix("./"), reference) for path, reference in from_root} == UNPINNED
