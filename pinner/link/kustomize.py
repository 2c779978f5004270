"""Kustomize overlays linked: which entry of ``images`` replaces which image.

The order is kustomize's own (api/internal/target/kusttarget.go, api/internal/image/updater.go): resources, components,
patches, then the ``images`` of the kustomization, entry after entry; an overlay does the same to what its bases render.
"""

from __future__ import annotations

import posixpath

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.link.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pinner.link.facts import ImageRule, Kustomization

_MAX_CHAINS = 200
"""Ways from one file to what is rendered that are looked at; a repository of overlays has a handful."""


class Entry(NamedTuple):
    """An entry of ``images`` and the file that has it."""

    path: str
    rule: ImageRule

    @property
    def where(self) -> str:
        """``path:line``, for people."""
        return f"{self.path}:{self.rule.line}"


Chain = tuple[Entry, ...]
"""The entries that are applied, in order, to what a file names on one way to a rendered manifest."""


class Image(NamedTuple):
    """An image as kustomize splits it (api/internal/image/image.go), and who said its name, and its tag or digest."""

    name: str
    tag: str = ""
    digest: str = ""
    named_by: Entry | None = None
    """None: the file itself."""
    tagged_by: Entry | None = None

    @property
    def text(self) -> str:
        """The image as it is rendered."""
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def split_image(text: str) -> Image:
    """Return the parts of ``text``: a colon behind the last slash begins the tag, ``@`` the digest."""
    name, _, digest = text.partition("@")
    colon = name.find(":", name.rfind("/") + 1)
    return Image(name, "", digest) if colon < 0 else Image(name[:colon], name[colon + 1 :], digest)


def apply_entry(image: Image, entry: Entry) -> Image:
    """Return what ``entry`` makes of ``image``; the very image where the entry is for another name."""
    rule = entry.rule
    if image.name != rule.name:
        return image
    if rule.new_name:
        image = image._replace(name=rule.new_name, named_by=entry)
    if rule.new_tag and rule.digest:
        return image._replace(tag=rule.new_tag, digest=rule.digest, tagged_by=entry)
    if rule.new_tag:
        tag, _, digest = rule.new_tag.partition("@")
        return image._replace(tag=tag, digest=digest, tagged_by=entry)
    if rule.digest:
        return image._replace(tag="", digest=rule.digest, tagged_by=entry)
    return image


def apply_entries(text: str, chain: Iterable[Entry]) -> Image:
    """Return what kustomize renders of the image ``text`` on the way of ``chain``."""
    image = split_image(text)
    for entry in chain:
        image = apply_entry(image, entry)
    return image


class _Node(NamedTuple):
    key: str
    """What tells it from the others: its path, and more where a file has several."""
    path: str
    fact: Kustomization
    entries: Chain


class Overlays:
    """The kustomizations of a run, and what reaches what through their resources, components and patches."""

    def __init__(
        self,
        kustomizations: Iterable[tuple[str, Kustomization]],
        transformers: Mapping[str, tuple[ImageRule, ...]],
        paths: Paths = Paths(),  # noqa: B008 - a value
    ) -> None:
        """Both are by the path of their file."""
        self._paths = paths
        self._nodes: dict[str, _Node] = {}
        self._by_folder: dict[str, _Node] = {}
        for path, fact in kustomizations:
            key = path if path not in self._nodes else f"{path} {len(self._nodes)}"
            node = self._nodes[key] = self._node(key, path, fact, transformers)
            if not fact.is_deployment:
                self._by_folder[posixpath.dirname(path)] = node
        self._ways: dict[str, dict[str, set[Chain]]] = {}

    def chains(self) -> dict[str, set[Chain]]:
        """Return, by the path of each file that one of them reaches, its ways to what is rendered.

        A kustomization reaches itself, with what comes after its own entries. Ways without an entry are among them:
        on those a file's images are rendered as they stand.
        """
        found: dict[str, set[Chain]] = {}
        if not any(node.entries for node in self._nodes.values()):
            return found
        for node in self._roots():
            for path, chains in self._reached(node, ()).items():
                found.setdefault(path, set()).update(chains)
        return found

    def _roots(self) -> Iterator[_Node]:
        """Yield those that no other one builds on; where all are in a circle, none, as kustomize refuses circles."""
        used = {below.key for node in self._nodes.values() for below in self._below(node)}
        return (node for key, node in self._nodes.items() if key not in used)

    def _below(self, node: _Node) -> Iterator[_Node]:
        for written in (*node.fact.resources, *node.fact.components):
            folder = self._resolve(node, written)
            below = self._by_folder.get(folder) or self._nodes.get(folder)
            if below is not None and below.key != node.key:
                yield below

    def _reached(self, node: _Node, trail: tuple[str, ...]) -> dict[str, set[Chain]]:
        """Return what ``node`` reaches, each with its chains up to and with the entries of ``node``."""
        known = self._ways.get(node.key)
        if known is not None or node.key in trail:
            return known or {}
        trail = (*trail, node.key)
        found: dict[str, set[Chain]] = {}
        for written in node.fact.resources:
            self._accumulate(found, node, written, trail)
        for written in node.fact.components:
            component = self._by_folder.get(self._resolve(node, written))
            if component is not None:
                self._extend(found, component.entries)
                self._add(found, self._reached(component, trail))
        for written in node.fact.patches:
            found.setdefault(self._resolve(node, written), set()).add(())
        # Inline patches are changed by the entries beside them.
        found.setdefault(node.path, set()).add(())
        self._extend(found, node.entries)
        self._ways[node.key] = found
        return found

    def _accumulate(self, found: dict[str, set[Chain]], node: _Node, written: str, trail: tuple[str, ...]) -> None:
        place = self._resolve(node, written)
        below = self._by_folder.get(place) or self._nodes.get(place)
        if below is not None:
            self._add(found, self._reached(below, trail))
        else:
            found.setdefault(place, set()).add(())

    @staticmethod
    def _add(found: dict[str, set[Chain]], more: Mapping[str, set[Chain]]) -> None:
        for path, chains in more.items():
            found.setdefault(path, set()).update(chains)

    @staticmethod
    def _extend(found: dict[str, set[Chain]], entries: Chain) -> None:
        if entries:
            for path, chains in found.items():
                found[path] = {(*chain, *entries) for chain in sorted(chains)[:_MAX_CHAINS]}

    def _node(
        self, key: str, path: str, fact: Kustomization, transformers: Mapping[str, tuple[ImageRule, ...]]
    ) -> _Node:
        places = [(path, rule) for rule in fact.rules]
        for written in fact.transformers:
            other = self._place(path, fact, written)
            places += [(other, rule) for rule in transformers.get(other, ())]
        return _Node(key, path, fact, tuple([Entry(*place) for place in places]))

    def _resolve(self, node: _Node, written: str) -> str:
        return self._place(node.path, node.fact, written)

    def _place(self, path: str, fact: Kustomization, written: str) -> str:
        if not fact.is_deployment:
            return self._paths.beside(path, written)
        # Paths count from the root of the repository, which is one of the folders around: the outermost that fits.
        around = [self._paths.shown(posixpath.join(folder, written)) for folder in self._paths.folders(path)]
        return next((place for place in reversed(around) if place in self._by_folder), around[-1])
