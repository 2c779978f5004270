"""What is remembered of files: it may never change what a check says."""

from __future__ import annotations

import compileall
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import pytest
from checkedtree import DIGEST, TODAY, agree, plant
from hypothesis import given, settings
from hypothesis import strategies as st
from world import world

from pinner.__main__ import main
from pinner.checks import record as check_record
from pinner.checks.one_file import Criteria, conditions_for
from pinner.checks.record import open_record
from pinner.checks.record_use import WORTH_REMEMBERING, Memory
from pinner.checks.run import examine_all
from pinner.config import Settings
from pinner.model import FormatChoice
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.checks.one_file import Examined

if sys.platform != "win32":
    import resource

CLEAN = f"FROM alpine:3.20@{DIGEST}\n"
LONG_AGO = time.time() - 1000
YOUNG = -3600.0
"""Seconds: a run so long before the files were written has none that is old, however busy the machine is."""


def padding(folder: Path) -> list[Target]:
    """Return as many clean files as make a record worth while."""
    targets = []
    for number in range(WORTH_REMEMBERING):
        file = folder / f"pad{number:03}.Dockerfile"
        file.write_text(CLEAN)
        targets.append(Target(str(file), file.name))
    return targets


def wait_for_a_tick(folder: Path) -> None:
    """Return when the clock of ``folder``'s file system has moved on: what changes from now on has another time."""
    probe = folder.parent / f"{folder.name}.tick"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.unlink()
        probe.touch()


def memory(folder: Path, *, whole: bool = True, later: float = 10) -> Memory:
    """Return where a run remembers that takes place ``later`` seconds from now: 10, no file is young; `YOUNG`, each."""
    cache = folder.parent / f"{folder.name}.cache"
    return Memory(str(cache), str(folder), whole, time.time_ns() + int(later * 1e9))


def record(folder: Path) -> Path:
    [file] = (folder.parent / f"{folder.name}.cache" / "cleared").iterdir()
    return file


def lines_of(folder: Path) -> list[str]:
    """Return what the record of ``folder`` says, a file a line."""
    return record(folder).read_text().split("\n")[3:]


def rewrite(file: Path, old: bytes, new: bytes) -> None:
    """Make the record ``file`` say ``new`` for ``old`` as if it had been found so."""
    key, _, text = file.read_bytes().split(b"\n", 2)
    assert old in text
    text = text.replace(old, new)
    file.write_bytes(b"\n".join((key, f"{zlib.crc32(text):08x} {len(text)}".encode(), text)))


def test_a_second_run_says_the_same_and_then_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    targets = [*plant(folder), *padding(folder)]
    first = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(folder))
    agree(targets, first)
    before = record(folder).stat()
    for _ in range(2):
        agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(folder)))
    assert record(folder).stat().st_ino == before.st_ino


def test_files_with_the_same_stamp_are_not_looked_at(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    rewrite(record(tmp_path), b"\tdockerfile\t1\t0\t0", b"\tdockerfile\t7\t0\t0")
    examined = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    assert {one.counts for one in examined} == {(7, 0, 0)}


def test_bytes_are_told_of_files_with_findings_where_an_output_counts_in_them(tmp_path: Path) -> None:
    targets = plant_mixed(tmp_path)
    told = []
    for keeps_bytes in (False, True, True):
        conditions = conditions_for(Settings(), TODAY)._replace(keeps_bytes=keeps_bytes)
        told.append([one.path for one in examine_all(targets, conditions, memory=memory(tmp_path)) if one.data])
    assert told == [[], told[1], told[1]]
    assert "Dockerfile" in told[1]


MIXED = {
    "Dockerfile": "FROM alpine:3.20\n# pinner: ignroe\nFROM ${NAME}\nFROM alpine:$WHICH\n",
    "pod.yaml": f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: app:1@{DIGEST}\n  - image: own\n",
    "kustomization.yaml": "resources: [pod.yaml]\nimages: [{name: app, newTag: '2'}]\n",
    "skaffold.yaml": "apiVersion: skaffold/v4\nkind: Config\nbuild: {artifacts: [{image: own}]}\n",
    "compose.yaml": "services:\n  web:\n    image: web:1\n  db:\n    image: redis:7\n",
    "compose.override.yaml": "services:\n  web:\n    build: .\n",
}


def plant_mixed(folder: Path) -> list[Target]:
    """Return files with findings, of their own and by what others state, and clean ones."""
    for name, text in MIXED.items():
        (folder / name).write_text(text)
    return [*(Target(str(folder / name), name) for name in MIXED), *padding(folder)]


def test_files_with_findings_are_not_looked_into_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    targets = plant_mixed(tmp_path)
    first = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    agree(targets, first)
    assert len({finding.rule for one in first for finding in one.findings}) >= 3

    def locate(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("pinner.checks.one_file.locate", locate)
    monkeypatch.setattr("pinner.scan.scan.locate", locate)
    whole = record(tmp_path).read_bytes()
    again = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    assert again == first
    assert record(tmp_path).read_bytes() == whole
    # Nor where a stamp has changed and the bytes have not.
    for target in targets:
        os.utime(target.file, (LONG_AGO, LONG_AGO))
    assert examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)) == first


