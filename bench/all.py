"""Every measurement, pinner beside its peers in the same run: ``make bench``. Ratios of medians, never asserted."""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path

import bundle
import check_tree
import growth
import mixed
import real_trees
from measure import Place, Row, bare, machine, race, show
from peers import introduce


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{machine()}\n{introduce()}")
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name), Path(name, "home"))
        show([Row("this machine: a start of Python that does nothing", race([bare()], place, 15, place.forget))])
    folder = real_trees.trees()
    if folder is None:
        print(real_trees.ABSENT)
    real = () if folder is None else real_trees.rows(folder, runs)
    for row in itertools.chain(real, check_tree.rows(runs=runs), mixed.rows(runs), bundle.rows(runs)):
        show([row])
    growth.growth(most=16_000)


if __name__ == "__main__":
    main()
