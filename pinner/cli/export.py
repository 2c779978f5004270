"""``pinner export``: pinner.lock for tools that pin without rewriting."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import PATHS, pinner_command
from pinner.cli.context import DEFAULTS, Invocation, Options, exit_status
from pinner.cli.report_destinations import save_lines
from pinner.cli.scan import report_unreadable, scan_files
from pinner.cli.settings import settings_for
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, attempt
from pinner.export import BILLS, TARGETS, exporter
from pinner.export.base import ExportInput, overruled_references
from pinner.export.signatures import POLICY_TARGETS, export_policies
from pinner.files.atomic import read_regular
from pinner.findings import check_source
from pinner.limits import MIB
from pinner.lockfile.file import current_lock, lock_file
from pinner.lockfile.model import Lock
from pinner.report.as_text import finding_lines, lines_with_counts
from pinner.report.escapes import escaped, printable
from pinner.report.style import hint_line
from pinner.report.summary_sentences import count
from pinner.rules import CANNOT_PIN, MALFORMED, PARSE_ERROR, UNKNOWN
from pinner.scan.scan import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.export.base import Export, ExportModule, Problem
    from pinner.rules import Severity
    from pinner.scan.discover import Target
    from pinner.scan.suppressions import Source


_STDOUT = "-"
_NOT_HELD = (CANNOT_PIN, MALFORMED, PARSE_ERROR, UNKNOWN)


class ExportOptions(NamedTuple):
    """What ``export`` was asked."""

    target: str
    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    output: str = _STDOUT


def export(context: Context, asked: ExportOptions) -> int:
    """Make the file that was asked for; return the exit status."""
    terminal = Terminal(context, asked.options)
    settings = settings_for(context, asked.options, asked.paths)
    if asked.target in POLICY_TARGETS:
        return _export_policies(context, asked, settings, terminal)
    is_bill = asked.target in BILLS
    lock, file = _lock(settings, context, is_needed=not is_bill), _output_file(context, asked)
    (targets, _), survey = scan_files(context, settings, asked.paths, terminal)
    # What an export made last time is no source of the next one.
    earlier = None if file is None else os.path.realpath(file)
    own = {target.path for target in targets if os.path.realpath(target.file) == earlier}
    sources = tuple(source for source in survey.sources if source.document.path not in own)
    module = exporter(asked.target)
    order = ExportInput(sources, lock, settings.platform, _named(targets, asked.paths, context))
    made = module.export(order)
    _warn(sources, module, settings, terminal)
    if not is_bill:
        terminal.info(*_lines(overruled_references(order, module.concerns), terminal, "warning"))
    terminal.error(_lines(made.problems, terminal, "error"))
    terminal.info(*(f"{terminal.talk_style.severity('note')}: {printable(note)}" for note in made.notes))
    unwritten = _deliver(made.text, file, asked.output, context, terminal)
    written = "" if file is None or unwritten else f" in {printable(asked.output)}"
    terminal.info((count(made.images, module.THING) if is_bill else _sentence(made, module.THING)) + written)
    return exit_status(found=False, untold=bool(survey.unreadable or made.problems or unwritten))


def _export_policies(context: Context, asked: ExportOptions, settings: Settings, terminal: Terminal) -> int:
    """Make the policy for another verifier; return the exit status."""
    if not settings.verify:
        raise ConfigError("there is no [[verify]] table to export", hint="docs/signatures.md tells how to write one")
    lock = current_lock(settings, context.folder)
    root = settings.root or context.folder
    try:
        made = export_policies(
            asked.target,
            settings.verify,
            lock,
            lambda name: read_regular(os.path.join(root, name), MIB),
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"a policy's file cannot be read: {error}") from error
    file = _output_file(context, asked)
    terminal.info(*(f"{terminal.talk_style.severity('warning')}: {printable(note)}" for note in made.notes))
    unwritten = _deliver(made.text, file, asked.output, context, terminal)
    terminal.info(f"{count(made.policies, 'rule')} from [[verify]]")
    return exit_status(found=False, untold=bool(made.notes or unwritten))


def _lock(settings: Settings, context: Context, *, is_needed: bool) -> Lock:
    lock = current_lock(settings, context.folder)
    if lock is None and is_needed:
        shown = lock_file(settings, context.folder).shown
        raise ConfigError(f"there is no {shown} to export", hint="run `pinner lock` first")
    return lock or Lock()


def _output_file(context: Context, asked: ExportOptions) -> str | None:
    """Return where to write, None for stdout; what cannot be is refused before the work and not after it."""
    if asked.output == _STDOUT:
        return None
    file = os.path.join(context.folder, asked.output)
    shown = printable(asked.output)
    if not asked.output or os.path.isdir(file):
        raise ConfigError(f"--output: `{shown}` is no file", hint="give the name of a file")
    if not os.path.isdir(os.path.dirname(file)):
        raise ConfigError(f"--output: the folder of `{shown}` does not exist", hint="make it first")
    return file


def _named(targets: Sequence[Target], paths: Sequence[str], context: Context) -> tuple[str, ...]:
    """Return the files among ``paths``, by the paths that messages show, in the order given."""
    shown = {target.file: target.path for target in targets if target.named}
    files = (os.path.normpath(os.path.join(context.folder, path)) for path in paths)
    return tuple(dict.fromkeys(shown[file] for file in files if file in shown))


def _warn(sources: Sequence[Source], module: ExportModule, settings: Settings, terminal: Terminal) -> None:
    """Name the references that this export would hold if they could be told."""
    # A note for whoever checks; here it is what the export promises and cannot keep.
    findings = (
        finding._replace(severity="warning")
        for source in sources
        for finding in check_source(source, settings.rules)
        if finding.rule in _NOT_HELD and module.concerns(source.format.name, finding.place)
    )
    style = terminal.talk_style
    terminal.info(*lines_with_counts((tuple(finding_lines(finding, style)) for finding in findings), style))


def _lines(problems: Iterable[Problem], terminal: Terminal, severity: Severity) -> Iterator[str]:
    style = terminal.talk_style
    for path, line, column, error in sorted(problems, key=lambda problem: problem[:3]):
        where = style.where(f"{printable(path)}:{line}:{column}")
        yield f"{where}: {style.severity(severity)}: {printable(error.message)}"
        if error.hint:
            yield hint_line(error.hint, style)


def _deliver(text: str, file: str | None, shown: str, context: Context, terminal: Terminal) -> bool:
    """Write ``text`` where it belongs; tell whether that failed."""
    # Both JSON and what is quoted in YAML take the escapes of JSON.
    lines = tuple(escaped(text.removesuffix("\n").split("\n"), "json"))
    if file is None:
        terminal.output(lines, "json")
        return False
    error = attempt(save_lines, file, lines, context.folder)
    if error is not None:
        report_unreadable((Unreadable(shown, error),), terminal)
    return error is not None


def _sentence(made: Export, thing: str) -> str:
    if not made.images and not made.problems:
        return f"nothing to hold: no {thing} here is without a digest"
    lost = f", {count(len(made.problems), 'problem')}" if made.problems else ""
    return f"{count(made.images, thing)} held to what pinner.lock says{lost}"


_EPILOG = """\b
Examples:
  pinner export source-policy --output policy.json
    EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=policy.json docker buildx build .
    buildctl build --source-policy-file policy.json ...
  pinner export compose-override --output compose.pinned.yaml
    docker compose -f compose.yaml -f compose.pinned.yaml up
  pinner export kustomize deploy/ --output deploy/pinned/kustomization.yaml
    and in deploy/kustomization.yaml:  components: [pinned]
  pinner export cyclonedx --output images.cdx.json

\b
A compose override is for one project: the files that are named, in the order
of their `-f`, or what `docker compose` reads in a folder by itself.
"""


@pinner_command("export", _EPILOG)
@click.argument("target", type=click.Choice([*TARGETS, *POLICY_TARGETS]), metavar="TARGET")
@PATHS
@click.option(
    "-o", "--output", metavar="FILE", default="-", help="Write to this file, all or nothing; by default to stdout."
)
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Write what pinner.lock says for a tool that pins without rewriting.

    TARGET is source-policy (BuildKit), compose-override (docker compose) or kustomize (a Component); cyclonedx, a bill
    of materials of all images, with a lock or without; or, for what [[verify]] says, containers-policy (policy.json),
    notation-policy or cosign (commands). With the first three, these tools pull by digest what your files name by tag;
    the files stay as they are, and no registry is asked. An image that is not in the lock, or that the tool cannot
    hold, is named, and the exit status is 3.
    """
    return Invocation(ctx.obj, partial(export, asked=ExportOptions(options=ctx.obj, **values)))
