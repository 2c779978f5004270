"""Functions that take more than they may, called in a process of their own."""

from __future__ import annotations

import os

from pinner.errors import ConfigError


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
