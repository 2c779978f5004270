"""What a configuration file may say: TOML in, `Settings` out, and one clear error for anything else."""

from __future__ import annotations

import os
import re
import tomllib
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast, get_args

from pinner.config import Group, RegistryOptions, Settings
from pinner.errors import ConfigError, InvalidReferenceError, did_you_mean
from pinner.model import TIERS, Calls
from pinner.reference import Platform
from pinner.rules import BY_ID, IDS, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LEVELS = get_args(Level)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_WHERE = re.compile(
    r"^(?P<problem>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL
)
TIMEOUT_UNITS = "s, m or h, as in 90s"
AGE_UNITS = "mhdw"
AGE_WORDS = "m, h, d or w, as in 3d"
_HOST = re.compile(r"\*|(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]+)?")
# A dotted name, `*.` for an object of whatever class, and the parameter: by name, or by position from 0.
_CALL = re.compile(r"(?:\*|[^\W\d]\w*)(?:\.[^\W\d]\w*)+:(?:[^\W\d]\w*|[0-9]{1,2})")
_TYPE_NAMES = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}


def parse_settings(data: bytes, source: str, *, root: str, shared: bool) -> Settings | None:
    """Return the settings that the file ``data`` holds.

    ``source`` names the file in messages, ``root`` is its folder: what relative paths in it start from. In a
    ``shared`` file (pyproject.toml) only the ``[tool.pinner]`` table counts; None where there is none.
    Raises `ConfigError` for broken TOML, an unknown key, a wrong type or a wrong value.
    """
    table = _Table(_toml(data, source), source, "")
    if shared:
        tools = table.values.get("tool")
        if not isinstance(tools, dict) or "pinner" not in tools:
            return None
        table = _Table(tools, source, "tool").table("pinner")
    table.allow(("exclude", "images", "platforms", "min-age", "timeout", "rules", "registries", "group", "python"))
    images = table.table("images")
    images.allow(("exclude",))
    return Settings(
        exclude=table.strings("exclude"),
        root=root,
        images_exclude=images.strings("exclude"),
        platforms=_platforms(table),
        min_age=_duration(table, "min-age", AGE_UNITS, AGE_WORDS),
        timeout=_duration(table, "timeout", "smh", TIMEOUT_UNITS),
        rules=_rules(table.table("rules")),
        registries=_registries(table.table("registries"), root),
        groups=_groups(table),
        calls=_calls(table.table("python")),
        source=source,
    )


