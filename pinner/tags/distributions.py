"""Distributions that tags name: base systems and their releases, and lines with long-term support.

Two variants are one family when only the number or the code name of the base differs (``-alpine3.22``). Never Windows'
(``ltsc2022`` has to match the host), and never a runtime's (``jdk17``, ``php8.2``): what an application runs on is not
the base. Source of the dates: distro-info-data (Debian's package, debian.csv and ubuntu.csv), up to Ubuntu 26.04.

From a line with long-term support only to one that has it; from another to the newest. Sources: Oracle's Java SE
support roadmap (8, 11, 17, then every fourth release), nodejs.org/en/about/previous-releases (even majors), Ubuntu's
release cycle (April of even years).
"""

from __future__ import annotations

import re
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pinner.tags.model import Options, Reason, Tag

AS_OF = "2026-04-23"
"""The last release that is known here."""

DEBIAN = {
    "wheezy": "2013-05-04",
    "jessie": "2015-04-26",
    "stretch": "2017-06-17",
    "buster": "2019-07-06",
    "bullseye": "2021-08-14",
    "bookworm": "2023-06-10",
    "trixie": "2025-08-09",
}
"""Code names that were released; what is not here (forky, sid) is no version yet."""

UBUNTU = {
    "lucid": "2010-04-29",
    "precise": "2012-04-26",
    "quantal": "2012-10-18",
    "raring": "2013-04-25",
    "saucy": "2013-10-17",
    "trusty": "2014-04-17",
    "utopic": "2014-10-23",
    "vivid": "2015-04-23",
    "wily": "2015-10-22",
    "xenial": "2016-04-21",
    "yakkety": "2016-10-13",
    "zesty": "2017-04-13",
    "artful": "2017-10-19",
    "bionic": "2018-04-26",
    "cosmic": "2018-10-18",
    "disco": "2019-04-18",
    "eoan": "2019-10-17",
    "focal": "2020-04-23",
    "groovy": "2020-10-22",
    "hirsute": "2021-04-22",
    "impish": "2021-10-14",
    "jammy": "2022-04-21",
    "kinetic": "2022-10-20",
    "lunar": "2023-04-20",
    "mantic": "2023-10-12",
    "noble": "2024-04-25",
    "oracular": "2024-10-10",
    "plucky": "2025-04-17",
    "questing": "2025-10-09",
    "resolute": "2026-04-23",
}

_DAYS = {name: int(day.replace("-", "")) for name, day in (*DEBIAN.items(), *UBUNTU.items())}
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


def released(name: str) -> int:
    """Return the day on which the code name ``name`` was released as a number, YYYYMMDD; 0 for none that is known."""
    return _DAYS.get(name, 0)


def family(name: str) -> str:
    """Return ``debian`` or ``ubuntu`` for one of their code names."""
    return "debian" if name in DEBIAN else "ubuntu"


def is_interim(name: str) -> bool:
    """Tell whether ``name`` is a release of Ubuntu without long-term support: those come in April of even years."""
    day = UBUNTU.get(name)
    return day is not None and not (int(day[:4]) % 2 == 0 and day[5:7] == "04")


@lru_cache(maxsize=4096)
def base_of(variant: str) -> Base | None:
    """Return the base that ``variant`` names; None where it names none, or more than one."""
    numbered = list(_NUMBERED.finditer(variant))
    named = [match for match in _WORD.finditer(variant) if released(match[0])]
    if len(numbered) + len(named) != 1:
        return None
    if numbered:
        (match,) = numbered
        number, word = tuple(map(int, match[3].split("."))), match[1] + match[2]
    else:
        (match,) = named
        number, word = (released(match[0]),), family(match[0]) + " "
    return Base(f"{variant[: match.start()]}{word}#{variant[match.end() :]}", number, match[0])


_JAVA = frozenset(
    {
        *("eclipse-temurin", "openjdk", "amazoncorretto", "ibm-semeru-runtimes", "ibmjava", "sapmachine"),
        *("azul/zulu-openjdk", "azul/zulu-openjdk-alpine", "azul/zulu-openjdk-debian", "azul/zulu-openjdk-centos"),
        *("bellsoft/liberica-openjdk-alpine", "bellsoft/liberica-openjdk-debian", "bellsoft/liberica-openjre-alpine"),
        *("bellsoft/liberica-openjre-debian", "bellsoft/liberica-runtime-container", "mcr.microsoft.com/openjdk/jdk"),
    }
)
_JAVA_FIRST = (8, 11)
_JAVA_17 = 17


def short_name(image: str) -> str:
    """Return ``image``, a repository's full name, as Docker Hub's users call it: official images by one word.

    Mirrors keep ``library/`` in the path: ``public.ecr.aws/docker/library/node`` is ``node`` too.
    """
    head, found, name = image.rpartition("library/")
    if found and "/" not in name and (not head or head.endswith("/")):
        return name
    return image.removeprefix("docker.io/")


def forbids(image: str, current: Tag, tag: Tag, options: Options) -> Reason | None:
    """Return the rule by which ``tag`` of ``image`` is no successor of ``current``; None where there is none."""
    name = short_name(image)
    if options.track != "any" and name in (*_JAVA, "node"):
        has_support = _java if name != "node" else _node
        return "lts" if has_support(current.release[0]) and not has_support(tag.release[0]) else None
    if options.track in ("any", "interim"):
        return None
    if tag.scheme == "codename" and is_interim(tag.numbers[0]) and tag.numbers != current.numbers:
        return "interim"
    if name == "ubuntu" and tag.scheme == "number" and tag.release[:2] != current.release[:2]:
        return None if tag.release[0] % 2 == 0 and tag.release[1:2] == (4,) else "interim"
    return None


def _java(line: int) -> bool:
    return line in _JAVA_FIRST or (line >= _JAVA_17 and (line - _JAVA_17) % 4 == 0)


def _node(line: int) -> bool:
    return line % 2 == 0
