"""What `pinner._typing` makes is what typing makes of the same lines."""

from __future__ import annotations

import pickle
import subprocess
import sys
import typing
from pathlib import Path

from pinner import _typing as lean

ROOT = Path(__file__).parent.parent.parent


class Lean(lean.NamedTuple):
    """A value."""

    name: str
    number: int = 3
    """How many."""
    names: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        """Return double the number."""
        return self.number * 2

    @classmethod
    def parse(cls, text: str) -> Lean:
        return cls(text)

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[object, ...]:
        return Lean, (f"{self.name}, from afar", self.number)


class Typed(typing.NamedTuple):
    """A value."""

    name: str
    number: int = 3
    """How many."""
    names: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        """Return double the number."""
        return self.number * 2


class Plain(lean.NamedTuple):
    first: int
    second: int


def test_the_class_is_what_typing_makes_of_it() -> None:
    def said(kind: type[Lean | Typed]) -> tuple[object, ...]:
        return (
            kind.__bases__,
            kind._fields,
            kind._field_defaults,
            kind.__doc__,
            kind.__module__,
            kind.__qualname__.replace("Typed", "Lean"),
            typing.get_type_hints(kind),
            repr(kind("a", names=("b",))).replace("Typed", "Lean"),
            kind("a") == ("a", 3, ()),
            kind("a", 2)._replace(names=("c",)),
            kind("a", 2).twice,
            vars(kind)["__slots__"],
            sorted(name for name in vars(kind) if not name.startswith("_")),
        )

    names = [*said(Typed)]
    names[-1] = sorted([*typing.cast("list[str]", names[-1]), "parse"])
    assert [*said(Lean)] == names


def test_the_body_outweighs_what_a_tuple_has() -> None:
    value = Lean.parse("a")
    assert (str(value), f"{value}", type(value)) == ("a", "a", Lean)
    assert pickle.loads(pickle.dumps(value)) == ("a, from afar", 3, ())  # noqa: S301 - our own bytes


def test_a_value_comes_back_from_another_process() -> None:
    back = pickle.loads(pickle.dumps(Plain(1, 2)))  # noqa: S301 - our own bytes
    assert (back, type(back)) == (Plain(1, 2), Plain)


def test_a_cast_changes_nothing() -> None:
    value = object()
    assert lean.cast("str", value) is value


def test_typing_is_not_imported() -> None:
    code = "import sys, pinner._typing; print('typing' in sys.modules)"
    done = subprocess.run(
        (sys.executable, "-S", "-c", code), env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
