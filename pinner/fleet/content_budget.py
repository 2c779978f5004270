"""Budget of new content that every process with the same token spends together, kept in the store.

A window of so many in so many seconds is a ring of as many rows, each with the time when its turn was taken last: the
oldest is taken next, and no row twice within the window. That holds the limit exactly, whoever takes, and still lets
the whole of it be spent at once, which a generic cell rate (one row, evenly spaced) cannot: of 500 an hour it lets one
go every 7.2 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pinner.fleet.database import Session
    from pinner.fleet.store import Store
    from pinner.http.retry import Clock

T = TypeVar("T")

_PAUSE = "pause"
_MARGIN = 0.05
"""Of a window, on top of it: a request arrives later than its turn, and not all by as much."""


class Window(NamedTuple):
    """How many in how many seconds."""

    most: int
    span: float

    def slot(self, number: int) -> str:
        """Return the name of a row: they are in the order of their numbers."""
        return f"{self.lead}{number:05}"

    @property
    def lead(self) -> str:
        """What the names of its rows begin with."""
        return f"{self.most}/{self.span:g}s#"


class StoredBudget:
    """A `pinner.bot.forges.limits.Budget` of one token at one host, for all processes with the same store."""

    def __init__(
        self, store: Store, host: str, token_id: str, windows: Iterable[tuple[int, float]], clock: Clock
    ) -> None:
        """``token_id`` is the name of the token: itself it is never stored."""
        self._store = store
        self.key = (host, token_id)
        """What names the budget: two with the same are one."""
        self._windows = tuple(Window(count, span) for count, span in windows)
        self._clock = clock
        self._is_made = False

    async def delay(self) -> float:
        """Return the seconds until something more may be made."""
        return await self._store.aside(lambda: self._alone(self._delay))

    async def take(self, most: float) -> float:
        """Take the turn to make one thing, and return the seconds until then; where those are over ``most``, none."""
        return await self._store.aside(lambda: self._alone(lambda session: self._take(session, most)))

    async def pause(self, seconds: float) -> None:
        """Have nothing made for so long: the forge has asked for it."""
        await self._store.aside(lambda: self._store.run(lambda session: self._pause(session, seconds)))

    def free(self, within: float, spared: float = 0.0) -> int | None:
        """Return how many may be made within so many seconds; None where nothing limits them.

        ``spared`` is the part of each window that is left for others.
        """
        return self._alone(lambda session: self._free(session, within, spared))

    def _delay(self, session: Session) -> float:
        return max(0.0, self._turn(session) - self._clock.wall())

    def _take(self, session: Session, most: float) -> float:
        now = self._clock.wall()
        turn = max(now, self._turn(session))
        if turn - now <= most:
            for window in self._windows:
                session.execute(
                    """update pace set at = ? where host = ? and token_id = ? and "window" = (
                        select "window" from pace where host = ? and token_id = ? and substr("window", 1, ?) = ?
                        order by at, "window" limit 1)""",
                    (turn, *self.key, *self.key, len(window.lead), window.lead),
                )
        return turn - now

    def _turn(self, session: Session) -> float:
        """Return when the next may be made, in seconds since the epoch."""
        turn = self._paused_until(session)
        for window in self._windows:
            oldest = session.execute(
                'select min(at) from pace where host = ? and token_id = ? and substr("window", 1, ?) = ?',
                (*self.key, len(window.lead), window.lead),
            )[0][0]
            turn = max(turn, oldest + window.span * (1 + _MARGIN))
        return turn

    def _paused_until(self, session: Session) -> float:
        rows = session.execute(
            'select at from pace where host = ? and token_id = ? and "window" = ?', (*self.key, _PAUSE)
        )
        return float(rows[0][0]) if rows else 0.0

    def _pause(self, session: Session, seconds: float) -> None:
        session.execute(
            """insert into pace (host, token_id, "window", at) values (?, ?, ?, ?)
                on conflict (host, token_id, "window") do update
                set at = case when pace.at > excluded.at then pace.at else excluded.at end""",
            (*self.key, _PAUSE, self._clock.wall() + seconds),
        )

    def _free(self, session: Session, within: float, spared: float) -> int | None:
        until = self._clock.wall() + within
        counts = []
        for window in self._windows:
            sql = """select count(*) from pace
                where host = ? and token_id = ? and substr("window", 1, ?) = ? and at <= ?"""
            before = until - window.span * (1 + _MARGIN)
            free = int(session.execute(sql, (*self.key, len(window.lead), window.lead, before))[0][0])
            # A window that is shorter than the time asked about comes round again in it.
            more = int(window.most * max(0.0, within / window.span - 1))
            counts.append(max(0, free + more - int(window.most * spared)))
        return 0 if self._paused_until(session) > until else min(counts, default=None)

    def _alone(self, work: Callable[[Session], T]) -> T:
        """Return what ``work`` returns when nobody else takes; the rows are made where there are none."""

        def alone(session: Session) -> T:
            session.alone(f"pace {self.key[0]} {self.key[1]}")
            if not self._is_made:
                self._make(session)
            return work(session)

        result = self._store.run(alone)
        # Not before: a transaction that is lost on its way has made nothing.
        self._is_made = True
        return result

    def _make(self, session: Session) -> None:
        for window in self._windows:
            session.many(
                """insert into pace (host, token_id, "window", at) values (?, ?, ?, 0)
                    on conflict (host, token_id, "window") do nothing""",
                [(*self.key, window.slot(number)) for number in range(window.most)],
            )
