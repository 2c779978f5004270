"""Facts for the linker: what one file states about images that other files name."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    from pinner.model import Span


class ImageRule(NamedTuple):
    """One entry of kustomize's ``images``: what becomes of the image called ``name`` (api/types/image.go)."""

    name: str
    """The name that is replaced, compared as text: kustomize does not normalise it."""
    new_name: str = ""
    new_tag: str = ""
    """A tag, or ``tag@sha256:…``."""
    digest: str = ""
    line: int = 0
    span: Span | None = None
    """The span of the place that stands for the entry in its file."""


class Kustomization(NamedTuple):
    """A kustomization: the files that it builds from, and the images that it replaces in what they render."""

    resources: tuple[str, ...] = ()
    """Paths of files and folders relative to the kustomization's folder, as written: ``resources`` and ``bases``."""
    components: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    """Files that patch what was accumulated, before images are replaced."""
    transformers: tuple[str, ...] = ()
    """Files that may hold an `ImageTagTransformer`, whose entry comes after those of ``images``."""
    rules: tuple[ImageRule, ...] = ()
    is_deployment: bool = False
    """Whether it is a controller's own object (Flux, Argo CD): its paths count from the repository's root."""


class ImageTransformer(NamedTuple):
    """kustomize's ``ImageTagTransformer``: an entry of ``images`` in a file of its own."""

    rule: ImageRule


class Built(NamedTuple):
    """A name that a build makes: where its folder's manifests say it they mean that build, and no registry's image."""

    name: str
    """Without tag and digest, in the registry's full form."""
    line: int
    by: str
    """Who builds it, for people: ``skaffold``, ``kbld``."""


Fact: TypeAlias = Kustomization | ImageTransformer | Built
