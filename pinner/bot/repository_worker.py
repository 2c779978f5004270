"""Work on one repository's files: read, planned, proved and proposed, in a process of its own.

Everything whose time or memory depends on what the files hold is here; the clone, the forge and the registries are the
caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner import pipeline
from pinner.bot.changes import GroupUpdate, major_update, split_by_group
from pinner.bot.git.branches import parse_remembered
from pinner.bot.groups import options_of
from pinner.bot.model import Proposal, Use
from pinner.bot.plan import RememberedFirstSeen, UpdateInput, first_seen_in, observed_lock, plan_update
from pinner.bot.pull_request_body import render_body, render_message, render_title
from pinner.bot.tag_upgrades import TagUpgrades, find_tag_upgrades, with_major_upgrades, with_minor_upgrades
from pinner.lockfile.file import lock_file, read_lock
from pinner.lockfile.model import Lock
from pinner.lockfile.render import render_lock
from pinner.lockfile.usage import follows_tag
from pinner.model import Occurrence
from pinner.scan.discover import discover
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from pinner.cache.first_seen import FirstSeenStore
    from pinner.config import Settings
    from pinner.oci.resolver import Registry
    from pinner.pipeline import Survey
    from pinner.plan import Plan
    from pinner.scan.scan import Unreadable
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
    majors: tuple[str, ...] = ()
    """The groups among ``parts`` that are major steps of a tag."""
    errors: tuple[str, ...] = ()
    """Why nothing can be told of some tags: what is open for them is left as it is."""
    uses: tuple[Use, ...] = ()
    """Every place that names an image."""


async def work_on(checkout: Checkout, registry: Registry) -> Worked:
    """Return what becomes of the files in ``checkout``. Raises `ConfigError`."""
    settings = checkout.settings
    targets = discover(checkout.paths, settings, checkout.folder, checkout.environment)
    survey = pipeline.survey(targets, settings, today=checkout.today)
    plans = await _planned(checkout, survey, registry)
    return Worked(
        {
            name: (part, propose(part, settings, checkout.base, checkout.body_limit))
            for name, part in plans.parts.items()
        },
        plans.failures,
        survey.unreadable,
        plans.memory,
        plans.majors,
        plans.errors,
        tuple(_uses(survey.sources)),
    )


def _uses(sources: Iterable[Source]) -> Iterator[Use]:
    """Yield every place that an update may be about."""
    for source in sources:
        for place in occurrences_for(source, "update"):
            if isinstance(place, Occurrence):
                reference = place.reference
                name = reference.canonical if follows_tag(place) else reference.repository
                held = None if reference.digest is None else str(reference.digest)
                yield Use(source.document.path, place.line, name, held)


class _Planned(NamedTuple):
    """The fields of `Worked` that registries have a say in."""

    parts: Mapping[str, GroupUpdate]
    failures: tuple[Plan, ...]
    memory: bytes | None
    majors: tuple[str, ...]
    errors: tuple[str, ...]


async def _planned(checkout: Checkout, survey: Survey, registry: Registry) -> _Planned:
    """Return what becomes of what was found."""
    settings, stored = checkout.settings, read_lock(lock_file(checkout.settings, checkout.folder))
    memory = Lock() if checkout.memory is None else parse_remembered(checkout.memory)
    known = first_seen_in([memory, *map(parse_remembered, checkout.locks)])
    first_seen_store = RememberedFirstSeen(checkout.first_seen_store, known)
    selected = checkout.select(survey.sources)
    raises = await find_tag_upgrades(selected, settings, registry, first_seen_store)
    update_input = UpdateInput(
        with_minor_upgrades(selected, settings, raises),
        survey.sources,
        settings,
        None if stored is None else stored.lock,
        memory,
        first_seen_store,
        checkout.to_index,
        raises.told(major=False),
    )
    update = await plan_update(update_input, registry)
    data = None if stored is None else stored.data
    parts, failures = await split_by_group(update_input, update, registry, data)
    parts = {name: part._replace(may_pass=part.may_pass or bool(raises.errors)) for name, part in parts.items()}
    majors = await _major_parts(selected, update_input, raises, registry, data)
    noted = Lock({**raises.ages().images, **observed_lock(update_input, update).images})
    return _Planned(
        {**parts, **majors},
        failures,
        render_lock(noted) if settings.counts_ages else None,
        tuple(majors),
        tuple(error.message for error in raises.errors),
    )


async def _major_parts(
    selected: Sequence[Source], update_input: UpdateInput, raises: TagUpgrades, registry: Registry, stored: bytes | None
) -> dict[str, GroupUpdate]:
    """Return the major steps, each as the part that its own pull request changes."""
    found = {}
    for name, images in raises.majors().items():
        sources = with_major_upgrades(selected, update_input.settings, raises, images)
        one = update_input._replace(sources=sources, outlooks=raises.told(major=True))
        part = await major_update(name, one, await plan_update(one, registry), registry, stored)
        if part.changes:
            found[name] = part._replace(may_pass=part.may_pass or bool(raises.errors))
    return found


def _labels(part: GroupUpdate, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels of a pull request: something held back for who signed it is to be seen."""
    is_changed = any(held.is_signer_changed for held in part.held_back)
    return (*labels, SIGNER_LABEL) if is_changed and SIGNER_LABEL not in labels else labels


def _may_be_merged(part: GroupUpdate) -> bool:
    # A first pin changes how a file is kept up from then on, a major step what is in it: that is for a person.
    return all(change.old is not None and change.level != "major" for change in part.changes) and not any(
        held.is_signer_changed for held in part.held_back
    )


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
        auto_merge=options.auto_merge if _may_be_merged(part) else "",
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
