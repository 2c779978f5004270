"""Compose ``.env`` linked: the values that a project's images end in, pinned where they stand.

compose reads the ``.env`` beside a project's first file; what the shell sets wins, as it does over a default, so a pin
in the value holds as one in a default does (compose-go, cli/options.go: ``WithDotEnv``). A value takes a digest only
where all its readers are ends of the same image.
"""

from __future__ import annotations

import posixpath

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.link.build_args import GIVEN, STRIDE
from pinner.model import ENV_NAME, Occurrence, SkippedOccurrence, Span, as_skipped, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pinner.link.build_args import Variant
    from pinner.link.compose import Project
    from pinner.link.facts import ComposeFile, EnvironmentFile, EnvironmentVariable
    from pinner.link.paths import Paths
    from pinner.model import Place

_NO_PULL = frozenset({"built-here", "built-elsewhere", "pull-policy", "scratch"})


class _Use(NamedTuple):
    """An image that a value ends, in the compose file at ``path``."""

    path: str
    place: Place


class Environments:
    """The ``.env`` files of a run, the compose files that they give values to, and what comes of these."""

    def __init__(
        self,
        projects: Iterable[Project],
        files: Mapping[str, ComposeFile],
        environments: Mapping[str, EnvironmentFile],
        paths: Paths,
    ) -> None:
        """``files`` are the compose files and ``environments`` the ``.env`` files of the run, by path."""
        self._environments = environments
        self._files = files
        self._readers: dict[str, set[str]] = {}
        found: dict[str, set[str]] = {}
        for project in projects if environments else ():
            for path in project.files if project.is_whole else ():
                of_path = _environments_of(project, path, environments, paths)
                found.setdefault(path, set()).update(of_path)
                for environment in of_path & environments.keys():
                    self._readers.setdefault(environment, set()).add(path)
        # What two projects give different values to is neither's.
        self._environment = {
            path: next(iter(several))
            for path, several in found.items()
            if len(several) == 1 and next(iter(several)) in environments
        }
        self._uses: dict[tuple[str, str], list[_Use]] = {}
        """By the file and the variable whose value an image ends in."""
        self._at_ends: set[tuple[str, str]] = set()
        """The variables on the way to those."""
        self._other: dict[str, dict[str, str]] = {}
        self._paths = paths

    @property
    def concerned(self) -> frozenset[str]:
        """The paths of the files that decide with each other."""
        return frozenset((*self._readers, *self._environment))

    @property
    def readers(self) -> Mapping[str, set[str]]:
        """The compose files that a ``.env`` gives values to, by its path."""
        return self._readers

    def compose(
        self,
        path: str,
        places: Sequence[Place],
        variant: Variant,
        judge: Callable[[str, Iterable[Place]], tuple[Place, ...]],
    ) -> tuple[Place, ...]:
        """Return ``places``, those of the compose file at ``path``, with the values that its project's ``.env`` gives.

        ``judge`` says what the rest of the repository makes of places. What the values end is kept for later.
        """
        environment = self._environment.get(path)
        if environment is None:
            return tuple(places)
        known = [one for one in self._environments[environment].variables if one.value is not None]
        read = judge(path, variant({one.name: one.value or "" for one in known}).places)
        if len(read) != len(places):
            return tuple(places)
        return tuple([self._placed(path, environment, known, *pair) for pair in zip(places, read, strict=True)])

    def _placed(
        self, path: str, environment: str, known: Sequence[EnvironmentVariable], old: Place, new: Place
    ) -> Place:
        """Return what stands at ``old`` where it reads ``new`` with the values of ``environment``."""
        if new.span.end < GIVEN:
            if text_of(old) == text_of(new):
                # The same text today; a default that is raised would have no effect.
                return old._replace(part=None) if isinstance(old, SkippedOccurrence) else old
            if isinstance(new, Occurrence):  # held to a digest here it would be one with any value
                new = as_skipped(new, "interpolated-name", f"{environment} decides what comes before the tag")
            return new._replace(decided_by=(environment,))
        variable, through = self._end(environment, known[(new.span.end - GIVEN) // STRIDE])
        new = new._replace(via=(*new.via, *through))
        self._uses.setdefault((environment, variable.name), []).append(_Use(path, new))
        if isinstance(new, SkippedOccurrence) and new.reason in _NO_PULL:
            return old
        where = f"{environment}:{variable.line}"
        detail = f"{where} gives `{variable.name}` its value"
        if isinstance(old, Occurrence):
            return as_skipped(old, "replaced", detail)._replace(decided_by=(where,))
        return old._replace(reason="replaced", detail=detail, decided_by=(where,))

    def _end(self, environment: str, variable: EnvironmentVariable) -> tuple[EnvironmentVariable, tuple[str, ...]]:
        """Return the variable in whose own bytes the value of ``variable`` ends, and what it is read through."""
        variables = {one.name: one for one in self._environments[environment].variables}
        through: tuple[str, ...] = ()
        self._at_ends.add((environment, variable.name))
        while variable.ends_in:
            variable = variables[variable.ends_in]
            through = (*through, f"${{{variable.name}}}")
            self._at_ends.add((environment, variable.name))
        return variable, through

    def places(self) -> Iterator[tuple[str, Place]]:
        """Yield the images that values end, each with the path of the ``.env`` file."""
        for path, file in self._environments.items():
            other = self._other_readers(path, file)
            for variable in file.variables:
                uses = self._uses.get((path, variable.name), ())
                pulled = [use for use in uses if not _is_not_pulled(use.place)]
                if pulled:
                    yield path, _judged(variable, pulled, _obstacle(uses, other.get(variable.name, "")))

    def _other_readers(self, environment: str, file: EnvironmentFile) -> dict[str, str]:
        """Return, by variable, who reads it as something else than the end of an image."""
        found = {one.name: f"line {one.line} reads it into another value" for one in file.inner_reads}
        found |= {one.name: f"`{one.filled}` is filled in before its end" for one in file.variables if one.filled}
        for path in sorted(self._readers.get(environment, ())):
            compose = self._files[path]
            for one in compose.reads_variables:
                found.setdefault(one.name, f"{path}:{one.line} reads it as something else than the end of an image")
            for written, line in compose.environment_files:
                if self._paths.beside(path, written) == environment:
                    detail = f"{path}:{line} hands all of the file to a container"
                    found = {variable.name: detail for variable in file.variables} | found
        # What ends another value has its readers; those stand behind it in the file.
        for variable in reversed(file.variables):
            if variable.ends_in and variable.name in found:
                found.setdefault(variable.ends_in, found[variable.name])
            elif variable.ends_in and (environment, variable.name) not in self._at_ends:
                found.setdefault(variable.ends_in, f"line {variable.line} reads it into another value")
        return found


def _environments_of(
    project: Project, path: str, environments: Mapping[str, EnvironmentFile], paths: Paths
) -> frozenset[str]:
    """Return the ``.env`` files that give the file at ``path`` of ``project`` values.

    What is included has its own folder's, below that of the project (compose-go, loader/include.go).
    """
    own = paths.shown(posixpath.join(project.folder, ENV_NAME))
    folder = project.included.get(path, project.folder)
    inner = paths.shown(posixpath.join(folder, ENV_NAME))
    there = frozenset((own, inner)) & environments.keys()
    return frozenset((*there, inner)) if folder == "$" else there or frozenset((own,))


def _is_not_pulled(place: Place) -> bool:
    return isinstance(place, SkippedOccurrence) and place.reason in _NO_PULL


def _obstacle(uses: Sequence[_Use], other: str) -> str:
    """Return why no digest may go into a value that ends the images of ``uses``; empty where one may."""
    if other:
        return other
    skipped = next((use for use in uses if isinstance(use.place, SkippedOccurrence)), None)
    if skipped is not None and isinstance(skipped.place, SkippedOccurrence):
        return f"in {skipped.path}:{skipped.place.line} no digest may go: {skipped.place.detail}"
    texts = sorted({text_of(use.place) for use in uses})
    return f"the value ends {' and '.join(f'`{one}`' for one in texts)}" if len(texts) > 1 else ""


def _judged(variable: EnvironmentVariable, uses: Sequence[_Use], obstacle: str) -> Place:
    """Return what the value of ``variable`` is, the end of the images of ``uses``."""
    place = uses[0].place
    owners = ", ".join(dict.fromkeys(use.place.owner for use in uses if use.place.owner))
    decided_by = tuple(dict.fromkeys(f"{use.path}:{use.place.line}" for use in uses))
    where = Span(variable.span.start, variable.span.end)
    if obstacle or not isinstance(place, Occurrence):
        text = text_of(place)
        skip = SkippedOccurrence("dotenv", "variable", text, variable.line, variable.column, where, "arg-conflict")
        return skip._replace(detail=obstacle, via=place.via, owner=owners, decided_by=decided_by)
    shift = variable.span.end - place.insert
    held = place.digest_span
    return place._replace(
        format="dotenv",
        kind="variable",
        line=variable.line,
        column=variable.column,
        span=where,
        insert=variable.span.end,
        digest_span=None if held is None else Span(held.start + shift, held.end + shift),
        owner=owners,
        decided_by=decided_by,
    )
