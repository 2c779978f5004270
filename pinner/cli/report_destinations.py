"""Report destinations and formats: terminal, files, CI systems."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.cli.scan import report_unreadable
from pinner.errors import ConfigError, attempt, isolate_failures
from pinner.files.atomic import shown_path
from pinner.report import FORGE_FORMATS, renderer
from pinner.report.escapes import escaped, form_of, printable
from pinner.report.style import PLAIN
from pinner.scan.scan import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.errors import PinnerError
    from pinner.report.base import Verdict
    from pinner.report.style import Style

STDOUT = "-"
_SUFFIXES = {
    ".sarif": "sarif",
    ".sarif.json": "sarif",
    ".xml": "junit",
    ".md": "markdown",
    ".jsonl": "jsonl",
    ".json": "json",
    ".txt": "text",
}


class Report(NamedTuple):
    """One rendering of a report."""

    format: str
    file: str = STDOUT
    """As given, relative to the current folder; ``-`` for stdout."""


class Outputs(NamedTuple):
    """What a run is to write."""

    reports: tuple[Report, ...]
    annotate: bool = False
    """GitHub's annotations go to stderr beside what stands on stdout, which stays data."""
    summarise: bool = False
    """The summary of GitHub's job gets the findings as a table."""
    group: str | None = None
    """What findings in text are grouped by."""
    statistics: bool = False
    """Whether text has their numbers alone."""

    @property
    def count_in_bytes(self) -> bool:
        """Tell whether any of the reports has more of a place than the line and column that a finding tells."""
        return self.annotate or any(report.format in FORGE_FORMATS for report in self.reports)


def choose_outputs(
    format_: str | None, files: Sequence[str], context: Context, group: str | None = None, *, statistics: bool = False
) -> Outputs:
    """Return what ``--format`` and ``--output`` mean; raises `ConfigError` where they make no sense.

    ``group`` and ``statistics`` are about text, and nothing else.

    Without a file the report goes to stdout. With files it goes there, each in the format given or else the one its
    name stands for, and text to stdout as ever. On GitHub a run that was given no format annotates as well.
    """
    github = context.environment.get("GITHUB_ACTIONS") == "true"
    reports = tuple(Report(format_ or _format_of(file, context.environment), file) for file in files)
    for report in reports:
        refuse_impossible(report.file, context.folder)
    if not files:
        reports = (Report(format_ or "text"),)
    elif all(report.file != STDOUT for report in reports):
        reports = (Report("text"), *reports)
    if (group or statistics) and all(report.format != "text" for report in reports):
        option = "--statistics" if statistics else "--group"
        raise ConfigError(f"{option} is about text", hint=f"other programs group what --format {format_} tells them")
    annotate = github and format_ is None
    summarise = annotate or (github and any(one.format == "github" for one in reports))
    return Outputs(reports, annotate, summarise, group, statistics)


def _format_of(file: str, environment: Mapping[str, str]) -> str:
    if file == STDOUT:
        return "text"
    name = os.path.basename(file).lower()
    suffix = next((suffix for suffix in _SUFFIXES if name.endswith(suffix)), None)
    if suffix is None:
        raise ConfigError(
            f"--output: nothing tells the format of `{printable(file)}`",
            hint=f"give --format, or a name that ends with {', '.join(_SUFFIXES)}",
        )
    if suffix == ".json" and environment.get("GITLAB_CI") == "true":
        return "gitlab"
    return _SUFFIXES[suffix]


def refuse_impossible(file: str, folder: str, option: str = "--output") -> None:
    """Raise `ConfigError` where no file can be: better before the work than after it."""
    path = os.path.join(folder, file)
    if file != STDOUT and os.path.isdir(path):
        raise ConfigError(f"{option}: `{printable(file)}` is a folder", hint="give the name of a file in it")
    if file != STDOUT and not os.path.isdir(os.path.dirname(path)):
        raise ConfigError(f"{option}: the folder of `{printable(file)}` does not exist", hint="make it first")


