"""The compose override: merged over the project it gives each pulled service its digest, and changes nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from exporting import AMD64, ARM64, OTHER, asked, digest

from pinner.errors import ConfigError
from pinner.export.compose_override import export

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.export.base import Export


def _compose() -> list[str]:
    """Return the command of compose 2, empty where it is not installed."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            version = subprocess.run([*command, "version", "--short"], check=False, capture_output=True, text=True)
            if version.returncode == 0 and not version.stdout.startswith("1."):
                return command
    return []


COMPOSE = _compose()


def services(made: Export) -> dict[str, str]:
    """Return the image of each service of the override, which must say nothing else."""
    content: dict[str, Any] = yaml.safe_load(made.text)
    assert set(content) == {"services"}
    assert all(set(service) == {"image"} for service in content["services"].values())
    found = {name: service["image"] for name, service in content["services"].items()}
    assert made.images == len(found)
    return found


def pinned(name: str) -> str:
    return f"{name}@{digest(name)}"


def one(text: str, *names: str, **more: Any) -> Export:
    return export(asked({"compose.yaml": text}, *names, **more))


def test_each_service_gets_its_image_with_the_digest_and_latest_where_there_was_no_tag() -> None:
    made = one("services:\n  web: {image: nginx:1.27}\n  cache:\n    image: redis\n", "nginx:1.27", "redis")
    assert services(made) == {"cache": f"redis:latest@{digest('redis')}", "web": pinned("nginx:1.27")}
    assert (made.problems, made.notes) == ((), ())


@pytest.mark.parametrize("name", ["on", "no", "1", "a.b_c-d", "null"])
def test_names_that_yaml_would_take_for_something_else_stay_names(name: str) -> None:
    assert services(one(f"services:\n  '{name}': {{image: nginx:1}}\n", "nginx:1")) == {name: pinned("nginx:1")}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("nginx:${TAG:-1.27}", "nginx:${TAG:-1.27@DIGEST}"),
        ("${IMAGE:-nginx:1.27}", "${IMAGE:-nginx:1.27@DIGEST}"),
        ("${REGISTRY:-docker.io}/nginx:1.27", None),
        ("nginx:${TAG}", None),
        ("nginx:1.${MINOR:-27}-x", None),
        ("${A-nginx:${B-1.27}}", "${A-nginx:${B-1.27@DIGEST}}"),
    ],
)
def test_variables_are_heeded_as_before(written: str, expected: str | None) -> None:
    made = one(f"services: {{web: {{image: '{written}'}}}}\n", "nginx:1.27")
    said = {} if expected is None else {"web": expected.replace("DIGEST", str(digest("nginx:1.27")))}
    assert services(made) == said


def test_a_scalar_in_any_style_is_read_as_compose_reads_it() -> None:
    text = 'services:\n  a:\n    image: >-\n      nginx:1\n  b: {image: "nginx\\x3a1"}\n  c: {image: !!str nginx:1}\n'
    assert services(one(text, "nginx:1")) == dict.fromkeys("abc", pinned("nginx:1"))


def test_anchors_aliases_and_merged_keys_count_for_each_service() -> None:
    text = "x-base: &base {image: &i nginx:1}\nservices:\n  a: {<<: *base}\n  b: *base\n  c: {image: *i}\n"
    assert services(one(text, "nginx:1")) == dict.fromkeys("abc", pinned("nginx:1"))


def test_what_is_built_or_never_pulled_is_left_out() -> None:
    text = (
        "services:\n  app: {build: ., image: app:1}\n  same: {image: app:1}\n  child: {extends: app}\n"
        "  local: {image: 'mine:1', pull_policy: never}\n  mine: {extends: web, build: ., image: 'mine:2'}\n"
        "  idle: {extends: web, pull_policy: build}\n"
        "  web: {image: nginx:1}\n  none: {build: .}\n  kept: {extends: {service: web}}\n"
    )
    made = one(text, "nginx:1", "app:1", "mine:1")
    assert services(made) == {"kept": pinned("nginx:1"), "web": pinned("nginx:1")}
    assert made.problems == ()


@pytest.mark.parametrize("image", ["{{ image }}", "{a: b}", "''", "~", "!reset nginx:1", "Not A Reference"])
def test_an_image_that_is_none_is_left_out(image: str) -> None:
    made = one(f"services:\n  a:\n    image: {image}\n  b: {{image: nginx:1}}\n", "nginx:1")
    assert (services(made), made.problems) == ({"b": pinned("nginx:1")}, ())


