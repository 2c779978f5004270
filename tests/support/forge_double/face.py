"""What the faces share: calls, answers, routes, pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .state import State


@dataclass(frozen=True)
class Call:
    """One request to the API."""

    method: str
    path: str
    """Below the API's own prefix, decoded."""
    raw_path: str
    query: Mapping[str, str]
    body: Any
    base: str
    """The address of the forge."""
    prefix: str = ""

    @property
    def is_graphql(self) -> bool:
        """Whether it goes to GitHub's other API."""
        return self.path == "/graphql"


class Null:
    """JSON's null, which Go writes for a list of nothing."""


@dataclass(frozen=True)
class Answer:
    """What is said to it."""

    status: int
    value: Any = None
    """None for no body at all."""
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """The forge says no."""

    def __init__(self, status: int, value: Any) -> None:
        super().__init__(status, value)
        self.answer = Answer(status, value)


class Face(Protocol):
    """How one forge looks."""

    @property
    def prefixes(self) -> Sequence[str]: ...

    @property
    def public(self) -> Mapping[str, Any]:
        """What is answered without a token, by path."""
        ...

    def authorised(self, headers: Mapping[str, str], token: str) -> bool: ...
    def unauthorised(self) -> Answer: ...
    def limited(self, kind: str, retry_after: float | None) -> Answer: ...
    def field_of(self, body: Any) -> str: ...
    def answer(self, call: Call) -> Answer: ...


def route(method: str, pattern: str) -> Callable[[Any], Any]:
    """Mark a method of a face as the one that answers ``method`` on a template like ``/repos/{owner}/{repo}``.

    ``{name+}`` may hold slashes.
    """
    expression = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", pattern)
    expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", expression)

    def mark(function: Any) -> Any:
        function.route = (method, re.compile(expression), pattern.replace("+}", "}"))
        return function

    return mark


def routes_of(face: object) -> list[tuple[str, re.Pattern[str], str, Any]]:
    """Return the marked methods of a face, in the order they stand there."""
    functions = [value for kind in reversed(type(face).__mro__) for value in vars(kind).values()]
    return [(*function.route, function) for function in functions if hasattr(function, "route")]


def page(call: Call, items: list[Any], size_name: str, default: int, most: int) -> tuple[list[Any], dict[str, str]]:
    """Return the page that was asked for, and the ``Link`` header that leads on."""
    size = min(most, int(call.query.get(size_name, default)))
    number = int(call.query.get("page", 1))
    part = items[(number - 1) * size : number * size]
    if number * size >= len(items):
        return part, {}
    rest = {**call.query, "page": number + 1, size_name: size}
    from urllib.parse import urlencode  # noqa: PLC0415

    address = f"{call.base}{call.prefix}{call.raw_path}?{urlencode(rest)}"
    return part, {"Link": f'<{address}>; rel="next", <{address}>; rel="last"'}


def stored(state: State, name: str, missing: Any) -> Any:
    """Return a repository or refuse."""
    found = state.find(name)
    if found is None:
        raise RefusalError(404, missing)
    return found
