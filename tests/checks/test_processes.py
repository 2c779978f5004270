from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pinner.checks.processes import share_out

if TYPE_CHECKING:
    from collections.abc import Callable

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks cheaply and safely")


def slow(number: int) -> tuple[int, int]:
    time.sleep(0.002)
    return number, os.getpid()


def children() -> set[str]:
    """Return those that this process has started and not waited for; servers of other tests are among them."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may have ended by now
            if stat.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.add(stat.parent.name)
    return found


@pytest.fixture
def no_children_are_left() -> Callable[[], bool]:
    before = children()
    return lambda: children() <= before


@linux
@pytest.mark.parametrize("number", [16, 17, 1000, 2503])
def test_results_come_in_the_order_of_the_items(number: int, no_children_are_left: Callable[[], bool]) -> None:
    assert share_out(lambda item: item * item, range(number), 8, processes=3) == [item * item for item in range(number)]
    assert no_children_are_left()


@linux
def test_others_do_a_part_of_it() -> None:
    own = os.getpid()
    (here, here_begun), (there, there_begun) = os.pipe(), os.pipe()

    def work(number: int) -> tuple[int, int]:
        if not number % 16:  # one of each sixteen is done before there is another process
            return number, os.getpid()
        is_own = os.getpid() == own
        os.write(here_begun if is_own else there_begun, b".")
        if not select.select([there if is_own else here], [], [], 300)[0]:  # until the other one has begun, too
            raise TimeoutError
        return number, os.getpid()

    done = share_out(work, range(200), 16, processes=2)
    for stream in (here, here_begun, there, there_begun):
        os.close(stream)
    assert [number for number, _ in done] == list(range(200))
    assert len({pid for _, pid in done}) == 2
    assert {pid for number, pid in done if not number % 16} == {own}


@linux
def test_what_is_made_for_some_need_not_be_made_by_each() -> None:
    made: dict[str, int] = {}
    assert set(share_out(lambda _: made.setdefault("by", os.getpid()), range(200), 16, processes=2)) == {os.getpid()}


@pytest.mark.parametrize(("number", "worth", "processes"), [(15, 8, 2), (100, 8, 1), (0, 8, 2), (1, 8, None)])
def test_too_little_work_is_done_here(number: int, worth: int, processes: int | None) -> None:
    assert {pid for _, pid in share_out(slow, range(number), worth, processes)} <= {os.getpid()}


@linux
def test_what_goes_wrong_with_an_item_is_raised(no_children_are_left: Callable[[], bool]) -> None:
    def work(item: int) -> int:
        return 100 // (77 - item)

    with pytest.raises(ZeroDivisionError):
        share_out(work, range(200), 16, processes=2)
    assert no_children_are_left()


@linux
def test_what_a_process_that_dies_had_to_do_is_done_here(no_children_are_left: Callable[[], bool]) -> None:
    own = os.getpid()

    def work(item: int) -> int:
        if os.getpid() != own:
            os._exit(9)
        time.sleep(0.001)
        return item

    assert share_out(work, range(200), 16, processes=2) == list(range(200))
    assert no_children_are_left()


@linux
def test_what_cannot_be_handed_over_is_done_here() -> None:
    own = os.getpid()

    def work(item: int) -> object:
        time.sleep(0.001)
        return item if os.getpid() == own else lambda: item

    assert share_out(work, range(200), 16, processes=2) == list(range(200))


@linux
def test_beside_other_threads_nothing_is_forked() -> None:
    """A lock that another thread holds at the fork is never let go in the child."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert {pid for _, pid in share_out(slow, range(64), 8, processes=2)} == {os.getpid()}
    finally:
        done.set()
        thread.join()


@linux
def test_where_the_end_of_children_is_ignored_nothing_is_forked() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert {pid for _, pid in share_out(slow, range(64), 8, processes=2)} == {os.getpid()}
    finally:
        signal.signal(signal.SIGCHLD, before)


@linux
@pytest.mark.parametrize("blocked", [True, False])
def test_signals_are_blocked_as_they_were(*, blocked: bool) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK if blocked else signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        share_out(slow, range(64), 8, processes=2)
        assert (signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())) == blocked
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@linux
@pytest.mark.parametrize(("seconds", "characters"), [(0.05, 1), (0.0005, 1_000)], ids=["at work", "with much to say"])
def test_processes_without_a_parent_end(seconds: float, characters: int) -> None:
    """What they have to say is more than a pipe holds: nobody may wait for a reader that is none."""
    code = (
        "import os, time\n"
        "from pinner.checks.processes import share_out\n"
        "own = os.getpid()\n"
        "def work(item):\n"
        "    if item == 0: print('started', flush=True)\n"
        f"    time.sleep({seconds} if os.getpid() != own else 30)\n"
        f"    return str(item) * {characters}\n"
        "share_out(work, range(2000), 8, processes=4)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stdout.readline() == "started\n"
        time.sleep(1.5)  # that they come to have something to say; were it too short, they would end all the same
        it.terminate()
        held = select.select([it.stdout], [], [], 300)[0]  # at its end: nobody holds the pipe any more
        assert held
        assert it.stdout.read() == ""


@linux
def test_no_stream_is_left_open() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    share_out(slow, range(64), 8, processes=3)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


@linux
@pytest.mark.parametrize("streams", [1, 2, 3, 5])
def test_where_the_system_has_nothing_to_spare_the_work_is_done_here(streams: int) -> None:
    code = (
        "import os, resource\n"
        "from pinner.checks.processes import share_out\n"
        "first = os.dup(0)\n"
        "os.close(first)\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (first + {streams}, 64))\n"
        "print(sum(share_out(int, range(100), 8, processes=4)))\n"
        "print(os.dup(0) == first)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"  # who measures coverage writes a file at the end
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("4950\nTrue\n", "")


@linux
def test_an_interruption_ends_all_and_says_so_once() -> None:
    code = (
        "import sys, time\n"
        "from pinner.checks.processes import share_out\n"
        "def work(item):\n"
        "    if item == 0: print('started', flush=True)\n"
        "    time.sleep(0.05)\n"
        "try:\n"
        "    share_out(work, range(100_000), 8, processes=3)\n"  # would take half an hour
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as it:
        assert it.stdout is not None
        assert it.stdout.readline() == "started\n"
        os.killpg(it.pid, signal.SIGINT)
        rest = it.stdout.read()  # to the end: nobody holds the pipe any more
    assert rest == "interrupted\n"
