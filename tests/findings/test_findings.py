from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from lineformat import FORMAT

from pinner.findings import Finding, check_source
from pinner.model import Document, Located, SkippedOccurrence, Span
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
    from pinner.model import SkipReason
    from pinner.rules import Level

OLD = "sha256:" + "0" * 64
TODAY = date(2026, 11, 1)


def check(
    text: bytes, levels: dict[str, Level] | None = None, places: tuple[SkippedOccurrence, ...] | None = None
) -> list[Finding]:
    document = Document("a.lines", text)
    located = FORMAT.locate(document) if places is None else Located(places)
    assert located is not None
    return list(check_source(apply_suppressions(document, FORMAT, located, today=TODAY), levels or {}))


def test_what_is_pinned_with_its_tag_is_clean() -> None:
    assert check(f"use nginx:1@{OLD}\nkeep x\n".encode()) == []


@pytest.mark.parametrize(
    ("text", "rule", "severity", "message"),
    [
        (b"use nginx:1", "PIN001", "error", "`nginx:1` has no digest"),
        (
            f"use nginx@{OLD}".encode(),
            "PIN002",
            "note",
            "`nginx` is pinned without a tag: nothing says what to follow",
        ),
        (b"use a:1\necho", "PIN003", "warning", "`a:1` cannot be pinned (computed): it repeats"),
    ],
)
def test_rules(text: bytes, rule: str, severity: str, message: str) -> None:
    finding = check(text)[-1]
    assert (finding.rule.id, finding.severity, finding.message) == (rule, severity, message)


def test_a_file_that_does_not_parse_is_a_finding_and_a_stage_is_none() -> None:
    places = (
        SkippedOccurrence("line", "document", "", 3, 1, Span(0, 0), "parse-error", "unexpected `}`"),
        SkippedOccurrence("line", "use", "", 4, 1, Span(0, 0), "no-default", "`V` has no default"),
        SkippedOccurrence("line", "use", "build", 5, 1, Span(0, 0), "stage"),
    )
    found = check(b"", places=places)
    assert [(finding.rule.id, finding.message) for finding in found] == [
        ("PIN005", "does not parse: unexpected `}`"),
        ("PIN006", "an image here is not known (no-default): `V` has no default"),
    ]


def test_code_that_hands_on_what_it_is_given_is_no_finding() -> None:
    span = Span(0, 1)
    handed_on = SkippedOccurrence(
        "python", "call", "", 1, 1, span, "non-literal", "`image`: its value comes from elsewhere"
    )
    put_together = handed_on._replace(reason="fstring")
    (finding,) = check(b"", places=(handed_on, put_together, handed_on._replace(text="nginx:{tag}")))
    assert finding.message.startswith("`nginx:{tag}` is not known (non-literal)")


def test_levels_are_configurable() -> None:
    assert check(b"use nginx:1", {"PIN001": "off"}) == []
    assert check(b"use nginx:1", {"PIN001": "note"})[0].severity == "note"


def test_a_pragma_silences_its_rule_alone() -> None:
    assert check(b"use nginx:1 # pinner: ignore[PIN001]") == []
    found = check(b"use nginx:1 # pinner: ignore[PIN003]")
    assert [finding.rule.id for finding in found] == ["PIN001", "PIN008"]


def test_a_comment_that_silences_nothing_is_told() -> None:
    (finding,) = check(b"use nginx:1@sha256:" + b"a" * 64 + b" # pinner: ignore[PIN001] it is built here")
    assert (finding.rule.id, finding.severity, finding.place.line) == ("PIN008", "warning", 1)
    assert "does not silence PIN001" in finding.message
    assert [one.rule.id for one in check(b"# pinner: ignore\n\nuse nginx:1")] == ["PIN001", "PIN008"]
    assert check(b"# pinner: ignore\n\nuse nginx:1", {"PIN008": "off", "PIN001": "off"}) == []


