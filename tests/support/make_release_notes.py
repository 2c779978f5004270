"""Print the notes of this version out of CHANGELOG.md; status 1 where it has no dated heading, or nothing below one.

Run by `make release`.
"""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path

from pinner import __version__

CHANGELOG = Path(__file__).parent.parent.parent / "CHANGELOG.md"


def notes(changelog: str, version: str) -> str:
    """Return what ``changelog`` says of ``version``, its links made absolute.

    Raises `ValueError` where there is no date, or nothing is said.
    """
    parts = re.split(r"^## \[([^\]]+)\](.*)\n", changelog, flags=re.MULTILINE)[1:]
    told = {name: (day, text.strip()) for name, day, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)}
    if version not in told:
        raise ValueError(f"CHANGELOG.md has no `## [{version}] - YYYY-MM-DD`")
    day, text = told[version]
    try:
        date.fromisoformat(day.removeprefix(" - "))
    except ValueError as error:
        raise ValueError(f"CHANGELOG.md gives {version} no date: write `## [{version}] - YYYY-MM-DD`") from error
    if not text:
        raise ValueError(f"CHANGELOG.md says nothing of {version}")
    # A page of a release has no folder that links could start from.
    return re.sub(r"\]\((?!https?:|#)", f"](https://github.com/pinner-dev/pinner/blob/v{version}/", text) + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write(f"# pinner {__version__}\n\n{notes(CHANGELOG.read_text('utf-8'), __version__)}")
    except ValueError as error:
        sys.exit(f"error: {error}")
