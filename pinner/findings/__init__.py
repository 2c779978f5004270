"""Findings: the offline rules of ``check`` applied to places."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.model import Occurrence
from pinner.rules import BUILT_WITH_DIGEST, CANNOT_PIN, NO_TAG, PARSE_ERROR, UNPINNED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.model import Place
    from pinner.reference import Digest
    from pinner.rules import Level, Rule, Severity
    from pinner.scan.suppressions import Candidate, Source

# Skips that a person should look at; the others are as they should be.
_QUESTIONABLE = frozenset(
    {
        "no-default",
        "interpolated-tag",
        "interpolated-name",
        "platform-arg",
        "computed",
        "arg-conflict",
        "onbuild-ambiguous",
        "templated",
        "invalid-reference",
        "separate-tag",
        "fstring",
        "non-literal",
    }
)


class Finding(NamedTuple):
    """One rule broken in one place."""

    rule: Rule
    severity: Severity
    message: str
    hint: str | None
    path: str
    place: Place
    proposed: str | None = None
    """The text to write instead."""
    current: Digest | None = None
    """The digest that the registry serves."""


def check_source(source: Source, levels: Mapping[str, Level]) -> Iterator[Finding]:
    """Yield what is wrong with ``source`` as far as the file alone tells; ``levels`` holds severities by rule id.

    A pragma in force silences the rules it covers; one that has expired is named in the hint.
    """
    for candidate in source.candidates:
        found = broken_rule(candidate.place)
        if found is None:
            continue
        rule, message, hint = found
        level = levels.get(rule.id, rule.severity)
        if level == "off" or candidate.silenced(rule.id):
            continue
        yield Finding(rule, level, message, with_expiry(candidate, rule, hint), source.document.path, candidate.place)


def broken_rule(place: Place) -> tuple[Rule, str, str | None] | None:
    """Return the rule that ``place`` breaks if nobody says otherwise, what is wrong, and a hint; None for none."""
    if isinstance(place, Occurrence):
        if place.reference.digest is None:
            return UNPINNED, f"`{place.reference}` has no digest", None
        if place.reference.tag is None:
            return NO_TAG, f"`{place.reference.familiar}` is pinned without a tag: nothing says what to follow", None
        return None
    if place.reason == "parse-error":
        return PARSE_ERROR, f"does not parse: {place.detail}", None
    if place.reason == "built-here" and place.digest_span is not None:
        message = f"`{place.text}` is the name of a build, and holds a digest: {place.detail}"
        return BUILT_WITH_DIGEST, message, "`pinner unpin` takes it off"
    if place.reason not in _QUESTIONABLE or (place.reason in ("non-literal", "fstring") and not place.text):
        # Code that hands on what it was given names no image: whoever gives it one does, and is told.
        return None
    name = f"`{place.text}` cannot be pinned" if place.text else "an image here cannot be pinned"
    return CANNOT_PIN, f"{name} ({place.reason}): {place.detail}", None


def with_expiry(candidate: Candidate, rule: Rule, hint: str | None) -> str | None:
    """Return ``hint`` with the pragma at ``candidate`` that silenced ``rule`` until it expired, if there is one."""
    expired = next((pragma for pragma in candidate.expired if pragma.covers(rule.id)), None)
    if expired is None:
        return hint
    expiry = f"the `pinner: ignore` on line {expired.line} expired on {expired.until}"
    return f"{expiry}; {hint}" if hint else expiry
