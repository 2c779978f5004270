"""Limits on what is read.

A repository is somebody else's: without limits one file could take all memory, or hours. What is beyond a limit is told
in one finding or error that names the file, and the other files go on.
"""

from __future__ import annotations

from pinner._typing import NamedTuple

MIB = 1024 * 1024


class Limit(NamedTuple):
    """One limit."""

    what: str
    value: int
    unit: str
    """``bytes``, ``characters``, ``levels`` …"""
    reason: str
    answer: str
    """What happens beyond it."""


FILE_BYTES = 10 * MIB
NOTEBOOK_BYTES = 100 * MIB
PYTHON_BYTES = 2 * MIB
CONFIGURATION_BYTES = MIB
CONFIGURATION_DEPTH = 50
IGNORE_BYTES = MIB
PATTERNS = 10_000
PATTERN_CHARACTERS = 4_096
DOCKERFILE_LINE_BYTES = 65_535
YAML_DEPTH = 200
HCL_DEPTH = 100
INLINE_BYTES = MIB
YAML_DOCUMENTS = 25_000
FILE_PLACES = 100_000
REPOSITORY_SECONDS = 1_800
WORK_SECONDS = 300
WORK_BYTES = 2_048 * MIB

_FILE = "the file is an error, exit status 3"
_CONFIGURATION = "the configuration is an error, exit status 2"
_FINDING = "PIN005 (parse-error)"

LIMITS = (
    Limit("A file", FILE_BYTES, "bytes", "people write no larger ones; generated ones name no image of theirs", _FILE),
    Limit("A notebook", NOTEBOOK_BYTES, "bytes", "a notebook carries pictures along", _FILE),
    Limit(
        "A Python file that may name an image",
        PYTHON_BYTES,
        "bytes",
        "its syntax tree takes 75 times as much",
        _FINDING,
    ),
    Limit(
        "A configuration file (pinner.toml, pyproject.toml)",
        CONFIGURATION_BYTES,
        "bytes",
        "what is written by hand is smaller by far",
        _CONFIGURATION,
    ),
    Limit(
        "Nesting and dots of a key in it",
        CONFIGURATION_DEPTH,
        "levels",
        "the TOML parser takes memory by the square of them",
        _CONFIGURATION,
    ),
    Limit(
        "A .gitignore, where git does not list the files", IGNORE_BYTES, "bytes", "every path is held against it", _FILE
    ),
    Limit("Its patterns, and those under `exclude`", PATTERNS, "patterns", "every path is held against each", _FILE),
    Limit("A pattern", PATTERN_CHARACTERS, "characters", "no path is longer", "it is no pattern"),
    Limit("pinner.lock", FILE_BYTES, "bytes", "20,000 images are not that many", _CONFIGURATION),
    Limit("A line of a Dockerfile", DOCKERFILE_LINE_BYTES, "bytes", "BuildKit reads no longer one", _FINDING),
    Limit("Nesting in YAML", YAML_DEPTH, "levels", "parsers of YAML call themselves for each level", _FINDING),
    Limit("Nesting in HCL", HCL_DEPTH, "levels", "nobody writes so much; a value is read level by level", _FINDING),
    Limit(
        "Documents in a YAML file",
        YAML_DOCUMENTS,
        "documents",
        "the largest bundle that people publish has some thousands; each is read for itself",
        _FINDING,
    ),
    Limit(
        "Places in a file that name an image",
        FILE_PLACES,
        "places",
        "each is remembered and told; the largest bundles known have some thousands",
        _FINDING,
    ),
    Limit(
        "A `dockerfile_inline`",
        INLINE_BYTES,
        "bytes",
        "every character remembers where the file has it",
        _FINDING,
    ),
    Limit(
        "The time for a repository of many (`update --org`)",
        REPOSITORY_SECONDS,
        "seconds",
        "no repository may hold the others up",
        "the repository has failed",
    ),
    Limit(
        "Reading, planning and proving one of many repositories",
        WORK_SECONDS,
        "seconds",
        "of a processor; it has a process of its own, so that nothing in it holds the others up",
        "the repository has failed",
    ),
    Limit(
        "Memory for that",
        WORK_BYTES,
        "bytes",
        "twenty times what the largest repository known takes",
        "the repository has failed",
    ),
)
