"""Public Python API: find, check and pin as functions, imported from `pinner`."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from pinner import pipeline
from pinner.config.find import load_settings
from pinner.scan.discover import discover
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from datetime import date

    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.model import Place
    from pinner.oci.resolver import Resolver
    from pinner.pipeline import Survey
    from pinner.plan import Plan
    from pinner.scan.deciding import Around
    from pinner.scan.discover import Target


def find(*paths: str | os.PathLike[str], settings: Settings | None = None) -> tuple[tuple[str, Place], ...]:
    """Return every place that names an image in ``paths``, with the path of its file.

    Files or folders, relative to the current folder; none for the repository around it. ``settings`` are those of
    pinner.toml or pyproject.toml unless given. Raises `ConfigError` for a path that does not exist and `InputError`
    for a file that cannot be read.
    """
    _, survey = _look(paths, settings)
    return tuple((source.document.path, place) for source in survey.sources for place in occurrences_for(source, "pin"))


def check(*paths: str | os.PathLike[str], settings: Settings | None = None) -> tuple[Finding, ...]:
    """Return what `pinner check` finds in ``paths``, offline; arguments and errors as for `find`.

    Where there is a pinner.lock, the files are held against it; raises `ConfigError` for one that is broken.
    """
    from pinner.checks.run import check as check_files  # noqa: PLC0415 - only where it is asked for

    folder = os.getcwd()
    settings = settings or load_settings(folder)
    targets = discover([os.fspath(path) for path in paths], settings, folder, os.environ)
    checked = check_files(targets, settings, folder, today=_today(), around=_around(paths, settings))
    for file in checked.unreadable:
        raise file.error
    return checked.findings


async def pin(
    *paths: str | os.PathLike[str],
    settings: Settings | None = None,
    resolver: Resolver | None = None,
    write: bool = True,
) -> tuple[Plan, ...]:
    """Pin every reference in ``paths``, in place, and return what was done file by file.

    ``resolver`` answers in the registries' place where it is given. With ``write`` false nothing is written:
    `Plan.result` holds the bytes. References without an answer are `Failed` verdicts, not errors; other arguments and
    errors are those of `find`.
    """
    settings = settings or load_settings(os.getcwd())
    targets, survey = _look(paths, settings)
    if resolver is None:
        from pinner.registry.client import RegistryResolver  # noqa: PLC0415 - httpx, only where it is needed

        async with RegistryResolver(settings, environment=os.environ) as registries:
            plans = await pipeline.make_plans(survey.sources, "pin", settings, registries)
    else:
        plans = await pipeline.make_plans(survey.sources, "pin", settings, resolver)
    if write:
        for file in pipeline.write(plans, targets):
            raise file.error
    return plans


def _look(paths: tuple[str | os.PathLike[str], ...], settings: Settings | None) -> tuple[list[Target], Survey]:
    folder = os.getcwd()
    settings = settings or load_settings(folder)
    targets = discover([os.fspath(path) for path in paths], settings, folder, os.environ)
    survey = pipeline.survey(targets, settings, today=_today(), around=_around(paths, settings))
    for file in survey.unreadable:
        raise file.error
    return targets, survey


def _around(paths: tuple[str | os.PathLike[str], ...], settings: Settings) -> Around:
    return partial(discover, (), settings, os.getcwd(), os.environ) if paths else None


def _today() -> date:
    from datetime import date  # noqa: PLC0415 - for pragmas that expire

    return date.today()  # noqa: DTZ011 - `until=` is a day where the user is
