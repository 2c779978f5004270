"""GitHub, GitLab, reviewdog, JUnit and Markdown: what stands where, and what their limits leave off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from verdicts import found, rendered, skipped, unpinned, verdict
from world import pinner

from pinner.model import Occurrence, SkippedOccurrence, Span
from pinner.reference import ImageReference
from pinner.report.as_markdown import MOST_CHARACTERS
from pinner.report.machine_text import Regions
from pinner.rules import RULES, Rule

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "https://github.com/pinner-dev/pinner/blob/main/docs/rules/PIN001.md"
NOTE = found(unpinned().place, severity="note", message="`it` is odd", hint="mend it")


def test_github_annotates_lines() -> None:
    assert rendered("github", verdict(unpinned())) == (
        "::error file=Dockerfile,line=1,col=6,endColumn=16,title=PIN001 unpinned::`it` has no digest\n"
    )


def test_github_gets_escapes_and_hints() -> None:
    shown = verdict(
        skipped("a,b:c%/Dockerfile", "x", "100%: a,b\r\n"), NOTE, documents={"a,b:c%/Dockerfile": b"FROM x\n"}
    )
    assert rendered("github", shown).splitlines() == [
        "::warning file=a%2Cb%3Ac%25/Dockerfile,line=1,col=6,endColumn=7,title=PIN003 cannot-pin::100%25: a,b\\r\\n",
        "::notice file=Dockerfile,line=1,col=6,title=PIN001 unpinned::`it` is odd%0Ahint: mend it",
    ]


def test_github_takes_ten_of_a_kind() -> None:
    shown = verdict(*(unpinned() for _ in range(12)), NOTE, *(skipped("x", "y", "odd") for _ in range(11)))
    lines = rendered("github", shown).splitlines()
    assert [sum(line.startswith(f"::{kind} ") for line in lines) for kind in ("error", "warning", "notice")] == [
        10,
        10,
        1,
    ]
    assert lines[-4:] == [
        "also Dockerfile:1:6: error: `it` has no digest [PIN001]",
        "also Dockerfile:1:6: error: `it` has no digest [PIN001]",
        "also x:1:6: warning: odd [PIN003]",
        "pinner: 2 errors, 1 warning more than GitHub annotates in a step (10 of a kind); the summary has all",
    ]


def test_exactly_ten_leave_nothing_off() -> None:
    assert "pinner:" not in rendered("github", verdict(*(unpinned() for _ in range(10))))


def test_gitlab_names_line_rule_and_severity() -> None:
    (issue,) = json.loads(rendered("gitlab", verdict(NOTE)))
    assert len(issue.pop("fingerprint")) == 32
    assert issue == {
        "description": "`it` is odd; hint: mend it",
        "check_name": "PIN001 unpinned",
        "severity": "info",
        "location": {"path": "Dockerfile", "lines": {"begin": 1}},
    }


def test_gitlab_without_findings_is_an_empty_array() -> None:
    assert rendered("gitlab", verdict()) == "[]\n"


def test_rdjsonl_counts_bytes(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: 'ü𐀀', image: nginx:1}]}\n"
    (tmp_path / "pod.yaml").write_text(text, "utf-8")
    (line,) = pinner(tmp_path, "pin", "--diff", "--format", "rdjsonl").stdout.splitlines()
    diagnostic = json.loads(line)
    start = len("spec: {containers: [{name: 'ü𐀀', image: ".encode()) + 1
    assert diagnostic["location"]["range"] == {
        "start": {"line": 3, "column": start},
        "end": {"line": 3, "column": start + 7},
    }
    (suggestion,) = diagnostic["suggestions"]
    assert suggestion["range"] == {"start": {"line": 3, "column": start + 7}, "end": {"line": 3, "column": start + 7}}
    pinner(tmp_path, "pin")
    assert (tmp_path / "pod.yaml").read_text("utf-8") == text.replace("nginx:1", f"nginx:1{suggestion['text']}")


def test_rdjsonl_counts_a_bom_and_bytes_before_a_use_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes("\ufeffservices: {ö: {image: &x redis:7}, é: {image: *x}}\n".encode())
    lines = pinner(tmp_path, "check", "--format", "rdjsonl").stdout.splitlines()
    starts = [json.loads(line)["location"]["range"]["start"] for line in lines]
    data = (tmp_path / "compose.yaml").read_bytes()
    assert starts == [{"line": 1, "column": data.index(b"redis") + 1}, {"line": 1, "column": data.index(b"*x") + 1}]


@pytest.mark.parametrize(
    ("proposed", "text"),
    [
        ("nginx:1.27@sha256:" + "1" * 64, "@sha256:" + "1" * 64),
        ("redis@sha256:" + "1" * 64, None),
        (None, None),
    ],
)
def test_a_suggestion_is_an_insertion_that_keeps_what_is_written(proposed: str | None, text: str | None) -> None:
    shown = verdict(unpinned()._replace(proposed=proposed))
    diagnostic = json.loads(rendered("rdjsonl", shown))
    assert [one["text"] for one in diagnostic.get("suggestions", [])] == ([] if text is None else [text])


OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


def pinned(digest_span: Span | None, text: str = f"nginx:1.27@{OLD}") -> Occurrence:
    end = 5 + len(text)
    return Occurrence("dockerfile", "from", ImageReference.parse(text), 1, 6, Span(5, end), end, digest_span)


@pytest.mark.parametrize(
    ("place", "proposed", "data", "fits"),
    [
        (pinned(Span(16, 87)), f"nginx:1.27@{NEW}", f"FROM nginx:1.27@{OLD}", True),
        (pinned(Span(16, 87)), f"nginx:1.28@{NEW}", f"FROM nginx:1.27@{OLD}", False),
        (pinned(Span(16, 87)), f"nginx:1.27@{NEW}", f"FROM nginx:1.27@{NEW}", False),
        (pinned(None), f"nginx:1.27@{NEW}", f"FROM nginx:1.27@{OLD}", False),
        (SkippedOccurrence("dockerfile", "from", "x", 1, 6, Span(5, 6), "computed"), f"x@{NEW}", "FROM x", False),
    ],
)
def test_a_digest_is_replaced_where_it_stands_and_the_rest_is_the_same(
    place: Occurrence | SkippedOccurrence, proposed: str, data: str, *, fits: bool
) -> None:
    finding = found(place)._replace(proposed=proposed)
    edit = Regions({"Dockerfile": data.encode()}).edit(finding)
    assert (edit is not None) == fits
    assert edit is None or (edit.start, edit.expected, edit.replacement) == (16, OLD.encode(), NEW.encode())


def test_junit_fails_what_fails_the_run_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM nginx\nFROM nginx\nFROM ${X}\n", "utf-8")
    (tmp_path / "clean.dockerfile").write_text("FROM scratch\n", "utf-8")
    for severity, failures in (("error", 2), ("note", 3)):
        root = ET.fromstring(pinner(tmp_path, "check", "--format", "junit", "--fail-on", severity).stdout)  # noqa: S314
        assert [suite.attrib["name"] for suite in root] == ["Dockerfile", "clean.dockerfile"]
        assert [suite.attrib["failures"] for suite in root] == [str(failures), "0"]
        assert [case.attrib["name"] for case in root[0]][:2] == ["PIN001 unpinned: nginx", "PIN001 unpinned: nginx (2)"]
        assert [(case.attrib["name"], len(case)) for case in root[1]] == [("pinner check", 0)]


def test_markdown_is_a_table() -> None:
    assert rendered("markdown", verdict(NOTE)).splitlines() == [
        "### pinner",
        "",
        "| place | severity | rule | what |",
        "|---|---|---|---|",
        f"| `Dockerfile:1` | note | [PIN001]({PAGE}) unpinned | `it` is odd<br>hint: mend it |",
        "",
        "Found 1 note; no image is named in 1 file.",
    ]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("`a|b` has", "`a\\|b` has"),
        ("a|b *c* <d> [e](f)", "a\\|b \\*c\\* \\<d\\> \\[e\\](f)"),
        ("odd ` tick", "odd \\` tick"),
        ("``two`` ticks", "\\`\\`two\\`\\` ticks"),
        ("by @me and #1", "by \\@\u200bme and \\#1"),
        ("see https://x", "see https:\u200b//x"),
    ],
)
def test_markdown_lets_no_message_mean_anything(message: str, shown: str) -> None:
    row = rendered("markdown", verdict(skipped("a", "x", message))).splitlines()[4]
    assert row.removesuffix(" |").partition(" cannot-pin | ")[2] == shown


def test_markdown_fences_a_path_with_backticks() -> None:
    assert "| `` a`b|c:1 `` |".replace("|c", "\\|c") in rendered("markdown", verdict(unpinned("a`b|c")))


def test_markdown_ends_where_a_comment_does() -> None:
    text = rendered("markdown", verdict(*(unpinned(f"{number:0100}") for number in range(900))))
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert 100 < len(rows) < 900
    assert f"… and {900 - len(rows)} rows more." in text
    assert len(text) < MOST_CHARACTERS + 300


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize(
    "format_", ["text", "json", "jsonl", "sarif", "github", "gitlab", "junit", "rdjsonl", "markdown"]
)
def test_every_rule_can_be_said_in_every_format(rule: Rule, format_: str) -> None:
    assert rule.id in rendered(format_, verdict(found(unpinned().place, rule=rule)))


def test_a_place_in_a_file_that_is_no_document_is_where_the_finding_says() -> None:
    shown = verdict(unpinned("pinner.lock", line=7, column=3), documents={})
    (diagnostic,) = rendered("rdjsonl", shown).splitlines()
    assert json.loads(diagnostic)["location"]["range"] == {"start": {"line": 7, "column": 3}}
    (result,) = json.loads(rendered("sarif", shown))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 7, "startColumn": 3}
    assert "relatedLocations" not in result


def test_what_no_registry_answers_is_an_error_in_every_output() -> None:
    shown = verdict(documents={"Dockerfile": b"FROM nginx:1.27\n"}, unanswered=("Dockerfile",))
    assert rendered("github", shown).startswith(
        "::error file=Dockerfile,line=1,col=6,title=pinner::Dockerfile: is away"
    )
    (issue,) = json.loads(rendered("gitlab", shown))
    assert (issue["check_name"], issue["location"]["lines"]["begin"]) == ("unanswered", 1)
    diagnostic = json.loads(rendered("rdjsonl", shown))
    assert (diagnostic["severity"], diagnostic["location"]["range"]) == ("ERROR", {"start": {"line": 1}})
    (suite,) = ET.fromstring(rendered("junit", shown))  # noqa: S314 - our own
    assert (suite.attrib["errors"], suite[0].attrib["name"]) == ("1", "unanswered 1: nginx:1.27")
    assert "| `Dockerfile:1` | error | | is away" in rendered("markdown", shown)
