"""The source policy: each build source is converted to what the lock holds, by BuildKit's own rules, and only that."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from exporting import AMD64, ARM64, OTHER, asked, digest, lock_of, sources_of
from hypothesis import given
from hypothesis import strategies as st

from pinner.export import TARGETS, exporter
from pinner.export.base import ExportInput
from pinner.export.source_policy import export
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from pinner.export.base import Export

MAX_ROUNDS = 20
UV = "ghcr.io/astral-sh/uv:0.5"


def identifier(name: str) -> str:
    """Return what BuildKit calls ``name``: ParseNormalizedNamed, TagNameOnly, String."""
    reference = ImageReference.parse(name)
    if reference.digest is None:
        return f"docker-image://{reference.canonical}"
    tag = f":{reference.tag}" if reference.tag else ""
    return f"docker-image://{reference.repository}{tag}@{reference.digest}"


def evaluate(policy: dict[str, Any], source: str) -> tuple[str, int]:
    """Return what BuildKit's engine makes of ``source``, and in how many conversions (sourcepolicy/engine.go)."""
    for rounds in range(MAX_ROUNDS):
        for rule in policy["rules"]:
            selector = rule["selector"]["identifier"]
            pattern = re.escape(selector).replace(r"\*", "(.*)")
            if selector == source or re.fullmatch(pattern, source):
                assert rule["action"] == "CONVERT"
                if rule["updates"]["identifier"] != source:
                    source = rule["updates"]["identifier"]
                    break
        else:
            return source, rounds
    raise AssertionError(f"too many operations: {source}")


def policy_of(made: Export) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(made.text)
    assert set(policy) == {"rules"}
    for rule in policy["rules"]:
        assert {key: set(value) for key, value in rule.items() if key != "action"} == {
            "selector": {"identifier"},
            "updates": {"identifier"},
        }
    return policy


def converted(made: Export, name: str) -> str:
    return evaluate(policy_of(made), identifier(name))[0].removeprefix("docker-image://")


def test_everything_that_a_dockerfile_pulls_is_converted_in_one_step_and_not_again() -> None:
    files = {
        "Dockerfile": f"# syntax=docker/dockerfile:1\nFROM python:3.12 AS base\nFROM nginx\nCOPY --from={UV} /uv /uv\n"
        "RUN --mount=type=bind,from=busybox:1,target=/b true\nFROM base\nFROM scratch\n"
    }
    names = ("docker/dockerfile:1", "python:3.12", "nginx", UV, "busybox:1")
    made = export(asked(files, *names))
    assert made.problems == ()
    assert made.images == len(names)
    for name in names:
        reference = ImageReference.parse(name)
        expected = f"docker-image://{reference.canonical}@{digest(name)}"
        assert evaluate(policy_of(made), identifier(name)) == (expected, 1)
        assert evaluate(policy_of(made), expected) == (expected, 0)


@pytest.mark.parametrize("other", ["python:3.12-slim", "python:3.1", "xpython:3.12", "ghcr.io/library/python:3.12"])
def test_other_images_stay_as_they_are(other: str) -> None:
    made = export(asked({"Dockerfile": "FROM python:3.12\n"}, "python:3.12"))
    assert evaluate(policy_of(made), identifier(other)) == (identifier(other), 0)


def test_all_spellings_of_one_image_share_one_rule() -> None:
    text = "FROM nginx\nFROM nginx:latest\nFROM docker.io/nginx\nFROM index.docker.io/library/nginx:latest\n"
    made = export(asked({"Dockerfile": text}, "nginx"))
    assert made.images == 1
    assert converted(made, "docker.io/library/nginx") == f"docker.io/library/nginx:latest@{digest('nginx')}"


def test_what_has_the_locks_digest_needs_no_rule() -> None:
    texts = [f"nginx:1.27@{digest('nginx:1.27')}", f"nginx:1.27@{digest('nginx:1.27', AMD64)}", f"redis@{OTHER}"]
    made = export(asked({"Dockerfile": "".join(f"FROM {text}\n" for text in texts)}, "nginx:1.27"))
    assert (json.loads(made.text), made.images, made.problems) == ({"rules": []}, 0, ())


def test_another_digest_in_the_file_is_converted_too() -> None:
    made = export(asked({"Dockerfile": f"FROM nginx:1.27@{OTHER}\n"}, "nginx:1.27"))
    assert converted(made, f"nginx:1.27@{OTHER}") == f"docker.io/library/nginx:1.27@{digest('nginx:1.27')}"


def test_what_the_lock_lacks_is_named_and_the_others_are_converted() -> None:
    made = export(asked({"a.dockerfile": "FROM nginx:1\nFROM redis:7\n"}, "nginx:1"))
    assert [(one.path, one.line, one.error.message, one.error.hint) for one in made.problems] == [
        ("a.dockerfile", 2, "`redis:7` is not in pinner.lock", "run `pinner lock`")
    ]
    assert made.images == 1


