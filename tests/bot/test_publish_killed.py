"""kill -9 after every write, and run again: the same end state, and never a second pull request."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from botforge import Site, held, state
from forge_double import ForgeDouble

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

SETTINGS = '[bot]\nlabels = ["deps"]\nreviewers = ["ada"]\nassignees = ["grace"]\n'
WRITES = r"^(?!.*(git-upload-pack|graphql$|GraphQL#viewer|#viewer))"
STORIES = {"open": ["new"], "update": ["new", "newer"], "close": ["new", "old"]}


def _begun(folder: Path, forge: ForgeDouble, story: str) -> Site:
    """Return a site with everything of ``story`` done but its last step."""
    folder.mkdir(exist_ok=True)
    forge.add_repository("acme/app", {"Dockerfile": f"FROM {held('nginx', 'old')}\n", "pinner.toml": SETTINGS})
    site = Site(folder, forge)
    *before, last = STORIES[story]
    for word in before:
        site.means(nginx=word)
        assert site.run().status == 0
    site.means(nginx=last)
    return site


def _kill(started: list[subprocess.Popen[bytes]]) -> None:
    started[0].kill()


@pytest.mark.parametrize("story", STORIES)
def test_killed_at_any_write_and_run_again_comes_to_the_same(tmp_path: Path, story: str) -> None:
    """Killed after a write is killed before the next one: nothing else happens in between that anybody could see."""
    with ForgeDouble(tmp_path / "whole") as other:
        whole = _begun(tmp_path / "whole", other, story)
        # Nothing goes wrong here: they count.
        writes = {method: other.inject("before", method=method, path=WRITES, times=-1) for method in ("POST", "PATCH")}
        assert whole.run().status == 0
        wanted = state(other)
    assert sum(counted.done for counted in writes.values()) >= 2
    for method, counted in writes.items():
        for number in range(counted.done):
            folder = tmp_path / f"{method}{number}"
            with ForgeDouble(folder) as forge:
                site = _begun(folder, forge, story)
                started: list[subprocess.Popen[bytes]] = []
                fault = forge.inject(
                    "lost-after",
                    method=method,
                    path=WRITES,
                    skip=number,
                    action=partial(_kill, started),
                )
                started.append(site.start())
                process = started[0]
                process.communicate(timeout=300)
                assert fault.done
                assert process.returncode != 0
                assert site.run().status == 0
                assert state(forge) == wanted, f"killed after {method} number {number}"
