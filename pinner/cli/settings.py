"""Settings of a run: the configuration file's, with what the command line says on top."""

from __future__ import annotations

import os

from pinner.config.find import load_settings
from pinner.errors import ConfigError, InvalidReferenceError
from pinner.lean import TYPE_CHECKING
from pinner.reference import Platform

if TYPE_CHECKING:
    from pinner.cli.context import Context
    from pinner.cli.options import Options
    from pinner.config import Settings


def settings_for(context: Context, options: Options) -> Settings:
    """Return the settings for a run in ``context``; raises `ConfigError`."""
    settings = load_settings(context.folder, options.config)
    return settings._replace(
        timeout=settings.timeout if options.timeout is None else _timeout(options.timeout),
        platform=_platform(options.platform),
        layout=None if options.layout is None else os.path.normpath(os.path.join(context.folder, options.layout)),
        offline=options.offline,
        jobs=options.jobs,
        use_cache=options.cache,
    )


def _timeout(text: str) -> float:
    from pinner.config.schema import TIMEOUT_UNITS, parse_duration  # noqa: PLC0415 - brings tomllib

    seconds = parse_duration(text)
    if seconds is None:
        raise ConfigError(f"--timeout: not a duration: `{text}`", hint=f"write a whole number and {TIMEOUT_UNITS}")
    return seconds


def min_age_seconds(text: str) -> float:
    """Return the seconds that ``--min-age`` means by ``text``; raises `ConfigError`."""
    from pinner.config.schema import AGE_UNITS, AGE_WORDS, parse_duration  # noqa: PLC0415 - brings tomllib

    length = parse_duration(text, AGE_UNITS)
    if length is None:
        raise ConfigError(f"--min-age: not a duration: `{text}`", hint=f"write a whole number and {AGE_WORDS}")
    return length


def _platform(text: str | None) -> Platform | None:
    if text is None:
        return None
    try:
        return Platform.parse(text)
    except InvalidReferenceError as error:
        raise ConfigError(f"--platform: {error.message}", hint=error.hint) from error
