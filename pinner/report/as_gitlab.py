"""``--format gitlab``: GitLab's Code Quality report (docs.gitlab.com, ci/testing/code_quality)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pinner.report.fingerprints import file_fingerprint, fingerprints
from pinner.report.plain import sentence, whole
from pinner.report.style import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.findings import Finding
    from pinner.report.base import Unread, Verdict
    from pinner.report.style import Style

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the report: an array, empty where nothing was found; of equal fingerprints GitLab would show one."""
    issues = [_unreadable(file) for file in verdict.unreadable]
    identities = fingerprints(verdict.findings)
    issues += [_issue(finding, identity) for finding, identity in zip(verdict.findings, identities, strict=True)]
    yield json.dumps(issues, indent=2)


def _issue(finding: Finding, identity: str) -> dict[str, Any]:
    return {
        "description": sentence(finding).replace("\n", "; "),
        "check_name": f"{finding.rule.id} {finding.rule.name}",
        "fingerprint": identity,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": whole(finding.path), "lines": {"begin": finding.place.line}},
    }


def _unreadable(file: Unread) -> dict[str, Any]:
    return {
        "description": whole(printable(file.error.message)),
        "check_name": "unreadable",
        "fingerprint": file_fingerprint(file.path, "unreadable"),
        "severity": "major",
        "location": {"path": whole(file.path), "lines": {"begin": 1}},
    }
