"""Possessive quantifiers of regular expressions, mended for the Pythons that get them wrong.

Before 3.11.5 a group that is repeated possessively (``(?:…)*+``) and fails midway leaves the position where it failed,
and what does match is missed (https://github.com/python/cpython/issues/106052). Debian 12 has such a Python. An atomic
group around a greedy repetition means the same, and is right there. The expressions themselves stay possessive: such a
group keeps a place to go back to for each repetition until it ends (6 MB of text in quotes take 479 MB and 0.74 s, and
possessively 21 MB and 0.20 s). Those versions do not change any more, and so neither does what is taken from inside of
their ``re``.
"""

from __future__ import annotations

from importlib import import_module

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


def mended(pattern: Any) -> Any:  # noqa: ANN401 - a tree of Python's own
    """Return ``pattern``, as Python's parser of expressions has it, with atomic groups for possessive repetitions."""
    constants, compiler = import_module("re._constants"), import_module("re._compiler")
    # Without recursion: how deep an expression is, is its author's.
    todo = [pattern]
    while todo:
        tree = todo.pop()
        for index, (kind, value) in enumerate(tree.data):
            todo += _below(value, type(pattern))
            # What repeats one character has a way of its own, which is right.
            if kind is constants.POSSESSIVE_REPEAT and not compiler._simple(value[2]):  # noqa: SLF001 - see above
                greedy = type(pattern)(tree.state, [(constants.MAX_REPEAT, value)])
                tree.data[index] = (constants.ATOMIC_GROUP, greedy)
        tree.width = None
    return pattern


def _below(value: object, tree: type) -> Iterator[Any]:
    if isinstance(value, tree):
        yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _below(one, tree)


def mend(parser: Any = None) -> None:  # noqa: ANN401 - a module of Python's own
    """Have ``parser``, by default the module that reads regular expressions, mend all that it reads from now on."""
    parser = parser or import_module("re._parser")
    parse: Callable[..., Any] = parser.parse
    parser.parse = lambda *arguments, **options: mended(parse(*arguments, **options))
