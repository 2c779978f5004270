"""The least that any check of a tree has to do: list its files, read those that a format claims, search them once.

Started by ``real_trees.py`` in the tree, with the interpreter that has pinner.
"""

from __future__ import annotations

import os
import re

from pinner.formats import claims

_WORDS = re.compile(rb"image|FROM|oci://")


def main() -> None:
    found = 0
    for folder, folders, names in os.walk("."):
        folders[:] = [name for name in folders if name != ".git"]
        for name in filter(claims, names):
            path = f"{folder}/{name}"
            if os.path.isfile(path):  # noqa: PTH113 - pathlib would be measured, too
                with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - as above
                    found += _WORDS.search(stream.read()) is not None
    print(found)


if __name__ == "__main__":
    main()
