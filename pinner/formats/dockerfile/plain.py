"""Fast path: reads common Dockerfiles with one regular expression.

What is proved plain here is all of it: each instruction, with the lines it goes on in and the comments in between, fits
a pattern that matches less than it could (see `glance`). A file with anything else (heredocs, other escapes,
variables in a FROM, images in mounts, names in lower case, problems …) is not read here, and left to `whole`, whose
answer this must equal: tests compare them.
"""

from __future__ import annotations

import re
from functools import cache

from pinner._typing import TYPE_CHECKING
from pinner.errors import InvalidReferenceError
from pinner.formats.dockerfile.source import FROM, LONGEST_LINE, LONGEST_TEXT, SCRATCH, stage_detail, tails
from pinner.model import Located, Occurrence, SkippedOccurrence, Span
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import TypeAlias

    from pinner.model import Place, SkipReason

    _Use: TypeAlias = tuple[str, str, int, int, str]
    """An image that an instruction names: the kind, the image, its offset, its line, the stage that uses or is it."""

_SKIP = r"(?:[ \t]*+(?:\#[^\n]*+)?\r*+\n)*+[ \t]*+"
"""Lines that neither begin nor end anything, and the blanks before what comes then."""
_TO_THE_END = r"(?:[^\\\n]++|\\(?![ \t\r]*+\n))*+"
"""To the end of the line, or its escape. Where the escape is doubled, what follows does not match."""
_REST = rf"{_TO_THE_END}(?:(?<!\\)\\[ \t]*+\r?+\n{_SKIP}(?=[!\"$-~]){_TO_THE_END})*+\n"
"""To the end of an instruction."""
# The same at several times the speed, for files in which no line ends in blanks or CR.
_QUICK_SKIP = r"[ \t\n]*+(?:\#[^\n]*+\n[ \t\n]*+)*+"
_QUICK_REST = rf"[^\n]*+\n(?:(?<=[^\\]\\\n){_QUICK_SKIP}[!\"$-~][^\n]*+\n)*+(?<![\\ \t\r]\n)"
_FROM, _STAGE, _COPY = 2, 3, 4
"""The groups of `_instructions`: the image and the stage of a FROM, the image of a COPY. The first has what is before.

Where neither FROM nor COPY is matched, the file ends.
"""
_DEFAULT = r"""(?:[A-Za-z0-9_./:@,+-]*+|"[A-Za-z0-9_./:@,+ -]*+"|'[A-Za-z0-9_./:@,+ -]*+')"""


