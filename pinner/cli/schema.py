"""``pinner schema``: the JSON Schema of the configuration, the lock, the baseline or an output."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from pinner.cli.commands import pinner_command
from pinner.cli.context import CLEAN, Invocation, Options
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pinner.cli.context import Context

_EPILOG = """\b
Examples:
  pinner schema                         what there is a schema of
  pinner schema config > pinner.json    for an editor
  pinner schema check                   what `check --format json` prints
"""


def _complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from pinner.schema import SCHEMAS  # noqa: PLC0415 - brings typing and every table

    return [CompletionItem(name, help=one.summary) for name, one in SCHEMAS.items() if name.startswith(incomplete)]


@pinner_command("schema", _EPILOG)
@click.argument("name", metavar="[NAME]", required=False, shell_complete=_complete)
@click.pass_context
def command(ctx: click.Context, /, name: str | None) -> Invocation:
    """Print the JSON Schema (draft-07) of a file or an output of pinner's; without a NAME, a list of what there is.

    Editors check and complete pinner.toml by `config`. An output's schema lets members pass that it does not know: new
    ones may come in any version.
    """
    return Invocation(ctx.obj, partial(schema, options=ctx.obj, name=name))


def schema(context: Context, options: Options, name: str | None) -> int:
    """Print the schema ``name``, or a line for each there is; return the exit status."""
    from pinner.schema import SCHEMAS, published_schema  # noqa: PLC0415 - brings typing and every table

    terminal = Terminal(context, options)
    if name is None:
        width = max(map(len, SCHEMAS))
        terminal.output(f"{terminal.style.where(key.ljust(width))}  {one.summary}" for key, one in SCHEMAS.items())
        terminal.info("`pinner schema NAME` prints one")
        return CLEAN
    known = name.removeprefix("pinner.").removesuffix(".json")
    known = {"toml": "config", "fleet.toml": "fleet", "pin": "check"}.get(known, known)
    if known not in SCHEMAS:
        hint = did_you_mean(known, SCHEMAS) or f"the schemas are {', '.join(SCHEMAS)}"
        raise ConfigError(f"there is no schema `{name}`", hint=hint)
    terminal.output([json.dumps(published_schema(known), indent=2, ensure_ascii=False)], "json")
    return CLEAN
