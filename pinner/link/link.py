"""Linking of a run's files: places of single files in, those of the repository out.

Pure; its result depends neither on the order of the files nor on files that state nothing about the others.
"""

from __future__ import annotations

import posixpath

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.link.build_args import Arguments, builds_of
from pinner.link.compose import Builds, Projects
from pinner.link.environment import Environments
from pinner.link.facts import (
    INFLATED,
    Built,
    ComposeFile,
    EnvironmentFile,
    HclModule,
    ImageTransformer,
    Kustomization,
    UnitImage,
)
from pinner.link.hcl import Modules
from pinner.link.helm import Charts
from pinner.link.kustomize import Image, Overlays, apply_entries
from pinner.link.paths import Paths
from pinner.link.quadlet import Units
from pinner.model import Occurrence, SkippedOccurrence, as_skipped

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from pinner.link.build_args import Variant
    from pinner.link.facts import Fact, ImageRule
    from pinner.link.kustomize import Chain, Entry
    from pinner.model import Place, SkipReason, Span
    from pinner.reference import ImageReference

_ENTRY = "kustomize-image"
_VALUES = ("values-image", "values-text")
_COMPOSE_KINDS = ("service-image", "image-volume")
_NOT_KNOWN_ALONE = ("no-default", "interpolated-tag", "interpolated-name")


class LinkInput(NamedTuple):
    """One file of a run: what its format found in it alone."""

    path: str
    places: tuple[Place, ...]
    facts: tuple[Fact, ...]
    variant: Variant | None = None
    """For a Dockerfile what it holds with values given to its ``ARG``, for a compose file to its variables."""


class Ruling(NamedTuple):
    """What the repository says of an image that a file names."""

    reason: SkipReason
    detail: str
    decided_by: str
    """``path:line``."""


def link(
    files: Iterable[LinkInput],
    paths: Paths = Paths(),  # noqa: B008 - a value
    wanted: Container[str] | None = None,
    linker: Linker | None = None,
) -> dict[str, tuple[Place, ...]]:
    """Return, by path, the places of those of ``files`` that other files decide about.

    Of the files at the paths ``wanted`` they are complete; None for all. ``linker`` serves where it was made of what
    these files state; it may be used once.
    """
    files = list(files)
    facts = {file.path: file.facts for file in files if file.facts}
    if linker is None or linker.facts != facts:
        linker = Linker(facts, paths)
    changed = {}
    for file in files:
        if (wanted is None or file.path in wanted) and linker.concerns(file.path):
            places = linker.judge(file.path, file.places)
            if places != file.places:
                changed[file.path] = places
    _add_environments(files, linker, changed)
    _add_arguments(files, linker, changed)
    return changed


def _add_environments(files: Sequence[LinkInput], linker: Linker, changed: dict[str, tuple[Place, ...]]) -> None:
    """Put into ``changed`` what ``.env`` files give to compose files, and the images that the values are."""
    environments = linker.environments
    for file in files:
        if file.variant is not None and file.path in environments.concerned:
            before = changed.get(file.path, file.places)
            places = environments.compose(file.path, before, file.variant, linker.judge)
            if places != before:
                changed[file.path] = places
    for path, place in environments.places():
        changed[path] = tuple(sorted((*changed.get(path, ()), place), key=_position))


def _add_arguments(files: Sequence[LinkInput], linker: Linker, changed: dict[str, tuple[Place, ...]]) -> None:
    """Put into ``changed`` what the builds of the run give to Dockerfiles, and the images that the values are."""
    arguments = Arguments(linker.builds)
    for file in files:
        if file.variant is not None:
            places = arguments.dockerfile(file.path, file.places, file.variant)
            if places != file.places:
                changed[file.path] = places
    known = {file.path: file.places for file in files}
    for path, place in arguments.places():
        places = changed.get(path, known[path])
        changed[path] = tuple(sorted((*places, place), key=_position))


def _position(place: Place) -> tuple[int, int]:
    return place.line, place.column


