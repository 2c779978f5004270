"""Function calls in a process of their own, limited in time and memory.

What a repository holds is read there: a file that takes hours or all memory costs its own repository alone. Limits on
processor time and memory are the system's (setrlimit); where it has none, on Windows, time alone is limited.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pinner.errors import PinnerError
from pinner.limits import MIB, SURVEY_BYTES, SURVEY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_OUT_OF_MEMORY = 75


class CallLimits(NamedTuple):
    """How much a call may take."""

    seconds: int = SURVEY_SECONDS
    """Of the processor."""
    memory: int = SURVEY_BYTES
    """Bytes of address space."""
    patience: float = 4 * SURVEY_SECONDS
    """Seconds that it may last: it may have to wait for a processor, and for the disk."""


class RunawayError(PinnerError):
    """A call took more than it may."""


async def call_apart(
    function: Callable[..., T],
    *arguments: object,
    environment: Mapping[str, str],
    limits: CallLimits = CallLimits(),  # noqa: B008 - a value
) -> T:
    """Return what ``function``, a module's own, returns for ``arguments``, which go through pickle as its result does.

    Raises what it raises, and `RunawayError` where it takes more than ``limits``.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pinner.bot.limited"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=dict(environment) | {"PYTHONPATH": _paths()},
    )
    try:
        async with asyncio.timeout(limits.patience):
            output, _ = await process.communicate(pickle.dumps((limits, function, arguments)))
    except TimeoutError:
        raise RunawayError(f"what it holds took longer than {limits.patience:g} seconds to read") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if not output:
        raise _runaway(process.returncode or 0, limits)
    # Made by this program of what it has read, and by nobody else.
    is_result, value = pickle.loads(output)  # noqa: S301 - as above
    if is_result:
        return value  # type: ignore[no-any-return] # what the function returns
    raise value


def _paths() -> str:
    """Return where this process finds its modules, for the other to find the same."""
    import os  # noqa: PLC0415 - for the separator alone

    return os.pathsep.join(filter(None, sys.path))


def _runaway(status: int, limits: CallLimits) -> RunawayError:
    if status == _OUT_OF_MEMORY:
        return RunawayError(f"what it holds takes more than {limits.memory // MIB} MB of memory to read")
    return RunawayError(f"what it holds took more than {limits.seconds} seconds of a processor to read")


def _limit(limits: CallLimits) -> None:
    try:
        import resource  # noqa: PLC0415 - POSIX's
    except ImportError:  # pragma: no cover - Windows: the parent's limit on time is left
        return
    for kind, most in ((resource.RLIMIT_CPU, limits.seconds), (resource.RLIMIT_AS, limits.memory)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _serve() -> int:
    """Do what is asked for on standard input, and answer on standard output."""
    limits, function, arguments = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - by the process that started this
    _limit(limits)
    try:
        answer = pickle.dumps((True, function(*arguments)))
    except MemoryError:
        return _OUT_OF_MEMORY
    except Exception as error:  # noqa: BLE001 - raised anew where it was called from
        answer = pickle.dumps((False, error))
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(_serve())