def test_builds_inside_compose_files_count_and_what_compose_runs_does_not() -> None:
    text = (
        "services:\n  app:\n    build:\n      context: .\n      additional_contexts:\n        base: docker-image://busybox:1\n"
        "      dockerfile_inline: |\n        FROM python:3.12\n  db:\n    image: postgres:17\n"
    )
    made = export(asked({"compose.yaml": text}, "busybox:1", "python:3.12", "postgres:17"))
    assert sorted(rule["selector"]["identifier"] for rule in policy_of(made)["rules"]) == [
        identifier("busybox:1"),
        identifier("python:3.12"),
    ]


def test_manifests_and_the_names_of_stages_are_nobodys_build_sources() -> None:
    manifest = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: nginx:1}]}\n"
    made = export(
        asked({"pod.yaml": manifest, "Dockerfile": "FROM redis:7 AS nginx\nFROM nginx\n"}, "nginx:1", "redis:7")
    )
    assert [rule["selector"]["identifier"] for rule in policy_of(made)["rules"]] == [identifier("redis:7")]


def test_with_a_platform_its_manifest_is_meant() -> None:
    made = export(asked({"Dockerfile": "FROM nginx:1\n"}, "nginx:1", platform=ARM64))
    assert converted(made, "nginx:1") == f"docker.io/library/nginx:1@{digest('nginx:1', ARM64)}"


def test_two_platforms_of_one_image_cannot_be_told_apart_and_are_left_out() -> None:
    text = "FROM --platform=linux/arm64 nginx:1\nFROM nginx:1\nFROM redis:7\n"
    made = export(asked({"Dockerfile": text}, "nginx:1", "redis:7", platform=AMD64))
    assert [rule["selector"]["identifier"] for rule in policy_of(made)["rules"]] == [identifier("redis:7")]
    [problem] = made.problems
    assert (problem.line, "BuildKit cannot tell them apart" in problem.error.message) == (2, True)


def test_a_platform_that_the_lock_lacks_is_named() -> None:
    made = export(asked({"Dockerfile": "FROM nginx:1\n"}, "nginx:1", platform=AMD64._replace(architecture="s390x")))
    assert [(one.error.message, one.error.hint) for one in made.problems] == [
        ("`nginx:1` is in pinner.lock, but not for linux/s390x", "it is there for linux/amd64, linux/arm64/v8")
    ]


def test_a_platform_in_the_file_that_is_none_gives_way_to_the_one_asked_for() -> None:
    made = export(asked({"Dockerfile": "FROM --platform=$NOBODY nginx:1\n"}, "nginx:1", platform=AMD64))
    assert converted(made, "nginx:1").endswith(str(digest("nginx:1", AMD64)))


@pytest.mark.parametrize("ignored_first", [True, False])
def test_an_image_that_is_to_be_left_alone_in_one_place_is_left_out(ignored_first: bool) -> None:  # noqa: FBT001 - pytest's
    texts = ["# pinner: ignore\nFROM nginx:1\n", "FROM nginx:1\n"]
    files = dict(zip(("a.dockerfile", "b.dockerfile"), texts if ignored_first else texts[::-1], strict=True))
    made = export(asked(files, "nginx:1"))
    assert json.loads(made.text) == {"rules": []}
    [problem] = made.problems
    assert problem.path == ("b.dockerfile" if ignored_first else "a.dockerfile")
    assert "left as it is" in problem.error.message


def test_an_excluded_image_is_no_rule_and_no_problem() -> None:
    sources = sources_of({"Dockerfile": "FROM localhost/mine:1\nFROM nginx:1\n"}, ("localhost/*",))
    made = export(ExportInput(sources, lock_of(["nginx:1", "localhost/mine:1"])))
    assert (made.images, made.problems) == (1, ())


_NAMES = st.sampled_from(
    ["nginx", "nginx:1", "nginx:1.2", "nginx:1a2", "docker.io/nginx:1", "a.b/c:1", "a-b/c:1", "x:y"]
)


@given(st.lists(_NAMES, min_size=1), st.sets(_NAMES))
def test_whatever_is_built_from_ends_at_the_locks_digest_or_untouched(used: list[str], known: set[str]) -> None:
    made = export(asked({"Dockerfile": "".join(f"FROM {name}\n" for name in used)}, *known))
    policy = policy_of(made)
    held = {ImageReference.parse(name).canonical for name in known}
    for name in used:
        reference = ImageReference.parse(name)
        after = evaluate(policy, identifier(name))[0]
        locked = reference.canonical in held
        assert after == identifier(name) + (f"@{digest(name)}" if locked else "")
        assert locked != any(f"`{name}` is not in" in problem.error.message for problem in made.problems)
    assert len(policy["rules"]) == len({ImageReference.parse(name).canonical for name in used} & held)


def test_the_same_files_give_the_same_bytes() -> None:
    files = {"b.dockerfile": "FROM redis:7\nFROM nginx:1\n", "a.dockerfile": "FROM nginx:1\n"}
    first = export(asked(files, "nginx:1", "redis:7"))
    again = export(asked(dict(reversed(files.items())), "redis:7", "nginx:1"))
    assert first == again


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_a_module_that_exports_nothing_from_nothing(target: str) -> None:
    made = exporter(target).export(ExportInput((), lock_of([])))
    assert (made.images, made.problems, made.text[-1:]) == (0, (), "\n")
