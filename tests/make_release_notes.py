"""Print the notes of this version out of CHANGELOG.md: what stands under its heading, or under Unreleased before that.

Run by `make release`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pinner import __version__

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"


def notes(changelog: str, version: str) -> str:
    """Return what ``changelog`` says of ``version``; raises `ValueError` where it says nothing."""
    parts = re.split(r"^## \[([^\]]+)\].*\n", changelog, flags=re.MULTILINE)[1:]
    told = {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
    text = told.get(version) or told.get("Unreleased")
    if not text:
        raise ValueError(f"CHANGELOG.md says nothing of {version}")
    return f"{text}\n"


if __name__ == "__main__":
    sys.stdout.write(f"# pinner {__version__}\n\n{notes(CHANGELOG.read_text('utf-8'), __version__)}")
