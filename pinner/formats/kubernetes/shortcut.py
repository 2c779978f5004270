"""Straight to the images of a document, by the lines that have the word: what `walk` finds, in a part of the time.

For documents that were read as a page (`pages`), in which nothing is shared or escaped, and whose objects have images
nowhere but under the key ``image``. Anything else is left to the walk; tests compare what the two find.
"""

from __future__ import annotations

from bisect import bisect_right

from pinner.formats.kubernetes.objects import NOT_ENTERED, TYPED_GROUPS, Object, read_object
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.formats.yamlnodes import Mapping, Node
    from pinner.formats.yamlnodes.blocks import Block
    from pinner.formats.yamlnodes.fields import Fields
    from pinner.formats.yamlnodes.pages import Page


class Image(NamedTuple):
    """What stands under a key ``image``."""

    value: Node
    object: Object
    """The object that it is in."""
    in_status: bool
    in_output: bool


class Found(NamedTuple):
    """What there is in a document."""

    images: list[Image]
    objects: int
    """How many objects there are, but for those that nobody enters."""


class _WalkNeededError(Exception):
    """There is something in the document that a look at single lines does not tell."""


def find_images(root: Mapping, fields: Fields, marks: Iterable[int]) -> Found | None:
    """Return the images of the document ``root``; None where that needs a walk through all of it.

    ``marks`` are the offsets of all that may be a key ``image`` or ``apiVersion``.
    """
    if root.page is None or root.block is None:
        return None
    search = _Search(root.page, fields)
    images = []
    try:
        for line in dict.fromkeys(root.page.lines_of(marks)):
            image = search.descend(root.block, line) if line >= 0 else None
            if image is not None:
                images.append(image)
    except _WalkNeededError:
        return None
    return Found(images, sum([found is not None for found in search.objects.values()]))


class _Search:
    """The search of one document."""

    __slots__ = ("fields", "objects", "page")

    def __init__(self, page: Page, fields: Fields) -> None:
        self.page = page
        self.fields = fields
        self.objects: dict[int, Object | None] = {}
        """By the lines after their first, what objects there are; None for a mapping that is none."""

    def descend(self, block: Block, line: int) -> Image | None:
        """Return the image that stands in ``line``, or None where none does; raises `_WalkNeededError`."""
        first = 0
        key = ""
        owner: Object | None = None
        in_status = in_output = False
        while True:
            number = bisect_right(block.lines, line - first) - 1
            part = block.parts[number]
            below = first + block.lines[number]
            numbers = block.numbers
            if numbers:
                found = self._object(block, first) if "apiVersion" in numbers else None
                if found is not None:
                    if found.is_excluded:
                        return None
                    owner = found
                    key = ""
                name = list(numbers)[number]
                if name == "image" and below == line and owner is not None and key != "rbd":
                    if part is not None or self.page.has_mapping(line):
                        raise _WalkNeededError
                    return Image(self.page.value(line), owner, in_status, in_output)
                if name in NOT_ENTERED:
                    return None
                in_status = in_status or (name == "status" and found is not None)
                in_output = in_output or name == "output"
                key = name
                below += 1
            if part is None:
                if self.page.has_mapping(line):
                    raise _WalkNeededError
                return None
            block, first = part, below

    def _object(self, block: Block, first: int) -> Object | None:
        """Return what object the mapping ``block`` is, that begins in the line ``first``."""
        if first not in self.objects:
            node = self.page.node(block, first)
            found = self.objects[first] = read_object(node, self.fields)  # type: ignore[arg-type]
            if found is not None and (found.is_kustomization or found.is_skaffold or found.group in TYPED_GROUPS):
                raise _WalkNeededError
        return self.objects[first]
