"""Lockfile parser whose errors name line and column."""

from __future__ import annotations

import json
import re
from datetime import datetime
from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import ConfigError, InvalidReferenceError, did_you_mean
from pinner.lockfile.model import SIGNED_VERSION, VERSION, Entry, Lock, LockedDigest, LockedPlatform
from pinner.lockfile.positions import key_positions, line_and_column
from pinner.oci.types import Signature
from pinner.reference import Digest, ImageReference, Platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import NoReturn, TypeVar

    T = TypeVar("T")

_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_CONFLICT = r"(?m)^(?:<{7}|={7}|>{7}|\|{7})(?:\s|$)"
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_ANEW = "take it from version control, or delete it and run `pinner lock` to make it anew"


def parse_lock(data: bytes, name: str) -> Lock:
    """Return what the lockfile ``data`` says; ``name`` is what messages call it.

    Raises `ConfigError` with line and column for what is no JSON, has another shape than its schema gives it, names a
    key twice, holds merge conflicts, or was written by a newer pinner.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line, column = line_and_column(data[: error.start].decode(), error.start)
        raise ConfigError(f"{name}:{line}:{column}: not UTF-8", hint=_ANEW) from error
    if text.startswith("\ufeff"):
        raise ConfigError(f"{name}:1:1: begins with a byte order mark", hint="save it as UTF-8 without one")
    if (conflict := _conflict(text)) is not None:
        line, column = line_and_column(text, conflict.start())
        raise ConfigError(
            f"{name}:{line}:{column}: has merge conflicts",
            hint="take one side's file (git checkout --ours pinner.lock), then `pinner lock` adds what is missing",
        )
    return _lock(_Node(_json(text, name), (), _Text(text, name)))


def _conflict(text: str) -> re.Match[str] | None:
    if not any(mark in text for mark in _MARKS):  # what is no conflict need not wait for a pattern
        return None
    return re.search(_CONFLICT, text)


def _json(text: str, name: str) -> object:
    repeated = False

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) < len(pairs)
        return found

    try:
        content = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        cut_short = error.msg.startswith("Unterminated string") or not text[error.pos :].strip()
        complaint = error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
        problem = "ends too early" if cut_short else f"not valid JSON: {complaint}"
        raise ConfigError(f"{name}:{error.lineno}:{error.colno}: {problem}", hint=_ANEW) from error
    except (RecursionError, ValueError) as error:  # nested a thousand times; a number of thousands of digits
        raise ConfigError(f"{name}: not a lockfile of pinner", hint=_ANEW) from error
    if repeated:
        _refuse_repetition(_Text(text, name))
    return content


def _refuse_repetition(text: _Text) -> None:
    seen = set()
    for spot in key_positions(text.text):
        key = (spot.owner, spot.path[-1])
        if spot.owner is not None and key in seen:
            line, column = line_and_column(text.text, spot.start)
            raise ConfigError(
                f"{text.name}:{line}:{column}: `{spot.path[-1]}` is here twice",
                hint="delete one of the two, or both and run `pinner lock`",
            )
        seen.add(key)


class _Text(NamedTuple):
    text: str
    name: str


class _Node(NamedTuple):
    """A value and the keys that lead to it, so that every complaint names line and key."""

    value: object
    path: tuple[str, ...]
    source: _Text

    def refuse(self, problem: str, hint: str | None = _ANEW) -> NoReturn:
        """Raise the error that says what is wrong here."""
        known = {spot.path: spot.start for spot in key_positions(self.source.text)}
        line, column = line_and_column(self.source.text, known.get(self.path, 0))
        what = f"`{self.path[-1]}` " if self.path else ""
        raise ConfigError(f"{self.source.name}:{line}:{column}: {what}{problem}", hint=hint)

    def items(self) -> Iterable[tuple[str, _Node]]:
        """Yield the keys of an object and what they lead to."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        for key, value in self.value.items():
            yield key, _Node(value, (*self.path, key), self.source)

    def fields(self, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, _Node]:
        """Return the members of an object that has all of ``needed`` and nothing beyond ``optional``."""
        found = dict(self.items())
        for name, node in found.items():
            if name not in (*needed, *optional):
                node.refuse("is no key of a lockfile", did_you_mean(name, (*needed, *optional)) or _ANEW)
        for name in needed:
            if name not in found:
                self.refuse(f"lacks `{name}`")
        return found

    def list(self) -> Iterable[_Node]:
        """Yield the values of a list."""
        if not isinstance(self.value, list):
            self.refuse("must be a list")
        for value in self.value:
            path = (*self.path, value) if isinstance(value, str) else self.path
            yield _Node(value, path, self.source)

    def text(self) -> str:
        """Return a text."""
        if not isinstance(self.value, str):
            self.refuse("must be a text")
        return self.value

    def parsed(self, parse: Callable[[str], T]) -> T:
        """Return what ``parse`` makes of a text; its `InvalidReferenceError` is said with the place."""
        try:
            return parse(self.text())
        except InvalidReferenceError as error:
            self.refuse(f"is wrong: {error.message}", error.hint or _ANEW)


