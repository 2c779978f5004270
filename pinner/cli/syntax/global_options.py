"""Options that all commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pinner.cli.invocation import Options
from pinner.cli.syntax import COMMANDS
from pinner.report import FORMATS, PATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pinner.cli.invocation import Invocation

# Options that were not given say so (None, False, 0), so that the other place's value is seen.
_GLOBAL = (
    click.Option(["--config"], metavar="FILE", help="Read this configuration file and no other."),
    click.Option(
        ["--color"],
        type=click.Choice(["auto", "always", "never"]),
        help="Colour the output. By default where a terminal shows it; NO_COLOR and FORCE_COLOR are heeded.",
    ),
    click.Option(["-v", "--verbose"], is_flag=True, help="Say more: which configuration file, every file looked into."),
    click.Option(["-q", "--quiet"], is_flag=True, help="Say nothing but errors; what goes to stdout stays."),
    click.Option(
        ["--platform"], metavar="OS/ARCH", help="Pin this platform's manifest, not the index of all platforms."
    ),
    click.Option(["--layout"], metavar="DIR", help="Let this OCI image layout answer in the registries' place."),
    click.Option(["--offline"], is_flag=True, help="Ask no registry; use remembered answers where one is needed."),
    click.Option(["--jobs"], type=click.IntRange(min=1), metavar="N", help="Ask each registry N questions at once."),
    click.Option(["--timeout"], metavar="TIME", help="Stop asking after this time in all: 90s, 5m."),
    click.Option(["--formats"], metavar="NAMES", help="Read files of these formats alone: compose,github."),
    click.Option(
        ["--no-cache"],
        is_flag=True,
        help="Use and keep nothing in the cache folder: no answer, and no record of what was checked.",
    ),
    click.Option(["--debug"], is_flag=True, help="Show the traceback of an error."),
)
_GLOBAL_NAMES = frozenset(option.name for option in _GLOBAL if option.name)

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class PinnerCommand(click.Command):
    """A command that takes the options of every command too, and whose help shows them under a heading of their own."""

    def __init__(self, name: str, **settings: Any) -> None:  # noqa: ANN401 - click's own settings
        super().__init__(name, context_settings=CONTEXT_SETTINGS, **settings)
        self.params = [*self.params, *_GLOBAL]

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Call the command's function with its own parameters; the options of every command become ``ctx.obj``."""
        after = {name: ctx.params.pop(name) for name in _GLOBAL_NAMES}
        ctx.obj = merged(ctx.obj or {}, after)
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then those that every command takes."""
        own = [one for one in self.get_params(ctx) if isinstance(one, click.Option) and one not in _GLOBAL]
        _write_options("Options", own, ctx, formatter)
        _write_options("Options of every command", _GLOBAL, ctx, formatter)


def _write_options(
    title: str, parameters: Iterable[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    rows = [row for parameter in parameters if (row := parameter.get_help_record(ctx)) is not None]
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


def global_options() -> list[click.Parameter]:
    """Return the parameters that stand before the command's name."""
    return list(_GLOBAL)


def merged(before: Mapping[str, Any], after: Mapping[str, Any]) -> Options:
    """Return the options of every command, wherever they stood; what stands after the command's name wins."""
    given = {name: value for values in (before, after) for name, value in values.items() if value}
    given["cache"] = not given.pop("no_cache", False)
    return Options(**given)


def pinner_command(name: str, epilog: str) -> Callable[[Callable[..., Invocation]], click.Command]:
    """Return the decorator that makes the command ``name`` of a function from click's context and its parameters."""
    return click.command(name, cls=PinnerCommand, short_help=COMMANDS[name].summary, epilog=epilog)


TAG_LEVELS = ("none", "patch", "minor", "major")
VARIANTS = ("keep", "follow")
PATHS = click.argument("paths", nargs=-1, metavar="[PATH]...")
STDIN_FILENAME = click.option(
    "--stdin-filename",
    metavar="NAME",
    help="What `-`, standard input, is called: that tells its format, and which files around it count.",
)
DIFF = click.option("--diff", is_flag=True, help="Print a patch that `git apply` takes, and write nothing.")
DIFF_FORMAT = click.option(
    "--format",
    type=click.Choice([PATCH, *FORMATS]),
    default=PATCH,
    show_default=True,
    help="With --diff: how to say what would change; rdjsonl and sarif carry it as suggestions.",
)
NO_VERIFY = click.option(
    "--no-verify", is_flag=True, help="Do not ask who signed, whatever [[verify]] says; JSON says so."
)
CHANGE_STATUS = click.option(
    "--exit-non-zero-on-change", is_flag=True, help="Exit with 1 where a file changes (or would, with --diff)."
)
