"""Note on formats that an earlier version of pinner did not read, told once for each repository and version."""

from __future__ import annotations

import os
import zlib

from pinner import __version__
from pinner._typing import TYPE_CHECKING
from pinner.filesystem import write_atomically
from pinner.formats import FORMATS
from pinner.rules import UNPINNED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.checks.file import Examined
    from pinner.model import FormatChoice

_FIRST = "0.1"


def news(examined: Iterable[Examined], choice: FormatChoice) -> str:
    """Return the sentence on references without a digest in formats that are new; empty where there is none to tell."""
    new = {format_.name for format_ in FORMATS if format_.since != _FIRST}
    found: dict[str, int] = {}
    for one in examined:
        unpinned = sum(finding.rule is UNPINNED for finding in one.findings) if one.format in new else 0
        if unpinned and one.format is not None:
            found[one.format] = found.get(one.format, 0) + unpinned
    if not found or choice.since or choice.only:
        return ""
    number = sum(found.values())
    are = f"{number} of these {'is' if number == 1 else 'are'}"
    names = ", ".join(sorted(found))
    way = f'`since = "{_FIRST}"` under [formats] leaves them out'
    return f"{are} in formats that pinner {_FIRST} did not read ({names}); {way}"


def is_first_run(folder: str | None, root: str) -> bool:
    """Tell whether nothing was told yet of this version in the repository at ``root``, and note that it is told now.

    ``folder`` is the cache folder; without one every run is the first.
    """
    if folder is None:
        return True
    file = os.path.join(folder, "told", f"{zlib.crc32(os.fsencode(root)):08x}.txt")
    try:
        with open(file, "rb") as stream:
            if stream.read(100) == __version__.encode():
                return False
    except OSError:
        pass
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        write_atomically(file, __version__.encode())
    except OSError:
        return True
    return True
