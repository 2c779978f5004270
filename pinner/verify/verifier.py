"""Verifier of a run: what the policies of the settings make of an image, each question asked once."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import ResolveError
from pinner.reference import ImageReference
from pinner.verify.gate import is_same_signer, signature_of
from pinner.verify.policy import policy_for
from pinner.verify.run import Sources, verify_digest
from pinner.verify.trust import Trust, load_trust
from pinner.verify.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pinner.config import Settings
    from pinner.config.verify import SignaturePolicy
    from pinner.oci.resolver import Registry
    from pinner.oci.types import Signature
    from pinner.reference import Digest


_MAX_FILE = 4 * 1024 * 1024


class VerifierContext(NamedTuple):
    """What a verifier reads beside the registry."""

    read: Callable[[str], bytes]
    """Returns the bytes of a file by its path, which is relative to the settings' folder. Raises `OSError`."""
    list_: Callable[[str], tuple[str, ...]]
    """Returns the names of the plain files in a folder."""
    environment: Mapping[str, str]
    clock: Callable[[], float]
    """Seconds since 1970."""
    root: str = ""
    """The settings' folder."""
    own_root: bytes | None = None
    """The trusted root of the last `pinner trust update`."""

    def place(self, name: str) -> str:
        """Return the path of a file or folder that a policy names."""
        return os.path.join(self.root, name)


class Answer(NamedTuple):
    """A verdict and the policy that it is by."""

    verdict: Verdict
    policy: SignaturePolicy
    root_name: str = ""

    @property
    def is_accepted(self) -> bool:
        """Tell whether the digest may be used: verified, or the policy only warns."""
        return self.verdict.outcome == "verified" or self.policy.mode == "warn"


@dataclass(eq=False)
class Verifier:
    """Verifies images; nothing is asked of one that no policy fits."""

    settings: Settings
    registry: Registry
    world: VerifierContext
    recorded: Mapping[str, Signature] = field(default_factory=dict)
    """Who signed before, by canonical name."""
    _asked: dict[tuple[str, str, str], asyncio.Task[Answer]] = field(default_factory=dict)
    _trusts: dict[SignaturePolicy, Trust] = field(default_factory=dict)

    def policy_for(self, reference: ImageReference) -> SignaturePolicy | None:
        """Return the policy of an image; None where it is not to be verified."""
        return policy_for(reference, self.settings.verify)

    async def verify(self, reference: ImageReference, digest: Digest) -> Answer | None:
        """Return what the policy of ``reference`` makes of ``digest``; None where there is none.

        Raises `ConfigError` for a policy whose files cannot be used; everything else is a verdict.
        """
        policy = self.policy_for(reference)
        if policy is None:
            return None
        key = reference.repository, reference.tag or "", str(digest)
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._verify(reference, digest, policy))
        return await asyncio.shield(self._asked[key])

    async def _verify(self, reference: ImageReference, digest: Digest, policy: SignaturePolicy) -> Answer:
        if policy not in self._trusts:
            self._trusts[policy] = load_trust(policy, self.world.read, self.world.own_root)
        trust = self._trusts[policy]
        try:
            if policy.by == "dct":
                from pinner.verify.run import verify_dct_image  # noqa: PLC0415 - each scheme brings its own needs

                verdict = await verify_dct_image(reference, digest, policy, self)
            else:
                verdict = await verify_digest(reference, digest, trust, self._sources(reference, policy))
        except ResolveError as error:
            verdict = Verdict("unknown", subject=str(digest), detail=error.message)
        if policy.remembers:
            return _held_to_first(verdict, policy, self.recorded.get(reference.canonical), trust.root_name)
        return Answer(verdict, policy, trust.root_name)

    def _sources(self, reference: ImageReference, policy: SignaturePolicy) -> Sources:
        image = self.registry.artifacts(reference)
        lists = None if self.settings.layout is None else self.registry.list_tags
        where = image
        if policy.signatures_in is not None:
            # A path alone is in the image's own registry, as with COSIGN_REPOSITORY's host left out.
            host = policy.signatures_in.partition("/")[0]
            has_host = "." in host or ":" in host or host == "localhost"
            name = policy.signatures_in if has_host else f"{reference.domain}/{policy.signatures_in}"
            where = self.registry.artifacts(ImageReference.parse(name))
        return Sources(image, where, lists, self.world, self.settings)

    def met(self, repository: str) -> tuple[str | None, int]:
        """Return the root key that Docker Content Trust was met with, and the highest timestamp that was seen."""
        mine = [
            one
            for name, one in self.recorded.items()
            if one.by == "dct" and name.rpartition(":")[0] == repository and one.log is not None
        ]
        newest = max(mine, key=lambda one: one.log[1] if one.log else 0, default=None)
        return (None, 0) if newest is None or newest.log is None else (newest.key_id, newest.log[1])

    @property
    def now(self) -> datetime:
        """The time by the run's clock."""
        return datetime.fromtimestamp(self.world.clock(), UTC)


def _held_to_first(verdict: Verdict, policy: SignaturePolicy, first: Signature | None, root_name: str) -> Answer:
    """Return ``verdict`` held to who signed ``first``; where nobody is recorded, whatever it is is accepted."""
    if first is None:
        return Answer(verdict, policy._replace(mode="warn"), root_name)
    after = signature_of(verdict, policy, first)
    if after is None or is_same_signer(first, after):
        return Answer(verdict, policy, root_name)
    detail = f"it is signed by {after.signer} and not by {first.signer}, as before"
    judged = tuple(
        one if one.signer is None else one._replace(signer=None, reasons=("wrong-identity",), detail=detail)
        for one in verdict.signatures
    )
    refused = verdict._replace(outcome="refused", reasons=("wrong-identity",), signatures=judged, detail=detail)
    return Answer(refused, policy, root_name)


def files_of(root: str) -> Callable[[str], bytes]:
    """Return what reads files by their paths from the folder ``root``, at most 4 MB of each."""
    from pinner.files.atomic import read_regular  # noqa: PLC0415 - hardly ever needed

    def read(name: str) -> bytes:
        data = read_regular(os.path.join(root, name), _MAX_FILE)
        if len(data) > _MAX_FILE:
            raise OSError(0, "it is larger than 4 MB")
        return data

    return read
