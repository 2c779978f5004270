"""What `pinner update --tags major` proposes from real lists, beside what their makers still build, and how fast.

    .venv/bin/python bench/tag_choices.py CASES.jsonl

A line of CASES has `image`, `current`, `taglist` (a file of tags, relative to CASES) and `built_now` (by tag: whether
it is still built). A proposal is live or dead by that; `unknown` where nobody said. The lists are split into halves by
a seed: a constant that was chosen on one has to hold on the other.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinner.tags.candidates import find_candidates
from pinner.tags.distributions import base_of
from pinner.tags.model import Options
from pinner.tags.parse import read_suffix
from pinner.tags.release_lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable

SEED = 20_261_130


def proposed(case: dict[str, Any], lines: Lines, *, follow: bool) -> str:
    """Return what becomes of a proposal: live, dead, unknown, or none where there is no proposal."""
    found = find_candidates(case["image"], case["current"], lines, Options(follow=follow), "major").tags
    if not found:
        return "none"
    return {True: "live", False: "dead"}.get(case["built_now"].get(found[0].text), "unknown")


def row(name: str, cases: Iterable[dict[str, Any]], lists: dict[str, Lines]) -> None:
    """Print what is proposed for ``cases``, within the variant and followed."""
    cases = list(cases)
    for follow in (False, True):
        counts = Counter(proposed(case, lists[case["taglist"]], follow=follow) for case in cases)
        figures = " | ".join(str(counts[one]) for one in ("live", "dead", "none", "unknown"))
        print(f"| {name} | {'follow' if follow else 'keep'} | {len(cases)} | {figures} |")


def main() -> None:
    """Print the tables."""
    file = Path(sys.argv[1])
    cases = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    cases = [case for case in cases if "taglist" in case and "built_now" in case]
    names = sorted({case["taglist"] for case in cases})
    lists: dict[str, Lines] = {}
    print("| list | tags | µs a tag, with one choice |\n|---|---|---|")
    for name in names:
        tags = (file.parent / name).read_text("utf-8").split()
        case = next(case for case in cases if case["taglist"] == name)
        seconds = []
        for _ in range(25):
            read_suffix.cache_clear()
            base_of.cache_clear()
            start = time.process_time()
            lists[name] = Lines(tags)
            find_candidates(case["image"], case["current"], lists[name], Options(), "major")
            seconds.append(time.process_time() - start)
        print(f"| {Path(name).stem} | {len(tags)} | {min(seconds) / len(tags) * 1e6:.1f} |")
    print("\n| lists | variant | cases | live | dead | none | unknown |\n|---|---|---|---|---|---|---|")
    row("all", cases, lists)
    half = set(random.Random(SEED).sample(names, len(names) // 2))
    row("half A", (case for case in cases if case["taglist"] in half), lists)
    row("half B", (case for case in cases if case["taglist"] not in half), lists)


if __name__ == "__main__":
    main()
