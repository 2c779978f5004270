"""Options of ``pinner check`` and ``pinner list``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.check import CheckOptions, check
from pinner.cli.commands import PATHS, STDIN_FILENAME, pinner_command
from pinner.cli.context import Invocation
from pinner.cli.list import ListOptions, list_
from pinner.report import FORMATS, LISTING_FORMATS
from pinner.report.as_groups import GROUPS
from pinner.rules import SEVERITIES

_CHECK_EPILOG = """\b
Examples:
  pinner check                          the whole repository
  pinner check Dockerfile deploy/       a file, and all in a folder
  pinner check --fail-on warning        be stricter
  pinner check --online                 which digests are stale or gone
  pinner check --format json | jq       for other programs
  pinner check --output pinner.sarif    for code scanning, and text for you
  pinner check --group image            89 places of one image as one entry
  pinner check --baseline known.json    new findings alone
  pinner check - --stdin-filename Dockerfile <Dockerfile    for editors

\b
To silence a finding, above or beside the reference:
  # pinner: ignore[PIN001] built on this machine until=2027-01-31

\b
What a rule means, and what to do about it:
  pinner explain PIN001
"""


@pinner_command("check", _CHECK_EPILOG)
@PATHS
@STDIN_FILENAME
@click.option(
    "--format",
    type=click.Choice(list(FORMATS)),
    help="How to report. By default text, and annotations beside it on GitHub.",
)
@click.option(
    "--output",
    multiple=True,
    metavar="FILE",
    help="Write the report there, and text to the terminal as ever; `-` is stdout. Without --format the file's name "
    "tells it: .sarif, .xml (JUnit), .md, .json (Code Quality on GitLab), .jsonl, .txt. May be given several times.",
)
@click.option(
    "--fail-on",
    type=click.Choice(list(reversed(SEVERITIES))),
    default="error",
    show_default=True,
    help="Exit with 1 from this severity upwards.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Fail on every image that is not held to a digest, whatever the reason (PIN003, PIN006).",
)
@click.option("--online", is_flag=True, help="Ask the registries too: digests that are stale, gone or of a wrong kind.")
@click.option("--fix", is_flag=True, help="Pin what can be pinned first, as `pinner pin` does.")
@click.option(
    "--baseline", metavar="FILE", help="Count the findings that FILE knows, and tell and fail on the others alone."
)
@click.option("--write-baseline", metavar="FILE", help="Write what is found now to FILE, for --baseline; exit with 0.")
@click.option("--group", type=click.Choice(GROUPS), help="Tell the findings in text by image, rule or file.")
@click.option("--statistics", is_flag=True, help="Tell in text how many findings each rule has, and nothing else.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Say which references are not pinned, or cannot be.

    What `pinner pin` would mend is an error; what a person has to mend a warning; what something outside of the
    repository decides a note. With --strict all of it fails.

    Only the files are looked at, unless --online is given: then the registries are asked how every pin stands. No file
    is changed without --fix.
    """
    return Invocation(ctx.obj, partial(check, asked=CheckOptions(ctx.obj, **values)))


_LIST_EPILOG = """\b
Examples:
  pinner list                           the whole repository
  pinner list compose.yaml --all        with stages, scratch and stage numbers
  pinner list --format jsonl            one object a line, for other programs
"""


@pinner_command("list", _LIST_EPILOG)
@PATHS
@STDIN_FILENAME
@click.option(
    "--format", type=click.Choice(list(LISTING_FORMATS)), default="text", show_default=True, help="How to report."
)
@click.option("--all", "everything", is_flag=True, help="Show stage names, `scratch` and stage numbers as well.")
@click.pass_context
def list_command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show every image reference: where it is, what it is for, and whether it is pinned.

    A reference that cannot or must not be pinned is shown with the reason.
    """
    return Invocation(ctx.obj, partial(list_, asked=ListOptions(ctx.obj, **values)))
