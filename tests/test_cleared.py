"""What is remembered of files that had nothing to report: it may never change what a check says."""

from __future__ import annotations

import os
import shutil
import time
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_checking import DIGEST, TODAY, agree, plant
from world import world

from pinner import cleared
from pinner.__main__ import main
from pinner.checking import WORTH_REMEMBERING, Memory, examine_all
from pinner.config import Settings
from pinner.discover import Target

CLEAN = f"FROM alpine:3.20@{DIGEST}\n"
LONG_AGO = time.time() - 1000


def padding(folder: Path) -> list[Target]:
    """Return as many clean files as make a record worth while."""
    targets = []
    for number in range(WORTH_REMEMBERING):
        file = folder / f"pad{number:03}.Dockerfile"
        file.write_text(CLEAN)
        targets.append(Target(str(file), file.name))
    return targets


def memory(folder: Path, *, whole: bool = True, later: float = 10) -> Memory:
    """Return where a run remembers that takes place ``later`` seconds from now: no file is young then."""
    cache = folder.parent / f"{folder.name}.cache"
    return Memory(str(cache), str(folder), whole, time.time_ns() + int(later * 1e9))


def record(folder: Path) -> Path:
    [file] = (folder.parent / f"{folder.name}.cache" / "cleared").iterdir()
    return file


def test_a_second_run_says_the_same_and_then_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    targets = [*plant(folder), *padding(folder)]
    first = examine_all(targets, Settings(), today=TODAY, memory=memory(folder))
    agree(targets, first)
    before = record(folder).stat()
    for _ in range(2):
        agree(targets, examine_all(targets, Settings(), today=TODAY, memory=memory(folder)))
    assert record(folder).stat().st_ino == before.st_ino


def test_files_with_the_same_stamp_are_not_looked_at(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    file = record(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"\tdockerfile\t1\t0\t0", b"\tdockerfile\t7\t0\t0"))
    examined = examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    assert {one.counts for one in examined} == {(7, 0, 0)}


def test_a_young_file_is_known_by_its_bytes_alone(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path, later=0))
    lines = record(tmp_path).read_text().splitlines()[1:]
    assert [line.split("\t")[1] for line in lines] == [""] * len(targets)
    file = record(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"\tdockerfile\t1\t0\t0", b"\tdockerfile\t7\t0\t0"))
    examined = examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    assert {one.counts for one in examined} == {(7, 0, 0)}
    assert all(line.split("\t")[1] for line in record(tmp_path).read_text().splitlines()[1:])


def test_a_change_that_leaves_size_and_time_is_seen(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    file = Path(targets[0].file)
    os.utime(file, (LONG_AGO, LONG_AGO))
    examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    time.sleep(0.02)  # a tick of the system's clock
    file.write_text(CLEAN.replace("@", "a"))
    os.utime(file, (LONG_AGO, LONG_AGO))
    examined = examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    assert [len(one.findings) for one in examined][:2] == [1, 0]


def test_a_new_override_is_heeded(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    base = tmp_path / "compose.yaml"
    base.write_text(f"services:\n  web:\n    image: web:1@{DIGEST}\n")
    targets.append(Target(str(base), base.name))
    examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    override = tmp_path / "compose.override.yaml"
    override.write_text("services:\n  web:\n    build: .\n")
    targets.append(Target(str(override), override.name))
    agree(targets, examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path)))


def test_the_day_on_which_a_comment_expires_comes(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    Path(targets[3].file).write_text("# pinner: ignore until=2026-11-01\nFROM alpine\n")
    for _ in range(2):
        examined = examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
        assert examined[3].findings == ()
    examined = examine_all(targets, Settings(), today=date(2026, 11, 2), memory=memory(tmp_path))
    assert len(examined[3].findings) == 1


def test_other_settings_have_another_answer(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    Path(targets[3].file).write_text(f"FROM alpine@{DIGEST}\n")
    lenient = Settings(rules={"PIN002": "off"})
    assert not examine_all(targets, lenient, today=TODAY, memory=memory(tmp_path))[3].findings
    assert examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))[3].findings
    assert not examine_all(targets, lenient, today=TODAY, memory=memory(tmp_path))[3].findings


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:0],
        lambda data: b"\xff" + data,
        lambda data: data.replace(b"\t", b" "),
        lambda data: data.replace(b"\t1\t0\t0", b"\tone\t0\t0"),
        lambda data: data[: len(data) // 2],
        lambda data: data + b"\n\n\t\t\t\t\t\t\t\n",
    ],
    ids=["empty", "no text", "no fields", "no numbers", "half", "more"],
)
def test_a_record_that_is_spoilt_is_made_anew(tmp_path: Path, spoil: object) -> None:
    assert callable(spoil)
    targets = padding(tmp_path)
    first = examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    whole = record(tmp_path).read_bytes()
    record(tmp_path).write_bytes(spoil(whole))
    again = examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    assert [one._replace(hash="") for one in again] == [one._replace(hash="") for one in first]
    assert record(tmp_path).read_bytes() == whole


