from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver
from virtual_time import run_virtually
from world import outcome, world

from pinner.cli.context import Options, Stream
from pinner.cli.registry_answers import with_progress
from pinner.cli.terminal import Terminal, stream_style

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pinner.model import Resolved
    from pinner.reference import ImageReference, Platform


@pytest.mark.parametrize(
    ("color", "environment", "terminal", "expected"),
    [
        ("auto", {}, False, False),
        ("auto", {}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "xterm-256color"}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"NO_COLOR": "0"}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_who_decides_about_colour(
    color: str, environment: Mapping[str, str], *, terminal: bool, expected: bool
) -> None:
    stream = Stream(io.BytesIO(), terminal=terminal)
    assert stream_style(stream, color, environment).color is expected


@pytest.mark.parametrize(
    ("arguments", "environment", "terminal", "colored"),
    [
        ((), {"FORCE_COLOR": "1"}, False, False),
        (("--color", "always"), {}, False, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, True, False),
        ((), {}, True, True),
        ((), {"NO_COLOR": "1"}, True, False),
    ],
)
def test_a_patch_that_goes_to_a_program_is_plain(
    tmp_path: Path, arguments: tuple[str, ...], environment: Mapping[str, str], *, terminal: bool, colored: bool
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    patch = outcome(world(tmp_path, environment=environment, terminal=terminal), "pin", "--diff", *arguments)
    assert patch.stdout.startswith("\x1b[31m--- a/Dockerfile\x1b[0m\n" if colored else "--- a/Dockerfile\n")


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "→ sha256:75be9c490b21…"),
        ("ascii", "-> sha256:75be9c490b21..."),
        ("cp1252", "-> sha256:75be9c490b21..."),
    ],
)
def test_only_letters_that_the_output_has_are_used(tmp_path: Path, encoding: str, shown: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    pinned = outcome(world(tmp_path, encoding=encoding), "pin")
    assert pinned.stdout == f"Dockerfile:1:6: pinned alpine:3.20 {shown}\n"


def test_names_go_out_as_they_came_in_or_spelled_out(tmp_path: Path) -> None:
    stream = Stream(io.BytesIO(), "ascii")
    Terminal(world(tmp_path)._replace(stdout=stream)).output(["caf\u00e9 \udce9"])
    assert stream.raw.getvalue() == b"caf\\xe9 \\udce9\n"  # type: ignore[attr-defined]
    stream = Stream(io.BytesIO(), "utf-8")
    Terminal(world(tmp_path)._replace(stdout=stream)).output(["caf\u00e9 \udce9"])
    assert stream.raw.getvalue() == b"caf\xc3\xa9 \xe9\n"  # type: ignore[attr-defined]


class Failing(io.BytesIO):
    """A stream that takes nothing."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, data: object) -> int:
        del data
        raise self.error


def test_a_reader_who_goes_away_is_not_spoken_to_again(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    gone = world(tmp_path)._replace(stdout=Stream(Failing(BrokenPipeError())))
    assert outcome(gone, "pin").stderr == "pinned 1 reference in 1 file\n"
    assert b"@sha256:" in (tmp_path / "Dockerfile").read_bytes()
    terminal = Terminal(gone)
    terminal.output(["one"])
    terminal.output(["two"])
    terminal.raw([])


def test_what_cannot_be_said_is_an_error_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    full = world(tmp_path)._replace(stdout=Stream(Failing(OSError(28, "No space left on device"))))
    listed = outcome(full, "list")
    assert listed.stderr == "error: cannot write what pinner has to say: no space left on device\n"
    assert listed.status == 3


class Slow(FakeResolver):
    """Answers one image at a time, each after a while."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        answer = await super().resolve(reference, platform)
        await asyncio.sleep(0.05 * len(self.asked))
        return answer


def progress(tmp_path: Path, delay: float, *, terminal: bool = True, quiet: bool = False) -> str:
    """Return what stderr got while three questions were answered in a third of a second."""
    context = world(tmp_path, terminal=terminal)

    async def work(on_answer: Callable[[int, int], None]) -> str:
        for answered in range(3):
            await asyncio.sleep(0.15)
            on_answer(answered + 1, 3)
        return "done"

    talking = Terminal(context, Options(quiet=quiet))
    assert run_virtually(with_progress(talking, work, delay)) == "done"
    return context.stderr.raw.getvalue().decode()  # type: ignore[attr-defined, no-any-return]


def test_progress_comes_after_a_while_and_leaves_no_trace(tmp_path: Path) -> None:
    said = progress(tmp_path, 0.0)
    frames = said.split("\r")
    assert frames[:2] == ["", "asking the registries"]
    assert "asked 2 of 3 images" in [frame.rstrip() for frame in frames]
    assert frames[-2:] == [" " * len(frames[-3].rstrip()), ""]
    assert "\n" not in said


def test_quick_work_shows_no_progress(tmp_path: Path) -> None:
    assert progress(tmp_path, 10.0) == ""


def test_nobody_looking_means_no_progress(tmp_path: Path) -> None:
    assert progress(tmp_path, 0.0, terminal=False) == ""
    assert progress(tmp_path, 0.0, quiet=True) == ""


def test_progress_is_gone_before_an_error_is_said(tmp_path: Path) -> None:
    context = world(tmp_path, terminal=True)

    async def work(on_answer: Callable[[int, int], None]) -> str:
        on_answer(1, 2)
        await asyncio.sleep(0.05)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run_virtually(with_progress(Terminal(context), work, 0.0))
    assert context.stderr.raw.getvalue().endswith(b"\r")  # type: ignore[attr-defined]


def test_a_slow_pin_on_a_terminal_says_the_same_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nFROM debian:12\n", "utf-8")
    pinned = outcome(world(tmp_path, Slow(), terminal=True, environment={"NO_COLOR": "1"}), "pin")
    assert pinned.stderr == "pinned 2 references in 1 file\n"
