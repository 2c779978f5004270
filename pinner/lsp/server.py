"""Language server on standard input and output: methods of the protocol, questions in the background."""

from __future__ import annotations

import asyncio
import gc
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from pinner import __version__
from pinner.errors import PinnerError
from pinner.lsp.backend import Cancellation, EditRequest
from pinner.lsp.buffer import edits_of
from pinner.lsp.session import ASK, PIN, UPDATE, Session, change_of, position_of, workspace_edit
from pinner.model import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from typing import Literal

    from pinner.lsp.backend import Backend
    from pinner.lsp.session import Opened
    from pinner.lsp.workspace import Workspace

PAUSE = 0.02
"""Seconds without a change after which a document is looked into: once for all that comes at once."""
_WATCHED = "**/*"


class Wanted(NamedTuple):
    """What a command is about."""

    uri: str
    version: int
    span: Span | None
    """The place; None for every one in the document."""


class PinnerServer:
    """The server of one client."""

    def __init__(self, backend: Backend, environment: Mapping[str, str]) -> None:
        self.session = Session(backend, environment)
        self.backend = backend
        self.server = LanguageServer("pinner", __version__)
        self._due: asyncio.TimerHandle | None = None
        self._dirty: dict[str, Workspace] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reloading: set[str] = set()
        self._register()

    def _register(self) -> None:
        features: dict[str, Callable[..., Any]] = {
            types.INITIALIZED: self._initialized,
            types.TEXT_DOCUMENT_DID_OPEN: self._opened,
            types.TEXT_DOCUMENT_DID_CHANGE: self._changed,
            types.TEXT_DOCUMENT_DID_SAVE: self._saved,
            types.TEXT_DOCUMENT_DID_CLOSE: self._closed,
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: self._files_changed,
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: self._folders_changed,
            types.TEXT_DOCUMENT_HOVER: self._hover,
            types.TEXT_DOCUMENT_CODE_LENS: lambda params: self.session.lenses(params.text_document.uri),
        }
        for name, method in features.items():
            # Methods take no attributes, and pygls gives some to what it is handed.
            self.server.feature(name)(partial(method))
        kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.Source]
        options = types.CodeActionOptions(code_action_kinds=kinds)
        self.server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)(partial(self._actions))
        for name, command in {PIN: self._pin, UPDATE: self._update, ASK: self._ask}.items():
            self.server.command(name)(partial(command))

    def _folders_changed(self, _: object) -> None:
        workspace = self.server.workspace
        folders = [folder.uri for folder in workspace.folders.values()] or [workspace.root_uri or ""]
        encoding: Any = str(getattr(workspace.position_encoding, "value", workspace.position_encoding))
        self.session.begin(folders, encoding)

    def _initialized(self, params: types.InitializedParams) -> None:
        self._folders_changed(params)
        told = self.server.client_capabilities.workspace
        watching = told.did_change_watched_files if told is not None else None
        if watching is not None and watching.dynamic_registration:
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED)])
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            registration = types.Registration(str(uuid4()), method, options)
            self.server.client_register_capability(types.RegistrationParams([registration]))

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        workspace = self.session.open(document.uri, document.text, document.version)
        if workspace is not None:
            self._look_at(workspace)
            self._reload(workspace)

    def _changed(self, params: types.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        _forget_done(self.server)
        changes = [change_of(one) for one in params.content_changes]
        self.session.change(uri, changes, version)
        opened = self.session.opened.get(uri)
        if opened is not None:
            self._look_at(opened.workspace)

    def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        opened = self.session.opened.get(params.text_document.uri)
        if opened is not None:
            self._reload(opened.workspace)

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        opened = self.session.opened.get(uri)
        self.session.close(uri)
        self._publish(uri, None, [])
        if opened is not None:
            self._look_at(opened.workspace)

    def _files_changed(self, _: types.DidChangeWatchedFilesParams) -> None:
        for workspace in self.session.workspaces.values():
            self._reload(workspace)

    def _hover(self, params: types.HoverParams) -> types.Hover | None:
        return self.session.hover(params.text_document.uri, position_of(params.position))

    def _actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        start, end = position_of(params.range.start), position_of(params.range.end)
        found = self.session.actions(params.text_document.uri, start, end)
        only = params.context.only
        return [one for one in found if not only or any(_is_of(one.kind, kind) for kind in only)]

    def _look_at(self, workspace: Workspace) -> None:
        """Look into the open documents of ``workspace`` once nothing more comes."""
        self._dirty[workspace.folder] = workspace
        if self._due is not None:
            self._due.cancel()
        self._due = asyncio.get_running_loop().call_later(PAUSE, self._look)

    def _look(self) -> None:
        dirty, self._dirty = self._dirty, {}
        for workspace in dirty.values():
            for uri, version, diagnostics in self.session.check(workspace):
                self._publish(uri, version, diagnostics)

    def _publish(self, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))

    def _reload(self, workspace: Workspace) -> None:
        """Read what has changed on disk, in the background; what comes meanwhile is read afterwards, once."""
        if workspace.folder in self._reloading:
            workspace.is_outdated = True
            return
        self._reloading.add(workspace.folder)
        self._spawn(self._read_anew(workspace))

    async def _read_anew(self, workspace: Workspace) -> None:
        try:
            workspace.is_outdated = True
            while workspace.is_outdated:
                workspace.is_outdated = False
                await asyncio.to_thread(workspace.reload)
        except PinnerError as error:
            self._tell(error.message, types.MessageType.Warning)
        finally:
            self._reloading.discard(workspace.folder)
        self._look_at(workspace)

    def _spawn(self, work: Any) -> None:  # noqa: ANN401 - a coroutine of any kind
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        self.server.window_show_message(types.ShowMessageParams(kind, message))

    # Two methods: pygls makes a command's arguments from the types that the signature has, all of them.
    # `object`: pygls asks of the first whether it is a subclass, and what is no class breaks that from Python 3.13 on.
    async def _pin(self, *arguments: object) -> None:
        await self._edit("pin", *arguments)

    async def _update(self, *arguments: object) -> None:
        await self._edit("update", *arguments)

    async def _edit(self, operation: Literal["pin", "update"], *arguments: object) -> None:
        """Ask what tags mean and have the client make the edits, for the text as it stands then."""
        wanted = _wanted(arguments)
        known = self.session.checked(wanted.uri)
        if known is None:
            return
        opened, checked = known
        plan = None
        if checked.buffer.version == wanted.version:
            plan = await self._asked(partial(self._planned, operation, opened))
            if plan is None:
                return
        if plan is None or checked.buffer is not opened.workspace.open.get(opened.path):
            self._tell("the text has changed: ask again", types.MessageType.Warning)
            return
        edits, failures = edits_of(plan, checked.buffer, wanted.span)
        for failure in failures:
            self._tell(failure, types.MessageType.Error)
        if edits:
            edit = workspace_edit(wanted.uri, checked.buffer, edits)
            await self.server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, f"pinner {operation}"))
        elif not failures:
            self._tell("nothing to do: the digests are what the tags mean")

    def _planned(self, operation: Literal["pin", "update"], opened: Opened, cancel: Cancellation) -> Any:  # noqa: ANN401
        workspace = opened.workspace
        targets, survey = workspace.surveyed(self.backend.today())
        request = EditRequest(workspace.folder, operation, targets, survey, opened.path)
        return next((one for one in self.backend.plans(request, cancel) if one.document.path == opened.path), None)

    async def _ask(self, *arguments: object) -> None:
        """Ask how the pins of a document stand, and tell it in diagnostics, lenses and hovers."""
        wanted = _wanted(arguments)
        known = self.session.checked(wanted.uri)
        source = None if known is None else known[1].source
        if known is None or source is None:
            return
        opened, workspace = known[0], known[0].workspace
        ask = partial(self.backend.statuses, workspace.folder, workspace.settings, source)
        statuses = await self._asked(ask)
        if statuses is None:
            return
        workspace.statuses[opened.path] = statuses
        self._look_at(workspace)
        told = self.server.client_capabilities.workspace
        if told is not None and told.code_lens is not None and told.code_lens.refresh_support:
            self.server.workspace_code_lens_refresh(None)

    async def _asked(self, work: Callable[[Cancellation], Any]) -> Any:  # noqa: ANN401 - whatever it returns
        """Return what ``work`` returns, done in another thread while the client shows progress; None where it failed.

        It ends where the client cancels the progress.
        """
        cancel = Cancellation()
        token = await self._begin(cancel)
        try:
            return await asyncio.to_thread(work, cancel)
        except PinnerError as error:
            self._tell(error.message + (f" ({error.hint})" if error.hint else ""), types.MessageType.Error)
        except asyncio.CancelledError:
            if not cancel.is_cancelled:
                cancel.cancel()
                raise
        finally:
            if token is not None:
                self.server.work_done_progress.end(token, types.WorkDoneProgressEnd())
        return None

    async def _begin(self, cancel: Cancellation) -> str | None:
        """Have the client show progress that can be cancelled; None where it shows none."""
        window = self.server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return None
        token = str(uuid4())
        progress = self.server.work_done_progress
        await progress.create_async(token)
        progress.begin(token, types.WorkDoneProgressBegin("pinner asks the registries", cancellable=True))
        cancelled: Future[Any] = progress.tokens[token]
        cancelled.add_done_callback(lambda _: cancel.cancel())
        return token


