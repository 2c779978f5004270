"""Schedule parser: weekdays, hours and a time zone in which the bot may open pull requests.

One window is ``[days] [hours] [zone]``, parts left out being every day, all day and UTC::

    sat                               mon-fri 22:00-06:00 Europe/Berlin
    sat,sun 08:00-12:00               22:00-24:00 America/New_York

Hours past midnight belong to the day they begin on: ``fri 22:00-06:00`` ends on Saturday morning. What counts is the
clock on the wall of that zone, whatever summer time does to it: an hour that is skipped opens no window, one that comes
twice opens it twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import PinnerError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_HINT = "write days, hours and a time zone, as in mon-fri 22:00-06:00 Europe/Berlin; each may be left out"
_DAYS_WORD = re.compile(r"[A-Za-z]+(?:[-,][A-Za-z]+)*")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")


class ScheduleError(PinnerError):
    """A text that is no window, and why."""


class Window(NamedTuple):
    """One stretch of time that comes back every week."""

    days: frozenset[int]
    """On which it begins, Monday 0."""
    start: int
    """Minutes after midnight."""
    end: int
    """Minutes after midnight, up to 1440; not after ``start`` where it is the next day's."""
    zone: str
    """The IANA name of its time zone."""

    def holds(self, now: datetime) -> bool:
        """Tell whether ``now`` (aware) is in the window: its first minute is, the minute of its end is not."""
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - only where there is a schedule

        local = now.astimezone(ZoneInfo(self.zone))
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        return (today in self.days and minute >= self.start) or ((today - 1) % 7 in self.days and minute < self.end)


def in_schedule(now: datetime, schedule: Iterable[Window]) -> bool:
    """Tell whether ``now`` (aware) is in one of the windows; with no windows it always is."""
    windows = tuple(schedule)
    return not windows or any(window.holds(now) for window in windows)


def parse_window(text: str) -> Window:
    """Return the window that ``text`` spells; raises `ScheduleError`, whose message follows the name of a key."""
    words = text.split()
    if not words:
        raise ScheduleError("has an empty window", hint=_HINT)
    days = frozenset(range(7))
    start, end = 0, _DAY_MINUTES
    # A zone may be one word without a slash too (`UTC`, `CET`): it stands last, and days stand first.
    if _DAYS_WORD.fullmatch(words[0]) and _looks_like_days(words[0], alone=len(words) == 1):
        days = _days(words.pop(0), text)
    if words and (match := _HOURS.fullmatch(words[0])):
        start, end = _minutes(match[1], match[2], text), _minutes(match[3], match[4], text)
        if start in {end, _DAY_MINUTES}:
            raise ScheduleError(f"is wrong: `{text}` is never", hint="leave the hours out for the whole day")
        words.pop(0)
    zone = _zone(words.pop(0), text) if words else "UTC"
    if words:
        raise ScheduleError(f"is wrong: `{words[0]}` in `{text}` is too much", hint=_HINT)
    return Window(days, start, end, zone)


def _looks_like_days(word: str, *, alone: bool) -> bool:
    first = re.split("[-,]", word)[0]
    return first.lower() in DAYS or "," in word or (alone and first.islower())


def _days(word: str, text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        ends = [_day(name, text) for name in part.split("-")]
        if len(ends) > 2:  # noqa: PLR2004 - from and to
            raise ScheduleError(f"is wrong: `{part}` in `{text}` is no range of days", hint=_HINT)
        # `sat-mon` goes over the end of the week.
        found.update((ends[0] + step) % 7 for step in range((ends[-1] - ends[0]) % 7 + 1))
    return frozenset(found)


def _day(name: str, text: str) -> int:
    if name.lower() not in DAYS:
        hint = did_you_mean(name.lower(), DAYS) or f"the days are {', '.join(DAYS)}"
        raise ScheduleError(f"is wrong: `{name}` in `{text}` is no day", hint=hint)
    return DAYS.index(name.lower())


def _minutes(hour: str, minute: str, text: str) -> int:
    total = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or total > _DAY_MINUTES:  # noqa: PLR2004 - minutes of an hour
        raise ScheduleError(f"is wrong: `{hour}:{minute}` in `{text}` is no time of day", hint="00:00 to 24:00")
    return total


def _zone(name: str, text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones  # noqa: PLC0415 - see `holds`

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        if not known:
            raise ScheduleError("needs time zones, and this machine has none", hint="pip install tzdata") from None
        by_case = next((zone for zone in known if zone.lower() == name.lower()), None)
        hint = f"did you mean `{by_case}`?" if by_case else did_you_mean(name, known) or _HINT
        raise ScheduleError(f"is wrong: `{name}` in `{text}` is no time zone", hint=hint) from None
    return name
