"""What other files of the repository decide: told by every check, of all files or of a few that are named."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from world import world

from pinner.__main__ import main
from pinner.checks.linked_files import WORTH_A_PROCESS
from pinner.checks.one_file import conditions_for
from pinner.checks.run import examine_all
from pinner.config import Settings
from pinner.scan.discover import Target, discover

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'1' * 64}"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: a\n    image: {}\n"
EMPTY_LOCK = '{"version": 1, "images": {}, "sources": {}}\n'
TODAY = date(2026, 11, 1)
# Each says that `app` of pod.yaml, or of deploy/pod.yaml, is not what its file says.
DECIDERS = {
    "an overlay": {
        "base/kustomization.yaml": "resources: [pod.yaml]\n",
        "base/pod.yaml": POD.format("app"),
        "prod/kustomization.yaml": "resources: [../base]\nimages: [{name: app, newName: ghcr.io/me/app, newTag: v1}]\n",
    },
    "an overlay of an overlay": {
        "base/Kustomization": "resources: [pod.yaml]\n",
        "base/pod.yaml": POD.format("app"),
        "mid/kustomization.yml": "resources: [../base]\n",
        "top/kustomization.yaml": "resources: [../mid]\nimages: [{name: app, newName: ghcr.io/me/app, newTag: v1}]\n",
    },
    "a transformer in a file": {
        "kustomization.yaml": "resources: [base/pod.yaml]\ntransformers: [tag.yaml]\n",
        "base/pod.yaml": POD.format("app:1"),
        "tag.yaml": "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: t}\n"
        "imageTag: {name: app, newTag: '2'}\n",
    },
    "skaffold": {
        "skaffold.yaml": "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n  artifacts:\n  - image: app\n",
        "base/pod.yaml": POD.format("app"),
    },
    "kbld": {
        "images.yml": "apiVersion: kbld.k14s.io/v1alpha1\nkind: Config\nsources:\n- image: app\n  path: src\n",
        "base/pod.yaml": POD.format("app"),
    },
}


@pytest.fixture(params=DECIDERS)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    for name, text in DECIDERS[request.param].items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


def check(folder: Path, *arguments: str) -> list[tuple[str, str]]:
    """Return path and rule of each finding; nothing is remembered."""
    context = world(folder)
    main(["--no-cache", "check", "--format", "json", *arguments], context=context)
    assert isinstance(context.stdout.raw, BytesIO)
    report = json.loads(context.stdout.raw.getvalue())
    return [(finding["mention"]["path"], finding["rule"]) for finding in report["findings"]]


def test_a_name_that_another_file_decides_is_no_finding(tree: Path) -> None:
    assert ("base/pod.yaml", "PIN001") not in check(tree)


def test_a_lock_changes_nothing_of_it(tree: Path) -> None:
    before = [one for one in check(tree) if one[0] == "base/pod.yaml"]
    (tree / "pinner.lock").write_text(EMPTY_LOCK)
    assert [one for one in check(tree) if one[0] == "base/pod.yaml"] == before == []


@pytest.mark.parametrize("folder", ["", "base", "base/"])
def test_of_a_part_the_same_is_said_as_of_the_whole(tree: Path, folder: str) -> None:
    name = folder or "base/pod.yaml"
    assert check(tree, name) == [one for one in check(tree) if one[0].startswith("base/")]


def test_what_is_excluded_decides_nothing(tree: Path) -> None:
    (tree / "pinner.toml").write_text('exclude = ["prod", "top", "tag.yaml", "skaffold.yaml", "images.yml"]\n')
    assert ("base/pod.yaml", "PIN001") in check(tree)
    assert ("base/pod.yaml", "PIN001") in check(tree, "base/pod.yaml")


def test_a_digest_that_an_overlay_drops_is_void_in_a_clean_file(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format(f"app:1@{DIGEST}"))
    assert check(tmp_path) == []
    (tmp_path / "kustomization.yaml").write_text("resources: [pod.yaml]\nimages: [{name: app, newTag: '2'}]\n")
    assert ("pod.yaml", "PIN009") in check(tmp_path)
    assert check(tmp_path, "pod.yaml") == [("pod.yaml", "PIN009")]


def test_files_that_are_read_for_what_they_say_are_not_reported(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format("app:1"))
    (tmp_path / "kustomization.yaml").write_text("# pinner: ignroe\nimages: [{name: other, newTag: '2'}]\n")
    (tmp_path / "broken.yaml").write_text("kind: ImageTagTransformer\napiVersion: [\n")
    (tmp_path / "skaffold.yaml").write_bytes(b"skaffold\0")
    context = world(tmp_path)
    assert main(["--no-cache", "check", "pod.yaml"], context=context) == 1
    assert isinstance(context.stderr.raw, BytesIO)
    assert isinstance(context.stdout.raw, BytesIO)
    assert b"kustomization" not in context.stderr.raw.getvalue()
    said = context.stdout.raw.getvalue() + context.stderr.raw.getvalue()
    assert b"broken" not in said
    assert b"skaffold" not in said


def test_other_formats_ask_nobody(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3\n")
    (tmp_path / "notes.yaml").write_text("a: b\n")

    def around() -> list[Target]:
        raise AssertionError

    for name in ("Dockerfile", "notes.yaml"):
        [one] = examine_all(
            [Target(str(tmp_path / name), name, named=True)], conditions_for(Settings(), TODAY), around=around
        )
        assert one.error is None


def test_a_file_that_has_changed_by_the_second_look_is_located_again(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format("app:1"))
    (tmp_path / "kustomization.yaml").write_text("resources: [pod.yaml]\nimages: [{name: app, newTag: '2'}]\n")
    targets = discover((), Settings(), str(tmp_path), os.environ)

    def around() -> list[Target]:
        (tmp_path / "pod.yaml").write_text(f"# longer\n{POD.format('other:1')}")
        return targets

    found = {one.path: one for one in examine_all(targets, conditions_for(Settings(), TODAY), around=around)}
    assert [one.place.line for one in found["pod.yaml"].findings] == [8]


def test_what_is_remembered_of_other_files_is_not_judged_anew_for_a_dotenv(tmp_path: Path) -> None:
    """A ``.env`` is remembered nowhere; what is said of it and of all others stays the same in each run."""
    (tmp_path / ".git").mkdir()
    for index in range(60):
        folder = tmp_path / f"app{index}"
        folder.mkdir()
        (folder / "compose.yaml").write_text("services:\n  web: {image: 'nginx:${TAG:-1}'}\n  a: {build: .}\n")
        (folder / "Dockerfile").write_text("FROM alpine:3\n")
    (tmp_path / "app7" / ".env").write_text("TAG=1.27\n")
    said = []
    for _ in range(2):
        context = world(tmp_path)
        main(["check", "--format", "json"], context=context)
        assert isinstance(context.stdout.raw, BytesIO)
        said.append(context.stdout.raw.getvalue())
    assert said[0] == said[1]
    assert b"app7/.env" in said[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks cheaply and safely")
def test_second_looks_are_shared_out(tmp_path: Path) -> None:
    number = 2 * WORTH_A_PROCESS
    for index in range(number):
        (tmp_path / f"pod{index:03}.yaml").write_text(POD.format(f"app:{index}"))
    listed = ", ".join(f"pod{index:03}.yaml" for index in range(number))
    (tmp_path / "kustomization.yaml").write_text(f"resources: [{listed}]\nimages: [{{name: app, newTag: v2}}]\n")
    targets = discover((), Settings(), str(tmp_path), os.environ)
    alone = examine_all(targets, conditions_for(Settings(), TODAY), processes=1)
    assert sum(len(one.findings) for one in alone) == 1
    assert examine_all(targets, conditions_for(Settings(), TODAY), processes=2) == alone
