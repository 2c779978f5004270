"""Doubles that tests pass in, instead of patching."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pinner.errors import NotFoundError, UnavailableError
from pinner.model import Resolved
from pinner.oci.platforms import matches
from pinner.oci.resolver import Allowance
from pinner.oci.types import Image
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pinner.oci.types import Attachment, Config, Depth, Signature
    from pinner.reference import ImageReference, Platform
    from pinner.registry.artifacts import ArtifactReader

OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(canonical: str, platform: Platform | None = None) -> Digest:
    """Return the digest that `FakeResolver` gives a canonical name: its hash, so golden files never churn."""
    return Digest("sha256", hashlib.sha256(f"{canonical}{platform or ''}".encode()).hexdigest())


class FakeResolver:
    """Knows every image but those in ``missing`` (canonical names), and remembers what it was asked."""

    def __init__(self, missing: Collection[str] = ()) -> None:
        self.missing = missing
        self.asked: list[str] = []
        self.lists: dict[str, tuple[str, ...]] = {}
        """The tags of each repository, by its full name."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        self.asked.append(reference.canonical)
        if reference.canonical in self.missing:
            raise NotFoundError(f"`{reference.canonical}` does not exist")
        return Resolved(digest_of(reference.canonical, platform), OCI_INDEX)

    async def describe(
        self,
        reference: ImageReference,
        depth: Depth = "index",  # noqa: ARG002 - the protocol's
        platforms: Collection[Platform] | None = None,  # noqa: ARG002 - the protocol's
    ) -> Image:
        """Return an index under whatever digest is asked for."""
        return Image(reference.digest or digest_of(reference.canonical), OCI_INDEX, ())

    async def config(self, reference: ImageReference) -> Config | None:  # noqa: ARG002 - the protocol's
        return None

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:  # noqa: ARG002 - the protocol's
        return ()

    async def list_tags(self, reference: ImageReference, wanted: str = "") -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        return self.lists.get(reference.repository, ())

    async def signature(
        self,
        reference: ImageReference,  # noqa: ARG002 - the protocol's
        after: ImageReference | None = None,  # noqa: ARG002 - the protocol's
    ) -> Signature | None:
        return None

    def artifacts(self, reference: ImageReference) -> ArtifactReader:
        raise UnavailableError(f"nobody has the signatures of {reference}")

    async def allowance(
        self,
        registry: str,
        reference: ImageReference | None = None,  # noqa: ARG002 - the protocol's
    ) -> Allowance:
        return Allowance(registry, None)


class FakeRegistry(FakeResolver):
    """Serves ``tags`` (canonical names to digests) and, under ``repository@digest``, ``images`` and ``configs``.

    What is not in ``tags`` is answered as `FakeResolver` does. A tag may be moved between two runs. What lies
    ``beside`` an image is by ``repository@digest`` too, ``allowances`` are by the registry's name.
    """

    def __init__(
        self,
        images: Mapping[str, Image] | None = None,
        tags: Mapping[str, Digest] | None = None,
        configs: Mapping[str, Config] | None = None,
        missing: Collection[str] = (),
    ) -> None:
        super().__init__(missing)
        self.images = dict(images or {})
        self.tags = dict(tags or {})
        self.configs = dict(configs or {})
        self.described: list[str] = []
        self.lost: set[Digest] = set()
        """Manifests that an index names and that are not served."""
        self.beside: dict[str, tuple[Attachment, ...]] = {}
        self.allowances: dict[str, Allowance] = {}

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        if reference.canonical not in self.tags:
            return await super().resolve(reference, platform)
        self.asked.append(reference.canonical)
        digest = self.tags[reference.canonical]
        image = self.images[f"{reference.repository}@{digest}"]
        if platform is None:
            return Resolved(digest, image.media_type)
        for one in image.platforms:
            if one.platform is not None and matches(one.platform, platform):
                return Resolved(one.digest, one.media_type)
        raise NotFoundError(f"`{reference.canonical}` has no {platform}")

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        digest = reference.digest or self.tags.get(reference.canonical)
        self.described.append(f"{reference.repository}@{digest} {depth}")
        image = self.images.get(f"{reference.repository}@{digest}") or self._child(reference.repository, digest)
        if image is None:
            raise NotFoundError(f"`{reference}` does not exist")
        if platforms is None or not image.is_index:
            return image
        wanted = [
            one for one in image.platforms if one.platform and any(matches(one.platform, each) for each in platforms)
        ]
        return image._replace(platforms=tuple(wanted))

    def _child(self, repository: str, digest: Digest | None) -> Image | None:
        for key, image in self.images.items():
            if key.startswith(f"{repository}@") and image.is_index:
                for one in image.platforms:
                    if one.digest == digest and digest not in self.lost:
                        return Image(one.digest, one.media_type, (one,))
        return None

    async def config(self, reference: ImageReference) -> Config | None:
        return self.configs.get(f"{reference.repository}@{reference.digest}")

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
        digest = reference.digest or self.tags.get(reference.canonical)
        return self.beside.get(f"{reference.repository}@{digest}", ())

    async def allowance(self, registry: str, reference: ImageReference | None = None) -> Allowance:
        if registry not in self.allowances:
            raise NotFoundError(f"cannot tell what {registry} lets be fetched: nobody is there")
        self.asked.append(reference.canonical if reference else registry)
        return self.allowances[registry]
