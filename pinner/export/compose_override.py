"""Compose override file with each service's image and digest, and the files of a project.

Source: ``DefaultFileNames`` and ``DefaultOverrideFileNames`` in compose-go's ``cli/options.go``; the first counts.

What compose fills in stays: ``nginx:${TAG:-1.27}`` becomes ``nginx:${TAG:-1.27@sha256:…}``, so that another ``TAG``
is heeded and not overruled. A service that extends another is named too, for compose follows ``extends`` within each
file before it merges files (compose-go, ``loader/loader.go``). Services that are built keep what they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pinner.errors import ConfigError, PinnerError
from pinner.export.base import Export, Problem, locked_digest, problem, scalar, wanted_pins
from pinner.export.compose_extends import Reader
from pinner.model import Occurrence
from pinner.plan import LATEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pinner.export.base import ExportInput
    from pinner.export.compose_extends import Written
    from pinner.formats.compose.services import Service
    from pinner.model import Place
    from pinner.reference import Digest
    from pinner.scan.suppressions import Source


_BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_SHOWN = 5


class Project(NamedTuple):
    """Compose files that are read together."""

    sources: tuple[Source, ...]
    """The later changes what the earlier says."""
    left_out: tuple[str, ...] = ()
    """The paths of the compose files that are not part of it."""


def choose(sources: Sequence[Source], named: Sequence[str], included: Collection[str] = ()) -> Project:
    """Return the one project among ``sources``; ``named`` are the paths that were given one by one, in that order.

    What is ``included`` by others is part of theirs, and no project by itself.

    Raises `ConfigError` where there are several, and where nothing tells which files belong together.
    """
    found = {source.document.path: source for source in sources if source.format.name == "compose"}
    paths = [path for path in named if path in found] or _found_together(
        [path for path in found if path not in included]
    )
    return Project(tuple(found[path] for path in paths), tuple(path for path in found if path not in paths))


def _found_together(paths: list[str]) -> list[str]:
    """Return the paths that ``docker compose`` would read without ``-f``, in the one folder where there are such."""
    folders: dict[str, dict[str, str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, {})[name] = path
    projects = [together for names in folders.values() if (together := _by_default(names))]
    if len(projects) == 1:
        return projects[0]
    if projects:
        raise ConfigError(
            f"there are {len(projects)} compose projects, and an override is for one: {_listed(projects)}",
            hint=f"name its file or folder: `pinner export compose-override {projects[0][0]}`",
        )
    if len(paths) > 1:
        raise ConfigError(
            f"`docker compose` reads none of these by itself: {_listed([[path] for path in paths])}",
            hint="name those that you give it with `-f`, in the same order",
        )
    return paths


def _by_default(names: dict[str, str]) -> list[str]:
    base = next((names[name] for name in _BASES if name in names), None)
    if base is None:
        return []
    return [base, *[names[name] for name in _OVERRIDES if name in names][:1]]


def _listed(projects: Sequence[Sequence[str]]) -> str:
    first = ", ".join(f"`{project[0]}`" for project in projects[:_SHOWN])
    return f"{first} and {len(projects) - _SHOWN} more" if len(projects) > _SHOWN else first


THING = "service"
_HEAD = "# Made by `pinner export compose-override` from pinner.lock; the last file to give with `docker compose -f`.\n"
_NOT_OVERRIDDEN = ("hook-image", "image-volume")
_NOT_PULLED = ("build", "never")
_Outcome: TypeAlias = "str | Problem | None"


def concerns(format_: str, place: Place) -> bool:
    """Tell whether compose itself pulls what ``place`` names."""
    return format_ == "compose" and (place.kind in ("service-image", "document") or _is_not_overridden(format_, place))


def _is_not_overridden(format_: str, place: Place) -> bool:
    return format_ == "compose" and place.kind in _NOT_OVERRIDDEN


def export(asked: ExportInput) -> Export:
    """Return the override of the one project that is asked for; raises `ConfigError` where there are several."""
    reader = Reader(asked.sources)
    project = choose(asked.sources, asked.named, reader.included())
    together = reader.with_included(source.document.path for source in project.sources)
    outcomes = _outcomes(together.paths, reader, asked)
    images = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, str)}
    problems = [outcome for outcome in outcomes.values() if isinstance(outcome, Problem)]
    problems += [*together.problems, *_out_of_reach(_narrowed(asked, together.paths))]
    known = {*together.paths, *reader.extended}
    return Export(
        _text(images),
        len(images),
        tuple(problems),
        tuple(_notes(path for path in project.left_out if path not in known)),
    )


def _outcomes(paths: Iterable[str], reader: Reader, asked: ExportInput) -> dict[str, _Outcome]:
    """Return what the override says of each service of the files at ``paths``, the last of which has the last word."""
    outcomes: dict[str, _Outcome] = {}
    built: set[str] = set()
    for path in paths:
        for name in reader.removed(path):
            outcomes.pop(name, None)
        for service in reader.services(path):
            if service.builds:
                built.add(service.name)
            image = reader.image(path, service)
            if image is not None:
                outcomes[service.name] = _outcome(service, image, asked)
    return {name: outcome for name, outcome in sorted(outcomes.items()) if name not in built}


def _narrowed(asked: ExportInput, paths: Iterable[str]) -> ExportInput:
    wanted = set(paths)
    return asked._replace(sources=[source for source in asked.sources if source.document.path in wanted])


def _outcome(service: Service, image: Written | Problem, asked: ExportInput) -> _Outcome:
    """Return what the override says of ``service``; None where it has nothing to say."""
    if isinstance(image, Problem):
        return image
    occurrence = image.place
    # A skip was named already; an image that nobody pulls needs no digest.
    if not isinstance(occurrence, Occurrence) or service.text(service.inherited("pull_policy")) in _NOT_PULLED:
        return None
    digest = locked_digest(occurrence.reference, asked, service.platform)
    if isinstance(digest, PinnerError):
        return problem(image.path, occurrence, digest)
    return None if digest == occurrence.reference.digest else _pinned(image, occurrence, digest)


def _pinned(image: Written, occurrence: Occurrence, digest: Digest) -> _Outcome:
    """Return the text of ``image`` with ``digest`` where the file would have it."""
    text, reference = image.text, occurrence.reference
    if reference.digest is None:
        at = text.ends.index(occurrence.insert) + 1
        added = f"{'' if reference.tag else LATEST}@{digest}"
        return str(text[:at]) + added + str(text[at:])
    if occurrence.digest_span is None:
        error = PinnerError("the digest is put together from several places: an override cannot tell what to move")
        return problem(image.path, occurrence, error)
    at = text.starts.index(occurrence.digest_span.start)
    return str(text[:at]) + str(digest) + str(text[at + len(str(reference.digest)) :])


def _out_of_reach(asked: ExportInput) -> Iterable[Problem]:
    """Yield the images that compose pulls and no override can hold without repeating what stands around them."""
    found, missing = wanted_pins(asked, _is_not_overridden)
    yield from missing
    for wanted in found:
        if isinstance(wanted.place, Occurrence) and not wanted.is_met:
            what = "volume" if wanted.place.kind == "image-volume" else "hook"
            error = PinnerError(
                f"`{wanted.reference}` is the image of a {what}: an override would have to repeat the whole {what}",
                hint="pin it in the file with `pinner pin`",
            )
            yield problem(wanted.path, wanted.place, error)


def _notes(left_out: Iterable[str]) -> Iterable[str]:
    for path in left_out:
        yield f"{path} is not part of this project: name the files that are used together, in the order of their `-f`"


def _text(images: dict[str, str]) -> str:
    if not images:
        return f"{_HEAD}services: {{}}\n"
    lines = [f"  {scalar(name)}:\n    image: {scalar(image)}\n" for name, image in images.items()]
    return f"{_HEAD}services:\n{''.join(lines)}"
