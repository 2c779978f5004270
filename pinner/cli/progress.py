"""The line that says how far the registries are: on a terminal alone, and only once a second has passed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from pinner.cli.terminal import Terminal

    T = TypeVar("T")

DELAY = 1.0
"""Seconds before the line appears."""
_STEP = 0.1


def _asked(answered: int, asked: int) -> str:
    return f"asked {answered} of {asked} images" if asked else "asking the registries"


async def with_progress(
    terminal: Terminal,
    work: Callable[[Callable[[int, int], None]], Awaitable[T]],
    delay: float = DELAY,
    words: Callable[[int, int], str] = _asked,
) -> T:
    """Return what ``work`` returns; it is handed the function to call with how many of how many images are answered.

    ``words`` says that, or what else is counted, in a few words.
    """
    state = (0, 0)

    def on_answer(answered: int, asked: int) -> None:
        nonlocal state
        state = (answered, asked)

    if not terminal.interactive:
        return await work(on_answer)
    shown = 0

    async def draw() -> None:
        nonlocal shown
        await asyncio.sleep(delay)
        while True:
            text = words(*state)
            # Blanks and not an escape sequence: they clear the line on every terminal.
            terminal.status(f"\r{text.ljust(shown)}")
            shown = len(text)
            await asyncio.sleep(_STEP)

    drawing = asyncio.create_task(draw())
    try:
        return await work(on_answer)
    finally:
        drawing.cancel()
        if shown:
            terminal.status(f"\r{' ' * shown}\r")
