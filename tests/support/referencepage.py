"""The reference of the command line, as one page of Markdown, made from click's own tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from pinner.cli.commands import COMMANDS, global_options
from pinner.cli.parser import EPILOG, HELP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_INTRODUCTION = """\
<!-- Made from the code by `make docs`; a test fails where somebody forgot. -->

# pinner(1)

## Name

pinner: pin container images to their digests, in place

## Synopsis

```
pinner [OPTIONS] COMMAND [ARGUMENTS]
```

## Description
"""
_CLOSING = """\
## Environment

| variable | meaning |
|---|---|
| `NO_COLOR`, `FORCE_COLOR`, `CLICOLOR_FORCE`, `TERM` | whether there are colours; `--color` decides before them |
| `GITHUB_ACTIONS`, `GITHUB_STEP_SUMMARY` | `check` annotates and summarises on GitHub ([outputs](outputs.md)) |
| `GITLAB_CI` | `check --output FILE.json` writes Code Quality on a GitLab runner |
| `DOCKER_AUTH_CONFIG`, `REGISTRY_AUTH_FILE`, `DOCKER_CONFIG` | where credentials are |
| `DOCKER_HOST`, `DOCKER_CONTEXT`, `DOCKER_CERT_PATH`, `DOCKER_TLS_VERIFY` | the Docker that `identify` asks |
| `CONTAINERS_REGISTRIES_CONF` | a registries.conf with mirrors, in the place of the system's |
| `PINNER_APP_ID`, `PINNER_APP_KEY_FILE` | the GitHub App that `update --pr` is ([run the bot](run-the-bot.md)) |
| `SSL_CERT_FILE`, `SSL_CERT_DIR` | authorities to trust |
| `GIT_CONFIG_COUNT` | settings of git's that come from outside: kept, where pinner gives git more of them |
| `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` | the way to the registries; lower case too |
| `GH_HOST` | the GitHub Enterprise Server whose token GH_ENTERPRISE_TOKEN is ([security](security.md)) |
| `SOURCE_DATE_EPOCH` | the time that `pinner.lock` takes for now, in seconds since 1970 |
| `XDG_CACHE_HOME`, `LOCALAPPDATA` | where the folder of remembered answers is |
| `XDG_CONFIG_HOME`, `XDG_RUNTIME_DIR`, `PROGRAMDATA`, `HOME`, `USERPROFILE` | where containers have their settings |
| `APPDATA` | where notation has its settings |
| `XDG_DATA_HOME` | where `pinner trust update` keeps the trusted root |
| `COLUMNS` | the width of the terminal |
| `PATH` | where credential helpers are |
| `SHELL` | the shell that `pinner completion` is for |

## Files

| file | meaning |
|---|---|
| `pinner.toml`, `pyproject.toml` | the settings: the nearest, up to the root of the repository |
| `pinner.lock` | what every tag means, as written by `pinner lock` |
| `.gitignore` | what is not looked into where git does not say it itself |

## See also

[The rules of `pinner check`](rules/README.md), [the outputs of `pinner check`](outputs.md), [CI and hooks](ci.md).
"""


def reference_page() -> str:
    """Return the page."""
    return "\n".join((*_lines(), _CLOSING))


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from (_prose(HELP), "")
    yield "| command | what it does |"
    yield "|---|---|"
    yield from (f"| [`pinner {name}`](#pinner-{name}) | {command.summary} |" for name, command in COMMANDS.items())
    yield "\n## Options of every command\n\nBefore or after the command's name.\n"
    yield from _options(global_options(), click.Context(click.Command("pinner")))
    for name in COMMANDS:
        yield from _command(name)
    yield from _epilog(EPILOG, "## ")


def _command(name: str) -> Iterator[str]:
    command = COMMANDS[name].load()
    context = click.Context(command, info_name=name, parent=click.Context(click.Group("pinner"), info_name="pinner"))
    arguments = " ".join(command.collect_usage_pieces(context)[1:])
    shared = {parameter.name for parameter in global_options()}
    own = [one for one in command.params if isinstance(one, click.Option) and one.name not in shared]
    yield f"\n## pinner {name}\n"
    yield f"```\npinner {name} [OPTIONS] {arguments}".rstrip() + "\n```\n"
    yield from (_prose(command.help or ""), "")
    yield from _options(own, context)
    yield from _epilog(command.epilog or "", "### ")


def _options(options: Iterable[click.Parameter], context: click.Context) -> Iterator[str]:
    records = [record for option in options if (record := option.get_help_record(context)) is not None]
    if records:
        yield "| option | meaning |"
        yield "|---|---|"
        yield from (f"| `{_cell(spelled)}` | {_cell(meaning)} |" for spelled, meaning in records)
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _prose(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in text.strip().splitlines()))


def _epilog(text: str, heading: str) -> Iterator[str]:
    r"""Yield the blocks of an epilog, which ``\b`` starts and whose first line ends with a colon if it is a title."""
    for block in filter(None, (part.strip("\n") for part in text.replace("\b", "\x00").split("\x00"))):
        title, _, body = block.partition("\n")
        if title.endswith(":") and body:
            yield f"{heading}{title.removesuffix(':')}\n"
            yield f"```\n{_dedented(body)}\n```\n"
        else:
            yield f"{_prose(block)}\n"


def _dedented(body: str) -> str:
    return "\n".join(line.removeprefix("  ") for line in body.rstrip().splitlines())
