"""Function calls in a process of their own, limited in time and memory.

What a repository holds is read and worked on there: a file that takes hours or all memory costs its own repository
alone. Limits on processor time and memory are the system's (setrlimit); where it has none, on Windows, the time that
the whole repository may take is left. Registries are asked by the process that called, for all repositories at once.
"""

from __future__ import annotations

import asyncio
import copyreg
import io
import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.errors import PinnerError, UnavailableError
from pinner.limits import MIB, WORK_BYTES, WORK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pinner.model import Resolved
    from pinner.oci.resolver import Allowance, Registry
    from pinner.oci.types import Attachment, Config, Depth, Image, Signature
    from pinner.reference import ImageReference, Platform
    from pinner.registry.artifacts import ArtifactReader

_OUT_OF_MEMORY = 75
_PARTING = 10.0
"""Seconds in which a process that has answered ends by itself."""
_LENGTH = 8
"""Bytes before each message that say how long it is."""


class CallLimits(NamedTuple):
    """How much a call may take."""

    seconds: int = WORK_SECONDS
    """Of the processor."""
    memory: int = WORK_BYTES
    """Bytes of address space."""


class LimitExceededError(PinnerError):
    """A call took more than it may."""


async def call_in_child(
    function: Callable[..., Any],
    *arguments: object,
    environment: Mapping[str, str],
    limits: CallLimits = CallLimits(),  # noqa: B008 - a value
    registry: Registry | None = None,
) -> Any:  # noqa: ANN401 - what the function returns
    """Return what ``function``, a module's own, returns for ``arguments``, which go through pickle as its result does.

    With ``registry`` it is a coroutine function, whose last argument asks ``registry``, which stays in this process.
    Raises what it raises, and `LimitExceededError` where it takes more than ``limits``. Who gives up waiting ends it.
    """
    process = await start_process(environment)
    caller = _Caller(process, registry)
    try:
        await caller.send((limits, function, arguments, registry is not None))
        done = await caller.answer_until_done()
        if done is None:
            raise _runaway(await process.wait(), limits)
        with suppress(TimeoutError):
            # It has nothing left to do but to end: who is killed leaves what it would have removed or written.
            await asyncio.wait_for(process.wait(), _PARTING)
    finally:
        await caller.end()
    is_result, value = done
    if is_result:
        return value
    raise value


