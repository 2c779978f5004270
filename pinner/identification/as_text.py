"""``identify`` as text: a tree for each image, every digest whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.identification import wording
from pinner.identification.hash_kinds import repo_digests
from pinner.identification.model import LocalAnswer, pinned_text
from pinner.report.escapes import printable
from pinner.report.style import Node, draw
from pinner.report.summary_sentences import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.identification.model import (
        Answer,
        Compared,
        Comparison,
        HashAnswer,
        LocalImage,
        LocalLayer,
        Role,
        Sighting,
        Unanswered,
    )
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import Digest
    from pinner.report.style import Style

_MAX_LAYERS = 6
_WIDTH = 10


def render_text(answer: Answer, style: Style) -> Iterator[str]:
    """Yield the lines of ``identify``."""
    yield from _local_lines(answer, style) if isinstance(answer, LocalAnswer) else _hash_lines(answer, style)


def _line(name: str, text: str) -> str:
    return f"{name:<{_WIDTH}}{text}"


def _local_lines(answer: LocalAnswer, style: Style) -> Iterator[str]:
    holding = answer.holding
    yield f"{style.where(printable(answer.what))}: {wording.form(holding)}"
    for sentence in holding.tampered:
        yield f"{style.gone('tampered with')}: {printable(sentence)}"
    for sentence in holding.unchecked:
        yield f"{style.severity('warning')}: not checked: {printable(sentence)}"
    for compared in answer.images:
        yield ""
        yield from draw(_image_tree(answer, compared, style), style)


def _image_tree(answer: LocalAnswer, compared: Compared, style: Style) -> Node:
    image, form = compared.image, answer.holding.form
    names = ", ".join(map(printable, image.names)) or "no name"
    platform = f"  {style.faint(printable(str(image.platform)))}" if image.platform else ""
    children = [
        *_identity_nodes(compared, answer, style),
        *_layer_nodes(image, style),
        *(_comparison_node(one, style) for one in compared.comparisons),
    ]
    if not compared.comparisons and form != "engine":
        children.append(Node(style.faint("nobody was asked: it has no name that a registry could know (see --image)")))
    return Node(f"{style.where(names)}{platform}", children)


def _identity_nodes(compared: Compared, answer: LocalAnswer, style: Style) -> Iterator[Node]:
    image, store = compared.image, answer.holding.store
    if store is None:
        yield Node(_line("image ID", f"{image.config or 'unknown'}  {style.faint('its config hashes to this')}"))
        yield Node(_line("manifest", str(image.manifest or style.faint("none is kept in this form"))))
        yield Node(_line("index", str(image.index_digest or style.faint("none is in here"))))
        return
    what = wording.STORE_IDS[store]
    yield Node(_line("image ID", f"{image.engine_id or 'unknown'}  {style.faint(what)}"))
    if image.manifest is not None:
        yield Node(_line("manifest", str(image.manifest)))
    if image.index_digest is not None:
        yield Node(_line("index", str(image.index_digest)))
    served = {one.reference.repository: wording.served_digests(one) for one in compared.comparisons}
    for reference, digest in repo_digests(image):
        what = served.get(reference.repository, {}).get(digest, "")
        yield Node(_line("known as", f"{printable(str(reference))}  {style.faint(what)}".rstrip()))


def _layer_nodes(image: LocalImage, style: Style) -> Iterator[Node]:
    layers = image.layers
    if not layers:
        return
    shown = [Node(_layer_text(number, layer, style)) for number, layer in enumerate(layers[:_MAX_LAYERS], 1)]
    if len(layers) > _MAX_LAYERS:
        shown.append(Node(style.faint(f"and {len(layers) - _MAX_LAYERS} more")))
    yield Node(f"{count(len(layers), 'layer')}{wording.layers_checked(layers)}", shown)


def _layer_text(number: int, layer: LocalLayer, style: Style) -> str:
    text = f"{number}  {layer.diff_id or 'not here'}"
    if layer.stored is not None and layer.compression not in (None, "none"):
        text += style.faint(f"  stored as {layer.compression} {style.short(layer.stored)}")
    return text


def _comparison_node(comparison: Comparison, style: Style) -> Node:
    name = style.where(comparison.reference.canonical)
    sentence = wording.outcome(comparison)
    painted = style.good(sentence) if comparison.is_equal else style.gone(sentence)
    image = comparison.image
    if image is None:
        error = comparison.error
        hint = [Node(f"{style.hint('hint')}: {printable(error.hint)}")] if error is not None and error.hint else []
        painted = style.severity("warning") + ": " + printable(error.message if error else sentence)
        return Node(f"{name}: {painted}", hint)
    children = [
        *_served_nodes(image, comparison.member, style),
        *(Node(_line("why", printable(reason))) for reason in comparison.reasons),
        Node(_line("write", style.good(pinned_text(comparison.reference, image.digest)))),
    ]
    return Node(f"{name} today: {painted}", children)


def _served_nodes(
    image: Image, member: PlatformImage | None, style: Style, this: Digest | None = None
) -> Iterator[Node]:
    """Yield the digests of what is served, from the index down; ``this`` is marked."""

    def line(name: str, digest: Digest, more: str = "") -> Node:
        mark = f"  {style.good('<- this one')}" if digest == this else ""
        return Node(_line(name, f"{digest}{mark}{style.faint(more)}"))

    if image.is_index:
        yield line("index", image.digest)
    if member is None:
        return
    platform = f"  {printable(str(member.platform))}" if member.platform else ""
    yield line("manifest", member.digest, platform)
    if member.config is not None:
        yield line("image ID", member.config)
        yield Node(_line("shown as", wording.short_ids(image, member.config)))


def _hash_lines(answer: HashAnswer, style: Style) -> Iterator[str]:
    query = answer.query
    whole = query.digest or (answer.sightings[0].digest if answer.sightings else None)
    yield style.where(printable(str(whole or answer.what)))
    if not answer.sightings:
        yield from _not_found(answer, style)
        return
    if query.digest is None and len({one.digest for one in answer.sightings}) > 1:
        yield f"{style.severity('warning')}: `{query.hex}` begins several hashes: give more of its digits"
    told: set[Role] = set()
    for sighting in answer.sightings:
        yield ""
        yield from draw(_sighting_tree(sighting, style, uses=sighting.role not in told), style)
        told.add(sighting.role)
    # Names that nobody gave were guesses: one that led nowhere is no news once the hash is found.
    asked = {reference.canonical for reference in answer.asked}
    yield from _unanswered([one for one in answer.unanswered if one.reference.canonical in asked], style)


def _sighting_tree(sighting: Sighting, style: Style, *, uses: bool) -> Node:
    """Return what is known of one place; with ``uses``, what takes such a digest as well."""
    where = style.where(printable(sighting.where))
    title = wording.role(sighting, where if sighting.local is None else f"an image in {where}")
    children: list[Node] = []
    if sighting.image is not None:
        children += _served_nodes(sighting.image, sighting.member, style, sighting.digest)
    if sighting.local is not None:
        children += [Node(_line("there as", printable(name))) for name in sighting.local.names]
    children.append(Node(_line("proved by", wording.proof(sighting))))
    if not sighting.current and sighting.reference is not None:
        children.append(Node(_line("but", style.gone(f"{sighting.reference.canonical} does not mean it today"))))
    children += [Node(_line(name, text)) for name, text in wording.uses(sighting.role) if uses]
    if (write := _write(sighting)) is not None:
        children.append(Node(_line("write", style.good(write))))
        name, _, digest = write.partition("@")
        runs = sighting.digest if sighting.role in ("index", "manifest") else digest
        children.append(Node(_line("run", f"docker run {_untagged(name)}@{runs}")))
    return Node(title, children)


def _untagged(name: str) -> str:
    """Return ``name`` without its tag, which ``docker run`` would not look at beside a digest."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _write(sighting: Sighting) -> str | None:
    reference, image = sighting.reference, sighting.image
    if reference is None or image is None:
        return None
    if sighting.current:
        return pinned_text(reference, image.digest)
    return f"{wording.repository(reference)}@{image.digest}"


def _not_found(answer: HashAnswer, style: Style) -> Iterator[str]:
    yield f"{style.gone('found nowhere')}; it was looked for in:"
    for place in answer.searched:
        yield f"  {printable(place)}"
    yield from _unanswered(answer.unanswered, style)
    if not answer.asked:
        yield f"{style.hint('hint')}: name the image that it may belong to with --image"
    if answer.query.digest is None:
        yield f"{style.hint('hint')}: with all 64 digits, earlier images of a repository are found as well"


def _unanswered(unanswered: Iterable[Unanswered], style: Style) -> Iterator[str]:
    for one in unanswered:
        yield f"{style.severity('warning')}: {printable(one.reference.canonical)}: {printable(one.error.message)}"
        if one.error.hint:
            yield f"  {style.hint('hint')}: {printable(one.error.hint)}"
