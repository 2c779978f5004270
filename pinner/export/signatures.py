"""Signature policies for other verifiers: policy.json, notation's trust policy, cosign's command line.

Sources: containers/image docs/containers-policy.json.5.md; notaryproject/specifications, trust-store-trust-policy.md;
cosign 3 `cosign verify --help`.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.reference import ImageReference
from pinner.verify.policy import policy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pinner.config.verify import SignaturePolicy
    from pinner.lockfile.model import Lock

POLICY_TARGETS = ("containers-policy", "notation-policy", "cosign")
"""What `export` makes of ``[[verify]]`` tables."""


class PolicyExport(NamedTuple):
    """A file for somebody else's verifier."""

    text: str
    policies: int
    notes: tuple[str, ...]
    """What it cannot say, a sentence each."""


def export_policies(
    target: str, policies: Sequence[SignaturePolicy], lock: Lock | None, read: Callable[[str], bytes]
) -> PolicyExport:
    """Return ``policies`` as ``target`` reads them; ``lock`` names the images that `cosign` is asked about."""
    if target == "containers-policy":
        return _containers(policies)
    if target == "notation-policy":
        return _notation(policies, read)
    return _cosign(policies, lock)


def _scope(glob: str) -> str | None:
    """Return the scope of containers/image for a glob: a repository, or all under a name; None where it has none."""
    name = glob.removesuffix("/**").removesuffix("/*")
    if any(character in name for character in "*?[!") or not name:
        return None
    return name if "/" in name or "." in name or ":" in name else None


def _containers(policies: Sequence[SignaturePolicy]) -> PolicyExport:
    scopes: dict[str, list[dict[str, Any]]] = {}
    notes = []
    for policy in policies:
        requirement = _requirement(policy)
        if requirement is None:
            notes.append(f"{policy.name}: policy.json knows no requirement by {policy.by} like this one")
            continue
        for glob in policy.images:
            scope = _scope(glob)
            if scope is None:
                notes.append(f"{policy.name}: `{glob}` is no scope of policy.json")
            else:
                scopes.setdefault(scope, [requirement])
    content = {"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": scopes}}
    return PolicyExport(json.dumps(content, indent=2) + "\n", len(scopes), tuple(notes))


def _requirement(policy: SignaturePolicy) -> dict[str, Any] | None:
    if policy.by == "none":
        return {"type": "insecureAcceptAnything"}
    # Its `fulcio` knows e-mail addresses alone, and wants the authorities' certificates in files.
    if policy.by != "key":
        return None
    keys = {"keyPath": policy.key[0]} if len(policy.key) == 1 else {"keyPaths": list(policy.key)}
    return {"type": "sigstoreSigned", **keys, "signedIdentity": {"type": "matchRepository"}}


def _notation(policies: Sequence[SignaturePolicy], read: Callable[[str], bytes]) -> PolicyExport:
    statements: list[Any] = []
    notes = []
    for policy in policies:
        if policy.by != "notation":
            continue
        if policy.config is None:
            notes.append(f"{policy.name}: it is notation's own trust policy already")
            continue
        document = json.loads(read(f"{policy.config}/trustpolicy.json"))
        statements += document.get("trustPolicies", []) if isinstance(document, dict) else []
    content = {"version": "1.0", "trustPolicies": statements}
    return PolicyExport(json.dumps(content, indent=2) + "\n", len(statements), tuple(notes))


def _cosign(policies: Sequence[SignaturePolicy], lock: Lock | None) -> PolicyExport:
    lines, notes = [], []
    for name, entry in sorted(({} if lock is None else lock.images).items()):
        reference = ImageReference.parse(name)
        policy = policy_for(reference, policies)
        if policy is None:
            continue
        signature = entry.selected.signature
        if policy.remembers:
            # Who signed first is who may sign: by name, where the lock knows one.
            if signature is None or signature.issuer is None:
                continue
            policy = policy._replace(identity=signature.signer, issuer=signature.issuer)
        if policy.by not in ("key", "keyless"):
            notes.append(f"{policy.name}: cosign verifies nothing by {policy.by}")
            continue
        image = f"{reference.repository}@{entry.selected.digest}"
        lines += [shlex.join(["cosign", "verify", *options, image]) for options in _cosign_options(policy)]
    if not lines:
        notes.append("there is nothing to verify: no image of pinner.lock has a policy that cosign knows")
    return PolicyExport("".join(f"{line}\n" for line in lines), len(lines), tuple(dict.fromkeys(notes)))


def _cosign_options(policy: SignaturePolicy) -> Iterator[list[str]]:
    common = ["--insecure-ignore-tlog=true"] if policy.log is False else []
    common += ["--trusted-root", policy.trusted_root] if policy.trusted_root and policy.log is not False else []
    common += [part for one in policy.annotations for part in ("-a", "=".join(one))]
    if policy.by == "key":
        # Any of them will do: cosign takes one at a time.
        yield from (["--key", key, *common] for key in policy.key)
        return
    if policy.github is not None:
        # Anchored: cosign's expressions fit anywhere. A workflow's name ends where the ref begins.
        own = f"{policy.workflow}@" if policy.workflow else ""
        pattern = f"^{re.escape(f'https://github.com/{policy.github}/{own}')}"
        issuer = "https://token.actions.githubusercontent.com"
        yield ["--certificate-identity-regexp", pattern, "--certificate-oidc-issuer", issuer, *common]
        return
    identity = (
        ["--certificate-identity", policy.identity]
        if policy.identity is not None
        else ["--certificate-identity-regexp", f"^(?:{policy.identity_regex})$"]
    )
    yield [*identity, "--certificate-oidc-issuer", policy.issuer or "", *common]
