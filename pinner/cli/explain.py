"""``pinner explain``: a rule, its reason and its fix."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from pinner.cli.commands import pinner_command
from pinner.cli.context import CLEAN, DEFAULTS, Invocation, Options
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError
from pinner.rules import RULES, Rule, rule_hint
from pinner.rules.pages import page, plain

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
        terminal.output(_overview(terminal.style))
        terminal.info("`pinner explain RULE` tells more of one: its id or its name")
    for number, rule in enumerate(rules):
        title, *rest = plain(page(rule))
        terminal.output((*(("",) if number else ()), terminal.style.where(title), *rest))
    return CLEAN


def _named(word: str) -> Rule:
    known = {name: rule for rule in RULES for name in (rule.id, rule.name)}
    rule = known.get(word.upper()) or known.get(word.lower())
    if rule is None:
        raise ConfigError(f"there is no rule `{word}`", hint=rule_hint(word, names=True))
    return rule


def _overview(style: Style) -> Iterator[str]:
    width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        severity = style.severity(rule.severity) + " " * (len("warning") - len(rule.severity))
        yield f"{style.where(rule.id)}  {rule.name.ljust(width)}  {severity}  {rule.summary}"


_EPILOG = """\b
Examples:
  pinner explain            every rule, in a line
  pinner explain PIN001     what it says, why, how to mend or silence it
  pinner explain stale      the same by name
"""


def _complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [
        CompletionItem(word, help=rule.summary)
        for rule in RULES
        for word in (rule.id, rule.name)
        if word.lower().startswith(incomplete.lower())
    ]


@pinner_command("explain", _EPILOG)
@click.argument("rules", nargs=-1, metavar="[RULE]...", shell_complete=_complete)
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Explain a rule of `pinner check`: what it says, why it matters, how to mend or silence it."""
    return Invocation(ctx.obj, partial(explain, asked=ExplainOptions(ctx.obj, **values)))
