"""The commands of pinner and its peers for the two kinds of work, and what each of them does of it.

A peer that is not installed is left out here; ``peers.introduce`` says that it is missing.
"""

from __future__ import annotations

import functools
import json
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure import Place, Tool, output
from peers import program, renovate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_DIGEST = re.compile(rb"@sha256:[0-9a-f]{64}\b")


def digests(folder: Path) -> int:
    """Count the digests in the files below ``folder``: the references that are pinned."""
    return sum(len(_DIGEST.findall(path.read_bytes())) for path in folder.rglob("*") if path.is_file())


def pinner(*arguments: str, statuses: Sequence[int] = (0,), tell: Callable[[Tool, Place], str] | None = None) -> Tool:
    """Return the installed program, which is what a user starts."""
    return Tool("pinner", [program("pinner") or "pinner", *arguments], statuses, tell=tell)


def python_of_pinner() -> str:
    """Return the interpreter that runs the pinner which is measured."""
    path = program("pinner")
    return str(Path(path).with_name("python")) if path else sys.executable


def checkers(place: Place, references: int, files: Sequence[str], *, pinned: bool = True) -> Iterator[Tool]:
    """Return who can look, without a network, at ``files`` of ``place``, which name ``references`` images."""
    status = (0,) if pinned else (1,)
    yield pinner("check", statuses=status, tell=functools.partial(_pinner_looked, references))
    if path := program("pindock"):
        yield Tool("pindock", [path, "check"], (0, 1), tell=functools.partial(_pindock_looked, references))
    if path := program("docker-image-pin"):
        tell = functools.partial(_docker_image_pin_looked, references, pinned)
        # It knows no folders; an image with a tag such as `7` or `3.12` is wrong to it, with or without a digest.
        yield Tool("docker-image-pin", [path, *files], (0, 1), tell=tell)
    if command := renovate():
        settings = _renovate_settings(place.home, "extract")
        yield Tool("Renovate", command, (0,), settings, functools.partial(_renovate_looked, references))


def _renovate_settings(home: Path, dry_run: str) -> dict[str, str]:
    return _RENOVATE | {"RENOVATE_DRY_RUN": dry_run, "RENOVATE_BASE_DIR": str(home / "renovate"), "LOG_LEVEL": "error"}


_RENOVATE = {
    "RENOVATE_PLATFORM": "local",
    "RENOVATE_ONBOARDING": "false",
    "RENOVATE_REQUIRE_CONFIG": "ignored",
    "RENOVATE_ENABLED_MANAGERS": "dockerfile,docker-compose,kubernetes",
    "RENOVATE_KUBERNETES": '{"managerFilePatterns": ["/bundle\\\\.yaml$/"]}',
    "RENOVATE_PIN_DIGESTS": "true",
}


def _pinner_looked(references: int, tool: Tool, place: Place) -> str:
    summary = json.loads(output(tool, place, "--format", "json"))["summary"]
    return f"{summary['mentions']} of {references} references"


def _pindock_looked(references: int, tool: Tool, place: Place) -> str:
    lines = output(tool, place, "--verbose").splitlines()
    seen = sum(line.startswith("  ") for line in lines)
    return f"{seen} of {references} references"


def _docker_image_pin_looked(references: int, pinned: bool, tool: Tool, place: Place) -> str:  # noqa: FBT001 - bound
    wrong = output(tool, place).count(") Invalid: ")
    return f"wrong about {wrong} of {references}" if pinned else f"{wrong} of {references} references"


def _renovate_looked(references: int, tool: Tool, place: Place) -> str:
    found = [name for name in _renovate_found(tool, place) if name["datasource"] == "docker"]
    return f"{len(found)} of {references} references, no verdict"


def _renovate_found(tool: Tool, place: Place) -> Iterator[dict[str, Any]]:
    log = output(tool, place, environment={"LOG_LEVEL": "debug", "LOG_FORMAT": "json"})
    for line in log.splitlines():
        entry = json.loads(line)
        if entry["msg"] in {"Extracted dependencies", "packageFiles with updates"}:
            managers = entry.get("packageFiles") or entry["config"]
            yield from (
                found
                for files in managers.values()
                for file in files
                for found in file["deps"]
                if not found.get("skipReason")
            )
            return


def pinners(
    place: Place, references: int, host: str, names: Sequence[str], dockerfiles: Sequence[str]
) -> Iterator[Tool]:
    """Return who can find digests for ``references`` references to ``names`` of the registry at ``host``."""
    yield pinner("pin", tell=functools.partial(_pinned, references))
    if path := program("pindock"):
        yield Tool("pindock", [path, "run"], tell=functools.partial(_pinned, references))
    if path := program("container-source-policy"):
        settings = place.home.with_name("registries.conf")
        settings.write_text(f'[[registry]]\nlocation = "{host}"\ninsecure = true\n')
        command = [path, "pin", "--stdout", *dockerfiles]
        environment = {"CONTAINERS_REGISTRIES_CONF": str(settings)}
        yield Tool("container-source-policy", command, (0,), environment, _policy)
    if path := program("skopeo"):
        inspect = [path, "inspect", "--tls-verify=false", "--no-tags", "--format", "{{.Digest}}"]
        loop = f'for name; do {shlex.join(inspect)} "docker://{host}/$name" || exit; done'
        yield Tool("skopeo, one by one", ["sh", "-c", loop, "sh", *names], tell=_asked)
    if renovate_command := renovate():
        rules = [{"hostType": "docker", "matchHost": host, "insecureRegistry": True}]
        environment = _renovate_settings(place.home, "lookup") | {"RENOVATE_HOST_RULES": json.dumps(rules)}
        yield Tool("Renovate", renovate_command, (0,), environment, functools.partial(_proposed, references))


def _pinned(references: int, tool: Tool, place: Place) -> str:
    output(tool, place)
    return f"{digests(place.folder)} of {references} references"


def _policy(tool: Tool, place: Place) -> str:
    rules = json.loads(output(tool, place))["rules"]
    return f"a policy of {len(rules)} images, of Dockerfiles alone; writes no file back"


def _asked(tool: Tool, place: Place) -> str:
    return f"{len(output(tool, place).split())} digests; knows no files"


def _proposed(references: int, tool: Tool, place: Place) -> str:
    found = [update for each in _renovate_found(tool, place) for update in each.get("updates", ())]
    pinned = sum("newDigest" in update for update in found)
    return f"{pinned} of {references} references; its local platform writes no file back"
