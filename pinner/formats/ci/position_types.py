"""Row types of the table of image positions: a dialect of YAML or JSON, and the positions in it."""

from __future__ import annotations

from pinner._typing import NamedTuple


class Position(NamedTuple):
    """Where a dialect names images: every scalar that the path leads to, as far as the conditions hold."""

    kind: str
    path: str
    """Steps from the root of a document, parted by ``/``.

    ``key``; ``{a,b}`` one of these; ``!{a,b}`` any but these; ``~regex`` keys that it is found in, in any case; ``*``
    any key; ``[]`` every item; ``**`` any depth, none included. ``@`` behind a step marks the mapping that it leads to,
    which ``when`` looks at.
    """
    strip: str = ""
    """A prefix that is no part of the reference."""
    required: bool = False
    """Whether there is no image without the prefix."""
    fold: bool = False
    """Whether the prefix may be written in any case."""
    when: tuple[tuple[str, str], ...] = ()
    """Keys of the marked mapping and the regular expressions found in their texts; an absent key has an empty one,
    a mapping or a list ``{}``."""
    alias: str = ""
    """The path of texts that name entries of the file. Such a text is no image, nor is a bare word: an entry of a file
    that this one includes."""
    text: str = ""
    """A regular expression that is found in the text of an image."""
    within: str = ""
    """A regular expression with a group ``image``: the part of the text that is the reference."""
    rest: tuple[str, ...] = ()
    """Keys beside the image of which one may hold the rest of its name."""


class Dialect(NamedTuple):
    """One tool's way of writing down which images it pulls."""

    name: str
    positions: tuple[Position, ...]
    names: str
    """A regular expression found in the paths of its files."""
    words: tuple[str, ...] = ()
    """Of these all those paths have one in them: found sooner than the expression is."""
    root: tuple[str, ...] = ()
    """One of these keys is in the root of a document of it; empty where there is no telling."""
    shapes: tuple[tuple[str, ...], ...] = ()
    """What tells its documents in other files: paths that all lead somewhere, ``=regex`` behind one of them for a text
    that it is found in. Empty: there are none in other files."""
    likely: str = ""
    """A regular expression found in the paths of those other files."""
    anywhere: tuple[tuple[str, ...], ...] = ()
    """Shapes that nothing else has, and that tell its documents whatever the path."""
    signs: tuple[bytes, ...] = ()
    """One of these is in those other files; without any, all are looked at."""
    expression: str = r"\{\{"
    """A regular expression for what the tool fills in."""
    unread: str = ""
    """A regular expression for root keys that the tool does not look into: anchors are kept there."""
    takes_lists: bool = False
    """Whether the root of a document may be a list."""
    variables: str = ""
    """Whose variables may be at the end of an image: ``gitlab`` or ``github``."""
    builds: bool = False
    """Whether steps may build what later ones run, as in Cloud Build."""
    transparent: str = ""
    """A regular expression for keys that are a condition, and stand for what is under them."""
