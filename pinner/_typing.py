"""Substitutes for NamedTuple, cast and TYPE_CHECKING that spare a check the import of typing.

``typing.NamedTuple`` compiles the annotation of every field on its own, although nobody asks for it, and a check needs
some sixty such classes before it can look at a file; importing typing takes about as long as making them here does.
Without both, checking one file takes a fifth less. Type checkers see no difference.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
"""Type checkers take a variable of this name to be true, whoever defines it."""

__all__ = ["TYPE_CHECKING", "NamedTuple", "cast"]

if TYPE_CHECKING:
    from typing import NamedTuple, cast
else:

    class _Maker(type):
        """Makes a named tuple of the body of a class that derives from `NamedTuple`."""

        def __new__(cls, name, bases, body):  # noqa: ANN001, ANN204 - checkers do not come here
            """Return the class; what the body assigns to a field is the field's default."""
            if not bases:  # `NamedTuple` itself
                return super().__new__(cls, name, bases, body)
            fields = body.pop("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body.pop("__module__"))  # noqa: PYI024
            made.__annotations__ = fields
            for key, value in body.items():
                setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Maker):
        """A tuple whose fields have names: what `typing.NamedTuple` makes of the same lines."""

    def cast(_kind, value):  # noqa: ANN001, ANN202 - as above
        """Return ``value``, as `typing.cast` does."""
        return value