def test_a_chain_of_extends_within_a_file_and_beyond_is_followed() -> None:
    files = {
        "compose.yaml": "services:\n  a: {extends: b}\n  b: {extends: {file: lib/common.yml, service: c}}\n",
        "lib/common.yml": "services:\n  c: {extends: {file: ../more.yml, service: d}}\n  unused: {image: redis:7}\n",
        "more.yml": "services:\n  d: {image: nginx:1, command: [x]}\n",
    }
    made = export(asked(files, "nginx:1", "redis:7"))
    assert services(made) == {"a": pinned("nginx:1"), "b": pinned("nginx:1")}
    assert (made.problems, made.notes) == ((), ())


@pytest.mark.parametrize("extends", ["{file: gone.yml, service: x}", "{file: more.yml, service: gone}"])
def test_a_base_that_is_not_there_is_named(extends: str) -> None:
    files = {"compose.yaml": f"services:\n  a:\n    extends: {extends}\n", "more.yml": "services: {d: {image: b:1}}\n"}
    made = export(asked(files, "b:1"))
    assert services(made) == {}
    [problem] = made.problems
    assert (problem.path, problem.line, problem.column) == ("compose.yaml", 3, 5)
    assert "the service `a` extends" in problem.error.message


@pytest.mark.parametrize(
    "extends", ["a", "b", "{file: compose.yaml, service: a}", "gone", "[x]", "{service: [x], file: f}"]
)
def test_extends_that_leads_nowhere_is_no_endless_search(extends: str) -> None:
    text = f"services:\n  a: {{extends: {extends}}}\n  b: {{extends: a}}\n  c: {{image: nginx:1}}\n"
    assert services(one(text, "nginx:1")) == {"c": pinned("nginx:1")}


def test_a_service_with_a_platform_gets_its_manifest_where_platforms_are_asked_for() -> None:
    text = "services:\n  a: {image: nginx:1}\n  b: {image: nginx:1, platform: linux/arm64}\n  c: {extends: b}\n"
    text += "  d: {image: nginx:1, platform: nonsense}\n"
    made = one(text, "nginx:1", platform=AMD64)
    amd64, arm64 = (f"nginx:1@{digest('nginx:1', platform)}" for platform in (AMD64, ARM64))
    assert services(made) == {"a": amd64, "b": arm64, "c": arm64, "d": amd64}


def test_what_has_the_locks_digest_needs_nothing_and_another_digest_is_overruled() -> None:
    text = f"services:\n  a: {{image: 'nginx:1@{digest('nginx:1')}'}}\n  b: {{image: 'nginx:1@{OTHER}'}}\n"
    assert services(one(text, "nginx:1")) == {"b": pinned("nginx:1")}


def test_a_digest_from_several_places_cannot_be_moved_and_is_named() -> None:
    text = f"services:\n  a:\n    image: nginx:1@${{A:-sha256}}:{'a' * 64}\n"
    made = one(text, "nginx:1")
    assert services(made) == {}
    assert [problem.line for problem in made.problems] == [3]


def test_what_the_lock_lacks_is_named_once_and_the_others_go_on() -> None:
    made = one("services:\n  a: {image: nginx:1}\n  b: {image: redis:7}\n", "nginx:1")
    assert services(made) == {"a": pinned("nginx:1")}
    assert [problem.error.message for problem in made.problems] == ["`redis:7` is not in pinner.lock"]


def test_images_of_volumes_and_hooks_are_named_unless_they_are_pinned() -> None:
    text = (
        "services:\n  a:\n    image: nginx:1\n    volumes:\n      - {type: image, source: 'data:1', target: /d}\n"
        f"      - {{type: image, source: 'data:1@{digest('data:1')}', target: /e}}\n"
        "    post_start:\n      - {command: x, image: 'hook:1'}\n      - {command: x, image: 'lost:1'}\n"
    )
    made = one(text, "nginx:1", "data:1", "hook:1")
    assert [(problem.line, problem.error.message.partition(":1` ")[2][:30]) for problem in made.problems] == [
        (9, "is not in pinner.lock"),
        (5, "is the image of a volume: an o"),
        (8, "is the image of a hook: an ove"),
    ]


