"""Dockerfile format: image references located as BuildKit reads them."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.dockerfile.extract import locate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.link.build_args import Read
    from pinner.model import Document

__all__ = ["locate", "locate_given"]


def locate_given(document: Document, given: Mapping[str, str], mirrors: tuple[str, ...] = ()) -> Read:
    """Return what a Dockerfile holds where the build gives the values ``given`` to its ``ARG``."""
    from pinner.formats.dockerfile.given import locate_given as locate_  # noqa: PLC0415 - few files are built with any

    return locate_(document, given, mirrors)
