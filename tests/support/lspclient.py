"""A real client of the language server, over standard input and output of a process, as editors do it."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from forkserver import start_program
from lsprotocol import types
from pygls.lsp.client import LanguageClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

ROOT = Path(__file__).parent.parent.parent
_SO_LONG = 120.0
"""Seconds after which a test that waits has failed."""


class Editor:
    """An editor: its open texts, as the server's edits leave them, and all that it was told."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.diagnostics: dict[str, types.PublishDiagnosticsParams] = {}
        self.messages: list[str] = []
        self.progress: list[str | int] = []
        self.ended: list[str | int] = []
        self.refreshed = 0
        self.registered: list[str] = []
        self.cancels = False
        """Whether every progress is cancelled as soon as it is there."""
        self._news = asyncio.Event()
        handlers: dict[str, Callable[..., Any]] = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: self._told,
            types.WINDOW_SHOW_MESSAGE: self._shown,
            types.WORKSPACE_APPLY_EDIT: self._apply,
            types.WINDOW_WORK_DONE_PROGRESS_CREATE: self._created,
            types.PROGRESS: self._reported,
            types.WORKSPACE_CODE_LENS_REFRESH: self._refreshed,
            types.CLIENT_REGISTER_CAPABILITY: self._registered,
        }
        for name, method in handlers.items():
            # Methods take no attributes, and pygls gives some to what it is handed.
            client.feature(name)(partial(method))

    def _heard(self) -> None:
        self._news.set()

    def _told(self, params: types.PublishDiagnosticsParams) -> None:
        self.diagnostics[params.uri] = params
        self._heard()

    def _shown(self, params: types.ShowMessageParams) -> None:
        self.messages.append(params.message)
        self._heard()

    def _created(self, params: types.WorkDoneProgressCreateParams) -> None:
        self.progress.append(params.token)

    def _reported(self, params: types.ProgressParams) -> None:
        value: Any = params.value
        kind = value["kind"] if isinstance(value, dict) else value.kind
        if kind == "begin" and self.cancels:
            self.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(params.token))
        if kind == "end":
            self.ended.append(params.token)
            self._heard()

    def _registered(self, params: types.RegistrationParams) -> None:
        self.registered += [one.method for one in params.registrations]
        self._heard()

    def _refreshed(self, _: object) -> None:
        self.refreshed += 1
        self._heard()

    def _apply(self, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        self.apply(params.edit)
        self._heard()
        return types.ApplyWorkspaceEditResult(applied=True)

    def apply(self, edit: types.WorkspaceEdit) -> None:
        """Make an edit as an editor does: of the version that it is for, from the end to the beginning."""
        for one in edit.document_changes or ():
            assert isinstance(one, types.TextDocumentEdit)
            uri = one.text_document.uri
            assert one.text_document.version == self.versions[uri]
            text = self.texts[uri]
            for part in sorted(one.edits, key=lambda part: (part.range.start.line, part.range.start.character))[::-1]:
                assert isinstance(part, types.TextEdit)
                text = replaced(text, part.range, part.new_text)
            self.change(uri, text)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None) -> str:
        """Open a file; with ``text`` as it is being typed."""
        uri = self.uri(name)
        if text is None:
            text = (self.folder / name).read_bytes().decode("utf-8")
        self.texts[uri], self.versions[uri] = text, 1
        item = types.TextDocumentItem(uri, "plaintext", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def save(self, uri: str) -> None:
        """Say that a text was saved; the file is the test's to write."""
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def change(self, uri: str, text: str) -> None:
        self.texts[uri] = text
        self._send(uri, [types.TextDocumentContentChangeWholeDocument(text)])

    def type(self, uri: str, range_: types.Range, text: str) -> None:
        """Put ``text`` in the place of a range, as a keystroke does."""
        self.texts[uri] = replaced(self.texts[uri], range_, text)
        self._send(uri, [types.TextDocumentContentChangePartial(range_, text)])

    def _send(self, uri: str, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until what was told makes ``is_so`` true."""
        async with asyncio.timeout(_SO_LONG):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    async def findings(self, uri: str, expected: Sequence[str] | None = None) -> list[types.Diagnostic]:
        """Return what is told of the document as it stands; with ``expected`` once these codes are told."""

        def is_told() -> bool:
            told = self.diagnostics.get(uri)
            if told is None or told.version != self.versions[uri]:
                return False
            return expected is None or [str(one.code) for one in told.diagnostics] == list(expected)

        try:
            await self.until(is_told)
        except TimeoutError:
            told = [(one.code, one.message) for one in self.diagnostics[uri].diagnostics]
            raise AssertionError(told) from None
        return list(self.diagnostics[uri].diagnostics)

    async def actions(self, uri: str, line: int, character: int) -> dict[str, types.CodeAction]:
        there = types.Position(line, character)
        context = types.CodeActionContext([])
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), types.Range(there, there), context)
        found = await self.client.text_document_code_action_async(params)
        return {one.title: _action(one) for one in found or ()}

    async def run(self, command: types.Command | None) -> None:
        assert command is not None
        params = types.ExecuteCommandParams(command.command, command.arguments)
        await self.client.workspace_execute_command_async(params)

    async def hover(self, uri: str, line: int, character: int) -> str | None:
        params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        found = await self.client.text_document_hover_async(params)
        if found is None:
            return None
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value


def _action(found: types.Command | types.CodeAction) -> types.CodeAction:
    """Return an action as it was sent: lsprotocol takes one that has a command for a command alone."""
    if isinstance(found, types.CodeAction):
        return found
    return types.CodeAction(found.title, command=types.Command(**ast.literal_eval(found.command)))


def replaced(text: str, range_: types.Range, new: str) -> str:
    """Return ``text`` with ``new`` in the place of ``range_``, read as the protocol says, by other means than ours."""
    units = text.encode("utf-16-le", "surrogatepass")
    starts = [0]
    at = 0
    while at < len(units):
        if units[at : at + 4] == "\r\n".encode("utf-16-le"):
            at += 4
            starts.append(at)
        else:
            at += 2
            if units[at - 2 : at] in ("\n".encode("utf-16-le"), "\r".encode("utf-16-le")):
                starts.append(at)
    start, end = (starts[one.line] + 2 * one.character for one in (range_.start, range_.end))
    made = units[:start] + new.encode("utf-16-le", "surrogatepass") + units[end:]
    return made.decode("utf-16-le", "surrogatepass")


CAPABLE = types.ClientCapabilities(
    window=types.WindowClientCapabilities(work_done_progress=True),
    workspace=types.WorkspaceClientCapabilities(
        code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
    ),
)


@contextlib.asynccontextmanager
async def editing(
    folder: Path, *options: str, capabilities: types.ClientCapabilities = CAPABLE
) -> AsyncIterator[Editor]:
    """Start the server for ``folder``, and end it as editors do."""
    client = LanguageClient("editor", "1")
    editor = Editor(client, folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder.parent / "cache")}

    process = await start_program(environment, folder, "lsp", *options)

    async def start(*_: object, **__: object) -> Any:
        return process

    with pytest.MonkeyPatch.context() as patched:
        # pygls takes no process that is there already.
        patched.setattr(asyncio, "create_subprocess_exec", start)
        await client.start_io("pinner")
    folders = [types.WorkspaceFolder(folder.as_uri(), folder.name)]
    await client.initialize_async(types.InitializeParams(capabilities, workspace_folders=folders))
    client.initialized(types.InitializedParams())
    try:
        yield editor
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()  # type: ignore[no-untyped-call] # pygls's own


def played(scene: Coroutine[Any, Any, None]) -> None:
    """Play one scene to its end."""
    asyncio.run(scene)
