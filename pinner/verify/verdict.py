"""Verdict on an image's signatures, and the reasons: values without cryptography."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Literal, TypeAlias

    Outcome: TypeAlias = Literal["verified", "unsigned", "refused", "unknown"]

REASONS = (
    "bad-signature",
    "wrong-key",
    "wrong-identity",
    "other-image",
    "other-repository",
    "other-statement",
    "engines-differ",
    "not-an-image-signature",
    "wrong-annotation",
    "no-log-entry",
    "unknown-log",
    "bad-log-entry",
    "other-log-entry",
    "no-trusted-time",
    "bad-timestamp",
    "no-sct",
    "bad-sct",
    "untrusted-certificate",
    "expired",
    "rollback",
    "revoked",
    "no-policy",
    "unsupported",
    "malformed",
    "only-index-signed",
    "only-platforms-signed",
)
"""Every reason code, a contract: part of the JSON output."""
_STALE_ROOT = frozenset({"unknown-log", "untrusted-certificate"})


class RefusedError(Exception):
    """One signature does not satisfy the policy: why, as codes and in one clause."""

    def __init__(self, reason: str, detail: str, *also: str) -> None:
        super().__init__(detail)
        self.reasons = (reason, *also)
        self.detail = detail


class UntoldError(Exception):
    """Whether one signature satisfies the policy could not be looked up: why, in one clause."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Signer(NamedTuple):
    """Who signed, as far as a verified signature says."""

    by: str
    """``key``, ``keyless``, ``notation`` or ``dct``."""
    name: str
    """The key's file as the policy names it, the certificate's identity, or its subject."""
    issuer: str | None = None
    """Who vouched for the identity: an OpenID issuer, or the anchor of a notation chain."""
    key_id: str | None = None
    """SHA-256 of the public key, in hex; the root key's id for Docker Content Trust."""
    signed_at: datetime | None = None
    """By a log or a time stamp authority; None where nobody trusted says."""
    log: tuple[str, int] | None = None
    """The transparency log's address, and the entry's index."""
    engines: tuple[str, ...] = ("own",)
    """Who verified it."""
    detail: str = ""
    """What else is worth knowing: the repository a signature names."""


class Judged(NamedTuple):
    """One signature, and what the policy makes of it."""

    scheme: str
    """``bundle``, ``classic``, ``notation`` or ``dct``."""
    place: str
    """The digest of the manifest that holds it, or the server's address."""
    signer: Signer | None = None
    """None where it does not satisfy the policy."""
    reasons: tuple[str, ...] = ()
    detail: str = ""
    warnings: tuple[str, ...] = ()
    """Codes of what a trust policy says to overlook."""
    is_untold: bool = False
    """Whether it could not be looked up in full."""

    @property
    def is_signature(self) -> bool:
        """Tell a signature from an attestation of something else."""
        return self.reasons != ("other-statement",)


class Verdict(NamedTuple):
    """What a policy makes of an image's digest."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()
    signatures: tuple[Judged, ...] = ()
    subject: str = ""
    """The digest that is signed: the image's own, or with ``via-index`` its index's."""
    detail: str = ""
    """Why it is unknown, in one clause; the first reason in words where it is refused."""

    @property
    def accepted(self) -> Judged | None:
        """The signature that satisfies the policy: the last that was made, where several do."""
        good = [one for one in self.signatures if one.signer is not None]
        dated = [one for one in good if one.signer is not None and one.signer.signed_at is not None]
        return max(dated, key=_signed_at) if dated else next(iter(good), None)

    @property
    def signer(self) -> Signer | None:
        """Who signed, of a verified image."""
        accepted = self.accepted
        return None if accepted is None else accepted.signer

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was overlooked in the signature that counts."""
        accepted = self.accepted
        return () if accepted is None else accepted.warnings

    @property
    def may_be_stale_root(self) -> bool:
        """Tell whether a newer trusted root might know who signed."""
        return self.outcome == "refused" and not _STALE_ROOT.isdisjoint(self.reasons)


def _signed_at(one: Judged) -> float:
    signer = one.signer
    return 0.0 if signer is None or signer.signed_at is None else signer.signed_at.timestamp()


def judge(scheme: str, place: str, work: Callable[[], Signer | tuple[Signer, tuple[str, ...]]]) -> Judged:
    """Return what ``work`` makes of one signature; whatever it raises is a reason, never a pass.

    An exception that nobody foresaw is ``malformed``: what is verified was written by a stranger.
    """
    try:
        found = work()
    except RefusedError as refusal:
        return Judged(scheme, place, reasons=tuple(dict.fromkeys(refusal.reasons)), detail=refusal.detail)
    except UntoldError as error:
        return Judged(scheme, place, detail=error.detail, is_untold=True)
    except Exception as error:  # noqa: BLE001 - a parser's mistake must neither pass nor end the run
        return Judged(scheme, place, reasons=("malformed",), detail=f"cannot be read ({type(error).__name__})")
    if isinstance(found, Signer):
        return Judged(scheme, place, found)
    return Judged(scheme, place, found[0], warnings=found[1])


def conclude(signatures: tuple[Judged, ...], digest: str, cut: str = "") -> Verdict:
    """Return the verdict on ``digest``: one good signature is enough; ``cut`` says why some were not looked at."""
    if any(one.signer is not None for one in signatures):
        return Verdict("verified", (), signatures, digest)
    untold = next((one.detail for one in signatures if one.is_untold), cut)
    reasons = tuple(dict.fromkeys(reason for one in signatures for reason in one.reasons))
    if untold:
        return Verdict("unknown", reasons, signatures, digest, untold)
    refused = [one for one in signatures if one.is_signature]
    if refused:
        return Verdict("refused", reasons, signatures, digest, refused[0].detail)
    return Verdict("unsigned", reasons, signatures, digest, next((one.detail for one in signatures), ""))
