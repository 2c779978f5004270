"""Extraction of all image references of a Dockerfile, in one pass over its instructions."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.dockerfile.arguments import Text, define, predefined, read_declarations
from pinner.formats.dockerfile.copy_and_mount import COMMANDS, Use, judge_use, read_uses
from pinner.formats.dockerfile.from_instruction import expand_from, judge_from, read_from, read_plain_from
from pinner.formats.dockerfile.instruction_patterns import find_refusal, shortcuts_for
from pinner.formats.dockerfile.instructions import find_syntax, read_directives, read_instructions
from pinner.formats.dockerfile.references import Found, Site, is_template, judge_text, make_skipped, without_conflicts
from pinner.formats.dockerfile.source import (
    DockerfileError,
    Piece,
    UnsetError,
    decode_utf8,
    join_lines,
    skip_space,
)
from pinner.formats.source import LineIndex
from pinner.model import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Literal

    from pinner.formats.dockerfile.arguments import Declaration, Definition
    from pinner.formats.dockerfile.from_instruction import Expansion, From
    from pinner.formats.dockerfile.instructions import Instruction
    from pinner.formats.dockerfile.source import LogicalLine, Source, Value
    from pinner.model import Place

_KNOWN = frozenset(
    (
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
        *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    )
)
NO_REFERENCE = "document"
"""The kind of a problem with the file itself: no image is named there."""
NO_FROM = "no FROM stands before this "
"""A template may have one written there."""


class Reader:
    """Walks over the instructions of one file and keeps what they declare."""

    __slots__ = (
        "_binary",
        "_declared_in_stages",
        "_definitions",
        "_environment",
        "_escape",
        "_found",
        "_froms",
        "_index",
        "_instructions",
        "_mirrors",
        "_owner",
        "_problem",
        "_refused",
        "_shortcuts",
        "_source",
        "_stages",
        "_syntax",
    )

    def __init__(self, data: bytes, source: Source, mirrors: tuple[str, ...] = ()) -> None:
        self._mirrors = mirrors
        self._source = source
        self._binary = b"\0" in data
        self._index = LineIndex(data)
        self._escape, self._problem = read_directives(self._source)
        self._syntax = find_syntax(self._source)
        self._instructions = read_instructions(self._source, self._escape)
        self._shortcuts = shortcuts_for(self._escape, len(source.text))
        self._refused = False
        self._froms: dict[int, From] = {}
        self._environment: dict[str, Value] = {}
        self._definitions: list[Definition] = []
        self._declared_in_stages: list[Instruction] = []
        self._stages: set[str] = set()
        self._owner = ""
        self._found: list[Found] = []

    def is_dockerfile(self) -> bool:
        """Tell whether this is worth a look: not empty, and not binary."""
        if not self._instructions:
            return self._syntax is not None
        return not self._binary or any(instruction.name == "FROM" for instruction in self._instructions)

    def outline(self) -> tuple[object, ...]:
        """Return every instruction with its lines, from 1.

        What BuildKit does not know stays without a name: it may be text for another frontend, such as the JSON or the
        ``//`` line that holds the syntax, and would read otherwise with a digest in it.
        """
        return tuple(
            [(name if name in _KNOWN else "", first + 1, end + 1) for name, first, _, end, _ in self._instructions]
        )

    def read(self) -> None:
        """Find every place."""
        self._read_directives()
        for entry in [entry for entry in self._instructions if entry[0] == "FROM"]:
            match = self._shortcuts.base.match(self._source.text, self._source.starts[entry.first])
            parts = read_plain_from(match) if match else read_from(self._join(entry), self._escape)
            self._froms[entry.first] = parts
        names = [parts.name for parts in self._froms.values()]
        self._environment = predefined(names[-1] if names else "")
        self._read_early_command()
        self._read_instructions(frozenset(names))

    def _read_early_command(self) -> None:
        """Report a command before the first ``FROM``, unless something else stands there that another program reads."""
        for entry in self._instructions:
            if entry.name == "FROM" or entry.name not in _KNOWN:
                return
            if entry.name != "ARG":
                self._add_refusal(entry, self._join(entry), f"no FROM stands before this {entry.name}")
                return

    def _read_instructions(self, stages: Collection[str]) -> None:
        quiet = self._shortcuts.quiet
        text, _, starts = self._source
        for entry in self._instructions:
            name, first, _, _, problem = entry
            if problem:
                self._add_problem(entry, problem)
            if name == "FROM":
                self._read_from(entry)
            elif name == "ARG":
                self._read_argument(entry)
            elif (pattern := quiet.get(name)) is not None and pattern.match(text, starts[first]) is None:
                self._read_command(entry, stages)

    def places(self) -> tuple[Place, ...]:
        """Return what was found, in the order of the file, defaults that cannot be shared taken out."""
        return without_conflicts(self._found, self._definitions, self._taken_over)

    def _join(self, entry: Instruction) -> LogicalLine:
        return join_lines(self._source, entry.first, entry.last, self._escape)

    def _site(self, kind: str, first: int, span: Span, platform: str | None = None) -> Site:
        start = self._source.starts[first]
        line = self._source.lines[first]
        if kind != "from" and start + len(line) <= span.start < span.end:
            # Of several flags on lines that the instruction goes on in, each is looked for on its own.
            return Site(kind, *self._index.locate(span.start), span, self._owner, platform)
        offset = span.start if start <= span.start < start + len(line) else start + skip_space(line)
        column = offset - start + 1 if line.isascii() else self._index.locate(offset)[1]
        return Site(kind, first + 1, column, span, self._owner, platform)

    def _read_directives(self) -> None:
        if self._problem is not None:
            self._add_line_problem(self._problem.line, self._problem.detail)
        if self._syntax is not None:
            number, start, end = self._syntax
            offset = self._source.starts[number] + start
            text = self._source.lines[number][start:end]
            if text:
                site = self._site("syntax", number, Span(offset, offset + len(text)))
                self._found.append(Found(offset, judge_text(site, text, [Piece(text, offset)])))

    def _add_line_problem(self, number: int, detail: str) -> None:
        start = self._source.starts[number]
        site = self._site(NO_REFERENCE, number, Span(start, start + len(self._source.lines[number])))
        self._found.append(Found(start, make_skipped(site, "", "parse-error", detail)))

    def _add_problem(self, entry: Instruction, detail: str) -> None:
        line = self._join(entry)
        end = line.offset(max(0, len(line.text) - 1)) + 1
        site = self._site(NO_REFERENCE, entry.first, Span(line.offset(0), end))
        self._found.append(Found(site.span.start, make_skipped(site, "", "parse-error", detail)))

    def _read_from(self, entry: Instruction) -> None:
        parts = self._froms[entry.first]
        self._owner = parts.name
        line = parts.line
        start = line.offset(parts.start if parts.start < len(line.text) else max(0, len(line.text) - 1))
        end = line.offset(parts.end - 1) + 1 if parts.end > parts.start else start
        if parts.problem:
            text = line.text[parts.start :]
            site = self._site("from", entry.first, Span(start, end))
            if is_template(text):
                self._found.append(
                    Found(start, make_skipped(site, text, "templated", "a template engine writes this line"))
                )
            else:
                self._found.append(Found(start, make_skipped(site, text, "parse-error", parts.problem)))
        else:
            expansion = expand_from(parts, self._escape, self._environment)
            site = self._site("from", entry.first, Span(start, end), expansion.platform)
            self._found.append(Found(start, *self._judge(site, parts, expansion)))
        if parts.name:
            self._stages.add(parts.name)

    def _judge(self, site: Site, parts: From, expansion: Expansion) -> tuple[Place, Expansion]:
        if expansion.problem is None:
            return judge_from(site, expansion, self._stages, self._mirrors), expansion
        written = parts.line.text[parts.start : parts.end]
        if is_template(written):
            return make_skipped(site, written, "templated", "a template engine writes this text"), expansion
        reason: Literal["no-default", "parse-error"] = (
            "no-default" if isinstance(expansion.problem, UnsetError) else "parse-error"
        )
        return make_skipped(site, written, reason, str(expansion.problem)), expansion

    def _read_argument(self, entry: Instruction) -> None:
        if self._froms and entry.first > next(iter(self._froms)):
            self._declared_in_stages.append(entry)
            return
        line = self._join(entry)
        declarations = list(read_declarations(line, self._escape))
        for declaration in declarations:
            if not declaration.name:
                detail = "ARG takes NAME=value, without blanks around the ="
                self._add_argument_problem(entry, line, declaration, detail)
                return
        for declaration in declarations:
            try:
                definition = self._define(line, declaration)
            except DockerfileError as error:
                detail = f"ARG {decode_utf8(declaration.name)}: {error}"
                self._add_argument_problem(entry, line, declaration, detail)
                continue
            if definition is not None:
                self._definitions.append(definition)

    def _define(self, line: LogicalLine, declaration: Declaration) -> Definition | None:
        return define(line, declaration, self._escape, self._environment)

    def _add_argument_problem(
        self, entry: Instruction, line: LogicalLine, declaration: Declaration, detail: str
    ) -> None:
        span = Span(line.offset(declaration.start - 1), line.offset(declaration.end - 1) + 1)
        place = make_skipped(self._site(NO_REFERENCE, entry.first, span), "", "parse-error", detail)
        self._found.append(Found(span.start, place))

    def _taken_over(self) -> frozenset[str]:
        """Return the names that stages declare again without a default: they get the global one."""
        return frozenset([one.name for one in self._in_stages() if one.start < 0])

    def _in_stages(self) -> Iterator[Declaration]:
        for entry in self._declared_in_stages:
            yield from read_declarations(self._join(entry), self._escape)

    def _read_command(self, entry: Instruction, stages: Collection[str]) -> None:
        match = self._shortcuts.copy.match(self._source.text, self._source.starts[entry.first])
        if match is not None and entry.name == "COPY":
            image, start = match[1], match.start(1)
            site = self._site("copy-from", entry.first, Span(start, match.end(1)))
            use = Use("copy-from", Text(image, ()))
            self._found.append(Found(start, judge_use(site, use, [Piece(image, start)], stages)))
            return
        line = self._join(entry)
        if entry.name in COMMANDS:
            self._read_uses(entry, line, stages)
        detail = find_refusal(entry.name, line.text, self._escape)
        if detail:
            self._add_refusal(entry, line, detail)

    def _read_uses(self, entry: Instruction, line: LogicalLine, stages: Collection[str]) -> None:
        for use in read_uses(line, self._escape):
            runs = [run for start, end in use.name.ranges for run in line.runs(start, end)]
            pieces = [Piece(text, offset) for offset, text in runs]
            start = pieces[0].offset if pieces else line.offset(0)
            site = self._site(use.kind, entry.first, Span(start, pieces[-1].end if pieces else start))
            self._found.append(Found(start, judge_use(site, use, pieces, stages)))

    def _add_refusal(self, entry: Instruction, line: LogicalLine, detail: str) -> None:
        """Report, once for a file, what makes BuildKit refuse it. The text is the name, which no digest changes."""
        if self._refused:
            return
        self._refused = True
        start = line.offset(0)
        site = self._site(NO_REFERENCE, entry.first, Span(start, start + len(entry.name)))
        self._found.append(Found(start, make_skipped(site, "", "parse-error", detail)))
