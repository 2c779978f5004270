"""Trust behind a signature policy: its keys and roots, and the identity that it demands of a certificate."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import ConfigError
from pinner.patterns.regular_expressions import fits_whole
from pinner.verify.certificate import claim_of, issuer_of, names_of
from pinner.verify.keys import PublicKey, load_key
from pinner.verify.policy import GITHUB_ISSUER
from pinner.verify.trusted_root import TrustedRoot, read_trusted_roots
from pinner.verify.verdict import RefusedError, UntoldError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.x509 import Certificate

    from pinner.config.verify import SignaturePolicy
    from pinner.verify.verdict import Signer

    Read = Callable[[str], bytes]

_KNOWS_LITTLE = frozenset({"unknown-log", "no-log-entry", "untrusted-certificate"})
"""What a root says of a signature that another root's authority or log has."""


class Trust(NamedTuple):
    """A policy and what it names: all that a signature is judged by."""

    policy: SignaturePolicy
    keys: tuple[tuple[str, PublicKey], ...] = ()
    """By the names that the policy gives them."""
    roots: tuple[TrustedRoot, ...] = ()
    root_name: str = ""
    """Where the roots are from, for messages."""

    @property
    def root_with_logs(self) -> TrustedRoot | None:
        """The first root that has logs, else the first one; None where there is none."""
        return next((root for root in self.roots if root.logs), next(iter(self.roots), None))

    def wants_log(self, root: TrustedRoot | None) -> bool:
        """Tell whether an entry in a log is required: what the policy says, else where ``root`` has logs."""
        if self.policy.log is not None:
            return self.policy.log
        return root is not None and bool(root.logs)

    def by_first_root(self, verify: Callable[[TrustedRoot], Signer]) -> Signer:
        """Return what ``verify`` returns for the first root under which all is well.

        Raises the `RefusedError` of the root that knew most of it where none is, `UntoldError` where there is no root.
        """
        if not self.roots:
            raise UntoldError("there is no trusted root")
        refusals: list[RefusedError] = []
        for root in self.roots:
            try:
                return verify(root)
            except RefusedError as refusal:
                refusals.append(refusal)
        raise min(refusals, key=lambda one: one.reasons[0] in _KNOWS_LITTLE)

    def by_first_key(self, verify: Callable[[str, PublicKey], Signer]) -> Signer:
        """Return what ``verify`` returns for the first key, with its name, under which all is well.

        Raises the `RefusedError` of the key that it is signed with where none is.
        """
        refusals: list[RefusedError] = []
        for name, key in self.keys:
            try:
                return verify(name, key)
            except RefusedError as refusal:
                refusals.append(refusal)
        raise next((one for one in refusals if one.reasons[0] != "bad-signature"), refusals[0])


def load_trust(policy: SignaturePolicy, read: Read, own_root: bytes | None = None) -> Trust:
    """Return ``policy`` with the keys and roots that it names, which ``read`` returns by their paths.

    ``own_root`` is the trusted root of the last `pinner trust update`. Raises `ConfigError`.
    """
    keys = tuple((name, _key(policy, name, read)) for name in policy.key)
    if policy.by not in ("key", "keyless"):
        return Trust(policy)
    if policy.trusted_root is not None:
        data, name = _read(policy, policy.trusted_root, read), policy.trusted_root
    elif own_root is not None:
        data, name = own_root, "the trusted root of the last `pinner trust update`"
    else:
        data, name = packaged_root(), "the trusted root that comes with pinner"
    try:
        return Trust(policy, keys, read_trusted_roots(data), name)
    except RefusedError as error:
        raise ConfigError(f"{policy.where}: {name} is no trusted root: {error.detail}") from None


def packaged_root() -> bytes:
    """Return the trusted root of Sigstore's public instance as it was when this version was made."""
    return files("pinner.verify").joinpath("trusted_root.json").read_bytes()


def _key(policy: SignaturePolicy, name: str, read: Read) -> PublicKey:
    try:
        return load_key(_read(policy, name, read))
    except RefusedError as error:
        hint = "cosign's is in cosign.pub; `cosign public-key --key …` prints that of a key elsewhere"
        raise ConfigError(f"{policy.where}: `{name}` is no public key: {error.detail}", hint=hint) from None


def _read(policy: SignaturePolicy, name: str, read: Read) -> bytes:
    try:
        return read(name)
    except OSError as error:
        raise ConfigError(f"{policy.where}: cannot read `{name}`: {(error.strerror or str(error)).lower()}") from None


_GITHUB = "https://github.com/"


def check_identity(leaf: Certificate, policy: SignaturePolicy) -> tuple[str, str | None]:
    """Return the certificate's name and issuer where ``policy`` accepts them; raises `RefusedError`."""
    names, issuer = names_of(leaf), issuer_of(leaf)
    if not names:
        raise RefusedError("wrong-identity", "the certificate names nobody")
    wanted_issuer = GITHUB_ISSUER if policy.github is not None else policy.issuer
    if issuer != wanted_issuer and not policy.remembers:
        raise _wrong(names[0], issuer)
    name = names[0]
    if policy.identity is not None:
        name = next((one for one in names if one == policy.identity), "")
    elif policy.identity_regex is not None:
        name = next((one for one in names if fits_whole(policy.identity_regex, one)), "")
    elif policy.remembers and issuer is None:
        raise _wrong(name, issuer, ": an identity means nothing without who vouches for it")
    if not name:
        same = policy.identity is not None and any(one.lower() == policy.identity.lower() for one in names)
        raise _wrong(names[0], issuer, "; it differs in upper and lower case alone" if same else "")
    if policy.github is not None:
        _check_github(leaf, policy, names, issuer)
    for claim, value in policy.claims:
        found = claim_of(leaf, claim)
        if found != value:
            raise RefusedError("wrong-identity", f"its {claim} is {found or 'not told'} and not {value}")
    return name, issuer


def _wrong(name: str, issuer: str | None, more: str = "") -> RefusedError:
    return RefusedError("wrong-identity", f"it is signed by {name} (of {issuer or 'no issuer'}){more}")


def _check_github(leaf: Certificate, policy: SignaturePolicy, names: tuple[str, ...], issuer: str | None) -> None:
    """Hold the repository, which with a reusable workflow only the claim names, and the workflow."""
    source = claim_of(leaf, "source-repository")
    if source != f"{_GITHUB}{policy.github}":
        same = source is not None and source.lower() == f"{_GITHUB}{policy.github}".lower()
        more = "; it differs in upper and lower case alone" if same else f", from {source or 'no repository'}"
        raise _wrong(names[0], issuer, more)
    if policy.workflow is None:
        return
    own = f"{_GITHUB}{policy.github}/{policy.workflow}@"
    named = f"{_GITHUB}{policy.workflow}@"
    callers = (claim_of(leaf, "build-config-uri") or "", *names)
    if not any(one.startswith((own, named)) for one in callers):
        raise _wrong(names[0], issuer, f", not by {policy.workflow}")
