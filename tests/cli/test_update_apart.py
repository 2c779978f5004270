"""Tags that stand apart from their digests, and those that several references share: raised together, or left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tagregistry import TagRegistry
from world import Outcome, outcome, world

from pinner.checks.encoding import decode, encode
from pinner.formats.dockerfile import locate
from pinner.model import Document, SkippedOccurrence, Span, TagPart

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TAGS = ("3.9.1", "3.12.4", "3.12.8", "3.12.9", "3.13.5", "3.13.7", "4.0.0")
SLIM = ("3.12.4-slim", "3.12.8-slim", "3.13.5-slim")
SHORT = ("3.8", "3.9", "3.10")
REGISTRY = TagRegistry({"library/python": TAGS + SLIM, "library/nginx": ("3.12.4", "3.12.8"), "library/node": SHORT})
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


def test_two_images_that_share_a_tag_are_told(tmp_path: Path) -> None:
    text = "ARG V=3.12.4\nFROM python:$V AS a\nFROM nginx:$V\n"
    ran = update(tmp_path, {"Dockerfile": text})
    assert "arg-conflict" in ran.stderr
    assert "`python:3.12.4` and `nginx:3.12.4`, two images" in ran.stderr


PARTS = {
    "in the middle": ("ARG V=3.12.4\nFROM python:$V-slim\n", "ARG V=3.13.5\nFROM python:$V-slim\n"),
    "in quotes": ('ARG V="3.12.4"\nFROM python:${V}-slim\n', 'ARG V="3.13.5"\nFROM python:${V}-slim\n'),
    "whole and in the middle": (
        "ARG V=3.12.4\nFROM python:$V AS a\nFROM python:$V-slim\n",
        "ARG V=3.13.5\nFROM python:$V AS a\nFROM python:$V-slim\n",
    ),
    "two images, what both have": (
        "ARG V=3.12.4\nFROM python:$V AS a\nFROM nginx:$V\n",
        "ARG V=3.12.8\nFROM python:$V AS a\nFROM nginx:$V\n",
    ),
    "before another variable": (
        "ARG V=3.12.4\nARG OS=slim\nFROM python:$V-$OS\n",
        "ARG V=3.13.5\nARG OS=slim\nFROM python:$V-$OS\n",
    ),
    "a version of two": (
        "ARG MAJOR=3\nARG MINOR=12.4\nFROM python:${MAJOR}.${MINOR}-slim\n",
        "ARG MAJOR=3\nARG MINOR=13.5\nFROM python:${MAJOR}.${MINOR}-slim\n",
    ),
    "the minor number alone": ("ARG V=12.4\nFROM python:3.$V-slim\n", "ARG V=13.5\nFROM python:3.$V-slim\n"),
}
LEFT = {
    "no list is asked for": "ARG V=0a1b2c3\nFROM python:$V-slim\n",
    "a stage takes it over": "ARG V=3.12.4\nFROM python:$V-slim\nARG V\nRUN pip install x==$V\n",
    "a stage's name": "ARG V=3.12.4\nFROM python:$V-slim AS base-3.12.4\nFROM base-$V\n",
    "a registry's name": "ARG V=3.12.4\nFROM python:$V-slim\nFROM host-$V.example/x:1\n",
    "a platform": "ARG V=3.12.4\nFROM --platform=linux/arm64/$V python:$V-slim\n",
    "another argument": "ARG V=3.12.4\nARG TAG=$V-x\nFROM python:$V-slim\nFROM scratch\n",
    "a pattern": "ARG V=3.12.4\nFROM python:$V-slim AS a\nFROM python:${V%.*}-slim\n",
    "put together": "ARG A=3.12\nARG V=$A.4\nFROM python:$V-slim\n",
    "no default": "ARG V\nFROM python:$V-slim\n",
    "no image has it": "ARG V=3.12.4\nFROM python:$V-slim AS a\nFROM node:$V\n",
    "told to stay": "ARG V=3.12.4\nFROM python:$V-slim AS a\n# pinner: tags=none the tests need it\nFROM python:$V\n",
    "ignored": "ARG V=3.12.4\n# pinner: ignore it is ours\nFROM python:$V-slim\n",
    "no version": "ARG V=slim\nFROM python:$V-3.12.4\n",
    "held to a digest": f"ARG V=3.12.4\nFROM python:$V-slim@{OLD}\n",
}


@pytest.mark.parametrize("form", PARTS)
def test_a_default_that_is_a_part_of_tags_is_raised_for_all_of_them(tmp_path: Path, form: str) -> None:
    before, after = PARTS[form]
    ran = update(tmp_path, {"Dockerfile": before})
    assert ran.status == 0, ran.stderr
    assert (tmp_path / "Dockerfile").read_text() == after
    assert "raised python:3.12.4" in ran.stdout
    assert "where no digest can stand" in ran.stdout
    assert f"raised {before.count('FROM')} reference" in ran.stderr
    assert update(tmp_path, {}).stdout == ""


@pytest.mark.parametrize("form", LEFT)
def test_a_default_that_something_else_reads_is_left(tmp_path: Path, form: str) -> None:
    ran = update(tmp_path, {"Dockerfile": LEFT[form]})
    assert ran.status == 0, ran.stderr
    text = (tmp_path / "Dockerfile").read_text()
    assert [line for line in text.splitlines() if "ARG" in line] == [
        line for line in LEFT[form].splitlines() if "ARG" in line
    ]


COMPOSE_PARTS = {
    "a default": ("python:${V:-3.12.4}-slim", "python:${V:-3.13.5}-slim"),
    "one default in another": ("python:${A:-${V:-3.12.4}}-slim", "python:${A:-${V:-3.13.5}}-slim"),
    "the end of a default": ("python:${V:-3.${W:-12.4}}-slim", "python:${V:-3.${W:-13.5}}-slim"),
    "a name in front": (
        "${R:-docker.io}/library/python:${V-3.12.4}-slim",
        "${R:-docker.io}/library/python:${V-3.13.5}-slim",
    ),
}
COMPOSE_LEFT = {
    "no reference": "services: {a: {image: 'Python:${V:-3.12.4}-slim'}}\n",
    "no default": "services: {a: {image: 'python:${V}-slim'}}\n",
    "read as something else": "services:\n  a:\n    image: &i python:${V:-3.12.4}-slim\n    environment: {X: *i}\n",
    "in the name": "services: {a: {image: 'python${V:-3.12.4}:3.12.4-slim'}}\n",
}


@pytest.mark.parametrize("form", COMPOSE_PARTS)
def test_a_default_of_compose_that_is_a_part_of_a_tag_is_raised(tmp_path: Path, form: str) -> None:
    before, after = COMPOSE_PARTS[form]
    ran = update(tmp_path, {"compose.yaml": f"services:\n  a:\n    image: {before}\n"})
    assert ran.status == 0, ran.stderr
    assert (tmp_path / "compose.yaml").read_text() == f"services:\n  a:\n    image: {after}\n"


@pytest.mark.parametrize("form", COMPOSE_LEFT)
def test_a_default_of_compose_that_is_no_version_of_its_own_is_left(tmp_path: Path, form: str) -> None:
    ran = update(tmp_path, {"compose.yaml": COMPOSE_LEFT[form]})
    assert ran.status == 0, ran.stderr
    assert (tmp_path / "compose.yaml").read_text() == COMPOSE_LEFT[form]


@pytest.mark.parametrize("value", ["3.12.4", "3.9.1"])
def test_a_default_that_another_file_gives_a_value_is_left(tmp_path: Path, value: str) -> None:
    dockerfile = "ARG V=3.12.4\nFROM python:$V-slim\n"
    compose = f"services:\n  a:\n    build: {{context: ., args: {{V: '{value}'}}}}\n"
    both = "services:\n  b:\n    image: python:${V:-3.12.4}-slim\n"
    files = {"Dockerfile": dockerfile, "compose.yaml": compose, "b/compose.yaml": both, "b/.env": f"V={value}\n"}
    ran = update(tmp_path, files)
    assert ran.status == 0, ran.stderr
    assert {name: (tmp_path / name).read_text() for name in files} == files


def test_what_is_left_out_keeps_the_text_for_all(tmp_path: Path) -> None:
    text = "ARG V=3.12.4\nFROM python:$V AS a\nFROM nginx:$V\n"
    for more in (("--only", "python"), ("--exclude", "nginx")):
        ran = update(tmp_path, {"Dockerfile": text}, *more)
        assert ran.status == 0, ran.stderr
        assert (tmp_path / "Dockerfile").read_text() == text
    (tmp_path / "pinner.toml").write_text('[images]\nexclude = ["nginx"]\n')
    assert update(tmp_path, {"Dockerfile": text}).status == 0
    assert (tmp_path / "Dockerfile").read_text() == text


def test_why_a_shared_text_stays_is_said_when_asked(tmp_path: Path) -> None:
    text = "ARG V=3.12.4\nFROM python:$V AS a\nFROM node:$V\n"
    ran = update(tmp_path, {"Dockerfile": text}, "-v")
    assert "V: one text for all of them: python:3.12.4 could have 3.13.7, node:3.12.4 has nothing newer" in ran.stderr
    registry = TagRegistry(REGISTRY.tags, platforms={"3.12.8": ("linux/amd64",)})
    environment = {"CONTAINERS_REGISTRIES_CONF": "/dev/null", "XDG_CACHE_HOME": str(tmp_path / "other")}
    (tmp_path / "Dockerfile").write_text("ARG V=3.12.4\nFROM python:$V AS a\nFROM nginx:$V\n")
    context = world(tmp_path, environment=environment)._replace(connect=registry.connect)
    ran = outcome(context, "update", "--tags", "minor", "-v")
    assert "V: python:3.12.4: 3.12.8: it is not there for linux/arm64" in ran.stderr


def test_a_list_that_cannot_be_had_is_an_error(tmp_path: Path) -> None:
    ran = update(tmp_path, {"Dockerfile": "ARG V=3.12.4\nFROM unknown:$V-slim\n"})
    assert ran.status == 3
    assert "unknown" in ran.stderr


def test_the_lock_has_nothing_of_a_tag_without_a_digest(tmp_path: Path) -> None:
    (tmp_path / "pinner.lock").write_text('{"version": 1, "images": {}, "sources": {}}')
    text = f"ARG V=3.12.4\nFROM python:$V-slim AS a\nFROM node:3.9@{NODE}\n"
    ran = update(tmp_path, {"Dockerfile": text})
    assert ran.status == 0, ran.stderr
    assert "python:$V-slim" in (tmp_path / "Dockerfile").read_text()
    assert "ARG V=3.13.5" in (tmp_path / "Dockerfile").read_text()
    assert list(json.loads((tmp_path / "pinner.lock").read_text())["images"]) == ["docker.io/library/node:3.10"]


def test_a_text_that_is_a_part_of_a_tag_is_remembered_by_checks() -> None:
    located = locate(Document("Dockerfile", b"ARG V=3.12.4\nFROM python:3.$V-slim\n"))
    assert located is not None
    (place,) = located.places
    assert isinstance(place, SkippedOccurrence)
    assert place.part == TagPart(Span(6, 12), 2, "V")
    assert decode(encode(place)) == place


def test_the_values_of_a_matrix_stay_several(tmp_path: Path) -> None:
    two = MATRIX.replace("'TAG'", "'3.12.4', '3.13.5'")
    ran = update(tmp_path, {".github/workflows/a.yml": two})
    assert ran.status == 0, ran.stderr
    text = (tmp_path / ".github/workflows/a.yml").read_text()
    assert f"'3.12.4@{OLD}', '3.13.5@" in text
    (tmp_path / "pinner.toml").write_text('[update.image."python"]\ntags = "patch"\n')
    ran = update(tmp_path, {".github/workflows/a.yml": two})
    text = (tmp_path / ".github/workflows/a.yml").read_text()
    assert "'3.12.9@" in text
    assert "'3.13.7@" in text
