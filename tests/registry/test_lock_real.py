"""Against Debian's docker-registry: a lock of a repository of every format, what it costs, and what it is good for."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import httpx
import pytest
from fakes import FakeResolver
from images import make_image, make_multi_platform
from registry_server import RealRegistry
from world import NOW, outcome, world

from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from world import Outcome

    from pinner.config import Settings
    from pinner.oci.resolver import Listener
    from pinner.reference import ImageReference, Platform

pytestmark = pytest.mark.registry

ROOT = Path(__file__).parent.parent.parent
IMAGES = {
    "library/nginx:1.27": make_multi_platform("nginx"),
    "library/nginx:1.28": make_multi_platform("nginx 28"),
    "library/redis:latest": make_multi_platform("redis", family="docker"),
    "library/busybox:1": make_image("busybox"),
    "library/python:3.12": make_multi_platform("python"),
}
FILES = {
    "Dockerfile": "FROM python:3.12 AS build\nFROM nginx:1.27\nCOPY --from=busybox:1 /a /b\nCOPY --from=build /a /c\n",
    "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n  cache:\n    image: redis\n",
    "k8s/pod.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: nginx:1.27\n",
    "tests/conftest.py": 'from testcontainers.core.container import DockerContainer\n\nDockerContainer("redis")\n',
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with RealRegistry(tmp_path_factory.mktemp("registry"), images=IMAGES) as running:
        yield running


def clone(folder: Path, registry: RealRegistry) -> Path:
    endpoint = f'[registries."*"]\nendpoint = "{registry.url}"\n'
    for name, text in {**FILES, "pinner.toml": endpoint, ".git/HEAD": ""}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


class Counting(httpx.AsyncHTTPTransport):
    def __init__(self, requests: list[str]) -> None:
        super().__init__(trust_env=False)
        self._requests = requests

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._requests.append(f"{request.method} {request.url.path}")
        return await super().handle_async_request(request)


def run(folder: Path, *arguments: str, cache: Path, requests: list[str] | None = None, now: float = NOW) -> Outcome:
    asked = [] if requests is None else requests

    @contextlib.asynccontextmanager
    async def connect(
        settings: Settings, environment: Mapping[str, str], _listener: Listener
    ) -> AsyncIterator[RegistryResolver]:
        async with RegistryResolver(settings, environment=environment, transport=Counting(asked)) as resolver:
            yield resolver

    context = world(folder, environment={"XDG_CACHE_HOME": str(cache)}, now=now)
    return outcome(context._replace(connect=connect), *arguments)


class Silent(FakeResolver):
    async def resolve(self, reference: ImageReference, platform: Platform | None) -> NoReturn:
        raise AssertionError(f"asked for {reference} ({platform})")


def alone(folder: Path, *arguments: str) -> Outcome:
    """Run ``pinner`` with nobody to ask."""
    return outcome(world(folder, Silent()), *arguments)


def test_lock_then_check_is_complete_without_a_network_and_a_changed_tag_is_found_and_mended(
    registry: RealRegistry, tmp_path: Path
) -> None:
    folder = clone(tmp_path / "project", registry)
    assert run(folder, "lock", cache=tmp_path / "cache").status == 0
    content = json.loads((folder / "pinner.lock").read_bytes())
    assert content["sources"] == {
        "Dockerfile": [f"docker.io/library/{name}" for name in ("busybox:1", "nginx:1.27", "python:3.12")],
        "compose.yaml": [f"docker.io/library/{name}" for name in ("nginx:1.27", "redis:latest")],
        "k8s/pod.yaml": ["docker.io/library/nginx:1.27"],
        "tests/conftest.py": ["docker.io/library/redis:latest"],
    }
    assert alone(folder, "check").status == 0

    assert alone(folder, "pin", "--locked").status == 0
    checked = alone(folder, "check")
    assert (checked.status, checked.stdout) == (0, "")
    assert checked.stderr == "all 7 references are pinned (4 files); pinner.lock agrees\n"

    dockerfile = folder / "Dockerfile"
    pinned = dockerfile.read_text("utf-8")
    dockerfile.write_text(pinned.replace("nginx:1.27@", "nginx:1.28@"), "utf-8")
    checked = alone(folder, "check")
    assert checked.status == 1
    assert "Dockerfile:2:6: error: `nginx:1.28` is not in pinner.lock [PIN004]" in checked.stdout
    # Back to a tag that the lock knows, with a digest of another: the lock mends it without a network.
    other = IMAGES["library/nginx:1.28"].digest
    dockerfile.write_text(pinned.replace(IMAGES["library/nginx:1.27"].digest, other), "utf-8")
    assert alone(folder, "check").status == 1
    assert alone(folder, "pin", "--locked").status == 0
    assert dockerfile.read_text("utf-8") == pinned
    assert alone(folder, "check").status == 0


def test_a_second_lock_makes_no_request_and_writes_nothing(registry: RealRegistry, tmp_path: Path) -> None:
    folder = clone(tmp_path / "project", registry)
    requests: list[str] = []
    run(folder, "lock", cache=tmp_path / "cache", requests=requests)
    # It stands in Docker Hub's place, and a HEAD shows first that it counts no pulls.
    assert [one.split()[0] for one in requests].count("HEAD") == 1
    assert sorted(one for one in requests if one.startswith("GET") and "sha256:" not in one) == [
        f"GET /v2/library/{name}"
        for name in ("busybox/manifests/1", "nginx/manifests/1.27", "python/manifests/3.12", "redis/manifests/latest")
    ]
    # Two manifests and one config for three of them; a config for busybox.
    assert len(requests) == 1 + 4 + 3 * 3 + 1
    os.utime(folder / "pinner.lock", (1, 1))
    later: list[str] = []
    again = run(folder, "lock", cache=tmp_path / "cache", requests=later)
    assert (again.status, again.stderr) == (0, "nothing to lock: pinner.lock holds all 4 images already\n")
    assert later == []
    assert (folder / "pinner.lock").stat().st_mtime == 1


def test_two_clones_in_different_folders_have_the_same_lock(registry: RealRegistry, tmp_path: Path) -> None:
    one, other = clone(tmp_path / "one", registry), clone(tmp_path / "some" / "where" / "else", registry)
    run(one, "lock", cache=tmp_path / "cache")
    requests: list[str] = []
    run(other, "lock", cache=tmp_path / "cache", requests=requests, now=NOW + 1000)
    assert (one / "pinner.lock").read_bytes() == (other / "pinner.lock").read_bytes()
    # What a digest names was remembered: the second clone only asks what the tags mean.
    assert len(requests) == 1 + 4
    assert not [request for request in requests if "sha256:" in request]


def test_update_moves_the_lock_and_every_file(registry: RealRegistry, tmp_path: Path) -> None:
    folder = clone(tmp_path / "project", registry)
    run(folder, "lock", cache=tmp_path / "cache")
    run(folder, "pin", cache=tmp_path / "cache")
    before = IMAGES["library/redis:latest"]
    after = make_multi_platform("redis 2")
    registry.push({"library/redis:latest": after})
    try:
        waiting = run(folder, "update", "--min-age", "2d", cache=tmp_path / "cache")
        assert waiting.stderr.splitlines()[0].startswith(f"held back: redis:latest → {after.digest[:19]}")
        assert alone(folder, "check").status == 0
        done = run(folder, "update", "--min-age", "2d", cache=tmp_path / "cache", now=NOW + 2 * 86_400)
        assert done.stderr == "moved 2 references in 2 files; 5 are up to date; pinner.lock updated: 1 moved\n"
        assert after.digest in (folder / "tests/conftest.py").read_text("utf-8")
        assert alone(folder, "check").status == 0
    finally:
        registry.push({"library/redis:latest": before})


def test_a_check_with_the_network_cut_off(registry: RealRegistry, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no right to a network of our own")
    folder = clone(tmp_path / "project", registry)
    run(folder, "lock", cache=tmp_path / "cache")
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    for arguments in (("check",), ("pin", "--locked"), ("check",), ("lock",)):
        command = [unshare, "-rn", sys.executable, "-m", "pinner", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert done.stderr == "nothing to lock: pinner.lock holds all 4 images already\n"