@pytest.mark.parametrize("comment", ["ignore", "ignore[PIN101]", "ignore[PIN001,PIN101]", "ignore[PIN004] old"])
def test_a_comment_that_another_run_may_need_is_left_alone(comment: str) -> None:
    assert check(b"use nginx:1@sha256:" + b"a" * 64 + f" # pinner: {comment}".encode()) == []


SKIPPED = SkippedOccurrence("dockerfile", "from", "", 3, 1, Span(0, 10), "computed", "why")


@pytest.mark.parametrize(
    ("reason", "text", "rule", "hint"),
    [
        ("interpolated-tag", "python:3.12-slim", "PIN003", "in a.lines:3, write the tag out"),
        ("interpolated-tag", "python:${V}-slim", "PIN006", None),
        ("interpolated-name", "$(params.reg)/x:1", "PIN006", None),
        ("arg-conflict", "nginx:1", "PIN003", "in a.lines:3, give the image a variable"),
        ("separate-tag", "redis", "PIN003", "in a.lines:3, write the tag beside the name"),
        ("templated", "{{ image }}", "PIN006", "hold them to digests where the values are"),
        ("invalid-reference", "Nginx:1", "PIN003", "in a.lines:3, write it as"),
        ("invalid-reference", "nginx@sha256:abc", "PIN007", "write name:tag@sha256:"),
        ("invalid-reference", "nginx:sha256:abc", "PIN007", "write name:tag@sha256:"),
        ("replaced", f"nginx:1@sha256:{'a' * 64}", "PIN009", "hold the image to a digest where it is decided"),
    ],
)
def test_each_reason_has_its_rule_and_what_a_person_can_mend_a_hint(
    reason: SkipReason, text: str, rule: str, hint: str | None
) -> None:
    (finding,) = check(b"whatever  ", places=(SKIPPED._replace(reason=reason, text=text),))
    assert finding.rule.id == rule
    assert finding.hint is None if hint is None else (finding.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("kustomize-image", "in a.lines:3, write the tag as `newTag:`"),
        ("oci-artifact", "in a.lines:3, add `digest:` beside the tag"),
        ("image", "in a.lines:3, write the tag beside the name"),
    ],
)
def test_a_tag_that_stands_apart_is_mended_where_its_position_has_a_field(kind: str, hint: str) -> None:
    place = SKIPPED._replace(kind=kind, reason="separate-tag", text="redis")
    (finding,) = check(b"whatever  ", places=(place,))
    assert finding.hint is not None
    assert finding.hint.startswith(hint)


@pytest.mark.parametrize(
    "reason", ["replaced", "built-here", "built-elsewhere", "pull-policy", "status-field", "output"]
)
def test_what_is_as_it_should_be_is_no_finding(reason: SkipReason) -> None:
    assert check(b"", places=(SKIPPED._replace(reason=reason, text="nginx:1"),)) == []


def test_a_text_of_which_nothing_is_left_is_shown_as_written() -> None:
    place = SKIPPED._replace(reason="no-default", text=":", span=Span(5, 16))
    (finding,) = check(b"FROM ${BASE}:$V ", places=(place._replace(span=Span(5, 15)),))
    assert finding.message == "`${BASE}:$V` is not known (no-default): why"


def test_a_text_with_a_gap_is_shown_as_written() -> None:
    place = SKIPPED._replace(reason="no-default", text="go:-alpine", span=Span(5, 19), format="dockerfile")
    (finding,) = check(b"FROM go:${V}-alpine ", places=(place,))
    assert finding.message == "`go:${V}-alpine` is not known (no-default): why"


def test_an_expired_pragma_is_named() -> None:
    [finding] = check(b"# pinner: ignore until=2026-01-31 waits for #12\nuse nginx:1")
    assert finding.hint == "the `pinner: ignore` on line 1 expired on 2026-01-31"


def test_an_expired_pragma_of_another_rule_is_not_named() -> None:
    [finding] = check(b"# pinner: ignore[PIN101] until=2026-01-31 waits for #12\nuse nginx:1")
    assert finding.hint is None
