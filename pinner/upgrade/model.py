"""Values of tag upgrades: what was looked for, what was found, and why nothing else was."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from typing import TypeAlias

    from pinner.config import UpdateRules
    from pinner.errors import ResolveError
    from pinner.model import Resolved, Span
    from pinner.reference import ImageReference
    from pinner.tags.model import Level

    WantedKey: TypeAlias = "tuple[str, Level]"
    """A canonical name, and how great a step it may be raised by."""
    SharedKey: TypeAlias = "tuple[str, Span]"
    """A path, and where the text stands in the file."""


class Wanted(NamedTuple):
    """One tag in use that may be raised."""

    reference: ImageReference
    """As the first file has it."""
    level: Level
    rules: UpdateRules
    held: tuple[ImageReference, ...] = ()
    """The same with each of the digests that files hold it to."""
    place: str = ""
    """``path:line`` of the use, where the tag is not raised by itself."""
    start: int = 0
    """Where the shared text begins in the tag then."""

    @property
    def key(self) -> WantedKey:
        """What tells it from the others."""
        return self.reference.canonical, self.level


class Shared(NamedTuple):
    """A variable's text that is a part of one tag or several, where no digest can stand: one choice for all of them."""

    path: str
    span: Span
    name: str
    text: str
    uses: tuple[Wanted, ...]

    @property
    def key(self) -> SharedKey:
        """What tells it from the others."""
        return self.path, self.span


class SharedOutlook(NamedTuple):
    """What was found for one such text."""

    shared: Shared
    text: str | None = None
    """The greatest that every use proves; None where the text stays."""
    reasons: tuple[str, ...] = ()
    """Why no greater one is proposed, a clause for each that a use did not take."""
    error: ResolveError | None = None
    """Why nothing can be told."""


class Upgrade(NamedTuple):
    """The tag that is to follow, proved."""

    tag: str
    level: Level
    resolved: Resolved
    """What the tag means."""
    lost: tuple[str, ...] = ()
    """Platforms that the image in use has and this one has not, none of them needed."""


class Outlook(NamedTuple):
    """What was found for one tag in use."""

    wanted: Wanted
    upgrade: Upgrade | None = None
    reasons: tuple[str, ...] = ()
    """Why no later tag is proposed, one clause for each that was passed over."""
    ended: str | None = None
    """What there is to say where the variant in use goes on as another."""
    seen: tuple[tuple[str, Resolved, datetime], ...] = ()
    """The candidates whose age counted: canonical name, what it means, when pinner first saw it."""
    held_back: str | None = None
    """Why the tag that would follow is not accepted by the policy on signatures; no lower one is proposed then."""
    error: ResolveError | None = None
    """Why nothing can be told."""
