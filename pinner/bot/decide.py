"""Decision for one group: the wanted pull request against what exists.

Each action is one idempotent step, and they are in an order in which a run may be cut short anywhere: the next run sees
what is there and goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from pinner.bot.forges.base import missing_names
from pinner.bot.model import closed_as_double, read_marker, without_marker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.bot.model import Proposal, PullRequest

STOP_LABEL = "pinner:stop"
"""Whoever puts it on a pull request keeps the bot off it."""
_OBSOLETE = "**Closed by pinner:** every digest that this was to change is up to date by now."

Outcome: TypeAlias = Literal[
    "opened", "updated", "unchanged", "closed", "silenced", "foreign", "stopped", "waiting", "later", "nothing"
]
COUNTED = (*get_args(Outcome), "skipped", "failed")
"""What pull requests and repositories come to, the most telling first."""


class Branch(NamedTuple):
    """The proposal's branch as the remote has it."""

    head: str
    is_ours: bool
    """Whether the bot made every commit since the base branch."""
    matches: bool
    """Whether it changes the very files that the proposal changes, to the very same bytes, and no others."""
    is_behind: bool
    """Whether the base branch has changed one of those files since."""
    files: frozenset[str] = frozenset()
    """The paths of what it changes, where it is the bot's."""


class Observed(NamedTuple):
    """What there is."""

    requests: tuple[PullRequest, ...] = ()
    """Of the proposal's branch, in any state, the newest first."""
    branch: Branch | None = None
    open_others: int = 0
    """How many pull requests of the bot are open on other branches."""


class Limits(NamedTuple):
    """What the settings allow now."""

    max_open: int | None = None
    in_schedule: bool = True


class Push(NamedTuple):
    """Put the proposal's commit on the branch; ``lease`` is the head that must be there, None for no branch."""

    lease: str | None


class Create(NamedTuple):
    """Open the pull request."""


class Edit(NamedTuple):
    """Change what the pull request says, or the branch that it is for; None leaves it."""

    request: PullRequest
    title: str | None
    body: str | None
    base: str | None = None


class Complete(NamedTuple):
    """Add the labels, people and auto-merge that are missing; ``request`` None is the one just opened."""

    request: PullRequest | None


class Close(NamedTuple):
    """Close the pull request; its body says why, once, however often a run is cut short."""

    request: PullRequest
    body: str


class DeleteBranch(NamedTuple):
    """Delete the branch, which must be at ``head``."""

    head: str


Action: TypeAlias = Push | Create | Edit | Complete | Close | DeleteBranch


class Decision(NamedTuple):
    """What to do, and in one sentence why."""

    outcome: Outcome
    reason: str
    actions: tuple[Action, ...] = ()


def decide(proposal: Proposal, there: Observed, limits: Limits) -> Decision:
    """Return what brings the forge from what is ``there`` to ``proposal``; no action where all is as it should be."""
    # Two runs at once may have opened two: the first stays.
    opened = sorted((one for one in there.requests if one.state == "open"), key=lambda request: request.number)
    current = opened[0] if opened else None
    hands_off = _hands_off(current, there.branch)
    if not proposal.changes and current is None and there.branch is None:
        # What is held back is counted beside it.
        reason = "there is nothing to propose" if proposal.held_back else "every digest is what its tag means"
        return Decision("nothing", reason)
    if not proposal.changes:
        return _obsolete(current, there.branch, hands_off)
    if hands_off is not None:
        return hands_off
    if current is not None:
        return _without_twins(_refresh(proposal, current, there.branch), current, opened[1:])
    silenced = _silenced(proposal, there)
    return silenced or _open(proposal, there, limits)


def _without_twins(decision: Decision, current: PullRequest, twins: Iterable[PullRequest]) -> Decision:
    """Return ``decision`` with what else the bot has opened for the branch closed, without its marker."""
    closing = tuple(
        Close(twin, closed_as_double(twin.body, current.url)) for twin in twins if read_marker(twin.body) is not None
    )
    if not closing:
        return decision
    return Decision("updated", f"{current.url} stays, and its double is closed", (*decision.actions, *closing))