@pytest.mark.parametrize("gone", ["kustomization.yaml", "skaffold.yaml", "compose.override.yaml"])
def test_what_others_decide_is_looked_at_again_where_these_change(tmp_path: Path, gone: str) -> None:
    targets = plant_mixed(tmp_path)
    first = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    left = [target for target in targets if target.path != gone]
    for _ in range(2):
        without = examine_all(left, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
        agree(left, without)
    assert {one.path: one.findings for one in without} != {one.path: one.findings for one in first if one.path != gone}
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))


def test_messages_call_files_what_the_run_calls_them(tmp_path: Path) -> None:
    targets = plant_mixed(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    elsewhere = [target._replace(path=f"../{target.path}") for target in targets]
    for _ in range(2):
        agree(elsewhere, examine_all(elsewhere, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))


def test_a_file_that_is_gone_since_it_was_looked_for_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = plant_mixed(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    stamps = {target.file: check_record.stamp(target.file, memory(tmp_path).now) for target in targets}
    monkeypatch.setattr("pinner.checks.record.stamp", lambda file, _: stamps[file])
    (tmp_path / "Dockerfile").unlink()
    examined = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    assert [one.path for one in examined if one.error is not None] == ["Dockerfile"]


@pytest.mark.parametrize("details", ["[", "7", '["Finding"]', '["Rule","PIN999"]', "[1]", '["tuple"]', "[" * 100_000])
def test_details_that_nobody_wrote_are_none(tmp_path: Path, details: str) -> None:
    targets = plant_mixed(tmp_path)
    first = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    whole = record(tmp_path).read_bytes()
    [line] = [line for line in lines_of(tmp_path) if line.startswith("Dockerfile\t")]
    rewrite(record(tmp_path), line.rpartition("\t")[2].encode(), details.encode())
    assert examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)) == first
    assert record(tmp_path).read_bytes() == whole


def test_a_lock_is_part_of_what_is_remembered(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    plant_mixed(folder)
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    def run(*arguments: str) -> tuple[int, bytes, bytes]:
        context = world(folder, environment=environment, now=time.time() + 10)
        status = main([*arguments, "check"], context=context)
        assert isinstance(context.stdout.raw, BytesIO)
        assert isinstance(context.stderr.raw, BytesIO)
        return status, context.stdout.raw.getvalue(), context.stderr.raw.getvalue()

    answers = []
    for names in ("", '"docker.io/library/alpine:3.20"', "", '"docker.io/library/redis:7"'):
        held = f'{{"version": 1, "images": {{}}, "sources": {{"Dockerfile": [{names}]}}}}' if names else None
        (folder / "pinner.lock").unlink(missing_ok=True)
        if held is not None:
            (folder / "pinner.lock").write_text(held)
        answers.append([run(), run(), run("--no-cache")])
    assert all(one == answer[0] for answer in answers for one in answer)
    assert answers[0] == answers[2]
    assert len({str(answer) for answer in answers}) == 3


def test_a_young_file_is_known_by_its_bytes_alone(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path, later=YOUNG))
    assert [line.split("\t")[1] for line in lines_of(tmp_path)] == [""] * len(targets)
    rewrite(record(tmp_path), b"\tdockerfile\t1\t0\t0", b"\tdockerfile\t7\t0\t0")
    examined = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    assert {one.counts for one in examined} == {(7, 0, 0)}
    assert all(line.split("\t")[1] for line in lines_of(tmp_path))


