"""Dockerfile format: image references located as BuildKit reads them."""

from __future__ import annotations

import re
from functools import partial

from pinner._typing import TYPE_CHECKING
from pinner.formats.dockerfile.extract import NO_FROM, NO_REFERENCE, Reader
from pinner.formats.dockerfile.instructions import long_line
from pinner.formats.dockerfile.references import Site, make_skipped
from pinner.formats.dockerfile.source import read_source
from pinner.model import Located, Occurrence, Span, as_skipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.formats.dockerfile.instructions import Problem
    from pinner.formats.dockerfile.source import Source
    from pinner.link.build_args import Read
    from pinner.model import Document, Place

__all__ = ["locate", "locate_given"]


def locate(document: Document, mirrors: tuple[str, ...] = ()) -> Located | None:
    """Return the image references of the Dockerfile ``document``, or None where it cannot be one.

    Never raises. ``outline`` holds (instruction, first line, last line), from 1, heredocs included. A template is read
    with its directives masked.
    """
    if b"{{" in document.data or b"{%" in document.data or b"<%" in document.data:
        from pinner.formats.template_masking import locate_template  # noqa: PLC0415 - few files are templates

        located = locate_template(document, partial(_locate, mirrors=mirrors), blanks_control=True)
        if located is not None:
            kept = [place for place in located.places if not getattr(place, "detail", "").startswith(NO_FROM)]
            return located._replace(places=tuple([_chosen(place, document.data) for place in kept]))
    return _locate(document, mirrors)


def _chosen(place: Place, data: bytes) -> Place:
    """Return ``place``, found in a template; what ends in an ``ARG`` of which there are several, a template chooses."""
    if not isinstance(place, Occurrence) or not place.via:
        return place
    name = re.escape(place.via[-1].rpartition(" ")[2].encode())
    if len(re.findall(rb"(?im)^[ \t]*ARG[ \t][^\n]*(?<![\w-])" + name + rb"=", data)) < 2:  # noqa: PLR2004 - several
        return place
    return as_skipped(place, "templated", "a template chooses among several defaults")


def _locate(document: Document, mirrors: tuple[str, ...] = ()) -> Located | None:
    source = read_source(document.data)
    problem = long_line(source)
    if problem is not None:
        return None if b"\0" in document.data else _refused(source, problem)
    reader = Reader(document.data, source, mirrors)
    if not reader.is_dockerfile():
        return None
    reader.read()
    return Located(reader.places(), reader.outline())


def _refused(source: Source, problem: Problem) -> Located:
    """Return what a file holds that BuildKit refuses before it looks at any instruction: no image, and one problem."""
    start = source.starts[problem.line]
    span = Span(start, start + len(source.lines[problem.line]))
    place = make_skipped(Site(NO_REFERENCE, problem.line + 1, 1, span), "", "parse-error", problem.detail)
    return Located((place,), ("refused",))


def locate_given(document: Document, given: Mapping[str, str], mirrors: tuple[str, ...] = ()) -> Read:
    """Return what a Dockerfile holds where the build gives the values ``given`` to its ``ARG``."""
    from pinner.formats.dockerfile.given_build_args import locate_given as locate_  # noqa: PLC0415 - few files are built with any

    return locate_(document, given, mirrors)
