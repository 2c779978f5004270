"""A world for the command line: a folder, streams that remember, a fixed day, and a resolver passed in."""

from __future__ import annotations

import contextlib
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fakes import FakeResolver
from schemas import hold_files, hold_output

from pinner.__main__ import main
from pinner.cli.context import Context, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pinner.config import Settings
    from pinner.oci.resolver import Listener, Registry

TODAY = date(2026, 11, 1)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()


class Outcome(NamedTuple):
    """What a run left behind."""

    status: int
    stdout: str
    stderr: str
    raw: bytes


def world(
    folder: Path,
    resolver: Registry | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    terminal: bool = False,
    encoding: str = "utf-8",
    now: float | None = None,
    warnings: Sequence[str] = (),
    stdin: bytes = b"",
) -> Context:
    answering = resolver or FakeResolver()

    @contextlib.asynccontextmanager
    async def connect(
        _settings: Settings, _environment: Mapping[str, str], listener: Listener
    ) -> AsyncIterator[Registry]:
        for warning in warnings:
            listener.warning(warning)
        yield answering

    return Context(
        folder=str(folder),
        environment=environment or {},
        stdout=Stream(io.BytesIO(), encoding, terminal),
        stderr=Stream(io.BytesIO(), encoding, terminal),
        today=TODAY,
        connect=connect,
        stdin=lambda: stdin,
        clock=lambda: NOW if now is None else now,
    )


def outcome(context: Context, *arguments: str) -> Outcome:
    """Run ``pinner`` with ``arguments`` in ``context``; JSON that it prints, and its files, are as the schemas say.

    Of what a terminal showed, what stays: how much progress was drawn over depends on the machine.
    """
    status = main(arguments, context=context)
    streams = []
    for stream in (context.stdout, context.stderr):
        assert isinstance(stream.raw, io.BytesIO)
        streams.append(stream.raw.getvalue())
    out, err = (data.decode(context.stdout.encoding, "surrogateescape") for data in streams)
    if context.stderr.terminal:
        err = re.sub(r"[^\n]*\r", "", err)
    if status != 2 or out:
        hold_output(arguments, out)
    hold_files(Path(context.folder))
    return Outcome(status, out, err, streams[0])


def pinner(
    folder: Path,
    *arguments: str,
    resolver: Registry | None = None,
    warnings: Sequence[str] = (),
    stdin: bytes = b"",
) -> Outcome:
    """Run ``pinner`` with ``arguments`` in ``folder``; the registry warns of ``warnings``."""
    return outcome(world(folder, resolver, warnings=warnings, stdin=stdin), *arguments)
