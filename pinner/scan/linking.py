"""Files of a run linked, before and after edits: the proof that an edit changes no other file's images."""

from __future__ import annotations

from functools import partial

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.link.paths import Paths
from pinner.model import Document, Occurrence, SkippedOccurrence

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from pinner.edits import PlaceKey
    from pinner.formats.base import Format
    from pinner.link.build_args import Variant
    from pinner.link.link import Linker
    from pinner.model import Located, Place
    from pinner.scan.scan import Reading


class File(NamedTuple):
    """A file and what its format found in it alone."""

    document: Document
    format: Format
    located: Located


class Links(NamedTuple):
    """The files of a run and those beside it that decide about them, and the places that come of them together."""

    files: tuple[File, ...] = ()
    changed: Mapping[str, tuple[Place, ...]] = {}
    """By path, the places that other files decide about."""
    paths: Paths = Paths()


class Expected(NamedTuple):
    """A file's bytes after its edits, and what the references on edited spans read then."""

    data: bytes
    texts: Mapping[PlaceKey, str]


def known_files(readings: Iterable[Reading]) -> list[File]:
    """Return the files of ``readings`` that a format knows."""
    return [
        File(Document(reading.path, reading.data), reading.format, reading.located)
        for reading in readings
        if reading.format is not None and reading.located is not None
    ]


def link_files(
    files: Sequence[File],
    paths: Paths = Paths(),  # noqa: B008 - a value
    wanted: Container[str] | None = None,
    linker: Linker | None = None,
) -> Links:
    """Return ``files`` linked; no links where none of them states anything about others.

    What comes of the files at the paths ``wanted`` is asked for alone, None for all; ``linker`` as for `link.link`.
    """
    if not any(file.located.facts for file in files):
        return Links()
    from pinner.link.link import LinkInput, link  # noqa: PLC0415 - only where a file states something about others

    inputs = [LinkInput(file.document.path, file.located.places, file.located.facts, _variant(file)) for file in files]
    return Links(tuple(files), link(inputs, paths, wanted, linker), paths)


def _variant(file: File) -> Variant | None:
    if file.format.name == "dockerfile":
        from pinner.formats.dockerfile import locate_given  # noqa: PLC0415 - as above

        return partial(locate_given, file.document, mirrors=file.format.mirrors or ())
    if file.format.name == "compose":
        from pinner.formats.compose import locate_given  # noqa: PLC0415 - as above

        return partial(locate_given, file.document, mirrors=file.format.mirrors or ())
    return None


def unproved_paths(links: Links, edited: Mapping[str, Expected]) -> frozenset[str]:
    """Return the paths among ``edited`` whose edits may not be made: linked anew, something else would read otherwise.

    Where a place of another file would, no edit is kept.
    """
    kept = dict(edited)
    while kept:
        wrong = _wrong(links, kept)
        if not wrong:
            break
        kept = {path: one for path, one in kept.items() if path not in wrong and wrong <= kept.keys()}
    return frozenset(edited.keys() - kept.keys())


def _wrong(links: Links, edited: Mapping[str, Expected]) -> set[str]:
    """Return the paths of the files whose places do not read as they should with all of ``edited``."""
    after: list[File] = []
    for file in links.files:
        expected = edited.get(file.document.path)
        document = file.document if expected is None else Document(file.document.path, expected.data)
        located = file.located if expected is None else file.format.locate(document)
        if located is None:
            return {document.path}
        after.append(File(document, file.format, located))
    changed = link_files(after, links.paths).changed
    wrong = set()
    for old, new in zip(links.files, after, strict=True):
        path = old.document.path
        texts = edited[path].texts if path in edited else {}
        pairs = (links.changed.get(path, old.located.places), changed.get(path, new.located.places))
        if len(pairs[0]) != len(pairs[1]) or not all(_reads(*pair, texts) for pair in zip(*pairs, strict=True)):
            wrong.add(path)
    return wrong


def _reads(old: Place, new: Place, texts: Mapping[PlaceKey, str]) -> bool:
    """Tell whether ``new`` is ``old``, its reference reading what ``texts`` have for it, or as before."""
    from pinner.edits import is_digest_removed, planned_text  # noqa: PLC0415 - not needed to check

    planned = planned_text(texts, old)
    if isinstance(old, Occurrence) and isinstance(new, Occurrence):
        return str(new.reference) == (str(old.reference) if planned is None else planned)
    if isinstance(old, Occurrence) or isinstance(new, Occurrence):
        return isinstance(new, SkippedOccurrence) and is_digest_removed(new, planned)
    # A name that is built may lose its digest too.
    return (old.kind, old.reason) == (new.kind, new.reason) and new.text in (old.text, planned)
