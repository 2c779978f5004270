"""Dev container format: the image of a ``devcontainer.json``, arguments of its build, and its features.

Features have a lock of their own.

The file is JSON with comments, read as VS Code's jsonc-parser does; the schema is that of containers.dev.
"""

from __future__ import annotations

import posixpath

from pinner._typing import TYPE_CHECKING
from pinner.formats.json_positions import JsonError, Shape, Text, comments, decode, read, without_comments
from pinner.formats.source import LineIndex
from pinner.formats.yaml.references import Use, skip_if_unfilled
from pinner.formats.yaml.scalars import SourceText
from pinner.link.facts import Argument, ComposeBuild, ComposeFile, ComposeService
from pinner.model import Located, SkippedOccurrence, Span

if TYPE_CHECKING:
    from pinner.formats.json_positions import Value
    from pinner.model import Document, Place

FORMAT = "devcontainer"
_BUILD = Shape({"dockerfile": Shape(), "args": Shape(others=Shape())})
_SHAPE = Shape({"image": Shape(), "features": Shape(keys=True), "build": _BUILD, "dockerFile": Shape()})
_SIGNS = (b'"image"', b'"features"', b'"args"')
_NO_FEATURE = ("./", "../", "http://", "https://")
_LOCKED = "a feature: its lock is devcontainer-lock.json, and a digest beside a tag is refused"


def locate(document: Document) -> Located | None:
    """Return the image, the build and the features of a dev container, or None where it has none. Never raises."""
    data = document.data
    if not any(map(data.__contains__, _SIGNS)):
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
    build = _build(data, lines, value)
    if not places and build is None:
        return None
    return Located(tuple(places), (data.count(b"\n"), tuple(features or ())), () if build is None else (build,))


def _build(data: bytes, lines: LineIndex, value: dict[str, Value]) -> ComposeFile | None:
    """Return what the container is built of where the build is given arguments; None where it is given none.

    A Dockerfile of another folder is not the container's own: what others build of it has its defaults.
    """
    build = value.get("build")
    build = build if isinstance(build, dict) else {}
    args, dockerfile = build.get("args"), build.get("dockerfile") or value.get("dockerFile")
    if not isinstance(args, dict) or not isinstance(dockerfile, Text):
        return None
    given = [_argument(data, lines, name, text) for name, text in args.items() if isinstance(text, Text)]
    # From the folder of this file, whatever the context is (the schema of containers.dev, `build.dockerfile`).
    path = posixpath.normpath(str(_source_text(data, dockerfile)))
    if not given or path.startswith(("../", "/")):
        return None
    made = ComposeBuild(".", path, tuple(given), format=FORMAT)
    service = ComposeService("dev container", lines.line(dockerfile.start), build=made)
    return ComposeFile((service,), is_alone=True)


def _argument(data: bytes, lines: LineIndex, name: str, text: Text) -> Argument:
    value = _source_text(data, text)
    is_known = value.data.isascii() and b"${" not in value.data
    is_plain = b"\\" not in data[text.start : text.end]
    obstacle = "" if is_plain else "the value does not stand in the file as it is read"
    line, column = lines.locate(text.start)
    return Argument(name, str(value) if is_known else None, line, column, Span(*text), (), obstacle)


def _use(lines: LineIndex, kind: str, text: Text) -> Use:
    return Use(FORMAT, kind, text.start, *lines.locate(text.start), Span(*text))


def _image(data: bytes, lines: LineIndex, image: Text) -> Place:
    use = _use(lines, "image", image)
    text = _source_text(data, image)
    return skip_if_unfilled(use, str(text)) or use.judge(text)


def _source_text(data: bytes, written: Text) -> SourceText:
    """Return what the string ``written`` means, each byte with where it stands."""
    decoded, runs = decode(data, written)
    starts: list[int] = []
    ends: list[int] = []
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        length = (len(decoded) if following is None else following.position) - run.position
        offsets = range(run.offset, run.offset + length)
        starts += [run.offset] * length if run.escape else offsets
        ends += [run.offset + run.escape] * length if run.escape else (offset + 1 for offset in offsets)
    return SourceText(decoded, starts, ends)


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
