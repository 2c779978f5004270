"""``inspect`` as a tree: index, platforms, layers, attachments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.inspection.as_text import legend, render_allowances
from pinner.inspection.model import (
    Failure,
    ImageId,
    Inspection,
    artifact_name,
    attachment_name,
    common_entries,
    family,
    full_name,
    human_size,
    is_runnable,
    oci_labels,
    pin_text,
    platform_name,
    today_words,
)
from pinner.report.escapes import printable
from pinner.report.style import Node, draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinner.inspection.model import Entry
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import Digest
    from pinner.report.style import Style

__all__ = ["render_allowances", "render_inspections"]


def render_inspections(entries: Sequence[Entry], style: Style) -> Iterator[str]:
    """Yield a tree for each name, and once what takes which hash."""
    nodes = [_name(entry, style) for entry in entries if not isinstance(entry, Failure)]
    for number, node in enumerate(nodes):
        if number:
            yield ""
        yield from draw(node, style)
    if any(isinstance(entry, Inspection) and is_runnable(entry.image) for entry in entries):
        yield ""
        yield from legend(style)


def _name(entry: Inspection | ImageId, style: Style) -> Node:
    text = style.where(printable(full_name(entry.reference)))
    if isinstance(entry, ImageId):
        return Node(text, tuple(_image_id(entry, style)))
    image = entry.image
    words, digest = today_words(entry)
    tag = (Node(f"tag: {printable(words)}", () if digest is None else (Node(str(digest)),)),) if words else ()
    pin = () if entry.reference.digest else (Node(f"pin as {printable(pin_text(entry.reference, image.digest))}"),)
    unsought = () if entry.unsought is None else (Node(f"signatures and attestations: {printable(entry.unsought)}"),)
    return Node(text, (_top(entry, style), *tag, *pin, *unsought))


def _top(entry: Inspection, style: Style) -> Node:
    image = entry.image
    if not image.is_index:
        only = image.platforms[0]
        what = platform_name(only) if only.artifact is None else artifact_name(only.artifact)
        parts = (
            Node(f"for {what}") if only.artifact is None else Node(what),
            *_parts(entry, only, with_manifest=False),
        )
        return Node(f"manifest {style.good(str(image.digest))} ({family(image.media_type)}, no index)", parts)
    alike = common_entries(oci_labels(one) for one in image.platforms) if len(image.platforms) > 1 else {}
    platforms = tuple(
        Node(style.where(printable(platform_name(one))), (*_parts(entry, one, apart=alike),)) for one in image.platforms
    )
    top = f"index {style.good(str(image.digest))} ({family(image.media_type)})"
    known = {one.digest for one in image.platforms}
    others = (one.subject for one in entry.beside if one.subject not in known)
    rest = [node for subject in dict.fromkeys(others) for node in _beside(entry, subject)]
    return Node(top, (*platforms, *_labels(alike, "labels of every platform"), *rest))


def _parts(
    entry: Inspection, one: PlatformImage, *, with_manifest: bool = True, apart: Mapping[str, str] | None = None
) -> Iterator[Node]:
    """Yield what an image consists of; the labels in ``apart`` are told elsewhere."""
    if with_manifest:
        yield Node(f"manifest {one.digest}")
    if one.is_missing:
        yield Node("the index names it, and the registry does not serve it")
        return
    if one.config is not None:
        yield Node(f"image ID {one.config}")
    about = "size unknown" if one.size is None else f"{human_size(one.size)} compressed"
    yield Node(f"{about}, created {printable(one.created)}" if one.created else about)
    labels = {name: value for name, value in oci_labels(one).items() if name not in (apart or {})}
    yield from _labels(labels, "labels")
    yield from _beside(entry, one.digest)


def _labels(labels: Mapping[str, str], title: str) -> Iterable[Node]:
    if labels:
        yield Node(title, tuple(Node(printable(f"{name}: {value}")) for name, value in labels.items()))


def _beside(entry: Inspection, subject: Digest | None) -> Iterator[Node]:
    for one in entry.beside:
        if one.subject == subject:
            yield Node(f"{printable(attachment_name(one.kind))} {one.digest} (not verified)")


def _image_id(entry: ImageId, style: Style) -> Iterator[Node]:
    yield Node(f"image ID {style.gone(str(entry.config.digest))}: a config and no manifest, nothing can pull it")
    today: Image | None = entry.today
    if today is not None:
        tag = entry.reference.tag or "latest"
        of = "another image than" if entry.belongs is None else f"{printable(platform_name(entry.belongs))} of"
        yield Node(f"{of} what the tag {tag} means today", (Node(style.good(str(today.digest))),))