def _forget_done(server: LanguageServer) -> None:
    """Let go of what came of notifications: pygls 2.1 keeps every one of them."""
    kept = server.protocol._request_futures  # noqa: SLF001 - there is no other way
    for number in [number for number, future in kept.items() if future.done()]:
        kept.pop(number, None)


def _is_of(kind: str | types.CodeActionKind | None, wanted: str | types.CodeActionKind) -> bool:
    own, asked = (str(getattr(one, "value", one)) for one in (kind, wanted))
    return own == asked or own.startswith(f"{asked}.")


def _wanted(arguments: tuple[Any, ...]) -> Wanted:
    """Return what a command's ``arguments`` say; raises `PinnerError` where they are not what an action gave."""
    try:
        [given] = arguments
        span = given["span"]
        return Wanted(str(given["uri"]), int(given["version"]), None if span is None else Span(*map(int, span)))
    except (ValueError, TypeError, KeyError) as error:
        raise PinnerError("a command of pinner is given by its code actions") from error


def start(backend: Backend, environment: Mapping[str, str]) -> int:
    """Serve on standard input and output until the client says that it goes; return the exit status."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    gc.set_threshold(2000, 10, 10)  # a command ends before circles count, a server does not
    PinnerServer(backend, environment).server.start_io()
    return 0
