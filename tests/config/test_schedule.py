"""Schedules: days, hours and zones, on both sides of summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from zoneinfo import ZoneInfo, reset_tzpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.config.schedule import ScheduleError, Window, in_schedule, parse_window

ALL = frozenset(range(7))
BERLIN = ZoneInfo("Europe/Berlin")
FORM = "write days, hours and a time zone, as in mon-fri 22:00-06:00 Europe/Berlin; each may be left out"


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("sat", Window(frozenset({5}), 0, 1440, "UTC")),
        ("Sat,SUN", Window(frozenset({5, 6}), 0, 1440, "UTC")),
        ("mon-fri", Window(frozenset(range(5)), 0, 1440, "UTC")),
        ("sat-mon,wed", Window(frozenset({5, 6, 0, 2}), 0, 1440, "UTC")),
        ("fri-fri", Window(frozenset({4}), 0, 1440, "UTC")),
        ("22:00-06:00", Window(ALL, 1320, 360, "UTC")),
        ("9:30-24:00", Window(ALL, 570, 1440, "UTC")),
        ("22:00-00:00", Window(ALL, 1320, 0, "UTC")),
        ("Europe/Berlin", Window(ALL, 0, 1440, "Europe/Berlin")),
        ("UTC", Window(ALL, 0, 1440, "UTC")),
        (" mon-fri  22:00-06:00\tEurope/Berlin ", Window(frozenset(range(5)), 1320, 360, "Europe/Berlin")),
        ("sat America/New_York", Window(frozenset({5}), 0, 1440, "America/New_York")),
        ("08:00-09:00 Asia/Kolkata", Window(ALL, 480, 540, "Asia/Kolkata")),
    ],
)
def test_windows(text: str, window: Window) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "has an empty window", FORM),
        ("  ", "has an empty window", FORM),
        ("monday", "is wrong: `monday` in `monday` is no day", "did you mean `mon`?"),
        ("mon,xyz", "is wrong: `xyz` in `mon,xyz` is no day", "the days are mon, tue, wed, thu, fri, sat, sun"),
        ("mon-tue-wed", "is wrong: `mon-tue-wed` in `mon-tue-wed` is no range of days", FORM),
        ("22:00", "is wrong: `22:00` in `22:00` is no time zone", FORM),
        ("mon 22-06", "is wrong: `22-06` in `mon 22-06` is no time zone", FORM),
        ("25:00-26:00", "is wrong: `25:00` in `25:00-26:00` is no time of day", "00:00 to 24:00"),
        ("22:60-23:00", "is wrong: `22:60` in `22:60-23:00` is no time of day", "00:00 to 24:00"),
        ("00:00-24:01", "is wrong: `24:01` in `00:00-24:01` is no time of day", "00:00 to 24:00"),
        ("08:00-08:00", "is wrong: `08:00-08:00` is never", "leave the hours out for the whole day"),
        ("24:00-08:00", "is wrong: `24:00-08:00` is never", "leave the hours out for the whole day"),
        ("sat Europe/Berln", "is wrong: `Europe/Berln` in `sat Europe/Berln` is no time zone",
         "did you mean `Europe/Berlin`?"),
        ("sat europe/berlin", "is wrong: `europe/berlin` in `sat europe/berlin` is no time zone",
         "did you mean `Europe/Berlin`?"),
        ("sat ../../etc/passwd", "is wrong: `../../etc/passwd` in `sat ../../etc/passwd` is no time zone", FORM),
        ("sat Europe", "is wrong: `Europe` in `sat Europe` is no time zone", None),
        ("sat UTC now", "is wrong: `now` in `sat UTC now` is too much", FORM),
        ("22:00-06:00 sat", "is wrong: `sat` in `22:00-06:00 sat` is no time zone", None),
    ],
)  # fmt: skip
def test_mistakes_are_named(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_window(text)
    assert caught.value.message == message
    assert hint is None or caught.value.hint == hint


def holds(text: str, *moment: int, zone: ZoneInfo = BERLIN) -> bool:
    return in_schedule(datetime(*moment, tzinfo=zone), [parse_window(text)])  # type: ignore[arg-type,misc]


def test_hours_past_midnight_belong_to_the_day_they_begin_on() -> None:
    night = "fri 22:00-06:00 Europe/Berlin"
    assert not holds(night, 2026, 11, 20, 21, 59)
    assert holds(night, 2026, 11, 20, 22, 0)
    assert holds(night, 2026, 11, 21, 5, 59)
    assert not holds(night, 2026, 11, 21, 6, 0)
    assert not holds(night, 2026, 11, 20, 3, 0)
    assert not holds(night, 2026, 11, 21, 22, 0)
    assert holds("sun 22:00-06:00 Europe/Berlin", 2026, 11, 23, 3, 0)


def test_a_window_to_midnight_ends_there() -> None:
    for text in ("fri 22:00-24:00 Europe/Berlin", "fri 22:00-00:00 Europe/Berlin"):
        assert holds(text, 2026, 11, 20, 23, 59)
        assert not holds(text, 2026, 11, 21, 0, 0)


def test_the_zone_of_the_window_counts_and_not_that_of_the_clock() -> None:
    assert in_schedule(datetime(2026, 11, 20, 21, 30, tzinfo=UTC), [parse_window("fri 22:00-23:00 Europe/Berlin")])
    assert not in_schedule(datetime(2026, 7, 17, 21, 30, tzinfo=UTC), [parse_window("fri 22:00-23:00 Europe/Berlin")])
    assert in_schedule(datetime(2026, 7, 17, 20, 30, tzinfo=UTC), [parse_window("fri 22:00-23:00 Europe/Berlin")])
    assert in_schedule(datetime(2026, 11, 21, 23, 30, tzinfo=UTC), [parse_window("sun Europe/Berlin")])


def minutes_open(text: str, start: datetime, hours: int) -> int:
    window = parse_window(text)
    return sum(window.holds(start + timedelta(minutes=minute)) for minute in range(hours * 60))


def test_an_hour_that_summer_time_skips_opens_nothing_and_one_that_comes_twice_opens_twice() -> None:
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert minutes_open("02:00-03:00 Europe/Berlin", spring, 24) == 0
    assert minutes_open("01:30-03:30 Europe/Berlin", spring, 24) == 60
    assert minutes_open("22:00-06:00 Europe/Berlin", spring, 24) == 7 * 60
    assert minutes_open("02:00-03:00 Europe/Berlin", autumn, 24) == 120
    assert minutes_open("22:00-06:00 Europe/Berlin", autumn, 24) == 9 * 60


def test_without_windows_it_is_always_time_and_with_several_one_is_enough() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert in_schedule(now, ())
    assert in_schedule(now, [parse_window("mon"), parse_window("sat")])
    assert not in_schedule(now, [parse_window("mon"), parse_window("tue")])


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), st.integers(0, 1439), st.integers(0, 1439))  # noqa: DTZ001 - hypothesis wants them naive
def test_a_window_and_its_complement_make_a_day(moment: datetime, start: int, end: int) -> None:
    if start == end:
        return
    now = moment.replace(tzinfo=UTC)
    assert Window(ALL, start, end, "Europe/Berlin").holds(now) != Window(ALL, end, start, "Europe/Berlin").holds(now)


@pytest.mark.skipif(find_spec("tzdata") is not None, reason="the package tzdata has the zones that the system has not")
def test_a_machine_without_time_zones_says_what_to_install() -> None:
    ZoneInfo.clear_cache()
    reset_tzpath(())
    try:
        with pytest.raises(ScheduleError) as caught:
            parse_window("sat Europe/Berlin")
    finally:
        reset_tzpath()
    assert caught.value.message == "needs time zones, and this machine has none"
    assert caught.value.hint == "pip install tzdata"
