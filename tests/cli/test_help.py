"""Help reads well in a terminal of 80 columns, whichever command it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from world import pinner

from pinner.cli.commands import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)], ids=" ".join)
def test_no_line_is_wider_than_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # click reads it
    helped = pinner(tmp_path, *command, "--help").stdout
    assert helped.startswith("Usage: pinner")
    assert [line for line in helped.splitlines() if len(line) > 80] == []


def test_every_command_has_one_line_in_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    helped = pinner(tmp_path, "--help").stdout
    listed = helped.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)
