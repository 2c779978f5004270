"""Findings: the offline rules of ``check`` applied to places."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.model import Occurrence, SkippedOccurrence, Span
from pinner.rules import (
    BUILT_WITH_DIGEST,
    BY_ID,
    CANNOT_PIN,
    MALFORMED,
    NO_TAG,
    PARSE_ERROR,
    UNKNOWN,
    UNPINNED,
    UNUSED_IGNORE,
    VOID_DIGEST,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pinner.formats.pragmas import Pragma
    from pinner.model import Place
    from pinner.reference import Digest
    from pinner.rules import Level, Rule, Severity
    from pinner.scan.suppressions import Candidate, Source

# What a person can mend, and how; the place is named before it.
_MENDING = {
    "arg-conflict": "give the image a variable, an anchor or a constant of its own",
    "interpolated-name": "write the name out, put it all into one variable, or name a mirror's in `mirror-variables`",
    "interpolated-tag": "write the tag out, or put the whole image into one variable",
    "onbuild-ambiguous": "write one image in the instruction",
    "separate-tag": "write the tag beside the name where its reader takes it so",
    "invalid-reference": "write it as [registry/]name[:tag], the name in lower case",
    "computed": "write the image as one text, for a reader that takes a digest",
}
# Where the position has a field of its own for what is missing.
_MENDING_HERE = {
    ("kustomize-image", "separate-tag"): "write the tag as `newTag:` of the entry, without `tagSuffix`",
    ("oci-artifact", "separate-tag"): "add `digest:` beside the tag",
}
# What is decided by something outside of the repository: the environment, a template engine, a caller.
_DECIDED_ELSEWHERE = frozenset({"no-default", "platform-arg", "templated", "fstring", "non-literal"})
_OPEN = ("$", "{{", "<<")
"""What stands in a text whose variables have no value in the repository."""


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
    images: int = 1
    """How many images it is about: those of a template are told together."""


def check_source(source: Source, levels: Mapping[str, Level]) -> Iterator[Finding]:
    """Yield what is wrong with ``source`` as far as the file alone tells; ``levels`` holds severities by rule id.

    A pragma in force silences the rules it covers; one that has expired is named in the hint.
    """
    path, data = source.document
    filled_in: list[Finding] = []
    for candidate in source.candidates:
        found = broken_rule(candidate.place)
        if found is None:
            continue
        rule, message, hint = found
        level = levels.get(rule.id, rule.severity)
        if level == "off" or candidate.silenced(rule.id):
            continue
        if rule is CANNOT_PIN and hint:
            hint = f"in {path}:{candidate.place.line}, {hint}"
        elif rule is UNKNOWN and getattr(candidate.place, "reason", "") == "templated":
            hint = _rendered_hint(path)
        message = _as_written(message, candidate.place, data)
        finding = Finding(rule, level, message, with_expiry(candidate, rule, hint), path, candidate.place)
        if rule is UNKNOWN and getattr(candidate.place, "reason", "") == "templated":
            filled_in.append(finding)
        else:
            yield finding
    if filled_in:
        yield _of_a_template(filled_in)
    yield from _unused_ignores(source, levels)


def _of_a_template(findings: Sequence[Finding]) -> Finding:
    """Return one finding for all that a template leaves open: the values that fill it in decide, not its lines."""
    first = findings[0]
    if len(findings) == 1:
        return first
    message = f"{len(findings)} images here are not known (templated): a template fills them in"
    return first._replace(message=message, images=len(findings))


def _rendered_hint(path: str) -> str:
    """Return what to do about the images that the template at ``path`` gets from elsewhere."""
    if "/templates/" in f"/{path}" and path.endswith((".yaml", ".yml")):
        return "hold them to digests in the chart's values, or check what `helm template` renders"
    return "hold them to digests where the values are, or check what the template renders to"


def _as_written(message: str, place: Place, data: bytes) -> str:
    """Return ``message`` with the bytes of the file where a part is missing from a text, as a variable has no value."""
    if isinstance(place, Occurrence) or not place.text:
        return message
    has_a_gap = place.format == "dockerfile" and place.reason == "no-default"
    if not has_a_gap and any(map(str.isalnum, place.text)):
        return message
    written = data[place.span.start : place.span.end].decode("utf-8", "replace")
    return message.replace(f"`{place.text}`", f"`{written}`", 1) if written else message


def _unused_ignores(source: Source, levels: Mapping[str, Level]) -> Iterator[Finding]:
    """Yield the comments of ``source`` that silence nothing: no image is there, or no rule that they name is broken.

    Rules that registries or the lock are asked for are not looked at here, so a comment that names one is left alone.
    """
    level = levels.get(UNUSED_IGNORE.id, UNUSED_IGNORE.severity)
    if level == "off":
        return
    used: set[int] = set()
    for candidate in source.candidates:
        found = broken_rule(candidate.place)
        used.update(pragma.line for pragma in candidate.pragmas if _is_used(pragma, found and found[0]))
    for pragma in source.pragmas:
        if pragma.line not in used:
            what = ", ".join(sorted(pragma.rules)) or "anything"
            place = SkippedOccurrence(source.format.name, "comment", "", pragma.line, 1, Span(0, 0), "ignored")
            message = f"this comment does not silence {what}: nothing of it is found here"
            yield Finding(UNUSED_IGNORE, level, message, "remove it", source.document.path, place)


def _is_used(pragma: Pragma, rule: Rule | None) -> bool:
    """Tell whether ``pragma`` has something to silence where ``rule`` is broken; it may be one of another run."""
    if not pragma.rules or any(BY_ID[one].needs for one in pragma.rules):
        return True
    return rule is not None and rule.id in pragma.rules


def broken_rule(place: Place) -> tuple[Rule, str, str | None] | None:
    """Return the rule that ``place`` breaks if nobody says otherwise, what is wrong, and a hint; None for none."""
    if isinstance(place, Occurrence):
        if place.reference.digest is None:
            return UNPINNED, f"`{place.reference}` has no digest", None
        if place.reference.tag is None:
            return NO_TAG, f"`{place.reference.familiar}` is pinned without a tag: nothing says what to follow", None
        return None
    return _void(place) or _left_open(place)


def _void(place: SkippedOccurrence) -> tuple[Rule, str, str | None] | None:
    """Return the rule that a digest breaks which counts for nothing, or that what cannot be read breaks."""
    if place.reason == "parse-error":
        return PARSE_ERROR, f"does not parse: {place.detail}", None
    if place.reason == "built-here" and "@" in place.text:
        message = f"`{place.text}` is the name of a build, and holds a digest: {place.detail}"
        can_be_taken_off = place.digest_span is not None
        return BUILT_WITH_DIGEST, message, "`pinner unpin` takes it off" if can_be_taken_off else "take it off"
    if place.reason == "replaced" and "@" in place.text:
        return VOID_DIGEST, f"the digest of `{place.text}` counts for nothing: {place.detail}", _where_decided(place)
    if place.reason == "invalid-reference" and ("@" in place.text or ":sha256:" in place.text):
        return MALFORMED, f"nothing can pull `{place.text}`: {place.detail}", "write name:tag@sha256: and 64 hex digits"
    return None


def _left_open(place: SkippedOccurrence) -> tuple[Rule, str, str | None] | None:
    """Return the rule that an image breaks which holds no digest and cannot get one where it stands."""
    if _is_decided_elsewhere(place):
        name = f"`{place.text}` is not known" if place.text else "an image here is not known"
        return UNKNOWN, f"{name} ({place.reason}): {place.detail}", None
    if place.reason not in _MENDING:
        return None
    name = f"`{place.text}` cannot be pinned" if place.text else "an image here cannot be pinned"
    hint = _MENDING_HERE.get((place.kind, place.reason)) or _MENDING[place.reason]
    return CANNOT_PIN, f"{name} ({place.reason}): {place.detail}", hint


def _where_decided(place: SkippedOccurrence) -> str:
    where = f" in {place.decided_by[0]}" if place.decided_by else ""
    return f"hold the image to a digest where it is decided{where}; `pinner unpin` takes this one off"


def _is_decided_elsewhere(place: SkippedOccurrence) -> bool:
    if place.reason in ("non-literal", "fstring") and not place.text:
        # Code that hands on what it was given names no image: whoever gives it one does, and is told.
        return False
    if place.reason in _DECIDED_ELSEWHERE:
        return True
    return place.reason in ("interpolated-name", "interpolated-tag") and any(mark in place.text for mark in _OPEN)


def with_expiry(candidate: Candidate, rule: Rule, hint: str | None) -> str | None:
    """Return ``hint`` with the pragma at ``candidate`` that silenced ``rule`` until it expired, if there is one."""
    expired = next((pragma for pragma in candidate.expired if pragma.covers(rule.id)), None)
    if expired is None:
        return hint
    expiry = f"the `pinner: ignore` on line {expired.line} expired on {expired.until}"
    return f"{expiry}; {hint}" if hint else expiry
