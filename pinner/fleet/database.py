"""Database interface of the fleet's store, and SQLite for one machine."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pinner.errors import PinnerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

T = TypeVar("T")
Row = tuple[Any, ...]


class StoreError(PinnerError):
    """The store cannot be opened, reached or written."""


class Session(Protocol):
    """One transaction; ``?`` stands for a value."""

    id_column: str

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Return the rows that a statement yields; none where it yields none."""
        ...

    def records(self, sql: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Return the rows that a query yields, each by the names of its columns."""
        ...

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute a statement for each of ``rows``."""
        ...

    def has_table(self, name: str) -> bool:
        """Tell whether there is a table of that name."""
        ...

    def alone(self, what: str) -> None:
        """Wait until no other transaction is at ``what``; this one then is, to its end."""
        ...


class Database(Protocol):
    """What keeps the store."""

    is_local: bool
    """Whether it is a file of this machine's, and answers at once."""

    def transaction(self, work: Callable[[Session], T]) -> T:
        """Return what ``work`` returns, all of it or nothing done; it may be called again. Raises `StoreError`."""
        ...

    def ticking(self) -> AbstractContextManager[bool]:
        """Have nobody else tick meanwhile; the value is whether that is so."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class _SqliteSession:
    id_column = "integer primary key"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self._connection.execute(_for_sqlite(sql), values).fetchall()

    def records(self, sql: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        cursor = self._connection.execute(_for_sqlite(sql), values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        given = list(rows)
        if given:
            self._connection.executemany(_for_sqlite(sql), given)

    def has_table(self, name: str) -> bool:
        return bool(self.execute("select 1 from sqlite_master where type = 'table' and name = ?", (name,)))

    def alone(self, what: str) -> None:
        """Do nothing: who writes is alone anyway."""


def _for_sqlite(sql: str) -> str:
    # `is distinct from` is SQLite's since 3.39 only.
    return sql.replace(" is distinct from ", " is not ")


class SqliteDatabase:
    """A file on this machine, readable by its owner alone; ``file`` None is in memory."""

    is_local = True

    def __init__(self, file: Path | None, *, read_only: bool = False) -> None:
        """Raise `StoreError` where it cannot be opened."""
        self._alone = threading.RLock()
        self._file = file
        self._begin = "begin" if read_only else "begin immediate"
        try:
            self._connection = _opened(file, read_only=read_only)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the store `{file}` cannot be opened: {error}") from error

    def transaction(self, work: Callable[[Session], T]) -> T:
        """Return what ``work`` returns."""
        with self._alone:
            connection = self._connection
            try:
                connection.execute(self._begin)
                try:
                    result = work(_SqliteSession(connection))
                except BaseException:
                    connection.execute("rollback")
                    raise
                connection.execute("commit")
            except sqlite3.Error as error:
                raise StoreError(f"the store cannot be used: {error}") from error
        return result

    @contextmanager
    def ticking(self) -> Iterator[bool]:
        """Hold the lock beside the file; in memory nobody else is there."""
        if self._file is None:
            yield True
            return
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only who writes needs it

        lock = FileLock(f"{self._file}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def close(self) -> None:
        """Close the file."""
        with self._alone:
            self._connection.close()


def _opened(file: Path | None, *, read_only: bool) -> sqlite3.Connection:
    if file is None:
        return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    if not read_only:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    where = f"{file.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
    connection = sqlite3.connect(where, uri=True, isolation_level=None, check_same_thread=False, timeout=0.0)
    try:
        if read_only:
            connection.execute("pragma query_only = 1")
        else:
            write_ahead(connection)
        connection.execute(f"pragma busy_timeout = {_TRIES * _PAUSE * 1000:.0f}")
        connection.execute("pragma synchronous = normal")
    except BaseException:
        connection.close()
        raise
    return connection


_TRIES = 600
_PAUSE = 0.05
"""Seconds between two of them."""


def write_ahead(connection: sqlite3.Connection, pause: Callable[[float], None] = time.sleep) -> None:
    """Have a write-ahead log kept, so that others read while one writes; raises `sqlite3.Error`.

    Where several open a new file at once SQLite may refuse, whatever its timeout is: each would wait for a lock
    that another holds (https://www.sqlite.org/c3ref/busy_handler.html). So it is asked again, for half a minute.
    """
    for left in reversed(range(_TRIES)):
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or not left:
                raise
            pause(_PAUSE)
        else:
            return
