from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

from fakes import FakeResolver, digest_of

from pinner.config import Settings
from pinner.model import SkippedOccurrence
from pinner.pipeline import make_plans, survey, unpin_plans, write
from pinner.plan import Failed
from pinner.reference import Platform
from pinner.scan.discover import Target
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.pipeline import Survey

TODAY = date(2026, 11, 1)


def look(folder: Path, settings: Settings | None = None) -> tuple[list[Target], Survey]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts)
    targets = [Target(str(path), path.relative_to(folder).as_posix()) for path in files]
    return targets, survey(reversed(targets), settings or Settings(), today=TODAY)


def test_sources_come_sorted_and_only_where_a_format_knows_the_file(tmp_path: Path) -> None:
    (tmp_path / "b.Dockerfile").write_text("FROM b\n")
    (tmp_path / "a.Dockerfile").write_text("FROM a\n")
    (tmp_path / "c.yaml").write_text("nothing: here\n")
    (tmp_path / "d.Dockerfile").write_bytes(b"\0")
    _, found = look(tmp_path)
    assert [source.document.path for source in found.sources] == ["a.Dockerfile", "b.Dockerfile"]
    assert [file.path for file in found.unreadable] == ["d.Dockerfile"]


def test_each_question_is_asked_once(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM nginx\nFROM docker.io/library/nginx:latest\nFROM redis:7\n")
    (tmp_path / "b.Dockerfile").write_text("FROM redis:7\n")
    _, found = look(tmp_path)
    resolver = FakeResolver()
    told = []
    asyncio.run(make_plans(found.sources, "pin", Settings(), resolver, lambda done, of: told.append((done, of))))
    assert sorted(resolver.asked) == ["docker.io/library/nginx:latest", "docker.io/library/redis:7"]
    assert told == [(1, 2), (2, 2)]


def test_the_platform_is_part_of_the_question(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM redis:7\n")
    platform = Platform("linux", "arm64")
    _, found = look(tmp_path)
    [plan] = asyncio.run(make_plans(found.sources, "pin", Settings(platform=platform), FakeResolver()))
    assert str(digest_of("docker.io/library/redis:7", platform)).encode() in plan.result


def test_a_sibling_that_builds_makes_an_image_a_result(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    image: web:1\n")
    _, alone = look(tmp_path)
    assert not isinstance(occurrences_for(alone.sources[0], "pin")[0], SkippedOccurrence)
    (tmp_path / "compose.override.yaml").write_text("services:\n  web:\n    build: .\n")
    _, together = look(tmp_path)
    places = [place for source in together.sources for place in occurrences_for(source, "pin")]
    assert [place.reason for place in places if isinstance(place, SkippedOccurrence)] == ["built-here"]
    # In another folder it is another project.
    (tmp_path / "other").mkdir()
    (tmp_path / "compose.override.yaml").rename(tmp_path / "other" / "compose.override.yaml")
    _, apart = look(tmp_path)
    assert not isinstance(occurrences_for(apart.sources[0], "pin")[0], SkippedOccurrence)


def test_a_sibling_is_looked_up_where_a_file_is_named_alone(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  api:\n    build: .\n")
    override = tmp_path / "compose.override.yaml"
    override.write_text("services:\n  api:\n    image: shop/api:dev\n  cache:\n    image: redis:7\n")
    [source] = survey([Target(str(override), "compose.override.yaml", named=True)], Settings(), today=TODAY).sources
    api, cache = occurrences_for(source, "pin")
    assert isinstance(api, SkippedOccurrence)
    assert api.reason == "built-here"
    assert not isinstance(cache, SkippedOccurrence)


def test_pin_then_unpin_gives_the_first_bytes_back(tmp_path: Path) -> None:
    original = {
        "Dockerfile": b"ARG V=1\r\nFROM nginx\r\nFROM nginx:latest\r\nFROM a:$V",
        "compose.yaml": b"services:\n  a: {image: redis}\n  b: {image: 'redis:latest'}\n",
    }
    for name, data in original.items():
        (tmp_path / name).write_bytes(data)
    memory = tmp_path / ".cache"
    targets, found = look(tmp_path)
    plans = asyncio.run(make_plans(found.sources, "pin", Settings(), FakeResolver()))
    assert write(plans, targets, memory) == ()
    assert all((tmp_path / name).read_bytes() != data for name, data in original.items())
    targets, found = look(tmp_path)
    assert write(unpin_plans(found.sources, targets, memory), targets, memory) == ()
    assert {name: (tmp_path / name).read_bytes() for name in original} == original


def test_without_a_memory_tags_are_kept(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM nginx\n")
    targets, found = look(tmp_path)
    write(asyncio.run(make_plans(found.sources, "pin", Settings(), FakeResolver())), targets)
    targets, found = look(tmp_path)
    write(unpin_plans(found.sources, targets, None), targets)
    assert (tmp_path / "Dockerfile").read_bytes() == b"FROM nginx:latest\n"


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM nginx:1\n")
    (tmp_path / "b.Dockerfile").write_bytes(b"FROM nginx:1\n")
    targets, found = look(tmp_path)
    plans = asyncio.run(make_plans(found.sources, "pin", Settings(), FakeResolver()))
    (tmp_path / "Dockerfile").write_bytes(b"FROM other:1\n")
    [failed] = write(plans, targets)
    assert failed.path == "Dockerfile"
    assert (tmp_path / "Dockerfile").read_bytes() == b"FROM other:1\n"
    assert b"@sha256:" in (tmp_path / "b.Dockerfile").read_bytes()


def test_an_unsafe_edit_is_reported_and_the_rest_written(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM gone:1\nFROM nginx:1\n")
    targets, found = look(tmp_path)
    resolver = FakeResolver(missing=["docker.io/library/gone:1"])
    [plan] = asyncio.run(make_plans(found.sources, "pin", Settings(), resolver))
    assert isinstance(plan.verdicts[0], Failed)
    write([plan], targets)
    nginx = digest_of("docker.io/library/nginx:1")
    assert (tmp_path / "Dockerfile").read_bytes() == f"FROM gone:1\nFROM nginx:1@{nginx}\n".encode()
