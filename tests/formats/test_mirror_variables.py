"""A variable that may change an image's name, and ``mirror-variables``, with which it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from world import pinner

from pinner.formats import configured, locate
from pinner.model import Document, FormatChoice, Occurrence

if TYPE_CHECKING:
    from pathlib import Path


def read(path: str, text: str, *mirrors: str) -> str:
    found = locate(Document(path, text.encode()), configured(FormatChoice(mirrors=mirrors)))
    assert found is not None
    place = found[1].places[-1]
    return str(place.reference) if isinstance(place, Occurrence) else place.reason


HEAD = "ARG REG=docker.io\nARG ORG=acme\nARG TAG=1\n"


@pytest.mark.parametrize(
    ("image", "alone", "mirrored"),
    [
        # Whether the tag is a variable too makes no difference.
        ("${REG}/acme/x:1", "interpolated-name", "docker.io/acme/x:1"),
        ("${REG}/acme/x:${TAG}", "interpolated-name", "docker.io/acme/x:1"),
        ("${REG}/acme/x", "interpolated-name", "docker.io/acme/x"),
        ("${REG}/${ORG}/x:1", "interpolated-name", "interpolated-name"),
        ("${REG}/acme/x:${TAG}-slim", "interpolated-tag", "interpolated-tag"),
        ("acme/x:${TAG}", "acme/x:1", "acme/x:1"),
    ],
)
def test_one_rule_for_a_name_that_a_variable_may_change(image: str, alone: str, mirrored: str) -> None:
    dockerfile = f"{HEAD}FROM {image}\n"
    compose = image.replace("${REG}", "${REG:-docker.io}").replace("${ORG}", "${ORG:-acme}")
    compose = "services:\n  a:\n    image: " + compose.replace("${TAG}", "${TAG:-1}") + "\n"
    assert read("Dockerfile", dockerfile) == alone
    assert read("compose.yaml", compose) == alone
    assert read("Dockerfile", dockerfile, "REG") == mirrored
    assert read("compose.yaml", compose, "REG") == mirrored


def test_an_image_behind_a_mirror_is_pinned_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('mirror-variables = ["REG"]\n', "utf-8")
    file = tmp_path / "Dockerfile"
    before = "ARG REG=docker.io\nFROM ${REG}/library/redis:7 AS a\nARG REG\nFROM a\n"
    file.write_text(before, "utf-8")
    assert pinner(tmp_path, "check").status == 1
    assert pinner(tmp_path, "pin").status == 0
    assert "FROM ${REG}/library/redis:7@sha256:" in file.read_text("utf-8")
    assert pinner(tmp_path, "check").status == 0
    assert pinner(tmp_path, "unpin").status == 0
    assert file.read_text("utf-8") == before


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('mirror-variables = ["${REG}"]\n', "utf-8")
    done = pinner(tmp_path, "check")
    assert done.status == 2
    assert "`mirror-variables` is wrong: `${REG}` is no variable's name" in done.stderr
