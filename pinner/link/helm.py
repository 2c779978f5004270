"""Helm charts linked: what a chart's templates and its ``Chart.yaml`` make of the images in its values."""

from __future__ import annotations

import posixpath

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.link.facts import Chart, TagRead
from pinner.model import Occurrence, as_skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pinner.link.facts import Fact
    from pinner.link.paths import Paths
    from pinner.model import Place

_IN_PARTS = "values-image"
_IMPLIED = {"hex": "sha256:", "whole": ""}
_USES = {
    "label": "puts this tag into a label or a version, where no digest may stand",
    "semver": "compares this tag as a version, which it is not with a digest",
    "value": "hands this tag on as a value of its own, where a digest may not be expected",
    "repository": "joins this tag to `%s` too, whose image has another digest",
}


class _Read(NamedTuple):
    path: str
    fact: TagRead


class Charts:
    """The charts of a run, and how their templates read the tags of their values."""

    def __init__(self, pairs: Iterable[tuple[str, Fact]], paths: Paths) -> None:
        self._paths = paths
        pairs = list(pairs)
        self._charts = {posixpath.dirname(path): (path, fact) for path, fact in pairs if type(fact) is Chart}
        self._reads: dict[str, list[_Read]] = {}
        for path, fact in pairs:
            folder = self._folder(path) if type(fact) is TagRead else None
            if folder is not None and type(fact) is TagRead:
                for chart, prefix in self._above(folder):
                    read = fact._replace(
                        path=prefix + fact.path,
                        repository=prefix + fact.repository,
                        unless=tuple([prefix + one for one in fact.unless]),
                    )
                    self._reads.setdefault(chart, []).append(_Read(path, read))

    def concerns(self, path: str) -> bool:
        """Tell whether the file of values at ``path`` is one of a chart of the run."""
        return bool(self._charts) and self._folder(path) is not None

    def judge(self, path: str, places: Iterable[Place]) -> tuple[Place, ...]:
        """Return ``places``, those of the values at ``path``, as the chart around them has them."""
        places = tuple(places)
        folder = self._folder(path)
        if folder is None:
            return places
        reads: dict[str, list[_Read]] = {}
        for read in sorted(self._reads.get(folder, ())):
            reads.setdefault(read.fact.path.rpartition(".")[0], []).append(read)
        tagged = {place.owner for place in places if _has_tag(place)}
        return tuple([self._judge(place, reads, tagged, self._charts[folder]) for place in places])

    def _judge(
        self, place: Place, reads: Mapping[str, list[_Read]], tagged: set[str], chart: tuple[str, Chart]
    ) -> Place:
        if place.format != "helm" or place.kind != _IN_PARTS:
            return place
        if not isinstance(place, Occurrence):
            return _with_default(place, reads.get(place.owner, ()), *chart) if place.reason == "no-default" else place
        if place.reference.digest is not None:
            return place
        more = next((read for read in reads.get(place.owner, ()) if _is_more(read.fact, place)), None)
        if more is not None:
            where = f"{more.path}:{more.fact.line}"
            what = f"`{more.fact.repository}` before" if more.fact.repository else "more behind"
            detail = f"{where} puts {what} this name"
            return as_skipped(place, "interpolated-name", detail)._replace(decided_by=(where,))
        if place.glue != "@":
            return _spelled(place, reads.get(place.owner, ()))
        read = next((read for read in reads.get(place.owner, ()) if _counts(read.fact, tagged)), None)
        if read is None:
            return place
        where = f"{read.path}:{read.fact.line}"
        use = _USES[read.fact.use]
        detail = f"{where} {use % read.fact.repository if '%' in use else use}"
        return as_skipped(place, "separate-tag", detail)._replace(decided_by=(where,))

    def _folder(self, path: str) -> str | None:
        """Return the folder of the chart that the file at ``path`` belongs to, the innermost."""
        return next((folder for folder in self._paths.folders(path) if folder in self._charts), None)

    def _above(self, folder: str) -> Iterator[tuple[str, str]]:
        """Yield the chart in ``folder`` and those that it is a part of, with what precedes its values there."""
        prefix = ""
        yield folder, prefix
        around, name = posixpath.split(folder)
        while posixpath.basename(around) == "charts":
            folder = posixpath.dirname(around)
            prefix = f"{name}.{prefix}"
            if folder in self._charts:
                yield folder, prefix
            around, name = posixpath.split(folder)


def _spelled(place: Occurrence, reads: Iterable[_Read]) -> Occurrence:
    """Return ``place``, whose digest has a field of its own, with the spelling that templates expect there."""
    read = next((read for read in reads if read.fact.use in _IMPLIED), None)
    if read is None:
        return place
    return place._replace(implied=_IMPLIED[read.fact.use], decided_by=(f"{read.path}:{read.fact.line}",))


def _is_more(read: TagRead, place: Occurrence) -> bool:
    """Tell whether ``read`` adds something to the name of ``place``: always, or where it has no registry."""
    if read.use in ("prefix", "suffix"):
        return True
    has_registry = place.reference.domain != "docker.io" or str(place.reference).startswith("docker.io/")
    return read.use == "registry" and not has_registry


def _counts(read: TagRead, tagged: set[str]) -> bool:
    """Tell whether ``read`` happens: a fallback does not where a tag before it is there."""
    return read.use in _USES and not any(tag.rpartition(".")[0] in tagged for tag in read.unless)


def _has_tag(place: Place) -> bool:
    return isinstance(place, Occurrence) and place.reference.tag is not None


def _with_default(place: Place, reads: Iterable[_Read], path: str, chart: Chart) -> Place:
    """Return the skip ``place`` with what stands for its empty tag: another of the values, or the chart's version."""
    read = next((read for read in reads if read.fact.use == "default"), None)
    if isinstance(place, Occurrence) or (read is None and not chart.app_version):
        return place
    where = f"{path}:{chart.line}" if read is None else f"{read.path}:{read.fact.line}"
    other = f"the `appVersion` {chart.app_version}" if read is None else f"`{read.fact.repository}`"
    detail = f"its tag is empty: templates then take {other} ({where})"
    return place._replace(detail=detail, decided_by=(where,))
