"""Images of compose services: each found, pinned or skipped with a reason, and who else reads its text."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.compose.inline import locate_inline
from pinner.formats.compose.variables import NO_VALUES, interpolated_text, judge
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.anchors import OPAQUE
from pinner.formats.yaml.lookup import anchor_name
from pinner.formats.yaml.nodes import foreign_tag
from pinner.formats.yaml.references import is_null, is_template
from pinner.formats.yaml.scalars import reference_text, source_text
from pinner.model import Occurrence, as_skipped
from pinner.reference import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.formats.compose.services import Service
    from pinner.formats.compose.variables import Values
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector, Use
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Place, SkipReason


ROOT, SERVICES = "", "services"
_SERVICE, _VOLUME, _HOOK, _BUILD, _CONTEXTS, _IMAGE = "service", "volume", "hook", "build", "contexts", "image"
_ARGS = "args"
_STATES = {
    (ROOT, "services"): SERVICES,
    (_SERVICE, "image"): _IMAGE,
    (_SERVICE, "volumes"): _VOLUME,
    (_SERVICE, "pre_start"): _HOOK,
    (_SERVICE, "post_start"): _HOOK,
    (_SERVICE, "pre_stop"): _HOOK,
    (_SERVICE, "post_stop"): _HOOK,
    (_SERVICE, "build"): _BUILD,
    (_VOLUME, ""): _VOLUME,
    (_VOLUME, "source"): _IMAGE,
    (_HOOK, ""): _HOOK,
    (_HOOK, "image"): _IMAGE,
    (_BUILD, "additional_contexts"): _CONTEXTS,
    (_BUILD, "dockerfile_inline"): _IMAGE,
    (_BUILD, "args"): _ARGS,
}


def state_of(state: str, key: str, node: Node) -> str | None:  # noqa: ARG001 - see `anchors.Grammar`
    """Return what stands under ``key`` in what is ``state``: None for an extension, which compose does not read."""
    if state == SERVICES:
        return _SERVICE
    if state in (_CONTEXTS, _ARGS):
        return _IMAGE
    return None if key.startswith("x-") else _STATES.get((state, key), OPAQUE)


_CONTEXT_SCHEME = b"docker-image://"
_HOOKS = ("pre_start", "post_start", "pre_stop", "post_stop")
_BESIDE_IMAGE = ("platform", "pull_policy")
_NOT_PULLED = ("build", "never")


class Builds:
    """What the file builds itself."""

    __slots__ = ("names", "scalars", "services")

    def __init__(self) -> None:
        self.services: set[str] = set()
        self.names: dict[str, str] = {}
        """Names of built images, in comparable form, and the service that builds each."""
        self.scalars: dict[int, str] = {}
        """The scalars, by identity, that name a built image, and the service."""


def find_builds(services: Iterable[Service]) -> Builds:
    """Return what ``services`` build."""
    builds = Builds()
    seen: set[int] = set()
    for service in services:
        if service.builds:
            builds.services.add(service.name)
            image = service.inherited("image")
            if image is not None:
                builds.scalars[id(image.node)] = service.name
            for name in service.built_names(seen):
                builds.names[comparable(name)] = service.name
    return builds


class Walk:
    """Goes through services and keeps their images; a collection that several share is gone through once."""

    def __init__(
        self, collector: Collector, path: str, builds: Builds, names: set[str], values: Values = NO_VALUES
    ) -> None:
        self.collector = collector
        self.path = path
        self.builds = builds
        self.names = names
        self.given, self.mirrors = values
        self.inlines: list[object] = []
        self.filled: set[int] = set()
        """The scalars, by identity, that were judged as texts with variables."""
        self._seen: set[int] = set()

    def service(self, service: Service, fields: KeyLookup) -> None:
        """Keep the images of one service."""
        self._duplicates(service)
        image = service.own("image")
        if image is not None:
            self._image("service-image", service, image.node, image.written, image.via)
        for item in self._items(service, "volumes"):
            self._volume(service, item, fields)
        if service.may_have(_HOOKS):
            self._hooks(service, fields)
        build = service.own("build")
        if build is not None and type(build.node) is Mapping and self._is_new(build.node):
            self._build(service, build.node, fields)

    def _hooks(self, service: Service, fields: KeyLookup) -> None:
        for hook in _HOOKS:
            for item in self._items(service, hook):
                found = fields.get(item, "image")
                if found is not None:
                    self._image("hook-image", service, found.node, found.written, found.via)

    def _items(self, service: Service, key: str) -> Iterator[Mapping]:
        """Yield the mappings in the list under ``key``."""
        found = service.own(key)
        if found is None or type(found.node) is not Sequence:
            return
        if self._is_new(found.node):
            for child in found.node.children:
                item = resolve(child)
                if type(item) is Mapping and self._is_new(item):
                    yield item

    def _volume(self, service: Service, volume: Mapping, fields: KeyLookup) -> None:
        kind, source = fields.scalar(volume, "type"), fields.get(volume, "source")
        if kind is None or source is None or service.read(kind) != "image":
            return
        self._image("image-volume", service, source.node, source.written, source.via)

    def _build(self, service: Service, build: Mapping, fields: KeyLookup) -> None:
        platform = None if fields.get(build, "platforms") else service.platform
        contexts = fields.get(build, "additional_contexts")
        if contexts is not None and self._is_new(contexts.node):
            self._contexts(service, contexts.node, fields, platform)
        inline = fields.get(build, "dockerfile_inline")
        if (
            inline is not None
            and type(inline.node) is Scalar
            and self._is_new(inline.node)
            and not is_null(inline.node)
        ):
            text = source_text(self.collector.data, inline.node)
            use = self.collector.use(
                "from", inline.node, text, inline.written, via=inline.via, platform=platform, owner=service.name
            )
            self.inlines.append(locate_inline(self.collector, use, text, self.path))

    def _contexts(self, service: Service, contexts: Node, fields: KeyLookup, platform: str | None) -> None:
        if type(contexts) is Mapping:
            for context in [fields.get(contexts, key) for key in fields.keys(contexts)]:
                if context is not None:
                    self._context(service, context.node, context.written, platform, named=False)
        elif type(contexts) is Sequence:
            for child in contexts.children:
                self._context(service, resolve(child), child, platform, named=True)

    def _context(self, service: Service, node: Node, written: Node, platform: str | None, *, named: bool) -> None:
        """Keep the image of one additional context, ``docker-image://…``; a list has ``name=`` before it."""
        text = reference_text(self.collector.data, node) if type(node) is Scalar else None
        if text is None or type(node) is not Scalar:
            return
        start = text.data.find(b"=") + 1 if named else 0
        if not text.data.startswith(_CONTEXT_SCHEME, start):
            return
        use = self.collector.use(
            "build-context", node, text, written, via=anchor_name(written), platform=platform, owner=service.name
        )
        rest = text[start + len(_CONTEXT_SCHEME) :]
        refusal = self._built_elsewhere(interpolated_text(rest))
        self.filled.add(id(node))
        self.collector.add(
            use, use.skip(interpolated_text(rest), *refusal) if refusal else judge(use, rest, self.given, self.mirrors)
        )

    def _image(self, kind: str, service: Service, node: Node, written: Node, via: tuple[str, ...]) -> None:
        if type(node) is not Scalar:
            self._template(kind, service, node)
            return
        is_simple = written is node and node.value != "scratch" and not via and self._is_simple(kind, service)
        if is_simple and self.collector.add_plain(kind, node, service.name):
            return
        if is_null(node):
            return
        text = reference_text(self.collector.data, node)
        use = self.collector.use(kind, node, text, written, via=via, platform=service.platform, owner=service.name)
        if text is None:
            self.collector.add(use, use.unreadable(node))
            return
        name = interpolated_text(text)
        refusal = self._refusal(kind, service, node, name)
        self.filled.add(id(node))
        place = self._refused(use, text, name, *refusal) if refusal else judge(use, text, self.given, self.mirrors)
        self.collector.add(use, place)

    def _refused(self, use: Use, text: SourceText, name: str, reason: SkipReason, detail: str) -> Place:
        """Return the skip of an image that may not be pinned; where a digest stands in it already, with its place.

        One with a default is judged with and without a digest, so that it reads the same when the digest is taken off.
        """
        place = judge(use, text, self.given, self.mirrors) if "@" in name or b"$" in text.data else None
        return as_skipped(place, reason, detail) if isinstance(place, Occurrence) else use.skip(name, reason, detail)

    def _is_simple(self, kind: str, service: Service) -> bool:
        """Tell whether nothing but its text says what an image is: no build, no policy, no platform."""
        builds = self.builds
        nothing_is_built = not (builds.services or builds.names or builds.scalars)
        return nothing_is_built and kind == "service-image" and service.says_nothing_of(_BESIDE_IMAGE)

    def _template(self, kind: str, service: Service, node: Node) -> None:
        """Keep the skip of ``image: {{ name }}``, which YAML reads as a mapping in a mapping."""
        text = is_template(self.collector.data, node)
        if text:
            use = self.collector.use_at(kind, node.start, len(text), owner=service.name)
            self.collector.add(use, use.skip(text, "templated", "a template fills it in"))

    def _refusal(self, kind: str, service: Service, node: Scalar, name: str) -> tuple[SkipReason, str] | None:
        """Return why an image may not be pinned for reasons that are not in its text."""
        tag = foreign_tag(node)
        if tag is not None:
            return "invalid-reference", f"tagged {tag}, so no string"
        if kind == "image-volume" and name in self.names:
            return "built-elsewhere", f"the image of the service `{name}`"
        if name == "scratch":
            return "scratch", "`scratch` is the empty image"
        if kind == "service-image":
            if service.name in self.builds.services:
                return "built-here", "the service has `build`: this names the result"
            builder = self.builds.scalars.get(id(node))
            if builder is not None:
                return "built-here", f"the service `{builder}` shares this text, and builds the image"
            policy = service.text(service.inherited("pull_policy"))
            if policy in _NOT_PULLED:
                return "pull-policy", f"`pull_policy: {policy}`: no registry is asked"
        return self._built_elsewhere(name)

    def _built_elsewhere(self, name: str) -> tuple[SkipReason, str] | None:
        if not self.builds.names:
            return None
        builder = self.builds.names.get(comparable(name))
        return None if builder is None else ("built-elsewhere", f"the service `{builder}` builds this image")

    def _duplicates(self, service: Service) -> None:
        """Keep the skips of ``image`` keys that a later one in the same service makes void."""
        body = service.body
        if not body.may_repeat() or not self._is_new(body):
            return
        images = [value for key, value in body.pairs() if type(key) is Scalar and key.value == "image"]
        for value in images[:-1]:
            node = resolve(value)
            if type(node) is Scalar and not is_null(node):
                text = reference_text(self.collector.data, node)
                use = self.collector.use("service-image", node, text, value, via=anchor_name(value), owner=service.name)
                skip: Place = use.skip(
                    interpolated_text(text), "invalid-reference", "the key is there twice; the last one wins"
                )
                if self.collector.is_masked and text is not None:
                    skip = judge(use, text, self.given, self.mirrors)
                self.collector.add(use, skip)

    def _is_new(self, node: Node) -> bool:
        if id(node) in self._seen:
            return False
        self._seen.add(id(node))
        return True
