"""``pinner report``: what the page and the data say, and how the command ends."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from exporting import digest
from fakes import OCI_INDEX, FakeRegistry, digest_of
from hostiletree import plant as plant_hostile
from reportsample import ENTRIES, HUB, plant
from world import outcome, pinner, world

from pinner.oci.types import Image, PlatformImage
from pinner.reference import Digest, Platform
from pinner.report.overview_data import CSV_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

AMD64 = Platform("linux", "amd64")


def images(folder: Path, *arguments: str, registry: FakeRegistry | None = None) -> dict[str, Any]:
    done = pinner(folder, "report", "--format", "json", *arguments, resolver=registry)
    assert done.status == 0, done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def by_name(data: dict[str, Any], name: str, state: str) -> dict[str, Any]:
    [found] = [one for one in data["images"] if (one["image"], one["state"]) == (name, state)]
    assert isinstance(found, dict)
    return found


def test_the_states_and_counts_of_a_repository(tmp_path: Path) -> None:
    data = images(plant(tmp_path))
    assert (data["version"], data["date"], data["online"]) == (1, "2026-11-01", False)
    assert data["summary"] == {
        "files": 5,
        "images": 16,
        "places": 16,
        "states": {"pinned": 7, "to pin": 6, "to mend": 0, "unknown": 1, "left alone": 2},
        "stale": 1,
    }
    assert data["rules"] == {"PIN001": 6, "PIN004": 5, "PIN006": 1}
    assert data["unreadable"] == []


def test_the_lock_tells_ages_platforms_signers_and_history(tmp_path: Path) -> None:
    data = images(plant(tmp_path))
    python = by_name(data, f"{HUB}/python:3.12-slim", "pinned")
    assert (python["built"], python["firstSeen"], python["ageDays"]) == ("2026-07-30", "2026-08-02", 94)
    assert python["stale"] is True
    old, new = python["history"]
    assert (old["held"], new["held"], new["firstSeen"]) == (True, False, "2026-10-28")
    assert python["current"] == new["digest"] != python["digest"] == old["digest"]
    worker = by_name(data, "ghcr.io/acme/worker:2", "pinned")
    assert (worker["built"], worker["firstSeen"], worker["ageDays"]) == (None, "2026-09-04", 58)
    assert worker["signature"]["by"] == "keyless"
    assert worker["signature"]["log"] == {"url": "https://rekor.sigstore.dev", "index": 143204118}
    assert worker["platforms"] == ["linux/amd64"]
    assert worker["stale"] is None
    # What only the lock holds has the lock's age, and no digest of its own.
    unpinned = by_name(data, f"{HUB}/postgres:16", "to pin")
    assert (unpinned["digest"], unpinned["ageDays"], unpinned["stale"]) == (None, 237, None)


def test_what_is_skipped_is_told_with_its_reason(tmp_path: Path) -> None:
    data = images(plant(tmp_path))
    ignored = by_name(data, "registry.example/team/exporter:dev", "left alone")
    assert (ignored["registry"], ignored["reason"]) == ("registry.example", "ignored")
    built = by_name(data, "acme/app", "left alone")
    assert (built["registry"], built["reason"]) == (None, "built-here")
    [unknown] = [one for one in data["images"] if one["state"] == "unknown"]
    [mention] = unknown["mentions"]
    assert (unknown["image"], unknown["reason"], mention["rules"]) == ("", "no-default", ["PIN006"])
    assert (mention["path"], mention["line"]) == ("Dockerfile", 3)


def test_one_name_in_many_places_is_one_image_and_another_digest_another(tmp_path: Path) -> None:
    a, b = "a" * 64, "b" * 64
    (tmp_path / "Dockerfile").write_text(f"FROM nginx:1@sha256:{a}\nFROM nginx:1@sha256:{b}\nFROM nginx@sha256:{a}\n")
    (tmp_path / "x.Dockerfile").write_text(f"FROM docker.io/library/nginx:1@sha256:{a}\nFROM Nginx\nFROM a\\\nb\n")
    data = images(tmp_path)
    found = {(one["image"], one["digest"], len(one["mentions"])) for one in data["images"] if one["state"] == "pinned"}
    nginx = "docker.io/library/nginx"
    assert found == {
        (f"{nginx}:1", f"sha256:{a}", 2),
        (f"{nginx}:1", f"sha256:{b}", 1),
        (nginx, f"sha256:{a}", 1),
    }


def test_a_digest_that_the_lock_does_not_know_has_its_history_and_no_age(tmp_path: Path) -> None:
    root = plant(tmp_path)
    (root / "Dockerfile").write_text(f"FROM nginx:1.27@sha256:{'1' * 64}\nFROM python:3.12-slim@{moved()}\n")
    data = images(root)
    [other] = [one for one in data["images"] if one["digest"] == f"sha256:{'1' * 64}"]
    assert (other["ageDays"], len(other["history"])) == (None, 1)
    new = by_name(data, f"{HUB}/python:3.12-slim", "pinned")
    assert (new["digest"], new["built"], new["stale"]) == (str(moved()), "2026-10-27", None)


def moved() -> Digest:
    return ENTRIES[f"{HUB}/python:3.12-slim"].candidates[0].digest


def served(*names: str, created: str | None = "2026-10-02T10:00:00Z") -> FakeRegistry:
    found = {}
    tags = {}
    for name in names:
        canonical = f"docker.io/library/{name}"
        one = PlatformImage(
            AMD64, digest_of(name, AMD64), "application/vnd.oci.image.manifest.v1+json", created=created
        )
        found[f"{canonical.partition(':')[0]}@{digest(name)}"] = Image(digest(name), OCI_INDEX, (one,))
        tags[canonical] = digest(name)
    return FakeRegistry(found, tags)


def test_registries_tell_what_tags_mean_and_when_images_were_built(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM nginx:1@{digest('nginx:1')}\nFROM redis:7@sha256:{'0' * 64}\nFROM alpine:3\n"
    )
    registry = served("nginx:1", "redis:7", "alpine:3")
    old = Digest("sha256", "0" * 64)
    registry.images[f"docker.io/library/redis@{old}"] = Image(old, OCI_INDEX, ())
    data = images(tmp_path, "--online", registry=registry)
    assert data["online"] is True
    nginx = by_name(data, f"{HUB}/nginx:1", "pinned")
    assert (nginx["stale"], nginx["current"], nginx["built"]) == (False, nginx["digest"], "2026-10-02")
    redis = by_name(data, f"{HUB}/redis:7", "pinned")
    assert (redis["stale"], redis["current"], redis["built"]) == (True, str(digest("redis:7")), None)
    alpine = by_name(data, f"{HUB}/alpine:3", "to pin")
    assert (alpine["stale"], alpine["current"]) == (None, str(digest("alpine:3")))
    assert "PIN101" in redis["mentions"][0]["rules"]
    assert data["summary"]["stale"] == 1


def test_required_platforms_are_told_by_the_registry(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('platforms = ["linux/amd64"]\n')
    (tmp_path / "Dockerfile").write_text(f"FROM nginx:1@{digest('nginx:1')}\n")
    data = images(tmp_path, "--online", registry=served("nginx:1", created="1970-01-01T00:00:00Z"))
    nginx = by_name(data, f"{HUB}/nginx:1", "pinned")
    # A build that can be repeated has no date.
    assert (nginx["platforms"], nginx["built"]) == (["linux/amd64"], None)


def test_what_the_lock_knows_no_registry_is_asked_for(tmp_path: Path) -> None:
    root = plant(tmp_path)
    registry = FakeRegistry()
    done = pinner(root, "report", "--format", "json", "--online", resolver=registry)
    assert json.loads(done.stdout)["online"]
    assert not [asked for asked in registry.described if asked.endswith("configs")]


def test_a_question_without_an_answer_is_told_and_the_status_is_3(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM ghcr.io/a/b:1@sha256:{'0' * 64}\nFROM nginx:1@{digest('nginx:1')}\n")
    registry = FakeRegistry(missing=("ghcr.io/a/b:1",))
    (tmp_path / "pinner.toml").write_text('platforms = ["linux/amd64"]\n')
    done = pinner(tmp_path, "report", "--format", "json", "--online", "--html", "page.html", resolver=registry)
    assert done.status == 3
    assert by_name(json.loads(done.stdout), f"{HUB}/nginx:1", "pinned")["noAnswer"]
    assert "No answer: " in (tmp_path / "page.html").read_text("utf-8")


def test_csv_has_a_row_for_each_place(tmp_path: Path) -> None:
    done = pinner(plant(tmp_path), "report", "--format", "csv")
    head, *rows = csv.reader(io.StringIO(done.stdout))
    assert tuple(head) == CSV_COLUMNS
    assert len(rows) == 16
    named = [dict(zip(head, row, strict=True)) for row in rows]
    [python] = [row for row in named if row["tag"] == "3.12-slim"]
    assert (python["path"], python["line"], python["stale"], python["ageDays"]) == ("Dockerfile", "1", "yes", "94")
    [worker] = [row for row in named if row["image"] == "ghcr.io/acme/worker:2"]
    assert worker["signedBy"] == "keyless"
    assert done.stderr == "16 images in 5 files: 7 pinned, 6 to pin, 1 unknown, 2 left alone\n"


@pytest.mark.parametrize("name", ["=cmd", "+1", "-1", "@x", "\uff1dcmd", "\uff0b1", "\uff0d1", "\uff20x"])
def test_no_cell_is_a_formula(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "Dockerfile").write_text("FROM nginx:1\n")
    done = pinner(tmp_path, "report", "--format", "csv")
    [_, row] = csv.reader(io.StringIO(done.stdout))
    assert row[0] == f"'{name}/Dockerfile"


def test_files_are_written_and_stdout_stays_empty(tmp_path: Path) -> None:
    root = plant(tmp_path)
    done = pinner(root, "report", "--html", "../page.html", "--format", "json", "--output", "../data.json")
    assert (done.status, done.stdout) == (0, "")
    assert json.loads((tmp_path / "data.json").read_text("utf-8"))["summary"]["images"] == 16
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<title>Images of shop</title>" in page
    for told in ("3.12-slim", "History in pinner.lock", "rekor.sigstore.dev", "PIN006", "linux/s390x", "ci.yml:4:16"):
        assert told in page


def test_a_page_of_nothing(tmp_path: Path) -> None:
    done = pinner(tmp_path, "report", "--html", "page.html")
    assert (done.status, done.stderr) == (0, "0 images in 0 files\n")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "No rule is broken." in page
    assert "No age is known" in page
    assert "No platform is known" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing is asked for"),
        (("--html", "-"), "a page goes into a file"),
        (("--html", "x", "--output", "x"), "--output is the file of --format"),
        (("--html", "."), "--html: `.` is a folder"),
        (("--html", "no/page.html"), "--html: the folder of `no/page.html` does not exist"),
        (("--format", "csv", "--output", "."), "--output: `.` is a folder"),
        (("--format", "xlsx"), "`xlsx`"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = pinner(tmp_path, "report", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert said in done.stderr


def test_files_that_cannot_be_read_or_written_are_told(tmp_path: Path) -> None:
    root = plant(tmp_path)
    (root / "broken.Dockerfile").write_bytes(b"FROM a\0")
    (tmp_path / "old.html").write_text("old")
    (tmp_path / "old.html").chmod(0o400)
    done = pinner(root, "report", "--html", "../old.html", "--format", "json")
    assert done.status == 3
    assert [one["path"] for one in json.loads(done.stdout)["unreadable"]] == ["broken.Dockerfile"]
    assert "read-only" in done.stderr
    assert (tmp_path / "old.html").read_text() == "old"
    assert pinner(root, "report", "--html", "page.html").status == 3
    assert 'id="not-read"' in (root / "page.html").read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="names, links and pipes that Windows does not have")
def test_a_hostile_repository_makes_a_page_of_text(tmp_path: Path) -> None:
    tree = plant_hostile(tmp_path)
    there = world(tree.root, environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    outcome(there, "report", "--html", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "stop-commands" in page
    assert not tree.proof.exists()
    assert not [character for character in page if character in "\x1b\x07\u202e\u2028\x85"]
