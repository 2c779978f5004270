"""Whether a local image is what a registry serves, how that is proved, and why digests differ where they do.

Two equal sha256 prove the same bytes whoever says so; two different ones prove nothing (registry.md §5): compressing
anew gives a layer another digest, and so the manifest and the index, while the config and the diff_ids stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.identity.hashes import repo_digests
from pinner.identity.model import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.identity.model import Form, LocalImage, Outcome
    from pinner.image import Image, PlatformImage
    from pinner.reference import Digest, ImageReference, Platform


_BROKEN = "its config is what the name means, but the layers here are not the ones that it lists"


def compare(image: LocalImage, reference: ImageReference, served: Image, form: Form, *, asked: bool) -> Comparison:
    """Return how ``image``, found in ``form``, stands to ``served``, which ``reference`` means today.

    ``served`` holds the configs of the platforms to compare with.
    """
    outcome, member = _outcome(image, reference, served)
    if is_broken(image) and outcome.startswith("equal"):
        # Config and manifest are what the name means, and the files are not: whoever runs it runs something else.
        return Comparison(reference, "different", asked, served, member, (_BROKEN,))
    reasons = tuple(_reasons(image, reference, served, member, outcome, form))
    return Comparison(reference, outcome, asked, served, member, reasons)


def is_broken(image: LocalImage) -> bool:
    """Tell whether layers were looked at and are not those that the config of ``image`` lists, or no layers at all."""
    listed = tuple(image.diff_ids)
    return bool(image.layers) and tuple(layer.diff_id for layer in image.layers) != listed


def known_digests(image: LocalImage, reference: ImageReference) -> tuple[Digest, ...]:
    """Return the digests that ``image`` may have in the repository of ``reference``, the index first."""
    own = (image.index_digest, image.manifest, image.engine_id if image.config is None else None)
    remembered = [digest for known, digest in repo_digests(image) if known.repository == reference.repository]
    return tuple(dict.fromkeys(digest for digest in (*own, *remembered) if digest is not None))


def _outcome(image: LocalImage, reference: ImageReference, served: Image) -> tuple[Outcome, PlatformImage | None]:
    digests = known_digests(image, reference)
    same_config = next((one for one in served.platforms if one.config and one.config == image.config), None)
    # What an engine remembers is no proof against a config that says otherwise.
    if image.config is None or same_config is not None:
        same_manifest = next((one for one in served.platforms if one.digest in digests), None)
        if served.is_index and served.digest in digests:
            return "equal-index", same_manifest or same_config or _of_platform(served, image.platform)
        if same_manifest is not None:
            return "equal-manifest", same_manifest
    if same_config is not None:
        return "equal-config", same_config
    texts = tuple(str(diff_id) for diff_id in image.diff_ids)
    for one in served.platforms:
        if texts and one.diff_ids == texts:
            return "same-files", one
    return "different", _of_platform(served, image.platform)


def _of_platform(served: Image, platform: Platform | None) -> PlatformImage | None:
    return next((one for one in served.platforms if one.platform == platform), None)


def _reasons(
    image: LocalImage,
    reference: ImageReference,
    served: Image,
    member: PlatformImage | None,
    outcome: Outcome,
    form: Form,
) -> Iterator[str]:
    if outcome == "different":
        yield from _differences(image, served, member)
    elif outcome == "same-files" and member is not None:
        yield "the config differs, and so the image ID; the layers are the same unpacked"
        yield from _config_differences(image, member)
    elif member is not None:
        yield from _why_another_manifest(image, member, outcome, form)
        if served.is_index and image.index_digest is None and form != "engine":
            yield "it holds one platform alone: the index that the tag means is not in it"
    yield from _made_up(image, reference, served)


def _differences(image: LocalImage, served: Image, member: PlatformImage | None) -> Iterator[str]:
    if member is None:
        there = ", ".join(str(one.platform) for one in served.platforms if one.platform)
        yield f"the name has nothing for {image.platform}" + (f": there is {there}" if there else "")
        return
    common = 0
    for ours, theirs in zip(image.diff_ids, member.diff_ids, strict=False):
        if str(ours) != theirs:
            break
        common += 1
    if common:
        yield f"of its {len(image.diff_ids)} layers the lowest {common} are the same, the others differ"
    elif image.diff_ids and member.diff_ids:
        yield "not even the lowest layer is the same"
    yield from _config_differences(image, member)


def _config_differences(image: LocalImage, member: PlatformImage) -> Iterator[str]:
    if image.created and member.created and image.created != member.created:
        yield f"created {image.created} here and {member.created} there"
    labels = sorted(key for key in {*image.labels, *member.labels} if image.labels.get(key) != member.labels.get(key))
    if labels:
        yield f"labels differ: {', '.join(labels)}"


def _why_another_manifest(image: LocalImage, member: PlatformImage, outcome: Outcome, form: Form) -> Iterator[str]:
    if outcome != "equal-config":
        return
    if image.manifest is None:
        if form == "engine":
            yield "the engine remembers no digest that the name means; the image ID is the config's, and equal"
        else:
            yield "this form keeps no manifest: the config and the layers are compared, and are equal"
        return
    stored = tuple(layer.stored for layer in image.layers)
    compressions = {layer.compression for layer in image.layers} - {None}
    if stored == member.layers:
        yield "the manifest was written anew around the same config and layers: other bytes, another digest"
    elif compressions == {"none"}:
        yield "its layers lie here uncompressed, under a manifest made for that: another digest for the same image"
    else:
        how = " and ".join(sorted(filter(None, compressions)))
        yield (
            f"its layers were compressed anew ({how}): other layer digests, so another manifest digest; "
            "unpacked they are the same, and so are the config and the image ID"
        )


def _made_up(image: LocalImage, reference: ImageReference, served: Image) -> Iterator[str]:
    there = {served.digest, *(one.digest for one in served.platforms)}
    for known, digest in repo_digests(image):
        if known.repository == reference.repository and digest not in there:
            yield (
                f"the engine remembers {digest}: not what the tag means, but an earlier digest, "
                "another platform's, or one made up when an archive was loaded"
            )
