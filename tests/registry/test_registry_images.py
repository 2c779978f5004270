"""Describing what lies under a name: indexes opened, sizes added up, image IDs told from digests."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, TypeVar

import pytest
from images import (
    CONFIG_TYPE,
    MANIFEST_TYPE,
    Blob,
    Image,
    make_attestation,
    make_image,
    make_index,
    to_json,
    write_layout,
)
from scripted_registry import Answer, ScriptedRegistry, manifest_answer, resolver, tag_answer

from pinner.config import Settings
from pinner.errors import IntegrityError, NotFoundError, ResolveError, UnsupportedError
from pinner.oci.types import Attachment
from pinner.reference import Digest, ImageReference, Platform
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from pinner.oci.types import Config, Depth
    from pinner.oci.types import Image as Described

_T = TypeVar("_T")
AMD64, ARM64 = make_image("one", "linux/amd64"), make_image("two", "linux/arm64/v8")
ATTESTATION = make_attestation(AMD64)
INDEX = make_index([AMD64, ARM64, ATTESTATION])
MANIFESTS = "https://registry.example/v2/app/manifests/"


def run(asked: RegistryResolver, question: Callable[[RegistryResolver], Awaitable[_T]]) -> _T:
    async def everything() -> _T:
        async with asked:
            return await question(asked)

    return asyncio.run(everything())


def describe(folder: Path, name: str, depth: Depth = "configs", platforms: tuple[str, ...] | None = None) -> Described:
    wanted = None if platforms is None else [Platform.parse(platform) for platform in platforms]
    return run(
        RegistryResolver(Settings(layout=str(folder)), environment={}),
        lambda asked: asked.describe(ImageReference.parse(name), depth, wanted),
    )


def config(folder: Path, name: str) -> Config | None:
    return run(
        RegistryResolver(Settings(layout=str(folder)), environment={}),
        lambda asked: asked.config(ImageReference.parse(name)),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    nested = make_index([make_image("inner", "linux/riscv64")])
    images = {"app:1": INDEX, "app:single": ARM64, "app:nested": make_index([AMD64, nested])}
    write_layout(tmp_path, {f"registry.example/{name}": image for name, image in images.items()})
    return tmp_path


def blob(image: Image, number: int) -> Blob:
    return image.blobs[number]


def test_an_index_is_described_down_to_its_configs(folder: Path) -> None:
    image = describe(folder, "registry.example/app:1")
    assert (str(image.digest), image.media_type, image.is_index) == (INDEX.digest, INDEX.media_type, True)
    assert [str(one.platform) for one in image.platforms] == ["linux/amd64", "linux/arm64/v8"]
    for one, made in zip(image.platforms, (AMD64, ARM64), strict=True):
        assert str(one.digest) == made.digest
        assert str(one.config) == blob(made, 0).digest
        assert [str(layer) for layer in one.layers] == [blob(made, 1).digest]
        assert one.size == len(blob(made, 0).data) + len(blob(made, 1).data)
        assert list(one.diff_ids) == json.loads(blob(made, 0).data)["rootfs"]["diff_ids"]


def test_what_lies_beside_the_images_is_told_apart(folder: Path) -> None:
    assert describe(folder, "registry.example/app:1").attachments == (
        Attachment(Digest.parse(ATTESTATION.digest), "unknown"),
    )


def test_an_attestation_names_what_it_speaks_of(tmp_path: Path) -> None:
    entries = json.loads(INDEX.top.data)
    entries["manifests"][2]["annotations"] = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": AMD64.digest,
    }
    top = Blob(INDEX.media_type, to_json(entries))
    write_layout(tmp_path, {"registry.example/app:1": Image(top, (), INDEX.children)})
    image = describe(tmp_path, "registry.example/app:1")
    expected = Attachment(Digest.parse(ATTESTATION.digest), "attestation", Digest.parse(AMD64.digest))
    assert image.attachments == (expected,)
    assert len(image.platforms) == 2


def test_a_single_manifest_says_its_platform_by_its_config(folder: Path) -> None:
    image = describe(folder, "registry.example/app:single", "manifests")
    assert (str(image.digest), image.is_index) == (ARM64.digest, False)
    assert [str(one.platform) for one in image.platforms] == ["linux/arm64/v8"]
    assert str(image.platforms[0].config) == blob(ARM64, 0).digest


def test_a_digest_is_described_whatever_the_tag_beside_it_means(folder: Path) -> None:
    image = describe(folder, f"registry.example/app:1@{ARM64.digest}")
    assert str(image.digest) == ARM64.digest


def test_indexes_in_an_index_are_opened(folder: Path) -> None:
    image = describe(folder, "registry.example/app:nested")
    assert [str(one.platform) for one in image.platforms] == ["linux/amd64", "linux/riscv64"]


@pytest.mark.parametrize(
    ("platforms", "expected"),
    [
        (("linux/arm64",), ["linux/arm64/v8"]),
        (("linux/amd64", "linux/arm64/v8"), ["linux/amd64", "linux/arm64/v8"]),
        (("linux/s390x",), []),
        ((), []),
    ],
)
def test_only_the_platforms_that_are_asked_for(folder: Path, platforms: tuple[str, ...], expected: list[str]) -> None:
    image = describe(folder, "registry.example/app:1", "index", platforms)
    assert [str(one.platform) for one in image.platforms] == expected


def test_a_child_whose_platform_its_index_does_not_say_is_opened_to_choose_it(tmp_path: Path) -> None:
    silent = make_index([Image(ARM64.top, ARM64.blobs), AMD64])
    write_layout(tmp_path, {"registry.example/app:1": silent})
    image = describe(tmp_path, "registry.example/app:1", "index", ("linux/arm64",))
    assert [str(one.digest) for one in image.platforms] == [ARM64.digest]


def test_labels_annotations_and_the_date_come_along(tmp_path: Path) -> None:
    body = {
        "os": "linux",
        "architecture": "amd64",
        "created": "2026-01-02T03:04:05Z",
        "config": {"Labels": {"org.opencontainers.image.revision": "abc", "broken": 7}},
    }
    inner = Blob(CONFIG_TYPE["oci"], to_json(body))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE["oci"],
        "config": inner.descriptor(),
        "layers": [],
        "annotations": {"org.opencontainers.image.source": "https://code.example"},
    }
    write_layout(tmp_path, {"registry.example/app:1": Image(Blob(MANIFEST_TYPE["oci"], to_json(manifest)), (inner,))})
    image = describe(tmp_path, "registry.example/app:1")
    (one,) = image.platforms
    assert one.created == "2026-01-02T03:04:05Z"
    assert one.labels == {"org.opencontainers.image.revision": "abc"}
    assert image.annotations == one.annotations == {"org.opencontainers.image.source": "https://code.example"}
    assert one.size == len(inner.data)


def test_an_artifact_has_no_image_id(tmp_path: Path) -> None:
    inner = Blob("application/vnd.cncf.helm.config.v1+json", b"{}")
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE["oci"], "config": inner.descriptor(), "layers": []}
    chart = Image(Blob(MANIFEST_TYPE["oci"], to_json(manifest)), (inner,))
    write_layout(tmp_path, {"registry.example/chart:1": chart})
    (one,) = describe(tmp_path, "registry.example/chart:1").platforms
    assert (one.platform, one.config, one.size) == (None, None, 2)


def test_an_image_id_written_as_a_digest_is_told(folder: Path) -> None:
    found = config(folder, f"registry.example/app@{blob(AMD64, 0).digest}")
    assert found is not None
    assert (str(found.digest), found.platform) == (blob(AMD64, 0).digest, Platform("linux", "amd64"))


@pytest.mark.parametrize("digest", [blob(AMD64, 1).digest, f"sha256:{'0' * 64}"], ids=["a layer", "nothing"])
def test_what_is_no_config_is_none(folder: Path, digest: str) -> None:
    assert config(folder, f"registry.example/app@{digest}") is None


def test_without_a_digest_there_is_no_config_to_look_for(folder: Path) -> None:
    assert config(folder, "registry.example/app:1") is None


def test_what_is_not_there_is_an_error_that_names_the_image(folder: Path) -> None:
    with pytest.raises(NotFoundError, match=r"registry\.example/app:9"):
        describe(folder, "registry.example/app:9")


def test_the_index_alone_costs_one_request() -> None:
    registry = ScriptedRegistry()
    registry.on("GET", MANIFESTS + "1", manifest_answer(INDEX.top.data, INDEX.media_type))
    image = run(
        resolver(registry, settings=Settings(use_cache=False)),
        lambda asked: asked.describe(ImageReference.parse("registry.example/app:1")),
    )
    assert len(image.platforms) == 2
    assert len(registry.asked) == 1


def test_what_the_cache_has_is_not_sent_again_and_costs_offline_nothing(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    reference = ImageReference.parse("registry.example/app:1")

    def once(registry: ScriptedRegistry, *, offline: bool = False, asking: ImageReference = reference) -> Described:
        asked = resolver(registry, settings=Settings(offline=offline), environment=environment)
        return run(asked, lambda one: one.describe(asking))

    first = ScriptedRegistry()
    first.on("GET", MANIFESTS + "1", manifest_answer(INDEX.top.data, INDEX.media_type))
    described = once(first)
    second = ScriptedRegistry()
    second.on("GET", MANIFESTS + "1", Answer(304, (("ETag", f'"{INDEX.digest}"'),)))
    assert once(second) == described
    assert second.requests[0].headers["if-none-match"] == f'"{INDEX.digest}"'
    pinned = ImageReference.parse(f"registry.example/app@{INDEX.digest}")
    assert once(ScriptedRegistry(), offline=True, asking=pinned) == described
    with pytest.raises(ResolveError, match="--offline"):
        once(ScriptedRegistry(), offline=True)


@pytest.mark.parametrize("depth", ["kind", "index", "manifests"])
def test_what_the_cache_has_is_not_taken_for_what_a_repository_serves(tmp_path: Path, depth: Depth) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}

    def once(registry: ScriptedRegistry, repository: str, depth: Depth) -> Described:
        reference = ImageReference.parse(f"registry.example/{repository}@{INDEX.digest}")
        return run(resolver(registry, environment=environment), lambda one: one.describe(reference, depth))

    first = ScriptedRegistry()
    first.on("GET", MANIFESTS + INDEX.digest, manifest_answer(INDEX.top.data, INDEX.media_type))
    described = once(first, "app", "index")
    gone = ScriptedRegistry()
    for path in ("app", "other"):
        url = f"https://registry.example/v2/{path}/manifests/{INDEX.digest}"
        gone.on("HEAD", url, Answer(404))
        gone.on("GET", url, Answer(404))
        with pytest.raises(NotFoundError):
            once(gone, path, depth)
    there = ScriptedRegistry()
    there.on("HEAD", MANIFESTS + INDEX.digest, tag_answer(INDEX.digest, INDEX.media_type))
    assert once(there, "app", "index") == described


def test_what_a_run_has_seen_it_does_not_ask_for_again(tmp_path: Path) -> None:
    reference = ImageReference.parse(f"registry.example/app@{INDEX.digest}")
    registry = ScriptedRegistry()
    registry.on("GET", MANIFESTS + INDEX.digest, manifest_answer(INDEX.top.data, INDEX.media_type))

    async def thrice(asked: RegistryResolver) -> list[Described]:
        return [
            await asked.describe(reference),
            await asked.describe(reference),
            await asked.describe(reference, "kind"),
        ]

    first, second, kind = run(resolver(registry, environment={"XDG_CACHE_HOME": str(tmp_path)}), thrice)
    assert (first, kind.media_type) == (second, INDEX.media_type)
    assert len(registry.asked) == 1


def test_a_layer_that_was_taken_for_a_config_is_not_remembered(tmp_path: Path) -> None:
    layer = AMD64.blobs[1]
    reference = ImageReference.parse(f"registry.example/app@{layer.digest}")
    registry = ScriptedRegistry()
    url = f"https://registry.example/v2/app/blobs/{layer.digest}"
    registry.on("GET", url, Answer(200, (), layer.data), forever=True)
    for _ in range(2):
        asked = resolver(registry, environment={"XDG_CACHE_HOME": str(tmp_path)})
        assert run(asked, lambda one: one.config(reference)) is None
    assert len(registry.asked) == 2


def test_a_tag_that_was_resolved_is_described_offline(tmp_path: Path) -> None:
    reference = ImageReference.parse("registry.example/app:1")
    registry = ScriptedRegistry()
    registry.on("GET", MANIFESTS + "1", manifest_answer(INDEX.top.data, INDEX.media_type), forever=True)
    environment = {"XDG_CACHE_HOME": str(tmp_path)}

    async def both(asked: RegistryResolver) -> Described:
        await asked.resolve(reference, None)
        return await asked.describe(reference)

    described = run(resolver(registry, environment=environment), both)
    offline = resolver(ScriptedRegistry(), settings=Settings(offline=True), environment=environment)
    assert run(offline, lambda asked: asked.describe(reference)) == described


def test_offline_knows_no_config_that_was_never_fetched(tmp_path: Path) -> None:
    offline = resolver(
        ScriptedRegistry(), settings=Settings(offline=True), environment={"XDG_CACHE_HOME": str(tmp_path)}
    )
    reference = ImageReference.parse(f"registry.example/app@{INDEX.digest}")
    with pytest.raises(ResolveError, match="--offline"):
        run(offline, lambda asked: asked.config(reference))


def listed(child: Image, **more: object) -> Image:
    """Return an index that says of ``child`` what ``more`` says."""
    entry = {**child.top.descriptor(), **more}
    top = Blob(INDEX.media_type, to_json({"schemaVersion": 2, "mediaType": INDEX.media_type, "manifests": [entry]}))
    return Image(top, (), (child,))


@pytest.mark.parametrize(
    ("lie", "error"),
    [
        (listed(AMD64, size=1), IntegrityError),
        (listed(INDEX, mediaType=MANIFEST_TYPE["oci"]), UnsupportedError),
        (listed(make_index([AMD64]), size=1), IntegrityError),
    ],
    ids=["another size", "an index for an image", "an inner index of another size"],
)
def test_an_index_that_lies_is_refused(tmp_path: Path, lie: Image, error: type[ResolveError]) -> None:
    write_layout(tmp_path, {"registry.example/app:1": lie})
    with pytest.raises(error):
        describe(tmp_path, "registry.example/app:1")


def test_an_index_of_very_many_images_is_not_fetched_through(tmp_path: Path) -> None:
    entries = [{**AMD64.top.descriptor(), "platform": {"os": "linux", "architecture": f"a{n}"}} for n in range(257)]
    top = Blob(INDEX.media_type, to_json({"schemaVersion": 2, "mediaType": INDEX.media_type, "manifests": entries}))
    write_layout(tmp_path, {"registry.example/app:1": Image(top, (), (AMD64,))})
    with pytest.raises(UnsupportedError, match="257 images"):
        describe(tmp_path, "registry.example/app:1")
    assert len(describe(tmp_path, "registry.example/app:1", "index").platforms) == 257
