"""Verification of one image's digest: signatures found, each judged, the verdict concluded."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import ResolveError
from pinner.verify.find import Findings, Found, children_of, find_signatures
from pinner.verify.strict_decoding import MalformedError
from pinner.verify.verdict import Signer, Verdict, concluded, judge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pinner.config import Settings
    from pinner.reference import Digest, ImageReference
    from pinner.registry.artifacts import ArtifactReader
    from pinner.verify.policy import Trust
    from pinner.verify.verifier import World

_SCHEMES = frozenset({"bundle", "classic"})
_MAX_PLATFORMS = 50
_MAX_TAGS = 20


class Sources(NamedTuple):
    """Where everything is read from that a verdict depends on."""

    image: ArtifactReader
    """The image's repository."""
    signatures: ArtifactReader
    """The repository of its signatures: the same, unless the policy says otherwise."""
    list_tags: Callable[[ImageReference], Awaitable[tuple[str, ...]]] | None
    """Lists the repository's tags, where that costs nothing: of a layout."""
    world: World
    settings: Settings


async def verify_digest(reference: ImageReference, digest: Digest, trust: Trust, sources: Sources) -> Verdict:
    """Return what the policy of ``trust`` makes of ``digest``, which ``reference`` means.

    What cannot be looked up is ``unknown``; nothing is raised.
    """
    try:
        return await _with_neighbours(reference, digest, trust, sources)
    except ResolveError as error:
        return Verdict("unknown", subject=str(digest), detail=error.message)
    except ExceptionGroup as group:
        errors = group.exceptions
        if all(isinstance(error, ResolveError) for error in errors):
            return Verdict("unknown", subject=str(digest), detail=getattr(errors[0], "message", ""))
        raise


async def _with_neighbours(reference: ImageReference, digest: Digest, trust: Trust, sources: Sources) -> Verdict:
    """Return the verdict on ``digest``; where nothing counts that is its own, with what is above or below it."""
    verdict = await _verdict(reference, digest, trust, sources)
    looks_around = verdict.outcome == "refused" and (trust.policy.via_index or trust.policy.via_platforms)
    if verdict.outcome != "unsigned" and not looks_around:
        return verdict
    around = await _through_index(reference, digest, trust, sources, verdict)
    # A signature by somebody else, which anybody can add, takes nothing away from one that counts.
    return around if verdict.outcome == "unsigned" or around.outcome == "verified" else verdict


async def _verdict(reference: ImageReference, digest: Digest, trust: Trust, sources: Sources) -> Verdict:
    if trust.policy.by == "notation":
        from pinner.verify.run_notation import verify_notation_image  # noqa: PLC0415 - each scheme brings its own needs

        return await verify_notation_image(reference, digest, trust, sources)
    findings = await find_signatures(sources.signatures, digest, _SCHEMES)
    return judge_all(findings, reference, digest, trust, sources.world.clock())


def judge_all(findings: Findings, reference: ImageReference, digest: Digest, trust: Trust, now: float) -> Verdict:
    """Return the verdict on ``digest`` from what was found beside it."""
    judged = tuple(
        judge(found.scheme, found.place, partial(_signer, found, reference, digest, trust, now))
        for found in findings.found
    )
    return concluded(judged, str(digest), findings.cut)


def _signer(found: Found, reference: ImageReference, digest: Digest, trust: Trust, now: float) -> Signer:
    if found.content is None:
        raise MalformedError(found.problem)
    if found.scheme == "bundle":
        from pinner.verify.bundle import verify_bundle  # noqa: PLC0415 - each scheme brings its own needs

        return verify_bundle(found.content, str(digest), trust, now)
    from pinner.verify.cosign_tag import Layer, Wanted, verify_classic  # noqa: PLC0415 - the same

    layer = Layer(found.content, found.annotations)
    return verify_classic(layer, Wanted(str(digest), reference.repository), trust, now)


async def _through_index(
    reference: ImageReference, digest: Digest, trust: Trust, sources: Sources, verdict: Verdict
) -> Verdict:
    """Return ``verdict``, of an unsigned digest, with what is signed above or below it."""
    children = children_of(await sources.image.manifest(str(digest)))[:_MAX_PLATFORMS]
    if children:
        below = await asyncio.gather(*(_verdict(reference, child, trust, sources) for child in children))
        good = [one for one in below if one.outcome == "verified"]
        if trust.policy.via_platforms and len(good) == len(below):
            return good[0]._replace(detail="every platform's manifest is signed, the index is not")
        return (
            _with(verdict, "only-platforms-signed", "platforms of the index are signed, and not itself")
            if good
            else verdict
        )
    for index in await _indexes(reference, digest, sources):
        above = await _verdict(reference, index, trust, sources)
        if above.outcome == "verified":
            if trust.policy.via_index:
                return above._replace(detail="the index that lists it is signed, the manifest itself is not")
            return _with(verdict, "only-index-signed", "the index that lists it is signed, and not itself")
    return verdict


def _with(verdict: Verdict, reason: str, detail: str) -> Verdict:
    return verdict._replace(reasons=(reason, *verdict.reasons), detail=detail)


async def _indexes(reference: ImageReference, digest: Digest, sources: Sources) -> list[Digest]:
    """Return the indexes that list ``digest``: the tag's, and in a layout those of every tag."""
    from pinner.reference import Digest as DigestType  # noqa: PLC0415 - only of an unsigned image

    tags: tuple[str, ...] = () if reference.tag is None else (reference.tag,)
    if not tags and sources.list_tags is not None:
        tags = tuple(tag for tag in await sources.list_tags(reference) if not tag.startswith("sha256-"))[:_MAX_TAGS]
    found = await asyncio.gather(*(sources.image.manifest(tag) for tag in tags))
    return [DigestType.parse(one.digest) for one in found if one is not None and digest in children_of(one)]
