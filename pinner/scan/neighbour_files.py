"""Files beside those of a run that decide what images mean there: read for their facts, and not reported."""

from __future__ import annotations

import os
import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InputError, attempt
from pinner.formats.base import DROP_IN, NEVER
from pinner.link.paths import Paths
from pinner.model import Document
from pinner.scan.discover import Target
from pinner.scan.scan import read_all, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from pinner.formats.base import Format
    from pinner.scan.scan import Reading

    Around: TypeAlias = Callable[[], Iterable[Target]] | None
    """Returns the files of the repository that a run over all of it would look at; None where this one does."""


class NeighbourFiles(NamedTuple):
    """What decides about the files of a run and is none of them."""

    readings: Sequence[Reading] = ()
    looked_for: Sequence[str] = ()
    """The files and folders that these depend on, absolute, whether they are there or not."""


_MOST = 1_000
_BUILDERS = {
    "compose": "",
    "bake": "",
    "kubernetes": r"^skaffold[^/]*\.ya?ml$",
    "devcontainer": r"^\.?devcontainer\.json$",
}
"""The formats whose files give arguments to Dockerfiles in and below their folders, and which of their files do."""
_GIVING = (b"rgs", b"contexts", b"extends", b"include", b"inherits", b"\\")
"""One of these is in whatever gives arguments or contexts to a build, or has another file or an escape say so."""


def read_neighbours(
    readings: Sequence[Reading], targets: Sequence[Target], formats: Sequence[Format], around: Around = None
) -> NeighbourFiles:
    """Return what came of the files that decide about those of ``readings`` and are none of ``targets``.

    They are the files in the same folders that ``formats`` name, those of ``around`` that may state anything, and those
    that a compose file extends or includes, as far as they lie in the repository around it. What is looked for by the
    names of ``targets`` that were asked for, and by ``around``, is not told: a run that sees all has none.
    """
    paths = paths_of(targets)
    files = {target.path: target.file for target in targets}
    by_format: dict[str, list[Target]] = {}
    for reading, target in zip(readings, targets, strict=True):
        if reading.format is not None and (reading.format.states_facts or _is_named_dockerfile(reading, target)):
            by_format.setdefault(reading.format.name, []).append(target)
    pending = _first(by_format, files, formats, around, paths)
    of_charts, looked_for = _of_values(readings, targets, formats, around, paths)
    pending += of_charts
    pending += _of_units(readings, targets)
    found: list[Reading] = []
    fresh = list(readings)
    while (pending or fresh) and len(found) < _MOST:
        named = list(_named(fresh, files, paths))
        looked_for += [target.file for target, _ in named]
        pending += [target for target, folder in named if _is_inside(target.file, folder)]
        pending = list({target.path: target for target in pending if target.path not in files}.values())
        files |= {target.path: target.file for target in pending}
        fresh = read_all(pending, formats)
        found += fresh
        pending = []
    return NeighbourFiles(found, looked_for)


def _first(
    by_format: dict[str, list[Target]], files: Container[str], formats: Sequence[Format], around: Around, paths: Paths
) -> list[Target]:
    """Return the files that decide about those ``by_format`` by their names and places; see `read_neighbours`."""
    builders = [
        format_._replace(siblings=_BUILDERS[format_.name] or format_.siblings)
        for format_ in formats
        if format_.name in _BUILDERS
    ]
    dockerfiles = by_format.pop("dockerfile", ())
    pending = [target for one in dockerfiles for builder in builders for target in _around(one, builder, paths)]
    # Most give nothing: that need not be parsed to tell. An override counts with its base.
    pending = pending if any(map(_may_give, pending)) else []
    concerned = [format_ for format_ in formats if format_.name in by_format]
    pending += [target for format_ in concerned for target in siblings_of(by_format[format_.name], format_)]
    if around is not None and any(format_.stating_names != NEVER for format_ in concerned):
        seen = {target.path: target for target in around()}
        # What git ignores, or the configuration excludes, decides nothing in a run that sees all, either.
        pending = [target for target in pending if target.path in seen]
        pending += [target for target in seen.values() if target.path not in files and may_state(target, formats)]
    return pending


def _may_give(target: Target) -> bool:
    data = attempt(read_text, target)
    return isinstance(data, bytes) and any(map(data.__contains__, _GIVING))


def siblings_of(targets: Sequence[Target], format_: Format) -> list[Target]:
    """Return the files beside the named ones among ``targets`` that the rules of ``format_`` reach to.

    Where a folder was listed they are all there already; a hook names just the files that a commit touches.
    """
    if not format_.siblings:
        return []
    known = {target.file for target in targets}
    folders: dict[str, str] = {}
    for target in targets:
        if target.named:
            folder, name = os.path.split(target.file)
            folders.setdefault(folder, target.path[: len(target.path) - len(name)])
    found: list[Target] = []
    for folder, shown in folders.items():
        try:
            names = sorted(os.listdir(folder))
        except OSError:  # read the file, but not its folder
            continue
        for name in names:
            file = os.path.join(folder, name)
            if re.search(format_.siblings, name) and file not in known and os.path.isfile(file):
                found.append(Target(file, shown + name))
    return found


