"""The tables ``[update]`` and ``[update.image."…"]``: how far tags are raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner._typing import cast
from pinner.config import UpdateRules, UpdateSettings
from pinner.config.table import AGE_UNITS, AGE_WORDS, parse_duration
from pinner.errors import ConfigError, did_you_mean
from pinner.tags.model import LEVELS
from pinner.tags.ranges import parse_range

if TYPE_CHECKING:
    from pinner.config import TagLevel
    from pinner.config.table import Table
    from pinner.tags.ranges import Range

TAG_LEVELS: tuple[TagLevel, ...] = ("none", *LEVELS)
VARIANTS = ("keep", "follow")
_ALLOW_HINT = "as in --allow 'python=>=3.11,<3.14'"
KEYS = ("tags", "variant", "pre", "min-age", "allow", "ignore", "track")


def parse_update(table: Table) -> UpdateSettings:
    """Return what the table ``[update]`` says; raises `ConfigError`."""
    table.allow((*KEYS, "image"))
    images = table.table("image")
    found = []
    for pattern in images.values:
        rules = images.table(pattern)
        rules.allow(KEYS)
        found.append((pattern, _rules(rules)))
    return UpdateSettings(_rules(table), tuple(found))


def _rules(table: Table) -> UpdateRules:
    allow = table.text("allow")
    track = table.text("track")
    if track == "":
        raise table.error("track", "is empty", "write any, interim, or a floating tag such as lts or stable")
    return UpdateRules(
        tags=cast("TagLevel | None", _word(table, "tags", TAG_LEVELS)),
        variant=_word(table, "variant", VARIANTS),
        pre=table.flag("pre") if "pre" in table.values else None,
        min_age=_age(table),
        allow=None if allow is None else _range(table, "allow", allow),
        ignore=tuple(_range(table, "ignore", text) for text in table.strings("ignore")) or None,
        track=track,
    )


def _word(table: Table, name: str, known: tuple[str, ...]) -> str | None:
    text = table.text(name)
    if text is not None and text not in known:
        hint = did_you_mean(text, known) or f"write {', '.join(known[:-1])} or {known[-1]}"
        raise table.error(name, f"is wrong: `{text}`", hint)
    return text


def _age(table: Table) -> float | None:
    text = table.text("min-age")
    seconds = None if text is None else parse_duration(text, AGE_UNITS)
    if text is not None and seconds is None:
        raise table.error("min-age", f"is not a duration: `{text}`", f"write a whole number and {AGE_WORDS}")
    return seconds


def _range(table: Table, name: str, text: str) -> Range:
    try:
        return parse_range(text)
    except ConfigError as error:
        raise table.error(name, f"is wrong: {error.message}", error.hint) from error


def with_options(
    update: UpdateSettings, tags: TagLevel | None, variant: str | None, allow: tuple[str, ...] = ()
) -> UpdateSettings:
    """Return ``update`` as the options of the command line have it.

    ``tags`` and ``variant`` stand in the place of what ``[update]`` says, and what is said of an image stays; but
    where ``tags`` is ``none``, no tag is raised at all. Each of ``allow`` is ``IMAGE=RANGE``, and comes before all that
    a file says. Raises `ConfigError`.
    """
    rules, images = update.rules, update.images
    rules = rules._replace(tags=tags or rules.tags, variant=variant or rules.variant)
    if tags == "none":
        images = tuple((pattern, one._replace(tags=None)) for pattern, one in images)
    given = []
    for text in allow:
        pattern, equals, bounds = text.partition("=")
        if not pattern or not equals or pattern[-1] in "<>!":  # python>=3.11 is a range without its image's `=`
            raise ConfigError(f"--allow: not an image and a range: `{text}`", hint=_ALLOW_HINT)
        try:
            given.append((pattern, UpdateRules(allow=parse_range(bounds))))
        except ConfigError as error:
            raise ConfigError(f"--allow: {error.message}", hint=error.hint) from error
    return UpdateSettings(rules, images, tuple(given))