class Linker:
    """All that the files of a run state about images that others of them name."""

    def __init__(self, facts: Mapping[str, Sequence[Fact]], paths: Paths = Paths()) -> None:  # noqa: B008 - a value
        """``facts`` are by the path of the file that states them."""
        self.facts = facts
        pairs = [(path, fact) for path, stated in facts.items() for fact in stated]
        overlays = Overlays(
            [(path, fact) for path, fact in pairs if type(fact) is Kustomization],
            _by_path((path, fact.rule) for path, fact in pairs if type(fact) is ImageTransformer),
            paths,
        )
        self._chains = {path: chains for path, chains in overlays.chains().items() if any(chains)}
        self._paths = paths
        composed = {path: fact for path, fact in pairs if type(fact) is ComposeFile}
        found = {path: fact for path, fact in pairs if type(fact) is EnvironmentFile}
        # Where nothing is built and no values are given, projects decide nothing: there may be thousands of files.
        builds = any(service.build is not None for file in composed.values() for service in file.services)
        projects = list(Projects(composed, paths)) if found or builds else []
        self.environments = Environments(projects, composed, found, paths)
        self._composed = Builds(projects)
        self.builds = builds_of(projects, paths)
        self._given = {build.dockerfile for build in self.builds if build.arguments or build.contexts}
        self._given |= {path for build in self.builds for path, _ in build.arguments}
        self._given |= self.environments.concerned
        self._results = {path for path, _ in self._composed.results}
        self._charts = Charts(pairs, paths)
        self._modules = Modules((path, fact) for path, fact in pairs if type(fact) is HclModule)
        self._units = Units((path, fact) for path, fact in pairs if type(fact) is UnitImage)
        self._built: dict[str, dict[str, tuple[str, Built]]] = {}
        for path, fact in pairs:
            if type(fact) is Built:
                self._built.setdefault(posixpath.dirname(path), {}).setdefault(fact.name, (path, fact))

    def concerns(self, path: str, format_: str | None = None) -> bool:
        """Tell whether anything stated may concern the file at ``path``, which is of ``format_`` if that is known."""
        if format_ != "kubernetes" and (path in self._results or path in self._composed.names):
            return True
        if self._modules.concerns(path) or self._units.concerns(path) or path in self._given:
            return True
        if format_ in ("helm", None) and (self._charts.concerns(path) or path in self._chains):
            return True
        if format_ not in ("kubernetes", None):
            return False
        return path in self._chains or (bool(self._built) and any(True for _ in self._builders(path)))

    def judge(self, path: str, places: Iterable[Place]) -> tuple[Place, ...]:
        """Return ``places``, those of the file at ``path``, as the repository has them."""
        before = self._units.judge(path, self._modules.judge(path, self._charts.judge(path, places)))
        after = tuple([self._judge(path, place) for place in before])
        # Places may share one text: where one of them cannot have a digest in it, none can.
        pairs = zip(before, after, strict=True)
        taken = {new.span: new for old, new in pairs if new is not old and isinstance(new, SkippedOccurrence)}
        return tuple([_shared(place, taken) if place.format == "compose" else place for place in after])

    def _judge(self, path: str, place: Place) -> Place:
        if place.format == "compose":
            ruling = self._composed_ruling(path, place) if place.kind in _COMPOSE_KINDS else None
            return place if ruling is None else _skipped(place, ruling)
        if place.format == "helm":  # values of a kustomization's own charts
            text = str(place.reference) if isinstance(place, Occurrence) else place.text
            ruling = self._replaced(path, place, text) if path in self._chains else None
            return place if ruling is None else _skipped(place, ruling)
        if place.format != "kubernetes" or (type(place) is SkippedOccurrence and place.reason == "built-elsewhere"):
            return place
        ruling = self._ruling(path, place)
        return place if ruling is None else _skipped(place, ruling)

    def _composed_ruling(self, path: str, place: Place) -> Ruling | None:
        """Return which file of a project builds the image of ``place``, where one does."""
        if isinstance(place, SkippedOccurrence) and place.reason not in _NOT_KNOWN_ALONE:
            return None
        by = self._composed.results.get((path, place.owner)) if place.kind == "service-image" else None
        if by is not None:
            detail = f"`{by.path}` builds the service `{place.owner}`: this names the result"
            return Ruling("built-here", detail, by.where)
        if isinstance(place, Occurrence):
            by = self._composed.names.get(path, {}).get(place.reference.canonical)
        if by is not None:
            return Ruling("built-elsewhere", f"`{by.path}` builds this image", by.where)
        return None

    def _ruling(self, path: str, place: Place) -> Ruling | None:
        text = str(place.reference) if isinstance(place, Occurrence) else place.text
        if not text:
            return None
        ruling = self._replaced(path, place, text) if path in self._chains else None
        return ruling or (self._made(path, place.reference) if isinstance(place, Occurrence) else None)

    def _made(self, path: str, reference: ImageReference) -> Ruling | None:
        for builders in self._builders(path):
            found = builders.get(reference.repository)
            if found is not None:
                where = f"{found[0]}:{found[1].line}"
                return Ruling("built-elsewhere", f"{found[1].by} builds this image ({where})", where)
        return None

    def _builders(self, path: str) -> Iterator[dict[str, tuple[str, Built]]]:
        """Yield what is built in the folder of ``path`` and in those around it, from the inside out."""
        for folder in self._paths.folders(path):
            if folder in self._built:
                yield self._built[folder]

    def _replaced(self, path: str, place: Place, text: str) -> Ruling | None:
        """Return who replaces the image ``text``, where it is not rendered as it stands on any way."""
        if isinstance(place, SkippedOccurrence) and place.reason == "separate-tag":
            return None
        if place.kind in _VALUES and place.format == "kubernetes" and not place.owner.startswith(INFLATED):
            return None  # kustomize knows nothing of what a chart makes of them
        images = list(self._images(path, place, text))
        foreign = [image for image in images if image.named_by is not None and image.tagged_by is None]
        if foreign:
            return _replacement(foreign, "renames it")
        # An entry is somebody's choice for what they build from here; only what it changes itself is never rendered.
        if place.kind != _ENTRY and images and all(image.tagged_by is not None for image in images):
            return _replacement(images, "replaces its tag")
        return None

    def _images(self, path: str, place: Place, text: str) -> Iterator[Image]:
        for chain in sorted(self._chains[path]):
            following = _following(chain, path, place) if place.kind == _ENTRY else chain
            if following is not None:
                yield apply_entries(text, following)