def _lock(node: _Node) -> Lock:
    if not isinstance(node.value, dict):
        node.refuse("not a lockfile of pinner")
    version = node.value.get("version")
    if isinstance(version, int) and version > SIGNED_VERSION:
        _Node(version, ("version",), node.source).refuse(
            f"is {version}: written by a newer pinner (version {version})", "update pinner"
        )
    if "version" in node.value and (type(version) is not int or version not in (VERSION, SIGNED_VERSION)):
        _Node(version, ("version",), node.source).refuse(f"must be {VERSION}, or {SIGNED_VERSION} with signatures")
    fields = node.fields(("images", "sources", "version"))
    return Lock(
        MappingProxyType({name: _entry(name, entry) for name, entry in fields["images"].items()}),
        MappingProxyType({path: _names(names) for path, names in fields["sources"].items()}),
    )


def _entry(name: str, node: _Node) -> Entry:
    _check_name(name, node)
    selected = _digest(node, ("candidates",))
    candidates = dict(node.items()).get("candidates")
    listed = () if candidates is None else candidates.list()
    return Entry(selected, tuple(_digest(candidate) for candidate in listed))


def _check_name(name: str, node: _Node) -> None:
    """Refuse what is no canonical name: it would fit no reference."""
    try:
        full = ImageReference.parse(name).canonical
    except InvalidReferenceError as error:
        node.refuse(f"is wrong: {error.message}", error.hint or _ANEW)
    if full != name:
        node.refuse(f"is not an image's full name: that is `{full}`")


def _digest(node: _Node, also: tuple[str, ...] = ()) -> LockedDigest:
    fields = node.fields(("digest", "firstSeen", "mediaType"), ("labels", "platforms", "signature", *also))
    platforms = fields["platforms"].items() if "platforms" in fields else ()
    labels = fields["labels"].items() if "labels" in fields else ()
    return LockedDigest(
        fields["digest"].parsed(Digest.parse),
        fields["mediaType"].text(),
        _moment(fields["firstSeen"]),
        MappingProxyType({_platform(name, image): _platform_image(image) for name, image in platforms}),
        MappingProxyType({name: value.text() for name, value in labels}),
        _signature(fields["signature"]) if "signature" in fields else None,
    )


def _signature(node: _Node) -> Signature:
    fields = node.fields(("by", "signer", "subject", "place", "policy"), ("issuer", "keyId", "signedAt", "log"))
    texts = {name: field.text() for name, field in fields.items() if name != "log"}
    if "signedAt" in fields:
        _moment(fields["signedAt"])
    log = None
    if "log" in fields:
        inner = fields["log"].fields(("url", "index"))
        index = inner["index"].value
        if not isinstance(index, int) or isinstance(index, bool):
            inner["index"].refuse("must be a number")
        log = inner["url"].text(), index
    return Signature(
        texts["by"],
        texts["signer"],
        texts["subject"],
        texts["place"],
        texts.get("issuer"),
        texts.get("keyId"),
        texts.get("signedAt"),
        log,
        texts["policy"],
    )


def _moment(node: _Node) -> datetime:
    text = node.text()
    try:
        moment = datetime.fromisoformat(text if _MOMENT.fullmatch(text) else "")
    except ValueError:
        node.refuse(f"is not a time: `{text}`", "write it as in 2026-11-01T12:00:00Z")
    return moment


def _platform(name: str, node: _Node) -> Platform:
    return _Node(name, node.path, node.source).parsed(Platform.parse)


def _platform_image(node: _Node) -> LockedPlatform:
    fields = node.fields(("digest",), ("config", "size"))
    return LockedPlatform(
        fields["digest"].parsed(Digest.parse),
        fields["config"].parsed(Digest.parse) if "config" in fields else None,
        _size(fields["size"]) if "size" in fields else None,
    )


def _size(node: _Node) -> int:
    size = node.value
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        node.refuse("must be a number of bytes")
    return size


def _names(node: _Node) -> tuple[str, ...]:
    items = tuple(node.list())
    names = tuple(item.text() for item in items)
    for name, item in zip(names, items, strict=True):
        _check_name(name, item)
    if not names:
        node.refuse("must name an image: a file without one is not listed")
    return names
