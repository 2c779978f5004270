"""Tag upgrades of the bot: small steps go with the digests, major ones have pull requests of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pinner.lockfile.model import Entry, Lock, LockedDigest
from pinner.model import Occurrence, as_skipped
from pinner.tag_upgrades.eligible_tags import eligible_tags, with_upgrades
from pinner.tag_upgrades.search import Search
from pinner.tags.distributions import short_name
from pinner.tags.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pinner.cache.first_seen import FirstSeenStore
    from pinner.config import Settings
    from pinner.errors import ResolveError
    from pinner.oci.resolver import Registry
    from pinner.scan.suppressions import Source
    from pinner.tag_upgrades.model import Outlook, WantedKey

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9.]+")


class TagUpgrades(NamedTuple):
    """What was found for the tags of one repository."""

    outlooks: Mapping[WantedKey, Outlook]

    @property
    def errors(self) -> tuple[ResolveError, ...]:
        """Why nothing can be told of some tags: each once."""
        errors = {str(one.error): one.error for one in self.outlooks.values() if one.error is not None}
        return tuple(errors.values())

    def told(self, *, major: bool) -> dict[str, Outlook]:
        """Return the outlooks by the name (canonical) that stands in files: for major steps, or for the others.

        A major step that is held back has no pull request of its own: it is told beside the others.
        """
        found = {name: one for (name, level), one in self.outlooks.items() if (level == "major") == major}
        for name, outlook in () if major else self.told(major=True).items():
            if outlook.held_back is not None and name in found:
                found[name] = found[name]._replace(held_back=outlook.held_back)
        return found

    def majors(self) -> dict[str, frozenset[str]]:
        """Return the major steps: by the name of their pull request's group, the names (canonical) that take them."""
        found: dict[str, set[str]] = {}
        for name, outlook in self.told(major=True).items():
            if outlook.upgrade is not None and outlook.upgrade.level == "major":
                found.setdefault(major_group(outlook), set()).add(name)
        return {group: frozenset(found[group]) for group in sorted(found)}

    def ages(self) -> Lock:
        """Return when tags that may follow were first seen, in the form of what a run notes for the next."""
        seen = (one for outlook in self.outlooks.values() for one in outlook.seen)
        return Lock({name: Entry(LockedDigest(known.digest, known.media_type, since)) for name, known, since in seen})


async def find_tag_upgrades(
    sources: Sequence[Source], settings: Settings, registry: Registry, first_seen_store: FirstSeenStore
) -> TagUpgrades:
    """Return what there is for the tags in ``sources``: what is not major, and apart from that what is."""
    wanted = {one.key: one for most in ("minor", "major") for one in eligible_tags(sources, settings, most)}
    if not wanted:
        return TagUpgrades({})
    return TagUpgrades(await Search(registry, settings, first_seen_store).find(wanted.values()))


def major_group(outlook: Outlook) -> str:
    """Return what the pull request of a major step is called: the image, and the line that it goes to.

    That is the same for every target in the line: the pull request follows it.
    """
    tag = None if outlook.upgrade is None else parse(outlook.upgrade.tag)
    line = "" if tag is None else tag.numbers[0]
    name = short_name(outlook.wanted.reference.repository)
    return _NOT_IN_A_NAME.sub("-", f"{name}-{line}".lower()).strip("-.")


def with_minor_upgrades(sources: Iterable[Source], settings: Settings, raises: TagUpgrades) -> tuple[Source, ...]:
    """Return ``sources`` with the tags raised that need no pull request of their own."""
    return tuple([with_upgrades(source, settings, raises.outlooks, most="minor") for source in sources])


def with_major_upgrades(
    sources: Iterable[Source], settings: Settings, raises: TagUpgrades, names: frozenset[str]
) -> tuple[Source, ...]:
    """Return ``sources`` with the tags of ``names`` raised by their major steps, and nothing else to be touched."""
    chosen = {key: one for key, one in raises.outlooks.items() if key[0] in names}
    found = []
    for source in sources:
        raised = with_upgrades(source, settings, chosen)
        candidates = tuple(
            candidate
            if not isinstance(place := candidate.place, Occurrence) or place.replaces is not None
            else candidate._replace(place=as_skipped(place, "excluded", "another pull request has this image"))
            for candidate in raised.candidates
        )
        found.append(raised._replace(candidates=candidates))
    return tuple(found)
