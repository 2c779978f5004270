"""What a run says of its registries: warnings as they come, mirrors to who asks, the time it has."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import httpx
import pytest
from fakes import FakeResolver
from images import make_multi_platform
from scripted_registry import HUB, ScriptedRegistry, manifest_answer, resolver
from world import outcome, pinner, world

from pinner.config import RegistryOptions, Settings
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    import io
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from pinner.oci.resolver import Listener

IMAGE = make_multi_platform("app", ("linux/amd64",))
LIMITED = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "1;w=21600"}


@pytest.mark.parametrize("terminal", [False, True])
def test_a_warning_is_on_the_screen_before_the_next_question_is_asked(tmp_path: Path, terminal: bool) -> None:  # noqa: FBT001
    (tmp_path / "Dockerfile").write_text("FROM team/app1:1\nFROM team/app2:1\nFROM team/app3:1\n")
    seen: list[bytes] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        raw: io.BytesIO = context.stderr.raw  # type: ignore[assignment]
        seen.append(raw.getvalue())
        assert str(request.url).startswith(HUB)
        await asyncio.sleep(0.01)
        return manifest_answer(IMAGE.top.data, **LIMITED).response()

    def connect(settings: Settings, _: object, listener: Listener) -> RegistryResolver:
        return RegistryResolver(
            settings._replace(jobs=1, use_cache=False),
            environment={"CONTAINERS_REGISTRIES_CONF": os.devnull},
            transport=httpx.MockTransport(answer),
            listener=listener,
        )

    context = world(tmp_path, terminal=terminal)._replace(connect=connect)
    run = outcome(context, "--platform", "linux/amd64", "pin")
    assert run.status == 0
    assert [b"registry-1.docker.io lets 1 more manifests be fetched" in text for text in seen] == [False, True, True]
    assert run.stderr.count("more manifests be fetched") == 1


def heard_by(asked: Callable[..., RegistryResolver], _: object, __: object, listener: Listener) -> RegistryResolver:
    return asked(listener=listener)


def test_verbose_names_the_mirrors(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM nginx:1\n")
    folder = tmp_path / ".config" / "docker"
    folder.mkdir(parents=True)
    (folder / "daemon.json").write_text(json.dumps({"registry-mirrors": ["https://mirror.example"]}))
    (tmp_path / ".config" / "containers").mkdir()
    (tmp_path / ".config" / "containers" / "registries.conf").write_text("")
    for arguments, is_told in ((["pin", "--diff"], False), (["pin", "--diff", "--verbose"], True)):
        registry = ScriptedRegistry()
        registry.on("MIRROR", "https://mirror.example/v2/library/nginx/manifests/1", manifest_answer(IMAGE.top.data))
        settings = Settings(use_cache=False, registries={"docker.io": RegistryOptions(mirrors=True)})
        places = {"HOME": str(tmp_path)}
        asked = partial(resolver, registry, settings=settings, environment=places, own_places=True)
        run = outcome(world(tmp_path)._replace(connect=partial(heard_by, asked)), *arguments)
        assert run.status == 0
        assert ("docker.io: https://mirror.example is asked first" in run.stderr) is is_told


@pytest.mark.parametrize("text", ["5", "5 m", "-5s", "1.5s", "3d", "٣s", "99999999s"])
def test_a_time_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    run = pinner(tmp_path, "pin", f"--timeout={text}")
    wrong = f"error: --timeout: not a duration: `{text}`\n  hint: write a whole number and s, m or h, as in 90s\n"
    assert (run.status, run.stderr) == (2, wrong)


@pytest.mark.parametrize(("arguments", "seconds"), [([], 300.0), (["--timeout", "90s"], 90.0)])
def test_the_command_line_says_the_time_before_the_settings_do(
    tmp_path: Path, arguments: list[str], seconds: float
) -> None:
    (tmp_path / "pinner.toml").write_text('timeout = "5m"\n')
    (tmp_path / "Dockerfile").write_text("FROM nginx:1\n")
    given: list[float | None] = []

    @asynccontextmanager
    async def connect(settings: Settings, *_: object) -> AsyncIterator[FakeResolver]:
        given.append(settings.timeout)
        yield FakeResolver()

    outcome(world(tmp_path)._replace(connect=connect), "pin", "--diff", *arguments)
    assert given == [seconds]
