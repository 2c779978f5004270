"""What a run could not tell: files that could not be read, images that no registry had an answer for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from pinner.report.escapes import printable
from pinner.report.plain import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.errors import PinnerError
    from pinner.model import Mention
    from pinner.report.base import Verdict


class Trouble(NamedTuple):
    """One thing that could not be told."""

    kind: Literal["unreadable", "unanswered"]
    path: str
    place: Mention | None
    """The reference that it is about; None where it is the whole file."""
    message: str
    """One line, or two where there is a hint; valid Unicode."""

    @property
    def reference(self) -> str:
        """The reference that it is about, without its digest; empty where there is none."""
        return "" if self.place is None else self.place.reference.familiar


def troubles(verdict: Verdict) -> Iterator[Trouble]:
    """Yield what ``verdict`` could not tell: files first."""
    for file in verdict.unreadable:
        yield Trouble("unreadable", file.path, None, _said(file.error))
    for path, place, error in verdict.untold:
        yield Trouble("unanswered", path, place, _said(error))


def _said(error: PinnerError) -> str:
    lines = (error.message,) if error.hint is None else (error.message, f"hint: {error.hint}")
    return "\n".join(whole(printable(line)) for line in lines)
