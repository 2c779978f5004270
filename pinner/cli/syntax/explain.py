"""The spelling of ``pinner explain``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click
from click.shell_completion import CompletionItem

from pinner.cli.commands.explain import ExplainOptions, explain
from pinner.cli.options import Invocation
from pinner.cli.syntax.shared import pinner_command
from pinner.rules import RULES

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
