"""Cases of the version order from the field, their options, and tags that are hard to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from pinner.tags.model import Options
from pinner.tags.ranges import parse_range

FOLDER = Path(__file__).parent.parent.parent.parent / "shared" / "tags"
"""Cases that were found in the field, where they lie beside the repository."""
_FILE = FOLDER / "handed.jsonl"
CASES = [json.loads(line) for line in _FILE.read_text("utf-8").splitlines()] if _FILE.exists() else []

_PIECES = ["1", "2", "04", "22", "2024", "20240101", "1234567890", "v", "rc", "alpha", "b", "dev", "ls", "r", "p", "ea"]
_PIECES += ["alpine", "bookworm", "jammy", "jdk", "windowsservercore", "x", "abcdef1", "g0a1b2c3", "T", "Z", "sha", "M"]
TAGS = st.lists(st.sampled_from([*_PIECES, "-", ".", "_", "-", "."]), min_size=1, max_size=14).map("".join)


def options_of(written: dict[str, Any]) -> Options:
    return Options(
        follow=written.get("variant") == "follow",
        pre=written.get("pre", False),
        allow=parse_range(written["allow"]) if "allow" in written else None,
        ignore=tuple(map(parse_range, written.get("ignore", ()))),
        track=written.get("track", ""),
    )
