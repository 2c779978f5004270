"""Settings of a command: configuration file, options, and image selection."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING
from pinner.config.load import load_settings
from pinner.errors import ConfigError, InvalidReferenceError
from pinner.model import Occurrence, as_skipped
from pinner.reference import ImageReference, Platform
from pinner.scan.suppressions import matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.cli.context import Context, Options
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings, TagLevel
    from pinner.model import FormatChoice
    from pinner.scan.suppressions import Candidate, Source


def settings_for(context: Context, options: Options, paths: Sequence[str] | None = ()) -> Settings:
    """Return the settings for a run in ``context`` about ``paths``; raises `ConfigError`.

    None: it is about trees elsewhere.
    """
    settings = load_settings(context.folder, options.config, paths)
    return settings._replace(
        formats=_formats(settings, context, options.formats),
        timeout=settings.timeout if options.timeout is None else _timeout(options.timeout),
        platform=_platform(options.platform),
        layout=None if options.layout is None else os.path.normpath(os.path.join(context.folder, options.layout)),
        offline=options.offline,
        jobs=options.jobs,
        use_cache=options.cache,
    )


def _formats(settings: Settings, context: Context, only: str | None) -> FormatChoice:
    choice = settings.formats._replace(folder=context.folder.replace(os.sep, "/"))
    if only is None:
        return choice
    from pinner.config.formats import chosen_formats  # noqa: PLC0415 - only where they are chosen

    return choice._replace(only=chosen_formats(only))


def _timeout(text: str) -> float:
    from pinner.config.table import TIMEOUT_UNITS, parse_duration  # noqa: PLC0415 - brings tomllib

    seconds = parse_duration(text)
    if seconds is None:
        raise ConfigError(f"--timeout: not a duration: `{text}`", hint=f"write a whole number and {TIMEOUT_UNITS}")
    return seconds


def _with_min_age(settings: Settings, text: str) -> Settings:
    """Return ``settings`` with what ``--min-age`` says, for digests and for tags; raises `ConfigError`."""
    seconds = min_age_seconds(text)
    update = settings.update
    images = tuple((pattern, rules._replace(min_age=None)) for pattern, rules in update.images)
    update = update._replace(rules=update.rules._replace(min_age=seconds), images=images)
    return settings._replace(min_age=seconds, update=update)


def min_age_seconds(text: str) -> float:
    """Return the seconds that ``--min-age`` means by ``text``; raises `ConfigError`."""
    from pinner.config.table import AGE_UNITS, AGE_WORDS, parse_duration  # noqa: PLC0415 - brings tomllib

    length = parse_duration(text, AGE_UNITS)
    if length is None:
        raise ConfigError(f"--min-age: not a duration: `{text}`", hint=f"write a whole number and {AGE_WORDS}")
    return length


def with_update(
    settings: Settings, tags: TagLevel | None, variant: str | None, allow: Sequence[str], min_age: str | None
) -> Settings:
    """Return ``settings`` with what the options of these names say; raises `ConfigError`."""
    if min_age is not None:
        settings = _with_min_age(settings, min_age)
    if tags is None and variant is None and not allow:
        return settings
    from pinner.config.update import with_options  # noqa: PLC0415 - only where it is asked for

    return settings._replace(update=with_options(settings.update, tags, variant, tuple(allow)))


def without_policies(settings: Settings, terminal: Terminal) -> Settings:
    """Return ``settings`` without ``[[verify]]``, and say so where there is something to leave aside."""
    if settings.verify:
        terminal.info(f"{terminal.talk_style.severity('warning')}: --no-verify: nobody is asked who signed")
    return settings._replace(verify=())


def _platform(text: str | None) -> Platform | None:
    if text is None:
        return None
    try:
        return Platform.parse(text)
    except InvalidReferenceError as error:
        raise ConfigError(f"--platform: {error.message}", hint=error.hint) from error


def select(sources: Sequence[Source], only: Sequence[str], exclude: Sequence[str]) -> tuple[Source, ...]:
    """Return ``sources`` with every image left alone that no glob of ``only`` fits, or that one of ``exclude`` does."""
    if not only and not exclude:
        return tuple(sources)
    return tuple(
        source._replace(candidates=tuple(_judged(candidate, only, exclude) for candidate in source.candidates))
        for source in sources
    )


def _judged(candidate: Candidate, only: Sequence[str], exclude: Sequence[str]) -> Candidate:
    place = candidate.place
    if not isinstance(place, Occurrence):
        # A text that is a part of several tags stays where one of them is meant to.
        is_left = place.part is not None and not _is_meant(place.text, only, exclude)
        return candidate._replace(place=place._replace(part=None)) if is_left else candidate
    if matches(place.reference, exclude):
        return candidate._replace(place=as_skipped(place, "excluded", "--exclude leaves this image alone"))
    if only and not matches(place.reference, only):
        return candidate._replace(place=as_skipped(place, "excluded", "--only is about other images"))
    return candidate


def _is_meant(text: str, only: Sequence[str], exclude: Sequence[str]) -> bool:
    try:
        reference = ImageReference.parse(text)
    except InvalidReferenceError:
        return False
    return not matches(reference, exclude) and (not only or matches(reference, only))


def nothing_selected(sources: Sequence[Source]) -> bool:
    """Tell whether no occurrence is left in ``sources``."""
    return not any(isinstance(candidate.place, Occurrence) for source in sources for candidate in source.candidates)
