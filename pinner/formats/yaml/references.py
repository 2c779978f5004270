"""Image references in YAML scalars: an occurrence, or a skipped one with its reason."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from operator import itemgetter

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InvalidReferenceError
from pinner.formats.source import LineIndex
from pinner.formats.yaml.anchors import other_readers
from pinner.formats.yaml.nodes import STANDARD_TAGS, Alias, Mapping, Scalar
from pinner.formats.yaml.scalars import content_start
from pinner.formats.yaml.stream import unshadow
from pinner.model import Occurrence, SkippedOccurrence, Span, as_skipped
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from pinner.formats.yaml import Problem, YamlDocument
    from pinner.formats.yaml.anchors import Grammar, Reader
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.nodes import Node
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Place, SkipReason

_SHOWN = 80
_NULLS = ("~", "null", "Null", "NULL")
FLUX_WRITES = "Flux writes this: its image policy says so on the line"
_TEMPLATE_MARKS = (b"{{", b"{%", b"<%", b"{#")


class Use(NamedTuple):
    """Where a file uses an image, and how: what an occurrence and a skip of it have in common."""

    format: str
    kind: str
    offset: int
    """Of the first character of the text, or of the alias that stands for it."""
    line: int
    column: int
    span: Span
    """The scalar's content."""
    via: tuple[str, ...] = ()
    platform: str | None = None
    owner: str = ""
    scalar: Scalar | None = None
    """What holds the text; None where no scalar does."""
    written: Node | None = None
    """What stands where the image is named: the scalar itself, or an alias of it."""

    def skip(self, text: str, reason: SkipReason, detail: str, via: tuple[str, ...] = ()) -> SkippedOccurrence:
        """Return the skip that says why this use of ``text`` is left alone."""
        return SkippedOccurrence(
            self.format,
            self.kind,
            text,
            self.line,
            self.column,
            self.span,
            reason,
            detail,
            (*self.via, *via),
            self.platform,
            self.owner,
        )

    def unreadable(self, scalar: Scalar) -> SkippedOccurrence:
        """Return the skip of a scalar whose bytes cannot be told, or are too many."""
        text = unshadow(scalar.value[:_SHOWN])
        return self.skip(text, "computed", "too long, or not to be matched with the bytes of the file")

    def judge(self, text: SourceText, via: tuple[str, ...] = ()) -> Place:
        """Return the occurrence that ``text``, all that the consumer sees, makes; a skip where it is no reference."""
        written = str(text)
        try:
            reference = ImageReference.parse(written)
        except InvalidReferenceError as error:
            detail = error.message if written == written.strip() else _blank_detail(written)
            return self.skip(written, "invalid-reference", detail, via)
        return self.occurrence(reference, text, via)

    def occurrence(self, reference: ImageReference, text: SourceText, via: tuple[str, ...] = ()) -> Occurrence:
        """Return the occurrence of ``reference``, whose end is that of ``text``."""
        end = len(text.data)
        insert = text.ends[end - 1]
        digest_span = None
        if reference.digest is not None:
            digest = str(reference.digest)
            start = end - len(digest)
            if start >= 0 and text.is_run(start, end) and insert - text.starts[start] == len(digest):
                digest_span = Span(text.starts[start], insert)
        return Occurrence(
            self.format,
            self.kind,
            reference,
            self.line,
            self.column,
            Span(text.starts[text.run_before(end)], insert),
            insert,
            digest_span,
            (*self.via, *via),
            self.platform,
            self.owner,
        )


def _blank_detail(written: str) -> str:
    if written.strip("\r\n") == written.strip():
        return "a line break is part of the text; write `>-` or `|-` instead of `>` or `|`"
    return "blanks are part of the text"


class _Entry(NamedTuple):
    """A place that was found, and what it goes by until its document is done."""

    offset: int
    place: Place
    scalar: Scalar | None
    part: int = -1
    """Where inside of the scalar it is, which holds a document; -1 where it is all of it."""


