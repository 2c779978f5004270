"""Session of the language server: open documents by workspace, and what is told of each of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from pinner.errors import ConfigError
from pinner.files import repository_around
from pinner.lsp.buffer import Buffer, Change, Position, suppression_edit
from pinner.lsp.hover import hover_text, lens_title
from pinner.lsp.workspace import CheckedDocument, Workspace
from pinner.model import Occurrence
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.lsp.backend import Backend
    from pinner.lsp.buffer import Encoding, TextEdit
    from pinner.model import Place

SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
PIN, UPDATE, ASK = "pinner.pin", "pinner.update", "pinner.ask"


class Opened(NamedTuple):
    """Where an open document belongs."""

    workspace: Workspace
    path: str
    is_wanted: bool


class Session:
    """All that the server knows."""

    def __init__(self, backend: Backend, environment: Mapping[str, str]) -> None:
        self.backend = backend
        self.encoding: Encoding = "utf-16"
        self.workspaces: dict[str, Workspace] = {}
        self.opened: dict[str, Opened] = {}
        self._environment = environment
        self._folders: tuple[str, ...] = ()
        self._checked: dict[str, CheckedDocument] = {}

    def begin(self, folders: Sequence[str], encoding: Encoding) -> None:
        """Take up the folders that the editor has open (URIs); documents that are open stay where they are."""
        self.encoding = encoding
        self._folders = tuple(filter(None, map(to_fs_path, folders)))

    def _workspace(self, file: str) -> Workspace:
        """Return the workspace that ``file`` belongs to: the repository around it, or the folder that is open."""
        holding = [one for one in self._folders if file.startswith(os.path.join(one, ""))]
        parent = os.path.dirname(file)
        whole = repository_around(parent) or max(holding, key=len, default=None)
        folder = whole or parent
        if folder not in self.workspaces:
            self.workspaces[folder] = Workspace(folder, self.backend.settings, self._environment)
        workspace = self.workspaces[folder]
        workspace.is_whole = whole is not None
        return workspace

    def open(self, uri: str, text: str, version: int) -> Workspace | None:
        """Take up a document; return its workspace, None for one that is no file."""
        file = to_fs_path(uri)
        if not uri.startswith("file:") or not file:
            return None
        workspace = self._workspace(file)
        opened = Opened(workspace, workspace.path_of(file), workspace.wants(file))
        self.opened[uri] = opened
        if opened.is_wanted:
            workspace.open[opened.path] = Buffer(text, version, self.encoding)
        return workspace

    def change(self, uri: str, changes: Sequence[Change], version: int) -> None:
        """Edit an open document."""
        opened = self.opened.get(uri)
        if opened is not None and opened.is_wanted:
            texts = opened.workspace.open
            texts[opened.path] = texts[opened.path].edited(changes, version)

    def close(self, uri: str) -> None:
        """Forget a document; what its file holds counts again."""
        opened = self.opened.pop(uri, None)
        if opened is not None:
            opened.workspace.open.pop(opened.path, None)
            opened.workspace.statuses.pop(opened.path, None)
        self._checked.pop(uri, None)

    def check(self, workspace: Workspace) -> Iterator[tuple[str, int, list[types.Diagnostic]]]:
        """Yield what is to be told of each open document of ``workspace``: URI, version, diagnostics."""
        found = workspace.check(self.backend.today())
        for uri, opened in self.opened.items():
            if opened.workspace is workspace and opened.path in found:
                checked = self._checked[uri] = found[opened.path]
                yield uri, checked.buffer.version, [*_diagnostics(checked, workspace)]

    def checked(self, uri: str) -> tuple[Opened, CheckedDocument] | None:
        """Return what is known of a document as it stands now; None where nothing is."""
        opened = self.opened.get(uri)
        if opened is None or not opened.is_wanted:
            return None
        checked = self._checked.get(uri)
        if checked is None or checked.buffer is not opened.workspace.open[opened.path]:
            for _ in self.check(opened.workspace):
                continue
            checked = self._checked[uri]
        return opened, checked

    def hover(self, uri: str, position: Position) -> types.Hover | None:
        """Return what is known of the image at ``position``."""
        known = self.checked(uri)
        if known is None or known[1].source is None:
            return None
        opened, checked = known
        offset = checked.buffer.offset(position)
        place = next((one for one in _places(checked) if one.span.start <= offset <= one.span.end), None)
        if place is None:
            return None
        view = opened.workspace.view
        lock = None if view is None else view.lock
        statuses = opened.workspace.statuses.get(opened.path)
        text = hover_text(place, known[1].source, lock, statuses, self.backend.today())
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), range_of(checked.buffer, *place.span))

    def lenses(self, uri: str) -> list[types.CodeLens]:
        """Return a lens above every pin that registries were asked about and that is stale."""
        known = self.checked(uri)
        statuses = None if known is None else known[0].workspace.statuses.get(known[0].path)
        if known is None or statuses is None:
            return []
        checked, found = known[1], {}
        for place in _occurrences(checked):
            status = statuses.of(place)
            title = None if status is None else lens_title(place, status)
            if title is not None:
                command = types.Command(title, UPDATE, arguments=[_argument(uri, checked, place)])
                found[place.span] = types.CodeLens(range_of(checked.buffer, *place.span), command)
        return list(found.values())

    def actions(self, uri: str, start: Position, end: Position) -> list[types.CodeAction]:
        """Return what can be done about the images between ``start`` and ``end``, and about the whole document."""
        known = self.checked(uri)
        if known is None or known[1].source is None:
            return []
        opened, checked = known
        first, last = checked.buffer.offset(start), checked.buffer.offset(end)
        near = {place.span: place for place in _places(checked) if place.span.start <= last and first <= place.span.end}
        actions = [action for place in near.values() for action in _about(uri, checked, place)]
        for finding in checked.findings:
            if finding.place.span in near:
                edit = suppression_edit(
                    finding, known[1].source, checked.buffer, opened.workspace.settings, self.backend.today()
                )
                actions += [] if edit is None else [self._ignoring(uri, checked, finding, edit)]
        return [*actions, *_about_all(uri, checked)]

    def _ignoring(self, uri: str, checked: CheckedDocument, finding: Finding, edit: TextEdit) -> types.CodeAction:
        return types.CodeAction(
            f"Ignore {finding.rule.id} ({finding.rule.name}) here, with a reason",
            types.CodeActionKind.QuickFix,
            diagnostics=[_diagnostic(finding, checked.buffer, "")],
            edit=workspace_edit(uri, checked.buffer, [edit]),
        )


def _places(checked: CheckedDocument) -> Iterator[Place]:
    """Yield what stands in the document: places without a text are of the whole file."""
    candidates = () if checked.source is None else checked.source.candidates
    return (one.place for one in candidates if one.place.span.end > one.place.span.start)


def _occurrences(checked: CheckedDocument) -> Iterator[Occurrence]:
    return (place for place in _places(checked) if isinstance(place, Occurrence))


def _argument(uri: str, checked: CheckedDocument, place: Place | None) -> dict[str, object]:
    span = None if place is None else list(place.span)
    return {"uri": uri, "version": checked.buffer.version, "span": span}


def _about(uri: str, checked: CheckedDocument, place: Place) -> Iterator[types.CodeAction]:
    if not isinstance(place, Occurrence):
        return
    name, argument = printable(str(place.reference.familiar)), [_argument(uri, checked, place)]
    if place.reference.digest is None:
        title = f"Pin {name} to its digest"
        command = types.Command(title, PIN, arguments=argument)
        yield types.CodeAction(title, types.CodeActionKind.QuickFix, command=command, is_preferred=True)
    elif place.reference.tag is not None:
        title = f"Update {name} to what its tag means now"
        command = types.Command(title, UPDATE, arguments=argument)
        yield types.CodeAction(title, types.CodeActionKind.QuickFix, command=command)


def _about_all(uri: str, checked: CheckedDocument) -> Iterator[types.CodeAction]:
    found = list(_occurrences(checked))
    argument = [_argument(uri, checked, None)]
    offered = (
        ("Pin every image in this file", PIN, any(one.reference.digest is None for one in found)),
        ("Update every digest in this file", UPDATE, any(one.reference.digest is not None for one in found)),
        ("Ask the registries how the pins here stand", ASK, bool(found)),
    )
    for title, name, is_offered in offered:
        if is_offered:
            command = types.Command(title, name, arguments=argument)
            yield types.CodeAction(title, types.CodeActionKind.Source, command=command)


def range_of(buffer: Buffer, start: int, end: int) -> types.Range:
    """Return the range between two byte offsets."""
    return types.Range(types.Position(*buffer.position(start)), types.Position(*buffer.position(end)))


def workspace_edit(uri: str, buffer: Buffer, edits: Sequence[TextEdit]) -> types.WorkspaceEdit:
    """Return ``edits`` for the version of the document that they were made for, and for no other."""
    made = [
        types.TextEdit(types.Range(types.Position(*one.start), types.Position(*one.end)), one.text) for one in edits
    ]
    document = types.OptionalVersionedTextDocumentIdentifier(uri, buffer.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, made)])


def _diagnostics(checked: CheckedDocument, workspace: Workspace) -> Iterator[types.Diagnostic]:
    buffer = checked.buffer
    for finding in checked.findings:
        yield _diagnostic(finding, buffer, workspace.folder)
    for problem in () if checked.source is None else checked.source.problems:
        warning = types.DiagnosticSeverity.Warning
        yield types.Diagnostic(
            range_of(buffer, *buffer.line_of(problem.line)), problem.message, warning, source="pinner"
        )
    for trouble in (checked.trouble, workspace.trouble):
        if trouble is not None:
            severity = SEVERITIES["error" if isinstance(trouble, ConfigError) else "warning"]
            yield types.Diagnostic(range_of(buffer, 0, 0), _message(trouble), severity, source="pinner")


def _diagnostic(finding: Finding, buffer: Buffer, folder: str) -> types.Diagnostic:
    place = finding.place
    span = place.span if place.span.end > place.span.start else buffer.line_of(place.line)
    related = [*_related(place, folder)] if folder else []
    return types.Diagnostic(
        range_of(buffer, *span),
        _message(finding),
        SEVERITIES[finding.severity],
        code=finding.rule.id,
        code_description=types.CodeDescription(finding.rule.page),
        source="pinner",
        related_information=related or None,
    )


def _message(told: Finding | PinnerError) -> str:
    return printable(told.message) + (f"\n{printable(told.hint)}" if told.hint else "")


def _related(place: Place, folder: str) -> Iterator[types.DiagnosticRelatedInformation]:
    for decided in place.decided_by:
        path, _, line = decided.rpartition(":")
        uri = from_fs_path(os.path.join(folder, path)) if line.isdecimal() else None
        if uri is not None:
            there = types.Position(max(int(line) - 1, 0), 0)
            location = types.Location(uri, types.Range(there, there))
            yield types.DiagnosticRelatedInformation(location, "decided here")


def change_of(change: types.TextDocumentContentChangeEvent) -> Change:
    """Return what the protocol calls a change."""
    if isinstance(change, types.TextDocumentContentChangePartial):
        return Change(change.text, (position_of(change.range.start), position_of(change.range.end)))
    return Change(change.text)


def position_of(position: types.Position) -> Position:
    """Return what the protocol calls a position."""
    return Position(position.line, position.character)
