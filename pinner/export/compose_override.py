"""A compose file with each service's image and its digest, for ``docker compose -f compose.yaml -f FILE``.

What compose fills in stays: ``nginx:${TAG:-1.27}`` becomes ``nginx:${TAG:-1.27@sha256:…}``, so that another ``TAG``
is heeded and not overruled. A service that extends another is named too, for compose follows ``extends`` within each
file before it merges files (compose-go, ``loader/loader.go``). Services that are built keep what they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pinner.errors import PinnerError
from pinner.export.base import Export, Problem, held, problem, wishes
from pinner.export.lineage import Reader
from pinner.export.projects import choose
from pinner.export.yamltext import scalar
from pinner.model import Mention
from pinner.plan import LATEST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.export.base import Asked
    from pinner.export.lineage import Written
    from pinner.formats.compose.services import Service
    from pinner.model import Place
    from pinner.reference import Digest

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


def export(asked: Asked) -> Export:
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


def _outcomes(paths: Iterable[str], reader: Reader, asked: Asked) -> dict[str, _Outcome]:
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


def _narrowed(asked: Asked, paths: Iterable[str]) -> Asked:
    wanted = set(paths)
    return asked._replace(sources=[source for source in asked.sources if source.document.path in wanted])


def _outcome(service: Service, image: Written | Problem, asked: Asked) -> _Outcome:
    """Return what the override says of ``service``; None where it has nothing to say."""
    if isinstance(image, Problem):
        return image
    mention = image.place
    # A skip was named already; an image that nobody pulls needs no digest.
    if not isinstance(mention, Mention) or service.text(service.inherited("pull_policy")) in _NOT_PULLED:
        return None
    digest = held(mention.reference, asked, service.platform)
    if isinstance(digest, PinnerError):
        return problem(image.path, mention, digest)
    return None if digest == mention.reference.digest else _pinned(image, mention, digest)


def _pinned(image: Written, mention: Mention, digest: Digest) -> _Outcome:
    """Return the text of ``image`` with ``digest`` where the file would have it."""
    text, reference = image.text, mention.reference
    if reference.digest is None:
        at = text.ends.index(mention.insert) + 1
        added = f"{'' if reference.tag else LATEST}@{digest}"
        return str(text[:at]) + added + str(text[at:])
    if mention.digest_span is None:
        error = PinnerError("the digest is put together from several places: an override cannot tell what to move")
        return problem(image.path, mention, error)
    at = text.starts.index(mention.digest_span.start)
    return str(text[:at]) + str(digest) + str(text[at + len(str(reference.digest)) :])


def _out_of_reach(asked: Asked) -> Iterable[Problem]:
    """Yield the images that compose pulls and no override can hold without repeating what stands around them."""
    found, missing = wishes(asked, _is_not_overridden)
    yield from missing
    for wish in found:
        if isinstance(wish.place, Mention) and not wish.is_met:
            what = "volume" if wish.place.kind == "image-volume" else "hook"
            error = PinnerError(
                f"`{wish.reference}` is the image of a {what}: an override would have to repeat the whole {what}",
                hint="pin it in the file with `pinner pin`",
            )
            yield problem(wish.path, wish.place, error)


def _notes(left_out: Iterable[str]) -> Iterable[str]:
    for path in left_out:
        yield f"{path} is not part of this project: name the files that are used together, in the order of their `-f`"


def _text(images: dict[str, str]) -> str:
    if not images:
        return f"{_HEAD}services: {{}}\n"
    lines = [f"  {scalar(name)}:\n    image: {scalar(image)}\n" for name, image in images.items()]
    return f"{_HEAD}services:\n{''.join(lines)}"