def test_a_change_that_leaves_size_and_time_is_seen(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    file = Path(targets[0].file)
    os.utime(file, (LONG_AGO, LONG_AGO))
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    wait_for_a_tick(tmp_path)
    file.write_text(CLEAN.replace("@", "a"))
    os.utime(file, (LONG_AGO, LONG_AGO))
    examined = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    assert [len(one.findings) for one in examined][:2] == [1, 0]


def test_a_new_override_is_heeded(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    base = tmp_path / "compose.yaml"
    base.write_text(f"services:\n  web:\n    image: web:1@{DIGEST}\n")
    targets.append(Target(str(base), base.name))
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    override = tmp_path / "compose.override.yaml"
    override.write_text("services:\n  web:\n    build: .\n")
    targets.append(Target(str(override), override.name))
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))


def test_the_day_on_which_a_comment_expires_comes(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    Path(targets[3].file).write_text("# pinner: ignore until=2026-11-01\nFROM alpine\n")
    for _ in range(2):
        examined = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
        assert examined[3].findings == ()
    examined = examine_all(targets, conditions_for(Settings(), date(2026, 11, 2)), memory=memory(tmp_path))
    assert len(examined[3].findings) == 1


def test_other_settings_have_another_answer(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    Path(targets[3].file).write_text(f"FROM alpine@{DIGEST}\n")
    lenient = Settings(rules={"PIN002": "off"})
    assert not examine_all(targets, conditions_for(lenient, TODAY), memory=memory(tmp_path))[3].findings
    assert examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))[3].findings
    assert not examine_all(targets, conditions_for(lenient, TODAY), memory=memory(tmp_path))[3].findings


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
    first = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    whole = record(tmp_path).read_bytes()
    record(tmp_path).write_bytes(spoil(whole))
    again = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    assert [one._replace(hash="") for one in again] == [one._replace(hash="") for one in first]
    assert record(tmp_path).read_bytes() == whole


class Remembered(NamedTuple):
    """A folder that has been checked once, and what the record says of it."""

    folder: Path
    targets: list[Target]
    examined: Sequence[Examined]
    record: bytes


@pytest.fixture(scope="module")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Remembered:
    folder = tmp_path_factory.mktemp("remembered")
    targets = padding(folder)
    examined = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(folder))
    return Remembered(folder, targets, examined, record(folder).read_bytes())


@settings(max_examples=300)
@given(
    st.integers(0, 100_000),
    st.integers(0, 4),
    st.binary(max_size=4) | st.sampled_from([b"7", b"\t", b"\n", b"0"]),
)
def test_damage_costs_time_and_changes_no_answer(
    remembered: Remembered, start: int, length: int, between: bytes
) -> None:
    folder, targets, first, whole = remembered
    start %= len(whole) + 1  # the record has its folder's name in it: no two runs have one of the same length
    record(folder).write_bytes(whole[:start] + between + whole[start + length :])
    again = examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(folder))
    assert [one.counts for one in again] == [one.counts for one in first]
    assert record(folder).read_bytes() == whole


@pytest.mark.skipif(os.name == "nt", reason="no owners and modes")
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_record_that_others_may_write_is_not_believed(tmp_path: Path, mode: int) -> None:
    targets = padding(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    rewrite(record(tmp_path), b"\t1\t0\t0", b"\t7\t0\t0")
    record(tmp_path).chmod(mode)
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))
    assert record(tmp_path).stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_record_of_somebody_elses_is_not_believed(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    rewrite(record(tmp_path), b"\t1\t0\t0", b"\t7\t0\t0")
    os.chown(record(tmp_path), 4711, 4711)
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_nobody_is_waited_for_where_the_record_should_be(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    file = record(tmp_path)
    file.unlink()
    os.mkfifo(file, 0o600)
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))
    assert file.is_file()


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_nothing_that_lies_in_the_way_is_written_through(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    file = record(tmp_path)
    whole = file.read_bytes()
    file.unlink()
    precious = tmp_path / "precious"
    precious.write_text("mine")
    file.symlink_to(precious)
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path, later=10)))
    assert file.read_bytes() == whole
    assert not file.is_symlink()
    assert precious.read_text() == "mine"


