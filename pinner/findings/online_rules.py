"""Online rules of ``check``: findings from what registries say of the pins, and of newer tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.findings import Finding, with_expiry
from pinner.findings.pin_status import own_platform
from pinner.model import Occurrence, Resolved
from pinner.oci.platforms import matches
from pinner.rules import (
    GONE,
    MISSING_PLATFORM,
    NEWER_TAG,
    STALE,
    TAG_GONE,
    TAG_MISMATCH,
    TAG_RULES,
    UNPINNED,
    VARIANT_ENDED,
    WRONG_KIND,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.config import Settings
    from pinner.findings.pin_status import PinStatus, PinStatuses
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import Digest, ImageReference, Platform
    from pinner.rules import Level
    from pinner.scan.suppressions import Source
    from pinner.tag_upgrades.newer_tags import NewerTags

_MAX_NAMED = 8


def check_standing(source: Source, pin_statuses: PinStatuses, settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with the pins of ``source`` by ``pin_statuses``; pragmas in force silence their rules.

    What could not be told is no finding: see `PinStatus.error`.
    """
    for candidate in source.candidates:
        occurrence = candidate.place
        pin_status = pin_statuses.of(occurrence) if isinstance(occurrence, Occurrence) else None
        if pin_status is None or not isinstance(occurrence, Occurrence) or pin_status.held is None:
            continue
        for finding in _findings(source.document.path, occurrence, pin_status, pin_statuses, settings):
            level = _level(finding, settings.rules)
            if level != "off" and not candidate.silenced(finding.rule.id):
                yield finding._replace(severity=level, hint=with_expiry(candidate, finding.rule, finding.hint))


def with_proposals(finding: Finding, pin_statuses: PinStatuses) -> Finding:
    """Return ``finding`` with the text to write instead, where it is about a missing digest that is known now."""
    if finding.rule is not UNPINNED or not isinstance(finding.place, Occurrence):
        return finding
    pin_status = pin_statuses.of(finding.place)
    if pin_status is None or pin_status.current is None:
        return finding
    return finding._replace(proposed=_pinned(finding.place, pin_status.current), current=pin_status.current)


def _level(finding: Finding, levels: Mapping[str, Level]) -> Level:
    return levels.get(finding.rule.id, finding.severity)


def _findings(
    path: str, occurrence: Occurrence, pin_status: PinStatus, pin_statuses: PinStatuses, settings: Settings
) -> Iterator[Finding]:
    held, digest = pin_status.held, occurrence.reference.digest
    if held is None or digest is None or held.error is not None:
        return
    if held.config is not None:
        yield _image_id(path, occurrence, pin_status)
        return
    if held.is_gone:
        yield _gone(path, occurrence, pin_status, pin_statuses)
        return
    if pin_status.current not in (None, digest) and not pin_status.moved_elsewhere:
        yield _stale(path, occurrence, pin_status.current, digest)
    if (
        held.platform is not None
        and pin_status.platform_tag is not None
        and not _is_meant(occurrence, held.platform, settings)
    ):
        yield _one_platform(path, occurrence, pin_status, held.platform)
    if pin_status.is_tag_gone:
        yield _tag_gone(path, occurrence)
    if pin_status.image is not None:
        yield from _missing(path, occurrence, pin_status.image, settings)
    for child in pin_status.missing:
        yield from _not_served(path, occurrence, child, settings)


def _stale(path: str, occurrence: Occurrence, current: Digest | None, digest: Digest) -> Finding:
    return Finding(
        STALE,
        STALE.severity,
        f"`{occurrence.reference.familiar}` means {_short(current)} by now, not {_short(digest)}",
        "`pinner update` moves it",
        path,
        occurrence,
        _pinned(occurrence, current),
        current,
    )


def _image_id(path: str, occurrence: Occurrence, pin_status: PinStatus) -> Finding:
    config = pin_status.held.config if pin_status.held is not None else None
    digest = occurrence.reference.digest
    of = f" of {pin_status.same_config}" if pin_status.same_config else ""
    if not of and config is not None and config.platform is not None:
        of = f" of a {config.platform} image"
    proposed = None if pin_status.current is None else _pinned(occurrence, pin_status.current)
    hint = "take the digest that the registry serves, not what `docker images` shows"
    if proposed is not None:
        hint = f"write `{proposed}`, as `pinner update` does"
        if pin_status.same_config:
            hint += ": it holds that very image"
    return Finding(
        WRONG_KIND,
        "error",
        f"{_short(digest)} is the image ID{of}, which cannot be pulled",
        hint,
        path,
        occurrence,
        proposed,
        pin_status.current,
    )


def _gone(path: str, occurrence: Occurrence, pin_status: PinStatus, pin_statuses: PinStatuses) -> Finding:
    reference, digest = occurrence.reference, occurrence.reference.digest
    elsewhere = sorted(pin_statuses.known.get(digest, frozenset()) - {reference.repository}) if digest else []
    proposed = None if pin_status.current is None else _pinned(occurrence, pin_status.current)
    hint = _instead_of_gone(reference, pin_status)
    if elsewhere:
        message = f"{_short(digest)} belongs to {elsewhere[0]}; {reference.repository} does not have it"
        return Finding(TAG_MISMATCH, "error", message, hint, path, occurrence, proposed, pin_status.current)
    message = f"{_short(digest)} is not served by {reference.repository}"
    return Finding(GONE, "error", message, hint, path, occurrence, proposed, pin_status.current)


