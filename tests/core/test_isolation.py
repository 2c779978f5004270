"""Whatever goes wrong in one file, at whatever stage, is that file's error: the others' results are all there."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver, digest_of
from world import TODAY, pinner

import pinner.formats.dockerfile as dockerfile_format
import pinner.link.link as linker
from pinner import files, pipeline
from pinner.checks.one_file import conditions_for
from pinner.checks.run import examine_all
from pinner.config import Settings
from pinner.errors import InputError, InternalError, attempt, isolate_failures
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from pinner.link.facts import Fact
    from pinner.link.paths import Paths
    from pinner.model import Document, Located

    Break = Callable[[Callable[[Document], bool]], None]

COMPLAINT = "bad/Dockerfile: error: internal error: ZeroDivisionError: a mistake of ours\n"
HINT = "  hint: run again with --debug and report what it says\n"
PINNED = f"FROM redis:7@{digest_of('docker.io/library/redis:7')}\n"


def raising(document: Document) -> Located | None:
    raise ZeroDivisionError("a mistake of ours") from ValueError(document.path)


@pytest.fixture
def break_format(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Replace the format of Dockerfiles by one that raises for some documents."""
    locate = dockerfile_format.locate

    def install(is_bad: Callable[[Document], bool]) -> None:
        monkeypatch.setattr(
            dockerfile_format, "locate", lambda document: (raising if is_bad(document) else locate)(document)
        )

    return install


def plant(folder: Path) -> None:
    for name in ("bad", "good"):
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text("FROM redis:7\n")


@pytest.mark.parametrize("command", ["check", "check --online", "check --format json", "list", "lock"])
def test_a_format_that_raises_loses_one_file(tmp_path: Path, break_format: Break, command: str) -> None:
    plant(tmp_path)
    break_format(lambda document: document.path.startswith("bad/"))
    done = pinner(tmp_path, *command.split())
    assert COMPLAINT + HINT in done.stderr
    assert done.status == (1 if command.startswith("check") and "--online" not in command else done.status)
    assert done.status in (1, 3)
    told = done.stdout + (tmp_path / "pinner.lock").read_text() if command == "lock" else done.stdout
    assert "redis" in told


@pytest.mark.parametrize("command", ["pin", "update", "unpin", "pin --diff"])
def test_a_format_that_raises_where_it_is_located_changes_the_others(
    tmp_path: Path, break_format: Break, command: str
) -> None:
    plant(tmp_path)
    before = PINNED if command in ("unpin", "update") else "FROM redis:7\n"
    if command == "update":
        before = before.replace(str(digest_of("docker.io/library/redis:7")), "sha256:" + "0" * 64)
    for name in ("bad", "good"):
        (tmp_path / name / "Dockerfile").write_text(before)
    break_format(lambda document: document.path.startswith("bad/"))
    done = pinner(tmp_path, *command.split())
    assert done.status == 3
    assert COMPLAINT + HINT in done.stderr
    assert (tmp_path / "bad" / "Dockerfile").read_text() == before
    if "--diff" in command:
        assert f"+{PINNED}" in done.stdout
    else:
        expected = "FROM redis:7\n" if command == "unpin" else PINNED
        assert (tmp_path / "good" / "Dockerfile").read_text() == expected


def test_a_proof_that_raises_fails_the_file_alone(tmp_path: Path, break_format: Break) -> None:
    plant(tmp_path)
    # Located well as it is; the proof looks at the bytes with the digest.
    break_format(lambda document: document.path.startswith("bad/") and b"@" in document.data)
    done = pinner(tmp_path, "pin")
    assert done.status == 3
    assert "bad/Dockerfile:1:6: error: `redis:7`: internal error: ZeroDivisionError: a mistake of ours" in done.stderr
    assert (tmp_path / "bad" / "Dockerfile").read_text() == "FROM redis:7\n"
    assert (tmp_path / "good" / "Dockerfile").read_text() == PINNED


