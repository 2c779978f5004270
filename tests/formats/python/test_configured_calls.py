"""Calls of the user's own, from the configuration to every process and every proof."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest
from fakes import digest_of
from pythonplaces import CONTAINER
from world import pinner

from pinner.checks.one_file import conditions_for
from pinner.checks.run import WORTH_A_PROCESS, examine_all
from pinner.config import Settings
from pinner.formats import FORMATS, configured
from pinner.model import Calls, FormatChoice
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from pathlib import Path

CODE = 'from acme.jobs import Runner\n\nRunner().start(image="nginx:1.27")\n'
CONFIG = '[python]\ncalls = ["acme.jobs.Runner.start:image"]\n'


def test_own_calls_are_pinned_checked_and_unpinned(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(CODE)
    assert pinner(tmp_path, "check", "app.py").status == 0
    (tmp_path / "pinner.toml").write_text(CONFIG)
    assert pinner(tmp_path, "check", "app.py").status == 1
    assert pinner(tmp_path, "pin", "app.py").status == 0
    pinned = CODE.replace("1.27", f"1.27@{digest_of('docker.io/library/nginx:1.27')}")
    assert (tmp_path / "app.py").read_text() == pinned
    assert pinner(tmp_path, "check", "app.py").status == 0
    assert pinner(tmp_path, "unpin", "app.py").status == 0
    assert (tmp_path / "app.py").read_text() == CODE


def test_own_calls_in_pyproject(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(CODE)
    (tmp_path / "pyproject.toml").write_text(CONFIG.replace("[python]", "[tool.pinner.python]"))
    assert "nginx:1.27" in pinner(tmp_path, "list").stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks cheaply and safely")
def test_own_calls_reach_every_process(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(CODE)
    targets = [Target(str(tmp_path / "app.py"), f"{number}.py") for number in range(2 * WORTH_A_PROCESS)]
    settings = Settings(formats=FormatChoice(Calls(("acme.jobs.Runner.start:image",))))
    examined = examine_all(targets, conditions_for(settings, date(2026, 11, 1)), processes=2)
    assert [one.counts for one in examined] == [(0, 1, 0)] * len(targets)


def test_without_calls_of_ones_own_the_formats_are_the_formats() -> None:
    assert configured(FormatChoice()) is FORMATS
    chosen = configured(FormatChoice(Calls(("a.b:c",))))
    assert {ours.name for ours, theirs in zip(chosen, FORMATS, strict=True) if ours is not theirs} >= {"python"}
    assert all(ours is theirs for ours, theirs in zip(chosen, FORMATS, strict=True) if theirs.calls is None)


def test_a_comment_keeps_an_image_as_it_is(tmp_path: Path) -> None:
    code = (
        f"{CONTAINER}DockerContainer('a:1')  # pinner: ignore\n"
        "# pinner: ignore[PIN001] for now\nDockerContainer('b:1')\n"
        "I = 'c:1'  # pinner: ignore\nDockerContainer(I)\nJ = 'd:1'\nDockerContainer(J)  # pinner: ignore\n"
    )
    (tmp_path / "app.py").write_text(code)
    assert pinner(tmp_path, "pin", "app.py").status == 0
    after = (tmp_path / "app.py").read_text()
    assert [f"'{name}:1'" in after for name in "abcd"] == [True] * 4


def test_plumbing_is_listed_and_not_complained_of(tmp_path: Path) -> None:
    code = f"{CONTAINER}def f(image, tag):\n    DockerContainer(image)\n    DockerContainer(f'nginx:{{tag}}')\n"
    (tmp_path / "app.py").write_text(code)
    assert pinner(tmp_path, "list", "app.py").stdout.count("app.py") == 2
    report = pinner(tmp_path, "check", "app.py").stdout
    assert report.count("PIN006") == 1
    assert "nginx:{tag}" in report
