"""Findings on signatures (PIN106 to PIN108): offline what the lock recorded, online what registries have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.findings import Finding, with_expiry
from pinner.lockfile.model import NAME
from pinner.lockfile.usage import agrees, follows_tag
from pinner.model import Occurrence
from pinner.rules import SIGNATURE_INVALID, SIGNER_CHANGED, UNSIGNED, by_id
from pinner.scan.suppressions import occurrences_for
from pinner.verify.policy import accepts_record, policy_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.errors import SignatureError
    from pinner.findings.lock_agreement import LockView
    from pinner.lockfile.model import Entry
    from pinner.reference import ImageReference
    from pinner.rules import Level, Rule
    from pinner.scan.suppressions import Candidate, Source

_HINTS = {
    UNSIGNED: "`pinner lock` looks for who signed it, `pinner verify` tells what it finds",
    SIGNATURE_INVALID: "`pinner verify` shows every signature and why it does not count",
    SIGNER_CHANGED: "where it is meant, say so in [[verify]]; `pinner lock` writes down who signs now",
}


def signature_findings(source: Source, view: LockView, levels: Mapping[str, Level]) -> list[Finding]:
    """Return what the lock of ``view`` does not say of the signatures that its policies ask for."""
    found: list[Finding] = []
    for candidate, place in zip(source.candidates, occurrences_for(source, "pin"), strict=True):
        if not isinstance(place, Occurrence) or not follows_tag(place):
            continue
        entry = view.lock.images.get(place.reference.canonical)
        told = None if entry is None else _told(place.reference, entry, view)
        if told is not None:
            found += signature_finding(source.document.path, candidate, place, *told, levels)
    return found


def _told(reference: ImageReference, entry: Entry, view: LockView) -> tuple[Rule, str] | None:
    """Return the rule and the message where a policy is not satisfied by what the lock recorded."""
    policy = policy_for(reference, view.policies)
    if policy is None or policy.mode == "warn" or policy.remembers:
        return None
    if reference.digest is not None and not agrees(entry.selected, reference.digest):
        # Another digest than the lock's: that is said already.
        return None
    signature = entry.selected.signature
    if signature is None:
        return UNSIGNED, f"`{reference.familiar}`: {NAME} does not say who signed it, and {policy.name} wants to know"
    if not accepts_record(policy, signature, view.key_ids):
        return (
            SIGNER_CHANGED,
            f"`{reference.familiar}` is signed by {signature.signer}, whom {policy.name} does not accept",
        )
    return None


def signature_finding(
    path: str, candidate: Candidate, place: Occurrence, rule: Rule, message: str, levels: Mapping[str, Level]
) -> Iterator[Finding]:
    """Yield the finding, unless a pragma or the settings silence it."""
    level = levels.get(rule.id, rule.severity)
    if level != "off" and not candidate.silenced(rule.id):
        yield Finding(rule, level, message, with_expiry(candidate, rule, _HINTS[rule]), path, place)


def refused_findings(
    path: str, candidate: Candidate, place: Occurrence, error: SignatureError, levels: Mapping[str, Level]
) -> Iterator[Finding]:
    """Yield the finding that a refused digest is."""
    return signature_finding(path, candidate, place, by_id(error.rule), error.message, levels)