def _hands_off(current: PullRequest | None, branch: Branch | None) -> Decision | None:
    if current is not None and STOP_LABEL in current.labels:
        return Decision("stopped", f"{current.url} has the label `{STOP_LABEL}`")
    if branch is not None and not branch.is_ours:
        where = "the branch" if current is None else current.url
        return Decision("foreign", f"{where} has commits of others: it is theirs now")
    return None


def _obsolete(current: PullRequest | None, branch: Branch | None, hands_off: Decision | None) -> Decision:
    if hands_off is not None:
        return hands_off
    actions: list[Action] = []
    if current is not None:
        # Without its marker: what the bot closes itself must not silence the same change later.
        actions.append(
            Close(current, f"{_OBSOLETE}\n\n{without_marker(current.body).removeprefix(_OBSOLETE).lstrip()}")
        )
    if branch is not None:
        actions.append(DeleteBranch(branch.head))
    return Decision("closed", "nothing is left to change", tuple(actions))


def _refresh(proposal: Proposal, current: PullRequest, branch: Branch | None) -> Decision:
    """Bring an open pull request up to date; what is so already is not touched."""
    actions: list[Action] = []
    base = None if current.base == proposal.base else proposal.base
    if branch is None or not branch.matches or branch.is_behind or current.conflicts or base is not None:
        # For another base branch it has to start there, or it would bring along what the old one has.
        actions.append(Push(None if branch is None else branch.head))
    title = None if current.title == proposal.title else proposal.title
    body = None if _same_text(current.body, proposal.body) else proposal.body
    if title is not None or body is not None or base is not None:
        actions.append(Edit(current, title, body, base))
    if _is_incomplete(proposal, current):
        actions.append(Complete(current))
    if not actions:
        return Decision("unchanged", f"{current.url} is up to date")
    if actions == [Complete(current)] and not _lacks_names(proposal, current):
        # Asked for again on every run: as long as no check is to come, no forge waits for one.
        return Decision("unchanged", f"{current.url} is up to date", tuple(actions))
    return Decision("updated", f"{current.url} is brought up to date", tuple(actions))


def _is_incomplete(proposal: Proposal, current: PullRequest) -> bool:
    return _lacks_names(proposal, current) or (bool(proposal.auto_merge) and not current.auto_merge)


def _lacks_names(proposal: Proposal, current: PullRequest) -> bool:
    return bool(missing_names(proposal.labels, current.labels) or missing_names(proposal.assignees, current.assignees))


def _silenced(proposal: Proposal, there: Observed) -> Decision | None:
    """Return the decision to leave be what a person closed; a merged pull request silences nothing."""
    for request in there.requests:
        marker = read_marker(request.body)
        if request.state == "closed" and marker is not None and marker.fingerprint == proposal.fingerprint:
            return Decision("silenced", f"{request.url} with these very digests was closed")
    return None


def _open(proposal: Proposal, there: Observed, limits: Limits) -> Decision:
    if not limits.in_schedule:
        return Decision("waiting", "the schedule opens nothing new now")
    if limits.max_open is not None and there.open_others >= limits.max_open:
        return Decision("waiting", f"{there.open_others} pull requests are open, and `max-open` allows no more")
    actions: list[Action] = []
    branch = there.branch
    if branch is None or not branch.matches or branch.is_behind:
        actions.append(Push(None if branch is None else branch.head))
    actions.append(Create())
    if proposal.labels or proposal.assignees or proposal.reviewers or proposal.auto_merge:
        actions.append(Complete(None))
    count = len(proposal.changes)
    return Decision("opened", "1 image" if count == 1 else f"{count} images", tuple(actions))


def _same_text(one: str, other: str) -> bool:
    """Compare bodies as forges keep them: with other line ends, and without blanks at the end."""
    return _normalised(one) == _normalised(other)


def _normalised(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
