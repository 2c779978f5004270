"""Where pinner's time goes: the functions that take most of it, or, for a short run, the imports.

``where.py FILE ARGUMENT…`` runs pinner under cProfile on one processor, so that nothing is done in another process,
and writes the figures into FILE.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from measure import Place

    _Function: TypeAlias = tuple[str, int, str]
    _Entries: TypeAlias = dict[_Function, tuple[int, int, float, float, dict[_Function, tuple[int, int, float, float]]]]

_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)")


class _Share(NamedTuple):
    name: str
    of: float
    """The whole, which is 1."""


def functions(python: str, place: Place, arguments: Sequence[str], most: int = 6) -> list[str]:
    """Return lines about a run of pinner with ``arguments``: the modules that take most of it, and their functions.

    What a function calls in C is counted as its own.
    """
    from measure import Tool, output  # noqa: PLC0415 - the script runs where only pinner is

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "profile")
        output(Tool("pinner", [python, __file__, str(file), *arguments], (0, 1)), place)
        own = own_seconds(pstats.Stats(str(file)))
    total = sum(own.values())
    modules: defaultdict[str, list[_Share]] = defaultdict(list)
    for (module, name), seconds in own.items():
        modules[module].append(_Share(name, seconds / total))
    lines = [f"where it goes: {total:.2f} s on one processor under cProfile, which makes calls dearer"]
    for share in _largest((_Share(module, sum(part.of for part in parts)) for module, parts in modules.items()), most):
        parts = [part for part in _largest(modules[share.name], 3) if part.of >= 0.01]
        lines.append(f"  {share.of:4.0%}  {share.name}: {', '.join(f'{part.name} {part.of:.0%}' for part in parts)}")
    return lines


def own_seconds(stats: pstats.Stats) -> dict[tuple[str, str], float]:
    """Return the seconds of each module and function of ``stats``; what it calls in C is its own."""
    entries: _Entries = stats.stats  # type: ignore[attr-defined]  # typeshed leaves it out
    own: defaultdict[tuple[str, str], float] = defaultdict(float)
    for place_of, (_, _, seconds, _, callers) in entries.items():
        if _is_in_c(place_of) and callers:
            for caller, (_, _, part, _) in callers.items():
                own[_named(*caller)] += part
        else:
            own[_named(*place_of)] += seconds
    return own


def _largest(shares: Iterable[_Share], most: int) -> list[_Share]:
    return sorted(shares, key=lambda share: -share.of)[:most]


def _is_in_c(place: tuple[str, int, str]) -> bool:
    return place[0] == "~"


def imports(python: str, place: Place, arguments: Sequence[str], most: int = 6, runs: int = 5) -> list[str]:
    """Return lines about the modules that a run of pinner with ``arguments`` imports, beside those Python starts with.

    Each counts with the shortest of ``runs``.
    """
    code = f"import sys; sys.argv = ['pinner', *{list(arguments)!r}]; from pinner.__main__ import run; run()"
    start = _imported(python, place, "pass")
    rounds = [_imported(python, place, code) for _ in range(runs)]
    taken = {name: min(taken.get(name, 0) for taken in rounds) for name in rounds[0] if name not in start}
    total = sum(taken.values())
    ours = [seconds for name, seconds in taken.items() if name.partition(".")[0] == "pinner"]
    head = (
        f"where it goes: {len(taken)} modules are imported beside the {len(start)} that Python starts with,"
        f" {len(ours)} of them pinner's, which take {sum(ours) * 1e3:.0f} of {total * 1e3:.0f} ms under -X importtime"
    )
    shares = _largest((_Share(name, seconds / total) for name, seconds in taken.items()), most)
    return [head, *(f"  {share.of:4.0%}  {share.name}" for share in shares)]


def _imported(python: str, place: Place, code: str) -> dict[str, float]:
    """Return the seconds that each module took, without those that it imported."""
    from measure import Tool, environment_of  # noqa: PLC0415 - the script runs where only pinner is

    command = [python, "-X", "importtime", "-c", code]
    environment = environment_of(Tool("pinner", command), place)
    done = subprocess.run(command, cwd=place.folder, env=environment, capture_output=True, text=True, check=False)
    return {name: int(microseconds) / 1e6 for microseconds, name in _IMPORT.findall(done.stderr)}


def _named(path: str, _line: int, name: str) -> tuple[str, str]:
    """Return a module and a function as people know them: ``formats/yamlnodes/lines.py`` and ``read``."""
    if path == "~":
        return "Python itself", name.strip("<>").removeprefix("built-in method ")
    if path.startswith("<frozen importlib"):
        return "importing", name
    parts = Path(path).parts
    known = {"pinner", "site-packages", f"python{sys.version_info.major}.{sys.version_info.minor}"}
    top = next((at for at in range(len(parts) - 2, 0, -1) if parts[at] in known), -2)
    return "/".join(parts[top + 1 :]), name.strip("<>")


def _leave(_status: int) -> None:
    """Let the program go on, where pinner would end it."""


def main(file: str, arguments: Sequence[str]) -> None:
    from pinner.__main__ import run  # noqa: PLC0415 - nothing else of this script needs pinner

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sys.argv = ["pinner", *arguments]
    profiler = cProfile.Profile()
    profiler.runcall(run, _leave)
    profiler.dump_stats(file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
