"""Long-term support lines: Java, Node.js and Ubuntu.

From a line with long-term support only to one that has it; from another to the newest. Sources: Oracle's Java SE
support roadmap (8, 11, 17, then every fourth release), nodejs.org/en/about/previous-releases (even majors), Ubuntu's
release cycle (April of even years).
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.tags import distributions

if TYPE_CHECKING:
    from pinner.tags.model import Options, Reason, Tag

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
    if tag.scheme == "codename" and distributions.is_interim(tag.numbers[0]) and tag.numbers != current.numbers:
        return "interim"
    if name == "ubuntu" and tag.scheme == "number" and tag.release[:2] != current.release[:2]:
        return None if tag.release[0] % 2 == 0 and tag.release[1:2] == (4,) else "interim"
    return None


def _java(line: int) -> bool:
    return line in _JAVA_FIRST or (line >= _JAVA_17 and (line - _JAVA_17) % 4 == 0)


def _node(line: int) -> bool:
    return line % 2 == 0
