"""What is read of one of many repositories is read in a process of its own, which may take so much and no more."""

from __future__ import annotations

import asyncio
import os

import pytest
import runaways

from pinner.bot.limited import CallLimits, RunawayError, call_apart
from pinner.errors import ConfigError

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no limits of this kind")


def call(function: object, *arguments: object, limits: CallLimits | None = None) -> object:
    made = call_apart(function, *arguments, environment=os.environ, limits=limits or CallLimits())  # type: ignore[arg-type, var-annotated]
    return asyncio.run(made)


def test_what_a_function_returns_and_raises_comes_back() -> None:
    assert call(runaways.add, 1, 2) == 3
    with pytest.raises(ConfigError, match="wrong") as raised:
        call(runaways.refuse, "wrong")
    assert raised.value.hint == "a hint"


@posix
def test_who_takes_too_much_of_the_processor_is_ended() -> None:
    with pytest.raises(RunawayError, match="more than 1 seconds of a processor"):
        call(runaways.never_end, limits=CallLimits(seconds=1))


@posix
def test_who_takes_too_much_memory_is_ended() -> None:
    with pytest.raises(RunawayError, match="more than 512 MB of memory"):
        call(runaways.take_all, limits=CallLimits(memory=512 * 1024 * 1024))


def test_who_ends_without_an_answer_is_a_runaway() -> None:
    with pytest.raises(RunawayError):
        call(runaways.go_without_a_word)


def test_who_lasts_too_long_is_ended() -> None:
    with pytest.raises(RunawayError, match="longer than 0 seconds"):
        call(runaways.never_end, limits=CallLimits(patience=0))
