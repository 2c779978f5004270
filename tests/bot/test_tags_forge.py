"""Tags raised by pull requests on every forge: small steps with the digests, a major one apart, closed stays closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botfleet import see_to
from fakes import FakeRegistry
from forge_double import ForgeDouble
from locks import digest, image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PYTHON, REDIS = "docker.io/library/python", "docker.io/library/redis"
DIGESTS, MAJOR = "pinner/digests", "pinner/python-4"
APP = "acme/app"
FILES = {
    "Dockerfile": f"FROM python:3.12.4-slim@{digest('3.12.4-slim')}\nFROM redis:7@{digest('old redis')}\n",
    "pinner.toml": '[update]\ntags = "major"\n',
}


class Registry(FakeRegistry):
    """A registry whose tags can be moved, and grow."""

    def means(self, name: str, word: str) -> None:
        made = image(word)
        self.images[f"{name.rpartition(':')[0]}@{made.digest}"] = made
        self.tags[name] = made.digest

    def has_tags(self, *tags: str) -> None:
        """Have python's repository list these, each an image of its own."""
        self.lists[PYTHON] = tags
        for tag in tags:
            if f"{PYTHON}:{tag}" not in self.tags:
                self.means(f"{PYTHON}:{tag}", tag)


@pytest.fixture(params=["github", "gitlab", "gitea", "gitea-server"])
def forge(request: Any, tmp_path: Path) -> Iterator[ForgeDouble]:
    is_real = request.param == "gitea-server"
    with request.getfixturevalue("gitea_server") if is_real else ForgeDouble(tmp_path, request.param) as double:
        double.add_repository(APP, FILES)
        yield double


def outcomes(forge: ForgeDouble, registry: Registry) -> dict[str, str]:
    (report,) = see_to(forge, registry, [APP])
    assert report.is_complete, report
    assert report.published is not None
    return {step.proposal.branch: step.decision.outcome for step in report.published.steps}


def written(forge: ForgeDouble, branch: str) -> list[str]:
    return forge.repository(APP).files(branch)["Dockerfile"].decode().splitlines()


def test_the_story_of_a_tag(forge: ForgeDouble) -> None:
    registry = Registry()
    registry.means(f"{REDIS}:7", "old redis")
    registry.means(f"{REDIS}:7", "redis")
    tags = ["3.12.4-slim", "3.13.7-slim", "4.1.0-slim", "4.2.0rc1-slim", "3.13.9"]
    registry.has_tags(*tags)
    assert outcomes(forge, registry) == {DIGESTS: "opened", MAJOR: "opened"}
    redis = f"FROM redis:7@{digest('redis')}"
    assert written(forge, DIGESTS) == [f"FROM python:3.13.7-slim@{digest('3.13.7-slim')}", redis]
    # What is before its release is passed over.
    major = [f"FROM python:4.1.0-slim@{digest('4.1.0-slim')}", f"FROM redis:7@{digest('old redis')}"]
    assert written(forge, MAJOR) == major
    forge.forget()
    assert outcomes(forge, registry) == {DIGESTS: "unchanged", MAJOR: "unchanged"}
    assert forge.writes == []
    closed = next(pull for pull in forge.repository(APP).pulls.values() if pull.head == MAJOR)
    closed.state = "closed"
    # Closed for this tag, whatever it means by then.
    registry.means(f"{PYTHON}:4.1.0-slim", "4.1.0 again")
    registry.means(f"{REDIS}:7", "newer redis")
    assert outcomes(forge, registry) == {DIGESTS: "updated", MAJOR: "silenced"}
    assert written(forge, DIGESTS)[1] == f"FROM redis:7@{digest('newer redis')}"
    registry.has_tags(*tags, "4.3.0-slim")
    assert outcomes(forge, registry) == {DIGESTS: "unchanged", MAJOR: "opened"}
    assert written(forge, MAJOR)[0] == f"FROM python:4.3.0-slim@{digest('4.3.0-slim')}"
    states = [(pull.head, pull.state) for pull in forge.repository(APP).pulls.values()]
    assert sorted(states) == [(DIGESTS, "open"), (MAJOR, "closed"), (MAJOR, "open")]
