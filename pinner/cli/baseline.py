"""Baseline file of ``check``, read and written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pinner import files
from pinner.cli.report_destinations import STDOUT, rooted_paths
from pinner.errors import ConfigError, InputError
from pinner.findings.baseline import Compared, Known, compare, known_of, parse_baseline, render_baseline
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.cli.context import Context
    from pinner.findings import Finding


def write_baseline(findings: Sequence[Finding], file: str, context: Context) -> None:
    """Make ``file``, relative to the current folder, know ``findings``; raises `InputError`, `ConfigError`."""
    if file == STDOUT:
        raise ConfigError("--write-baseline takes a file's name, not `-`")
    path = os.path.join(context.folder, file)
    try:
        files.save(path, render_baseline(_known(findings, context)).encode("utf-8", "surrogateescape"), context.folder)
    except InputError as error:
        raise InputError(f"{printable(file)} {error.message}", hint=error.hint) from error


def compare_with_baseline(findings: Sequence[Finding], file: str, context: Context) -> Compared:
    """Return what ``findings`` are beside the baseline ``file``; raises `ConfigError` where it cannot be read."""
    try:
        data = files.read(os.path.join(context.folder, file))
    except InputError as error:
        hint = "write it with `pinner check --write-baseline FILE`"
        raise ConfigError(f"--baseline: `{printable(file)}` {error.message}", hint=hint) from error
    return compare(findings, _known(findings, context), parse_baseline(data, printable(file)))


def _known(findings: Sequence[Finding], context: Context) -> list[Known]:
    """Return what each of ``findings`` is known by: from whichever folder a run is started, the same."""
    moved = rooted_paths({finding.path for finding in findings}, context.folder)
    return [known_of(finding, moved[finding.path]) for finding in findings]
