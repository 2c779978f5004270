"""The bot's story of tags: small steps beside digests, major ones apart, what is closed stays closed, run by run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from botplace import Place
from locks import digest

from pinner.errors import UnavailableError
from pinner.lockfile.model import Lock
from pinner.lockfile.parse import parse_lock
from pinner.lockfile.render import render_lock

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.bot.context import Published
    from pinner.reference import ImageReference

PYTHON = "docker.io/library/python"
DIGESTS, MAJOR = "pinner/digests", "pinner/python-4"
SETTINGS = b'[update]\ntags = "major"\n'
DOCKERFILE = "FROM python:3.12.4-slim@{}\nFROM redis:7@{}\n"


def outcomes(published: Published) -> dict[str, str]:
    return {step.proposal.branch: step.decision.outcome for step in published.steps}


def tags(place: Place, *names: str) -> None:
    """Have the repository of python list these tags, each an image of its own."""
    place.registry.lists[PYTHON] = names
    for name in names:
        if f"{PYTHON}:{name}" not in place.registry.tags:
            place.means(f"{PYTHON}:{name}", name)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    text = DOCKERFILE.format(digest("3.12.4-slim"), digest("old redis"))
    there = Place(tmp_path, {"Dockerfile": text.encode(), "pinner.toml": SETTINGS})
    there.means("docker.io/library/redis:7", "old redis")
    there.means("docker.io/library/redis:7", "redis")
    tags(there, "3.12.4-slim", "3.12.11-slim", "3.13.7-slim", "4.1.0-slim", "4.2.0rc1-slim", "3.13.9")
    return there


def written(place: Place, branch: str) -> list[str]:
    return place.show(branch, "Dockerfile").splitlines()


def test_a_small_step_goes_with_the_digests_and_a_major_one_apart(place: Place) -> None:
    assert outcomes(place.run()) == {DIGESTS: "opened", MAJOR: "opened"}
    assert written(place, DIGESTS) == [
        f"FROM python:3.13.7-slim@{digest('3.13.7-slim')}",
        f"FROM redis:7@{digest('redis')}",
    ]
    assert written(place, MAJOR) == [
        f"FROM python:4.1.0-slim@{digest('4.1.0-slim')}",
        f"FROM redis:7@{digest('old redis')}",
    ]
    small, major = place.forge.requests
    assert small.title == "Raise python 3.12.4-slim → 3.13.7-slim and update 1 image digest"
    assert major.title == "python 3.12.4-slim → 4.1.0-slim"
    assert "→ `4.1.0-slim` <sub>major</sub>" in major.body
    assert "4.2.0rc1-slim is a pre-release" in major.body
    assert "1 reference goes on to a newer tag. Tags and digests change, in 1 file, and nothing else." in major.body
    assert outcomes(place.run()) == {DIGESTS: "unchanged", MAJOR: "unchanged"}


def test_a_major_step_follows_its_line_and_goes_when_the_tree_has_it(place: Place) -> None:
    place.run()
    tags(place, *place.registry.lists[PYTHON], "4.2.0-slim")
    assert outcomes(place.run()) == {DIGESTS: "unchanged", MAJOR: "updated"}
    assert written(place, MAJOR)[0] == f"FROM python:4.2.0-slim@{digest('4.2.0-slim')}"
    assert place.forge.requests[1].title == "python 3.12.4-slim → 4.2.0-slim"
    place.merge(MAJOR)
    assert outcomes(place.run()) == {MAJOR: "closed", DIGESTS: "updated"}
    assert written(place, DIGESTS)[0] == f"FROM python:4.2.0-slim@{digest('4.2.0-slim')}"


def test_a_major_step_that_was_closed_stays_closed_for_its_tag(place: Place) -> None:
    place.run()
    place.forge.change(place.forge.requests[1].number, state="closed")
    assert outcomes(place.run())[MAJOR] == "silenced"
    place.means(f"{PYTHON}:4.1.0-slim", "4.1.0-slim rebuilt")
    assert outcomes(place.run())[MAJOR] == "silenced"
    tags(place, *place.registry.lists[PYTHON], "4.2.0-slim")
    assert outcomes(place.run())[MAJOR] == "opened"


def test_a_list_that_cannot_be_had_leaves_what_is_open(place: Place) -> None:
    place.run()
    heads = place.heads()

    async def broken(reference: ImageReference, wanted: str = "") -> tuple[str, ...]:  # noqa: ARG001 - the protocol's
        raise UnavailableError("cannot list the tags of `docker.io/library/python`: it failed")

    place.registry.list_tags = broken  # type: ignore[method-assign] # a fault
    published = place.run()
    assert outcomes(published) == {DIGESTS: "waiting", MAJOR: "waiting"}
    assert published.notes == ("cannot list the tags of `docker.io/library/python`: it failed",)
    assert place.heads() == heads


def test_the_lock_goes_along_in_each(place: Place) -> None:
    place.commit({"pinner.lock": render_lock(Lock())})
    place.run()
    for branch, tag in ((DIGESTS, "3.13.7-slim"), (MAJOR, "4.1.0-slim")):
        lock = parse_lock(place.show(branch, "pinner.lock").encode(), "pinner.lock")
        python = {name: entry for name, entry in lock.images.items() if name.startswith(PYTHON)}
        assert python.keys() == {f"{PYTHON}:{tag}"}
        assert python[f"{PYTHON}:{tag}"].selected.digest == digest(tag)
        assert f"{PYTHON}:{tag}" in lock.sources["Dockerfile"]


def test_what_is_too_young_is_noted_and_comes_when_it_is_not(place: Place) -> None:
    place.commit({"pinner.toml": SETTINGS + b'min-age = "3d"\n'})
    assert MAJOR not in outcomes(place.run())
    place.now = place.now + timedelta(days=3)
    assert outcomes(place.run())[MAJOR] == "opened"
    assert written(place, MAJOR)[0] == f"FROM python:4.1.0-slim@{digest('4.1.0-slim')}"


def test_a_lock_beside_a_young_tag_holds_no_pair_that_never_was(place: Place) -> None:
    place.commit({"pinner.toml": b'min-age = "3d"\nplatforms = ["linux/amd64"]\n' + SETTINGS + b'min-age = "0d"\n'})
    place.run()
    assert written(place, MAJOR)[0] == f"FROM python:4.1.0-slim@{digest('4.1.0-slim')}"


def test_a_major_step_is_merged_by_a_person(place: Place) -> None:
    place.commit({"pinner.toml": SETTINGS + b"[bot]\nauto-merge = true\n"})
    place.run()
    assert [request.auto_merge for request in place.forge.requests] == [True, False]
