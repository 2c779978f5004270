"""First-seen times of digests under their tags.

One small file for each (tag, digest) in the user's cache folder; the first to write it wins. Where it is lost, a lock
still has its own times: only a digest that no lock knows yet gets a later one.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pinner._typing import TYPE_CHECKING
from pinner.files.atomic import read_regular, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike
    from pathlib import Path

    from pinner.reference import Digest

EPOCH = "SOURCE_DATE_EPOCH"
"""The variable that says what time it is, for results that can be made again (reproducible-builds.org)."""


class FirstSeenStore:
    """What was first seen when: ``directory`` remembers, None for nobody; ``now`` is for what it does not know."""

    def __init__(self, directory: str | PathLike[str] | None, now: datetime) -> None:
        self._directory = directory
        self.now = now

    def first_seen(self, name: str, digest: Digest) -> datetime:
        """Return when ``digest`` was first seen under the tag ``name`` (canonical): now, where nobody remembers it."""
        if self._directory is None:
            return self.now
        import hashlib  # noqa: PLC0415 - only where something new was seen
        from pathlib import Path  # noqa: PLC0415 - as above

        key = hashlib.sha256(f"{name}@{digest}".encode()).hexdigest()
        record = Path(self._directory, "seen", key)
        try:
            return min(self._remembered(record), self.now)
        except OSError:  # a full disk, a folder that is none: now is true enough
            return self.now

    def _remembered(self, record: Path) -> datetime:
        record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = str(int(self.now.timestamp())).encode("ascii")
        try:
            write_atomically(record, text, exclusive=True)
        except FileExistsError:
            text = read_regular(record)
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (ValueError, OverflowError):  # damaged
            write_atomically(record, str(int(self.now.timestamp())).encode("ascii"))
            return self.now


def open_first_seen(
    environment: Mapping[str, str], directory: str | PathLike[str] | None, clock: float
) -> FirstSeenStore:
    """Return what remembers for this run; ``clock`` is the time in seconds since 1970.

    SOURCE_DATE_EPOCH in ``environment`` is the time instead, and then nothing is remembered: the result must depend on
    it alone.
    """
    try:
        return FirstSeenStore(None, datetime.fromtimestamp(int(environment[EPOCH]), UTC))
    except (KeyError, ValueError, OverflowError, OSError):
        return FirstSeenStore(directory, datetime.fromtimestamp(int(clock), UTC))
