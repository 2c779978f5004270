"""Substitutes for NamedTuple, cast and TYPE_CHECKING that spare a check the import of typing.

``typing.NamedTuple`` compiles the annotation of every field on its own, although nobody asks for it, and
``collections.namedtuple`` a constructor for every class; a check needs some ninety such classes before it can look at a
file. Here classes with as many fields share the code of one, and all have the same methods. Type checkers see no
difference.
"""

from __future__ import annotations

from collections import _tuplegetter  # type: ignore[attr-defined] # in every Python, under this name since 3.8
from functools import cache
from types import FunctionType

TYPE_CHECKING = False
"""Type checkers take a variable of this name to be true, whoever defines it."""

__all__ = ["TYPE_CHECKING", "NamedTuple", "cast"]

if TYPE_CHECKING:
    from typing import NamedTuple, cast
else:
    _new = tuple.__new__

    def _make(cls, iterable):  # noqa: ANN001, ANN202 - checkers do not come here
        """Return a tuple of this class with the fields of ``iterable``."""
        made = _new(cls, iterable)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **values):  # noqa: ANN001, ANN003, ANN202 - as above
        """Return the same with other ``values`` in the fields that they name."""
        made = _new(type(self), map(values.pop, self._fields, self))
        if values:
            raise ValueError(f"Got unexpected field names: {list(values)!r}")
        return made

    def _repr(self):  # noqa: ANN001, ANN202 - as above
        """Return the call that makes the same."""
        return f"{type(self).__name__}({', '.join(map('{}={!r}'.format, self._fields, self))})"

    def _asdict(self):  # noqa: ANN001, ANN202 - as above
        """Return the fields by name."""
        return dict(zip(self._fields, self, strict=True))

    def _arguments(self):  # noqa: ANN001, ANN202 - as above
        """Return what copies and pickles make the same of."""
        return tuple(self)

    _METHODS = {
        "__slots__": (),
        "_make": classmethod(_make),
        "_replace": _replace,
        "__repr__": _repr,
        "_asdict": _asdict,
        "__getnewargs__": _arguments,
    }

    @cache
    def _constructor(number):  # noqa: ANN001, ANN202 - as above
        """Return the code of ``__new__`` for classes with this ``number`` of fields."""
        names = ", ".join(f"a{at}" for at in range(number))
        return eval(f"lambda _cls, {names}: _new(_cls, ({names},))").__code__  # noqa: S307 - fixed words

    @cache
    def _getter(index):  # noqa: ANN001, ANN202 - as above
        """Return the property for the field with this ``index``, which is the same in every class."""
        return _tuplegetter(index, f"Alias for field number {index}")

    class _Maker(type):
        """Makes a named tuple of the body of a class that derives from `NamedTuple`."""

        def __new__(cls, name, bases, body):  # noqa: ANN001, ANN204 - as above
            """Return the class; what the body assigns to a field is the field's default."""
            if not bases:  # `NamedTuple` itself
                return super().__new__(cls, name, bases, body)
            fields = tuple(body["__annotations__"])
            defaults = {field: body.pop(field) for field in fields if field in body}
            names = {"co_varnames": ("_cls", *fields), "co_name": "__new__", "co_qualname": f"{name}.__new__"}
            code = _constructor(len(fields)).replace(**names)
            made = {
                **_METHODS,
                "__doc__": f"{name}({', '.join(fields)})",
                "__new__": FunctionType(code, globals(), "__new__", tuple(defaults.values())),
                "__match_args__": fields,
                "_fields": fields,
                "_field_defaults": defaults,
                **{field: _getter(index) for index, field in enumerate(fields)},
                **body,
            }
            return type(name, (tuple,), made)

    class NamedTuple(metaclass=_Maker):
        """A tuple whose fields have names: what `typing.NamedTuple` makes of the same lines."""

    def cast(_kind, value):  # noqa: ANN001, ANN202 - as above
        """Return ``value``, as `typing.cast` does."""
        return value
