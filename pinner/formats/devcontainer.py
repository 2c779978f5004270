"""Dev container format: the image of a ``devcontainer.json``, and its features, which have a lock of their own.

The file is JSON with comments, read as VS Code's jsonc-parser does; the schema is that of containers.dev.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.json_positions import JsonError, Shape, Text, comments, decode, read, without_comments
from pinner.formats.source import LineIndex
from pinner.formats.yaml.references import Use, unfilled
from pinner.formats.yaml.scalars import SourceText
from pinner.model import Located, SkippedOccurrence, Span

if TYPE_CHECKING:
    from pinner.model import Document, Place

FORMAT = "devcontainer"
_SHAPE = Shape({"image": Shape(), "features": Shape(keys=True)})
_NO_FEATURE = ("./", "../", "http://", "https://")
_LOCKED = "a feature: its lock is devcontainer-lock.json, and a digest beside a tag is refused"


def locate(document: Document) -> Located | None:
    """Return the image and the features of a dev container, or None where none is named. Never raises."""
    data = document.data
    if b'"image"' not in data and b'"features"' not in data:
        return None
    lines = LineIndex(data)
    try:
        value = read(without_comments(data), _SHAPE)
    except JsonError as error:
        line, column = lines.locate(error.offset)
        span = Span(error.offset, error.offset)
        detail = f"this is no JSON with comments: {error.message}"
        return Located((SkippedOccurrence(FORMAT, "document", "", line, column, span, "parse-error", detail),))
    if not isinstance(value, dict):
        return None
    image, features = value.get("image"), value.get("features")
    places = [_image(data, lines, image)] if isinstance(image, Text) and image.start < image.end else []
    for key in features.values() if isinstance(features, dict) else ():
        text = decode(data, key)[0].decode("utf-8", "replace") if isinstance(key, Text) else ""
        if isinstance(key, Text) and "/" in text and not text.startswith(_NO_FEATURE):
            places.append(_use(lines, "feature", key).skip(text, "lockfile", _LOCKED))
    places.sort(key=lambda place: place.span)
    return Located(tuple(places), (data.count(b"\n"), tuple(features or ()))) if places else None


def _use(lines: LineIndex, kind: str, text: Text) -> Use:
    return Use(FORMAT, kind, text.start, *lines.locate(text.start), Span(*text))


def _image(data: bytes, lines: LineIndex, image: Text) -> Place:
    use = _use(lines, "image", image)
    decoded, runs = decode(data, image)
    starts: list[int] = []
    ends: list[int] = []
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        length = (len(decoded) if following is None else following.position) - run.position
        offsets = range(run.offset, run.offset + length)
        starts += [run.offset] * length if run.escape else offsets
        ends += [run.offset + run.escape] * length if run.escape else (offset + 1 for offset in offsets)
    text = SourceText(decoded, starts, ends)
    return unfilled(use, str(text)) or use.judge(text)


def unwrapped(document: Document) -> bytes:
    """Return ``document`` with comments as other formats have them, ``#`` for ``//``, every line where it is."""
    data = document.data
    if b"pinner" not in data:
        return b""
    parts: list[bytes] = []
    offset = 0
    for start, end in comments(data):
        comment = data[start:end]
        parts += (data[offset:start], b"# " + comment[2:] if comment.startswith(b"//") else comment)
        offset = end
    return b"".join((*parts, data[offset:]))
