"""``FROM`` instruction: its image, expanded, and where a digest can be inserted."""

from __future__ import annotations

import re
from itertools import islice

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InvalidReferenceError
from pinner.formats.dockerfile.arguments import ONCE, Text, check_flags, read_flags
from pinner.formats.dockerfile.expand import Expander
from pinner.formats.dockerfile.references import judge_text, make_occurrence, make_skipped
from pinner.formats.dockerfile.source import (
    SCRATCH,
    WORD,
    DockerfileError,
    LogicalLine,
    Piece,
    decode_utf8,
    skip_space,
    stage_detail,
    text_of,
    trimmed_end,
)
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pinner.formats.dockerfile.references import Site
    from pinner.formats.dockerfile.source import Value
    from pinner.model import Place, SkipReason

# The first byte of a byte order mark is among them: see `Expander.expand`.
_SPECIAL = re.compile("[$'\"\\\\`\xef]")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*")
_FLAGS = {"platform": ONCE}


class From(NamedTuple):
    """What a ``FROM`` says, nothing expanded."""

    line: LogicalLine
    start: int
    """Where the word of the image stands in ``line``; both are where the arguments begin if there is none."""
    end: int
    name: str = ""
    """The stage's name in lower case."""
    platform: Text | None = None
    problem: str = ""


class Expansion(NamedTuple):
    """What a ``FROM`` expands to."""

    pieces: Value = ()
    expressions: Sequence[tuple[int, int]] = ()
    altered: Sequence[Piece] = ()
    """The pieces of values that it depends on without showing them."""
    elsewhere: Sequence[Piece] = ()
    """The pieces of ``--platform``."""
    problem: DockerfileError | None = None
    platform: str | None = None

    @property
    def text(self) -> str:
        """What BuildKit sees."""
        return text_of(self.pieces)

    def beside(self, offset: int) -> set[int]:
        """Return where the variables' texts stand that it depends on, but for a piece of it at ``offset``."""
        unseen = {piece.offset for piece in (*self.altered, *self.elsewhere)}
        return unseen | {piece.offset for piece in self.pieces if piece.via and piece.offset != offset}


def read_from(line: LogicalLine, escape: str) -> From:
    """Parse the ``FROM`` in ``line``: ``[--platform=P] IMAGE [AS NAME]`` and nothing else (instructions/parse.go)."""
    text = line.text
    name = WORD.match(text, skip_space(text))
    flags, start = read_flags(text, name.end() if name else len(text), escape)
    start = skip_space(text, start)
    words = list(islice(WORD.finditer(text, start, max(start, trimmed_end(text))), 4))
    end = words[0].end() if words else start
    stage = words[2].group().lower() if len(words) == 3 and words[1].group().lower() == "as" else ""  # noqa: PLR2004 - IMAGE AS NAME
    found = From(line, start, end, stage)
    if len(words) != 1 and not stage:
        return found._replace(problem=_word_count([word.group() for word in words]))
    if stage and not _STAGE_NAME.fullmatch(stage):
        return found._replace(
            problem=f"`{decode_utf8(stage)[:100]}` cannot name a stage: a letter comes first, symbols are out"
        )
    try:
        values = check_flags(flags, _FLAGS, "FROM")
    except DockerfileError as error:
        return found._replace(problem=str(error))
    return found._replace(platform=values[0][1] if values else None)


def read_plain_from(match: re.Match[str]) -> From:
    """Return the ``FROM`` that `Shortcuts.base` has matched in the file's text."""
    image, stage = match.groups("")
    return From(LogicalLine([(match.start(1), image)]), 0, len(image), stage.lower())


def _word_count(words: Sequence[str]) -> str:
    if any(word.startswith("#") for word in words):
        return "a comment cannot stand on the line of a FROM"
    return "FROM takes an image, or an image, AS and the name of a stage"


def expand_from(parts: From, escape: str, environment: Mapping[str, Value]) -> Expansion:
    """Expand image and platform; a problem is returned, not raised."""
    platform: str | None = None
    elsewhere: Value = ()
    expander = Expander(parts.line, escape, environment)
    try:
        pieces = _expand(expander, parts.line, parts.start, parts.end)
        text_of(pieces)
        if parts.platform is not None and parts.platform.text:
            line = LogicalLine([run for start, end in parts.platform.ranges for run in parts.line.runs(start, end)])
            other = Expander(line, escape, environment)
            elsewhere = _expand(other, line, 0, len(line.text))
            if all(piece.nature == "written" for piece in elsewhere):
                platform = decode_utf8(text_of(elsewhere)) or None
            elsewhere = (*elsewhere, *other.altered)
    except DockerfileError as error:
        return Expansion(altered=(*expander.altered, *expander.met), problem=error)
    return Expansion(pieces, expander.expressions, expander.altered, elsewhere, None, platform)


