"""Keys of a YAML document's root mapping, told from the lines that begin in column 0: a gate before the parser."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml import load

if TYPE_CHECKING:
    from collections.abc import Collection

    from pinner.formats.yaml import YamlDocument

# What comes before the first node: the document's marker, blank lines and comments.
_HEAD = re.compile(rb"(?:---(?=[ \t\r\n])[ \t]*+|(?!))?+(?:(?:#[^\n]*+)?+\r?\n[ \t]*+|(?!))*+")
# A key that is a word, an item, or a template's line: `{{ … }}` is a whole flow mapping, after which nothing may come.
_WORD = rb"[A-Za-z0-9_.][A-Za-z0-9_./-]*+"
_FIRST_NODE = re.compile(rb"(%b)[ \t]*+:(?=[ \t\r\n]|\Z)|-(?=[ \t\r\n])|\{\{[^\n}]*\}\}[ \t]*+\r?(?:\n|\Z)" % _WORD)
# What no word of a key begins with, or ends a document: a parser has to look. After LF, for it is found six times as
# fast as the beginning of a line.
_ODD = rb"[?&*!<\"']|\.\.\."
_UNUSUAL = re.compile(rb"\n(?:%b)" % _ODD)
_KEY = re.compile(rb"\n(?:(%b)|(%b)[ \t]*+:)" % (_ODD, _WORD))
# The first two lines of a document that say that its root is an object, or the template's line before them.
_WORD_VALUE = rb"[ \t]*+:[ \t]++%b(?:[ \t]+#[^\n]*)?[ \t]*\r?(?:\n|\Z)" % _WORD
_OBJECT_HEAD = re.compile(
    rb"apiVersion%b(?:#[^\n]*\n)*kind%b|kind%b(?:#[^\n]*\n)*apiVersion%b" % ((_WORD_VALUE,) * 4)
    + rb"|\{\{[^\n}]*\}\}[ \t]*+\r?(?:\n|\Z)"
)
_AFTER_KEY = re.compile(rb"[ \t]*:(?=[ \t\r\n]|\Z)")
_OBJECT = (b"apiVersion", b"kind")
_ITEMS = (b"[", b"- ", b"-\n", b"-\r", b"-\t")
_LF = ord("\n")
_OTHER_BREAKS = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
_SCALAR = re.compile(rb"[ \t]+[\"']?([A-Za-z0-9.][A-Za-z0-9./-]*)[\"']?[ \t]*(?:[ \t]#[^\n]*)?\r?(?:\n(?!\s)|\Z)")


def has_plain_root(text: bytes) -> bool:
    """Tell whether all keys of the root mapping of ``text``, one document, are words that begin lines in column 0.

    So it is where the first does, for continued scalars and nested nodes are indented (YAML 1.2.2, sections 7.3.1 and
    8.2). True as well where there are no keys: nothing but comments, a sequence, a template's line. False says nothing.
    """
    start = _after_head(text, 0, len(text))
    return _begins_plainly(text, 0, start, len(text)) and _goes_on_plainly(text)


def _after_head(data: bytes, start: int, end: int) -> int:
    head = _HEAD.match(data, start, end)
    return start if head is None else head.end()


def _begins_plainly(data: bytes, start: int, node: int, end: int) -> bool:
    """Tell whether the document in ``data`` from ``start`` to ``end``, its first node at ``node``, begins plainly."""
    if node > start and data[node - 1] != _LF:
        return False
    return node >= end or _FIRST_NODE.match(data, node, end) is not None


def _goes_on_plainly(data: bytes) -> bool:
    """Tell whether no line of ``data`` behind the first may hold a key of a root that is no word in column 0."""
    return _UNUSUAL.search(data) is None and _has_plain_breaks(data)


def _has_plain_breaks(data: bytes) -> bool:
    """Tell whether LF alone, after CR or not, ends the lines of ``data``."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    return data.isascii() or not any(line_break in data for line_break in _OTHER_BREAKS)


class Roots(NamedTuple):
    """What the lines in column 0 tell of the documents of a file."""

    keys: frozenset[bytes]
    """All keys of their root mappings that are words, and maybe more, where `is_plain` holds."""
    is_plain: bool
    """Whether `has_plain_root` holds for each."""
    has_items: bool
    """Whether the root of one may be a list."""


@lru_cache(maxsize=4)
def roots_of(data: bytes) -> Roots:
    """Return what the lines in column 0 of the file ``data`` tell. Remembered, for all formats of YAML ask for it."""
    found = set(_KEY.findall(data))
    is_plain = not any(odd for odd, _ in found) and _has_plain_breaks(data)
    keys = {key for _, key in found if key}
    has_items = False
    for _, (start, end) in load(data):
        node = _after_head(data, start, end)
        is_plain = is_plain and _begins_plainly(data, start, node, end)
        has_items = has_items or data.startswith(_ITEMS, node, end)
        first = _FIRST_NODE.match(data, node, end)
        if first is not None and first[1] is not None:
            keys.add(first[1])
    return Roots(frozenset(keys), is_plain, has_items)


@lru_cache(maxsize=4)
def are_objects(data: bytes) -> bool:
    """Tell from how the documents of the file ``data`` begin that each is a Kubernetes object, or a template of one.

    Whatever comes behind, a root that can be read has the keys ``apiVersion`` and ``kind``; behind a template's line,
    which is a mapping of its own, nothing can. False says nothing.
    """
    for _, (start, end) in load(data):
        node = _after_head(data, start, end)
        begins_line = node == start or data[node - 1] == _LF
        if node < end and not (begins_line and _OBJECT_HEAD.match(data, node, end)):
            return False
    return b"\n..." not in data  # where another document begins


@lru_cache(maxsize=4)
def is_object(document: YamlDocument) -> bool:
    """Tell from its bytes alone that ``document`` is a Kubernetes object; False says nothing.

    Remembered, for many formats look at the same file.
    """
    text = document.text
    return all(has_root_key(text, key, _AFTER_KEY) for key in _OBJECT) and has_plain_root(text)


def root_scalars(text: bytes, keys: Collection[bytes]) -> list[bytes] | None:
    """Return what stands under ``keys`` in the root mapping of ``text``, where `has_plain_root` holds, in their order.

    None where one of them is not there once, or its value is no plain word.
    """
    found = []
    for key in keys:
        first, others = _root_key(key)
        start = first.match(text)
        starts = [match.end() for match in (*([start] if start else ()), *others.finditer(text))]
        value = _SCALAR.match(text, starts[0]) if len(starts) == 1 else None
        if value is None:
            return None
        found.append(value[1])
    return found


@cache
def _root_key(key: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return what ``key`` looks like in the first line of a document, and in the others."""
    written = re.escape(key) + rb"[ \t]*:"
    return re.compile(written), re.compile(rb"\n" + written)


def has_root_key(text: bytes, key: bytes, behind: re.Pattern[bytes]) -> bool:
    """Tell whether a line of ``text`` begins with ``key``, in quotes or not, and ``behind`` matches what follows.

    Not by a regular expression that looks at the beginning of every line: that takes ten times as long.
    """
    if key not in text:
        return False
    for quote in (b"", b'"', b"'"):
        written = quote + key
        if text.startswith(written) and behind.match(text, len(written)):
            return True
        needle = b"\n" + written
        offset = text.find(needle)
        while offset >= 0:
            if behind.match(text, offset + len(needle)):
                return True
            offset = text.find(needle, offset + 1)
    return False