def test_the_override_that_compose_reads_by_itself_counts_and_its_word_is_the_last() -> None:
    first = "".join(f"  {name}: {{image: nginx:1}}\n" for name in "abcd")
    files = {
        "compose.yaml": f"services:\n{first}",
        "compose.override.yaml": (
            f"services:\n  a: {{image: nginx:2}}\n  b: {{build: .}}\n  d: {{image: 'nginx@{OTHER}'}}\n"
        ),
        "compose.prod.yaml": "services:\n  a: {image: nginx:3}\n  e: {image: nginx:3}\n",
    }
    made = export(asked(files, "nginx:1", "nginx:2", "nginx:3"))
    assert services(made) == {"a": pinned("nginx:2"), "c": pinned("nginx:1")}
    assert [note.partition(" ")[0] for note in made.notes] == ["compose.prod.yaml"]


def test_files_that_are_named_are_one_project_in_their_order() -> None:
    files = {
        "x/compose.yaml": "services:\n  a: {image: nginx:1}\n  b: {image: nginx:1}\n",
        "y/b.yaml": "services:\n  a: {image: nginx:2}\n",
        "Dockerfile": "FROM nginx:3\n",
    }
    names = ("nginx:1", "nginx:2")
    forwards = export(asked(files, *names, named=("x/compose.yaml", "Dockerfile", "y/b.yaml")))
    backwards = export(asked(files, *names, named=("y/b.yaml", "x/compose.yaml")))
    assert services(forwards) == {"a": pinned("nginx:2"), "b": pinned("nginx:1")}
    assert services(backwards) == {"a": pinned("nginx:1"), "b": pinned("nginx:1")}


def test_the_last_document_of_a_file_has_the_last_word() -> None:
    text = "services:\n  a: {image: nginx:1}\n  b: {image: nginx:1}\n---\nservices:\n  a: {image: nginx:2}\n"
    assert services(one(text, "nginx:1", "nginx:2")) == {"a": pinned("nginx:2"), "b": pinned("nginx:1")}


def test_a_document_that_is_no_compose_file_and_one_that_cannot_be_read_change_nothing() -> None:
    files = {"compose.yaml": "services:\n  a: {image: nginx:1}\n---\n{}\n---\nservices: {b: {image: [}\n"}
    assert services(export(asked(files, "nginx:1"))) == {"a": pinned("nginx:1")}


def test_what_is_included_is_part_of_the_project_and_the_override_file_has_the_last_word() -> None:
    files = {
        "compose.yaml": "include:\n- lib/one.yml\n- {path: [two.yml, three.yml]}\nservices: {a: {image: nginx:1}}\n",
        "compose.override.yml": "services: {c: {image: nginx:2}}\n",
        "lib/one.yml": "include: [../two.yml, {path: one.yml}]\nservices: {b: {image: nginx:1}}\n",
        "two.yml": "services: {c: {image: nginx:1}}\n",
        "three.yml": "include: {path: {a: b}}\nservices: {d: {image: nginx:1}}\n",
        "compose.x.yml": "services: {e: {image: nginx:1}}\n",
    }
    made = export(asked(files, "nginx:1", "nginx:2"))
    assert services(made) == {**dict.fromkeys("abd", pinned("nginx:1")), "c": pinned("nginx:2")}
    assert (made.problems, [note.partition(" ")[0] for note in made.notes]) == ((), ["compose.x.yml"])


def test_a_project_that_another_includes_is_part_of_that() -> None:
    body = "services: {b: {image: nginx:1}}\n"
    files = {"compose.yaml": "include: [api/compose.yaml]\nservices: {a: {image: nginx:1}}\n", "api/compose.yaml": body}
    assert services(export(asked(files, "nginx:1"))) == dict.fromkeys("ab", pinned("nginx:1"))
    assert services(export(asked(files, "nginx:1", named=tuple(files)))) == dict.fromkeys("ab", pinned("nginx:1"))
    assert services(export(asked(files, "nginx:1", named=("api/compose.yaml",)))) == {"b": pinned("nginx:1")}


