"""Second opinion on edits of a Dockerfile: its instructions, as dockerfile-parse reads them, before and after."""

from __future__ import annotations

from typing import NamedTuple

from dockerfile_parse import DockerfileParser

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.model import Document

_MOST = 100_000
"""Bytes. It copies an instruction for each of its lines: of one that is 30,000 lines long this is 1 GB already."""
_WITH_IMAGES = frozenset(("ADD", "ARG", "COMMENT", "COPY", "FROM", "ONBUILD", "RUN"))
"""What may name an image, in a flag or in a value that a ``FROM`` takes; `COMMENT` is a directive, too."""
_WITHOUT = frozenset(
    ("CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "SHELL", "STOPSIGNAL", "USER")
) | {"VOLUME", "WORKDIR"}


class _File(NamedTuple):
    """The part of a file object that dockerfile-parse asks for; it takes text as it is, a letter for each byte."""

    text: str

    def seek(self, _position: int) -> None:
        """Do nothing: every reading starts at the beginning."""

    def readlines(self) -> list[str]:
        return [f"{line}\n" for line in self.text.split("\n")]


def same_instructions(before: Document, after: Document) -> bool:
    """Tell whether both have the same instructions on the same lines, and those that name no image say the same.

    dockerfile-parse is not BuildKit: it knows no heredocs, and takes a line for another instruction's, or part of an
    image for a name, where the two differ (see `instructions`). So what it says of an instruction of several lines, or
    of none that there is, counts for the lines alone. A large file it is not asked about.
    """
    if len(after.data) > _MOST:
        return True
    return _instructions(before) == _instructions(after)


def _instructions(document: Document) -> list[tuple[str, int, int, str]]:
    found = []
    for one in DockerfileParser(fileobj=_File(document.data.decode("latin-1"))).structure:
        name, first, last = one["instruction"], one["startline"], one["endline"]
        is_known = name in _WITH_IMAGES or name in _WITHOUT
        says = one["value"] if name in _WITHOUT and first == last else ""
        found.append((name if is_known else "", first, last, says))
    return found
