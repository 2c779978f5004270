"""The story of one repository, run by run, on real git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botplace import NGINX, nginx_place
from locks import image

if TYPE_CHECKING:
    from pathlib import Path

    from botplace import Place

BRANCH = "pinner/digests"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return nginx_place(tmp_path)


def outcomes(published: object) -> dict[str, str]:
    return {step.proposal.branch: step.decision.outcome for step in published.steps}  # type: ignore[attr-defined]


def test_first_run_opens_one_pull_request_with_exactly_the_change(place: Place) -> None:
    published = place.run()
    assert outcomes(published) == {BRANCH: "opened"}
    (request,) = place.forge.requests
    assert place.changed(BRANCH) == ["M\tDockerfile"]
    assert place.show(BRANCH, "Dockerfile") == f"FROM nginx:1.27@{image('new').digest}"
    assert (request.branch, request.base) == (BRANCH, "main")
    print(request.title, request.body)


def test_second_run_writes_nothing(place: Place) -> None:
    place.run()
    heads, writes = place.heads(), list(place.forge.writes)
    assert outcomes(place.run()) == {BRANCH: "unchanged"}
    assert (place.heads(), place.forge.writes) == (heads, writes)
