"""Strict JSON, base64, DER strings and times of signatures: what two readers could read in two ways is refused."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pinner.oci.manifests import strict_json
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_DIGITS = 19
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
_UTF8_STRING = 0x0C
_LONG_FORM = 0x80


class MalformedError(RefusedError):
    """What claims to be a signature cannot be read."""

    def __init__(self, detail: str) -> None:
        super().__init__("malformed", detail)


class Object:
    """A JSON object whose members are asked for by type; whatever is not as asked raises `MalformedError`."""

    def __init__(self, members: Mapping[str, Any], what: str) -> None:
        self.members = members
        self.what = what

    def __contains__(self, name: str) -> bool:
        return self.members.get(name) is not None

    def _wrong(self, name: str, wanted: str) -> MalformedError:
        return MalformedError(f"{self.what}: `{name}` is not {wanted}")

    def table(self, name: str) -> Object:
        """Return the object under ``name``."""
        value = self.members.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Object(value, f"{self.what}.{name}")

    def tables(self, name: str) -> tuple[Object, ...]:
        """Return the objects in the list under ``name``; none where there is no list."""
        return tuple(self._tables(name))

    def _tables(self, name: str) -> Iterator[Object]:
        for value in self.items(name):
            if not isinstance(value, dict):
                raise self._wrong(name, "a list of objects")
            yield Object(value, f"{self.what}.{name}")

    def items(self, name: str) -> list[Any]:
        """Return the list under ``name``; an empty one where there is none."""
        value = self.members.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts in the list under ``name``."""
        found = self.items(name)
        if not all(isinstance(value, str) for value in found):
            raise self._wrong(name, "a list of texts")
        return tuple(str(value) for value in found)

    def text(self, name: str) -> str:
        """Return the text under ``name``."""
        value = self.members.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def optional(self, name: str) -> str | None:
        """Return the text under ``name``; None where there is none."""
        return self.text(name) if name in self else None

    def number(self, name: str) -> int:
        """Return the whole number under ``name``, which protobuf's JSON may write as a text. Never negative."""
        value = self.members.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_MAX_DIGITS:
            return value
        raise self._wrong(name, "a whole number")

    def bytes(self, name: str) -> bytes:
        """Return what the base64 under ``name`` stands for."""
        try:
            return unbase64(self.text(name))
        except MalformedError:
            raise self._wrong(name, "base64") from None

    def time(self, name: str) -> datetime:
        """Return the RFC 3339 time under ``name``."""
        try:
            return read_time(self.text(name))
        except MalformedError:
            raise self._wrong(name, "a time") from None


def load_object(data: bytes, what: str) -> Object:
    """Return the JSON object in ``data``, read as strictly as a registry's; raises `MalformedError`."""
    try:
        document = strict_json(data)
    except ValueError:
        raise MalformedError(f"{what} is not proper JSON") from None
    if not isinstance(document, dict):
        raise MalformedError(f"{what} is not a JSON object")
    return Object(document, what)


def unbase64(text: str) -> bytes:
    """Return what base64 with padding stands for, bits that are none of a byte zero (RFC 4648 §3.5).

    Raises `MalformedError`.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise MalformedError("not base64") from None
    if base64.b64encode(data) != text.encode("ascii"):
        raise MalformedError("not base64")
    return data


def unbase64url(text: str) -> bytes:
    """Return what base64url without padding stands for (RFC 7515 §2); raises `MalformedError`."""
    if re.fullmatch(r"[A-Za-z0-9_-]*", text) is None:
        raise MalformedError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) % 4 != 1 else None
    if data is None or base64.urlsafe_b64encode(data).rstrip(b"=") != text.encode("ascii"):
        raise MalformedError("not base64url")
    return data


def read_time(text: str) -> datetime:
    """Return the time that RFC 3339 text names, to the microsecond; raises `MalformedError`."""
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise MalformedError("not a time")
    day, clock, fraction, sign, hours, minutes = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0')[:7].ljust(7, '0')}").replace(tzinfo=UTC)
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        return moment + offset if sign == "-" else moment - offset
    except (ValueError, OverflowError):
        raise MalformedError("not a time") from None


def der_text(data: bytes) -> str:
    """Return the text of a DER UTF8String; raises `MalformedError`."""
    if len(data) < 2 or data[0] != _UTF8_STRING:  # noqa: PLR2004 - tag and length
        raise MalformedError("an extension is no UTF8String")
    length, start = data[1], 2
    if length & _LONG_FORM:
        size = length & 0x7F
        length, start = int.from_bytes(data[2 : 2 + size]), 2 + size
    if start + length != len(data):
        raise MalformedError("an extension is no UTF8String")
    return plain_text(data[start:])


def plain_text(data: bytes) -> str:
    """Return UTF-8 ``data`` as text; raises `MalformedError`."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError("a text is not UTF-8") from None
