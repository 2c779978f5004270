"""Identity of a keyless signature against a policy: name and issuer, and the claims of its certificate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.verify.certificate import claim_of, issuer_of, names_of
from pinner.verify.choose import GITHUB_ISSUER
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from pinner.config.verify import SignaturePolicy

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
        name = next((one for one in names if re.fullmatch(policy.identity_regex, one)), "")
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
