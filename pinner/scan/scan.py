"""Scan of files: each read, and its references located by the format that claims it."""

from __future__ import annotations

from pinner import files
from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import BinaryError, InputError, attempt
from pinner.formats import FORMATS, is_no_loss, largest, locate
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.formats.base import Format
    from pinner.model import Located
    from pinner.scan.discover import Target


class Reading(NamedTuple):
    """What came of one file: its bytes and what its format found, or why it could not be read."""

    path: str
    data: bytes = b""
    format: Format | None = None
    """The one that knows the content; None where none does."""
    located: Located | None = None
    error: InputError | None = None

    @property
    def document(self) -> Document:
        """Path and bytes."""
        return Document(self.path, self.data)


class Unreadable(NamedTuple):
    """A file that could not be told anything about."""

    path: str
    error: InputError


def read_all(targets: Iterable[Target], formats: Sequence[Format] = FORMATS) -> list[Reading]:
    """Return what came of each of ``targets``, in their order; ``formats`` are the formats as they are configured.

    In this process alone: what another would find had to be handed over, which takes as long as finding it.
    """
    return [_read(target, formats) for target in targets]


def _read(target: Target, formats: Sequence[Format]) -> Reading:
    reading = attempt(_located, target, formats)
    return Reading(target.path, error=reading) if isinstance(reading, InputError) else reading


def _located(target: Target, formats: Sequence[Format]) -> Reading:
    data = read_text(target)
    found = None if data is None else locate(Document(target.path, data), formats)
    if data is None or found is None:
        return Reading(target.path)
    return Reading(target.path, data, *found)


def read_text(target: Target) -> bytes | None:
    """Return the bytes of ``target``, or None for a library and the like that a walk came upon; raises `InputError`."""
    if target.text is not None:
        return files.validated_text(target.text, largest(target.path))
    try:
        return files.read(target.file, largest(target.path))
    except BinaryError:
        if not target.named and (is_no_loss(target.path) or _names_no_image(target)):
            return None
        raise


_UTF16 = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def _names_no_image(target: Target) -> bool:
    """Tell whether a file in UTF-16, which YAML may be (YAML 1.2.2, section 5.2), says nothing of an image."""
    from pinner.files.atomic import read_regular  # noqa: PLC0415 - hardly a file is in UTF-16

    data = read_regular(target.file)[: largest(target.path)]
    encoding = next((name for mark, name in _UTF16 if data.startswith(mark)), None)
    if encoding is None or not target.path.endswith((".yaml", ".yml")):
        return False
    text = data.decode(encoding, "replace")
    return not any(word in text for word in ("image", "bundle", "oci://", "pkg.crossplane.io", "dockerfile_inline"))
