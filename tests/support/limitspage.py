"""The page about the limits, made from their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.limits import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.limits import Limit

INTRODUCTION = """\
# Limits on what is read

A repository is somebody else's: without limits one file could take all memory, or hours. What is beyond a limit is told
in one finding or error that names the file, and the other files go on. The table is that of `pinner/limits.py`.

| what | limit | why | beyond it |
|---|---|---|---|"""


def page(limits: tuple[Limit, ...]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield INTRODUCTION
    for limit in limits:
        yield f"| {limit.what} | {_amount(limit)} | {limit.reason} | {limit.answer} |"


def _amount(limit: Limit) -> str:
    if limit.unit == "bytes" and not limit.value % MIB:
        return f"{limit.value // MIB} MiB"
    return f"{limit.value:,} {limit.unit}"
