from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from lineformat import FORMAT

from pinner.findings import Finding, check_source
from pinner.model import Document, Located, SkippedOccurrence, Span
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
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
        ("PIN003", "an image here cannot be pinned (no-default): `V` has no default"),
    ]


def test_code_that_hands_on_what_it_is_given_is_no_finding() -> None:
    span = Span(0, 1)
    handed_on = SkippedOccurrence(
        "python", "call", "", 1, 1, span, "non-literal", "`image`: its value comes from elsewhere"
    )
    put_together = handed_on._replace(reason="fstring")
    (finding,) = check(b"", places=(handed_on, put_together, handed_on._replace(text="nginx:{tag}")))
    assert finding.message.startswith("`nginx:{tag}` cannot be pinned (non-literal)")


def test_levels_are_configurable() -> None:
    assert check(b"use nginx:1", {"PIN001": "off"}) == []
    assert check(b"use nginx:1", {"PIN001": "note"})[0].severity == "note"


def test_a_pragma_silences_its_rule_alone() -> None:
    assert check(b"use nginx:1 # pinner: ignore[PIN001]") == []
    assert len(check(b"use nginx:1 # pinner: ignore[PIN003]")) == 1


def test_an_expired_pragma_is_named() -> None:
    [finding] = check(b"# pinner: ignore until=2026-01-31 waits for #12\nuse nginx:1")
    assert finding.hint == "the `pinner: ignore` on line 1 expired on 2026-01-31"


def test_an_expired_pragma_of_another_rule_is_not_named() -> None:
    [finding] = check(b"# pinner: ignore[PIN101] until=2026-01-31 waits for #12\nuse nginx:1")
    assert finding.hint is None