class Collector:
    """Gathers the places of one file for one format, and puts them in the order of their use."""

    def __init__(self, format_name: str, data: bytes, *, is_masked: bool = False) -> None:
        """With ``is_masked`` the ``data`` are a template's: of a key that is there twice either value may count."""
        self.is_masked = is_masked
        self.format = format_name
        self.data = data
        self.lines = LineIndex(data)
        self._entries: list[_Entry] = []
        self._settled = 0
        self.image_nodes: set[int] = set()
        """What stands where the document at work names an image, by identity."""

    def use(
        self,
        kind: str,
        scalar: Scalar,
        text: SourceText | None,
        written: Node,
        *,
        via: tuple[str, ...] = (),
        platform: str | None = None,
        owner: str = "",
    ) -> Use:
        """Return the use of ``scalar``, of ``text``, that stands in the file as ``written``: itself or an alias."""
        if text is not None and text.data:
            span = Span(text.starts[0], text.ends[-1])
        else:
            span = Span(content_start(self.data, scalar), scalar.end)
        offset = written.start if type(written) is Alias else span.start
        line, column = self.lines.locate(offset)
        return Use(self.format, kind, offset, line, column, span, via, platform, owner, scalar, written)

    def use_at(self, kind: str, offset: int, length: int, *, owner: str = "") -> Use:
        """Return the use of the ``length`` bytes at ``offset``, which are no scalar."""
        line, column = self.lines.locate(offset)
        return Use(self.format, kind, offset, line, column, Span(offset, offset + length), owner=owner)

    def add(self, use: Use, place: Place, offset: int | None = None) -> None:
        """Keep ``place``, found at ``use``; ``offset`` says where inside of it, where it is but a part."""
        part = -1 if offset is None else offset
        self._entries.append(_Entry(use.offset if offset is None else offset, place, use.scalar, part))
        self.image_nodes.add(id(use.written))

    def add_plain(self, kind: str, scalar: Scalar, owner: str) -> bool:
        """Keep ``scalar`` as an occurrence where it is one beyond doubt; False where more has to be asked.

        It must stand there itself, no alias of it; its text be in the file as it is read, and a reference. What comes
        of it is what `use` and `Use.judge` make, which most images need not go through.
        """
        value = scalar.value
        quote = 1 if scalar.style else 0
        start = scalar.start + quote
        end = start + len(value)
        if scalar.tag is not None or scalar.anchor is not None or scalar.end != end + quote or value in _NULLS:
            return False
        if not value.isascii() or not self.data.startswith(value.encode(), start):
            return False
        reference = ImageReference.try_parse(value)
        if reference is None:
            return False
        digest_span = None if reference.digest is None else Span(start + value.rindex("@") + 1, end)
        line, column = self.lines.locate(start)
        occurrence = Occurrence(
            self.format, kind, reference, line, column, Span(start, end), end, digest_span, owner=owner
        )
        self._entries.append(_Entry(start, occurrence, scalar))
        self.image_nodes.add(id(scalar))
        return True

    def settle(self, root: Node, fields: KeyLookup, grammar: Grammar, state: str = "") -> None:
        """Be done with a document that has aliases: its occurrences whose text somebody else reads too become skips.

        ``state`` is that of ``root`` in the ``grammar``.
        """
        entries = self._entries[self._settled :]
        texts = {id(one.scalar): one.scalar for one in entries if getattr(one.place, "part", True)}
        readers = other_readers((root, state), fields, grammar, self.image_nodes, set(texts))
        details = {
            text: f"the same text is used {self._where(reader)}, and no digest belongs there"
            for text, reader in readers.items()
        }
        refusals = {
            (id(one.scalar), one.part): f"the same text is used in line {one.place.line}, where no digest may go"
            for one in reversed(entries)
            if not getattr(one.place, "part", True) and id(one.scalar) in texts
        }
        for entry in entries:
            whole = id(entry.scalar)
            detail = details.get(whole) or refusals.get((whole, -1)) or refusals.get((whole, entry.part), "")
            self._entries.append(entry._replace(place=_taken(entry.place, detail)))
        del self._entries[self._settled : self._settled + len(entries)]
        self._settled = len(self._entries)

    def _where(self, reader: Reader) -> str:
        under = f"under `{unshadow(reader.key)}` " if reader.key else ""
        return f"{under}in line {self.lines.line(reader.offset)}"

    def report_problem(self, document: YamlDocument, problem: Problem) -> None:
        """Keep the skip of a document that could not be read."""
        templated = any(mark in document.text for mark in _TEMPLATE_MARKS)
        line, column = self.lines.locate(problem.offset)
        detail = "a template, which is no YAML before it is filled in" if templated else problem.message
        reason: SkipReason = "templated" if templated else "parse-error"
        span = Span(problem.offset, problem.offset)
        skip = SkippedOccurrence(self.format, "document", "", line, column, span, reason, detail)
        self._entries.append(_Entry(problem.offset, skip, None))

    def places(self) -> tuple[Place, ...]:
        """Return everything kept, in the order of the uses."""
        return tuple(entry.place for entry in sorted(self._entries, key=itemgetter(0)))


