"""Configuration parser: TOML in, `Settings` out, one clear error for anything else."""

from __future__ import annotations

import os
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from pinner.config import BotSettings, Override, RegistryOptions, Settings, UpdateSettings
from pinner.config.table import AGE_UNITS, AGE_WORDS, TIMEOUT_UNITS, Table, parse_duration, read_toml
from pinner.errors import ConfigError, InvalidReferenceError, did_you_mean, public_address
from pinner.limits import PATTERNS
from pinner.model import TIERS, Calls, FormatChoice
from pinner.patterns.globs import read_patterns
from pinner.reference import Platform
from pinner.rules import IDS, LEVELS, rule_hint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.config import Group
    from pinner.config.verify import SignaturePolicy
    from pinner.rules import Level

KEYS = (
    *("exclude", "images", "platforms", "min-age", "timeout", "rules", "registries", "bot", "group", "python"),
    *("verify", "signatures", "formats", "places", "update", "override", "terraform", "mirror-variables"),
)
IMAGES_KEYS = ("exclude",)
OVERRIDE_KEYS = ("paths", "rules")
REGISTRY_KEYS = ("endpoint", "plain-http", "ca", "token-server", "mirrors")
PYTHON_KEYS = ("calls", "tiers")
TERRAFORM_KEYS = ("modules",)
HOST = re.compile(r"\*|(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]+)?")
ENDPOINT = re.compile(r"https?://[^/?#@\s]+(?:/[^?#\s]*)?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A dotted name, `*.` for an object of whatever class, and the parameter: by name, or by position from 0.
_CALL = re.compile(r"(?:\*|[^\W\d]\w*)(?:\.[^\W\d]\w*)+:(?:[^\W\d]\w*|[0-9]{1,2})")


def parse_settings(data: bytes, source: str, *, root: str, shared: bool) -> Settings | None:
    """Return the settings that the file ``data`` holds.

    ``source`` names the file in messages, ``root`` is its folder: what relative paths in it start from. In a
    ``shared`` file (pyproject.toml) only the ``[tool.pinner]`` table counts; None where there is none.
    Raises `ConfigError` for broken TOML, an unknown key, a wrong type or a wrong value.
    """
    table = Table(read_toml(data, source), source, "")
    if shared:
        tools = table.values.get("tool")
        if not isinstance(tools, dict) or "pinner" not in tools:
            return None
        table = Table(tools, source, "tool").table("pinner")
    table.allow(KEYS)
    images = table.table("images")
    images.allow(IMAGES_KEYS)
    bot, groups = _bot(table)
    policies, notes = _policies(table)
    return Settings(
        exclude=table.strings("exclude"),
        root=root,
        images_exclude=images.strings("exclude"),
        platforms=_platforms(table),
        min_age=_duration(table, "min-age", AGE_UNITS, AGE_WORDS),
        timeout=_duration(table, "timeout", "smh", TIMEOUT_UNITS),
        rules=_rules(table.table("rules")),
        overrides=_overrides(table),
        registries=_registries(table.table("registries"), root),
        bot=bot,
        groups=groups,
        formats=_formats(table, root),
        update=_update(table),
        verify=policies,
        notes=notes,
        source=source,
    )


def _platforms(table: Table) -> tuple[Platform, ...]:
    found = []
    for text in table.strings("platforms"):
        try:
            found.append(Platform.parse(text))
        except InvalidReferenceError as error:
            raise table.error("platforms", f"is wrong: {error.message}", error.hint) from error
    return tuple(found)


def _duration(table: Table, name: str, units: str, shown: str) -> float | None:
    text = table.text(name)
    if text is None:
        return None
    seconds = parse_duration(text, units)
    if seconds is None:
        raise table.error(name, f"is not a duration: `{text}`", f"write a whole number and {shown}")
    return seconds


def _rules(table: Table) -> Mapping[str, Level]:
    levels: dict[str, Level] = {}
    for rule in table.values:
        if rule not in IDS:
            raise ConfigError(f"{table.source}: unknown rule `{table.key(rule)}`", hint=rule_hint(rule))
        level = table.text(rule)
        if level not in LEVELS:
            hint = did_you_mean(level or "", LEVELS) or f"write {', '.join(LEVELS[:-1])} or {LEVELS[-1]}"
            raise table.error(rule, f"is not a level: `{level}`", hint)
        levels[rule] = level
    return MappingProxyType(levels)


def _overrides(table: Table) -> tuple[Override, ...]:
    value = table.values.get("override", [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise table.error("override", "must be written as [[override]]")
    found = []
    for item in value:
        one = Table(item, table.source, table.key("override"))
        one.allow(OVERRIDE_KEYS)
        paths = one.strings("paths")
        if not paths:
            raise one.error("paths", "is missing: an override is for some paths", 'write paths = ["tests/**"]')
        if len(paths) > PATTERNS:
            raise one.error("paths", f"has over {PATTERNS:,} patterns")
        _, wrong = read_patterns(paths)
        if wrong:
            raise one.error("paths", f"has a pattern that is none: `{wrong[0][:100]}`")
        found.append(Override(paths, _rules(one.table("rules"))))
    return tuple(found)


def _registries(table: Table, root: str) -> Mapping[str, RegistryOptions]:
    found = {}
    for host in table.values:
        if HOST.fullmatch(host) is None:
            raise table.error(host, "is not a host", 'write a host, host:port, or "*" for every host not named')
        options = table.table(host)
        options.allow(REGISTRY_KEYS)
        certificates = options.text("ca")
        found[host] = RegistryOptions(
            _endpoint(options),
            options.flag("plain-http"),
            None if certificates is None else os.path.normpath(os.path.join(root, certificates)),
            _token_server(options),
            options.flag("mirrors") if "mirrors" in options.values else None,
        )
    return MappingProxyType(found)


def _endpoint(table: Table) -> str | None:
    endpoint = table.text("endpoint")
    if endpoint is not None and ENDPOINT.fullmatch(endpoint) is None:
        raise table.error(
            "endpoint",
            f"is not a registry's address: `{public_address(endpoint)}`",
            "write scheme, host and path prefix, as in https://mirror.example/v2-cache; credentials belong elsewhere",
        )
    return endpoint


def _token_server(table: Table) -> str | None:
    server = table.text("token-server")
    if server is not None and (server == "*" or HOST.fullmatch(server) is None):
        raise table.error(
            "token-server", f"is not a host: `{public_address(server)}`", "write host or host:port, without https://"
        )
    return None if server is None else server.lower()


def _bot(table: Table) -> tuple[BotSettings, tuple[Group, ...]]:
    """Return what ``[bot]`` and the ``[[group]]`` tables say."""
    if not {"bot", "group"} & table.values.keys():
        return BotSettings(), ()
    from pinner.config.bot import parse_bot, parse_groups  # noqa: PLC0415 - most files speak of neither

    bot = parse_bot(table.table("bot"))
    return bot, parse_groups(table, bot.branch_prefix)


def _policies(table: Table) -> tuple[tuple[SignaturePolicy, ...], tuple[str, ...]]:
    """Return what the ``[[verify]]`` tables and ``[signatures]`` say, and notes on it."""
    if not {"verify", "signatures"} & table.values.keys():
        return (), ()
    from pinner.config.verify import parse_policies  # noqa: PLC0415 - most files have none

    return parse_policies(table)


def _formats(table: Table, root: str) -> FormatChoice:
    """Return what ``[formats]``, ``[python]``, ``[terraform]``, ``[[places]]`` and ``mirror-variables`` say."""
    choice = FormatChoice(_calls(table.table("python"), table.table("terraform")), mirrors=_mirrors(table))
    if not {"formats", "places"} & table.values.keys():
        return choice
    from pinner.config.formats import parse_formats  # noqa: PLC0415 - most files speak of neither

    return parse_formats(table, choice, root)


def _mirrors(table: Table) -> tuple[str, ...]:
    names = table.strings("mirror-variables")
    for name in names:
        if VARIABLE.fullmatch(name) is None:
            hint = 'write its name alone, as in mirror-variables = ["REGISTRY"]'
            raise table.error("mirror-variables", f"is wrong: `{name}` is no variable's name", hint)
    return names


def _update(table: Table) -> UpdateSettings:
    if "update" not in table.values:
        return UpdateSettings()
    from pinner.config.update import parse_update  # noqa: PLC0415 - most files do not speak of it

    return parse_update(table.table("update"))


def _calls(table: Table, terraform: Table) -> Calls:
    terraform.allow(TERRAFORM_KEYS)
    table.allow(PYTHON_KEYS)
    calls, tiers = table.strings("calls"), table.strings("tiers")
    for text in calls:
        if _CALL.fullmatch(text) is None:
            hint = "write module, callable and parameter, as in my.module.Runner.start:image or *.start:0"
            raise table.error("calls", f"is wrong: `{text}` names no parameter of a callable", hint)
    for tier in tiers:
        if tier not in TIERS:
            hint = did_you_mean(tier, TIERS) or f"the tiers are {', '.join(TIERS)}"
            raise table.error("tiers", f"is wrong: there is no tier `{tier}`", hint)
    return Calls(calls, tiers, terraform.flag("modules"))
