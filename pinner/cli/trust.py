"""``pinner trust update``: the trusted root of Sigstore's public instance, fetched anew."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import CLEAN, DEFAULTS, Invocation, Options
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pinner.cli.context import Context


class TrustOptions(NamedTuple):
    """What ``trust`` was asked."""

    options: Options = DEFAULTS
    deed: str = "update"
    file: str | None = None


def trust(context: Context, asked: TrustOptions, fetch: Callable[[], bytes] | None = None) -> int:
    """Keep a newer trusted root; return the exit status."""
    from pinner.verify.policy import check_extra  # noqa: PLC0415 - says what is missing before it is missed

    check_extra()
    from pinner.verify.trusted_root import fetch_root, first_metadata, keep_root, kept_root  # noqa: PLC0415 - cryptography

    terminal = Terminal(context, asked.options)
    if asked.options.offline and asked.file is None:
        raise ConfigError("a newer trusted root is fetched, and --offline forbids it", hint="--from FILE takes a file")
    before = kept_root(context.environment)
    data = _given(context, asked.file) if asked.file is not None else (fetch or partial(fetch_root, first_metadata()))()
    place = keep_root(context.environment, data)
    news = "as it was" if data == before else "newer than what was kept" if before else "kept from now on"
    terminal.info(f"the trusted root in {printable(place)} is {news}")
    return CLEAN


def _given(context: Context, file: str) -> bytes:
    from pinner.verify.verifier import files_of  # noqa: PLC0415 - cryptography

    try:
        return files_of(context.folder)(file)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ConfigError(f"--from: cannot read `{printable(file)}`: {why}") from error


_EPILOG = """\b
Examples:
  pinner trust update                  fetch it, verified by TUF
  pinner trust update --from root.json take it from a file (air gaps)
"""


@pinner_command("trust", _EPILOG)
@click.argument("deed", type=click.Choice(["update"]), metavar="update")
@click.option("--from", "file", metavar="FILE", help="Take the trusted root from this file, and ask nobody.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Fetch the trusted root of Sigstore's public instance: which authorities and logs count, and when.

    pinner comes with one; a new log appears about once a year. It is kept in the data folder, and used where no
    [[verify]] table names another.
    """
    return Invocation(ctx.obj, partial(trust, asked=TrustOptions(ctx.obj, **values)))
