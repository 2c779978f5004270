"""``pinner update --tags``: what is raised, what is said, and every case that was found in the field."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from tagcases import CASES, FOLDER
from tagregistry import TagRegistry, path_of
from world import NOW, Outcome, outcome, world

from pinner.tags.model import LEVELS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from pinner.config import Settings
    from pinner.oci.resolver import Listener, Registry

DAY = 24 * 60 * 60.0


@cache
def listed(path: str) -> tuple[str, ...]:
    return tuple((FOLDER / path).read_text("utf-8").split())


def run(folder: Path, registry: TagRegistry, *arguments: str, now: float = NOW, command: str = "update") -> Outcome:
    environment = {"CONTAINERS_REGISTRIES_CONF": "/dev/null", "XDG_CACHE_HOME": str(folder / "cache")}
    if now != NOW:
        shutil.rmtree(folder / "cache" / "pinner" / "registry-1", ignore_errors=True)
    context = world(folder, environment=environment, now=now)._replace(connect=registry.connect)
    return outcome(context, command, *arguments)


def settings_of(image: str, options: dict[str, Any]) -> str:
    """Return pinner.toml for the options of a case, all of them but the platforms for its image alone."""
    options = dict(options)
    platforms = options.pop("platforms", None)
    lines = [f"platforms = {json.dumps(platforms)}"] if platforms else []
    lines += ["[update]", f'[update.image."{image}"]']
    return "\n".join([*lines, *(f"{key} = {json.dumps(value)}" for key, value in options.items()), ""])


def registry_of(case: dict[str, Any]) -> TagRegistry:
    tags = listed(case["taglist"]) if "taglist" in case else case["tags"]
    return TagRegistry(
        {path_of(case["image"]): tags},
        case.get("platforms", {}),
        case.get("created", {}),
        case.get("digests", {}),
        unlisted=frozenset({case["current"]}),
    )


def raised(case: dict[str, Any], folder: Path, options: dict[str, Any]) -> dict[str, str | None]:
    """Return what the command proposes at each level."""
    image, current = case["image"], case["current"]
    registry = registry_of(case)
    now = registry.digest(path_of(image), current)
    (folder / "Dockerfile").write_text(f"FROM {image}:{current}@{now}\n")
    (folder / "pinner.toml").write_text(settings_of(image, options))
    found: dict[str, str | None] = {}
    for level in LEVELS:
        told = run(folder, registry, "--tags", level, "--diff", "Dockerfile")
        assert told.status == 0, told.stderr
        match = re.search(r"^\+FROM (.*):([^:@]+)@(sha256:[0-9a-f]{64})$", told.stdout, re.MULTILINE)
        found[level] = None if match is None else match[2]
        if match is not None:
            assert match[1] == image
            assert match[3] == registry.digest(path_of(image), match[2])
    return found


PYTHON = (
    "3.11.9",
    "3.12.4",
    "3.12.5",
    "3.12.11",
    "3.13.7",
    "3.14.0rc2",
    "3.12-slim",
    "3.13-slim",
    "3.14-slim",
    "latest",
)


@pytest.fixture
def python() -> TagRegistry:
    return TagRegistry({"library/python": PYTHON})


def write(folder: Path, text: str, name: str = "Dockerfile") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_tag_and_digest_are_written_at_once(tmp_path: Path, python: TagRegistry) -> None:
    old, new = python.digest("library/python", "3.12.4"), python.digest("library/python", "3.12.11")
    file = write(tmp_path, f"# syntax=docker/dockerfile:1\nFROM python:3.12.4@{old} AS build\nFROM scratch\n")
    python.tags["docker/dockerfile"] = ("1", "2")
    told = run(tmp_path, python, "--tags", "patch")
    syntax = python.digest("docker/dockerfile", "1")
    assert file.read_text() == (
        f"# syntax=docker/dockerfile:1@{syntax}\nFROM python:3.12.11@{new} AS build\nFROM scratch\n"
    )
    assert f"Dockerfile:2:6: raised python:3.12.4 → python:3.12.11 {new[:19]}…\n" in told.stdout
    assert told.stderr.endswith("raised 1 and pinned 1 reference in 1 file\n")
    assert told.status == 0
    assert run(tmp_path, python, "--tags", "patch").stderr == "nothing to update: both references are up to date\n"


def test_what_has_no_digest_yet_gets_both(tmp_path: Path, python: TagRegistry) -> None:
    file = write(tmp_path, "services:\n  a:\n    image: 'python:3.12-slim' # why\n", "compose.yaml")
    run(tmp_path, python, "--tags", "minor")
    new = python.digest("library/python", "3.14-slim")
    assert file.read_text() == f"services:\n  a:\n    image: 'python:3.14-slim@{new}' # why\n"


def test_the_settings_say_how_far_and_the_most_exact_pattern_wins(tmp_path: Path, python: TagRegistry) -> None:
    python.tags |= {"acme/app": PYTHON, "acme/other": PYTHON, "acme/third": PYTHON}
    lines = ["FROM python:3.12.4", "FROM acme/app:3.12.4", "FROM acme/other:3.12.4", "FROM acme/third:3.12.4"]
    file = write(tmp_path, "\n".join(lines) + "\n")
    settings = """
