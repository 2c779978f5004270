"""Comparison of a local image with a registry's, and the verdict on it.

Two equal sha256 prove the same bytes whoever says so; two different ones prove nothing: compressing
anew gives a layer another digest, and so the manifest and the index, while the config and the diff_ids stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from pinner.identification.hash_kinds import repo_digests
from pinner.identification.model import Comparison, HashAnswer, LocalAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.identification.model import Answer, Form, LocalImage, Outcome
    from pinner.oci.types import Image, PlatformImage
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


Result: TypeAlias = Literal["identified", "differs", "unknown"]


def result_of(answer: Answer) -> Result:
    """Return ``identified``, ``differs`` or ``unknown``.

    ``differs``: tampered with, or none of the names that the user gave means this image today. ``unknown``: nowhere to
    be found, or such a name could not be asked about. Names that the archive, the engine or the lock gave are no
    promise: what they mean today is told and decides nothing.
    """
    return _local_result(answer) if isinstance(answer, LocalAnswer) else _hash_result(answer)


def _local_result(answer: LocalAnswer) -> Result:
    if answer.holding.tampered:
        return "differs"
    results = {_against(one.comparisons) for one in answer.images}
    if "differs" in results:
        return "differs"
    return "unknown" if "unknown" in results or answer.holding.unchecked or not answer.images else "identified"


def _against(comparisons: Iterable[Comparison]) -> Result:
    asked = [one for one in comparisons if one.asked]
    if not asked or any(one.is_equal for one in asked):
        return "identified"
    return "unknown" if any(one.outcome == "unknown" for one in asked) else "differs"


def _hash_result(answer: HashAnswer) -> Result:
    if not answer.sightings:
        return "unknown"
    asked = {reference.canonical for reference in answer.asked}
    if not asked or any(one.current and one.where in asked for one in answer.sightings):
        return "identified"
    unanswered = {one.reference.canonical for one in answer.unanswered}
    return "unknown" if asked & unanswered else "differs"
