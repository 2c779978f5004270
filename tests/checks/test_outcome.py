"""The outcome of a whole run: taken where nothing has changed, and nowhere else."""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from checkedtree import DIGEST, TODAY, agree, plant
from hypothesis import example, given, settings
from hypothesis import strategies as st
from world import outcome as pinner_in
from world import world

from pinner.checks.one_file import conditions_for
from pinner.checks.record_use import WORTH_REMEMBERING, Memory
from pinner.checks.run import examine_all
from pinner.config import Settings
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.checks.one_file import Examined

CLEAN = f"FROM alpine:3.20@{DIGEST}\n"
UNTIL = "# pinner: ignore until=2026-12-24\n"
OLD = time.time() - 1000
BESIDE = ("parts.yaml", ".tpl", ".txt")
"""The ends of the names of files that a run does not list, but reads."""


def tree(folder: Path, files: dict[str, str]) -> list[Target]:
    """Return the files of a new tree: ``files``, and as many clean ones as make a record worth while."""
    padding = {f"pad{number:03}.Dockerfile": CLEAN for number in range(WORTH_REMEMBERING)}
    for name, text in (files | padding).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return [Target(str(folder / name), name) for name in sorted(files | padding) if not name.endswith(BESIDE)]


def check(folder: Path, targets: Sequence[Target], *, later: float = 10, sees_all: bool = True) -> tuple[Examined, ...]:
    now = time.time_ns() + int(later * 1e9)
    memory = Memory(str(folder.parent / f"{folder.name}.cache"), str(folder), whole=True, now=now, sees_all=sees_all)
    return examine_all(targets, conditions_for(Settings(), TODAY), memory=memory)


def said(examined: Sequence[Examined]) -> list[tuple[object, ...]]:
    """Return all that a check reports of."""
    return [(one.path, one.format, one.judged, one.problems, one.error, one.data) for one in examined]


def record(folder: Path) -> Path:
    [file] = (folder.parent / f"{folder.name}.cache" / "cleared").iterdir()
    return file


def outcome(folder: Path) -> str:
    return record(folder).read_text().split("\n")[2]


def rewrite(folder: Path, old: str, new: str) -> None:
    """Let the outcome say ``new`` for ``old`` as if a run had come to that."""
    key, _, rest = record(folder).read_bytes().split(b"\n", 2)
    kept, lines = rest.split(b"\n", 1)
    assert old.encode() in kept
    rest = kept.replace(old.encode(), new.encode()) + b"\n" + lines
    record(folder).write_bytes(b"\n".join((key, f"{zlib.crc32(rest):08x} {len(rest)}".encode(), rest)))


SERVICES = "services:\n  web:\n    image: web:1\n"
VALUES = "image:\n  repository: app\n  tag: v1\n"
FILES = {
    "Dockerfile": "FROM alpine:3.20\n# pinner: ignroe\nFROM ${NAME}\n",
    "app/compose.yaml": f"{SERVICES}    extends: {{file: parts.yaml, service: web}}\n",
    "app/parts.yaml": "services:\n  web:\n    build: .\n",
    "env/compose.yaml": "services:\n  db:\n    image: redis:${TAG}\n",
    "env/.env": "TAG=7\nPASSWORD=hunter2\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
    "chart/values.yaml": VALUES,
    "chart/templates/_image.tpl": '{{ define "i" }}{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ end }}\n',
}


def test_a_run_over_unchanged_files_takes_what_the_last_one_came_to(tmp_path: Path) -> None:
    targets = tree(tmp_path, FILES)
    first = check(tmp_path, targets)
    assert {one.path for one in first if one.findings} == {"Dockerfile", "chart/values.yaml", "env/.env"}
    rewrite(tmp_path, '"dockerfile",1,0,0', '"dockerfile",7,0,0')
    written = record(tmp_path).stat().st_ino
    again = check(tmp_path, targets)
    assert {one.counts for one in again if one.path.startswith("pad")} == {(7, 0, 0)}
    pads = WORTH_REMEMBERING
    assert said(again[:-pads]) == said(first[:-pads])
    assert record(tmp_path).stat().st_ino == written


def test_a_run_that_does_not_see_all_neither_takes_nor_loses_it(tmp_path: Path) -> None:
    targets = tree(tmp_path, FILES)
    check(tmp_path, targets)
    rewrite(tmp_path, '"dockerfile",1,0,0', '"dockerfile",7,0,0')
    kept = outcome(tmp_path)
    (tmp_path / "pad000.Dockerfile").write_text("FROM a\n")
    parts = check(tmp_path, targets, sees_all=False)
    assert {one.counts for one in parts if one.path.startswith("pad")} == {(1, 0, 0), (0, 1, 0)}
    assert outcome(tmp_path) == kept


def test_of_an_environment_file_nothing_is_kept_but_what_a_check_says(tmp_path: Path) -> None:
    targets = tree(tmp_path, FILES)
    check(tmp_path, targets)
    assert "redis:7" in outcome(tmp_path)
    assert "hunter2" not in record(tmp_path).read_text()


