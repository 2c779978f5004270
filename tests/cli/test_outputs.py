"""Where reports go: ``--format``, ``--output``, and what GitHub and GitLab runners get unasked."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from world import Outcome, outcome, pinner, world

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Dockerfile:1:6: error: `nginx` has no digest [PIN001]\n"
COMMAND = "::error file=Dockerfile,line=1,col=6,endColumn=11,title=PIN001 unpinned::`nginx` has no digest\n"
GITHUB = {"GITHUB_ACTIONS": "true"}
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files and rights")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM nginx\n", "utf-8")
    return folder


def check(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Outcome:
    return outcome(world(folder, environment=environment or {}), "check", *arguments)


def test_a_report_goes_to_a_file_and_text_to_the_terminal(project: Path) -> None:
    said = check(project, "--format", "sarif", "--output", "out.sarif")
    assert (said.status, said.stdout) == (1, TEXT)
    assert json.loads((project / "out.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert sorted(path.name for path in project.iterdir()) == [".git", "Dockerfile", "out.sarif"]


def test_the_name_of_a_file_tells_the_format(project: Path) -> None:
    names = ("a.sarif", "A.XML", "a.md", "a.json", "a.jsonl", "a.txt", "a.sarif.json")
    said = check(project, *(part for name in names for part in ("--output", name)))
    assert (said.status, said.stdout) == (1, TEXT)
    texts = [(project / name).read_text("utf-8") for name in names]
    assert json.loads(texts[0]) == json.loads(texts[6])
    assert ET.fromstring(texts[1]).tag == "testsuites"  # noqa: S314 - our own
    assert texts[2].startswith("### pinner\n")
    assert json.loads(texts[3])["findings"] == [json.loads(texts[4])]
    assert texts[5] == TEXT


def test_a_format_given_is_that_of_every_file(project: Path) -> None:
    assert check(project, "--format", "gitlab", "--output", "a", "--output", "b.xml").stdout == TEXT
    assert (project / "a").read_bytes() == (project / "b.xml").read_bytes()
    assert json.loads((project / "a").read_text("utf-8"))[0]["severity"] == "major"


def test_a_dash_is_stdout(project: Path) -> None:
    said = check(project, "--format", "jsonl", "--output", "-", "--output", "file")
    assert said.stdout == (project / "file").read_text("utf-8")
    assert json.loads(said.stdout)["rule"] == "PIN001"
    assert check(project, "--output", "-").stdout == TEXT


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("out", "nothing tells the format of `out`\n  hint: give --format, or a name that ends with .sarif, "),
        (".", "`.` is a folder\n  hint: give the name of a file in it\n"),
        ("none/a.md", "the folder of `none/a.md` does not exist\n  hint: make it first\n"),
        ("Dockerfile/a.md", "the folder of `Dockerfile/a.md` does not exist\n  hint: make it first\n"),
    ],
)
def test_an_output_that_cannot_be_is_told_before_anything_is_done(project: Path, file: str, message: str) -> None:
    arguments = ("--format", "text") if file == "." else ()
    said = check(project, *arguments, "--output", file)
    assert (said.status, said.stdout) == (2, "")
    assert said.stderr.startswith(f"error: --output: {message}")


@posix_only
def test_a_file_that_cannot_be_written_does_not_hide_the_findings(project: Path) -> None:
    target = project / "a.md"
    target.write_text("old", "utf-8")
    target.chmod(0o444)
    said = check(project, "--output", "a.md", "--output", "b.md")
    assert (said.status, said.stdout) == (1, TEXT)
    assert said.stderr.startswith("a.md: error: is read-only and was not changed\n  hint: ")
    assert target.read_text("utf-8") == "old"
    assert (project / "b.md").exists()
    assert check(project, "--exit-zero", "--output", "a.md").status == 3


def test_a_report_takes_the_place_of_the_last_one(project: Path) -> None:
    (project / "a.md").write_text("old " * 10_000, "utf-8")
    check(project, "--output", "a.md")
    assert (project / "a.md").read_text("utf-8").startswith("### pinner\n")


@posix_only
def test_a_report_goes_through_a_link_and_into_a_device(project: Path) -> None:
    (project / "real").mkdir()
    (project / "link.md").symlink_to("real/report.md")
    assert check(project, "--output", "link.md").status == 1
    assert (project / "link.md").is_symlink()
    assert (project / "real" / "report.md").read_text("utf-8").startswith("### pinner\n")
    assert check(project, "--format", "sarif", "--output", os.devnull).status == 1


def test_github_gets_annotations_beside_the_text(project: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    summary.write_text("before\n", "utf-8")
    said = check(project, environment=GITHUB | {"GITHUB_STEP_SUMMARY": str(summary)})
    assert (said.status, said.stdout) == (1, TEXT)
    assert COMMAND in said.stderr
    assert summary.read_text("utf-8").startswith("before\n### pinner\n\n| place |")


def test_github_names_places_from_the_root_of_the_repository(project: Path) -> None:
    below = project / "below"
    below.mkdir()
    (below / "Dockerfile").write_text("FROM nginx\n", "utf-8")
    said = check(below, "Dockerfile", environment=GITHUB)
    assert said.stdout == TEXT
    assert COMMAND.replace("file=", "file=below/") in said.stderr


@pytest.mark.parametrize("format_", ["text", "json", "sarif"])
def test_a_format_given_is_all_that_github_gets(project: Path, tmp_path: Path, format_: str) -> None:
    summary = tmp_path / "summary"
    said = check(project, "--format", format_, environment=GITHUB | {"GITHUB_STEP_SUMMARY": str(summary)})
    assert said == check(project, "--format", format_)
    assert not summary.exists()


def test_the_github_format_gets_the_summary_too(project: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    said = check(project, "--format", "github", environment=GITHUB | {"GITHUB_STEP_SUMMARY": str(summary)})
    assert said.stdout == COMMAND
    assert "::error" not in said.stderr
    assert summary.read_text("utf-8").startswith("### pinner\n")


@pytest.mark.parametrize("environment", [{}, {"GITHUB_ACTIONS": "false"}, {"GITHUB_STEP_SUMMARY": "summary"}])
def test_nobody_else_gets_annotations(project: Path, environment: dict[str, str]) -> None:
    assert check(project, environment=environment) == check(project)
    assert sorted(path.name for path in project.iterdir()) == [".git", "Dockerfile"]


def test_a_clean_run_says_nothing_to_github(project: Path, tmp_path: Path) -> None:
    (project / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    summary = tmp_path / "summary"
    said = check(project, environment=GITHUB | {"GITHUB_STEP_SUMMARY": str(summary)})
    assert (said.status, said.stdout, "::" in said.stderr, summary.exists()) == (0, "", False, False)


def test_a_summary_that_cannot_be_written_fails_no_run(project: Path) -> None:
    said = check(project, "-v", environment=GITHUB | {"GITHUB_STEP_SUMMARY": str(project)})
    assert said.status == 1
    assert "the job's summary could not be written: " in said.stderr


def test_json_on_a_gitlab_runner_is_code_quality(project: Path) -> None:
    gitlab = {"GITLAB_CI": "true"}
    assert check(project, environment=gitlab) == check(project)
    check(project, "--output", "a.json", environment=gitlab)
    assert json.loads((project / "a.json").read_text("utf-8"))[0]["check_name"] == "PIN001 unpinned"
    check(project, "--format", "json", "--output", "b.json", environment=gitlab)
    assert "findings" in json.loads((project / "b.json").read_text("utf-8"))


def test_a_file_above_and_one_named_in_full_are_told_from_the_root(project: Path) -> None:
    below = project / "below"
    below.mkdir()
    (below / "bad.yaml").write_bytes(b"image: a\0\n")
    said = check(below, "--format", "gitlab", "../Dockerfile", str(below / "bad.yaml"))
    assert sorted(issue["location"]["path"] for issue in json.loads(said.stdout)) == ["Dockerfile", "below/bad.yaml"]


@pytest.mark.parametrize("operation", ["pin", "update"])
def test_a_format_needs_a_diff(project: Path, operation: str) -> None:
    said = pinner(project, operation, "--format", "rdjsonl")
    assert said[:3] == (
        2,
        "",
        "error: --format goes with --diff\n  hint: it says what would change, and writes nothing\n",
    )
    assert (project / "Dockerfile").read_text("utf-8") == "FROM nginx\n"


def test_a_diff_in_another_format_leaves_status_and_sums_as_they_are(project: Path) -> None:
    for arguments in ((), ("--exit-non-zero-on-change",)):
        patch = pinner(project, "pin", "--diff", *arguments)
        said = pinner(project, "pin", "--diff", "--format", "json", *arguments)
        assert (said.status, said.stderr) == (patch.status, patch.stderr)
        (finding,) = json.loads(said.stdout)["findings"]
        assert finding["proposed"] == f"nginx:latest@{finding['current']}"


def test_a_rule_that_is_off_proposes_nothing(project: Path) -> None:
    (project / "pinner.toml").write_text("[rules]\nPIN001 = 'off'\n", "utf-8")
    assert pinner(project, "pin", "--diff", "--format", "jsonl").stdout == ""


def test_what_is_pinned_already_or_cannot_be_proposes_nothing(project: Path) -> None:
    digest = f"sha256:{'0' * 64}"
    (project / "Dockerfile").write_text(f"FROM nginx:1@{digest}\nFROM ${{X}}\nFROM redis:7\n", "utf-8")
    said = pinner(project, "pin", "--diff", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["mention"]["reference"] for line in said] == ["redis:7"]
