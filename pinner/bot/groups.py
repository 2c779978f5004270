"""Groups of pull requests: which one a reference belongs to, and its settings."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pinner.config.bot import DIGESTS, PINS, branch_end
from pinner.patterns.globs import read_patterns
from pinner.scan.suppressions import matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.config import Group, MergeWay, Settings
    from pinner.config.schedule import Window
    from pinner.patterns.globs import Patterns
    from pinner.reference import ImageReference

__all__ = ["DIGESTS", "PINS", "GroupOptions", "group_of", "options_of"]


class GroupOptions(NamedTuple):
    """What the settings say of one group's pull request: its own where it has them, else those of ``[bot]``."""

    name: str
    branch: str
    """In full, prefix included."""
    title: str | None
    """A template for `render_title`; None for the default."""
    message: str | None
    """A template for `render_message`; None for the default."""
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    reviewers: tuple[str, ...]
    auto_merge: MergeWay
    schedule: tuple[Window, ...]
    """For `in_schedule`."""


def group_of(reference: ImageReference, path: str, groups: Sequence[Group]) -> str:
    """Return the name of the group that ``reference``, as ``path`` has it before the change, belongs to.

    The first of ``groups`` that it fits; else ``pins`` where it has no digest yet, and ``digests`` where it has one.
    ``path`` is relative to the configuration file's folder, ``/`` on every system.
    """
    for group in groups:
        if _fits(reference, path, group):
            return group.name
    return PINS if reference.digest is None else DIGESTS


def _fits(reference: ImageReference, path: str, group: Group) -> bool:
    return (
        (not group.images or matches(reference, group.images))
        and (not group.registries or any(fnmatchcase(reference.domain, glob) for glob in group.registries))
        and (not group.paths or _spec(group.paths).match(path))
    )


@lru_cache(maxsize=256)
def _spec(patterns: tuple[str, ...]) -> Patterns:
    return read_patterns(patterns)[0]


def options_of(name: str, settings: Settings) -> GroupOptions:
    """Return what ``settings`` say of the group called ``name``: one of theirs, ``digests`` or ``pins``."""
    bot = settings.bot
    group = next((known for known in settings.groups if known.name == name), None)
    if group is None:
        return GroupOptions(
            name,
            bot.branch_prefix + name,
            bot.title,
            bot.commit_message,
            bot.labels,
            bot.assignees,
            bot.reviewers,
            bot.auto_merge,
            bot.schedule,
        )
    return GroupOptions(
        name,
        bot.branch_prefix + branch_end(group),
        bot.title if group.title is None else group.title,
        bot.commit_message,
        bot.labels if group.labels is None else group.labels,
        bot.assignees if group.assignees is None else group.assignees,
        bot.reviewers if group.reviewers is None else group.reviewers,
        bot.auto_merge if group.auto_merge is None else group.auto_merge,
        bot.schedule if group.schedule is None else group.schedule,
    )