def test_where_nothing_can_be_kept_nothing_is_lost(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("")
    where = memory(tmp_path)._replace(folder=str(blocked))
    agree(targets, examine_all(targets, Settings(), today=TODAY, memory=where))
    assert blocked.read_text() == ""


def test_a_run_on_a_part_keeps_the_rest_and_a_run_on_all_forgets_what_is_gone(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    large = tmp_path / "large.Dockerfile"
    large.write_text(CLEAN + "RUN x\n" * 40_000)
    part = [Target(str(large), large.name, named=True)]
    examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    examine_all(part, Settings(), today=TODAY, memory=memory(tmp_path, whole=False))
    assert len(record(tmp_path).read_text().splitlines()) == 1 + len(targets) + 1
    examine_all([*targets[1:], *part], Settings(), today=TODAY, memory=memory(tmp_path))
    assert len(record(tmp_path).read_text().splitlines()) == 1 + len(targets)


def test_only_what_is_in_the_repository_and_has_a_name_for_a_line_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    targets = padding(folder)
    for file in (tmp_path / "outside.Dockerfile", folder / "tab\t.Dockerfile"):
        file.write_text(CLEAN)
        targets.append(Target(str(file), file.name))
    examine_all(targets, Settings(), today=TODAY, memory=memory(folder))
    assert len(record(folder).read_text().split("\n")) == 1 + WORTH_REMEMBERING


def test_two_repositories_have_two_records(tmp_path: Path) -> None:
    for name in ("a-b", "a_b"):
        folder = tmp_path / name
        folder.mkdir()
        where = memory(folder)._replace(folder=str(tmp_path / "cache"))
        examine_all(padding(folder), Settings(), today=TODAY, memory=where)
    assert len(list((tmp_path / "cache" / "cleared").iterdir())) == 2


def test_the_record_is_for_its_owner_alone(tmp_path: Path) -> None:
    examine_all(padding(tmp_path), Settings(), today=TODAY, memory=memory(tmp_path))
    assert record(tmp_path).stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_few_small_files_are_not_remembered(tmp_path: Path) -> None:
    examine_all(padding(tmp_path)[1:], Settings(), today=TODAY, memory=memory(tmp_path))
    assert not (tmp_path.parent / f"{tmp_path.name}.cache").exists()


@pytest.mark.parametrize("arguments", [(), ("--no-cache",)])
def test_on_the_command_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    padding(folder)
    (folder / "Dockerfile").write_text("FROM alpine:3.20\n")
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    runs = []
    for _ in range(3):
        context = world(folder, environment=environment, now=time.time() + 10)
        status = main([*arguments, "check"], context=context)
        assert isinstance(context.stdout.raw, BytesIO)
        assert isinstance(context.stderr.raw, BytesIO)
        runs.append((status, context.stdout.raw.getvalue(), context.stderr.raw.getvalue()))
    assert runs[0][0] == 1
    assert b"50 of 51 references pinned" in runs[0][2]
    assert runs[1:] == runs[:2]
    assert (tmp_path / "cache").exists() == (not arguments)


def test_a_settled_record_is_not_for_another_python_or_pinner(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, Settings(), today=TODAY, memory=memory(tmp_path))
    key = record(tmp_path).read_text().split("\n")[0]
    for known in (Path(cleared.__file__), Path(cleared.__file__).parent / "formats" / "dockerfile" / "plain.py"):
        status = known.stat()
        assert f"('{known.name}', {status.st_size}, {status.st_mtime_ns})" in key
    assert "3." in key


TEXTS = st.sampled_from(
    [
        CLEAN,
        CLEAN.replace("@", "a"),
        "FROM alpine\n",
        f"# pinner: ignore until=2026-11-01\n{CLEAN}",
        f"services:\n  web:\n    image: web:1@{DIGEST}\n",
        "services:\n  web:\n    build: .\n",
        f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: a:1@{DIGEST}\n",
        "a: b\n",
        "",
    ]
)
FILES = ("Dockerfile", "compose.yaml", "compose.override.yaml", "pod.yaml", "sub/compose.yaml")
NAMES = st.sampled_from(FILES)
STEPS = st.one_of(
    st.tuples(st.just("write"), NAMES, TEXTS),
    st.tuples(st.just("write quietly"), NAMES, TEXTS),
    st.tuples(st.just("delete"), NAMES),
    st.tuples(st.just("copy"), NAMES, NAMES),
)


def take(folder: Path, step: tuple[str, ...]) -> None:
    file = folder / step[1]
    if step[0] == "delete":
        file.unlink(missing_ok=True)
    elif step[0] == "copy":
        if file.exists() and step[1] != step[2]:
            shutil.copy2(file, folder / step[2])
    else:
        file.write_text(step[2])
        if step[0] == "write quietly":
            os.utime(file, (LONG_AGO, LONG_AGO))


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=8), st.lists(st.sampled_from([0.0, 10.0]), min_size=8, max_size=8))
def test_whatever_happens_between_two_runs_memory_changes_no_answer(
    steps: list[tuple[str, ...]], waits: list[float]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name, "tree")
        (folder / "sub").mkdir(parents=True)
        filling = padding(folder)
        for step, later in zip(steps, waits, strict=False):
            take(folder, step)
            targets = [*(Target(str(folder / name), name) for name in FILES if (folder / name).exists()), *filling]
            agree(targets, examine_all(targets, Settings(), today=TODAY, memory=memory(folder, later=later)))