CHANGES = {
    "a file": lambda folder: (folder / "pad001.Dockerfile").write_text("FROM alpine:3.20\n"),
    "what another extends": lambda folder: (folder / "app/parts.yaml").write_text(SERVICES),
    "what another extends is gone": lambda folder: (folder / "app/parts.yaml").unlink(),
    "values": lambda folder: (folder / "env/.env").write_text("TAG=8\n"),
    "a template": lambda folder: (folder / "chart/templates/_image.tpl").write_text("{{ .Values.image.repository }}\n"),
    "another template": lambda folder: (folder / "chart/templates/more.txt").write_text(
        "{{ .Values.image.repository }}-debug:{{ .Values.image.tag }}\n"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_it_depends_on_is_looked_at(tmp_path: Path, change: str) -> None:
    targets = tree(tmp_path, FILES)
    check(tmp_path, targets)
    before = outcome(tmp_path)
    CHANGES[change](tmp_path)
    for _ in range(2):
        assert said(check(tmp_path, targets)) == said(examine_all(targets, CONDITIONS))
    assert outcome(tmp_path) not in ("", before)


CONDITIONS = conditions_for(Settings(), TODAY)


@pytest.mark.parametrize(
    "text",
    [f"{UNTIL}{CLEAN}", f"{CLEAN}FROM a\n{UNTIL}FROM b\n"],
)
def test_what_holds_until_a_day_is_not_kept(tmp_path: Path, text: str) -> None:
    targets = tree(tmp_path, FILES | {"a.Dockerfile": text})
    check(tmp_path, targets)
    assert outcome(tmp_path) == ""


def test_what_may_change_without_showing_is_not_kept(tmp_path: Path) -> None:
    targets = tree(tmp_path, FILES)
    check(tmp_path, targets, later=-3600)
    assert outcome(tmp_path) == ""
    # Beside the files of the run, too.
    for target in targets:
        os.utime(target.file, (OLD, OLD))
    ahead = time.time() + 7200
    os.utime(tmp_path / "app/parts.yaml", (ahead, ahead))
    check(tmp_path, targets, later=60)
    assert outcome(tmp_path) == ""


def test_with_a_file_that_cannot_be_read_nothing_is_kept(tmp_path: Path) -> None:
    targets = [*plant(tmp_path), *tree(tmp_path, {})]
    for _ in range(2):
        agree(sorted(targets, key=lambda target: target.path), check(tmp_path, targets))
        assert outcome(tmp_path) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"dockerfile",1,0,0', '"dockerfile",1'),
        ('"dockerfile",1,0,0', '"dockerfile",1,0,0,[],[]'),
        ('"Finding"', '"Unknown"'),
        ('"Finding",', ""),
        ('["', "["),
        ("]]]", "]]"),
        ('"dockerfile"', '"dockerfile'),
    ],
)
def test_what_nobody_wrote_is_made_anew(tmp_path: Path, old: str, new: str) -> None:
    targets = tree(tmp_path, FILES)
    first = check(tmp_path, targets)
    kept = outcome(tmp_path)
    rewrite(tmp_path, old, new)
    assert said(check(tmp_path, targets)) == said(first)
    assert outcome(tmp_path) == kept


def test_on_the_command_line_both_ways_to_name_all_say_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    tree(folder, FILES)
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    told = []
    for arguments in (("check",), ("check",), ("check", "."), ("check", "."), ("check",), ("check", "app")):
        context = world(folder, environment=environment, now=time.time() + 10)
        told.append(pinner_in(context, *arguments)[:3])
    assert len(set(told[:5])) == 1
    assert told[0][0] == 1
    assert told[5][2] != told[0][2]


TEXTS = st.sampled_from(
    [
        *dict.fromkeys(FILES.values()),
        SERVICES.replace("web:1", f"web:1@{DIGEST}"),
        "TAG=8\n",
        f"{UNTIL}{CLEAN}",
        f"{VALUES}  digest: {DIGEST}\n",
        "{{ .Values.image.repository }}-debug\n",
        "",
    ]
)
NAMES = st.sampled_from([*FILES, "app/compose.override.yaml", "chart/templates/more.txt"])
STEPS = st.one_of(st.tuples(NAMES, TEXTS, st.booleans()), st.tuples(NAMES, st.none(), st.booleans()))


@settings(max_examples=30)
@given(st.lists(STEPS, min_size=1, max_size=6))
@example([("app/parts.yaml", SERVICES, True), ("app/parts.yaml", None, True)])
def test_whatever_happens_between_two_runs_it_changes_no_answer(steps: list[tuple[str, str | None, bool]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name, "tree")
        tree(folder, FILES)
        for path, text, is_quiet in steps:
            file = folder / path
            if text is None:
                file.unlink(missing_ok=True)
            else:
                file.write_text(text)
                if is_quiet:
                    os.utime(file, (OLD, OLD))
            there = [one for one in (*FILES, "app/compose.override.yaml") if (folder / one).exists()]
            pads = [f"pad{number:03}.Dockerfile" for number in range(WORTH_REMEMBERING)]
            targets = [Target(str(folder / one), one) for one in (*there, *pads) if not one.endswith(BESIDE)]
            for _ in range(2):
                assert said(check(folder, targets)) == said(examine_all(targets, CONDITIONS))