[update]
tags = "minor"
[update.image."acme/*"]
tags = "patch"
[update.image."acme/other"]
ignore = ["3.12.11"]
[update.image."acme/third"]
tags = "none"
"""
    write(tmp_path, settings, "pinner.toml")
    run(tmp_path, python)
    assert re.findall(r":([^:@]+)@", file.read_text()) == ["3.13.7", "3.12.11", "3.12.5", "3.12.4"]


@pytest.mark.parametrize(
    ("arguments", "tag"),
    [
        ((), "3.12.11"),
        (("--tags", "minor"), "3.13.7"),
        (("--tags", "none"), "3.12.4"),
        (("--allow", "python=<3.12.11"), "3.12.5"),
        (("--tags", "minor", "--allow", "docker.io/library/*=<3.12", "--allow", "python=<3.13"), "3.12.11"),
        (("--only", "nginx"), "3.12.4"),
    ],
)
def test_the_command_line_comes_before_the_settings(
    tmp_path: Path, python: TagRegistry, arguments: Sequence[str], tag: str
) -> None:
    file = write(tmp_path, f"FROM python:3.12.4@{python.digest('library/python', '3.12.4')}\n")
    write(tmp_path, '[update]\ntags = "patch"\n', "pinner.toml")
    run(tmp_path, python, *arguments)
    assert f":{tag}@" in file.read_text()


def test_a_comment_keeps_a_tag_or_lets_it_go_further(tmp_path: Path, python: TagRegistry) -> None:
    text = (
        "# pinner: tags=none the build needs this one\nFROM python:3.12.4\n"
        "# pinner: tags=patch until=2020-01-01\nFROM python:3.12.4\n"
        "# pinner: tags=patch: not 3.13 yet\nFROM python:3.12.4\n"
        "# pinner: ignore\nFROM python:3.12.4\n"
    )
    file = write(tmp_path, text)
    told = run(tmp_path, python, "--tags", "minor")
    assert re.findall(r"FROM python:([^@\n]+)", file.read_text()) == ["3.12.4", "3.13.7", "3.12.11", "3.12.4"]
    assert told.status == 0
    write(tmp_path, "# pinner: tags=all\nFROM python:3.12.4\n")
    problem = "a pragma of tags says how far; write `pinner: tags=none`, patch, minor or major"
    assert problem in run(tmp_path, python, "--tags", "minor").stderr


def test_a_comment_alone_has_a_tag_raised(tmp_path: Path, python: TagRegistry) -> None:
    file = write(tmp_path, "# pinner: tags=patch\nFROM python:3.12.4\nFROM python:3.13-slim\n")
    run(tmp_path, python)
    assert re.findall(r"FROM python:([^@\n]+)", file.read_text()) == ["3.12.11", "3.13-slim"]


def test_without_being_asked_no_tag_is_raised_and_no_list_read(tmp_path: Path, python: TagRegistry) -> None:
    write(tmp_path, "FROM python:3.12.4\n")
    run(tmp_path, python)
    assert [asked for asked in python.asked if "list" in asked] == []


def test_one_list_is_read_for_each_repository(tmp_path: Path, python: TagRegistry) -> None:
    write(tmp_path, "FROM python:3.12.4\nFROM python:3.12-slim\nFROM python:latest\nFROM python:3.11.9\n")
    run(tmp_path, python, "--tags", "minor")
    assert [asked for asked in python.asked if "list" in asked] == ["GET /v2/library/python/tags/list"]


def test_where_nothing_is_raised_the_digest_moves(tmp_path: Path, python: TagRegistry) -> None:
    file = write(tmp_path, f"FROM python:3.14-slim@sha256:{'0' * 64}\nFROM python:latest\n")
    run(tmp_path, python, "--tags", "major")
    new, latest = (python.digest("library/python", tag) for tag in ("3.14-slim", "latest"))
    assert file.read_text() == f"FROM python:3.14-slim@{new}\nFROM python:latest@{latest}\n"


def test_one_platforms_manifest_stays_that_platforms(tmp_path: Path, python: TagRegistry) -> None:
    index = json.loads(python.bodies[python.digest("library/python", "3.12.4")][1])
    arm = next(one["digest"] for one in index["manifests"] if one["platform"]["architecture"] == "arm64")
    file = write(tmp_path, f"FROM python:3.12.4@{arm}\n")
    run(tmp_path, python, "--tags", "patch")
    new = json.loads(python.bodies[python.digest("library/python", "3.12.11")][1])
    wanted = next(one["digest"] for one in new["manifests"] if one["platform"]["architecture"] == "arm64")
    assert file.read_text() == f"FROM python:3.12.11@{wanted}\n"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"listed_alone": frozenset({"3.12.11"})}, "3.12.11: it does not exist"),
        ({"platforms": {"3.12.11": ["linux/amd64"]}}, "3.12.11: it is not there for linux/arm64"),
        (
            {"created": {"3.12.4": "2025-07-01", "3.12.11": "2024-07-01"}},
            "3.12.11: it was made 365 days before the image in use",
        ),
        ({"same": {"3.12.4": "one", "3.12.11": "one"}}, "3.12.11: it is the image in use"),
    ],
)
def test_what_cannot_be_proved_is_not_proposed_and_the_next_is(
    tmp_path: Path, fault: dict[str, Any], reason: str
) -> None:
    registry = TagRegistry({"library/python": PYTHON}, **fault)
    file = write(tmp_path, f"FROM python:3.12.4@{registry.digest('library/python', '3.12.4')}\n")
    told = run(tmp_path, registry, "--tags", "patch", "-v")
    assert ":3.12.5@" in file.read_text()
    assert f"python:3.12.4: {reason}\n" in told.stderr


def test_why_a_later_tag_is_not_proposed_is_said_when_asked(tmp_path: Path, python: TagRegistry) -> None:
    write(tmp_path, "FROM python:3.13.7\n")
    assert "3.14.0rc2" not in run(tmp_path, python, "--tags", "major").stderr
    told = run(tmp_path, python, "--tags", "major", "-v", "--allow", "python=>=3")
    assert "python:3.13.7: 3.14.0rc2 is a pre-release\n" in told.stderr


def test_a_variant_that_has_ended_is_said_and_followed_when_asked(tmp_path: Path) -> None:
    tags = ("1.26.3-alpine3.22", "1.26.4-alpine3.22", "1.27.0-alpine3.24", "1.27.0")
    registry = TagRegistry({"library/golang": tags})
    file = write(tmp_path, "FROM golang:1.26.3-alpine3.22\n")
    told = run(tmp_path, registry, "--tags", "minor")
    assert "FROM golang:1.26.4-alpine3.22@" in file.read_text()
    words = "1.26.4-alpine3.22 is the last with alpine3.22; 1.27.0 goes on as alpine3.24"
    assert f"note: `golang:1.26.3-alpine3.22`: {words}\n" in told.stderr
    run(tmp_path, registry, "--tags", "minor", "--variant", "follow")
    assert "FROM golang:1.27.0-alpine3.24@" in file.read_text()


def test_the_lock_goes_along_and_forgets_the_tag_that_nobody_uses(tmp_path: Path, python: TagRegistry) -> None:
    old, new = python.digest("library/python", "3.12.4"), python.digest("library/python", "3.12.11")
    write(tmp_path, f"FROM python:3.12.4@{old}\n")
    write(tmp_path, f"FROM python:3.12.4@{old}\nFROM python:3.12-slim\n", "Dockerfile.b")
    (tmp_path / ".git").mkdir()
    assert run(tmp_path, python, command="lock").status == 0
    told = run(tmp_path, python, "--tags", "patch", "--only", "python:3.12.4")
    assert told.status == 0, told.stderr
    assert (tmp_path / "Dockerfile").read_text() == f"FROM python:3.12.11@{new}\n"
    assert (tmp_path / "Dockerfile.b").read_text() == f"FROM python:3.12.11@{new}\nFROM python:3.12-slim\n"
    lock = (tmp_path / "pinner.lock").read_text()
    assert "docker.io/library/python:3.12.11" in lock
    assert "docker.io/library/python:3.12-slim" in lock
    assert "docker.io/library/python:3.12.4" not in lock
    assert run(tmp_path, python, "Dockerfile", command="check").status == 0
    again = run(tmp_path, python, "--tags", "patch", "Dockerfile")
    assert again.stderr == "nothing to update: the one reference is up to date\n"
    assert "python:3.12.11" in (tmp_path / "pinner.lock").read_text()


def test_the_lock_keeps_a_tag_that_another_file_uses(tmp_path: Path, python: TagRegistry) -> None:
    text = f"FROM python:3.12.4@{python.digest('library/python', '3.12.4')}\n"
    write(tmp_path, text)
    write(tmp_path, text, "Dockerfile.b")
    (tmp_path / ".git").mkdir()
    run(tmp_path, python, command="lock")
    told = run(tmp_path, python, "--tags", "patch", "Dockerfile")
    assert told.status == 0, told.stderr
    assert (tmp_path / "Dockerfile.b").read_text() == text
    lock = (tmp_path / "pinner.lock").read_text()
    assert "docker.io/library/python:3.12.11" in lock
    assert "docker.io/library/python:3.12.4" in lock
    assert run(tmp_path, python, command="check").status == 0


def test_a_list_that_cannot_be_had_is_an_error_and_the_digest_moves(tmp_path: Path, python: TagRegistry) -> None:
    now = python.digest("library/python", "3.12.4")
    file = write(tmp_path, f"FROM python:3.12.4\nFROM acme/app:1.0@sha256:{'1' * 64}\n")
    told = run(tmp_path, python, "--tags", "patch")
    assert now not in file.read_text()
    assert "FROM acme/app:1.0@sha256:111" in file.read_text()
    assert "error: cannot list the tags of `docker.io/acme/app`: docker.io has no such image" in told.stderr
    assert told.status == 3


def test_what_pinner_has_not_known_for_long_waits_for_its_day(tmp_path: Path, python: TagRegistry) -> None:
    file = write(tmp_path, f"FROM python:3.12.4@{python.digest('library/python', '3.12.4')}\n")
    write(tmp_path, '[update]\ntags = "patch"\nmin-age = "3d"\n', "pinner.toml")
    first = run(tmp_path, python, "-v")
    assert "python:3.12.4: 3.12.11: pinner has to know it for another 3 days\n" in first.stderr
    python.tags["library/python"] = (*PYTHON, "3.12.12")
    assert "another 24 h" in run(tmp_path, python, "-v", now=NOW + 2 * DAY).stderr
    assert ":3.12.4@" in file.read_text()
    told = run(tmp_path, python, "-v", now=NOW + 3 * DAY)
    assert ":3.12.11@" in file.read_text()
    assert "python:3.12.4: 3.12.12: pinner has to know it for another" in told.stderr
    run(tmp_path, python, "--min-age", "0d", now=NOW + 3 * DAY)
    assert ":3.12.12@" in file.read_text()


def test_an_option_for_ages_needs_no_lock_where_tags_are_raised(tmp_path: Path, python: TagRegistry) -> None:
    write(tmp_path, "FROM python:3.12.4\n")
    assert run(tmp_path, python, "--tags", "patch", "--min-age", "1d").status == 0
    assert run(tmp_path, python, "--min-age", "1d").status == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('[update]\ntag = "minor"', "unknown key `update.tag`"),
        ('[update]\ntags = "all"', "`update.tags` is wrong: `all`"),
        ('[update]\nvariant = "folow"', "`update.variant` is wrong: `folow`"),
        ('[update]\nmin-age = "3"', "`update.min-age` is not a duration: `3`"),
        ('[update]\ntrack = ""', "`update.track` is empty"),
        (
            '[update.image."python"]\nallow = ">3,<2"',
            "`update.image.python.allow` is wrong: no version",
        ),
        ('[update.image."python"]\nignore = ["x"]', "`update.image.python.ignore` is wrong: not a range of versions"),
        ('[update.image]\npython = "none"', "`update.image.python` must be a table"),
    ],
)
def test_what_is_wrong_with_the_settings_is_named(tmp_path: Path, settings: str, message: str) -> None:
    write(tmp_path, "FROM scratch\n")
    write(tmp_path, settings + "\n", "pinner.toml")
    told = run(tmp_path, TagRegistry({}))
    assert told.status == 2
    assert message in told.stderr


@pytest.mark.parametrize("text", ["python", "=1", "python=", "python=>x", "python>=3"])
def test_an_allowance_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, "FROM scratch\n")
    told = run(tmp_path, TagRegistry({}), "--allow", text)
    assert told.status == 2
    assert "--allow: " in told.stderr


# All of them through the command take minutes, and the order itself is held elsewhere: PINNER_ALL_CASES=1 runs them.
SOME = CASES if os.environ.get("PINNER_ALL_CASES") == "1" else CASES[::5]


@pytest.mark.skipif(not CASES, reason="the cases are not beside the repository")
@pytest.mark.parametrize("case", SOME, ids=[case["id"] for case in SOME])
def test_the_command_raises_what_is_expected(case: dict[str, Any], tmp_path: Path) -> None:
    options = case.get("options", {})
    assert raised(case, tmp_path, options) == case["expect"], case["why"]
    if "expect_follow" in case:
        assert raised(case, tmp_path, {**options, "variant": "follow"}) == case["expect_follow"]


def test_one_registry_answers_about_tags_and_digests(tmp_path: Path) -> None:
    registry = TagRegistry({"library/python": ("3.12.4", "3.13.7")})
    (tmp_path / "Dockerfile").write_text("FROM python:3.12.4\n")
    opened = []

    @contextlib.asynccontextmanager
    async def connect(
        settings: Settings, environment: Mapping[str, str], listener: Listener
    ) -> AsyncIterator[Registry]:
        opened.append("opened")
        async with registry.connect(settings, environment, listener) as one:
            yield one
        opened.append("closed")

    ran = outcome(world(tmp_path)._replace(connect=connect), "update", "--tags", "minor")
    assert ran.status == 0, ran.stderr
    assert opened == ["opened", "closed"]
    assert (tmp_path / "Dockerfile").read_text().startswith("FROM python:3.13.7@sha256:")


def test_an_option_that_does_nothing_is_told(tmp_path: Path, python: TagRegistry) -> None:
    write(tmp_path, "FROM python:3.12.4\n")
    told = run(tmp_path, python, "--tags", "minor", "--allow", "ruby=>=3", "--allow", "python=<4")
    assert "no image here is meant by --allow `ruby`" in told.stderr
    assert "`python`" not in told.stderr
    told = run(tmp_path, python, "--variant", "follow", "--allow", "python=<4")
    assert "--variant has no effect without --tags" in told.stderr
    assert "--allow has no effect without --tags" in told.stderr
    assert "no effect" not in run(tmp_path, python).stderr


def test_a_floating_tag_that_is_not_there_is_told(tmp_path: Path, python: TagRegistry) -> None:
    write(tmp_path, '[update]\ntags = "minor"\ntrack = "nosuch"\n', "pinner.toml")
    write(tmp_path, "FROM python:3.12.4\n")
    assert "python:3.12.4: there is no tag `nosuch` to track" in run(tmp_path, python, "-v").stderr


def test_what_is_passed_over_below_the_tag_that_follows_is_not_told(tmp_path: Path) -> None:
    write(tmp_path, "FROM python:3.12.4\n")
    registry = TagRegistry({"library/python": ("3.12.4", "3.13.0rc2", "3.13.1")})
    told = run(tmp_path, registry, "--tags", "major", "-v")
    assert "python:3.13.1" in told.stdout
    assert "pre-release" not in told.stderr
