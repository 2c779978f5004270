"""Extraction of image references from Quadlet units.

Source: podman's ``pkg/systemd/quadlet/quadlet.go`` (``ConvertContainer``, ``ConvertImage``, ``ConvertVolume``).
"""

from __future__ import annotations

import re
from operator import itemgetter

from pinner._typing import TYPE_CHECKING
from pinner.formats.quadlet.unit import UnitError, image_of, read_unit
from pinner.formats.source import LineIndex
from pinner.formats.yaml.references import Use
from pinner.link.facts import UnitImage
from pinner.model import Located, Occurrence, SkippedOccurrence, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.formats.quadlet.unit import Setting
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Document, Place, SkipReason

FORMAT = "quadlet"
_NO_REGISTRY = (
    *("dir:", "oci:", "oci-archive:", "docker-archive:", "containers-storage:", "docker-daemon:", "sif:", "ostree:"),
    *("/", "./"),
)
"""Names of what lies on the machine."""
_SECTIONS = ("Container", "Image", "Volume")
_UNITS = (".image", ".build")
_DOCKER = "docker://"
_FILLED_IN = re.compile(r"%.|\$\{[^}]*\}|\$[A-Za-z_]\w*")
_TEMPLATE_MARKS = (b"{{", b"{%", b"<%")


def locate(document: Document) -> Located:
    """Return the images that the unit ``document`` names. Never raises."""
    data = document.data
    lines = LineIndex(data)
    try:
        settings = read_unit(data)
    except UnitError as error:
        return Located((_refused(data, lines, error),))
    found = [(text.starts[0], _judged(kind, text, settings, lines)) for kind, text in _images(settings) if text.data]
    places = tuple([place for _, place in sorted(found, key=itemgetter(0)) if place is not None])
    facts = [
        UnitImage(section, lines.line(text.starts[0]), Span(text.starts[0], text.ends[-1]))
        for section in _SECTIONS
        if (text := last_value(settings, section, "Image")) is not None and text.data
    ]
    return Located(places, tuple((one.section, one.key) for one in settings), tuple(facts))


def _refused(data: bytes, lines: LineIndex, error: UnitError) -> SkippedOccurrence:
    templated = any(mark in data for mark in _TEMPLATE_MARKS)
    detail = "a template, which is no unit before it is filled in" if templated else error.message
    reason: SkipReason = "templated" if templated else "parse-error"
    line, column = lines.locate(error.offset)
    return SkippedOccurrence(FORMAT, "document", "", line, column, Span(error.offset, error.offset), reason, detail)


def _images(settings: Sequence[Setting]) -> Iterator[tuple[str, SourceText]]:
    """Yield what is an image to podman, and how it is used."""
    for section in _SECTIONS:
        image = last_value(settings, section, "Image")
        if image is None or (section == "Volume" and str(last_value(settings, section, "Driver") or "") != "image"):
            continue
        yield section.lower(), image
    mounts: list[Setting] = []
    for one in settings:
        if (one.section, one.key) == ("Container", "Mount"):
            mounts = [*mounts, one] if one.value.data else []
    for mount in mounts:
        yield from (("mount", source) for source in image_of(mount.value))


def last_value(settings: Sequence[Setting], section: str, key: str) -> SourceText | None:
    """Return the value of ``key`` that counts, the last one, without the quotation marks around it."""
    found = next((one for one in reversed(settings) if (one.section, one.key) == (section, key)), None)
    if found is None:
        return None
    text = found.value
    stripped = text.data.rstrip().rstrip(b'"')
    text = text[: len(stripped)]
    return text[len(stripped) - len(stripped.lstrip(b'"')) :]


def _judged(kind: str, text: SourceText, settings: Sequence[Setting], lines: LineIndex) -> Place | None:
    """Return what the image ``text`` is; None where it is a unit's name, or lies on the machine."""
    written = str(text)
    if written.endswith(_UNITS) or written.startswith(_NO_REGISTRY):
        return None
    line, column = lines.locate(text.starts[0])
    updates = kind == "container" and str(last_value(settings, "Container", "AutoUpdate") or "") == "registry"
    via = ("AutoUpdate=registry",) if updates else ()
    use = Use(FORMAT, kind, text.starts[0], line, column, Span(text.starts[0], text.ends[-1]), via)
    filled_in = _FILLED_IN.search(written)
    if filled_in is not None:
        in_tag = ":" in written[written.rfind("/", 0, filled_in.start()) + 1 : filled_in.start()]
        reason: SkipReason = "interpolated-tag" if in_tag else "interpolated-name"
        return use.skip(written, reason, f"systemd fills in `{filled_in[0]}`")
    if written.startswith(_DOCKER):
        return _behind_transport(use, text)
    if kind == "container" and str(last_value(settings, "Container", "Pull") or "") == "never":
        return use.skip(written, "pull-policy", "`Pull=never`: the image is never pulled")
    return use.judge(text)


def _behind_transport(use: Use, text: SourceText) -> Place:
    """Return what ``docker://name`` is: podman takes a digest there, but none beside a tag (docker_transport.go)."""
    judged = use.judge(text[len(_DOCKER) :])
    if isinstance(judged, Occurrence) and judged.reference.digest is not None and judged.reference.tag is None:
        return judged
    detail = "behind `docker://` podman takes no tag beside a digest; write the name without it"
    return use.skip(str(text), "invalid-reference", detail)
