"""Configuration of formats: the table ``[formats]``, which of them are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.errors import ConfigError, did_you_mean
from pinner.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.config.table import Table
    from pinner.model import FormatChoice

FIRST = "0.1"
"""The version whose formats are the fewest."""
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")


def parse_formats(table: Table, choice: FormatChoice, _root: str) -> FormatChoice:
    """Return ``choice`` with what the file's top ``table`` says of formats; raises `ConfigError`."""
    formats = table.table("formats")
    formats.allow(("disable", "since"))
    disabled = formats.strings("disable")
    wrong = unknown_format(disabled)
    if wrong is not None:
        raise formats.error("disable", f"is wrong: there is no format `{wrong[0]}`", wrong[1])
    since = formats.text("since") or ""
    if since and (_VERSION.fullmatch(since) is None or version(since) < version(FIRST)):
        raise formats.error("since", f"is no version: `{since}`", f'write one of pinner\'s, as in "{FIRST}"')
    return choice._replace(disabled=disabled, since=since)


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
