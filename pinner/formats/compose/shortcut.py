"""Fast path: images of services by the lines of a compose file.

For a document that was read as a page, whose services name images and nothing else that says which: no build, platform,
policy, hook or volume of an image, nothing extended. What stands where is told once for all documents whose lines stand
together alike (`blocks`). Anything else is left to the walk; tests compare what the two find.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.compose.services import is_named_compose, services_of
from pinner.formats.yaml import Mapping, Scalar
from pinner.formats.yaml.lookup import KeyLookup

if TYPE_CHECKING:
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.blocks import Block
    from pinner.formats.yaml.references import Collector

_MOST_KEPT = 2_000
_DECISIVE = frozenset(
    ("build", "extends", "platform", "post_start", "post_stop", "pre_start", "pre_stop", "pull_policy")
)
"""Keys of a service that say more of its image, or name another."""


class Ways(NamedTuple):
    """Where to look in a document; lines count from 0, as those of its page."""

    images: tuple[tuple[int, str], ...]
    """The lines of images, and the services they are of."""
    volumes: tuple[int, ...]
    """The lines of lists in brackets, which may hold a volume that is an image."""


_ways: dict[tuple[Block, bool], Ways | None] = {}


def add_images(root: Node, path: str, collector: Collector) -> bool:
    """Keep the images of the document ``root`` in the file ``path``, its only one; False where that takes a walk."""
    if type(root) is not Mapping or root.block is None or root.page is None:
        return False
    key = root.block, is_named_compose(path)
    if key not in _ways:
        if len(_ways) >= _MOST_KEPT:
            _ways.clear()
        _ways[key] = _find_ways(root, root.block, path)
    ways = _ways[key]
    if ways is None or any(map(root.page.has_mapping, ways.volumes)):
        return False
    for line, service in ways.images:
        value = root.page.value(line)
        if type(value) is not Scalar or not collector.add_plain("service-image", value, service):
            collector.discard()
            return False
    return True


def _find_ways(root: Mapping, block: Block, path: str) -> Ways | None:
    """Return where the images are in all documents with this ``block``; None where that is not all there is to know."""
    number = block.numbers.get("services")
    services = None if number is None else block.parts[number]
    if number is None or services is None or not services.numbers or None in services.parts:
        return None
    # Told by keys alone, since the value of every service is a collection in lines of its own.
    if services_of(root, KeyLookup(), path) is None:
        return None
    images: list[tuple[int, str]] = []
    volumes: list[int] = []
    for name, service, line in zip(services.numbers, services.parts, services.lines, strict=True):
        if service is None or not service.numbers.keys().isdisjoint(_DECISIVE):
            return None
        first = block.lines[number] + 1 + line + 1
        if "image" in service.numbers:
            which = service.numbers["image"]
            if service.parts[which] is not None:
                return None
            images.append((first + service.lines[which], name))
        if "volumes" in service.numbers:
            which = service.numbers["volumes"]
            list_ = service.parts[which]
            if list_ is None:
                volumes.append(first + service.lines[which])
            elif list_.size != len(list_.lines):  # not all of them are scalars
                return None
    return Ways(tuple(images), tuple(volumes))