def may_state(target: Target, formats: Iterable[Format]) -> bool:
    """Tell whether the file at ``target`` may state facts; one that cannot be read states nothing."""
    claiming = [format_ for format_ in formats if format_.states_facts and format_.claims(target.path)]
    data = attempt(read_text, target) if claiming else None
    if data is None or isinstance(data, InputError):
        return False
    return any(format_.may_state(Document(target.path, data)) for format_ in claiming)


def _of_values(
    readings: Sequence[Reading], targets: Sequence[Target], formats: Sequence[Format], around: Around, paths: Paths
) -> tuple[list[Target], list[str]]:
    """Return the files of the charts that values among ``targets`` belong to, and the overlays above them.

    And what was looked at to find them, as `NeighbourFiles` has it.
    """
    pairs = zip(readings, targets, strict=True)
    values = [target for reading, target in pairs if reading.format is not None and reading.format.name == "helm"]
    if not values:
        return [], []
    from pinner.scan.helm_charts import chart_files  # noqa: PLC0415 - few runs need it

    found, looked_for = chart_files(values, paths)
    overlays = [format_._replace(siblings=format_.stating_names) for format_ in formats if format_.name == "kubernetes"]
    known = {target.path for target in targets}
    named = (target for target in values if target.named)
    if around is not None and any(True for one in named for format_ in overlays for _ in _around(one, format_, paths)):
        found += [target for target in around() if target.path not in known and may_state(target, formats)]
    return found, looked_for


def _of_units(readings: Sequence[Reading], targets: Sequence[Target]) -> Iterator[Target]:
    """Yield the drop-ins of the Quadlet units that are named among ``targets``, and those beside named drop-ins."""
    for reading, target in zip(readings, targets, strict=True):
        if not target.named or reading.format is None or reading.format.name != "quadlet":
            continue
        is_drop_in = target.file.endswith(DROP_IN)
        folder = os.path.dirname(target.file) if is_drop_in else f"{target.file}.d"
        shown = target.path[: target.path.rfind("/") + 1] if is_drop_in else f"{target.path}.d/"
        names = attempt(os.listdir, folder) if os.path.isdir(folder) else []
        for name in sorted(names) if isinstance(names, list) else ():
            if name.endswith(DROP_IN):
                yield Target(os.path.join(folder, name), shown + name)


def _is_named_dockerfile(reading: Reading, target: Target) -> bool:
    return target.named and reading.format is not None and reading.format.name == "dockerfile"


def _around(target: Target, builder: Format, paths: Paths) -> Iterator[Target]:
    """Yield what is of the format ``builder`` in the folder of ``target`` and around, as far as its tree goes."""
    from pinner.config.load import tree_around  # noqa: PLC0415 - few runs need it

    folder = os.path.dirname(target.file)
    root = tree_around(target.file, target.path)
    shown = target.path.rpartition("/")[0]
    while True:
        probe = Target(os.path.join(folder, "."), f"{shown}/." if shown else ".", named=True)
        yield from siblings_of([probe], builder)
        if folder == root or os.path.dirname(folder) == folder:
            return
        folder = os.path.dirname(folder)
        shown = paths.shown(f"{shown}/.." if shown else "..")


def _named(readings: Sequence[Reading], files: dict[str, str], paths: Paths) -> Iterator[tuple[Target, str]]:
    """Yield the files that compose reads along with those of ``readings``, and the folder of the file that says so."""
    for reading in readings:
        for fact in reading.located.facts if reading.located is not None else ():
            for written in getattr(fact, "reads", ()):
                folder = os.path.dirname(files[reading.path])
                file = os.path.normpath(os.path.join(folder, written))
                if "$" not in written and not os.path.isabs(written):
                    yield Target(file, paths.beside(reading.path, written)), folder


def paths_of(targets: Iterable[Target]) -> Paths:
    """Return how the paths of ``targets`` lead from file to file, by the folder that they are relative to."""
    for target in targets:
        file = target.file.replace(os.sep, "/")
        if file.endswith(f"/{target.path}"):
            return Paths(file[: -len(target.path) - 1])
    for target in targets:
        # Outside of the folder of the run, whose own name cannot be told then, and need not be.
        inside = target.path.removeprefix("../")
        steps = 1
        while inside.startswith("../"):
            inside, steps = inside[3:], steps + 1
        file = target.file.replace(os.sep, "/")
        if target.path.startswith("../") and file.endswith(f"/{inside}"):
            return Paths(file[: -len(inside) - 1] + "/?" * steps)
    return Paths()


def _is_inside(file: str, folder: str) -> bool:
    """Tell whether ``file`` is there, in the repository around ``folder``."""
    from pinner.files import repository_around  # noqa: PLC0415 - few runs need it

    root = os.path.realpath(repository_around(folder) or folder)
    real = os.path.realpath(file)
    return os.path.isfile(real) and real.startswith(os.path.join(root, ""))
