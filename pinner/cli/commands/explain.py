"""``pinner explain``: what a rule says, why, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.cli.options import DEFAULTS, Options
from pinner.cli.status import CLEAN
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, did_you_mean
from pinner.report.pages import page, plain
from pinner.rules import BY_ID, RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.cli.context import Context
    from pinner.report.style import Style


class ExplainOptions(NamedTuple):
    """What ``explain`` was asked."""

    options: Options = DEFAULTS
    rules: tuple[str, ...] = ()
    """Ids or names; none for a list of all."""


def explain(context: Context, asked: ExplainOptions) -> int:
    """Print the pages of the rules asked for, or a line for each rule there is; return the exit status."""
    terminal = Terminal(context, asked.options)
    rules = [_named(word) for word in asked.rules]
    if not rules:
        terminal.data(_overview(terminal.style))
        terminal.say("`pinner explain RULE` tells more of one: its id or its name")
    for number, rule in enumerate(rules):
        title, *rest = plain(page(rule))
        terminal.data((*(("",) if number else ()), terminal.style.where(title), *rest))
    return CLEAN


def _named(word: str) -> Rule:
    known = {name: rule for rule in RULES for name in (rule.id, rule.name)}
    rule = known.get(word.upper()) or known.get(word.lower())
    if rule is None:
        guess = did_you_mean(word.upper(), BY_ID) if word[:1] in "pP" and word[-1:].isdigit() else None
        hint = guess or did_you_mean(word.lower(), known) or f"the rules are {', '.join(BY_ID)}"
        raise ConfigError(f"there is no rule `{word}`", hint=hint)
    return rule


def _overview(style: Style) -> Iterator[str]:
    width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        severity = style.severity(rule.severity) + " " * (len("warning") - len(rule.severity))
        yield f"{style.where(rule.id)}  {rule.name.ljust(width)}  {severity}  {rule.summary}"
