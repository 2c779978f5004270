"""The online rules of ``check``: what a registry says of the pins in a file. Places and answers in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.findings import Finding, with_expiry
from pinner.matching import matches
from pinner.model import Mention, Resolved
from pinner.rules import GONE, MISSING_PLATFORM, STALE, TAG_MISMATCH, UNPINNED, WRONG_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.config import Settings
    from pinner.image import Image
    from pinner.reference import Digest, Platform
    from pinner.rules import Level
    from pinner.screen import Source
    from pinner.standing import Standing, Standings

_MAX_NAMED = 8


def check_standing(source: Source, standings: Standings, settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with the pins of ``source`` by ``standings``; pragmas in force silence the rules they cover.

    What could not be told is no finding: see `Standing.error`. Source of the rules: architecture.md §5.
    """
    for candidate in source.candidates:
        mention = candidate.place
        standing = standings.of(mention) if isinstance(mention, Mention) else None
        if standing is None or not isinstance(mention, Mention) or standing.held is None:
            continue
        for finding in _findings(source.document.path, mention, standing, standings, settings):
            level = _level(finding, settings.rules)
            if level != "off" and not candidate.silenced(finding.rule.id):
                yield finding._replace(severity=level, hint=with_expiry(candidate, finding.rule, finding.hint))


def with_proposals(finding: Finding, standings: Standings) -> Finding:
    """Return ``finding`` with the text to write instead, where it is about a missing digest that is known now."""
    if finding.rule is not UNPINNED or not isinstance(finding.place, Mention):
        return finding
    standing = standings.of(finding.place)
    if standing is None or standing.current is None:
        return finding
    return finding._replace(proposed=_pinned(finding.place, standing.current), current=standing.current)


def _level(finding: Finding, levels: Mapping[str, Level]) -> Level:
    return levels.get(finding.rule.id, finding.severity)


def _findings(
    path: str, mention: Mention, standing: Standing, standings: Standings, settings: Settings
) -> Iterator[Finding]:
    held, digest = standing.held, mention.reference.digest
    if held is None or digest is None or held.error is not None:
        return
    if held.config is not None:
        yield _image_id(path, mention, standing)
        return
    if held.is_gone:
        yield _gone(path, mention, standing, standings)
        return
    if standing.current not in (None, digest) and not standing.moved_elsewhere:
        yield Finding(
            STALE,
            STALE.severity,
            f"`{mention.reference.familiar}` means {_short(standing.current)} by now, not {_short(digest)}",
            "`pinner update` moves it",
            path,
            mention,
            _pinned(mention, standing.current),
            standing.current,
        )
    if (
        held.platform is not None
        and standing.platform_tag is not None
        and not _is_meant(mention, held.platform, settings)
    ):
        yield _one_platform(path, mention, standing, held.platform)
    if standing.image is not None:
        yield from _missing(path, mention, standing.image, settings)


def _image_id(path: str, mention: Mention, standing: Standing) -> Finding:
    config = standing.held.config if standing.held is not None else None
    digest = mention.reference.digest
    of = f" of {standing.same_config}" if standing.same_config else ""
    if not of and config is not None and config.platform is not None:
        of = f" of a {config.platform} image"
    proposed = None if standing.current is None else _pinned(mention, standing.current)
    hint = "take the digest that the registry serves, not what `docker images` shows"
    if proposed is not None:
        hint = f"write `{proposed}`, as `pinner update` does"
        if standing.same_config:
            hint += ": it holds that very image"
    return Finding(
        WRONG_KIND,
        "error",
        f"{_short(digest)} is the image ID{of}, which cannot be pulled",
        hint,
        path,
        mention,
        proposed,
        standing.current,
    )


def _gone(path: str, mention: Mention, standing: Standing, standings: Standings) -> Finding:
    reference, digest = mention.reference, mention.reference.digest
    elsewhere = sorted(standings.known.get(digest, frozenset()) - {reference.repository}) if digest else []
    proposed = None if standing.current is None else _pinned(mention, standing.current)
    hint = None if proposed is None else f"`{reference.familiar}` means {_short(standing.current)} now: `pinner update`"
    if elsewhere:
        message = f"{_short(digest)} belongs to {elsewhere[0]}; {reference.repository} does not have it"
        return Finding(TAG_MISMATCH, "error", message, hint, path, mention, proposed, standing.current)
    message = f"{_short(digest)} is not served by {reference.repository}"
    return Finding(GONE, "error", message, hint, path, mention, proposed, standing.current)


def _one_platform(path: str, mention: Mention, standing: Standing, platform: Platform) -> Finding:
    index = standing.tag.digest if isinstance(standing.tag, Resolved) else None
    return Finding(
        WRONG_KIND,
        "warning",
        f"{_short(mention.reference.digest)} is the manifest of {platform} alone: other platforms cannot run it",
        "`pinner update --index` moves it to the index of all platforms",
        path,
        mention,
        None if index is None else _pinned(mention, index),
        index,
    )


def _is_meant(mention: Mention, platform: Platform, settings: Settings) -> bool:
    """Tell whether that platform alone is wanted: by the reference's own platform, or the command line's."""
    if mention.platform is not None:
        parts = mention.platform.split("/")
        return parts[:2] == [platform.os, platform.architecture]
    return settings.platform is not None and matches(platform, settings.platform)


def _missing(path: str, mention: Mention, image: Image, settings: Settings) -> Iterator[Finding]:
    there = [one.platform for one in image.platforms if one.platform is not None]
    missing = [str(wanted) for wanted in settings.platforms if not any(matches(one, wanted) for one in there)]
    if missing and there:
        names = ", ".join(str(platform) for platform in there[:_MAX_NAMED])
        more = f" and {len(there) - _MAX_NAMED} more" if len(there) > _MAX_NAMED else ""
        yield Finding(
            MISSING_PLATFORM,
            MISSING_PLATFORM.severity,
            f"{_short(mention.reference.digest)} is not there for {', '.join(missing)}",
            f"it is for {names}{more}",
            path,
            mention,
        )


def _pinned(mention: Mention, digest: Digest | None) -> str:
    tag = "" if mention.reference.tag or mention.reference.digest else ":latest"
    return f"{mention.reference.familiar}{tag}@{digest}"


def _short(digest: Digest | None) -> str:
    """Return a digest as messages show it: enough to tell it from another."""
    return "" if digest is None else digest.short
