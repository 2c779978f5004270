from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from locks import NGINX, NOON, REDIS, days, digest

from pinner.cache.first_seen import FirstSeenStore, open_first_seen

if TYPE_CHECKING:
    from pathlib import Path

LATER = NOON + days(2)


def test_the_first_time_stays(tmp_path: Path) -> None:
    assert FirstSeenStore(tmp_path, NOON).first_seen(NGINX, digest("n")) == NOON
    assert FirstSeenStore(tmp_path, LATER).first_seen(NGINX, digest("n")) == NOON


def test_each_tag_and_each_digest_has_its_own(tmp_path: Path) -> None:
    FirstSeenStore(tmp_path, NOON).first_seen(NGINX, digest("n"))
    assert FirstSeenStore(tmp_path, LATER).first_seen(REDIS, digest("n")) == LATER
    assert FirstSeenStore(tmp_path, LATER).first_seen(NGINX, digest("m")) == LATER


def test_a_clock_that_was_wrong_is_not_believed(tmp_path: Path) -> None:
    FirstSeenStore(tmp_path, LATER).first_seen(NGINX, digest("n"))
    assert FirstSeenStore(tmp_path, NOON).first_seen(NGINX, digest("n")) == NOON


@pytest.mark.parametrize("content", [b"", b"x", b"\xff", b"9" * 40])
def test_a_damaged_record_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    FirstSeenStore(tmp_path, NOON).first_seen(NGINX, digest("n"))
    (record,) = (tmp_path / "seen").iterdir()
    record.write_bytes(content)
    assert FirstSeenStore(tmp_path, LATER).first_seen(NGINX, digest("n")) == LATER
    assert FirstSeenStore(tmp_path, LATER + days(1)).first_seen(NGINX, digest("n")) == LATER


def test_nothing_but_the_record_is_left_behind(tmp_path: Path) -> None:
    for moment in (NOON, LATER):
        FirstSeenStore(tmp_path, moment).first_seen(NGINX, digest("n"))
    assert len(list((tmp_path / "seen").iterdir())) == 1


def test_a_folder_that_is_none_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    assert FirstSeenStore(tmp_path / "file", NOON).first_seen(NGINX, digest("n")) == NOON
    assert FirstSeenStore(None, NOON).first_seen(NGINX, digest("n")) == NOON


def test_two_at_once_agree(tmp_path: Path) -> None:
    one, other = FirstSeenStore(tmp_path, NOON), FirstSeenStore(tmp_path, LATER)
    assert one.first_seen(NGINX, digest("n")) == other.first_seen(NGINX, digest("n")) == NOON


def test_the_time_is_the_clock_s_in_whole_seconds(tmp_path: Path) -> None:
    made = open_first_seen({}, tmp_path, NOON.timestamp() + 0.9)
    assert made.now == NOON
    made.first_seen(NGINX, digest("n"))
    assert (tmp_path / "seen").is_dir()


def test_source_date_epoch_is_the_time_and_nothing_is_remembered(tmp_path: Path) -> None:
    FirstSeenStore(tmp_path, NOON - days(900)).first_seen(NGINX, digest("n"))
    made = open_first_seen({"SOURCE_DATE_EPOCH": "86400"}, tmp_path, NOON.timestamp())
    assert made.first_seen(NGINX, digest("n")) == datetime(1970, 1, 2, tzinfo=UTC)
    assert made.first_seen(NGINX, digest("m")) == datetime(1970, 1, 2, tzinfo=UTC)
    assert len(list((tmp_path / "seen").iterdir())) == 1


@pytest.mark.parametrize("epoch", ["", "soon", "9" * 30])
def test_a_source_date_epoch_that_is_no_time_is_passed_over(epoch: str) -> None:
    assert open_first_seen({"SOURCE_DATE_EPOCH": epoch}, None, NOON.timestamp()).now == NOON
