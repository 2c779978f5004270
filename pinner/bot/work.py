"""Work on one repository's files: read, planned, proved and proposed, in a process of its own.

Everything whose time or memory depends on what the files hold is here; the clone, the forge and the registries are the
caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner import pipeline
from pinner.bot.body import render_body, render_message, render_title
from pinner.bot.changes import GroupUpdate, split
from pinner.bot.groups import options_of
from pinner.bot.model import Proposal
from pinner.bot.plan import RememberedFirstSeen, UpdateInput, plan_update, seen_in, to_remember
from pinner.bot.state import parse_remembered
from pinner.lockfile.file import lock_file, read_lock
from pinner.lockfile.model import Lock
from pinner.lockfile.render import render_lock
from pinner.scan.discover import discover

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from pinner.cache.first_seen import FirstSeenStore
    from pinner.config import Settings
    from pinner.oci.resolver import Registry
    from pinner.pipeline import Unreadable
    from pinner.plan import Plan
    from pinner.scan.suppressions import Source


SIGNER_LABEL = "signer-changed"
"""Of a pull request beside which something is held back for who signed it, or nobody."""


class Checkout(NamedTuple):
    """What is worked on, and what earlier runs left."""

    folder: str
    paths: tuple[str, ...]
    """What of it; none for all."""
    settings: Settings
    environment: Mapping[str, str]
    today: date
    select: Callable[[Sequence[Source]], tuple[Source, ...]]
    """A module's own function, or `functools.partial` of one."""
    to_index: bool
    first_seen_store: FirstSeenStore
    base: str
    """The branch that pull requests are for."""
    body_limit: int
    """Characters that the forge takes for a pull request's body."""
    locks: tuple[bytes, ...] = ()
    """The locks on the bot's own branches."""
    memory: bytes | None = None
    """The note of an earlier run."""


class Worked(NamedTuple):
    """What came of it."""

    parts: Mapping[str, tuple[GroupUpdate, Proposal]]
    """By group, those without anything left out."""
    failures: tuple[Plan, ...]
    unreadable: tuple[Unreadable, ...]
    memory: bytes | None
    """What the note is to say; None where no times count, for nothing is to be noted."""


async def work_on(checkout: Checkout, registry: Registry) -> Worked:
    """Return what becomes of the files in ``checkout``. Raises `ConfigError`."""
    settings = checkout.settings
    targets = discover(checkout.paths, settings, checkout.folder, checkout.environment)
    survey = pipeline.survey(targets, settings, today=checkout.today)
    stored = read_lock(lock_file(settings, checkout.folder))
    memory = Lock() if checkout.memory is None else parse_remembered(checkout.memory)
    known = seen_in([memory, *map(parse_remembered, checkout.locks)])
    update_input = UpdateInput(
        checkout.select(survey.sources),
        survey.sources,
        settings,
        None if stored is None else stored.lock,
        memory,
        RememberedFirstSeen(checkout.first_seen_store, known),
        checkout.to_index,
    )
    update = await plan_update(update_input, registry)
    parts, failures = await split(update_input, update, registry, None if stored is None else stored.data)
    return Worked(
        {name: (part, propose(part, settings, checkout.base, checkout.body_limit)) for name, part in parts.items()},
        failures,
        survey.unreadable,
        None if settings.min_age is None else render_lock(to_remember(update_input, update)),
    )


def _labels(part: GroupUpdate, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels of a pull request: something held back for who signed it is to be seen."""
    is_changed = any(held.is_signer_changed for held in part.held_back)
    return (*labels, SIGNER_LABEL) if is_changed and SIGNER_LABEL not in labels else labels


def propose(part: GroupUpdate, settings: Settings, base: str, body_limit: int, branch: str | None = None) -> Proposal:
    """Return what the pull request of one group should be; ``branch`` where the settings do not know the group."""
    options, bot = options_of(part.group, settings), settings.bot
    proposal = Proposal(
        part.group,
        branch or options.branch,
        base,
        part.changes,
        part.files,
        part.held_back,
        labels=_labels(part, options.labels),
        assignees=options.assignees,
        reviewers=options.reviewers,
        # A first pin changes how a file is kept up from then on: that is for a person to see.
        auto_merge=options.auto_merge
        and all(change.old is not None for change in part.changes)
        and not any(held.is_signer_changed for held in part.held_back),
    )
    if not part.changes:
        return proposal
    title = render_title(proposal, options.title)
    sign_off = bot.author if bot.sign_off else None
    return proposal._replace(
        title=title,
        message=render_message(proposal, title, options.message, sign_off),
        body=render_body(proposal, body_limit),
    )