class _Table(NamedTuple):
    """A TOML table and where it stands, so that every complaint names file and key."""

    values: Mapping[str, object]
    source: str
    prefix: str

    def key(self, name: str) -> str:
        name = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
        return f"{self.prefix}.{name}" if self.prefix else name

    def error(self, name: str, problem: str, hint: str | None = None) -> ConfigError:
        return ConfigError(f"{self.source}: `{self.key(name)}` {problem}", hint=hint)

    def wrong_type(self, name: str, wanted: str, value: object) -> ConfigError:
        return self.error(name, f"must be {wanted}, not {_type_name(value)}")

    def allow(self, names: Iterable[str]) -> None:
        """Refuse keys that are not among ``names``."""
        for name in self.values:
            if name not in (known := tuple(names)):
                hint = did_you_mean(name, known) or f"the keys here are {', '.join(known)}"
                if name == "tool" and not self.prefix:
                    hint = "only pyproject.toml has [tool.pinner]; here its keys stand at the top"
                raise ConfigError(f"{self.source}: unknown key `{self.key(name)}`", hint=hint)

    def table(self, name: str) -> _Table:
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong_type(name, "a table", value)
        return _Table(value, self.source, self.key(name))

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong_type(name, "text", value)
        return value

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong_type(name, "true or false", value)
        return value

    def strings(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise self.wrong_type(name, "a list of texts", value)
        for position, item in enumerate(value):
            if not isinstance(item, str):
                raise self.error(name, f"must be a list of texts; item {position + 1} is {_type_name(item)}")
        return tuple(value)


def _type_name(value: object) -> str:
    return _TYPE_NAMES.get(type(value), "a date or time")


def _toml(data: bytes, source: str) -> dict[str, object]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise ConfigError(f"{source}:{line}:{column}: not UTF-8", hint="save the file as UTF-8") from error
    try:
        return tomllib.loads(text)
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


def _platforms(table: _Table) -> tuple[Platform, ...]:
    found = []
    for text in table.strings("platforms"):
        try:
            found.append(Platform.parse(text))
        except InvalidReferenceError as error:
            raise table.error("platforms", f"is wrong: {error.message}", error.hint) from error
    return tuple(found)


def _duration(table: _Table, name: str, units: str, shown: str) -> float | None:
    text = table.text(name)
    if text is None:
        return None
    seconds = parse_duration(text, units)
    if seconds is None:
        raise table.error(name, f"is not a duration: `{text}`", f"write a whole number and {shown}")
    return seconds


def parse_duration(text: str, units: str = "smh") -> float | None:
    """Return the seconds of a duration such as ``90s`` or ``3d``, in one of ``units``; None if it is none."""
    match = re.fullmatch(rf"([0-9]{{1,6}})([{units}])", text, re.ASCII)
    return None if match is None else float(int(match[1]) * _UNIT_SECONDS[match[2]])


def _rules(table: _Table) -> Mapping[str, Level]:
    levels: dict[str, Level] = {}
    for rule in table.values:
        if rule not in IDS:
            by_name = next((known.id for known in BY_ID.values() if known.name == rule), None)
            hint = f"did you mean `{by_name}`?" if by_name else did_you_mean(rule, IDS)
            raise ConfigError(
                f"{table.source}: unknown rule `{table.key(rule)}`", hint=hint or f"the rules are {', '.join(IDS)}"
            )
        level = table.text(rule)
        if level not in _LEVELS:
            hint = did_you_mean(level or "", _LEVELS) or f"write {', '.join(_LEVELS[:-1])} or {_LEVELS[-1]}"
            raise table.error(rule, f"is not a level: `{level}`", hint)
        levels[rule] = cast("Level", level)
    return MappingProxyType(levels)


def _registries(table: _Table, root: str) -> Mapping[str, RegistryOptions]:
    found = {}
    for host in table.values:
        if _HOST.fullmatch(host) is None:
            raise table.error(host, "is not a host", 'write a host, host:port, or "*" for every host not named')
        options = table.table(host)
        options.allow(("endpoint", "plain-http", "ca", "token-server", "mirrors"))
        certificates = options.text("ca")
        found[host] = RegistryOptions(
            _endpoint(options),
            options.flag("plain-http"),
            None if certificates is None else os.path.normpath(os.path.join(root, certificates)),
            _token_server(options),
            options.flag("mirrors") if "mirrors" in options.values else None,
        )
    return MappingProxyType(found)


def _endpoint(table: _Table) -> str | None:
    endpoint = table.text("endpoint")
    if endpoint is not None and re.fullmatch(r"https?://[^/?#@\s]+(?:/[^?#\s]*)?", endpoint) is None:
        raise table.error(
            "endpoint",
            f"is not a registry's address: `{endpoint}`",
            "write scheme, host and path prefix, as in https://mirror.example/v2-cache; credentials belong elsewhere",
        )
    return endpoint


def _token_server(table: _Table) -> str | None:
    server = table.text("token-server")
    if server is not None and (server == "*" or _HOST.fullmatch(server) is None):
        raise table.error("token-server", f"is not a host: `{server}`", "write host or host:port, without https://")
    return None if server is None else server.lower()


def _groups(table: _Table) -> tuple[Group, ...]:
    value = table.values.get("group", [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise table.error("group", "must be written as [[group]]")
    found: list[Group] = []
    for item in value:
        group = _Table(item, table.source, table.key("group"))
        group.allow(("name", "images"))
        name, images = group.text("name"), group.strings("images")
        if not name:
            raise group.error("name", "is missing: every [[group]] has one")
        if not images:
            raise group.error("images", f"is missing: group `{name}` would be empty")
        if any(known.name == name for known in found):
            raise group.error("name", f"is taken: there are two groups `{name}`")
        found.append(Group(name, images))
    return tuple(found)


def _calls(table: _Table) -> Calls:
    table.allow(("calls", "tiers"))
    calls, tiers = table.strings("calls"), table.strings("tiers")
    for text in calls:
        if _CALL.fullmatch(text) is None:
            hint = "write module, callable and parameter, as in my.module.Runner.start:image or *.start:0"
            raise table.error("calls", f"is wrong: `{text}` names no parameter of a callable", hint)
    for tier in tiers:
        if tier not in TIERS:
            hint = did_you_mean(tier, TIERS) or f"the tiers are {', '.join(TIERS)}"
            raise table.error("tiers", f"is wrong: there is no tier `{tier}`", hint)
    return Calls(calls, tiers)
