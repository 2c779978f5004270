"""The story as code: read and locate, ask, plan, write. Every command runs through here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner import files
from pinner.errors import InputError
from pinner.formats import by_name
from pinner.model import Document
from pinner.plan import make_plan, questions, screen
from pinner.reading import read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from pinner.config import Settings
    from pinner.discover import Target
    from pinner.formats.base import Format
    from pinner.model import Located, Place
    from pinner.plan import Operation, Plan, Source
    from pinner.resolve import Resolver


class Unreadable(NamedTuple):
    """A file that could not be told anything about."""

    path: str
    error: InputError


class Survey(NamedTuple):
    """What a run found before it asked anybody."""

    sources: tuple[Source, ...]
    """Sorted by path; only files that are of a known format."""
    unreadable: tuple[Unreadable, ...]
    files: int
    """How many files were looked at."""


def survey(targets: Iterable[Target], settings: Settings, *, today: date) -> Survey:
    """Read and locate every target; a file that cannot be read is reported and the others go on."""
    readings = read_all(sorted(targets, key=lambda target: target.path))
    found = [
        (Document(reading.path, reading.data), by_name(reading.format), reading.located)
        for reading in readings
        if reading.format is not None and reading.located is not None
    ]
    unreadable = tuple(Unreadable(reading.path, reading.error) for reading in readings if reading.error is not None)
    sources = tuple(
        screen(
            document,
            format_,
            located,
            today=today,
            places=places,
            images_exclude=settings.images_exclude,
        )
        for (document, format_, located), places in zip(found, _reconciled(found), strict=True)
    )
    return Survey(sources, unreadable, len(readings))


def _reconciled(found: Sequence[tuple[Document, Format, Located]]) -> list[tuple[Place, ...]]:
    """Return each document's places after the formats' rules across files, folder by folder."""
    folders: dict[tuple[str, str], list[int]] = {}
    for position, (document, format_, _) in enumerate(found):
        if format_.crosses_files:
            folders.setdefault((format_.name, document.path.rpartition("/")[0]), []).append(position)
    places = [located.places for _, _, located in found]
    for positions in folders.values():
        if len(positions) > 1:
            format_ = found[positions[0]][1]
            after = format_.reconcile([(found[position][0], found[position][2]) for position in positions])
            for position, located in zip(positions, after, strict=True):
                places[position] = located.places
    return places


async def make_plans(
    sources: Sequence[Source],
    operation: Operation,
    settings: Settings,
    resolver: Resolver,
    on_answer: Callable[[int, int], None] | None = None,
) -> tuple[Plan, ...]:
    """Return what ``operation`` (pin or update) does to each of ``sources``, every distinct question asked once."""
    from pinner.resolve import resolve_all  # noqa: PLC0415 - asyncio costs start-up time that `check` need not pay

    references = [reference for source in sources for reference in questions(source, operation)]
    answers = await resolve_all(references, settings.platform, resolver, on_answer)
    return tuple(make_plan(source, operation, answers) for source in sources)


def unpin_plans(sources: Iterable[Source], targets: Iterable[Target], memory: Path | None) -> tuple[Plan, ...]:
    """Return the plans that take digests off again, and with them the tags that ``memory`` says pinner wrote."""
    files_by_path = {target.path: target.file for target in targets}
    return tuple(
        make_plan(source, "unpin", {}, _own_tags(memory, files_by_path[source.document.path], source.document.data))
        for source in sources
    )


def _own_tags(memory: Path | None, file: str, data: bytes) -> frozenset[int]:
    from pathlib import Path  # noqa: PLC0415 - not needed to check

    from pinner.memory import recall  # noqa: PLC0415 - hashing is not needed to check

    return frozenset() if memory is None else recall(memory, Path(file), data)


def write(plans: Iterable[Plan], targets: Iterable[Target], memory: Path | None = None) -> tuple[Unreadable, ...]:
    """Write every changed plan to its file, each all or nothing; return the files that could not be written.

    ``memory`` is the folder that remembers which tags pinner added, or None.
    """
    places = {target.path: target.file for target in targets}
    failed: list[Unreadable] = []
    for plan in plans:
        if not plan.changed:
            continue
        file = places[plan.document.path]
        try:
            files.write(file, plan.document.data, plan.result)
        except InputError as error:
            failed.append(Unreadable(plan.document.path, error))
            continue
        if memory is not None:
            from pathlib import Path  # noqa: PLC0415 - not needed to check

            from pinner.memory import remember  # noqa: PLC0415 - hashing is not needed to check

            known = _own_tags(memory, file, plan.document.data)
            remember(memory, Path(file), plan.result, plan.tags_added(known))
    return tuple(failed)
