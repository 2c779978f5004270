"""``pinner demo``: all of it, in a temporary folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

from pinner.cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from pinner.cli.context import Context


class DemoOptions(NamedTuple):
    """What ``demo`` was asked."""

    options: Options = DEFAULTS
    keep: bool = False


def demo(context: Context, asked: DemoOptions) -> int:
    """Run the demo; return its status."""
    from pinner.demo import run  # noqa: PLC0415 - only this command needs it

    out = io.TextIOWrapper(context.stdout.raw, context.stdout.encoding, write_through=True)
    try:
        return run(out, keep=asked.keep)
    finally:
        out.detach()
