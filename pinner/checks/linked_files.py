"""Checked files linked anew: those that others of the repository decide about, in the light of these."""

from __future__ import annotations

import posixpath
from functools import partial

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.checks.one_file import Examined, digest, examine_source
from pinner.checks.processes import share_out
from pinner.errors import InputError, attempt
from pinner.formats import FORMATS, by_name, configured
from pinner.link.paths import Paths
from pinner.model import ENV_NAME, Located
from pinner.scan.neighbour_files import paths_of, read_neighbours
from pinner.scan.scan import Reading, read_all, read_text
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pinner.checks.one_file import Conditions
    from pinner.formats.base import Format
    from pinner.link.link import Linker
    from pinner.model import Place
    from pinner.scan.discover import Target
    from pinner.scan.linking import File
    from pinner.scan.neighbour_files import Around

WORTH_A_PROCESS = 20
"""Files that a process must have to look into again: these hold images, and are parsed."""


class DecidingFacts(NamedTuple):
    """What a run knows of files that decide about others."""

    concerned: frozenset[str] = frozenset()
    """The paths of those that others decide about."""
    stating: tuple[File, ...] = ()
    """The files that state anything, by what they state alone; with all that they hold where they are not the run's."""
    key: str = ""
    """What tells all this from anything else that files may state; empty where that is not to be known."""
    readers: Mapping[str, frozenset[str]] = {}
    """The compose files that a ``.env`` gives values to, by its path: what is said of it comes of them alone."""
    paths: Paths = Paths()
    linker: Linker | None = None
    """What was made of all that they state."""
    looked_for: Sequence[str] = ()
    """The files and folders beside those of the run that this depends on, see `read_neighbours`."""


def deciding_facts(
    targets: Sequence[Target], examined: Sequence[Examined], conditions: Conditions, around: Around
) -> DecidingFacts:
    """Return what decides about ``examined``, what has come of each of ``targets`` by itself.

    ``around`` are the files of the repository where the run sees a part of it.
    """
    formats = configured(conditions.criteria.formats)
    named = {format_.name: format_ for format_ in FORMATS}
    readings = [_reading(one, named) for one in examined]
    names_images = any(any(one.counts) or one.facts for one in examined)
    beside, looked_for = read_neighbours(readings, targets, formats, around if names_images else None)
    facts = {one.path: one.located.facts for one in (*readings, *beside) if one.located and one.located.facts}
    if not facts:
        return DecidingFacts(looked_for=looked_for)
    from pinner.link.link import Linker  # noqa: PLC0415 - only where a file states something about others
    from pinner.scan.linking import known_files  # noqa: PLC0415 - as above

    paths = paths_of(targets)
    linker = Linker(facts, paths)
    concerned = frozenset(
        one.path for one in examined if (any(one.counts) or one.facts) and linker.concerns(one.path, one.format)
    )
    stating = known_files([*(one for one in readings if one.path in facts), *beside])
    key = _key(facts, [one for one in examined if one.path in concerned], beside) if conditions.hashed else ""
    readers = {path: frozenset(several) for path, several in linker.environments.readers.items()}
    return DecidingFacts(concerned, tuple(stating), key, readers, paths, linker, looked_for)


def _reading(one: Examined, formats: Mapping[str, Format]) -> Reading:
    """Return what a file states, as if nothing else were in it."""
    if one.format is None:
        return Reading(one.path)
    return Reading(one.path, b"", formats[one.format], Located((), (), one.facts))


def _key(facts: Mapping[str, object], concerned: Iterable[Examined], beside: Iterable[Reading]) -> str:
    from pinner.checks.encoding import encode  # noqa: PLC0415 - json, only where a record is kept

    # What a build makes of a Dockerfile is decided by all that is in it, and so is what
    # a `.env` makes of a compose file.
    formats = ["dockerfile", *(["compose"] if any(posixpath.basename(path) == ENV_NAME for path in facts) else [])]
    whole = [(one.path, one.hash) for one in concerned if one.format in formats]
    if not all(hash_ for _, hash_ in whole):
        return ""
    whole += [(one.path, digest(one.data)) for one in beside if one.format and one.format.name in formats]
    return digest(encode((tuple(sorted(facts.items())), tuple(sorted(whole)))).encode("ascii"))


def check_again(
    targets: Sequence[Target],
    light: DecidingFacts,
    conditions: Conditions,
    kept: Mapping[str, Examined],
    processes: int | None,
) -> dict[str, Examined]:
    """Return, by path, what comes of ``targets``, which others decide about, in their ``light``.

    ``kept`` are the files of which it was kept what was found in them, ``processes`` as in `share_out`. What cannot be
    told is the error.
    """
    if not targets:
        return {}
    from pinner.scan.linking import known_files, link_files  # noqa: PLC0415 - as above

    known = {target.path: _as_kept(target, kept[target.path], conditions) for target in targets if target.path in kept}
    lost = [target for target in targets if known.get(target.path) is None]
    located = iter(share_out(partial(_located, conditions=conditions), lost, WORTH_A_PROCESS, processes))
    readings = [known.get(target.path) or next(located) for target in targets]
    again = {target.path for target in targets}
    others = [file for file in light.stating if file.document.path not in again]
    links = attempt(link_files, [*known_files(readings), *others], light.paths, again, light.linker)
    if isinstance(links, InputError):
        return {target.path: Examined(target.path, error=links) for target in targets}
    found = {}
    for target, reading in zip(targets, readings, strict=True):
        one = attempt(_examined, target, reading, links.changed.get(target.path), conditions)
        found[target.path] = Examined(target.path, error=one) if isinstance(one, InputError) else one
    return found


def _as_kept(target: Target, one: Examined, conditions: Conditions) -> Reading | None:
    """Return what was found in ``target``, which has come to ``one``; None where its bytes are others by now."""
    data = attempt(read_text, target)
    if one.kept is None or one.format is None or not isinstance(data, bytes) or hash(data) != one.kept.mark:
        return None
    return Reading(one.path, data, by_name(one.format, configured(conditions.criteria.formats)), one.kept.located)


def _located(target: Target, conditions: Conditions) -> Reading:
    [reading] = read_all([target], configured(conditions.criteria.formats))
    located = reading.located
    return reading if located is None else reading._replace(located=located._replace(outline=()))


def _examined(target: Target, reading: Reading, places: Sequence[Place] | None, conditions: Conditions) -> Examined:
    if reading.error is not None:
        raise reading.error
    if reading.format is None or reading.located is None:
        return Examined(target.path)
    source = apply_suppressions(
        reading.document,
        reading.format,
        reading.located,
        today=conditions.today,
        places=places,
        images_exclude=conditions.criteria.images_exclude,
    )
    return examine_source(source, target, conditions, digest(reading.data) if conditions.hashed else "")