async def start_process(environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start a process that does, by `serve`, what it is told on its standard input."""
    # -P: the folder that this runs in is a repository of somebody's, and no place for modules.
    command = (sys.executable, "-P", "-c", "import sys, pinner.bot.child_process as child; sys.exit(child.serve())")
    pipe, variables = asyncio.subprocess.PIPE, {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=dict(environment) | variables)


class _Caller:
    """The side that called, with what it is to ask for the other."""

    def __init__(self, process: asyncio.subprocess.Process, registry: Registry | None) -> None:
        self._process = process
        self._registry = registry
        self._alone = asyncio.Lock()
        self._asking: set[asyncio.Task[None]] = set()

    async def send(self, message: object) -> None:
        stdin = self._process.stdin
        async with self._alone:
            try:
                if stdin is not None:
                    stdin.write(_framed(message))
                    await stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                # It has ended: there is no answer to come, and that says why.
                return

    async def answer_until_done(self) -> tuple[bool, Any] | None:
        """Answer its questions; return whether it has a result, and that or its error; None where it just ended."""
        while (message := await self._receive()) is not None:
            number, value = message
            if number is None:
                return value  # type: ignore[no-any-return] # as the other side makes it
            task = asyncio.create_task(self._ask(number, *value))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        return None

    async def _receive(self) -> tuple[int | None, Any] | None:
        stdout = self._process.stdout
        with suppress(asyncio.IncompleteReadError):
            if stdout is not None:
                length = int.from_bytes(await stdout.readexactly(_LENGTH), "big")
                # Made by this program of what it has read, and by nobody else.
                return pickle.loads(await stdout.readexactly(length))  # type: ignore[no-any-return] # noqa: S301
        return None

    async def _ask(self, number: int, method: str, arguments: tuple[object, ...]) -> None:
        try:
            answer = True, await getattr(self._registry, method)(*arguments)
        except Exception as error:  # noqa: BLE001 - raised anew where it was asked
            answer = False, error
        await self.send((number, *answer))

    async def end(self) -> None:
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def _framed(message: object) -> bytes:
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    pickler.dispatch_table = copyreg.dispatch_table.copy()
    pickler.dispatch_table[MappingProxyType] = _plain_mapping
    pickler.dump(message)
    data = file.getvalue()
    return len(data).to_bytes(_LENGTH, "big") + data


def _plain_mapping(mapping: MappingProxyType[object, object]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return read_only, (dict(mapping),)


def read_only(values: dict[object, object]) -> MappingProxyType[object, object]:
    """Return ``values`` as they were before they were sent."""
    return MappingProxyType(values)


def _runaway(status: int, limits: CallLimits) -> LimitExceededError:
    if status == _OUT_OF_MEMORY:
        return LimitExceededError(f"what it holds takes more than {limits.memory // MIB} MB of memory")
    return LimitExceededError(f"what it holds took more than {limits.seconds} seconds of a processor")


class ParentRegistry:
    """A `pinner.oci.resolver.Registry` that has the process ask which called this one."""

    def __init__(self, send: Callable[[object], None]) -> None:
        self._send = send
        self._numbers = count()
        self._open: dict[int, asyncio.Future[Any]] = {}

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the tag of ``reference`` means now."""
        answer: Resolved = await self._ask("resolve", reference, platform)
        return answer

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        """Return what is served under the digest of ``reference``, or under its tag."""
        image: Image = await self._ask("describe", reference, depth, None if platforms is None else tuple(platforms))
        return image

    async def config(self, reference: ImageReference) -> Config | None:
        """Return the config under the digest of ``reference``, or None."""
        config: Config | None = await self._ask("config", reference)
        return config

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
        """Return what lies beside ``reference``."""
        found: tuple[Attachment, ...] = await self._ask("attachments", reference)
        return found

    async def list_tags(self, reference: ImageReference, wanted: str = "") -> tuple[str, ...]:
        """Return every tag in the repository of ``reference``."""
        tags: tuple[str, ...] = await self._ask("list_tags", reference, wanted)
        return tags

    async def signature(self, reference: ImageReference, after: ImageReference | None = None) -> Signature | None:
        """Return who signed the digest of ``reference``."""
        signature: Signature | None = await self._ask("signature", reference, after)
        return signature

    def artifacts(self, reference: ImageReference) -> ArtifactReader:
        """Raise `UnavailableError`: what strangers signed is read by the process that asks the registries."""
        raise UnavailableError(f"the signatures of {reference} are not read here")

    async def allowance(self, registry: str, reference: ImageReference | None = None) -> Allowance:
        """Return how much ``registry`` lets us fetch."""
        allowance: Allowance = await self._ask("allowance", registry, reference)
        return allowance

    async def _ask(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - each method's own
        number = next(self._numbers)
        future = self._open[number] = asyncio.get_running_loop().create_future()
        self._send((number, (method, arguments)))
        return await future

    def answered(self, number: int, is_result: bool, value: Any) -> None:  # noqa: ANN401, FBT001 - as it was sent
        """Hand on the answer to question ``number``."""
        future = self._open.pop(number)
        if future.done():
            return
        if is_result:
            future.set_result(value)
        else:
            future.set_exception(value)


def _limit(limits: CallLimits) -> None:
    try:
        import resource  # noqa: PLC0415 - POSIX's
    except ImportError:  # pragma: no cover - Windows: the parent's limit on time is left
        return
    for kind, most in ((resource.RLIMIT_CPU, limits.seconds), (resource.RLIMIT_AS, limits.memory)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _read(file: io.FileIO) -> Any:  # noqa: ANN401 - whatever was sent
    """Return the next message; None where the other side is gone."""
    header = _exactly(file, _LENGTH)
    data = _exactly(file, int.from_bytes(header, "big"))
    return pickle.loads(data) if len(header) == _LENGTH else None  # noqa: S301 - by the process that started this


def _exactly(file: io.FileIO, length: int) -> bytes:
    data = bytearray()
    while len(data) < length and (part := file.read(length - len(data))):
        data += part
    return bytes(data)


async def _asking(function: Callable[..., Any], arguments: tuple[object, ...], incoming: io.FileIO) -> Any:  # noqa: ANN401
    loop = asyncio.get_running_loop()
    registry = ParentRegistry(_write)

    def listen() -> None:
        while (message := _read(incoming)) is not None:
            loop.call_soon_threadsafe(registry.answered, *message)
        # Who called has gone, and nobody wants a result.
        os._exit(0)

    # Not a file with a buffer: its lock would be held when this process ends.
    threading.Thread(target=listen, daemon=True).start()
    return await function(*arguments, registry)


def _write(message: object) -> None:
    sys.stdout.buffer.write(_framed(message))
    sys.stdout.buffer.flush()


def serve() -> int:
    """Do what is asked for on standard input, and answer on standard output."""
    # Ctrl-C reaches this process too; who called it ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming = io.FileIO(0, closefd=False)
    limits, function, arguments, asks = _read(incoming)
    _limit(limits)
    try:
        value = asyncio.run(_asking(function, arguments, incoming)) if asks else function(*arguments)
        done = True, value
    except MemoryError:
        return _OUT_OF_MEMORY
    except Exception as error:  # noqa: BLE001 - raised anew where it was called from
        done = False, error
    _write((None, done))
    return 0
