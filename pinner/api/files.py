"""Offline half of the public API: images found, checked and unpinned in files, folders and texts in memory."""

from __future__ import annotations

import os
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pinner import pipeline
from pinner.cache import cache_folder
from pinner.checks.run import check as check_files
from pinner.config.load import load_settings
from pinner.model import Document
from pinner.scan.discover import Target, discover
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike
    from typing import TypeAlias

    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.model import Place
    from pinner.plan import Plan
    from pinner.scan.neighbour_files import Around
    from pinner.scan.scan import Unreadable
    from pinner.scan.suppressions import Source

    Where: TypeAlias = str | PathLike[str] | Document


class Found(NamedTuple):
    """One place that names an image, and the file that it is in."""

    path: str
    """As messages show it: relative to the current folder, ``/`` on every system."""
    place: Place


class Run(NamedTuple):
    """What a function of the API works with."""

    folder: str
    settings: Settings
    paths: tuple[str, ...]
    """Those that were given and are no texts."""
    targets: list[Target]

    @property
    def around(self) -> Around:
        """What finds the rest of the repository, which may decide about the files given."""
        return partial(discover, (), self.settings, self.folder, os.environ) if self.paths else None

    @property
    def memory(self) -> str | None:
        """The folder that remembers which tags pinner wrote, where one may be used."""
        return cache_folder(os.environ) if self.settings.use_cache else None

    def sources(self) -> tuple[Source, ...]:
        """Return what the formats find in the files; raises `InputError` for the first that cannot be read."""
        survey = pipeline.survey(self.targets, self.settings, today=today(), around=self.around)
        _refuse(survey.unreadable)
        return survey.sources

    def write(self, plans: Sequence[Plan]) -> tuple[Plan, ...]:
        """Write ``plans`` to their files, texts in memory excepted, and return them."""
        in_memory = {target.path for target in self.targets if target.text is not None}
        on_disk = [plan for plan in plans if plan.document.path not in in_memory]
        _refuse(pipeline.write(on_disk, self.targets, self.memory, self.folder))
        return tuple(plans)


def open_run(where: Iterable[Where], settings: Settings | None) -> Run:
    """Return the run over ``where``; the errors are those of `find`."""
    where = tuple(where)
    folder = os.getcwd()
    settings = settings or load_settings(folder)
    texts = [one for one in where if isinstance(one, Document)]
    paths = tuple(os.fspath(one) for one in where if not isinstance(one, Document))
    in_memory = {
        text.path: Target(os.path.join(folder, text.path), text.path, named=True, text=text.data) for text in texts
    }
    # A text stands in the place of its file, as an editor has it open.
    found = discover(paths, settings, folder, os.environ) if paths or not texts else []
    targets = [target for target in found if target.path not in in_memory]
    return Run(folder, settings, paths, [*targets, *in_memory.values()])


def today() -> date:
    """Return the day that pragmas expire by."""
    return date.today()  # noqa: DTZ011 - `until=` is a day where the user is


def _refuse(files: Iterable[Unreadable]) -> None:
    for file in files:
        raise type(file.error)(f"{file.path}: {file.error.message}", hint=file.error.hint) from file.error


def find(*where: Where, settings: Settings | None = None) -> tuple[Found, ...]:
    """Return every place that names an image in ``where``, in the order of paths and lines.

    ``where`` are files and folders, relative to the current folder, and texts in memory, each a `Document`; nothing
    stands for the repository around the current folder. ``settings`` are those of pinner.toml or pyproject.toml unless
    they are given. What a `pinner: ignore` comment keeps from being pinned is a skipped occurrence here.

    Raises `ConfigError` for a path that does not exist or a broken configuration, `InputError` for a file that cannot
    be read.
    """
    sources = open_run(where, settings).sources()
    return tuple(Found(source.document.path, place) for source in sources for place in occurrences_for(source, "pin"))


def check(*where: Where, settings: Settings | None = None) -> tuple[Finding, ...]:
    """Return what `pinner check` finds in ``where``, offline; arguments and errors are those of `find`.

    Where there is a pinner.lock, files and lock are held against each other; raises `ConfigError` for a broken one.
    """
    run = open_run(where, settings)
    # What the lock has too much only a run over the whole repository can tell.
    around = run.around if run.paths else (tuple if where else None)
    checked = check_files(run.targets, run.settings, run.folder, today=today(), around=around)
    _refuse(checked.unreadable)
    return checked.findings


def unpin(*where: Where, settings: Settings | None = None, write: bool = True) -> tuple[Plan, ...]:
    """Take the digests off again in ``where``, tags kept, and return what was done file by file.

    A ``:latest`` goes along that pinner wrote itself. With ``write`` false no file changes; a text in memory never
    does: `Plan.result` holds the new bytes. Other arguments and errors are those of `find`.
    """
    run = open_run(where, settings)
    plans = pipeline.unpin_plans(run.sources(), run.targets, run.memory)
    return run.write(plans) if write else plans
