"""Isolation of files: what goes wrong unexpectedly in one of them is an error of that file and of no other."""

from __future__ import annotations

from pinner.errors import InputError
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import ParamSpec, TypeVar

    Arguments = ParamSpec("Arguments")
    Result = TypeVar("Result")
    Item = TypeVar("Item")


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


def apart(
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