class Outline:
    """The instructions of a plain Dockerfile, with their lines from 1: made when asked for, as proofs of edits do."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[tuple[str, int, int]]:
        text = _text(self._data)
        pattern = _any_instruction()
        line = 1
        match = pattern.match(text)
        while match is not None:
            begin, end = match.start(1), match.end()
            first = line + text.count("\n", match.start(), begin)
            line = first + text.count("\n", begin, end)
            yield match[1].upper(), first, line - 1
            match = pattern.match(text, end)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outline | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def locate_plain(data: bytes) -> Located | None:
    """Return the image references of the Dockerfile ``data``, or None where it is not plain. Never raises."""
    if (
        len(data) > LONGEST_LINE
        or data.startswith(b"\xef\xbb\xbf")
        or (b"<" in data and (b"<<" in data or b"<\\" in data))
    ):
        return None
    text = _text(data)
    syntax = _read_directives(text, data)
    uses = None if syntax is None else _read(text)
    if syntax is None or uses is None:
        return None
    return Located((*syntax, *_judge(text, uses)), Outline(data))


def _text(data: bytes) -> str:
    """Return ``data`` with one character for a byte, and every line ended."""
    text = data.decode("latin-1")
    return text if text.endswith("\n") else text + "\n"


@cache
def _instructions(*, quick: bool) -> re.Pattern[str]:
    """Return the pattern of any number of instructions that name no image, and of one that does or the file's end.

    It is compiled when a file asks for it, for that takes as long as to read a hundred files.
    """
    skip, rest = (_QUICK_SKIP, _QUICK_REST) if quick else (_SKIP, _REST)
    command, values, base, copy = tails("\\", r"[ \t]*+\n" if quick else r"[ \t]*+\r*+\n")
    # The platform of the build has no name here, whatever an ARG says.
    platform = "" if quick else r"(?:[ \t]++--platform=\$(?:BUILD|TARGET)PLATFORM)?+"
    return re.compile(
        rf"""
        ( (?:
            {skip}
            (?: (?:ADD|CMD|COPY|ENTRYPOINT|RUN|SHELL|VOLUME)(?={command})
              | (?:ENV|LABEL)(?={values})
              | (?:ARG|EXPOSE|MAINTAINER|STOPSIGNAL|USER|WORKDIR)(?=[ \t])
            ){rest}
          )*+
        )
        {skip}
        (?: (?:{FROM}{platform}{base} | COPY{copy}){rest} | \Z )
        """,
        re.VERBOSE,
    )


@cache
def _any_instruction() -> re.Pattern[str]:
    """Return the pattern of one instruction of a file that is known to be plain; group: its name."""
    return re.compile(rf"{_SKIP}([A-Za-z]++){_REST}", re.VERBOSE)


@cache
def _declarations() -> re.Pattern[str]:
    """Return the pattern of what may stand before the first FROM."""
    declared = rf"(?:[ \t]++[A-Za-z_][A-Za-z0-9_]*+(?:={_DEFAULT})?(?=[ \t\r\n]))++"
    return re.compile(rf"(?:{_SKIP}ARG{declared}[ \t]*+\r*+\n)*+", re.VERBOSE)


def _read(text: str) -> list[_Use] | None:
    """Return the images that the instructions name; None where one is not plain."""
    uses: list[_Use] = []
    owner: str | None = None  # before the first FROM
    line = 1
    position = counted = 0
    pattern = _instructions(quick=True)
    while True:
        match = pattern.match(text, position)
        if match is None:
            pattern = _instructions(quick=False)
            match = pattern.match(text, position)
            if match is None:
                return None
        image, stage, copied = match.group(_FROM, _STAGE, _COPY)
        if owner is None and not (image and _declarations().fullmatch(text, 0, match.end(1))):
            return None
        if image:
            owner = stage.lower() if stage else ""
            start = match.start(_FROM)
        elif copied:
            start = match.start(_COPY)
        else:
            return uses
        line += text.count("\n", counted, start)
        counted = start
        position = match.end()
        uses.append(("from" if image else "copy-from", image or copied, start, line, owner or ""))


def _judge(text: str, uses: list[_Use]) -> list[Place]:
    """Return what ``uses`` are: a FROM looks for a stage among the earlier ones, a COPY among all of them."""
    stages = {use[-1] for use in uses}
    earlier: set[str] = set()
    places = []
    for use in uses:
        if use[0] == "from":
            places.append(_place(text, use, earlier))
            earlier.add(use[-1])
        else:
            places.append(_place(text, use, stages))
    return places


def _place(text: str, use: _Use, stages: Collection[str]) -> Place:
    """Return what ``use`` is, ``stages`` being the names that are stages there, in lower case."""
    kind, image, start, _, _ = use
    column = start - text.rfind("\n", 0, start)
    is_base = kind == "from"
    if (image if is_base else image.lower()) in stages:
        if len(image) <= LONGEST_TEXT:
            return _skip(use, column, "stage", stage_detail(image))
    elif image == "scratch":
        return _skip(use, column, "scratch", SCRATCH)
    elif is_base or not image.isdigit():
        occurrence = _occurrence(use, column)
        if occurrence is not None:
            return occurrence
    return _place_in_full(use, column, stages)


def _skip(use: _Use, column: int, reason: SkipReason, detail: str) -> SkippedOccurrence:
    kind, image, start, line, owner = use
    span = Span(start, start + len(image))
    return SkippedOccurrence("dockerfile", kind, image, line, column, span, reason, detail, (), None, owner)


def _occurrence(use: _Use, column: int) -> Occurrence | None:
    """Return the occurrence that ``use`` is; None where it is no reference."""
    kind, image, start, line, owner = use
    try:
        reference = ImageReference.parse(image)
    except InvalidReferenceError:
        return None
    end = start + len(image)
    digest = None if reference.digest is None else Span(start + image.index("@") + 1, end)
    return Occurrence("dockerfile", kind, reference, line, column, Span(start, end), end, digest, (), None, owner)


def _place_in_full(use: _Use, column: int, stages: Collection[str]) -> Place:
    """Return what ``use`` is by the rules for every case."""
    from pinner.formats.dockerfile.arguments import Text  # noqa: PLC0415 - as above
    from pinner.formats.dockerfile.copy_and_mount import Use, judge_use  # noqa: PLC0415 - as above
    from pinner.formats.dockerfile.from_instruction import Expansion, judge_from  # noqa: PLC0415 - 10 ms that few files need
    from pinner.formats.dockerfile.references import Site, judge_text  # noqa: PLC0415 - as above
    from pinner.formats.dockerfile.source import Piece  # noqa: PLC0415 - as above

    kind, image, start, line, owner = use
    site = Site(kind, line, column, Span(start, start + len(image)), owner)
    pieces = (Piece(image, start),)
    if kind == "from":
        return judge_from(site, Expansion(pieces), stages)
    if kind == "copy-from":
        return judge_use(site, Use(kind, Text(image, ())), pieces, stages)
    return judge_text(site, image, pieces)


def _read_directives(text: str, data: bytes) -> tuple[Place, ...] | None:
    """Return the frontend's image where one is named; None where a directive changes how the file is read."""
    if not text.lstrip(" \t").startswith("#"):
        return ()
    first = text[: text.find("\n")]
    if "=" not in first and not first.lstrip(" \t").startswith("#!"):
        return ()
    from pinner.formats.dockerfile.instructions import find_syntax, read_directives  # noqa: PLC0415 - not in every file
    from pinner.formats.dockerfile.source import read_source  # noqa: PLC0415 - as above

    source = read_source(data)
    if read_directives(source) != ("\\", None):
        return None
    syntax = find_syntax(source)
    if syntax is None:
        return ()
    number, start, end = syntax
    if number or start == end or not text[:end].isascii():
        return None
    use = ("syntax", text[start:end], start, 1, "")
    return (_occurrence(use, start + 1) or _place_in_full(use, start + 1, ()),)
