from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from pinner.workers import share_out

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks cheaply and safely")


def slow(number: int) -> tuple[int, int]:
    time.sleep(0.002)
    return number, os.getpid()


def no_children_are_left() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


@linux
@pytest.mark.parametrize("number", [16, 17, 1000, 2503])
def test_results_come_in_the_order_of_the_items(number: int) -> None:
    assert share_out(lambda item: item * item, range(number), 8, processes=3) == [item * item for item in range(number)]
    assert no_children_are_left()


@linux
def test_others_do_a_part_of_it() -> None:
    done = share_out(slow, range(200), 16, processes=2)
    assert [number for number, _ in done] == list(range(200))
    assert len({pid for _, pid in done}) == 2


@pytest.mark.parametrize(("number", "worth", "processes"), [(15, 8, 2), (100, 8, 1), (0, 8, 2), (1, 8, None)])
def test_too_little_work_is_done_here(number: int, worth: int, processes: int | None) -> None:
    assert {pid for _, pid in share_out(slow, range(number), worth, processes)} <= {os.getpid()}


@linux
def test_what_goes_wrong_with_an_item_is_raised() -> None:
    def work(item: int) -> int:
        return 100 // (77 - item)

    with pytest.raises(ZeroDivisionError):
        share_out(work, range(200), 16, processes=2)
    assert no_children_are_left()


@linux
def test_what_a_process_that_dies_had_to_do_is_done_here() -> None:
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
def test_no_stream_is_left_open() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    share_out(slow, range(64), 8, processes=3)
    assert sorted(Path("/proc/self/fd").iterdir()) == before