def _taken(place: Place, detail: str) -> Place:
    """Return what becomes of ``place`` where somebody else reads its text, as ``detail`` says; itself without any."""
    if not detail:
        return place
    return as_skipped(place, "arg-conflict", detail) if isinstance(place, Occurrence) else place._replace(part=None)


def skip_if_unfilled(use: Use, written: str) -> SkippedOccurrence | None:
    """Return the skip of the text ``written`` that is no reference yet, used at ``use``; None for any other."""
    if "{{" in written:
        return use.skip(written, "templated", "a template fills it in")
    if "$" in written:
        colon = written.find(":", written.rfind("/") + 1)
        dollar = written.find("$")
        name = written[dollar:].partition(")" if written.startswith("$(", dollar) else "}")[0]
        closing = {"(": ")", "{": "}"}.get(name[1:2], "")
        detail = f"`{name}{closing}` is filled in before the image is pulled"
        return use.skip(written, "interpolated-tag" if dollar > colon >= 0 else "interpolated-name", detail)
    if written.startswith("ko://"):
        return use.skip(written, "built-elsewhere", "ko builds this image from a Go package")
    if "*" in written:
        return use.skip(written, "invalid-reference", "a pattern for many images")
    if "<" in written:
        return use.skip(written, "templated", "a placeholder that somebody fills in")
    if written.startswith("localhost/"):
        return use.skip(written, "built-elsewhere", "`localhost/` is the store of the machine that built it")
    return None


_FLUX_MARK = re.compile(rb"#[ \t]*\{[ \t]*\"\$imagepolicy\"")


@lru_cache(maxsize=1)
def _flux_marks(data: bytes) -> tuple[int, ...]:
    """Return where Flux's comments are: a file is looked through for them once, however many images it names."""
    return tuple(mark.start() for mark in _FLUX_MARK.finditer(data)) if b"$imagepolicy" in data else ()


def is_written_by_flux(data: bytes, scalar: Scalar) -> bool:
    """Tell whether Flux rewrites ``scalar``: a comment on its line says by which image policy."""
    marks = _flux_marks(data)
    following = bisect_left(marks, scalar.end)
    return following < len(marks) and data.find(b"\n", scalar.end, marks[following]) < 0


def is_null(scalar: Scalar) -> bool:
    """Tell whether ``scalar`` stands for nothing: empty, null, or reset (compose's ``!reset``)."""
    if scalar.tag == "!reset" or not scalar.value:
        return True
    return not scalar.style and scalar.value in _NULLS and scalar.tag in (None, STANDARD_TAGS + "null")


def is_template(data: bytes, node: Node) -> str:
    """Return the ``{{ … }}`` that ``node``, which YAML reads as a mapping, is in truth; empty where it is none."""
    if type(node) is not Mapping or not data.startswith(b"{{", node.start):
        return ""
    newline = data.find(b"\n", node.start)
    closing = data.rfind(b"}}", node.start, newline if newline >= 0 else len(data))
    return data[node.start : closing + 2].decode("utf-8", "replace") if closing >= 0 else "{{"
