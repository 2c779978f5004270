"""What goes wrong with a forge, to be asked for by tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Kind: TypeAlias = Literal[
    "secondary", "primary", "too-many", "error-before", "error-after", "lost-before", "lost-after", "slow", "before"
]
"""``…-after``: it takes effect, and its answer is a 502 or the connection's end. ``before``: only ``action`` runs."""


@dataclass
class Fault:
    """One thing that goes wrong, ``times`` times, for requests that match, after ``skip`` that go well."""

    kind: Kind
    method: str | None = None
    path: str = ""
    """A regular expression found anywhere in the path; GraphQL's is followed by ``#`` and the field asked for."""
    times: int = 1
    skip: int = 0
    every: int = 1
    """Of those that match, every so many-th."""
    retry_after: float | None = 0.2
    seconds: float = 0.5
    action: Callable[[], object] | None = None
    met: int = field(default=0, init=False)
    done: int = field(default=0, init=False)

    def strikes(self, method: str, path: str) -> bool:
        """Tell whether it happens to this request, and count it."""
        if self.done == self.times or (self.method is not None and self.method != method):
            return False
        if re.search(self.path, path) is None:
            return False
        self.met += 1
        if self.met <= self.skip or (self.met - self.skip) % self.every:
            return False
        self.done += 1
        return True
