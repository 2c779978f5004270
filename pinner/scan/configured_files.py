"""Files that the configuration is about: those it excludes, and those in which the user has places."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING
from pinner.errors import ConfigError
from pinner.limits import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from pinner.config import Settings

    Own: TypeAlias = Callable[[str], bool]
    """Tells whether the user has places in a file (absolute)."""


def own_places(settings: Settings) -> Own:
    """Return the function that tells whether the user has places in a file (absolute)."""
    choice = settings.formats
    if not choice.places:
        return lambda _file: False
    from pinner.patterns.globs import read_patterns  # noqa: PLC0415 - only where there are patterns

    specs = [read_patterns(rule.files)[0] for rule in choice.places]
    root = f"{choice.root}/"

    def own(file: str) -> bool:
        path = file.replace(os.sep, "/")
        return path.startswith(root) and any(spec.match(path.removeprefix(root)) for spec in specs)

    return own


def exclusion_test(settings: Settings) -> Callable[[str], bool]:
    """Return the function that tells whether the configuration excludes a file (absolute)."""
    if not settings.exclude or settings.root is None:
        return lambda _file: False
    from pinner.patterns.globs import read_patterns  # noqa: PLC0415 - only where there are patterns

    if len(settings.exclude) > PATTERNS:
        raise ConfigError(f"{settings.source}: `exclude` has over {PATTERNS:,} patterns")
    spec, wrong = read_patterns(settings.exclude)
    if wrong:
        raise ConfigError(f"{settings.source}: `exclude` has a pattern that is none: `{wrong[0][:100]}`")
    root = os.path.join(settings.root, "")

    def excluded(file: str) -> bool:
        return file.startswith(root) and spec.match(file[len(root) :].replace(os.sep, "/"))

    return excluded