def test_where_the_disk_is_full_nothing_is_left_behind(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("limits of their own")
    targets = padding(tmp_path)
    where = memory(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        examined = examine_all(targets, conditions_for(Settings(), TODAY), memory=where)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    agree(targets, examined)
    assert list(Path(where.folder, "cleared").iterdir()) == []


@pytest.mark.parametrize("package", ["nowhere", ""])
def test_no_record_is_opened_where_no_code_is(tmp_path: Path, package: str) -> None:
    criteria = Criteria(FormatChoice(), (), {})
    assert open_record(str(tmp_path), str(tmp_path), criteria, package=str(tmp_path / package)) is None
    assert open_record(str(tmp_path), str(tmp_path), criteria) is not None


def test_a_line_that_says_nothing_is_none(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    whole = record(tmp_path).read_bytes()
    rewrite(record(tmp_path), b"\t1\t0\t0", b"\tone\t0\t0")
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))
    assert record(tmp_path).read_bytes() == whole


def test_a_file_that_is_gone_by_now_counts_for_nothing(tmp_path: Path) -> None:
    targets = [Target(str(tmp_path / "Dockerfile"), "Dockerfile")]
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path)))


@pytest.mark.parametrize("kind", ["archive", "compiled"])
def test_of_code_that_cannot_be_told_from_another_nothing_is_remembered(tmp_path: Path, kind: str) -> None:
    folder, code = tmp_path / "tree", tmp_path / "code"
    folder.mkdir()
    padding(folder)
    package = Path(check_record.__file__).parent.parent
    shutil.copytree(package, code / "pinner", ignore=shutil.ignore_patterns("__pycache__"))
    if kind == "archive":
        where = shutil.make_archive(str(tmp_path / "packed"), "zip", code)
    else:
        where = str(code)
        compileall.compile_dir(code, quiet=2, legacy=True)
        for source in code.rglob("*.py"):
            source.unlink()
    environment = {**os.environ, "PYTHONPATH": where, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = (sys.executable, "-c", "import pinner.__main__ as it; print(it.__file__); it.run()", "check")
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert where in done.stdout
    assert done.stderr == "all 50 references are pinned (50 files)\n"
    assert not (tmp_path / "cache").exists()


def test_where_nothing_can_be_kept_nothing_is_lost(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("")
    where = memory(tmp_path)._replace(folder=str(blocked))
    agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=where))
    assert blocked.read_text() == ""


