"""TOML table reader whose errors name file and key."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import ConfigError, did_you_mean
from pinner.limits import CONFIGURATION_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WHERE = re.compile(
    r"^(?P<problem>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL
)
# More parts than a key may have: for each, the parser keeps the whole way to it.
_PART = r"(?:[A-Za-z0-9_-]++|\"[^\"\n]*+\"|'[^'\n]*+')"
_DEEP = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{CONFIGURATION_DEPTH}}}")
_TYPE_NAMES = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}


_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
TIMEOUT_UNITS = "s, m or h, as in 90s"
AGE_UNITS = "mhdw"
AGE_WORDS = "m, h, d or w, as in 3d"


class Table(NamedTuple):
    """A TOML table and where it stands, so that every complaint names file and key."""

    values: Mapping[str, object]
    source: str
    prefix: str

    def key(self, name: str) -> str:
        """Return the full name of a key of this table, as TOML would write it."""
        name = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
        return f"{self.prefix}.{name}" if self.prefix else name

    def error(self, name: str, problem: str, hint: str | None = None) -> ConfigError:
        """Return the error that says ``problem`` of a key."""
        return ConfigError(f"{self.source}: `{self.key(name)}` {problem}", hint=hint)

    def wrong_type(self, name: str, wanted: str, value: object) -> ConfigError:
        """Return the error that a key's value is not what is ``wanted``."""
        return self.error(name, f"must be {wanted}, not {_type_name(value)}")

    def allow(self, names: Iterable[str]) -> None:
        """Refuse keys that are not among ``names``."""
        for name in self.values:
            if name not in (known := tuple(names)):
                hint = did_you_mean(name, known) or f"the keys here are {', '.join(known)}"
                if name == "tool" and not self.prefix:
                    hint = "only pyproject.toml has [tool.pinner]; here its keys stand at the top"
                raise ConfigError(f"{self.source}: unknown key `{self.key(name)}`", hint=hint)

    def table(self, name: str) -> Table:
        """Return the table under a key; an empty one where there is none."""
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong_type(name, "a table", value)
        return Table(value, self.source, self.key(name))

    def text(self, name: str) -> str | None:
        """Return the text under a key; None where there is none."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong_type(name, "text", value)
        return value

    def flag(self, name: str) -> bool:
        """Return the true or false under a key; false where there is none."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong_type(name, "true or false", value)
        return value

    def strings(self, name: str) -> tuple[str, ...]:
        """Return the texts under a key; none where there is none."""
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise self.wrong_type(name, "a list of texts", value)
        for position, item in enumerate(value):
            if not isinstance(item, str):
                raise self.error(name, f"must be a list of texts; item {position + 1} is {_type_name(item)}")
        return tuple(value)


def parse_duration(text: str, units: str = "smh") -> float | None:
    """Return the seconds of a duration such as ``90s`` or ``3d``, in one of ``units``; None if it is none."""
    match = re.fullmatch(rf"([0-9]{{1,6}})([{units}])", text, re.ASCII)
    return None if match is None else float(int(match[1]) * _UNIT_SECONDS[match[2]])


def _type_name(value: object) -> str:
    return _TYPE_NAMES.get(type(value), "a date or time")


def _refuse_deep(text: str, source: str) -> None:
    """Raise `ConfigError` for a dotted key of more parts than anybody writes, and brackets as deep."""
    deep = _DEEP.search(text)
    if deep is None:
        return
    line = text.count("\n", 0, deep.start()) + 1
    raise ConfigError(f"{source}:{line}: a key has over {CONFIGURATION_DEPTH} parts: `{deep[0][:40]}…`")


def read_toml(data: bytes, source: str) -> dict[str, object]:
    """Return the TOML that ``data`` holds; ``source`` names the file. Raises `ConfigError` where it is none."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise ConfigError(f"{source}:{line}:{column}: not UTF-8", hint="save the file as UTF-8") from error
    _refuse_deep(text, source)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(f"{source}: nested too deeply: over {CONFIGURATION_DEPTH} levels") from error
    except tomllib.TOMLDecodeError as error:
        match = _WHERE.match(str(error))
        problem, line_text, column_text = (
            match.group("problem", "line", "column") if match else (str(error), None, None)
        )
        if line_text is None:
            lines = text.split("\n")
            line_text, column_text = str(len(lines)), str(len(lines[-1]) + 1)
        problem = problem[:1].lower() + problem[1:]
        raise ConfigError(f"{source}:{line_text}:{column_text}: not valid TOML: {problem}") from error
