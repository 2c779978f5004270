"""Python format: images given to container libraries as literals, constants and defaults."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.python import known_calls as gate
from pinner.model import Calls

if TYPE_CHECKING:
    from pinner.model import Document, Located

_DEFAULT = Calls()


def worth_parsing(data: bytes, calls: Calls = _DEFAULT) -> bool:
    """Tell by a search of the bytes whether Python code ``data`` may call anything that takes an image."""
    return gate.worth_parsing(data, calls)


def locate(document: Document, calls: Calls = _DEFAULT) -> Located | None:
    """Return the images that the calls in a Python file name; None where it calls nothing that takes one.

    ``calls`` says what else is looked for. Never raises: a file that has a known call and does not parse comes back as
    a ``parse-error``.
    """
    if not gate.worth_parsing(document.data, calls):
        return None
    from pinner.formats.python.extract import locate_calls  # noqa: PLC0415 - few files need more than the search

    return locate_calls(document, calls)
