from __future__ import annotations

from pathlib import Path

import pytest

from pinner.cache import cache_folder
from pinner.cache.latest_tags import record_latest_tags, recorded_latest_tags

DIGEST = b"@sha256:" + b"0a" * 32
OTHER = b"@sha256:" + b"1b" * 32


def test_what_was_remembered_is_recalled(tmp_path: Path) -> None:
    data = b"a:latest" + DIGEST + b" b:latest" + DIGEST
    file = tmp_path / "Dockerfile"
    record_latest_tags(tmp_path, file, data, {data.index(b"@", 10)})
    record_latest_tags(tmp_path, file, data, {data.rindex(b"@")})
    assert recorded_latest_tags(tmp_path, file, data) == {data.rindex(b"@")}


def test_an_update_does_not_make_it_forget(tmp_path: Path) -> None:
    data = b"a:latest" + DIGEST
    record_latest_tags(tmp_path, tmp_path / "f", data, {8})
    assert recorded_latest_tags(tmp_path, tmp_path / "f", data.replace(DIGEST, OTHER)) == {8}


def test_other_files_and_other_bytes_are_not_known(tmp_path: Path) -> None:
    data = b"a:latest" + DIGEST
    record_latest_tags(tmp_path, tmp_path / "f", data, {8})
    assert recorded_latest_tags(tmp_path, tmp_path / "g", data) == frozenset()
    assert recorded_latest_tags(tmp_path, tmp_path / "f", data + b"\n") == frozenset()


def test_nothing_to_remember_forgets(tmp_path: Path) -> None:
    data = b"a:latest" + DIGEST
    record_latest_tags(tmp_path, tmp_path / "f", data, {8})
    record_latest_tags(tmp_path, tmp_path / "f", data, ())
    assert recorded_latest_tags(tmp_path, tmp_path / "f", data) == frozenset()


def test_a_damaged_record_is_no_record(tmp_path: Path) -> None:
    data = b"a:latest" + DIGEST
    record_latest_tags(tmp_path, tmp_path / "f", data, {8})
    [record] = (tmp_path / "tags").iterdir()
    record.write_bytes(b"8 x\xff")
    assert recorded_latest_tags(tmp_path, tmp_path / "f", data) == frozenset()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "tags").write_text("a file, not a folder")
    record_latest_tags(tmp_path, tmp_path / "f", b"a:latest" + DIGEST, {8})
    assert recorded_latest_tags(tmp_path, tmp_path / "f", b"a:latest" + DIGEST) == frozenset()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({"XDG_CACHE_HOME": "/c"}, "/c/pinner"), ({"XDG_CACHE_HOME": "c"}, None), ({}, None)],
)
def test_cache_folder(environment: dict[str, str], expected: str | None) -> None:
    assert cache_folder(environment) == expected


def test_cache_folder_below_the_home() -> None:
    found = cache_folder({"HOME": "/h", "LOCALAPPDATA": "/h"})
    assert found is not None
    assert Path(found).parts[1] == "h"
    assert "pinner" in Path(found).parts