def _instead_of_gone(reference: ImageReference, pin_status: PinStatus) -> str | None:
    """Return what to do about a digest that is not served, as far as the tag beside it tells."""
    if pin_status.is_tag_gone:
        return f"the tag `{reference.tag}` is not there either: is the name right?"
    if pin_status.current is None:
        return None
    if pin_status.current == reference.digest:
        return f"what is asked for {reference.domain} has the tag, and not what it means: it has to fetch it again"
    return f"`{reference.familiar}` means {_short(pin_status.current)} now: `pinner update`"


def _one_platform(path: str, occurrence: Occurrence, pin_status: PinStatus, platform: Platform) -> Finding:
    index = pin_status.tag.digest if isinstance(pin_status.tag, Resolved) else None
    return Finding(
        WRONG_KIND,
        "warning",
        f"{_short(occurrence.reference.digest)} is the manifest of {platform} alone: other platforms cannot run it",
        "`pinner update --index` moves it to the index of all platforms",
        path,
        occurrence,
        None if index is None else _pinned(occurrence, index),
        index,
    )


def _is_meant(occurrence: Occurrence, platform: Platform, settings: Settings) -> bool:
    """Tell whether that platform alone is wanted: by the reference's own platform, or the command line's."""
    if occurrence.platform is not None:
        parts = occurrence.platform.split("/")
        return parts[:2] == [platform.os, platform.architecture]
    return settings.platform is not None and matches(platform, settings.platform)


def _wanted(occurrence: Occurrence, settings: Settings) -> tuple[Platform, ...]:
    """Return the platforms that the settings require, and the one that the reference names itself."""
    own = own_platform(occurrence)
    return settings.platforms if own is None or own in settings.platforms else (*settings.platforms, own)


def _tag_gone(path: str, occurrence: Occurrence) -> Finding:
    reference = occurrence.reference
    message = (
        f"{reference.repository} has no tag `{reference.tag}` any more; {_short(reference.digest)} is still served"
    )
    hint = "move to a tag that is maintained: registries remove what has no tag"
    return Finding(TAG_GONE, TAG_GONE.severity, message, hint, path, occurrence)


def _not_served(path: str, occurrence: Occurrence, child: PlatformImage, settings: Settings) -> Iterator[Finding]:
    """Yield what it means that the index has ``child`` and the registry does not."""
    wanted = _wanted(occurrence, settings)
    if wanted and not (child.platform is not None and any(matches(child.platform, one) for one in wanted)):
        return
    rule = MISSING_PLATFORM if wanted else GONE
    of = f" of {child.platform}" if child.platform is not None else ""
    message = (
        f"the index {_short(occurrence.reference.digest)} is served, its manifest{of} {_short(child.digest)} is not"
    )
    yield Finding(rule, rule.severity, message, "the registry has lost it: push the image again", path, occurrence)


def _missing(path: str, occurrence: Occurrence, image: Image, settings: Settings) -> Iterator[Finding]:
    there = [one.platform for one in image.platforms if one.platform is not None]
    wanted_here = _wanted(occurrence, settings)
    missing = [str(wanted) for wanted in wanted_here if not any(matches(one, wanted) for one in there)]
    if missing and there:
        names = ", ".join(str(platform) for platform in there[:_MAX_NAMED])
        more = f" and {len(there) - _MAX_NAMED} more" if len(there) > _MAX_NAMED else ""
        yield Finding(
            MISSING_PLATFORM,
            MISSING_PLATFORM.severity,
            f"{_short(occurrence.reference.digest)} is not there for {', '.join(missing)}",
            f"it is for {names}{more}",
            path,
            occurrence,
        )


def _pinned(occurrence: Occurrence, digest: Digest | None) -> str:
    tag = "" if occurrence.reference.tag or occurrence.reference.digest else ":latest"
    return f"{occurrence.reference.familiar}{tag}@{digest}"


def _short(digest: Digest | None) -> str:
    """Return a digest as messages show it: enough to tell it from another."""
    return "" if digest is None else digest.short


def looks_for_tags(settings: Settings) -> bool:
    """Tell whether lists of tags are read for a check: where a rule about them is set, or tags may be raised."""
    levels = [settings.rules[rule.id] for rule in TAG_RULES if rule.id in settings.rules]
    return any(level != "off" for level in levels) or (settings.update.is_on and not levels)


def check_tags(source: Source, newer: Mapping[str, NewerTags], settings: Settings) -> Iterator[Finding]:
    """Yield what lists of tags say of ``source``; pragmas in force silence their rules."""
    for candidate in source.candidates:
        place = candidate.place
        found = newer.get(place.reference.canonical) if isinstance(place, Occurrence) else None
        is_held = any(pragma.tags == "none" for pragma in candidate.pragmas)
        if found is None or is_held or not isinstance(place, Occurrence):
            continue
        for finding in _tag_findings(source.document.path, place, found):
            level = settings.rules.get(finding.rule.id, finding.severity)
            if level != "off" and not candidate.silenced(finding.rule.id):
                yield finding._replace(severity=level, hint=with_expiry(candidate, finding.rule, finding.hint))


def _tag_findings(path: str, place: Occurrence, found: NewerTags) -> Iterator[Finding]:
    name = place.reference.familiar
    if found.tags:
        tags = ", ".join(f"{tag} ({level})" for tag, level in found.tags)
        hint = f"`pinner update --tags {found.tags[-1][1]} --diff` shows what it would change"
        yield Finding(NEWER_TAG, NEWER_TAG.severity, f"`{name}` → {tags}", hint, path, place)
    if found.ended is not None:
        hint = "`pinner update --tags major --variant follow --diff` shows what would follow"
        yield Finding(VARIANT_ENDED, VARIANT_ENDED.severity, f"`{name}`: {found.ended}", hint, path, place)
