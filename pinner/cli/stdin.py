"""Standard input as a file: ``-`` among the paths, and the name that says what kind of file it is."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import ConfigError
from pinner.filesystem import shown_path
from pinner.report.escapes import printable
from pinner.scan.discover import Target, told_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.cli.context import Context
    from pinner.config import Settings

STDIN = "-"


class Typed(NamedTuple):
    """What came from standard input."""

    name: str
    """Where it belongs, relative to the current folder: that tells its format, and which files are around it."""
    data: bytes


def read_stdin(context: Context, paths: Sequence[str], name: str | None) -> Typed:
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
    return Typed(name, context.stdin())


def targets_of(typed: Typed, settings: Settings, folder: str) -> list[Target]:
    """Return the file that ``typed`` is, with its text; none where the configuration excludes it."""
    file = os.path.normpath(os.path.join(folder, typed.name))
    is_excluded, _ = told_by(settings)
    if is_excluded(file):
        return []
    return [Target(file, shown_path(file, folder), named=True, text=typed.data)]
