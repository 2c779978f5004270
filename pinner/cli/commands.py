"""Commands: the table of all of them, and the options that they share."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from pinner.cli.context import Options
from pinner.report import FORMATS, PATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pinner.cli.context import Invocation


class Command(NamedTuple):
    """Where a command's spelling lives, and its one line in ``pinner --help``."""

    module: str
    summary: str
    name: str = "command"
    """What it is called in its module."""

    def load(self) -> click.Command:
        """Return the command, its module imported."""
        return cast("click.Command", getattr(import_module(self.module), self.name))


COMMANDS = {
    "pin": Command("pinner.cli.change_options", "Add a digest to every unpinned reference, in place.", "pin"),
    "update": Command(
        "pinner.cli.change_options", "Move digests to what their tags mean now, and pin the rest.", "update"
    ),
    "unpin": Command("pinner.cli.change_options", "Take the digests off again; tags stay.", "unpin"),
    "lock": Command("pinner.cli.lock", "Write down what every tag means; files stay as they are."),
    "check": Command("pinner.cli.check_options", "Say what is not pinned, or wrongly; offline, writes nothing."),
    "list": Command("pinner.cli.check_options", "Show every image reference and how it stands.", "list_command"),
    "report": Command("pinner.cli.report", "Show all images on one HTML page, or as CSV or JSON."),
    "export": Command("pinner.cli.export", "Write pinner.lock for other tools, or all images as CycloneDX."),
    "inspect": Command("pinner.cli.inspect", "Show what a name means: index, manifests, image IDs, signatures."),
    "verify": Command("pinner.cli.verify", "Say who signed an image, and whether they may."),
    "fleet": Command("pinner.cli.fleet", "Keep thousands of repositories current, by an index of images."),
    "trust": Command("pinner.cli.trust", "Fetch the trusted root that signatures are held against."),
    "init": Command("pinner.cli.init", "Show the configuration that suits a repository, and write it."),
    "schema": Command("pinner.cli.schema", "Print the JSON Schema of a file or an output of pinner's."),
    "explain": Command("pinner.cli.explain", "Explain a rule of check: what, why, how to mend it."),
    "identify": Command("pinner.cli.identify", "Say what a hash, an archive or a local image is."),
    "lsp": Command("pinner.cli.lsp", "Serve editors: findings while one types, hover, code actions."),
    "completion": Command("pinner.cli.completion", "Print the script that completes all this in a shell."),
    "demo": Command("pinner.cli.demo", "Show all of it in a temporary folder, without a network."),
}
"""In the order of ``pinner --help``."""


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
