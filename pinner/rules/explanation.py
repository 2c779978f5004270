"""Parts of a rule's page: what it says, why it matters, how to mend and when to silence it."""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """The parts of a rule's page."""

    what: str
    """What was found."""
    why: str
    """Why it matters."""
    mend: str
    """What to do about it."""
    silence: str = ""
    """When to silence it, where that is not plain; how is the same for all rules."""
