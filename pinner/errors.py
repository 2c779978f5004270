"""Exception types with a message and a hint for the user; failures of one file kept from the others.

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
        ├── UnsupportedError       an answer that no pin can be made from (schema 1, an unknown type)
        └── SignatureError         who signed it, or nobody, is not what the policy wants (status 1)
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from typing import ParamSpec, TypeVar


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


class SignatureError(ResolveError):
    """A digest that the policy on signatures does not accept."""

    rule = "PIN107"
    """The rule of `check` that says so: PIN106, PIN107 or PIN108."""


class TagListTooLongError(UnsupportedError):
    """A repository has more tags than are read: of those that were not, nothing is known."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the hint that names which of ``known`` was probably meant by ``word``, or None."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    matches = get_close_matches(word, list(known), 1)
    return f"did you mean `{matches[0]}`?" if matches else None


if TYPE_CHECKING:
    Arguments = ParamSpec("Arguments")
    Result = TypeVar("Result")
    Item = TypeVar("Item")


_ADDRESS = r"(?i)([a-z][a-z0-9+.-]*:)?([/\\]*)([^/\\?#]*)([^?#]*)(.*)"
"""Scheme, slashes, authority, path, and what follows it."""
_HOST = r"(?:\[[^\[\]]*\]|[^:\[\]]*)(?::[0-9]*)?"


def public_address(address: str) -> str:
    """Return ``address`` fit for a message: without user, password, query and fragment, whatever is wrong with it.

    What stands where a port should be may be a password that was cut at its slash: nothing after it is shown.
    """
    scheme, slashes, authority, path, rest = re.findall(_ADDRESS, address, re.DOTALL)[0]
    host = authority.rpartition("@")[2]
    if re.fullmatch(_HOST, host) is None:
        return f"{scheme}{slashes}{host.partition(':')[0]}:…"
    if not slashes and ((scheme and not host.isdecimal()) or "@" in path):
        return f"{scheme}…"
    return f"{scheme}{slashes}{host}{path}{rest and rest[0] + '…'}"


class InternalError(InputError):
    """A mistake of pinner's own, met in one file."""

    trace = ""
    """Where it happened, as Python tells it: for ``--debug``. Text, since it may come from another process."""


def attempt(
    work: Callable[Arguments, Result], /, *arguments: Arguments.args, **options: Arguments.kwargs
) -> Result | InputError:
    """Return what ``work`` returns, or the `InputError` that it raises; whatever else it raises becomes one.

    An interruption goes through: it is no `Exception`.
    """
    try:
        return work(*arguments, **options)
    except InputError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the other files go on, whatever is wrong with this one
        return internal_error(error)


def isolate_failures(
    work: Callable[[Collection[Item]], Result], items: Sequence[Item]
) -> tuple[Result, list[tuple[Item, InputError]]]:
    """Return what ``work`` makes of ``items`` together, less those of which alone it makes an error; and these errors.

    For what is made of many files at once and is one text: a report. Raises what ``work`` raises of no items.
    """
    together = attempt(work, items)
    if not isinstance(together, InputError):
        return together, []
    alone = [(item, attempt(work, (item,))) for item in items]
    sound = [item for item, result in alone if not isinstance(result, InputError)]
    return work(sound), [(item, error) for item, error in alone if isinstance(error, InputError)]


def internal_error(error: Exception) -> InternalError:
    """Return the error that stands for ``error``, which nobody foresaw."""
    import traceback  # noqa: PLC0415 - nearly never needed

    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    found = InternalError(f"internal error: {what}", hint="run again with --debug and report what it says")
    found.trace = "".join(traceback.format_exception(error))
    return found
