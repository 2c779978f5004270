"""Command line parser: a click group that imports a command when it is called."""

from __future__ import annotations

import contextlib
import io
import re
from functools import partial
from typing import TYPE_CHECKING, cast

import click

from pinner import __version__
from pinner.cli.commands import COMMANDS, CONTEXT_SETTINGS, global_options
from pinner.cli.context import DEFAULTS, Invocation
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.cli.context import Context

_WORDS = {
    "add": "pin",
    "apply": "pin",
    "audit": "check --online",
    "baseline": "check --write-baseline FILE",
    "bot": "update --pr",
    "bump": "update",
    "config": "init",
    "configure": "init",
    "diff": "pin --diff",
    "digest": "inspect",
    "find": "list",
    "fix": "pin",
    "freeze": "pin",
    "hash": "identify",
    "help": "--help",
    "images": "list",
    "lint": "check",
    "ls": "list",
    "outdated": "check --online",
    "plan": "pin --diff",
    "resolve": "inspect",
    "rules": "explain",
    "run": "pin",
    "sbom": "export cyclonedx",
    "scan": "check",
    "show": "list",
    "status": "check --online",
    "tags": "update --tags minor --diff",
    "undo": "unpin",
    "unfreeze": "unpin",
    "upgrade": "update",
    "validate": "check",
    "version": "--version",
    "what": "identify",
}
"""What other tools call it."""
_OPTIONS = {
    "--dry-run": "--diff prints what would change, and writes nothing",
    "--dryrun": "--diff prints what would change, and writes nothing",
    "--check": "`pinner check` says what is not pinned, and writes nothing",
    "--write": "files are written unless --diff is given",
    "--in-place": "files are written unless --diff is given",
    "--inplace": "files are written unless --diff is given",
    "--recursive": "a folder is looked into with all that is below it",
    "--json": "--format json",
    "--sarif": "--format sarif",
    "--ignore": "`rules` in pinner.toml turns a rule off, `# pinner: ignore` silences one place",
    "--select": "`rules` in pinner.toml sets the severity of each rule",
    "--exit-code": "`pinner check` exits with 1 where it finds something; --exit-zero turns that off",
    "--registry": '`[registries."HOST"]` in pinner.toml holds the settings of a registry',
    "--insecure": '`plain-http = true` under `[registries."HOST"]` in a file named by --config',
    "--password": "pinner uses the logins of `docker login` and of credential helpers",
    "--token": "pinner uses the logins of `docker login`, and PINNER_TOKEN for a forge",
    "--stdin": "`-` is standard input, and --stdin-filename says what it is called",
    "--stdin-file-path": "--stdin-filename",
    "--stdin-filepath": "--stdin-filename",
}
"""What people try from other tools, and what serves them here."""
_CHOICE = re.compile(r".*: `([^`]+)` is not one of (.*)")
_SUGGESTION = re.compile(r"(?P<problem>.*?)[.]? (?:\()?Did you mean (?P<guess>.*?)\?\)?", re.DOTALL)
HELP = """Find every image reference in Dockerfiles, compose files, Kubernetes manifests, Helm values, Python files and
notebooks, and pin it to its digest in place: not one other byte of a file changes.

Without a PATH, a command is about the repository around the current folder.
"""
EPILOG = """\b
Examples:
  pinner list                 what is here
  pinner pin --diff           what pinning would change, as a patch
  pinner pin                  pin it
  pinner check Dockerfile     offline: is anything unpinned?

\b
Exit status:
  0  clean                     2  wrong usage or configuration
  1  something was found       3  something could not be determined
"""


class _Commands(click.Group):
    """The commands of `COMMANDS`; help and completion need none of their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:  # noqa: ARG002 - the same
        if cmd_name not in COMMANDS:
            raise ConfigError(
                f"there is no command `{cmd_name}`",
                hint=_instead_of(cmd_name),
            )
        return COMMANDS[cmd_name].load()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in COMMANDS.items()])


def _instead_of(word: str) -> str:
    """Return the hint for one who calls a command ``word``."""
    if word in _WORDS:
        return f"`pinner {_WORDS[word]}` does that"
    return did_you_mean(word, COMMANDS) or f"the commands are {', '.join(COMMANDS)}"


def _group(ctx: click.Context, **values: object) -> None:
    """Keep the options that stand before the command's name."""
    ctx.obj = values
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _program() -> click.Group:
    version = click.version_option(__version__, prog_name="pinner", message="%(prog)s %(version)s")
    group = _Commands(
        "pinner",
        callback=click.pass_context(_group),
        params=global_options(),
        help=HELP,
        epilog=EPILOG,
        invoke_without_command=True,
        context_settings=CONTEXT_SETTINGS,
    )
    return cast("click.Group", version(group))


def parse_with_click(arguments: Sequence[str]) -> Invocation:
    """Return what ``arguments`` ask for: a command, or a text (help, version, completion) to print."""
    printed = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n", write_through=True)  # completion writes bytes
    status = 0
    outcome: object = None
    try:
        with contextlib.redirect_stdout(printed):
            outcome = _program().main(list(arguments), prog_name="pinner", standalone_mode=False)
    except click.UsageError as error:
        raise _misuse(error, arguments) from error
    except SystemExit as stop:  # shell completion
        status = int(stop.code or 0)
    if isinstance(outcome, Invocation):
        return outcome
    printed.seek(0)
    return Invocation(DEFAULTS, partial(_print, printed.read(), status))


def _print(text: str, status: int, context: Context) -> int:
    Terminal(context).own(text)
    return status


def _misuse(error: click.UsageError, arguments: Sequence[str]) -> ConfigError:
    if isinstance(error, click.NoSuchOption):
        option = error.option_name
        other = _OPTIONS.get(option) or _commands_with(option)
        if other:
            return ConfigError(f"no such option: {option}", hint=other)
    # Click puts each choice on a line of its own.
    message = " ".join(re.sub(r"'([^']*)'", r"`\1`", error.format_message()).replace(". Choose from:", ":").split())
    match = _SUGGESTION.fullmatch(message)
    # An option without its value is told without the command that it was given to.
    named = next((f"pinner {word}" for word in arguments if word in COMMANDS), "pinner")
    path = error.ctx.command_path if error.ctx is not None else named
    hint = f"did you mean {match['guess']}?" if match else _choice_meant(message) or f"see `{path} --help`"
    problem = (match["problem"] if match else message).removesuffix(".")
    return ConfigError(problem[:1].lower() + problem[1:], hint=hint)


def _commands_with(option: str) -> str:
    """Return the hint that other commands have ``option``; empty where none has."""
    commands = {name: one.load() for name, one in COMMANDS.items()}
    names = [name for name, one in commands.items() if any(option in parameter.opts for parameter in one.params)]
    return (
        f"{' and '.join(f'`pinner {name}`' for name in names)} {'has' if len(names) == 1 else 'have'} it"
        if names
        else ""
    )


def _choice_meant(message: str) -> str | None:
    """Return the hint for a value that is nearly one of those that ``message`` says there are."""
    match = _CHOICE.fullmatch(message)
    return did_you_mean(match[1], re.findall(r"`([^`]+)`", match[2])) if match else None
