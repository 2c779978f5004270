"""Forked worker processes that share a list of work.

What is shared out has to be worth it: a fork takes some 5 ms, and what comes back is pickled. Where the system does not
fork, or anything goes wrong with a process, the work is done in this one.
"""

from __future__ import annotations

import os
import sys

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import NoReturn, TypeVar

    Item = TypeVar("Item")
    Result = TypeVar("Result")

_MOST = 8
"""More processes wait for the same disk, and what they find has to go through one."""
_TOKEN = 4
_MOST_TOKENS = 1_000
"""As many as any pipe holds without anybody reading it: a page, where a user has very many pipes."""


def processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def share_out(
    work: Callable[[Item], Result], items: Sequence[Item], worth: int, processes: int | None = None
) -> list[Result]:
    """Return what ``work`` makes of each of ``items``, in their order.

    ``worth`` is how many items a process must have to do to be worth starting, ``processes`` how many there may be,
    this one included; None for as many as there are processors. Whatever ``work`` raises is raised.
    """
    number = min(processes or processors(), _MOST, len(items) // worth)
    if number < 2 or not _forks():  # noqa: PLR2004 - one process is this one
        return [work(item) for item in items]
    # Some from all over first: what they have imported and compiled by then, no process has to for itself.
    first = [work(item) for item in items[::worth]]
    others = iter(_shared(work, [item for index, item in enumerate(items) if index % worth], number, worth))
    return [next(others) if index % worth else first[index // worth] for index in range(len(items))]


def _shared(work: Callable[[Item], Result], items: Sequence[Item], number: int, worth: int) -> list[Result]:
    """Return what ``work`` makes of each of ``items``, shared out among ``number`` processes; see `share_out`."""
    from contextlib import suppress  # noqa: PLC0415 - 1.4 ms, only for large trees

    size = max(worth // 8, -(-len(items) // _MOST_TOKENS), 1)
    shares = [items[start : start + size] for start in range(0, len(items), size)]
    try:
        tokens = _tokens(len(shares))
    except OSError:  # no more streams
        return [work(item) for item in items]
    parent = os.getpid()
    helpers: list[tuple[int, int]] = []
    is_done = False
    try:
        with suppress(OSError):
            while len(helpers) < number - 1:
                helpers.append(_start(lambda: _do(work, shares, tokens, parent), [stream for _, stream in helpers]))
        done = _do(work, shares, tokens)
        for _, stream in helpers:
            done |= _received(stream)
        is_done = True
    finally:
        os.close(tokens)
        _end(helpers, kill=not is_done)
    return [result for index, share in enumerate(shares) for result in done.get(index) or map(work, share)]


def _forks() -> bool:
    """Tell whether a fork is cheap and safe: on macOS the system's libraries forbid it, and threads hold locks.

    Where whoever started us ignores the end of children, there are none to wait for, and their numbers are others'.
    """
    if sys.platform != "linux":
        return False
    import signal  # noqa: PLC0415 - only for large trees

    threads = sys.modules.get("threading")
    alone = threads is None or threads.active_count() == 1
    return alone and signal.getsignal(signal.SIGCHLD) is not signal.SIG_IGN


def _tokens(number: int) -> int:
    """Return a pipe to read the numbers below ``number`` from: each goes to whoever asks first."""
    source, sink = os.pipe()
    try:
        os.write(sink, b"".join(index.to_bytes(_TOKEN, "little") for index in range(number)))
    finally:
        os.close(sink)
    return source


def _do(
    work: Callable[[Item], Result], shares: Sequence[Sequence[Item]], tokens: int, parent: int | None = None
) -> dict[int, list[Result]]:
    """Return, by number, the results of the shares that this process came to do while ``parent`` was its parent."""
    done = {}
    while parent in (None, os.getppid()) and (token := os.read(tokens, _TOKEN)):
        index = int.from_bytes(token, "little")
        done[index] = [work(item) for item in shares[index]]
    return done


def _start(do: Callable[[], object], streams: Iterable[int]) -> tuple[int, int]:
    """Start a process that does something; return its number and the stream on which it says what came of it.

    ``streams`` are those of the processes before it. Raises `OSError` where the system has no process to spare.
    """
    import signal  # noqa: PLC0415 - only for large trees

    source, sink = os.pipe()
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # An interruption of the child may never run the parent's code in it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        pid = os.fork()
        if not pid:
            _serve(do, sink, (source, *streams), before)
    except OSError:
        os.close(source)
        raise
    finally:
        os.close(sink)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid, source


def _serve(do: Callable[[], object], sink: int, streams: Iterable[int], blocked: Iterable[int]) -> NoReturn:
    """Do what there is, say what came of it and be gone: nothing of the parent's is finished, flushed or printed twice.

    ``streams`` are the parent's to read from: as long as one is open here, whoever writes to it waits for a parent that
    died. ``blocked`` are the signals that the parent did not hear before.
    """
    import signal  # noqa: PLC0415 - only for large trees

    status = 1
    try:
        for stream in streams:
            os.close(stream)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        _send(sink, do())
        status = 0
    finally:
        os._exit(status)


def _send(sink: int, done: object) -> None:
    import pickle  # noqa: PLC0415 - only for large trees

    with open(sink, "wb") as stream:
        pickle.dump(done, stream, pickle.HIGHEST_PROTOCOL)


def _received(source: int) -> dict[int, list[Result]]:
    """Return what a child did; nothing where it died before it could say so: its shares are done again."""
    import pickle  # noqa: PLC0415 - only for large trees

    with open(source, "rb", closefd=False) as stream:
        try:
            done: dict[int, list[Result]] = pickle.load(stream)  # noqa: S301 - from our own child
        except (EOFError, pickle.UnpicklingError):
            return {}
    return done


def _end(helpers: Iterable[tuple[int, int]], *, kill: bool) -> None:
    """Wait for the children: they have said all they had to say; or are to be killed, for nobody would hear it."""
    import signal  # noqa: PLC0415 - only for large trees

    for pid, stream in helpers:
        os.close(stream)
        if kill:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
