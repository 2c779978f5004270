"""What is read of one of many repositories is read in a process of its own, which may take so much and no more."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
import runaways
from fakes import FakeRegistry
from locks import image

from pinner.bot.child_process import CallLimits, LimitExceededError, call_in_child
from pinner.errors import ConfigError
from pinner.model import Resolved
from pinner.oci.resolver import Allowance
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pinner.reference import Platform

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no limits of this kind")


def call(function: Callable[..., Any], *arguments: object, limits: CallLimits | None = None) -> object:
    made = call_in_child(function, *arguments, environment=os.environ, limits=limits or CallLimits())
    return asyncio.run(made)


def test_what_a_function_returns_and_raises_comes_back() -> None:
    assert call(runaways.add, 1, 2) == 3
    with pytest.raises(ConfigError, match="wrong") as raised:
        call(runaways.refuse, "wrong")
    assert raised.value.hint == "a hint"


@posix
def test_who_takes_too_much_of_the_processor_is_ended() -> None:
    with pytest.raises(LimitExceededError, match="more than 1 seconds of a processor"):
        call(runaways.never_end, limits=CallLimits(seconds=1))


@posix
def test_who_takes_too_much_memory_is_ended() -> None:
    with pytest.raises(LimitExceededError, match="more than 512 MB of memory"):
        call(runaways.take_all, limits=CallLimits(memory=512 * 1024 * 1024))


def test_who_ends_without_an_answer_is_a_runaway() -> None:
    with pytest.raises(LimitExceededError):
        call(runaways.go_without_a_word)


def wait_for(file: Path) -> None:
    while not (file.exists() and file.read_text()):
        time.sleep(0.01)


def test_who_is_waited_for_no_longer_is_ended(tmp_path: Path) -> None:
    async def wait() -> None:
        file = tmp_path / "pid"
        task = asyncio.create_task(call_in_child(runaways.tell_and_never_end, str(file), environment=os.environ))
        await asyncio.to_thread(wait_for, file)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.read_text()), 0)

    asyncio.run(wait())


REFERENCE = ImageReference.parse("nginx:1.27")


def ask(function: Callable[..., Any], registry: FakeRegistry) -> object:
    made = call_in_child(function, REFERENCE, environment=os.environ, registry=registry)
    return asyncio.run(made)


def test_registries_are_asked_by_who_called() -> None:
    made = image("new")
    registry = FakeRegistry({f"docker.io/library/nginx@{made.digest}": made}, {REFERENCE.canonical: made.digest})
    registry.allowances["docker.io"] = Allowance("docker.io", None)
    answers = ask(runaways.ask_everything, registry)
    assert answers == (Resolved(made.digest, made.media_type), made, None, (), Allowance("docker.io", None))
    assert registry.asked == [REFERENCE.canonical, REFERENCE.canonical]
    assert len(registry.described) == 1


def test_what_a_registry_raises_is_raised_where_it_was_asked() -> None:
    assert ask(runaways.ask_for_what_is_not_there, FakeRegistry(missing=[REFERENCE.canonical])) == "NotFoundError"


def test_many_questions_are_under_way_at_once() -> None:
    class Together(FakeRegistry):
        """Answers when three have asked."""

        def __init__(self) -> None:
            super().__init__()
            self.all_there = asyncio.Event()

        async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
            answer = await super().resolve(reference, platform)
            if len(self.asked) == 3:
                self.all_there.set()
            await self.all_there.wait()
            return answer

    assert ask(runaways.ask_three_at_once, Together()) == 3


def test_who_ends_while_a_question_is_open_is_a_runaway() -> None:
    class Endless(FakeRegistry):
        async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
            await asyncio.Event().wait()
            return await super().resolve(reference, platform)

    with pytest.raises(LimitExceededError):
        ask(runaways.ask_and_go, Endless())


def test_modules_that_lie_in_the_current_folder_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "json.py",
        "resource.py",
        "pinner/__init__.py",
        "pinner/bot/__init__.py",
        "pinner/bot/child_process.py",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    assert call(runaways.add, 1, 2) == 3
    assert not (tmp_path / "ran").exists()
