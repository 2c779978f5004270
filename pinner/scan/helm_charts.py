"""Files of the Helm chart around values: its Chart.yaml and its templates, those of the charts in it included."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING
from pinner.config.load import tree_around
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.link.paths import Paths

_ENTERED = ("templates", "charts")
_READ = (".yaml", ".yml", ".tpl", ".txt")
_CHART = "Chart.yaml"


def may_be_of_chart(path: str) -> bool:
    """Tell by its name alone whether the file at ``path`` may be one of a chart that decides about its values."""
    return path.endswith(_READ) and "/templates/" in f"/{path}"


def chart_files(values: Iterable[Target], paths: Paths) -> tuple[list[Target], list[str]]:
    """Return the files that decide about ``values``, each once: of the charts that these belong to.

    And the files and folders that were looked at to find them, absolute, whether they are there or not.
    """
    found: list[Target] = []
    looked_for: dict[str, None] = {}
    seen: set[str] = set()
    for target in values:
        probed = list(_folders_to_chart(target))
        looked_for.update(dict.fromkeys(os.path.join(folder, _CHART) for folder in probed))
        folder = probed[-1]
        if folder in seen or not os.path.isfile(os.path.join(folder, _CHART)):
            continue
        seen.add(folder)
        shown = paths.shown("/".join((os.path.dirname(target.path) or ".", *([".."] * (len(probed) - 1)))))
        for one in _files(folder, shown):
            if isinstance(one, Target):
                found.append(one)
                looked_for[one.file] = None
            else:
                looked_for[one] = None
    return found, list(looked_for)


def _folders_to_chart(target: Target) -> Iterator[str]:
    """Yield the folder of ``target`` and those around it, up to that of its chart.

    That is one inside of the repository, or where there is none inside of the folder of the run.
    """
    folder = os.path.dirname(target.file)
    root = tree_around(target.file, target.path)
    yield folder
    while not os.path.isfile(os.path.join(folder, _CHART)):
        around = os.path.dirname(folder)
        if folder in (root, around):
            return
        folder = around
        yield folder


def _files(chart: str, shown: str) -> Iterator[Target | str]:
    """Yield the files of ``chart`` that decide about values, and the folders that they were looked for in."""
    for folder, folders, names in os.walk(chart):
        yield folder
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
