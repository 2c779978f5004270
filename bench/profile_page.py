"""Where the time of each command goes on real trees, by stage and by format: writes docs/profile.md (``make bench``).

``PINNER_TREES`` names the folder, as for `real_trees.py`; what is written is a copy. Each command runs in a process of
its own, on one processor under cProfile, with answers for every image in the place of registries: shares, no seconds.
"""

from __future__ import annotations

import cProfile
import gc
import os
import pickle
import pstats
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from real_trees import ABSENT, trees
from stages import measure
from where import own_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "profile.md"
_LEAST = 0.02
"""The share of a command below which a stage is part of the rest."""


class Command(NamedTuple):
    name: str
    arguments: tuple[str, ...]


SIGNED = 300
"""Images that `verify` is measured on: generated, for no repository's signatures can be had without its registry."""
VERIFY = Command(
    f"`verify` of {SIGNED} images in a layout, a third each by certificate, by key and by notation",
    ("verify", "--layout", "layout"),
)
COMMANDS = (
    Command("`check`, cold", ("check",)),
    Command("`check` again", ("check",)),
    Command("`check --online`", ("check", "--online")),
    Command("`list`", ("list",)),
    Command("`pin`, all to be pinned", ("pin",)),
    Command("`pin`, all pinned", ("pin",)),
    Command("`update`, all up to date", ("update",)),
)
_STAGES = (
    ("verify/signature_search.py", "signatures looked for and read"),
    ("verify/remote.py", "signatures looked for and read"),
    ("registry/", "signatures looked for and read"),
    ("oci/", "signatures looked for and read"),
    ("verify/", "signatures judged"),
    ("cryptography/", "signatures judged"),
    ("sigstore/", "the sigstore library's opinion"),
    ("pydantic/", "the sigstore library's opinion"),
    ("httpx/", "HTTP"),
    ("httpcore/", "HTTP"),
    ("http/", "HTTP"),
    ("asyncio/", "HTTP"),
    ("ruamel/", "YAML's events"),
    ("libcst/", "Python's syntax"),
    ("formats/yaml/", "YAML's nodes"),
    ("scan/", "files listed and read"),
    ("files/", "files listed and read"),
    ("patterns/", "files listed and read"),
    ("link/", "linking"),
    ("checks/", "the record, and the run"),
    ("findings/", "rules"),
    ("report/", "output"),
    ("cli/", "output"),
    ("plan/", "edits planned and proved"),
    ("edits.py", "edits planned and proved"),
    ("pipeline.py", "edits planned and proved"),
    ("importing", "imports"),
    # What imported modules do while they are imported: classes and expressions made.
    ("re/", "imports"),
    ("typing.py", "imports"),
    ("dataclasses.py", "imports"),
    ("<frozen abc>", "imports"),
)


def stage_of(module: str) -> str:
    """Return what ``module``, as `where` calls it, does for a command."""
    found = next((stage for start, stage in _STAGES if module.startswith(start)), None)
    if found is not None:
        return found
    _, room, *inner = [*module.split("/"), ""]
    if module.startswith("formats/"):
        return f"format {room.removesuffix('.py')}" if any(inner) else "formats chosen"
    return "all else"


def profiled(folder: Path, home: Path, arguments: Iterable[str]) -> dict[tuple[str, str], float]:
    """Return the seconds of each module and function in a run of pinner in ``folder``."""
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([sys.executable, __file__, file.name, str(folder), str(home), *arguments], check=True)
        return dict(pickle.loads(Path(file.name).read_bytes()))  # noqa: S301 - from our own child


def _run(file: str, folder: Path, home: str, arguments: list[str]) -> None:
    from world import world  # noqa: PLC0415 - the answers are the tests'

    from pinner.__main__ import main as pinner  # noqa: PLC0415 - what is imported for it counts
    from pinner.cli.context import connect_to_registries  # noqa: PLC0415 - as above

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    gc.set_threshold(400_000, 20, 50)
    context = world(folder, environment={"XDG_CACHE_HOME": home}, now=time.time() + 10)
    if "--layout" in arguments:
        context = context._replace(connect=connect_to_registries)
    profiler = cProfile.Profile()
    profiler.runcall(pinner, arguments, context=context)
    Path(file).write_bytes(pickle.dumps(own_seconds(pstats.Stats(profiler))))


def by_stage(own: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Return the share of each stage, the small ones together, from the largest."""
    shares: defaultdict[str, float] = defaultdict(float)
    total = sum(own.values())
    for (module, _), seconds in own.items():
        shares[stage_of(module)] += seconds / total
    small = [stage for stage, share in shares.items() if share < _LEAST and stage != "all else"]
    shares["all else"] += sum(shares.pop(stage) for stage in small)
    return dict(sorted(shares.items(), key=lambda pair: (pair[0] == "all else", -pair[1])))


def page(commands: Mapping[str, Mapping[str, float]], formats: Iterable[tuple[str, int, float]]) -> str:
    """Return the page: a line for each command, and one for each stage of a cold check."""
    lines = [
        "# Where the time goes",
        "",
        "Written by `make bench` (`bench/profile_page.py`) from runs over real repositories, a process each, on one",
        "processor under a profiler, which makes calls dearer than work in C: these are shares, and no times. What it",
        "takes is on [its own page](speed.md). Images are answered from memory: the network is no part of this.",
        "",
        "| command | where |",
        "|---|---|",
    ]
    for name, shares in commands.items():
        lines.append(f"| {name} | {', '.join(f'{stage} {share:.0%}' for stage, share in shares.items())} |")
    lines += [
        "",
        "A cold check, in one process without a profiler, by stage and by format (a format that looks into a file and",
        "finds that it is another's is `not its own`); shares of the processor time:",
        "",
        "| share | files | what |",
        "|---|---|---|",
    ]
    formats = list(formats)
    total = sum(seconds for _, _, seconds in formats)
    for name, times, seconds in formats:
        if seconds / total >= 0.005:
            lines.append(f"| {seconds / total:.1%} | {times:,} | {name} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    from signed_images import write_project  # noqa: PLC0415 - made by the tests' kit

    folder = trees()
    if folder is None:
        print(ABSENT)
        return
    with tempfile.TemporaryDirectory() as name:
        copy, home = Path(name, "trees"), Path(name, "home")
        shutil.copytree(folder, copy, symlinks=True, ignore_dangling_symlinks=True)
        shares = {command.name: by_stage(profiled(copy, home, command.arguments)) for command in COMMANDS}
        signed = Path(name, "signed")
        write_project(signed, SIGNED)
        shares[VERIFY.name] = by_stage(profiled(signed, home, VERIFY.arguments))
    clock = measure(folder)
    rows = sorted(clock.seconds.items(), key=lambda pair: -pair[1])
    PAGE.write_text(page(shares, [(name, clock.times[name], seconds) for name, seconds in rows]), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests" / "support")]
    if len(sys.argv) > 1:
        _run(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
    else:
        main()