def test_what_is_extended_from_another_project_adds_no_service() -> None:
    files = {
        "app/compose.yaml": "services: {a: {extends: {file: ../base/compose.yaml, service: b}}}\n",
        "base/compose.yaml": "services: {b: {image: nginx:1}, c: {image: nginx:1}}\n",
    }
    made = export(asked(files, "nginx:1", named=("app/compose.yaml",)))
    assert (services(made), made.problems, made.notes) == ({"a": pinned("nginx:1")}, (), ())


def test_what_is_included_and_not_there_is_named() -> None:
    text = "include: [gone.yml, 'oci://example.org/x:1', {path: '${X}/y.yml'}]\nservices: {a: {image: nginx:1}}\n"
    made = one(text, "nginx:1")
    assert services(made) == {"a": pinned("nginx:1")}
    assert [(problem.line, problem.error.message.split("`")[1]) for problem in made.problems] == [
        (1, "gone.yml"),
        (1, "oci:/example.org/x:1"),
        (1, "${X}/y.yml"),
    ]


def test_a_service_that_an_override_takes_away_does_not_come_back() -> None:
    files = {
        "compose.yaml": "services:\n  a: {image: nginx:1}\n  b: {image: nginx:1}\n  c: {image: nginx:1}\n",
        "compose.override.yml": "services:\n  a: !reset null\n  b: !reset {image: nginx:1}\n  d: {image: nginx:1}\n",
    }
    assert services(export(asked(files, "nginx:1"))) == dict.fromkeys("cd", pinned("nginx:1"))


def test_several_projects_are_refused_by_name() -> None:
    body = "services: {a: {image: nginx:1}}\n"
    files = {f"p{number}/compose.yaml": body for number in range(7)}
    with pytest.raises(ConfigError) as refused:
        export(asked(files, "nginx:1"))
    assert refused.value.message == (
        "there are 7 compose projects, and an override is for one: `p0/compose.yaml`, `p1/compose.yaml`, "
        "`p2/compose.yaml`, `p3/compose.yaml`, `p4/compose.yaml` and 2 more"
    )
    assert refused.value.hint == "name its file or folder: `pinner export compose-override p0/compose.yaml`"


def test_one_file_of_another_name_is_a_project_and_several_are_refused() -> None:
    body = "services: {a: {image: nginx:1}}\n"
    assert services(export(asked({"stack.yml": body}, "nginx:1"))) == {"a": pinned("nginx:1")}
    with pytest.raises(ConfigError, match=r"reads none of these by itself: `compose\.a\.yml`, `stack\.yml`"):
        export(asked({"stack.yml": body, "compose.a.yml": body}, "nginx:1"))


def test_an_image_that_pinner_ignores_is_left_out() -> None:
    made = one("services:\n  a:\n    image: nginx:1  # pinner: ignore\n  b:\n    image: nginx:1\n", "nginx:1")
    assert services(made) == {"b": pinned("nginx:1")}


PROJECT = """\
services:
  "on": {image: "nginx:${TAG:-1.27}", profiles: [extra]}
  web: {image: &n nginx:1.27, environment: {A: b}}
  worker: {extends: web, command: [x]}
  app: {build: ., image: app:dev}
  again: {image: *n}
"""


@pytest.mark.skipif(not COMPOSE, reason="no compose 2 here")
@pytest.mark.parametrize("tag", [None, "1.28"])
def test_compose_itself_takes_the_override_and_nothing_but_images_changes(tmp_path: Path, tag: str | None) -> None:
    made = one(PROJECT, "nginx:1.27")
    (tmp_path / "compose.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "pinned.yaml").write_text(made.text, "utf-8")

    def read(*files: str) -> dict[str, Any]:
        arguments = [argument for file in files for argument in ("-f", str(tmp_path / file))]
        command = [*COMPOSE, *arguments, "--profile", "extra", "config", "--format", "json"]
        environment = {"PATH": os.environ["PATH"], **({"TAG": tag} if tag else {})}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=tmp_path)
        content: dict[str, Any] = json.loads(done.stdout)
        return content

    before, after = read("compose.yaml"), read("compose.yaml", "pinned.yaml")
    found = {name: service.pop("image") for name, service in after["services"].items()}
    for service in before["services"].values():
        del service["image"]
    assert after == before
    assert found == {
        "on": f"nginx:{tag}" if tag else pinned("nginx:1.27"),
        "web": pinned("nginx:1.27"),
        "worker": pinned("nginx:1.27"),
        "app": "app:dev",
        "again": pinned("nginx:1.27"),
    }
