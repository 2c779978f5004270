"""Every error pinner raises on purpose, each saying what went wrong and what the user can do.

::

    PinnerError
    ├── ConfigError            a wrong option, file or key; the run ends with status 2
    ├── InvalidReferenceError  the text is not an image reference
    ├── EditRefusedError       the bytes are not what the edit expects: nothing is written
    ├── InputError             a file that cannot be read, parsed or written (status 3)
    │   └── BinaryError        it is no text
    └── ResolveError           a registry gave no usable answer (status 3)
        ├── NotFoundError          no such repository, tag or digest
        ├── UnauthorizedError      the registry wants (other) credentials
        ├── RateLimitedError       come back after ``retry_after`` seconds
        ├── UnavailableError       network, time-out, 5xx
        ├── IntegrityError         the bytes are not those of the digest
        └── UnsupportedError       an answer that no pin can be made from (schema 1, an unknown type)
"""

from __future__ import annotations

from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class PinnerError(Exception):
    """Something the user should know: one message, and at most one hint on what to do about it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(PinnerError):
    """A wrong option, configuration file or key."""


class InvalidReferenceError(PinnerError):
    """The text does not match the grammar of distribution/reference."""


class EditRefusedError(PinnerError):
    """An edit whose expected bytes are not there, or that overlaps another."""


class InputError(PinnerError):
    """A file that cannot be read, parsed or written."""


class BinaryError(InputError):
    """A file that is no text."""


class ResolveError(PinnerError):
    """A registry gave no usable answer for one reference; the others go on."""


class NotFoundError(ResolveError):
    """No such repository, tag or digest, or no right to see it."""


class UnauthorizedError(ResolveError):
    """The registry wants credentials, or others than it was given."""


class RateLimitedError(ResolveError):
    """The registry asks for a pause."""

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds to wait, where the registry said so."""


class UnavailableError(ResolveError):
    """The registry could not be reached, or failed."""


class IntegrityError(ResolveError):
    """What came back does not hash to the digest that names it."""


class UnsupportedError(ResolveError):
    """An answer that no pin can be made from."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the hint that names which of ``known`` was probably meant by ``word``, or None."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    matches = get_close_matches(word, list(known), 1)
    return f"did you mean `{matches[0]}`?" if matches else None
