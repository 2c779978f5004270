"""Files of the Helm chart around values: its Chart.yaml and its templates, those of the charts in it included."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING
from pinner.config.find import tree_around
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.link.paths import Paths
    from pinner.scan.scan import Reading

_ENTERED = ("templates", "charts")
_READ = (".yaml", ".yml", ".tpl", ".txt")
_CHART = "Chart.yaml"


def may_be_of_chart(path: str) -> bool:
    """Tell by its name alone whether the file at ``path`` may be one of a chart that decides about its values."""
    return path.endswith(_READ) and "/templates/" in f"/{path}"


def chart_files(readings: Iterable[Reading], targets: Iterable[Target], paths: Paths) -> Iterator[Target]:
    """Yield the files that decide about the values among ``targets``, each once: of the charts that these belong to.

    ``readings`` are what came of the targets.
    """
    seen: set[str] = set()
    for reading, target in zip(readings, targets, strict=True):
        is_values = reading.format is not None and reading.format.name == "helm"
        found = _chart_around(target) if is_values else None
        if found is not None and found[0] not in seen:
            folder, steps = found
            seen.add(folder)
            shown = paths.shown("/".join((os.path.dirname(target.path) or ".", *([".."] * steps))))
            yield from _files(folder, shown)


def _chart_around(target: Target) -> tuple[str, int] | None:
    """Return the folder of the chart that ``target`` is in, and how many folders up it is.

    It is one inside of the repository, or where there is none inside of the folder of the run.
    """
    folder = os.path.dirname(target.file)
    root = tree_around(target.file, target.path)
    steps = 0
    while not os.path.isfile(os.path.join(folder, _CHART)):
        around = os.path.dirname(folder)
        if folder in (root, around):
            return None
        folder, steps = around, steps + 1
    return folder, steps


def _files(chart: str, shown: str) -> Iterator[Target]:
    for folder, folders, names in os.walk(chart):
        inner = os.path.relpath(folder, chart).replace(os.sep, "/")
        parts = inner.split("/")
        in_templates = "templates" in parts
        is_chart = inner == "." or parts[-2:-1] == ["charts"]
        folders[:] = sorted(name for name in folders if in_templates or name in _ENTERED or parts[-1] == "charts")
        for name in sorted(names):
            file = os.path.join(folder, name)
            is_wanted = (in_templates and name.endswith(_READ)) or (is_chart and name == _CHART)
            if is_wanted and not os.path.islink(file):
                yield Target(file, "/".join(filter(None, (shown, "" if inner == "." else inner, name))))
