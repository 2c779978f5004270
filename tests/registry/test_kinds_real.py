"""Against Debian's docker-registry: pins of every kind, judged by `check --online` and mended by `update`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from images import make_image, make_multi_platform
from registry_server import RealRegistry
from world import outcome, world

from pinner.cli.context import connect_to_registries
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from world import Outcome

pytestmark = pytest.mark.registry

OLD, NEW, OTHER = make_multi_platform("old"), make_multi_platform("new"), make_image("other")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with RealRegistry(tmp_path_factory.mktemp("registry")) as running:
        running.push({"team/app:1": OLD, "team/other:1": OTHER})
        running.push({"team/app:1": NEW})
        yield running


def run(folder: Path, *arguments: str) -> Outcome:
    context = world(folder, environment={"XDG_CACHE_HOME": str(folder / "cache")})
    return outcome(context._replace(connect=connect_to_registries), *arguments)


def judged(folder: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Return rule, severity and proposal of what is found in each line's file."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for finding in json.loads(run(folder, "check", "--online", "--format", "json").stdout)["findings"]:
        entry = (finding["rule"], finding["severity"], finding["proposed"])
        found.setdefault(finding["mention"]["path"], []).append(entry)
    return found


def test_every_kind_of_pin_is_told_and_mended(registry: RealRegistry, tmp_path: Path) -> None:
    name = f"{registry.host}/team/app:1"
    image_id = NEW.children[0].blobs[0].digest
    pins = {
        "fresh": NEW.digest,
        "stale": OLD.digest,
        "platform": NEW.children[1].digest,
        "old-platform": OLD.children[1].digest,
        "image-id": image_id,
        "gone": f"sha256:{'0' * 64}",
        "other": OTHER.digest,
    }
    for kind, digest in pins.items():
        (tmp_path / f"Dockerfile.{kind}").write_text(f"FROM {name}@{digest}\n")
    (tmp_path / "Dockerfile.its").write_text(f"FROM {registry.host}/team/other:1@{OTHER.digest}\n")
    index = f"{name}@{NEW.digest}"
    assert judged(tmp_path) == {
        "Dockerfile.stale": [("PIN101", "warning", index)],
        "Dockerfile.platform": [("PIN103", "warning", index)],
        "Dockerfile.old-platform": [
            ("PIN101", "warning", f"{name}@{NEW.children[1].digest}"),
            ("PIN103", "warning", index),
        ],
        "Dockerfile.image-id": [("PIN103", "error", index)],
        "Dockerfile.gone": [("PIN102", "error", index)],
        "Dockerfile.other": [("PIN105", "error", index)],
    }
    assert run(tmp_path, "update").status == 0
    expected = dict.fromkeys(pins, NEW.digest) | dict.fromkeys(("platform", "old-platform"), NEW.children[1].digest)
    for kind, digest in expected.items():
        assert (tmp_path / f"Dockerfile.{kind}").read_text() == f"FROM {name}@{digest}\n", kind
    assert run(tmp_path, "update", "--index").status == 0
    assert judged(tmp_path) == {}
    assert Digest.parse(image_id).hex not in "".join(file.read_text() for file in tmp_path.glob("Dockerfile.*"))


def test_required_platforms_are_looked_for(registry: RealRegistry, tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('platforms = ["linux/amd64", "linux/s390x"]\n')
    (tmp_path / "Dockerfile").write_text(f"FROM {registry.host}/team/app:1@{NEW.digest}\n")
    outcome = run(tmp_path, "check", "--online")
    assert outcome.status == 1
    assert "is not there for linux/s390x" in outcome.stdout
    assert "it is for linux/amd64, linux/arm64/v8" in outcome.stdout