def _following(chain: Chain, path: str, place: Place) -> Chain | None:
    """Return what comes after the entry that ``place`` stands for; None where the way does not pass it."""
    for index, entry in enumerate(chain):
        if entry.path == path and entry.rule.span == place.span:
            return chain[index + 1 :]
    return None


def _replacement(images: Sequence[Image], what: str) -> Ruling:
    deciders = sorted(filter(None, (image.tagged_by or image.named_by for image in images)))
    entry: Entry = deciders[0]
    others = len(set(deciders)) - 1
    more = f" and {others} more" if others else ""
    return Ruling("replaced", f"{entry.where}{more} {what}: `{images[0].text}` is rendered", entry.where)


def _skipped(place: Place, ruling: Ruling) -> Place:
    decided_by = (ruling.decided_by,)
    if isinstance(place, Occurrence):
        return as_skipped(place, ruling.reason, ruling.detail)._replace(decided_by=decided_by)
    return place._replace(reason=ruling.reason, detail=ruling.detail, decided_by=decided_by)


def _shared(place: Place, taken: Mapping[Span, SkippedOccurrence]) -> Place:
    """Return ``place``, or its skip where somebody who reads the same text is among those ``taken`` out."""
    other = taken.get(place.span) if isinstance(place, Occurrence) else None
    if other is None or not isinstance(place, Occurrence):
        return place
    skipped = as_skipped(place, "arg-conflict", f"shared text: {other.detail}")
    return skipped._replace(decided_by=other.decided_by)


def _by_path(pairs: Iterable[tuple[str, ImageRule]]) -> dict[str, tuple[ImageRule, ...]]:
    found: dict[str, tuple[ImageRule, ...]] = {}
    for path, value in pairs:
        found[path] = (*found.get(path, ()), value)
    return found