def test_linking_that_raises_loses_the_files_with_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(facts: Mapping[str, Sequence[Fact]], _: Paths) -> linker.Linker:
        raise ZeroDivisionError(f"{len(facts)} files")

    monkeypatch.setattr(linker, "Linker", link)
    plant(tmp_path)
    for name in ("compose.yaml", "compose.override.yaml"):
        (tmp_path / name).write_text("services:\n  a:\n    image: redis:7\n")
    for command in ("list", "check"):
        done = pinner(tmp_path, command)
        assert "compose.yaml: error: internal error: ZeroDivisionError: 2 files" in done.stderr
        assert "compose.override.yaml: error: internal error: ZeroDivisionError: 2 files" in done.stderr
        assert done.stdout.count("redis:7") == 2


def test_every_process_keeps_to_it(tmp_path: Path, break_format: Break) -> None:
    names = [f"{number}.Dockerfile" for number in range(400)]
    for name in names:
        (tmp_path / name).write_text("FROM redis:7\n")
    break_format(lambda document: document.path == "7.Dockerfile")
    targets = [Target(str(tmp_path / name), name) for name in names]
    for processes in (1, 2):
        examined = examine_all(targets, conditions_for(Settings(), TODAY), processes=processes)
        [lost] = [one for one in examined if one.error is not None]
        assert lost.path == "7.Dockerfile"
        assert isinstance(lost.error, InternalError)
        assert "raising(document)" in lost.error.trace or "in raising" in lost.error.trace
        assert sum(len(one.findings) for one in examined) == 399


def test_a_write_that_raises_leaves_the_others_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path)
    write = files.write

    def writing(file: str, expected: bytes, data: bytes, home: str | None) -> None:
        if "bad" in file:
            raise MemoryError
        write(file, expected, data, home)

    monkeypatch.setattr(files, "write", writing)
    done = pinner(tmp_path, "pin")
    assert (done.status, (tmp_path / "good" / "Dockerfile").read_text()) == (3, PINNED)
    assert "bad/Dockerfile: error: internal error: MemoryError" in done.stderr


@pytest.mark.parametrize("format_", ["text", "json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown"])
def test_a_report_that_raises_is_made_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    plant(tmp_path)
    locate = dockerfile_format.locate

    def twisted(document: Document) -> Located | None:
        located = locate(document)
        if located is None or not document.path.startswith("bad/"):
            return located
        # A place that no report can make a line of.
        return located._replace(places=tuple(place._replace(line=object()) for place in located.places))  # type: ignore[arg-type]

    monkeypatch.setattr(dockerfile_format, "locate", twisted)
    done = pinner(tmp_path, "check", "--format", format_)
    assert "good/Dockerfile" in done.stdout + done.stderr
    assert "redis:7" in done.stdout + done.stderr


def test_debug_shows_where_it_happened(tmp_path: Path, break_format: Break) -> None:
    plant(tmp_path)
    break_format(lambda document: document.path.startswith("bad/"))
    assert "Traceback" not in pinner(tmp_path, "check").stderr
    said = pinner(tmp_path, "check", "--debug").stderr
    assert "ValueError: bad/Dockerfile" in said
    assert said.index("Traceback") < said.index("bad/Dockerfile: error: internal error")


def test_an_attempt_knows_errors_from_mistakes() -> None:
    def fail(error: BaseException) -> None:
        raise error

    known = InputError("is gone")
    assert attempt(fail, known) is known
    unknown = attempt(fail, KeyError())
    assert isinstance(unknown, InternalError)
    assert (unknown.message, unknown.hint) == (
        "internal error: KeyError",
        "run again with --debug and report what it says",
    )
    again = pickle.loads(pickle.dumps(unknown))  # noqa: S301 - as from one process to another
    assert (again.message, again.hint, again.trace) == (unknown.message, unknown.hint, unknown.trace)
    with pytest.raises(KeyboardInterrupt):
        attempt(fail, KeyboardInterrupt())


