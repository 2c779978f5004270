from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from checkedtree import TODAY, agree, plant

from pinner.checks.one_file import conditions_for
from pinner.checks.run import WORTH_A_PROCESS, examine_all
from pinner.config import Settings
from pinner.rules import BY_ID, UNPINNED
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from pathlib import Path


SETTINGS = [
    Settings(),
    Settings(images_exclude=("alpine*",)),
    Settings(rules={"PIN001": "off", "PIN002": "error"}),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["default", "excluded", "rules"])
def test_file_by_file_a_check_finds_what_a_survey_of_all_finds(tmp_path: Path, settings: Settings) -> None:
    targets = plant(tmp_path)
    examined = examine_all(targets, conditions_for(settings, TODAY))
    assert sum(len(one.findings) for one in examined) >= 3
    agree(targets, examined, settings)


def test_a_named_file_is_judged_beside_its_siblings(tmp_path: Path) -> None:
    plant(tmp_path)
    target = Target(str(tmp_path / "app/compose.yaml"), "app/compose.yaml", named=True)
    [examined] = examine_all([target], conditions_for(Settings(), TODAY))
    assert examined.findings == ()
    agree([target], [examined])
    [alone] = examine_all([target._replace(named=False)], conditions_for(Settings(), TODAY))
    assert len(alone.findings) == 1


def test_nothing_at_all(tmp_path: Path) -> None:
    assert examine_all([], conditions_for(Settings(), TODAY)) == ()
    agree([], ())
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks cheaply and safely")
def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    targets = plant(tmp_path)
    for number in range(2 * WORTH_A_PROCESS):
        name = f"{number}.Dockerfile"
        (tmp_path / name).write_text(f"FROM image{number}:1\n")
        targets.append(Target(str(tmp_path / name), name))
    examined = examine_all(targets, conditions_for(Settings(), TODAY), processes=2)
    agree(targets, examined)
    assert {finding.rule for one in examined for finding in one.findings} > {UNPINNED}
    assert all(finding.rule is BY_ID[finding.rule.id] for one in examined for finding in one.findings)
