"""Every measurement, in one table: ``make bench``. Ratios of medians of the same run; see each script for its own."""

from __future__ import annotations

import argparse

import bundle
import check_tree
import mixed
from measure import show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    for rows in (check_tree.rows, bundle.rows, mixed.rows):
        show(rows(runs=runs))
    check_tree.growth()
    print(check_tree.profile(1000))


if __name__ == "__main__":
    main()
