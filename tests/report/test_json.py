"""The JSON fields are a contract: other programs read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'0' * 64}"
DOCKERFILE = f"""\
ARG TAG=3.20
FROM --platform=linux/arm64 alpine:${{TAG}} AS base
FROM base
FROM scratch
COPY --from=nginx:1.27@{DIGEST} /a /a
COPY --from=0 /b /b
"""
MENTION = {
    *("path", "line", "column", "span", "format", "kind", "reference", "digest", "platform", "status", "reason", "via"),
    *("detail", "owner", "decidedBy"),
}
FINDING = {"rule", "name", "severity", "message", "hint", "mention", "proposed", "current"}
SUMMARY = {"files", "mentions", "pinned", "unpinned", "skipped", "unknown", "error", "warning", "note"}


def said(folder: Path, *arguments: str) -> Any:
    (folder / "Dockerfile").write_text(DOCKERFILE, "utf-8")
    return pinner(folder, *arguments).stdout


def test_a_list_is_one_object(tmp_path: Path) -> None:
    listing = json.loads(said(tmp_path, "list", "--format", "json"))
    assert set(listing) == {"version", "mentions", "unreadable", "summary"}
    assert listing["version"] == 1
    assert [set(occurrence) for occurrence in listing["mentions"]] == [MENTION, MENTION]
    assert set(listing["summary"]) == SUMMARY
    assert listing["summary"] == dict.fromkeys(SUMMARY, 0) | {"files": 1, "mentions": 2, "pinned": 1, "unpinned": 1}
    assert listing["mentions"][0] == {
        "path": "Dockerfile",
        "line": 2,
        "column": 29,
        "span": [8, 12],
        "format": "dockerfile",
        "kind": "from",
        "reference": "alpine:3.20",
        "digest": None,
        "platform": "linux/arm64",
        "status": "unpinned",
        "reason": None,
        "detail": None,
        "via": ["ARG TAG"],
        "owner": listing["mentions"][0]["owner"],
        "decidedBy": [],
    }


def test_all_shows_what_is_no_image_too(tmp_path: Path) -> None:
    listing = json.loads(said(tmp_path, "list", "--format", "json", "--all"))
    assert [(occurrence["status"], occurrence["reason"]) for occurrence in listing["mentions"]] == [
        ("unpinned", None),
        ("skipped", "stage"),
        ("skipped", "scratch"),
        ("pinned", None),
        ("skipped", "index"),
    ]


def test_a_check_is_one_object(tmp_path: Path) -> None:
    verdict = json.loads(said(tmp_path, "check", "--format", "json"))
    assert set(verdict) == {"version", "findings", "unreadable", "summary"}
    [finding] = verdict["findings"]
    assert (set(finding), set(finding["mention"])) == (FINDING, MENTION)
    assert (finding["rule"], finding["name"], finding["severity"]) == ("PIN001", "unpinned", "error")
    assert verdict["summary"]["error"] == 1


def test_lines_are_the_same_objects(tmp_path: Path) -> None:
    for command, key in (("list", "mentions"), ("check", "findings")):
        whole = json.loads(said(tmp_path, command, "--format", "json"))
        lines = said(tmp_path, command, "--format", "jsonl").splitlines()
        assert [json.loads(line) for line in lines] == whole[key]


def test_json_is_ascii_whatever_the_names(tmp_path: Path) -> None:
    (tmp_path / "caf\u00e9.dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    listing = said(tmp_path, "list", "--format", "jsonl")
    assert listing.isascii()
    assert [json.loads(line)["path"] for line in listing.splitlines()][-1] == "caf\u00e9.dockerfile"