def test_a_run_on_a_part_keeps_the_rest_and_a_run_on_all_forgets_what_is_gone(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    large = tmp_path / "large.Dockerfile"
    large.write_text(CLEAN + "RUN x\n" * 40_000)
    part = [Target(str(large), large.name, named=True)]
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    examine_all(part, conditions_for(Settings(), TODAY), memory=memory(tmp_path, whole=False))
    assert len(lines_of(tmp_path)) == len(targets) + 1
    examine_all([*targets[1:], *part], conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    assert len(lines_of(tmp_path)) == len(targets)


def test_only_what_is_in_the_repository_and_has_a_name_for_a_line_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    targets = padding(folder)
    for file in (tmp_path / "outside.Dockerfile", folder / "tab\t.Dockerfile"):
        file.write_text(CLEAN)
        targets.append(Target(str(file), file.name))
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(folder))
    assert len(lines_of(folder)) == WORTH_REMEMBERING


def test_of_a_very_large_tree_nothing_is_read_for_a_few_files(tmp_path: Path) -> None:
    targets = padding(tmp_path)
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    file = record(tmp_path)
    file.write_bytes(file.read_bytes() + b"\n" * 1_000_000)
    large = file.read_bytes()
    for part in (targets, targets[1:] + targets[:1]):
        assert len(examine_all(part, conditions_for(Settings(), TODAY), memory=memory(tmp_path, whole=False))) == len(
            targets
        )
        assert file.read_bytes() == large
    criteria = Criteria(Settings().formats, (), {})
    folder = str(file.parent.parent)
    assert open_record(folder, str(tmp_path), criteria, 200) is None
    assert open_record(folder, str(tmp_path), criteria, 300) is not None


def test_the_records_of_repositories_that_are_gone_go_too(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    folders = [tmp_path / name for name in ("used", "unused", "new")]
    days = 24 * 3600
    for folder in folders[:2]:
        folder.mkdir()
        examine_all(padding(folder), conditions_for(Settings(), TODAY), memory=memory(folder)._replace(folder=cache))
    for file in Path(cache, "cleared").iterdir():
        os.utime(file, (time.time() - 70 * days, time.time() - 70 * days))
    used = [Target(str(file), file.name) for file in sorted(folders[0].iterdir())]
    examine_all(used, conditions_for(Settings(), TODAY), memory=memory(folders[0])._replace(folder=cache))
    assert len(list(Path(cache, "cleared").iterdir())) == 2
    folders[2].mkdir()
    examine_all(
        padding(folders[2]), conditions_for(Settings(), TODAY), memory=memory(folders[2])._replace(folder=cache)
    )
    left = sorted(file.name.rpartition("-")[0].rpartition("-")[2] for file in Path(cache, "cleared").iterdir())
    assert left == ["new", "used"]


def test_two_repositories_have_two_records(tmp_path: Path) -> None:
    for name in ("a-b", "a_b"):
        folder = tmp_path / name
        folder.mkdir()
        where = memory(folder)._replace(folder=str(tmp_path / "cache"))
        examine_all(padding(folder), conditions_for(Settings(), TODAY), memory=where)
    assert len(list((tmp_path / "cache" / "cleared").iterdir())) == 2


def test_the_record_is_for_its_owner_alone(tmp_path: Path) -> None:
    examine_all(padding(tmp_path), conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    assert record(tmp_path).stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_few_small_files_are_not_remembered(tmp_path: Path) -> None:
    examine_all(padding(tmp_path)[1:], conditions_for(Settings(), TODAY), memory=memory(tmp_path))
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
    examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(tmp_path))
    key = record(tmp_path).read_text().split("\n")[0]
    for known in (
        Path(check_record.__file__),
        Path(check_record.__file__).parent.parent / "formats" / "dockerfile" / "extract.py",
    ):
        status = known.stat()
        assert f"('{known.name}', {status.st_size}, {status.st_mtime_ns}, {status.st_ctime_ns})" in key
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
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: b:1\n",
        "resources: [pod.yaml]\nimages: [{name: a, newTag: '2'}]\n",
        f"resources: [pod.yaml]\nimages: [{{name: a, newName: b, newTag: 1@{DIGEST}}}, {{name: b, newTag: '3'}}]\n",
        "a: b\n",
        "",
    ]
)
FILES = ("Dockerfile", "compose.yaml", "compose.override.yaml", "pod.yaml", "kustomization.yaml", "sub/compose.yaml")
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


@settings(max_examples=40)
@given(st.lists(STEPS, min_size=1, max_size=8), st.lists(st.sampled_from([YOUNG, 10.0]), min_size=8, max_size=8))
def test_whatever_happens_between_two_runs_memory_changes_no_answer(
    steps: list[tuple[str, ...]], waits: list[float]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name, "tree")
        (folder / "sub").mkdir(parents=True)
        filling = padding(folder)
        for step, later in zip(steps, waits, strict=False):
            wait_for_a_tick(folder)
            take(folder, step)
            targets = [*(Target(str(folder / name), name) for name in FILES if (folder / name).exists()), *filling]
            agree(targets, examine_all(targets, conditions_for(Settings(), TODAY), memory=memory(folder, later=later)))
