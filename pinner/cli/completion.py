"""Shell completion script of ``pinner completion``."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import click
from click.shell_completion import ShellComplete, get_completion_class

from pinner.cli.commands import pinner_command
from pinner.cli.context import CLEAN, Invocation, Options
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError

if TYPE_CHECKING:
    from pinner.cli.context import Context

SHELLS = ("bash", "zsh", "fish")
_EPILOG = """\b
Examples:
  pinner completion bash > ~/.local/share/bash-completion/completions/pinner
  pinner completion zsh > "${fpath[1]}/_pinner"
  pinner completion fish > ~/.config/fish/completions/pinner.fish
  eval "$(pinner completion)"           this shell alone, bash or zsh
"""


@pinner_command("completion", _EPILOG)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def command(ctx: click.Context, /, shell: str | None) -> Invocation:
    """Print the script that completes pinner's commands, options and rules in a shell.

    Without a SHELL it is the one that the variable SHELL names. The script asks pinner itself, and so knows the
    version that runs. bash has to be 4.4 or newer.
    """
    return Invocation(ctx.obj, partial(_completion, options=ctx.obj, shell=shell))


def _completion(context: Context, options: Options, shell: str | None) -> int:
    name = shell or os.path.basename(context.environment.get("SHELL", ""))
    if name not in SHELLS:
        raise ConfigError(
            f"there is no completion for `{name}`" if name else "the variable SHELL does not say which shell this is",
            hint=f"name one: pinner completion {'|'.join(SHELLS)}",
        )
    Terminal(context, options).own(script(name))
    return CLEAN


def script(shell: str) -> str:
    """Return the completion script for ``shell``, one of `SHELLS`."""
    kind = get_completion_class(shell)
    if kind is None:  # pragma: no cover - click knows these three
        raise ConfigError(f"click completes nothing in {shell}")
    # Not bash's own `source()`, which starts bash to ask its version: that may be another one, or none, here.
    return ShellComplete.source(kind(click.Command("pinner"), {}, "pinner", "_PINNER_COMPLETE"))
