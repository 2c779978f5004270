"""The Dockerfiles that nearly all are, read at one go: many times as fast as taking every line apart.

What is proved plain here is all of it: each instruction, with the lines it goes on in and the comments in between, fits
a pattern that matches less than it could (see `shortcuts`). A file with anything else (heredocs, other escapes,
variables in a FROM, images in mounts, names in lower case, problems …) is not read here, and left to `whole`, whose
answer this must equal: tests compare them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.formats.dockerfile.bases import Expansion, judge_from
from pinner.formats.dockerfile.commands import Use, judge_use
from pinner.formats.dockerfile.directives import LONGEST_LINE, find_syntax, read_directives
from pinner.formats.dockerfile.flags import Text
from pinner.formats.dockerfile.references import Site, judge_text
from pinner.formats.dockerfile.shortcuts import tails
from pinner.formats.dockerfile.source import read_source
from pinner.formats.dockerfile.text import BOM
from pinner.formats.dockerfile.values import Piece
from pinner.model import Located, Span

if TYPE_CHECKING:
    from pinner.model import Place

_BLANK = r"(?:[ \t]*+(?:\#[^\n]*+)?\r*+\n)*+"
"""Lines that neither begin nor end anything."""
_TO_THE_END = r"(?:[^\\\n]++|\\(?![ \t\r]*+(?:\n|\Z)))*+"
"""To the end of the line, or its escape. Where the escape is doubled, what follows does not match."""
_GOES_ON = rf"(?<!\\)\\[ \t]*+\r?+\n{_BLANK}[ \t]*+(?=[!-~])(?!\#)"
_REST = rf"{_TO_THE_END}(?:{_GOES_ON}{_TO_THE_END})*+(?:\n|\Z)"
_TAILS = tails("\\")
_INSTRUCTION = re.compile(
    rf"""
    {_BLANK}[ \t]*+
    (?: [Ff][Rr][Oo][Mm]{_TAILS.base}
      | COPY{_TAILS.copy}{_REST}
      | ( (?:ADD|CMD|COPY|ENTRYPOINT|RUN|SHELL|VOLUME)(?={_TAILS.command})
        | (?:ENV|LABEL)(?={_TAILS.values})
        | (?:ARG|EXPOSE|MAINTAINER|STOPSIGNAL|USER|WORKDIR)(?=[ \t])
        ){_REST}
    )
    """,
    re.VERBOSE,
)
_BASE, _STAGE, _COPY, _NAME = 1, 2, 3, 4
"""The groups of `_INSTRUCTION`: the image and the stage of a FROM, the image of a COPY, the name of anything else."""
_NOTHING_MORE = re.compile(rf"{_BLANK}[ \t]*+(?:\#[^\n]*+)?\Z")
_MAY_BE_DIRECTIVE = re.compile(r"[ \t]*+#(?:!|[^\n]*=)")
_DEFAULT = r"""(?:[A-Za-z0-9_./:@,+-]*+|"[A-Za-z0-9_./:@,+ -]*+"|'[A-Za-z0-9_./:@,+ -]*+')"""
_DECLARES = re.compile(rf"ARG(?:[ \t]++[A-Za-z_][A-Za-z0-9_]*+(?:={_DEFAULT})?(?=[ \t\r\n]|\Z))++[ \t]*+\r*+(?:\n|\Z)")


def locate_plain(data: bytes) -> Located | None:
    """Return the image references of the Dockerfile ``data``, or None where it is not plain. Never raises."""
    text = data.decode("latin-1")
    if len(text) > LONGEST_LINE or text.startswith(BOM) or ("<" in text and ("<<" in text or "<\\" in text)):
        return None
    scan = _Scan(text)
    if _MAY_BE_DIRECTIVE.match(text) and not scan.read_directives(data):
        return None
    if not scan.read():
        return None
    return Located(scan.places(), tuple(scan.outline))


class _Scan:
    """What one pass over the text finds: who is a stage is only known at its end."""

    __slots__ = ("_copies", "_found", "_names", "_text", "outline")

    def __init__(self, text: str) -> None:
        self._text = text
        self.outline: list[tuple[str, int, int]] = []
        self._found: list[Place] = []
        self._names: set[str] = set()
        self._copies: list[tuple[int, Site, str]] = []
        """The ``COPY --from``: where in ``_found`` each belongs, and the image."""

    def read_directives(self, data: bytes) -> bool:
        """Keep the frontend's image, if one is named; False where a directive changes how the file is read."""
        source = read_source(data)
        if read_directives(source) != ("\\", None):
            return False
        syntax = find_syntax(source)
        if syntax is None:
            return True
        number, start, end = syntax
        if number or start == end or not self._text[:end].isascii():
            return False
        span = Span(start, end)
        self._found.append(
            judge_text(Site("syntax", 1, start + 1, span), self._text[start:end], [Piece(self._text[start:end], start)])
        )
        return True

    def read(self) -> bool:
        """Read the instructions; False where one is not plain."""
        text = self._text
        count = text.count
        add = self.outline.append
        position = 0
        line = 1
        owner: str | None = None  # before the first FROM
        for match in _INSTRUCTION.finditer(text):
            if match.start() != position:
                return False
            group = match.lastindex
            begin = match.start(group if group != _STAGE else _BASE)  # type: ignore[arg-type] # one of them is there
            first = line + count("\n", position, begin)
            position = match.end()
            line = first + count("\n", begin, position)
            last = line - 1 if text[position - 1] == "\n" else line
            if group == _NAME:
                name = match[_NAME]
                add((name, first, last))
                if owner is None and not (name == "ARG" and _DECLARES.match(text, begin)):
                    return False
            elif group == _COPY:
                if owner is None or not self._add_copy(match[_COPY], begin, first, owner):
                    return False
                add(("COPY", first, last))
            else:
                image, stage = match.group(_BASE, _STAGE)
                owner = stage.lower() if stage else ""
                self._add_base(image, begin, first, owner)
                add(("FROM", first, last))
        return owner is not None and _NOTHING_MORE.match(text, position) is not None

    def _add_base(self, image: str, begin: int, line: int, stage: str) -> None:
        expansion = Expansion((Piece(image, begin),))
        self._found.append(judge_from(self._site("from", image, begin, line, stage), expansion, self._names))
        if stage:
            self._names.add(stage)

    def _add_copy(self, image: str, begin: int, line: int, owner: str) -> bool:
        """Keep the image of a ``COPY --from``; False where it does not stand on the instruction's first line."""
        if "COPY" not in self._text[self._text.rfind("\n", 0, begin) + 1 : begin]:
            return False
        self._copies.append((len(self._found), self._site("copy-from", image, begin, line, owner), image))
        return True

    def _site(self, kind: str, image: str, begin: int, line: int, owner: str) -> Site:
        column = begin - self._text.rfind("\n", 0, begin)
        return Site(kind, line, column, Span(begin, begin + len(image)), owner)

    def places(self) -> tuple[Place, ...]:
        """Return everything found, in the order of the file."""
        for number, (index, site, image) in enumerate(self._copies):
            use = Use("copy-from", Text(image, ()))
            place = judge_use(site, use, [Piece(image, site.span.start)], self._names)
            self._found.insert(index + number, place)
        return tuple(self._found)
