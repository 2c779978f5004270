from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from world import outcome, pinner, world

from pinner.cli.completion import SHELLS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_pinner_and_the_shell_takes_it(tmp_path: Path, shell: str) -> None:
    said = pinner(tmp_path, "completion", shell)
    assert (said.status, said.stderr) == (0, "")
    assert f"_PINNER_COMPLETE={shell}_complete" in said.stdout
    if shutil.which(shell):
        subprocess.run((shell, "-n"), input=said.stdout, text=True, check=True)


def test_the_shell_at_hand_needs_no_name(tmp_path: Path) -> None:
    context = world(tmp_path, environment={"SHELL": "/usr/bin/zsh"})
    assert outcome(context, "completion") == pinner(tmp_path, "completion", "zsh")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "the variable SHELL does not say which shell this is"),
        ({"SHELL": "/bin/tcsh"}, "there is no completion for `tcsh`"),
    ],
)
def test_another_shell_is_told(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    said = outcome(world(tmp_path, environment=environment), "completion")
    assert said[:3] == (2, "", f"error: {message}\n  hint: name one: pinner completion bash|zsh|fish\n")
