"""What ``pin``, ``check`` and ``unpin`` do to repositories that people have, held against kustomize and themselves.

    python bench/real_repositories.py FOLDER [--only NAME]… [--part story|alone] [--every N]

``FOLDER`` has checked-out repositories in it; each is copied, and nothing is written to it. A registry of the tests
knows every name and tag, by a digest made of these. Of each repository (``story``): ``pin``; every kustomization that
kubectl builds is rendered before and after, and differs by digests alone, each that of the name and tag beside it; a
second ``pin`` changes nothing; ``check`` finds no PIN001, no PIN009; ``unpin`` brings the first bytes back. And
(``alone``): a run over each file by itself says of it what the run over the whole says, for every file or every Nth.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from fakes import FakeResolver, digest_of
from world import outcome, world

from pinner import formats, pipeline
from pinner.checks.one_file import conditions_for
from pinner.checks.run import examine_all
from pinner.config import Settings
from pinner.errors import InvalidReferenceError
from pinner.formats import FORMATS
from pinner.reference import ImageReference
from pinner.scan import neighbour_files, scan
from pinner.scan.discover import discover

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from world import Outcome

    from pinner.formats.base import Format
    from pinner.model import Document, Located
    from pinner.scan.discover import Target

TODAY = date(2026, 11, 1)
_HELD = re.compile(r"([^\s\"'=,]+)@(sha256:[0-9a-f]{64})")
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_PATIENCE = 60
"""Seconds for one kustomization."""


def copied(repository: Path, folder: Path) -> Path:
    """Return a copy of ``repository`` below ``folder`` that git takes for a repository."""
    copy = folder / repository.name
    shutil.copytree(repository, copy, symlinks=True, copy_function=shutil.copyfile)
    subprocess.run(["git", "init", "--quiet", str(copy)], check=True)
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if ".git" not in path.parts}


def rendered(folder: Path) -> dict[str, str]:
    """Return what kubectl makes of each kustomization that builds without a network, by its folder."""
    found = {}
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **nowhere, "GIT_ALLOW_PROTOCOL": "none"}
    for path in sorted(one for name in _KUSTOMIZATIONS for one in folder.rglob(name) if one.is_file()):
        command = ["kubectl", "kustomize", str(path.parent), "--load-restrictor=LoadRestrictionsNone"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            continue
        if not done.returncode:
            found[path.parent.relative_to(folder).as_posix()] = done.stdout
    return found


def without_digests(text: str) -> str:
    return _HELD.sub(lambda match: match[1].removesuffix(":latest"), text).replace(":latest", "")


def foreign(before: str, after: str) -> Iterator[str]:
    """Yield the references in ``after`` whose digest is not that of the name and tag beside it, and is new."""
    known = {match[0] for match in _HELD.finditer(before)}
    for match in _HELD.finditer(after):
        if match[0] not in known and match[2] not in map(_digest, _names(after, match)):
            yield match[0]


def _names(text: str, match: re.Match[str]) -> Iterator[str]:
    """Yield what the digest in ``match`` may be of: the name before it, or of a tag alone a repository beside it."""
    yield match[1]
    start = text.rfind("\n", 0, match.start()) + 1
    if text[start : match.start()].strip(" -") == "tag:":
        around = text[max(0, start - 200) : match.end() + 200]
        registries = ["", *(f"{one}/" for one in re.findall(r"registry: (\S+)", around))]
        repositories = re.findall(r"repository: (\S+)", around)
        yield from (f"{registry}{one}:{match[1]}" for registry in registries for one in repositories)


def _digest(name: str) -> str:
    try:
        return str(digest_of(ImageReference.parse(name).canonical))
    except InvalidReferenceError:
        return ""


def story(folder: Path) -> tuple[Counter[str], list[str]]:
    """Return figures of the repository in ``folder``, and what is wrong."""
    figures: Counter[str] = Counter()
    wrong: list[str] = []
    first, before = contents(folder), rendered(folder)

    def run(*arguments: str) -> Outcome:
        return outcome(world(folder, FakeResolver(), environment={"XDG_CACHE_HOME": f"{folder}.cache"}), *arguments)

    said = run("pin")
    pinned = contents(folder)
    figures["files changed"] = sum(first[path] != data for path, data in pinned.items())
    wrong += [
        f"pin says: {line}" for line in said.stderr.splitlines() if "unsafe-edit" in line or "internal error" in line
    ]
    wrong += [f"{path}: more than digests" for path in pinned if not _differs_by_digests(first[path], pinned[path])]
    after = rendered(folder)
    figures["kustomizations"] = len(before)
    for place, text in before.items():
        if place not in after:
            wrong.append(f"{place}: builds no more")
        elif without_digests(text) != without_digests(after[place]):
            wrong.append(f"{place}: renders otherwise")
        else:
            wrong += [f"{place}: foreign digest {one}" for one in foreign(text, after[place])]
    checked = run("check", "--format", "json")
    findings = json.loads(checked.stdout)["findings"]
    figures.update(finding["rule"] for finding in findings)
    wrong += [
        f"check: {one['mention']['path']}:{one['mention']['line']} {one['rule']} {one['message']}"
        for one in findings
        if one["rule"] in ("PIN001", "PIN009")
    ]
    run("pin")
    again = contents(folder)
    wrong += [f"{path}: pinned again otherwise" for path in pinned if again[path] != pinned[path]]
    run("unpin")
    last = contents(folder)
    # What holds a digest from before, and is read, is let go as well; what nobody reads stays.
    wrong += [f"{path}: not the first bytes" for path in first if not _is_let_go(first[path], last[path])]
    return figures, wrong


def _differs_by_digests(before: bytes, after: bytes) -> bool:
    """Tell whether ``after`` is ``before`` with digests, and ``:latest`` before some, put in."""
    digest = rb"[@ ]?(?:sha256:)?[0-9a-f]{64}|:latest"
    return before == after or re.sub(digest, b"", before) == re.sub(digest, b"", after)


def _is_let_go(first: bytes, last: bytes) -> bool:
    """Tell whether ``last`` is ``first`` but for digests, whoever wrote them: behind a tag, or in their own field."""
    digest = rb"[@ ]?(?:sha256:)?[0-9a-f]{64}(?![0-9a-f])"
    return last == first or (len(last) < len(first) and re.sub(digest, b"", last) == re.sub(digest, b"", first))


def places_of(targets: Sequence[Target], around: Iterable[Target] | None) -> dict[str, object]:
    """Return, by path, what is told of ``targets``: each place, and each finding of an offline check."""
    near = None if around is None else lambda: around
    found = pipeline.survey(targets, Settings(), today=TODAY, around=near)
    places: dict[str, object] = {
        source.document.path: tuple(candidate.place for candidate in source.candidates) for source in found.sources
    }
    conditions = conditions_for(Settings(), today=TODAY)
    for one in examine_all(targets, conditions, around=near, processes=1):
        places[f"check {one.path}"] = (one.counts, one.findings)
    return places


def alone(folder: Path, every: int) -> tuple[Counter[str], list[str]]:
    """Return figures of the repository in ``folder``, and the files of which a run over them alone says otherwise."""
    targets = discover((), Settings(), str(folder), os.environ)
    whole = places_of(targets, None)
    wrong = []
    some = targets[::every]
    for target in some:
        own = places_of([target._replace(named=True)], targets)
        wrong += [
            f"{path}:\n   whole {whole.get(path)}\n   alone {own.get(path)}"
            for path in (target.path, f"check {target.path}")
            if own.get(path) != whole.get(path)
        ]
    return Counter({"files": len(some)}), wrong


def remember() -> None:
    """Have what a format finds in a file remembered: to find it again for each other file would take hours."""
    known: dict[tuple[str, bytes], tuple[Format, Located] | None] = {}
    locate = formats.locate

    def once(document: Document, formats: Iterable[Format] = FORMATS) -> tuple[Format, Located] | None:
        key = (document.path, document.data)
        if key not in known:
            known[key] = locate(document, formats)
        return known[key]

    stating: dict[str, bool] = {}
    may_state = neighbour_files.may_state

    def once_asked(target: Target, formats_: Iterable[Format]) -> bool:
        if target.file not in stating:
            stating[target.file] = may_state(target, formats_)
        return stating[target.file]

    vars(scan)["locate"] = once
    vars(neighbour_files)["may_state"] = once_asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--part", choices=("story", "alone"), default="story")
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    faults = 0
    remember()
    for repository in sorted(path for path in asked.folder.iterdir() if path.is_dir()):
        if asked.only and repository.name not in asked.only:
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = copied(repository, Path(name).resolve())
            figures, wrong = story(folder) if asked.part == "story" else alone(folder, asked.every)
        total += figures
        faults += len(wrong)
        print(f"{repository.name}: {dict(figures)}, {len(wrong)} wrong", *wrong, sep="\n  ", flush=True)
    print(f"all: {dict(total)}, {faults} wrong")


if __name__ == "__main__":
    main()