def test_what_is_made_of_many_is_made_of_those_that_can() -> None:
    def whole(numbers: Collection[int]) -> list[int]:
        return [100 // number for number in numbers]

    assert isolate_failures(whole, (5, 10)) == ([20, 10], [])
    made, [(number, error)] = isolate_failures(whole, (5, 0, 10))
    assert (made, number) == ([20, 10], 0)
    assert isinstance(error, InternalError)


@pytest.mark.parametrize(
    "text", ["FROM {}\n", "ARG V={}\nFROM $V\n", "FROM a\nCOPY --from={} /a /b\n", "FROM $\\\n{}\n"]
)
def test_a_name_longer_than_any_line_is_one_finding(tmp_path: Path, text: str) -> None:
    (tmp_path / "good.Dockerfile").write_text("FROM redis:7\n")
    (tmp_path / "Dockerfile").write_text(text.format("a" * 66_000))
    done = pinner(tmp_path, "check")
    assert done.status == 1
    assert "internal" not in done.stderr
    assert "good.Dockerfile:1:6: error: `redis:7` has no digest [PIN001]" in done.stdout
    line = text.count("\n", 0, text.index("{")) + 1
    assert f"Dockerfile:{line}:1: warning: does not parse: the line is longer than 65,535 bytes [PIN005]" in done.stdout
    assert done.stdout.count("[PIN") == 2


def test_a_name_of_many_lines_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM " + ("a" * 40_000 + "\\\n") * 2 + "\n")
    done = pinner(tmp_path, "check")
    assert (done.status, done.stdout.count("[PIN005]")) == (0, 1)
    assert "too long" in done.stdout


def test_an_export_is_made_of_the_other_files(tmp_path: Path, break_format: Break) -> None:
    plant(tmp_path)
    assert pinner(tmp_path, "lock").status == 0
    break_format(lambda document: document.path.startswith("bad/"))
    done = pinner(tmp_path, "export", "source-policy")
    assert (done.status, COMPLAINT + HINT in done.stderr) == (3, True)
    assert "docker.io/library/redis:7" in done.stdout


def test_plans_of_a_lock_are_isolated_too(tmp_path: Path, break_format: Break) -> None:
    plant(tmp_path)
    assert pinner(tmp_path, "lock").status == 0
    break_format(lambda document: document.path.startswith("bad/") and b"@" in document.data)
    assert pinner(tmp_path, "pin", "--locked").status == 3
    assert (tmp_path / "good" / "Dockerfile").read_text() == PINNED


def test_the_api_is_told(tmp_path: Path, break_format: Break) -> None:
    plant(tmp_path)
    break_format(lambda document: document.path.startswith("bad/"))
    targets = [Target(str(tmp_path / name / "Dockerfile"), f"{name}/Dockerfile") for name in ("bad", "good")]
    found = pipeline.survey(targets, Settings(), today=TODAY)
    assert [file.path for file in found.unreadable] == ["bad/Dockerfile"]
    [plan] = asyncio.run(pipeline.make_plans(found.sources, "pin", Settings(), FakeResolver()))
    assert plan.result == PINNED.encode()


def test_a_file_that_another_run_made_the_same_of_is_written(tmp_path: Path) -> None:
    plant(tmp_path)
    targets = [Target(str(tmp_path / name / "Dockerfile"), f"{name}/Dockerfile") for name in ("bad", "good")]
    found = pipeline.survey(targets, Settings(), today=TODAY)
    plans = asyncio.run(pipeline.make_plans(found.sources, "pin", Settings(), FakeResolver()))
    (tmp_path / "good" / "Dockerfile").write_text(PINNED)
    (tmp_path / "bad" / "Dockerfile").write_text("FROM other\n")
    [failed] = pipeline.write(plans, targets)
    assert failed.path == "bad/Dockerfile"
    assert "was changed by somebody else" in failed.error.message
    assert (tmp_path / "bad" / "Dockerfile").read_text() == "FROM other\n"
