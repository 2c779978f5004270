"""Tags that stand apart from their digests, and those that several references share: raised together, or left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tagregistry import TagRegistry
from world import Outcome, outcome, world

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TAGS = ("3.9.1", "3.12.4", "3.12.9", "3.13.7", "4.0.0")
SHORT = ("3.8", "3.9", "3.10")
REGISTRY = TagRegistry({"library/python": TAGS, "library/nginx": ("3.12.4", "3.12.8"), "library/node": SHORT})
OLD, NEW = (REGISTRY.digest("library/python", tag) for tag in ("3.12.4", "3.13.7"))
NODE, NEXT = (REGISTRY.digest("library/node", tag) for tag in ("3.9", "3.10"))
CHART = {"Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n"}
APPLICATION = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\n"
    "spec:\n  source:\n    helm:\n      values: |\n"
)
MATRIX = (
    "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n        py: ['TAG']\n"
    "    container: python:${{ matrix.py }}\n    steps: []\n"
)


def update(folder: Path, files: Mapping[str, str], *more: str) -> Outcome:
    (folder / ".git").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    environment = {"CONTAINERS_REGISTRIES_CONF": "/dev/null", "XDG_CACHE_HOME": str(folder / "cache")}
    context = world(folder, environment=environment)._replace(connect=REGISTRY.connect)
    return outcome(context, "update", "--tags", "minor", *more)


def values(tag: str, digest: str, key: str = "digest", comment: str = "") -> str:
    return f"image:\n  repository: python\n  tag: {tag}{comment}\n  {key}: {digest}\n"


OWN_FIELDS = {
    "helm, digest": ("values.yaml", values("3.12.4", OLD), values("3.13.7", NEW)),
    "helm, quoted": ("values.yaml", values('"3.12.4"', OLD), values('"3.13.7"', NEW)),
    "helm, commented": (
        "values.yaml",
        values("'3.12.4'", OLD, comment=" # here"),
        values("'3.13.7'", NEW, comment=" # here"),
    ),
    "helm, sha": ("values.yaml", values("3.12.4", OLD[7:], "sha"), values("3.13.7", NEW[7:], "sha")),
    "helm, empty": ("values.yaml", values("3.12.4", '""'), values("3.13.7", f'"{NEW}"')),
    "helm, nothing": ("values.yaml", values("3.12.4", "").replace(": \n", ":\n"), values("3.13.7", NEW)),
    "kustomize": (
        "kustomization.yaml",
        f"images:\n- name: python\n  newTag: 3.12.4\n  digest: {OLD}\n",
        f"images:\n- name: python\n  newTag: 3.13.7\n  digest: {NEW}\n",
    ),
    "a number": (
        "values.yaml",
        f"image:\n  repository: node\n  tag: 3.9\n  digest: {NODE}\n",
        f'image:\n  repository: node\n  tag: "3.10"\n  digest: {NEXT}\n',
    ),
    "a number in quotes": (
        "values.yaml",
        f"image: {{repository: node, tag: '3.9', digest: {NODE}}}\n",
        f"image: {{repository: node, tag: '3.10', digest: {NEXT}}}\n",
    ),
    "in a text": (
        "app.yaml",
        APPLICATION + "".join(f"        {line}\n" for line in values("3.12.4", OLD).splitlines()),
        APPLICATION + "".join(f"        {line}\n" for line in values("3.13.7", NEW).splitlines()),
    ),
}


@pytest.mark.parametrize("form", OWN_FIELDS)
def test_a_tag_with_a_field_of_its_own_is_raised_with_the_digest(tmp_path: Path, form: str) -> None:
    name, before, after = OWN_FIELDS[form]
    told = update(tmp_path, {**CHART, name: before}, "--diff")
    assert told.status == 0, told.stderr
    assert (tmp_path / name).read_text() == before
    added = [line[1:] for line in told.stdout.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert added == [line for line in after.splitlines() if line not in before.splitlines()]
    done = update(tmp_path, {})
    assert done.status == 0, done.stderr
    assert (tmp_path / name).read_text() == after
    assert "raised" in done.stdout
    assert update(tmp_path, {}).stdout == ""


def test_a_tag_that_others_read_is_left(tmp_path: Path) -> None:
    text = (
        f"tag: &tag 3.12.4\nimage:\n  repository: python\n  tag: *tag\n  digest: {OLD}\n"
        f"other:\n  image:\n    repository: python\n    tag: *tag\n    digest: {OLD}\n"
    )
    ran = update(tmp_path, {**CHART, "values.yaml": text})
    assert ran.status == 0
    assert (tmp_path / "values.yaml").read_text() == text


def test_a_program_is_told_of_the_change(tmp_path: Path) -> None:
    told = update(tmp_path, {**CHART, "values.yaml": values("3.12.4", OLD)}, "--diff", "--format", "json")
    (finding,) = json.loads(told.stdout)["findings"]
    assert finding["proposed"].endswith(f"python:3.13.7@{NEW}")


SHARED = {
    "twice in a Dockerfile": (
        "Dockerfile",
        f"ARG TAG=3.12.4@{OLD}\nFROM python:$TAG AS a\nFROM python:$TAG\n",
        f"ARG TAG=3.13.7@{NEW}\nFROM python:$TAG AS a\nFROM python:$TAG\n",
    ),
    "a default": (
        "compose.yaml",
        "services:\n  a:\n    image: python:${TAG:-3.12.4}\n",
        f"services:\n  a:\n    image: python:${{TAG:-3.13.7@{NEW}}}\n",
    ),
    "a variable of GitLab's": (
        ".gitlab-ci.yml",
        'variables:\n  TAG: "3.12.4"\na:\n  image: python:$TAG\n  script: [a]\n',
        f'variables:\n  TAG: "3.13.7@{NEW}"\na:\n  image: python:$TAG\n  script: [a]\n',
    ),
    "a matrix": (
        ".github/workflows/a.yml",
        MATRIX.replace("TAG", "3.12.4"),
        MATRIX.replace("TAG", f"3.13.7@{NEW}"),
    ),
    "a .env": (".env", "TAG=3.12.4\n", f"TAG=3.13.7@{NEW}\n"),
}


@pytest.mark.parametrize("form", SHARED)
def test_a_tag_that_several_references_share_is_one_choice(tmp_path: Path, form: str) -> None:
    name, before, after = SHARED[form]
    more = {"compose.yaml": "services:\n  a:\n    image: python:${TAG}\n"} if name == ".env" else {}
    ran = update(tmp_path, {**more, name: before})
    assert ran.status == 0, ran.stderr
    assert (tmp_path / name).read_text() == after


def test_where_one_of_them_stays_all_do(tmp_path: Path) -> None:
    text = f"ARG TAG=3.12.4@{OLD}\nFROM python:$TAG AS a\n# pinner: tags=none the tests need it\nFROM python:$TAG\n"
    ran = update(tmp_path, {"Dockerfile": text})
    assert ran.status == 0, ran.stderr
    assert (tmp_path / "Dockerfile").read_text() == text


def test_two_images_that_share_a_tag_are_told_and_left(tmp_path: Path) -> None:
    text = "ARG V=3.12.4\nFROM python:$V AS a\nFROM nginx:$V\n"
    ran = update(tmp_path, {"Dockerfile": text})
    assert (tmp_path / "Dockerfile").read_text() == text
    assert "arg-conflict" in ran.stderr
    assert "`python:3.12.4` and `nginx:3.12.4`, two images" in ran.stderr
