"""A name that a build gets and that holds a digest: found by `check`, taken off by `unpin`, left alone by `pin`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'a' * 64}"
BUILT = "services:\n  web:\n    build: .\n    image: {}\n  db:\n    image: redis:7@" + DIGEST + "\n"


def test_it_is_an_error_that_unpin_mends(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(BUILT.format(f"acme/web:1@{DIGEST}"), "utf-8")
    outcome = pinner(tmp_path, "check", "--format", "json")
    (found,) = json.loads(outcome.stdout)["findings"]
    assert (outcome.status, found["rule"], found["severity"], found["mention"]["line"]) == (1, "PIN010", "error", 4)
    assert pinner(tmp_path, "pin").status == 0
    assert file.read_text("utf-8") == BUILT.format(f"acme/web:1@{DIGEST}")
    assert pinner(tmp_path, "unpin").status == 0
    assert file.read_text("utf-8") == BUILT.format("acme/web:1").replace(f"@{DIGEST}", "")
    assert pinner(tmp_path, "check", "--format", "json").stdout.count("PIN010") == 0


@pytest.mark.parametrize(
    ("name", "left"),
    [
        # Nothing follows the name of a build: what it is called without a digest is no question.
        (f"acme/web@{DIGEST}", "acme/web"),
        (f'"acme/web@{DIGEST}"', '"acme/web"'),
        (f"${{IMAGE:-acme/web:1@{DIGEST}}}", "${IMAGE:-acme/web:1}"),
        (f"${{IMAGE-acme/web@{DIGEST}}}", "${IMAGE-acme/web}"),
    ],
)
def test_it_is_taken_off_wherever_it_stands(tmp_path: Path, name: str, left: str) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(BUILT.format(name), "utf-8")
    assert "PIN010" in pinner(tmp_path, "check").stdout
    assert pinner(tmp_path, "unpin").status == 0
    assert file.read_text("utf-8") == BUILT.format(left).replace(f"redis:7@{DIGEST}", "redis:7")
    assert "PIN010" not in pinner(tmp_path, "check").stdout


def test_a_digest_after_a_tag_that_is_not_known_here_is_told(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BUILT.format(f"acme/web:${{TAG}}@{DIGEST}"), "utf-8")
    (found,) = json.loads(pinner(tmp_path, "check", "--format", "json").stdout)["findings"]
    assert (found["rule"], found["hint"]) == ("PIN010", "take it off")


def test_a_comment_keeps_it(tmp_path: Path) -> None:
    text = BUILT.format(f"acme/web:1@{DIGEST} # pinner: ignore[PIN010] on purpose")
    (tmp_path / "compose.yaml").write_text(text, "utf-8")
    assert pinner(tmp_path, "check").status == 0
