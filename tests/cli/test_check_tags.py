"""``pinner check --online``: newer tags, and variants that have ended, where anybody asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tagregistry import TagRegistry
from world import Outcome, outcome, world

if TYPE_CHECKING:
    from pathlib import Path

GOLANG = ("1.26.3-alpine3.22", "1.26.4-alpine3.22", "1.27.0-alpine3.24", "1.26.3", "1.26.9", "1.27.0", "2.0.0", "1.26")


@pytest.fixture
def golang() -> TagRegistry:
    return TagRegistry({"library/golang": GOLANG})


def check(folder: Path, registry: TagRegistry, text: str, settings: str = "") -> Outcome:
    lines = [
        f"{line}@{registry.digest('library/golang', line.rpartition(':')[2])}" if line.startswith("FROM") else line
        for line in text.splitlines()
    ]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    (folder / "pinner.toml").write_text(settings)
    environment = {"CONTAINERS_REGISTRIES_CONF": "/dev/null", "XDG_CACHE_HOME": str(folder / "cache")}
    context = world(folder, environment=environment)._replace(connect=registry.connect)
    return outcome(context, "check", "--online", "Dockerfile")


NEWER = '[rules]\nPIN109 = "note"\n'


def test_no_list_is_read_unless_somebody_asks(tmp_path: Path, golang: TagRegistry) -> None:
    told = check(tmp_path, golang, "FROM golang:1.26.3")
    assert told.status == 0
    assert not [asked for asked in golang.asked if "list" in asked]
    told = check(tmp_path, golang, "FROM golang:1.26.3", '[rules]\nPIN109 = "off"\n[update]\ntags = "minor"\n')
    assert not [asked for asked in golang.asked if "list" in asked]


def test_the_latest_tag_of_each_step_is_told(tmp_path: Path, golang: TagRegistry) -> None:
    told = check(tmp_path, golang, "FROM golang:1.26.3", NEWER)
    assert "`golang:1.26.3` → 1.26.9 (patch), 1.27.0 (minor), 2.0.0 (major)" in told.stdout
    assert "hint: `pinner update --tags major --diff`" in told.stdout
    assert told.status == 0
    told = check(tmp_path, golang, "FROM golang:1.26.3", '[update]\ntags = "minor"\n')
    assert "`golang:1.26.3` → 1.26.9 (patch), 1.27.0 (minor) [PIN109]\n" in told.stdout


def test_a_variant_that_has_ended_is_told(tmp_path: Path, golang: TagRegistry) -> None:
    told = check(tmp_path, golang, "FROM golang:1.26.4-alpine3.22", '[rules]\nPIN110 = "error"\nPIN109 = "off"\n')
    words = "`golang:1.26.4-alpine3.22`: 1.26.4-alpine3.22 is the last with alpine3.22; 1.27.0 goes on as alpine3.24"
    assert words in told.stdout
    assert "PIN109" not in told.stdout
    assert told.status == 1


@pytest.mark.parametrize("comment", ["# pinner: tags=none", "# pinner: ignore[PIN109,PIN110] later"])
def test_a_comment_silences_them(tmp_path: Path, golang: TagRegistry, comment: str) -> None:
    told = check(tmp_path, golang, f"{comment}\nFROM golang:1.26.3-alpine3.22", NEWER)
    assert "PIN109" not in told.stdout
    assert "PIN110" not in told.stdout


@pytest.mark.parametrize(
    ("old", "new", "is_told"),
    [
        ("2026-01-01", "2026-10-20", True),
        ("2026-10-01", "2026-10-20", False),
        ("2026-01-01", "2026-02-01", False),
        ("1970-01-01", "2026-10-20", False),
    ],
)
def test_what_nobody_builds_any_more_is_told(tmp_path: Path, old: str, new: str, *, is_told: bool) -> None:
    registry = TagRegistry({"library/golang": ("1.25", "1.25.1", "1.27")}, created={"1.25": old, "1.27": new})
    told = check(tmp_path, registry, "FROM golang:1.25", NEWER)
    words = f"`golang:1.25`: 1.25 is no longer rebuilt: it was made on {old}, and 1.27 on {new}"
    assert (words in told.stdout) is is_told


def test_a_list_that_cannot_be_had_is_told(tmp_path: Path, golang: TagRegistry) -> None:
    golang.unlisted = frozenset({"1.26.3"})
    golang.tags = {}
    told = check(tmp_path, golang, "FROM golang:1.26.3", NEWER)
    assert told.status == 3
    assert "cannot list the tags of `docker.io/library/golang`" in told.stderr