def deliver(verdict: Verdict, outputs: Outputs, context: Context, terminal: Terminal) -> bool:
    """Write ``verdict`` as ``outputs`` says; tell whether every file could be written. The others are named."""
    complete = True
    rooted: Verdict | None = None
    for report in outputs.reports:
        shown = verdict
        if report.format in FORGE_FORMATS:
            rooted = rooted or at_root(verdict, context.folder)
            shown = rooted
        style = terminal.style if report.file == STDOUT else PLAIN
        lines, failed = _rendered(shown, _renderer_of(report.format, outputs), style)
        if report.file == STDOUT:
            terminal.output(lines, form_of(report.format))
        else:
            error = attempt(save_lines, report.file, escaped(lines, form_of(report.format)), context.folder)
            if error is not None:
                failed.append(Unreadable(report.file, error))
        report_unreadable(failed, terminal)
        complete = complete and not failed
    if outputs.annotate or outputs.summarise:
        _tell_github(rooted or at_root(verdict, context.folder), outputs, context, terminal)
    return complete


def _renderer_of(format_: str, outputs: Outputs) -> Callable[[Verdict, Style], Iterator[str]]:
    if format_ != "text" or not (outputs.group or outputs.statistics):
        return renderer(format_).render_verdict
    from pinner.report import as_groups  # noqa: PLC0415 - only where it is asked for

    if outputs.group:
        by = outputs.group
        return lambda verdict, style: as_groups.render_groups(verdict.findings, by, style)
    return lambda verdict, style: as_groups.render_statistics(verdict.findings, style)


def _rendered(
    verdict: Verdict, render: Callable[[Verdict, Style], Iterator[str]], style: Style
) -> tuple[list[str], list[Unreadable]]:
    """Return the lines of ``verdict`` in a format, and the files that are not in them: the report fails on those."""

    def of(paths: Collection[str]) -> list[str]:
        kept = set(paths)
        findings = tuple(finding for finding in verdict.findings if finding.path in kept)
        return list(render(verdict._replace(findings=findings), style))

    lines, failed = isolate_failures(of, tuple(dict.fromkeys(finding.path for finding in verdict.findings)))
    return lines, [Unreadable(path, error) for path, error in failed]


def at_root(verdict: Verdict, folder: str) -> Verdict:
    """Return ``verdict`` with its paths relative to the root of the repository around ``folder``, if there is one."""
    # Not all that is found is found in a document: pinner.lock is none.
    paths = (*(finding.path for finding in verdict.findings), *(file.path for file in verdict.unreadable))
    paths += tuple(path for path, _, _ in verdict.untold)
    files = dict.fromkeys((*verdict.documents, *paths))
    moved = rooted_paths(files, folder)
    return verdict._replace(
        findings=tuple(finding._replace(path=moved[finding.path]) for finding in verdict.findings),
        unreadable=tuple(_Moved(moved[file.path], file.error) for file in verdict.unreadable),
        documents={moved[path]: data for path, data in verdict.documents.items()},
        untold=tuple((moved[path], place, error) for path, place, error in verdict.untold),
    )


def rooted_paths(paths: Iterable[str], folder: str) -> dict[str, str]:
    """Return ``paths``, relative to ``folder``, as seen from the root of the repository around it, if there is one."""
    from pinner.files import repository_around  # noqa: PLC0415 - only here

    root = repository_around(folder) or folder
    if root == folder:
        return {path: shown_path(path, root) if os.path.isabs(path) else path for path in paths}
    return {path: shown_path(os.path.join(folder, path), root) for path in paths}


class _Moved(NamedTuple):
    path: str
    error: PinnerError


def save_lines(file: str, lines: Iterable[str], folder: str) -> None:
    """Write ``lines`` to ``file``, relative to ``folder``; raises `InputError` where that cannot be."""
    from pinner.files import save  # noqa: PLC0415 - nearly never needed

    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    save(os.path.join(folder, file), data, folder)


def _tell_github(verdict: Verdict, outputs: Outputs, context: Context, terminal: Terminal) -> None:
    if outputs.annotate:
        from pinner.report.as_github import annotation_lines  # noqa: PLC0415 - on GitHub alone

        terminal.error(annotation_lines(verdict), "commands")
    file = context.environment.get("GITHUB_STEP_SUMMARY")
    if not (outputs.summarise and file and (verdict.findings or verdict.unreadable or verdict.untold)):
        return
    text = "".join(f"{line}\n" for line in escaped(renderer("markdown").render_verdict(verdict, PLAIN)))
    try:
        with open(file, "ab") as summary:
            summary.write(text.encode("utf-8", "surrogateescape"))
    except OSError as error:  # an extra: what was found stands in the log all the same
        terminal.detail(f"the job's summary could not be written: {(error.strerror or str(error)).lower()}")
