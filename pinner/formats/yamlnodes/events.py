"""The one place that touches ruamel.yaml: shadow text in, parse events out.

The C parser (ruamel.yaml.clib, an old libyaml) is an accelerator and no judge: it refuses valid YAML such as
``{image: nginx:1.25}``, so after any error of it the pure parser has the word. Only its *events* are used; its
composer recurses in C and brings the interpreter down on deep nesting.
"""

from __future__ import annotations

from functools import lru_cache

from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    EventSource: TypeAlias = Callable[[str], Iterator[Any]]


def pure_events(text: str) -> Iterator[Any]:
    """Yield the events of shadow ``text`` by ruamel.yaml's own parser; raises whatever that raises."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - 40 ms, paid only by a file that may name an image

    return iter(YAML(typ="safe", pure=True).parse(text))


@lru_cache(maxsize=1)
def c_events() -> EventSource | None:
    """Return the function that yields the events of the C parser, or None where it is not installed."""
    try:
        from _ruamel_yaml import CParser  # noqa: PLC0415 - only a file that may name an image pays for it
    except ImportError:
        return None

    def events(text: str) -> Iterator[Any]:
        return iter(CParser(text).get_event, None)

    return events


def describe(error: Exception) -> tuple[str, int | None]:
    """Return what a parser complains about, in one line, and the index in the text where it does."""
    problem = getattr(error, "problem", None) or getattr(error, "context", None)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    message = " ".join(str(problem or str(error) or type(error).__name__).split())
    return message, None if mark is None else mark.index
