"""Speed of the HCL scanner beside tree-sitter's grammar, in MB/s. `python bench/hcl.py [FOLDER]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import tree_sitter_hcl
from tree_sitter import Language, Parser

from pinner.formats.hcl.blocks import scan

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent / "testdata" / "formats"
ROUNDS = 5


def megabytes_a_second(work: Callable[[bytes], object], texts: list[bytes]) -> float:
    """Return the best of some rounds: what else the machine does only takes away."""
    best = 0.0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for text in texts:
            work(text)
        best = max(best, sum(map(len, texts)) / 1e6 / (time.perf_counter() - begun))
    return best


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    names = ("*.tf", "*.tofu", "*.hcl", "*.nomad")
    texts = [path.read_bytes() for name in names for path in folder.rglob(name) if path.is_file()]
    parser = Parser(Language(tree_sitter_hcl.language()))
    scanned = megabytes_a_second(lambda text: scan(text, (b"var.", b"local.")), texts)
    parsed = megabytes_a_second(parser.parse, texts)
    size = sum(map(len, texts)) / 1e6
    print(f"{len(texts)} files, {size:.2f} MB: scanner {scanned:.1f} MB/s, tree-sitter {parsed:.1f} MB/s")


if __name__ == "__main__":
    main()
