"""Value types: documents, spans, occurrences, skipped occurrences, edits, answers."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal, TypeAlias

    from pinner.errors import ResolveError
    from pinner.link.facts import Fact
    from pinner.reference import Digest, ImageReference, Platform

    SkipReason: TypeAlias = Literal[
        "stage",
        "scratch",
        "index",
        "no-default",
        "interpolated-tag",
        "interpolated-name",
        "platform-arg",
        "computed",
        "arg-conflict",
        "built-here",
        "built-elsewhere",
        "pull-policy",
        "onbuild-ambiguous",
        "templated",
        "invalid-reference",
        "separate-tag",
        "replaced",
        "fstring",
        "non-literal",
        "output",
        "status-field",
        "lockfile",
        "ignored",
        "excluded",
        "parse-error",
    ]

LOCK_NAME = "pinner.lock"
"""What the file is called that holds the digests of a whole repository."""

ENV_NAME = ".env"
"""What the file is called in which a compose project's variables have their values."""

TIERS = ("frameworks", "loose")
"""The parts of the table of Python calls that have to be asked for.

``frameworks``: dagger, modal, prefect, flyte, ray. ``loose``: whatever is called with ``image=`` and a tagged name.
"""


class Calls(NamedTuple):
    """Which calls in Python code are looked at for images, beyond those that always are."""

    own: tuple[str, ...] = ()
    """The user's: ``my.module.Runner.start:image``, the parameter's name or its position after the colon."""
    tiers: tuple[str, ...] = ()
    """Those of `TIERS` that are asked for."""
    modules: bool = False
    """Whether what inputs of Terraform's modules and its locals call an image is one, where it has a tag."""


class PlaceRule(NamedTuple):
    """The user's own: where images stand in files that no format knows, or that one knows otherwise."""

    files: tuple[str, ...]
    """gitignore patterns, relative to the folder of the configuration."""
    language: Literal["yaml", "json", "regex"] = "yaml"
    path: str = ""
    """A path of the table of positions, or for a regex that."""
    strip: str = ""
    """A prefix that is no part of the reference."""
    join: tuple[tuple[str, str], ...] = ()
    """Which keys of the mapping at the path hold ``name``, ``tag``, ``digest``, ``registry``: a reference in parts."""
    when: tuple[tuple[str, str], ...] = ()
    """Keys of the mapping that the image stands in, and the texts they must have."""


class FormatChoice(NamedTuple):
    """Which formats a run reads, and what it looks for in them beyond what they know."""

    calls: Calls = Calls()
    """The calls in Python code that take an image."""
    disabled: tuple[str, ...] = ()
    """Formats whose files are left alone."""
    only: tuple[str, ...] = ()
    """Formats beside which all are left alone; none for every format."""
    since: str = ""
    """The version of pinner whose formats are read: those that came later are as unknown as they were to it."""
    places: tuple[PlaceRule, ...] = ()
    mirrors: tuple[str, ...] = ()
    """Variables that name mirrors: whichever they are, a digest names the same there."""
    root: str = ""
    """The folder that the patterns of ``places`` start from, absolute, with ``/``."""
    folder: str = ""
    """The folder that paths of documents start from, absolute, with ``/``; empty where nobody knows."""


class Document(NamedTuple):
    """A file's bytes under the path that messages show (relative, ``/`` on every system)."""

    path: str
    data: bytes


class Span(NamedTuple):
    """Byte offsets, half-open."""

    start: int
    end: int


_TAG_BYTES = frozenset(bytes([code]) for code in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-}")
"""What a tag may consist of, and the end of a variable: before a tag that stands whole there is none of them."""


class TagPart(NamedTuple):
    """Where a variable's text stands that is a part of a tag, or a tag where no digest may go."""

    span: Span
    """In the file of the place."""
    start: int
    """Where it begins in the tag, in characters."""
    name: str


