"""``pinner lsp``: the language server on standard input and output."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import DEFAULTS, Invocation, Options
from pinner.cli.lock_step import Order, ScannedFiles, change_by_lock, open_run
from pinner.cli.registry_answers import ask, with_registry
from pinner.cli.settings import settings_for
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError
from pinner.findings.pin_status import look_up_pin_statuses
from pinner.lockfile.file import lock_file, read_lock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import date

    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.findings.pin_status import PinStatuses
    from pinner.lsp.backend import Cancellation, EditRequest
    from pinner.oci.resolver import Listener, Registry
    from pinner.plan import Plan
    from pinner.scan.suppressions import Source


class CommandBackend(NamedTuple):
    """What the server asks, answered as the commands answer it."""

    context: Context
    options: Options = DEFAULTS

    @property
    def today(self) -> Callable[[], date]:
        """The day of whoever edits: a server runs past midnight."""
        from datetime import date  # noqa: PLC0415 - only here

        return lambda: max(self.context.today, date.today())  # noqa: DTZ011 - `until=` is a day where the user is

    def settings(self, folder: str) -> Settings:
        """Return the settings of a run in ``folder``."""
        return settings_for(self.context._replace(folder=folder), self.options)

    def plans(self, request: EditRequest, cancel: Cancellation) -> tuple[Plan, ...]:
        """Return what ``pinner pin`` or ``pinner update`` of the document in ``request`` does."""
        context = self._in(request.folder, cancel)
        terminal = Terminal(context, self.options)
        settings = settings_for(context, self.options, (request.path,))
        selected = tuple(source for source in request.survey.sources if source.document.path == request.path)
        place = lock_file(settings, context.folder)
        stored = read_lock(place)
        if stored is None:
            return ask(context, settings, selected, request.operation, terminal)
        seen = ScannedFiles(request.targets, request.survey, [target.path for target in request.targets])
        run = open_run(context, settings, terminal, place, stored.lock, seen)
        asked = Order(request.operation, to_index=False, write=False)
        return change_by_lock(run, request.survey.sources, selected, asked)[0]

    def statuses(self, folder: str, settings: Settings, source: Source, cancel: Cancellation) -> PinStatuses:
        """Return how the pins of ``source`` stand."""
        context = self._in(folder, cancel)

        def work(registry: Registry, on_answer: Callable[[int, int], None]) -> Any:  # noqa: ANN401 - a coroutine
            return look_up_pin_statuses([source], settings, registry, on_answer)

        found: PinStatuses = with_registry(context, settings, Terminal(context, self.options), work)
        return found

    def _in(self, folder: str, cancel: Cancellation) -> Context:
        """Return the context of a run in ``folder`` whose questions ``cancel`` can end."""

        @contextlib.asynccontextmanager
        async def connect(
            settings: Settings, environment: Mapping[str, str], listener: Listener
        ) -> AsyncIterator[Registry]:
            cancel.begin()
            try:
                async with self.context.connect(settings, environment, listener) as registry:
                    yield registry
            finally:
                cancel.end()

        return self.context._replace(folder=folder, connect=connect)


def serve(context: Context, options: Options) -> int:
    """Serve until the client says that it goes; return the exit status."""
    try:
        from pinner.lsp.server import start  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "the language server needs pygls, which is not installed", hint="pip install 'image-pinner[lsp]'"
        ) from error
    return start(CommandBackend(context, options), context.environment)


_EPILOG = """\b
Examples:
  pinner lsp                       started by an editor, not by hand
  pinner lsp --offline             ask no registry, whatever is clicked
  pinner lsp --layout images       let an OCI layout answer

\b
What it needs: pip install 'image-pinner[lsp]'
How to set it up in Neovim, Helix, VS Code and Zed: docs/editor.md
"""


@pinner_command("lsp", _EPILOG)
@click.option("--stdio", is_flag=True, help="Speak on standard input and output: what is done in any case.")
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Serve an editor over the Language Server Protocol, on standard input and output.

    What `pinner check` finds is told while one types, in the light of the whole repository. Registries are asked only
    where the user says so: to pin, to update, to learn how pins stand.
    """
    return Invocation(ctx.obj, partial(serve, options=ctx.obj))
