"""Base distributions in tag variants: the number of the system under an image, as in ``-alpine3.22``.

Two variants are one family when only that number differs. Never Windows' (``ltsc2022`` has to match the host), and
never a runtime's (``jdk17``, ``php8.2``): what an application runs on is not the base.
"""

from __future__ import annotations

import re

from pinner._typing import NamedTuple
from pinner.tags import distributions

_SYSTEMS = ("alpine", "ubi", "al", "el", "bci", "fedora", "rockylinux", "almalinux", "amazonlinux")
_NUMBERED = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(_SYSTEMS)})(-?)([0-9]+(?:\.[0-9]+)*)(?![A-Za-z0-9])")
_WORD = re.compile(r"(?<![A-Za-z0-9])[a-z]{4,9}(?![A-Za-z0-9])")


class Base(NamedTuple):
    """The system under an image."""

    family: str
    """The variant with the number taken out: the same for all bases of which one can follow another."""
    number: tuple[int, ...]
    """What orders the bases of a family: the number, or the day on which the code name was released."""
    name: str
    """As the tag says it: ``alpine3.22``, ``bookworm``."""


def base_of(variant: str) -> Base | None:
    """Return the base that ``variant`` names; None where it names none, or more than one."""
    numbered = list(_NUMBERED.finditer(variant))
    named = [match for match in _WORD.finditer(variant) if distributions.released(match[0])]
    if len(numbered) + len(named) != 1:
        return None
    if numbered:
        (match,) = numbered
        number, word = tuple(map(int, match[3].split("."))), match[1] + match[2]
    else:
        (match,) = named
        number, word = (distributions.released(match[0]),), distributions.family(match[0]) + " "
    return Base(f"{variant[: match.start()]}{word}#{variant[match.end() :]}", number, match[0])
