"""SARIF of real files: places, mending, identities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from fakes import FakeResolver
from shapes import SARIF, misfits
from verdicts import rendered, skipped, unpinned, verdict
from world import pinner

from pinner import __version__
from pinner.rules import RULES

if TYPE_CHECKING:
    from pathlib import Path

COMPOSE = """\
services:
  a:
    image: &x "redis:7"
  b:
    image: *x
"""


def log_of(folder: Path, *arguments: str) -> Any:
    log = json.loads(pinner(folder, *arguments).stdout)
    assert misfits(log, SARIF) == []
    return log["runs"][0]


def checked(folder: Path, *arguments: str) -> Any:
    return log_of(folder, "check", "--format", "sarif", *arguments)


def identities(run: Any) -> list[str]:
    return [one["partialFingerprints"]["pinnerReference/v1"] for one in run["results"]]


def spliced(data: bytes, run: Any) -> bytes:
    """Return ``data`` after every replacement that ``run`` proposes, the byte offsets being right."""
    edits = set()
    for result in run["results"]:
        for fix in result.get("fixes", ()):
            (change,) = fix["artifactChanges"]
            (replacement,) = change["replacements"]
            region = replacement["deletedRegion"]
            edits.add((region["byteOffset"], region["byteLength"], replacement["insertedContent"]["text"]))
    for offset, length, text in sorted(edits, reverse=True):
        data = data[:offset] + text.encode() + data[offset + length :]
    return data


def by_columns(text: str, run: Any) -> str:
    """Return ``text`` after every replacement that ``run`` proposes, by lines and columns."""
    edits = set()
    for result in run["results"]:
        for fix in result.get("fixes", ()):
            replacement = fix["artifactChanges"][0]["replacements"][0]
            where = replacement["deletedRegion"]
            start, end = (where["startLine"], where["startColumn"]), (where["endLine"], where["endColumn"])
            edits.add((start, end, replacement["insertedContent"]["text"]))
    lines = text.split("\n")
    for (line, column), (last, end), new in sorted(edits, reverse=True):
        assert line == last
        lines[line - 1] = lines[line - 1][: column - 1] + new + lines[line - 1][end - 1 :]
    return "\n".join(lines)


def test_the_tool_and_all_its_rules_are_described(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    run = checked(tmp_path)
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("pinner", __version__)
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in driver["rules"]] == [
        (rule.id, rule.severity) for rule in RULES
    ]
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0, "toolExecutionNotifications": []}]


def test_a_reference_on_the_spot_has_a_region_in_characters_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: 'ü𐀀', image: nginx:1}]}\n", "utf-8"
    )
    (result,) = checked(tmp_path)["results"]
    assert result["ruleId"] == "PIN001"
    assert result["level"] == "error"
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "pod.yaml", "uriBaseId": "ROOT"},
                "region": {
                    "startLine": 3,
                    "startColumn": 41,
                    "endLine": 3,
                    "endColumn": 48,
                    "byteOffset": 69,
                    "byteLength": 7,
                },
            }
        }
    ]
    assert "relatedLocations" not in result
    assert "fixes" not in result


def test_a_reference_written_elsewhere_names_both_places(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE, "utf-8")
    first, second = checked(tmp_path)["results"]
    assert "relatedLocations" not in first
    assert second["locations"][0]["physicalLocation"]["region"] == {"startLine": 5, "startColumn": 12}
    (related,) = second["relatedLocations"]
    assert related["message"] == {"text": "&x"}
    assert related["physicalLocation"]["region"]["startLine"] == 3
    assert identities(checked(tmp_path)) == identities(checked(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "FROM nginx:1.27\nCOPY --from=redis a b\n",
        "# é𐀀\r\nARG TAG=3.20\r\nFROM alpine:${TAG}\r\nFROM \\\n  busybox",
        "\ufeffFROM nginx\n",
    ],
)
def test_what_pinning_proposes_is_what_pinning_writes(tmp_path: Path, text: str) -> None:
    file = tmp_path / "Dockerfile"
    file.write_bytes(text.encode())
    run = log_of(tmp_path, "pin", "--diff", "--format", "sarif")
    assert file.read_bytes() == text.encode()
    assert pinner(tmp_path, "pin").status == 0
    assert spliced(text.encode(), run) == file.read_bytes() != text.encode()
    written = file.read_bytes().decode()
    assert by_columns(text.removeprefix("\ufeff"), run) == written.removeprefix("\ufeff")


def test_what_updating_proposes_replaces_the_digest_alone(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(f"FROM nginx:1.27@sha256:{'0' * 64} AS web\n", "utf-8")
    run = log_of(tmp_path, "update", "--diff", "--format", "sarif")
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("PIN101", "warning")
    before = file.read_bytes()
    assert pinner(tmp_path, "update").status == 0
    assert spliced(before, run) == file.read_bytes() != before
    assert result["properties"]["proposed"] == file.read_text("utf-8").split()[1]


def test_identities_outlive_lines_and_digests(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM nginx:1\nFROM redis\nFROM nginx:1\n", "utf-8")
    before = identities(checked(tmp_path))
    assert len(set(before)) == 3
    file.write_text("# new\n\nFROM redis\nFROM busybox\nFROM nginx:1\nFROM nginx:1\n", "utf-8")
    redis, busybox, *nginx = identities(checked(tmp_path))
    assert redis == before[1]
    assert nginx == [before[0], before[2]]
    assert busybox not in before


def test_identities_and_paths_do_not_depend_on_the_folder_of_the_run(tmp_path: Path) -> None:
    for name in ("one", "two"):
        below = tmp_path / name / "deep er"
        below.mkdir(parents=True)
        (tmp_path / name / ".git").mkdir()
        (below / "Dockerfile").write_text("FROM nginx:1\n", "utf-8")
    runs = [
        checked(tmp_path / "one"),
        checked(tmp_path / "one" / "deep er"),
        checked(tmp_path / "one" / "deep er", "../deep er/Dockerfile"),
        checked(tmp_path / "one", str(tmp_path / "one" / "deep er")),
        checked(tmp_path / "two"),
    ]
    assert [run["results"] for run in runs] == [runs[0]["results"]] * 5
    assert str(tmp_path) not in json.dumps(runs)
    where = runs[0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert where == "deep%20er/Dockerfile"


def test_paths_are_percent_encoded() -> None:
    shown = verdict(unpinned("a b/Döckerfile.#1:2"), skipped("\udce9", "x", "y"))
    results = json.loads(rendered("sarif", shown))["runs"][0]["results"]
    assert [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results] == [
        "a%20b/D%C3%B6ckerfile.%231%3A2",
        "%E9",
    ]


def test_what_could_not_be_read_is_a_notification(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(b"image: a\0\n")
    (tmp_path / "Dockerfile").write_text("FROM nginx\n", "utf-8")
    run = checked(tmp_path)
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 1)
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("compose.yaml: is binary")
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "compose.yaml"
    assert len(run["results"]) == 1


def test_what_no_registry_answers_is_a_notification_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM nginx\nFROM gone:1\n", "utf-8")
    resolver = FakeResolver({"docker.io/library/gone:1"})
    said = pinner(tmp_path, "pin", "--diff", "--format", "sarif", resolver=resolver)
    run = json.loads(said.stdout)["runs"][0]
    (shape,) = cast("list[object]", SARIF["runs"])
    assert misfits(run, shape) == []
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3) == (False, said.status)
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == "Dockerfile: `docker.io/library/gone:1` does not exist"
    assert notification["locations"][0]["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 6}
    assert [result["properties"]["reference"] for result in run["results"]] == ["nginx"]