class Occurrence(NamedTuple):
    """One place that names an image and can hold its digest, or does already."""

    format: str
    kind: str
    reference: ImageReference
    """The reference as its consumer sees it: expanded, unquoted. ``str()`` of it is that text."""
    line: int
    """From 1: where the image is *used*. For a Dockerfile the instruction's first line, as BuildKit counts."""
    column: int
    """From 1, in characters."""
    span: Span
    """The text that holds the end of the reference (its digest included): where the file would change."""
    insert: int
    """The byte offset at which ``[:latest]@digest`` goes; the digest's own end where there is one already.

    Outside of ``span`` where the digest has a field of its own, which is empty.
    """
    digest_span: Span | None = None
    """The bytes ``sha256:…`` of the digest where they stand together in this file; None where there is none."""
    via: tuple[str, ...] = ()
    """What the text goes through, outermost first: ``ARG V``, ``&anchor``, ``${VAR}``."""
    platform: str | None = None
    owner: str = ""
    """Who uses the image: the stage, service or ``Kind/name``; empty where nobody is named."""
    decided_by: tuple[str, ...] = ()
    """``path:line`` of what elsewhere in the repository decided what the text means."""
    glue: str = "@"
    """What stands between the text and the digest: nothing, or a blank, where the digest is a field of its own."""
    implied: str = ""
    """What a digest is written without: ``sha256:`` where its field holds the hex digits alone."""
    replaces: ImageReference | None = None
    """What stands in the file, where ``reference`` is what its tag is to be raised to."""
    tag_span: Span | None = None
    """The bytes of the tag where the digest has a field of its own; None elsewhere, or where others read them, too."""
    is_plain_tag: bool = False
    """Whether YAML would read a number there as one: it is not in quotes."""
    rewrites: Edit | None = None
    """What is written where the tag alone is raised, for no digest can stand there."""

    def spelled(self, digest: Digest) -> str:
        """Return ``digest`` as it is written here, without what stands before it."""
        return str(digest).removeprefix(self.implied)

    def tag_stands_in(self, data: bytes) -> bool:
        """Tell whether the whole tag stands in ``data``: with the digest, if there is one, or both in their fields."""
        if self.tag_span is not None:
            tag, digest = self.reference.tag or "", self.reference.digest
            is_spelled = digest is None or self.digest_span is not None
            return is_spelled and data[self.tag_span.start : self.tag_span.end] == tag.encode()
        tail = self.reference.tail.encode()
        start = self.insert - len(tail)
        is_whole = self.glue == "@" and not self.implied
        # A text that begins with the tag is one that a variable's default is.
        is_begun = start == self.span.start or data[start - 1 : start] not in _TAG_BYTES
        return is_whole and data.startswith(tail, start) and is_begun


class SkippedOccurrence(NamedTuple):
    """One place that names an image, or would, and that cannot or must not be pinned."""

    format: str
    kind: str
    text: str
    """The reference as its consumer sees it, as far as it can be told."""
    line: int
    column: int
    span: Span
    reason: SkipReason
    detail: str = ""
    """One sentence for people: why, naming the ARG, variable or stage concerned. No full stop."""
    via: tuple[str, ...] = ()
    platform: str | None = None
    owner: str = ""
    decided_by: tuple[str, ...] = ()
    digest_span: Span | None = None
    """The bytes of a digest that stands there although it must not, where they stand together."""
    glue: str = "@"
    implied: str = ""
    part: TagPart | None = None
    """What a raise of the tag changes; None where that is not known, or read by something that names no image."""


Place: TypeAlias = Occurrence | SkippedOccurrence


def text_of(place: Place) -> str:
    """Return what ``place`` reads."""
    return str(place.reference) if isinstance(place, Occurrence) else place.text


def as_skipped(occurrence: Occurrence, reason: SkipReason, detail: str) -> SkippedOccurrence:
    """Return the skip that ``occurrence`` becomes where it must be left alone after all."""
    return SkippedOccurrence(
        occurrence.format,
        occurrence.kind,
        str(occurrence.reference),
        occurrence.line,
        occurrence.column,
        occurrence.span,
        reason,
        detail,
        occurrence.via,
        occurrence.platform,
        occurrence.owner,
        occurrence.decided_by,
        occurrence.digest_span,
        occurrence.glue,
        occurrence.implied,
    )


class Located(NamedTuple):
    """What a format found in one document."""

    places: tuple[Place, ...] = ()
    """In document order: by the offset of the use, not of the span."""
    outline: Iterable[object] = ()
    """The structure around the references (instructions and their lines, documents): an edit may not change it."""
    facts: tuple[Fact, ...] = ()
    """What the document states about images that other files name."""


class Edit(NamedTuple):
    """Replace ``expected``, which must stand at ``start``, by ``replacement``. An insertion expects nothing."""

    start: int
    expected: bytes
    replacement: bytes

    @property
    def end(self) -> int:
        """The offset after the bytes that go."""
        return self.start + len(self.expected)


class Question(NamedTuple):
    """What the tag of a reference means, as an index (None) or for one platform: that is asked."""

    reference: ImageReference
    platform: Platform | None = None

    @property
    def key(self) -> tuple[str, Platform | None]:
        """What makes two questions one, however the references are written."""
        return self.reference.canonical, self.platform


class Resolved(NamedTuple):
    """What a registry says a name is."""

    digest: Digest
    media_type: str
    is_hashed: bool = True
    """Whether what it names has been hashed by us; False for what a registry's header says alone."""
    is_mirrored: bool = False
    """Whether somebody who stands in the registry's place says so."""


class Unresolved(NamedTuple):
    """Why a name has no answer."""

    error: ResolveError


Answer: TypeAlias = Resolved | Unresolved
