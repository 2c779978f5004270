from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver, digest_of

import pinner
from pinner.config import Settings
from pinner.errors import ConfigError, InputError
from pinner.model import Occurrence
from pinner.plan import Failed

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = digest_of("docker.io/library/nginx:1")


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    file = tmp_path / "Dockerfile"
    file.write_bytes(b"FROM nginx:1 AS web\nFROM scratch\nCOPY --from=web / /\n")
    return file


def test_find(dockerfile: Path) -> None:
    (path, first), *rest = pinner.find(dockerfile, settings=Settings())
    assert path.endswith("Dockerfile")
    assert isinstance(first, Occurrence)
    assert (str(first.reference), first.line) == ("nginx:1", 1)
    assert [getattr(place, "reason", None) for _, place in rest] == ["scratch", "stage"]


def test_check(dockerfile: Path) -> None:
    [finding] = pinner.check(dockerfile.parent)
    assert finding.rule.id == "PIN001"


def test_pin_writes(dockerfile: Path) -> None:
    [plan] = asyncio.run(pinner.pin(dockerfile, resolver=FakeResolver()))
    assert plan.result == f"FROM nginx:1@{DIGEST} AS web\nFROM scratch\nCOPY --from=web / /\n".encode()
    assert dockerfile.read_bytes() == plan.result
    assert pinner.check(dockerfile) == ()


def test_pin_can_leave_the_file_alone(dockerfile: Path) -> None:
    before = dockerfile.read_bytes()
    [plan] = asyncio.run(pinner.pin(dockerfile, resolver=FakeResolver(), write=False))
    assert plan.changed
    assert dockerfile.read_bytes() == before


def test_pin_asks_the_layout_of_the_settings(dockerfile: Path, tmp_path: Path) -> None:
    from images import make_multi_platform, write_layout  # noqa: PLC0415 - only here

    image = make_multi_platform("nginx")
    write_layout(tmp_path / "layout", {"docker.io/library/nginx:1": image})
    settings = Settings(layout=str(tmp_path / "layout"))
    [plan] = asyncio.run(pinner.pin(dockerfile, settings=settings))
    assert f"nginx:1@{image.digest}".encode() in plan.result


def test_an_image_without_an_answer_is_a_verdict(dockerfile: Path) -> None:
    resolver = FakeResolver(missing=["docker.io/library/nginx:1"])
    [plan] = asyncio.run(pinner.pin(dockerfile, resolver=resolver))
    assert isinstance(plan.verdicts[0], Failed)


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file or folder"):
        pinner.find(tmp_path / "missing")
    (tmp_path / "Dockerfile").write_bytes(b"FROM a\0b\n")
    with pytest.raises(InputError):
        pinner.check(tmp_path)


def test_a_file_that_cannot_be_written(dockerfile: Path) -> None:
    class Meddler(FakeResolver):
        async def resolve(self, reference: object, platform: object) -> object:  # type: ignore[override]
            dockerfile.write_bytes(b"FROM other\n")  # noqa: ASYNC240 - a file that changes while we wait
            return await super().resolve(reference, platform)  # type: ignore[arg-type]

    with pytest.raises(InputError, match="changed"):
        asyncio.run(pinner.pin(dockerfile, resolver=Meddler()))  # type: ignore[arg-type]
    assert dockerfile.read_bytes() == b"FROM other\n"


def test_only_what_is_exported() -> None:
    assert set(pinner.__all__) == {"__version__", "check", "find", "pin"}
    with pytest.raises(AttributeError, match="no attribute 'unpin_all'"):
        _ = pinner.unpin_all