def _expand(expander: Expander, line: LogicalLine, start: int, end: int) -> Value:
    if _SPECIAL.search(line.text, start, end) is None:
        return _written(line, start, end)
    return expander.expand(start, end)


def _written(line: LogicalLine, start: int, end: int) -> Value:
    return tuple([Piece(text, offset) for offset, text in line.runs(start, end)])


def judge_from(site: Site, expansion: Expansion, stages: Collection[str], mirrors: Collection[str] = ()) -> Place:
    """Return what a `FROM` that parses is; ``stages`` are the names of the earlier ones, in lower case.

    ``mirrors`` are variables with which a digest names the same, whatever they are.
    """
    text = expansion.text
    pieces = expansion.pieces
    if text in stages:
        return make_skipped(site, text, "stage", stage_detail(text), pieces)
    if text == "scratch":
        return make_skipped(site, text, "scratch", SCRATCH, pieces)
    if not expansion.expressions:
        if text.lower() in stages:
            detail = f"FROM finds a stage by its name in lower case only: write `{decode_utf8(text.lower())}`"
            return make_skipped(site, text, "invalid-reference", detail, pieces)
        return judge_text(site, text, pieces)
    try:
        reference = ImageReference.parse(decode_utf8(text))
    except InvalidReferenceError:
        reference = None
    if reference is not None and reference.digest is not None:
        return make_occurrence(site, reference, pieces)
    reason = _variable_reason(pieces, valid=reference is not None)
    if reason is not None:
        return make_skipped(site, text, *reason, pieces)
    if reference is None:
        return judge_text(site, text, pieces)
    reason = _ending_reason(expansion, text, mirrors)
    return make_skipped(site, text, *reason, pieces) if reason else make_occurrence(site, reference, pieces)


def _variable_reason(pieces: Sequence[Piece], *, valid: bool) -> tuple[SkipReason, str] | None:
    """Tell which variable has no value of its own in this file; one that is empty counts where the text is invalid."""
    natures = {piece.nature: piece for piece in reversed(pieces)}
    if "platform" in natures:
        name = _last_name(natures["platform"])
        return "platform-arg", f"{name} is set by the build, for its platform or target"
    if "unset" in natures:
        name = _last_name(natures["unset"])
        return "no-default", f"{name} has no default before the first FROM"
    if "computed" in natures:
        return "computed", f"the text is computed from {_last_name(natures['computed'])}"
    if "empty" in natures and not valid:
        return "no-default", f"the default of {_last_name(natures['empty'])} is empty"
    return None


def _last_name(piece: Piece) -> str:
    return piece.via[-1]


def _ending_reason(expansion: Expansion, text: str, mirrors: Collection[str]) -> tuple[SkipReason, str] | None:
    """Tell why the end of ``text`` is no place for a digest: a variable may change what stands before it.

    With a digest behind it, another value for a variable of the tag would be ignored without a word, and one for a
    variable of the name would ask for an image that is not there.
    """
    pieces = expansion.pieces
    expressions = list(expansion.expressions)
    at_end = expressions[-1][1] == len(pieces)
    last = expressions.pop() if at_end else None
    slash = text.rfind("/")
    colon = text.find(":", slash + 1)
    tag = len(text) + 1 if colon < 0 else colon + 1
    ends = _text_ends(pieces)
    for _, end in expressions:
        if ends[end] >= tag:
            return "interpolated-tag", f"{pieces[end - 1].via[0]} may change the tag, and a digest would hide that"
    names = [pieces[end - 1].via[0] for _, end in expressions]
    name = next((one for one in names if one.removeprefix("ARG ") not in mirrors), None)
    if name is not None:
        return "interpolated-name", f"{name} may change the name, and the digest would not be found there"
    if last is not None and not pieces[-1].text:
        reason: SkipReason = "interpolated-name" if colon < 0 else "interpolated-tag"
        return reason, f"{pieces[-1].via[-1]} is empty here and may add to the end"
    return None


def _text_ends(pieces: Sequence[Piece]) -> list[int]:
    """Return for each n the length of the text of the first n pieces."""
    ends = [0]
    for piece in pieces:
        ends.append(ends[-1] + len(piece.text))
    return ends
