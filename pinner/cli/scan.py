"""Scan step of every command, standard input as a file among its paths, and its warnings."""

from __future__ import annotations

import os
from functools import partial

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import ConfigError
from pinner.files import repository_around
from pinner.files.atomic import shown_path
from pinner.formats import claims
from pinner.report.as_text import render_error
from pinner.report.escapes import printable
from pinner.scan.discover import Found, Target, discover, find, path_tests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.formats.pragmas import PragmaProblem
    from pinner.pipeline import Survey
    from pinner.report.style import Style
    from pinner.scan.neighbour_files import Around
    from pinner.scan.scan import Unreadable


def scan_files(
    context: Context, settings: Settings, paths: Sequence[str], terminal: Terminal, typed: StdinFile | None = None
) -> tuple[Found, Survey]:
    """Return the files that ``paths`` stand for and what is in them; pragmas and files in trouble are named."""
    from pinner.pipeline import survey  # noqa: PLC0415 - a check brings its own

    found = discover_files(context, settings, paths, terminal, typed)
    around = surrounding_files(context, settings, paths, found, typed)
    surveyed = survey(found.targets, settings, today=context.today, around=around)
    known = {source.document.path for source in surveyed.sources} | {file.path for file in surveyed.unreadable}
    refuse_unknown(found.targets, known)
    report_scan(((source.document.path, source.problems) for source in surveyed.sources), surveyed.unreadable, terminal)
    return found, surveyed


def is_about_stdin(paths: Sequence[str], name: str | None) -> bool:
    """Tell whether a run over ``paths`` reads standard input, which is called ``name``."""
    return name is not None or "-" in paths


def stdin_for(context: Context, paths: Sequence[str], name: str | None) -> StdinFile | None:
    """Return what standard input holds where it is asked for; raises `ConfigError` as `read_stdin` does."""
    if not is_about_stdin(paths, name):
        return None

    return read_stdin(context, paths, name)


def discover_files(
    context: Context, settings: Settings, paths: Sequence[str], terminal: Terminal, typed: StdinFile | None = None
) -> Found:
    """Return the files that ``paths`` stand for, or the one that came from standard input."""
    if settings.source is not None:
        terminal.detail(f"settings are those of {printable(settings.source)}")
    if typed is not None:
        return Found(stdin_targets(typed, settings, context.folder))
    return find(paths, settings, context.folder, context.environment)


def refuse_unknown(targets: Iterable[Target], known: Collection[str]) -> None:
    """Raise `ConfigError` where a file that was named is of no format, by its name or by its content.

    ``known`` are the paths of those of ``targets`` that a format knows or that could not be read. A hook hands over
    what the formats claim by name, and does not know what is in it: YAML of another kind is no error.
    """
    unknown = [one.path for one in targets if one.named and one.path not in known and not claims(one.path)]
    if not unknown:
        return
    more = f", nor {len(unknown) - 1} more" if len(unknown) > 1 else ""
    raise ConfigError(
        f"no format knows `{printable(unknown[0])}`{more}: nothing can be said of the images in it",
        hint="docs/what-is-pinned.md says what is read; of a folder that is named the files that are known count",
    )


def sees_all(context: Context, paths: Sequence[str]) -> bool:
    """Tell whether a run over ``paths`` finds all that is in the repository: named as a folder, or not at all."""
    whole = repository_around(context.folder) or context.folder
    return not paths or any(os.path.normpath(os.path.join(context.folder, path)) == whole for path in paths)


def surrounding_files(
    context: Context, settings: Settings, paths: Sequence[str], found: Found, typed: StdinFile | None = None
) -> Around:
    """Return what finds the files of the repository that a run over ``paths``, which ``found``, sees a part of.

    None where it is a run over all of it.
    """
    if typed is None and not paths:
        return None
    if typed is None and sees_all(context, paths):
        return found.targets.copy
    return partial(discover, (), settings, context.folder, context.environment)


def report_scan(
    looked_into: Iterable[tuple[str, Sequence[PragmaProblem]]], unreadable: Iterable[Unreadable], terminal: Terminal
) -> None:
    """Say which files were looked into and what is wrong with the pragmas of each, and which could not be read."""
    looked_into = list(looked_into)
    terminal.detail(*(f"looked into {printable(path)}" for path, _ in looked_into))
    terminal.info(*_problems(looked_into, terminal.talk_style))
    report_unreadable(unreadable, terminal)


def severities_by_path(findings: Iterable[Finding], settings: Settings, context: Context) -> tuple[Finding, ...]:
    """Return ``findings`` with the severities that the tree gives their rules in their files."""
    found = tuple(findings)
    if not found:
        return found
    from pinner.config.by_path import with_levels_by_path  # noqa: PLC0415 - only where there is something to say

    return with_levels_by_path(found, settings, context.folder)


def report_unreadable(files: Iterable[Unreadable], terminal: Terminal) -> None:
    """Say which ``files`` could not be read or written, and why."""
    for file in files:
        if terminal.debug:
            terminal.error(getattr(file.error, "trace", "").splitlines())
        terminal.error(render_error(file.error, terminal.talk_style, file.path))


def _problems(looked_into: Iterable[tuple[str, Sequence[PragmaProblem]]], style: Style) -> Iterator[str]:
    for path, problems in looked_into:
        for problem in problems:
            where = style.where(f"{printable(path)}:{problem.line}:1")
            yield f"{where}: {style.severity('warning')}: {printable(problem.message)}"


STDIN = "-"


class StdinFile(NamedTuple):
    """What came from standard input."""

    name: str
    """Where it belongs, relative to the current folder: that tells its format, and which files are around it."""
    data: bytes


def read_stdin(context: Context, paths: Sequence[str], name: str | None) -> StdinFile:
    """Return what standard input holds, which is called ``name`` and is what ``paths``, if any, ask for.

    Raises `ConfigError` where nothing tells what kind of file it is, and where other files are asked for beside it.
    """
    others = [path for path in paths if path != STDIN]
    if others:
        raise ConfigError(
            f"standard input and `{printable(others[0])}` at once",
            hint="one run reads `-` or files; a file that is called so is `./-`",
        )
    if not name:
        raise ConfigError(
            "nothing tells what kind of file standard input is",
            hint="`--stdin-filename compose.yaml` does, and where it belongs: the files around it count",
        )
    if os.path.isdir(os.path.join(context.folder, name)):
        raise ConfigError(f"--stdin-filename: `{printable(name)}` is a folder", hint="name the file in it")
    return StdinFile(name, context.stdin())


def stdin_targets(typed: StdinFile, settings: Settings, folder: str) -> list[Target]:
    """Return the file that ``typed`` is, with its text; none where the configuration excludes it."""
    file = os.path.normpath(os.path.join(folder, typed.name))
    is_excluded, _ = path_tests(settings)
    if is_excluded(file):
        return []
    return [Target(file, shown_path(file, folder), named=True, text=typed.data)]
