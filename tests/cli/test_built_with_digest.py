"""A name that a build gets and that holds a digest: found by `check`, taken off by `unpin`, left alone by `pin`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

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


def test_a_name_without_a_tag_keeps_its_digest_and_is_told(tmp_path: Path) -> None:
    # Without the digest it would be a name that is followed as `latest`: a person decides.
    file = tmp_path / "compose.yaml"
    file.write_text(BUILT.format(f"acme/web@{DIGEST}"), "utf-8")
    pinner(tmp_path, "unpin")
    assert f"acme/web@{DIGEST}" in file.read_text("utf-8")


def test_a_comment_keeps_it(tmp_path: Path) -> None:
    text = BUILT.format(f"acme/web:1@{DIGEST} # pinner: ignore[PIN010] on purpose")
    (tmp_path / "compose.yaml").write_text(text, "utf-8")
    assert pinner(tmp_path, "check").status == 0
