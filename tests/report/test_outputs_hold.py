"""Every output: the shape that its readers expect, whatever names and messages hold; equal input, equal output."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapes import GITLAB, RDJSONL, SARIF, misfits
from verdicts import EVIL, rendered, skipped, unpinned, verdict

from pinner.report import FORGE_FORMATS, FORMATS

if TYPE_CHECKING:
    from pinner.report.base import Verdict

PATHS = ("Dockerfile", "a b/D\u00f6ckerfile #1?.txt", "\udce9\udc80", "-x", f"dir/{EVIL}")
ODD = [skipped(path, EVIL, f"`{EVIL}` cannot be pinned: {EVIL}") for path in PATHS]
VERDICTS = {
    "nothing at all": verdict(documents={}),
    "clean": verdict(documents={"Dockerfile": b"FROM scratch\n"}),
    "one": verdict(unpinned()),
    "odd names and messages": verdict(*ODD, unreadable=PATHS),
    "no answers": verdict(unpinned(), unanswered=("Dockerfile", "Dockerfile", *PATHS)),
    "the same again": verdict(*(unpinned() for _ in range(25))),
    "beyond the end": verdict(unpinned(line=99, column=7), documents={"Dockerfile": b""}),
    "unreadable alone": verdict(documents={}, unreadable=("bad.yaml",)),
}
every_verdict = pytest.mark.parametrize("shown", VERDICTS.values(), ids=VERDICTS)


def unknown(shown: Verdict) -> int:
    return len(shown.unreadable) + len(shown.untold)


@every_verdict
def test_sarif(shown: Verdict) -> None:
    text = rendered("sarif", shown)
    assert text.isascii()
    log = json.loads(text)
    assert misfits(log, SARIF) == []
    assert len(log["runs"][0]["results"]) == len(shown.findings)


@every_verdict
def test_gitlab(shown: Verdict) -> None:
    issues = json.loads(rendered("gitlab", shown))
    assert misfits(issues, GITLAB) == []
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == len(shown.findings) + unknown(shown)


@every_verdict
def test_rdjsonl(shown: Verdict) -> None:
    lines = rendered("rdjsonl", shown).splitlines()
    assert [one for line in lines for one in misfits(json.loads(line), RDJSONL)] == []
    assert len(lines) == len(shown.findings) + unknown(shown)


# Jenkins' xunit plug-in, junit-10.xsd: what each element may hold and must have.
JUNIT = {
    "testsuites": ({"testsuite"}, {"name"}),
    "testsuite": ({"testcase"}, {"name", "tests", "failures", "errors", "skipped", "time"}),
    "testcase": ({"failure", "error", "system-out"}, {"name", "classname", "time"}),
    "failure": (set(), {"type", "message"}),
    "error": (set(), {"type", "message"}),
    "system-out": (set(), set()),
}


@every_verdict
def test_junit(shown: Verdict) -> None:
    text = rendered("junit", shown)
    assert text.isascii()
    root = ET.fromstring(text)  # noqa: S314 - our own
    for element in root.iter():
        children, attributes = JUNIT[element.tag]
        assert {child.tag for child in element} <= children
        assert set(element.attrib) == attributes
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite) > 0
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))
        names = [(case.attrib["classname"], case.attrib["name"]) for case in suite]
        assert len(set(names)) == len(names)


# What starts a line; a property holds no unescaped colon or comma; the message follows.
COMMAND = re.compile(r"::(error|warning|notice) [a-zA-Z]+=[^:,\r\n]*(,[a-zA-Z]+=[^:,\r\n]*)*::[^\r\n]+")


@every_verdict
def test_github(shown: Verdict) -> None:
    lines = rendered("github", shown).split("\n")[:-1]
    commands = [line for line in lines if line.startswith("::")]
    assert [line for line in commands if COMMAND.fullmatch(line) is None] == []
    assert [line for line in lines if line not in commands and not line.startswith(("also ", "pinner: "))] == []
    assert [line for line in lines if "##[" in line and not line.startswith("::")] == []
    assert len([line for line in lines if not line.startswith("pinner: ")]) == len(shown.findings) + unknown(shown)


@every_verdict
def test_markdown(shown: Verdict) -> None:
    lines = rendered("markdown", shown).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) in (0, len(shown.findings) + unknown(shown) + 2)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {5}


@pytest.mark.parametrize("format_", FORGE_FORMATS)
@every_verdict
def test_what_is_written_is_unicode_and_never_absolute(format_: str, shown: Verdict) -> None:
    text = rendered(format_, shown)
    assert text.encode("utf-8").decode() == text
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text) is None
    assert text == rendered(format_, shown)


@given(text=st.text(max_size=20), path=st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=9))
def test_no_text_breaks_an_output(text: str, path: str) -> None:
    shown = verdict(skipped(path, text, f"`{text}` {text}"))
    for format_ in FORMATS:
        said = rendered(format_, shown)
        if format_ == "junit":
            ET.fromstring(said)  # noqa: S314 - our own
        elif format_ == "github":
            assert COMMAND.fullmatch(said.removesuffix("\n"))
        elif format_ in {"sarif", "gitlab", "rdjsonl"}:
            shape = {"sarif": SARIF, "gitlab": GITLAB, "rdjsonl": RDJSONL}[format_]
            problems = misfits(json.loads(said), shape)
            assert [one for one in problems if ".path" not in one and ".uri" not in one] == []
