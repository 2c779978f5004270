"""Configuration of formats: ``[formats]``, which are read, and ``[[places]]``, what is looked for besides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.config.table import Table
from pinner.errors import ConfigError, did_you_mean
from pinner.formats import FORMATS
from pinner.model import PlaceRule
from pinner.patterns.globs import read_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from pinner.model import FormatChoice

FIRST = "0.1"
"""The version whose formats are the fewest."""
LANGUAGES: tuple[Literal["yaml", "json", "regex"], ...] = ("yaml", "json", "regex")
FORMATS_KEYS = ("disable", "since")
PLACES_KEYS = ("files", *LANGUAGES, "strip", "join", "when")
PARTS = ("registry", "name", "tag", "digest")
"""Of a reference that stands in parts."""
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")


def parse_formats(table: Table, choice: FormatChoice, root: str) -> FormatChoice:
    """Return ``choice`` with what the file's top ``table`` says of formats; raises `ConfigError`.

    ``root`` is the folder of the file, from which the patterns of places start.
    """
    formats = table.table("formats")
    formats.allow(FORMATS_KEYS)
    disabled = formats.strings("disable")
    wrong = unknown_format(disabled)
    if wrong is not None:
        raise formats.error("disable", f"is wrong: there is no format `{wrong[0]}`", wrong[1])
    since = formats.text("since") or ""
    if since and (_VERSION.fullmatch(since) is None or version(since) < version(FIRST)):
        raise formats.error("since", f"is no version: `{since}`", f'write one of pinner\'s, as in "{FIRST}"')
    places = _places(table)
    return choice._replace(
        disabled=disabled, since=since, places=places, root=root.replace("\\", "/") if places else ""
    )


def _places(table: Table) -> tuple[PlaceRule, ...]:
    value = table.values.get("places", [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise table.error("places", "must be written as [[places]]")
    return tuple([_place(Table(item, table.source, table.key("places"))) for item in value])


def _place(table: Table) -> PlaceRule:
    """Return the rule that one ``[[places]]`` is."""
    table.allow(PLACES_KEYS)
    files = table.strings("files")
    wrong = read_patterns(files)[1]
    if not files or wrong:
        problem = f"has a pattern that is none: `{wrong[0][:100]}`" if wrong else "is missing: which files are meant?"
        raise table.error("files", problem)
    given = [name for name in LANGUAGES if name in table.values]
    if len(given) != 1:
        raise table.error("yaml", "must be the only one of yaml, json and regex, and one must be there")
    language = given[0]
    path = table.text(language) or ""
    pairs = {name: _pairs(table.table(name)) for name in ("join", "when")}
    if language == "regex":
        _check_pattern(table, path)
    else:
        _check_path(table, language, path, dict(pairs["join"]))
    strip = table.text("strip") or ""
    if language == "regex" and (strip or any(pairs.values())):
        raise table.error("regex", "stands alone: its groups say what is the reference", "without strip, join and when")
    return PlaceRule(files, language, path, strip, **pairs)


def _pairs(table: Table) -> tuple[tuple[str, str], ...]:
    return tuple([(name, table.text(name) or "") for name in table.values])


def _check_pattern(table: Table, text: str) -> None:
    from pinner.patterns.regular_expressions import Pattern, PatternError  # noqa: PLC0415 - few files have places

    try:
        groups = Pattern(text).groups
    except PatternError as error:
        raise table.error("regex", f"is wrong: {error}") from error
    known = {"image", "name", "tag", "digest"}
    if groups - known or (groups != {"image"} and not {"name", "tag"} <= groups):
        raise table.error("regex", "must have the group `image`, or `name` and `tag`, and `digest`", "(?P<image>…)")


def _check_path(table: Table, language: str, path: str, join: dict[str, str]) -> None:
    from pinner.formats.ci.walk import compiled  # noqa: PLC0415 - few files have places

    steps = path.split("/")
    if not path or "~" in {step[:1] for step in steps}:
        raise table.error(
            language, f"is no path: `{path}`", "write keys, `*`, `[]`, `**`, `{a,b}` or `!{a,b}`, parted by /"
        )
    compiled(path)
    if join and (not join.keys() <= {*PARTS} or "name" not in join):
        raise table.error("join", "says which key holds `name`, and which `registry`, `tag`, `digest`")


def version(text: str) -> tuple[int, ...]:
    """Return the numbers of the version ``text``."""
    return tuple(map(int, text.split(".")))


def unknown_format(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the first of ``names`` that no format has, and a hint; None where all are known."""
    known = [format_.name for format_ in FORMATS]
    for name in names:
        if name not in known:
            return name, did_you_mean(name, known) or f"the formats are {', '.join(known)}"
    return None


def chosen_formats(text: str) -> tuple[str, ...]:
    """Return the formats that ``--formats`` names, parted by commas; raises `ConfigError`."""
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    wrong = unknown_format(names)
    if wrong is not None or not names:
        name, hint = wrong or (text, f"the formats are {', '.join(format_.name for format_ in FORMATS)}")
        raise ConfigError(f"--formats: there is no format `{name}`", hint=hint)
    return names
