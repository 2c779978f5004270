"""Docker Content Trust for one image: metadata fetched, judged, the verdict concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.verify.dct import UnsignedError, Wanted, verify_dct
from pinner.verify.remote import Remote
from pinner.verify.verdict import Signer, Verdict, concluded, judge

if TYPE_CHECKING:
    from pinner.config.verify import SignaturePolicy
    from pinner.reference import Digest, ImageReference
    from pinner.verify.verifier import Verifier


async def verify_dct_image(
    reference: ImageReference, digest: Digest, policy: SignaturePolicy, verifier: Verifier
) -> Verdict:
    """Return the verdict on ``digest`` under the tag of ``reference``. Raises `ResolveError`."""
    server = policy.server or ""
    if "://" not in server:
        server = verifier.world.place(server)
    remote = Remote(verifier.world.environment, offline=verifier.settings.offline and verifier.settings.layout is None)
    try:
        documents = await remote.metadata(server, reference.repository)
    finally:
        await remote.aclose()
    met, seen = verifier.met(reference.repository)
    pinned = policy.root_keys or tuple(filter(None, (met,)))
    least = max(policy.min_version or 0, seen)
    wanted = Wanted(reference.repository, reference.tag or "", str(digest), pinned, least, policy.server or "")
    return judged_metadata(documents, wanted, verifier)


def judged_metadata(documents: dict[str, bytes | None], wanted: Wanted, verifier: Verifier) -> Verdict:
    """Return the verdict on what a server's metadata say."""
    unsigned: list[str] = []

    def work() -> tuple[Signer, tuple[str, ...]]:
        try:
            return verify_dct(documents, wanted, verifier.now)
        except UnsignedError as error:
            unsigned.append(str(error))
            raise

    judged = judge("dct", wanted.server, work)
    if unsigned:
        return Verdict("unsigned", subject=wanted.digest, detail=unsigned[0])
    return concluded((judged,), wanted.digest)
