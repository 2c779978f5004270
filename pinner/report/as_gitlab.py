"""``--format gitlab``: GitLab's Code Quality report (docs.gitlab.com, ci/testing/code_quality)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pinner.report.machine_text import fingerprints, sentence, trouble_fingerprints, troubles, valid_unicode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.findings import Finding
    from pinner.report.base import Verdict
    from pinner.report.machine_text import Trouble
    from pinner.report.style import Style

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the report: an array, empty where nothing was found; of equal fingerprints GitLab would show one."""
    found = tuple(troubles(verdict))
    issues = [_trouble(one, identity) for one, identity in zip(found, trouble_fingerprints(found), strict=True)]
    identities = fingerprints(verdict.findings)
    issues += [_issue(finding, identity) for finding, identity in zip(verdict.findings, identities, strict=True)]
    yield json.dumps(issues, indent=2)


def _issue(finding: Finding, identity: str) -> dict[str, Any]:
    return {
        "description": sentence(finding).replace("\n", "; "),
        "check_name": f"{finding.rule.id} {finding.rule.name}",
        "fingerprint": identity,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": valid_unicode(finding.path), "lines": {"begin": finding.place.line}},
    }


def _trouble(trouble: Trouble, identity: str) -> dict[str, Any]:
    return {
        "description": trouble.message.replace("\n", "; "),
        "check_name": trouble.kind,
        "fingerprint": identity,
        "severity": "major",
        "location": {
            "path": valid_unicode(trouble.path),
            "lines": {"begin": trouble.place.line if trouble.place else 1},
        },
    }
