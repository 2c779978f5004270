"""Edits that the language server offers: those of ``pinner pin``, and comments that silence a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import InputError, attempt
from pinner.formats import configured, locate
from pinner.model import Document
from pinner.plan import Changed, Failed
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
    from datetime import date

    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.lsp.buffer import Buffer, Position
    from pinner.model import Span
    from pinner.plan import Plan
    from pinner.scan.suppressions import Source

_MARK = b"\xef\xbb\xbf"
REASON = "say why"
"""What the user is to write in its place."""


class TextEdit(NamedTuple):
    """What a client puts in the place of a range."""

    start: Position
    end: Position
    text: str


def edits_of(plan: Plan, buffer: Buffer, span: Span | None = None) -> tuple[list[TextEdit], list[str]]:
    """Return the edits of ``plan`` in ``buffer``, and why there are none for some; of the places on ``span`` alone.

    Places that share a text share their edit: it is there once.
    """
    edits = {}
    failures = []
    for verdict in plan.verdicts:
        if span is not None and verdict.place.span != span:
            continue
        if isinstance(verdict, Changed):
            edit = verdict.edit
            edits[edit.start] = TextEdit(
                buffer.position(edit.start), buffer.position(edit.end), edit.replacement.decode("utf-8")
            )
        elif isinstance(verdict, Failed):
            failures.append(verdict.error.message)
    return [edits[start] for start in sorted(edits)], list(dict.fromkeys(failures))


def ignoring(finding: Finding, source: Source, buffer: Buffer, settings: Settings, today: date) -> TextEdit | None:
    """Return the edit that silences ``finding`` by a comment above it; None where the format takes no such comment.

    The text with the comment is looked into: it names the same images, and the comment silences the rule there.
    """
    if source.document.path.endswith(".json"):
        # As YAML it could have one; whoever reads it as JSON would not take it.
        return None
    line = finding.place.line
    start, end = buffer.line_of(line)
    row = buffer.data[start:end]
    mark = len(_MARK) if row.startswith(_MARK) else 0
    indent = row[mark : len(row) - len(row[mark:].lstrip(b" \t"))].decode("ascii")
    text = f"{indent}# pinner: ignore[{finding.rule.id}] {REASON}{buffer.line_end}"
    start += mark
    after = Document(source.document.path, buffer.data[:start] + text.encode() + buffer.data[start:])
    found = attempt(locate, after, configured(settings.formats))
    if found is None or isinstance(found, InputError):
        return None
    again = apply_suppressions(after, *found, today=today, images_exclude=settings.images_exclude)
    if [place.kind for place in again.located.places] != [place.kind for place in source.located.places]:
        return None
    if not any(one.place.line == line + 1 and one.silenced(finding.rule.id) for one in again.candidates):
        return None
    position = buffer.position(start)
    return TextEdit(position, position, text)
