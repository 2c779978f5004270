"""The shapes that other programs expect of JSON, written down from their documentation, and a check for them.

A shape is a type, a set of the values allowed, a pattern, ``[shape]`` for a list, or a mapping from keys to shapes in
which a key that ends with ``?`` may be missing. A key that is not named may not be there.
"""

from __future__ import annotations

import re
from typing import Any

HEX = re.compile("[0-9a-f]{32}")
RELATIVE_URI = re.compile(r"(?!/)[A-Za-z0-9._~%/-]+")
RULE = re.compile("PIN[0-9]{3}")


def misfits(value: Any, shape: Any, where: str = "$") -> list[str]:
    """Return where ``value`` is not as ``shape`` says."""
    if isinstance(shape, dict):
        return _object(value, shape, where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: not a list"]
        return [one for number, item in enumerate(value) for one in misfits(item, shape[0], f"{where}[{number}]")]
    if isinstance(shape, re.Pattern):
        fits = isinstance(value, str) and shape.fullmatch(value) is not None
    elif isinstance(shape, (set, frozenset)):
        fits = value in shape
    else:
        fits = type(value) is shape
    return [] if fits else [f"{where}: {value!r}"]


def _object(value: Any, shape: dict[str, Any], where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where}: not an object"]
    known = {key.removesuffix("?"): inner for key, inner in shape.items()}
    missing = [f"{where}.{key}: missing" for key in shape if not key.endswith("?") and key not in value]
    extra = [f"{where}.{key}: unknown" for key in value if key not in known]
    inner = [one for key in value if key in known for one in misfits(value[key], known[key], f"{where}.{key}")]
    return missing + extra + inner


# docs.gitlab.com, ci/testing/code_quality: "Code Quality report format".
GITLAB = [
    {
        "description": str,
        "check_name": str,
        "fingerprint": HEX,
        "severity": {"info", "minor", "major", "critical", "blocker"},
        "location": {"path": re.compile("(?![./]/)(?s:.+)"), "lines": {"begin": int}},
    }
]

# reviewdog, proto/rdf/reviewdog.proto: the message `Diagnostic`.
_POSITION = {"line": int, "column?": int}
_RANGE = {"start": _POSITION, "end?": _POSITION}
RDJSONL = {
    "message": str,
    "location": {"path": str, "range?": _RANGE},
    "severity": {"ERROR", "WARNING", "INFO"},
    "source": {"name": {"pinner"}, "url": str},
    "code?": {"value": RULE, "url": str},
    "suggestions?": [{"range": _RANGE, "text": str}],
}

# OASIS, SARIF 2.1.0 with Errata 01: the objects of section 3 that pinner writes.
_MESSAGE = {"text": str}
_ARTIFACT = {"uri": RELATIVE_URI, "uriBaseId": {"ROOT"}}
_REGION = {
    "startLine": int,
    "startColumn": int,
    "endLine?": int,
    "endColumn?": int,
    "byteOffset?": int,
    "byteLength?": int,
}
_LOCATION = {"physicalLocation": {"artifactLocation": _ARTIFACT, "region?": _REGION}}
_LEVEL = {"error", "warning", "note"}
_SARIF_RULE = {
    "id": RULE,
    "name": re.compile("([A-Z][a-z]+)+"),
    "shortDescription": _MESSAGE,
    "fullDescription": _MESSAGE,
    "help": {"text": str, "markdown": str},
    "helpUri": re.compile("https://.*"),
    "defaultConfiguration": {"level": _LEVEL},
    "properties": {
        "precision": {"very-high"},
        "problem.severity": {"error", "warning", "recommendation"},
        "tags": [str],
    },
}
_RESULT = {
    "ruleId": RULE,
    "ruleIndex": int,
    "level": _LEVEL,
    "message": _MESSAGE,
    "locations": [_LOCATION],
    "relatedLocations?": [{"id": int, "message": _MESSAGE, **_LOCATION}],
    "partialFingerprints": {"pinnerReference/v1": HEX},
    "fixes?": [
        {
            "description": _MESSAGE,
            "artifactChanges": [
                {
                    "artifactLocation": _ARTIFACT,
                    "replacements": [{"deletedRegion": _REGION, "insertedContent": {"text": str}}],
                }
            ],
        }
    ],
    "properties": {
        "reference?": str,
        "format": str,
        "kind": str,
        "reason?": str,
        "proposed?": str,
        "current?": str,
    },
}
SARIF = {
    "$schema": re.compile("https://.*sarif-schema-2.1.0.json"),
    "version": {"2.1.0"},
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": {"pinner"},
                    "semanticVersion": str,
                    "version": str,
                    "informationUri": re.compile("https://.*"),
                    "rules": [_SARIF_RULE],
                }
            },
            "invocations": [
                {
                    "executionSuccessful": bool,
                    "exitCode": int,
                    "toolExecutionNotifications": [{"level": _LEVEL, "message": _MESSAGE, "locations": [_LOCATION]}],
                }
            ],
            "originalUriBaseIds": {"ROOT": {"description": _MESSAGE}},
            "columnKind": {"unicodeCodePoints"},
            "results": [_RESULT],
        }
    ],
}
