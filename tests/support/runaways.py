"""Functions that take more than they may, called in a process of their own."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pinner.errors import ConfigError, ResolveError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.oci.resolver import Registry
    from pinner.reference import ImageReference
    from pinner.scan.suppressions import Source


def add(one: int, other: int) -> int:
    return one + other


def refuse(message: str) -> None:
    raise ConfigError(message, hint="a hint")


def never_end() -> None:
    while True:
        pass


def take_all() -> int:
    taken = []
    while True:
        taken.append(bytearray(16 * 1024 * 1024))


def go_without_a_word() -> None:
    os._exit(0)


def tell_and_never_end(file: str) -> None:
    Path(file).write_text(str(os.getpid()))
    never_end()


def tell_who_selects(file: str, sources: Sequence[Source]) -> tuple[Source, ...]:
    Path(file).write_text(str(os.getpid()))
    return tuple(sources)


async def ask_everything(reference: ImageReference, registry: Registry) -> tuple[object, ...]:
    return (
        await registry.resolve(reference, None),
        await registry.describe(reference, "index"),
        await registry.config(reference),
        await registry.attachments(reference),
        await registry.allowance("docker.io", reference),
    )


async def ask_for_what_is_not_there(reference: ImageReference, registry: Registry) -> str:
    try:
        await registry.resolve(reference, None)
    except ResolveError as error:
        return type(error).__name__
    return ""


async def ask_three_at_once(reference: ImageReference, registry: Registry) -> int:
    return len(await asyncio.gather(*(registry.resolve(reference, None) for _ in range(3))))


async def ask_and_go(reference: ImageReference, registry: Registry) -> None:
    task = asyncio.ensure_future(registry.resolve(reference, None))
    await asyncio.sleep(0)
    os._exit(1 if task.done() else 0)
