"""A baseline: findings that were there before are counted, new ones are told and fail the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver
from hypothesis import given
from hypothesis import strategies as st
from world import Outcome, outcome, pinner, world

from pinner.findings import Finding
from pinner.findings.baseline import Known, compare, known_of, parse_baseline, render_baseline
from pinner.model import SkippedOccurrence, Span
from pinner.rules import BY_ID

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "web").mkdir()
    (folder / "Dockerfile").write_text("FROM nginx:1\nCOPY --from=redis:7 /a /b\n", "utf-8")
    (folder / "web" / "Dockerfile").write_text("FROM nginx:1\n", "utf-8")
    return folder


def check(folder: Path, *arguments: str) -> Outcome:
    return pinner(folder, "check", *arguments)


def test_known_findings_are_counted_and_new_ones_fail(project: Path) -> None:
    written = check(project, "--write-baseline", "known.json")
    assert (written.status, written.stdout) == (0, "")
    assert "wrote 3 findings to known.json" in written.stderr
    held = check(project, "--baseline", "known.json")
    assert (held.status, held.stdout) == (0, "")
    assert held.stderr.endswith("not shown: 3 findings that known.json knows\n")
    (project / "web" / "Dockerfile").write_text("\n\nFROM nginx:1\nFROM golang:1\n", "utf-8")
    new = check(project, "--baseline", "known.json")
    assert (new.status, new.stdout) == (1, "web/Dockerfile:4:6: error: `golang:1` has no digest [PIN001]\n")


def test_a_second_use_of_a_known_image_is_new(project: Path) -> None:
    check(project, "--write-baseline", "known.json")
    (project / "web" / "Dockerfile").write_text("FROM nginx:1\nFROM nginx:1\n", "utf-8")
    assert check(project, "--baseline", "known.json").stdout.splitlines() == [
        "web/Dockerfile:2:6: error: `nginx:1` has no digest [PIN001]"
    ]


def test_it_says_what_was_mended_but_not_of_a_part(project: Path) -> None:
    check(project, "--write-baseline", "known.json")
    (project / "Dockerfile").write_text(f"FROM nginx:1@{DIGEST}\n", "utf-8")
    whole = check(project, "--baseline", "known.json")
    assert "2 findings in it found no more: write it anew with --write-baseline" in whole.stderr
    assert "no more" not in check(project, "--baseline", "known.json", "web").stderr


def test_it_holds_from_every_folder(project: Path) -> None:
    check(project, "--write-baseline", "known.json")
    inner = check(project / "web", "--baseline", "../known.json")
    assert (inner.status, inner.stdout) == (0, "")
    rows = json.loads((project / "known.json").read_text("utf-8"))["findings"]
    assert [(row["path"], row["image"]) for row in rows] == [
        ("Dockerfile", "nginx:1"),
        ("Dockerfile", "redis:7"),
        ("web/Dockerfile", "nginx:1"),
    ]
    check(project / "web", "--write-baseline", "again.json", "..")
    assert (project / "web" / "again.json").read_bytes() == (project / "known.json").read_bytes()


def test_every_report_has_the_new_ones_alone(project: Path) -> None:
    check(project, "--write-baseline", "known.json")
    (project / "Dockerfile.new").write_text("FROM golang:1\n", "utf-8")
    said = check(project, "--baseline", "known.json", "--format", "json")
    content = json.loads(said.stdout)
    assert [finding["mention"]["path"] for finding in content["findings"]] == ["Dockerfile.new"]
    assert content["summary"]["error"] == 1


def test_no_findings_make_an_empty_baseline(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    assert check(tmp_path, "--write-baseline", "known.json").status == 0
    assert parse_baseline((tmp_path / "known.json").read_bytes(), "known.json").total() == 0


def test_an_unreadable_file_is_no_clean_baseline(project: Path) -> None:
    (project / "Dockerfile").write_bytes(b"FROM a\0b\n")
    assert check(project, "--write-baseline", "known.json").status == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "`known.json` is no JSON"),
        (b"[" * 100_000, "`known.json` is no JSON"),
        (b'{"version": 2, "findings": []}', "`known.json` is no baseline of version 1"),
        (b"[]", "`known.json` is no baseline of version 1"),
        (b'{"version": 1}', "`known.json` has findings that are none"),
        (b'{"version": 1, "findings": [{"path": "a"}]}', "has findings that are none"),
        (b'{"version": 1, "findings": [{"path": "a", "rule": "b", "image": "c", "count": 0}]}', "that are none"),
        (b'{"version": 1, "findings": [{"path": "a", "rule": "b", "image": "c", "count": true}]}', "that are none"),
    ],
)
def test_what_is_no_baseline_is_told(project: Path, content: bytes, message: str) -> None:
    (project / "known.json").write_bytes(content)
    said = check(project, "--baseline", "known.json")
    assert said.status == 2
    assert message in said.stderr


def test_one_that_is_not_there_or_cannot_be_written(project: Path) -> None:
    missing = check(project, "--baseline", "missing.json")
    assert missing.status == 2
    assert "`missing.json` cannot be read: no such file or directory" in missing.stderr
    assert check(project, "--write-baseline", "-").status == 2
    assert check(project, "--write-baseline", ".git/config").status == 3
    assert not (project / ".git" / "config").exists()


def skipped(text: str) -> SkippedOccurrence:
    return SkippedOccurrence("dockerfile", "from", text, 1, 1, Span(0, 0), "computed")


KNOWN = st.builds(Known, st.sampled_from(["a", "b/c"]), st.just("PIN001"), st.text(max_size=3))


@given(st.lists(KNOWN, max_size=8), st.lists(KNOWN, max_size=8))
def test_what_is_written_is_read_and_nothing_is_lost(before: list[Known], now: list[Known]) -> None:
    baseline = parse_baseline(render_baseline(before).encode("utf-8", "surrogatepass"), "x")
    assert sorted(baseline.elements()) == sorted(before)
    findings = [Finding(BY_ID[one.rule], "error", "", None, one.path, skipped(one.image)) for one in now]
    compared = compare(findings, [known_of(finding, finding.path) for finding in findings], baseline)
    assert len(compared.new) + compared.held_back == len(now)
    assert compared.held_back + compared.gone == len(before)


def test_fix_pins_and_then_tells_the_rest(project: Path) -> None:
    (project / "Dockerfile").write_text("FROM nginx:1\nARG V\nFROM redis:${V}\n", "utf-8")
    said = outcome(world(project, FakeResolver()), "check", "--fix", "--fail-on", "note")
    assert said.status == 1
    assert "PIN001" not in said.stdout
    assert "PIN006" in said.stdout
    assert "@sha256:" in (project / "Dockerfile").read_text("utf-8")
    assert pinner(project, "check").status == 0


def test_fix_that_gets_no_answer_is_no_success(project: Path) -> None:
    resolver = FakeResolver(missing={"docker.io/library/redis:7"})
    said = outcome(world(project, resolver), "check", "--fix", "--exit-zero")
    assert said.status == 3
    assert said.stdout == "Dockerfile:2:13: error: `redis:7` has no digest [PIN001]\n"
    assert "`docker.io/library/redis:7` does not exist" in said.stderr


def test_the_report_alone_stands_on_stdout(project: Path) -> None:
    said = outcome(world(project, FakeResolver()), "check", "--fix", "--format", "json")
    assert json.loads(said.stdout)["summary"]["pinned"] == 3
    assert "web/Dockerfile:1:6: pinned nginx:1" in said.stderr


def test_findings_by_image(project: Path) -> None:
    assert check(project, "--group", "image").stdout.splitlines() == [
        "nginx:1: 2 errors in 2 files [PIN001]",
        "  Dockerfile:1:6",
        "  web/Dockerfile:1:6",
        "redis:7: 1 error in 1 file [PIN001]",
        "  Dockerfile:2:13",
    ]


def test_findings_by_rule_and_by_file(project: Path) -> None:
    (project / "Dockerfile").write_text("ARG V=1\nFROM a${V}b/c:1\nFROM nginx:1\n", "utf-8")
    by_rule = check(project, "--group", "rule").stdout.splitlines()
    assert by_rule[:3] == [
        "PIN001 unpinned: 2 errors in 2 files",
        "  Dockerfile:3:6: `nginx:1` has no digest",
        "  web/Dockerfile:1:6: `nginx:1` has no digest",
    ]
    by_file = check(project, "--group", "file").stdout.splitlines()
    assert by_file[0] == "Dockerfile: 1 error, 1 warning"
    assert by_file[-2:] == ["web/Dockerfile: 1 error", "  1:6: error: `nginx:1` has no digest [PIN001]"]
    assert any(line.startswith("    hint: ") for line in by_file)


def test_statistics_are_a_line_a_rule(project: Path) -> None:
    (project / "Dockerfile").write_text("ARG V=1\nFROM a${V}b/c:1\nFROM nginx:1\n", "utf-8")
    assert check(project, "--statistics").stdout.splitlines() == [
        "2  PIN001  unpinned  error",
        "1  PIN003  cannot-pin  warning",
    ]


@pytest.mark.parametrize("option", [("--group", "image"), ("--statistics",)])
def test_they_are_about_text_alone(project: Path, option: tuple[str, ...]) -> None:
    said = check(project, *option, "--format", "json")
    assert said.status == 2
    assert f"{option[0]} is about text" in said.stderr
    assert check(project, *option, "--output", "pinner.sarif").status == 1


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("fix",), "`pinner pin` does that"),
        (("diff", "Dockerfile"), "`pinner pin --diff` does that"),
        (("scan",), "`pinner check` does that"),
        (("outdated",), "`pinner check --online` does that"),
        (("pin", "--dry-run"), "--diff prints what would change, and writes nothing"),
        (("check", "--json"), "--format json"),
        (("chekc",), "did you mean `check`?"),
    ],
)
def test_the_words_of_other_tools_are_answered(project: Path, arguments: tuple[str, ...], hint: str) -> None:
    said = pinner(project, *arguments)
    assert said.status == 2
    assert said.stderr.endswith(f"hint: {hint}\n")


def test_what_a_baseline_knows_is_still_counted_as_what_it_is(project: Path) -> None:
    (project / "Dockerfile").write_text("ARG B=nginx\nFROM ${B}:1\nFROM $X\n", "utf-8")
    check(project, "--write-baseline", "known.json")
    alone, beside = check(project), check(project, "--baseline", "known.json")
    counts = alone.stderr.partition("; ")[2].partition("\n")[0]
    assert "to mend" in counts
    assert beside.stderr.partition("\n")[0] == counts


def test_many_findings_are_pointed_to_what_makes_them_few(project: Path) -> None:
    hint = "`--group image` tells them by image, `--write-baseline FILE` leaves them for later: docs/adopt.md"
    (project / "Dockerfile").write_text("FROM nginx:1\n" * 49, "utf-8")
    assert hint not in check(project).stderr
    (project / "Dockerfile").write_text("FROM nginx:1\n" * 50, "utf-8")
    assert hint in check(project).stderr
    check(project, "--write-baseline", "known.json")
    shortened = ("--group=image",), ("--statistics",), ("--baseline=known.json",), ("--format=json",)
    assert [hint in check(project, *options).stderr for options in shortened] == [False] * 4
