"""docker's daemon.json: its mirrors are Docker Hub's, come first, and get nothing of Docker Hub's."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

import httpx
import pytest
from scripted_registry import (
    HUB,
    OCI_INDEX,
    A,
    B,
    ScriptedRegistry,
    ask,
    challenge,
    digest_of,
    manifest_answer,
    refusal,
    resolver,
    tag_answer,
)
from virtual_time import run_virtually

from pinner.config import RegistryOptions, Settings
from pinner.errors import NotFoundError, ResolveError, UnauthorizedError
from pinner.model import Resolved
from pinner.oci.resolver import Listener
from pinner.reference import Digest, ImageReference
from pinner.registry.docker_daemon_json import Daemon, parse_daemon, read_daemon

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

AT_HUB = f"{HUB}library/nginx/manifests/1"
AT_MIRROR = "https://mirror.example/v2/library/nginx/manifests/1"
PAIR = base64.b64encode(b"alice:s3cret-word").decode()
HUB_LOGIN = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {"https://index.docker.io/v1/": {"auth": PAIR}}})}


def warn(message: str) -> None:
    raise AssertionError(message)


def machine(home: Path, document: object) -> dict[str, str | None]:
    """Return the environment of a user whose daemon is told ``document``."""
    folder = home / ".config" / "docker"
    folder.mkdir(parents=True)
    (folder / "daemon.json").write_text(json.dumps(document))
    # The machine's own registries.conf is no part of a test.
    (home / ".config" / "containers").mkdir()
    (home / ".config" / "containers" / "registries.conf").write_text("")
    return {"HOME": str(home), "CONTAINERS_REGISTRIES_CONF": None}


def asked(
    registry: ScriptedRegistry,
    environment: Mapping[str, str | None],
    name: str = "nginx:1",
    registries: Mapping[str, RegistryOptions] | None = None,
) -> tuple[object, tuple[str, ...]]:
    """Return the answer and the notes."""
    there = {key: value for key, value in environment.items() if value is not None}
    settings = Settings(registries=TRUSTED if registries is None else registries, use_cache=False)
    notes: list[str] = []
    listener = Listener(lambda _: None, notes.append)
    one = resolver(registry, settings=settings, environment=there, own_places=True, listener=listener)
    answer = ask(one, name)[0]
    registry.assert_used_up()
    return answer, tuple(notes)


def found(digest: str) -> Resolved:
    return Resolved(Digest.parse(digest), OCI_INDEX)


TRUSTED = {"docker.io": RegistryOptions(mirrors=True)}
MIRRORED = {"registry-mirrors": ["https://mirror.example/"]}


def test_a_mirror_does_not_say_what_a_tag_means_unless_the_settings_trust_it(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_HUB, tag_answer(B))
    assert asked(registry, machine(tmp_path, MIRRORED), registries={}) == (found(B), ())


def test_where_docker_hub_cannot_be_reached_the_mirror_answers_with_a_warning(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_HUB, httpx.ConnectError("no route"), forever=True)
    registry.on("MIRROR", AT_MIRROR, tag_answer(A))
    environment = {key: value for key, value in machine(tmp_path, MIRRORED).items() if value is not None}
    one = resolver(registry, settings=Settings(use_cache=False), environment=environment, own_places=True)
    assert ask(one, "nginx:1") == [found(A)]
    assert one.warnings == (
        "docker.io cannot be reached: its mirror mirror.example said what tags mean, and may be behind",
    )


def test_where_docker_hub_says_no_the_mirror_is_not_asked(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_HUB, refusal(404))
    registry.on("GET", AT_HUB, refusal(404))
    assert isinstance(asked(registry, machine(tmp_path, MIRRORED), registries={})[0], NotFoundError)


def test_a_mirror_has_what_a_digest_names(tmp_path: Path) -> None:
    body = b'{"schemaVersion":2,"manifests":[]}'
    digest = digest_of(body)
    registry = ScriptedRegistry()
    registry.on("GET", AT_MIRROR.removesuffix("1") + digest, manifest_answer(body))
    environment = {key: value for key, value in machine(tmp_path, MIRRORED).items() if value is not None}
    one = resolver(registry, settings=Settings(use_cache=False), environment=environment, own_places=True)
    image = run_virtually(one.describe(ImageReference.parse(f"nginx:1@{digest}")))
    assert str(image.digest) == digest


def test_the_mirror_is_asked_first_and_that_is_noted(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("MIRROR", AT_MIRROR, tag_answer(A))
    answer, notes = asked(registry, machine(tmp_path, MIRRORED))
    file = tmp_path / ".config" / "docker" / "daemon.json"
    assert answer == found(A)
    assert notes == (f"docker.io: https://mirror.example is asked first, as {file} has it",)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_mirror_that_has_no_answer_leaves_it_to_docker_hub(tmp_path: Path, status: int) -> None:
    registry = ScriptedRegistry()
    registry.on("MIRROR", AT_MIRROR, refusal(status), forever=True)
    registry.on("GET", "https://mirror.example/v2/", refusal(status), forever=True)
    registry.on("TAG", AT_HUB, tag_answer(B))
    assert asked(registry, machine(tmp_path, MIRRORED))[0] == found(B)


def test_a_mirror_that_is_not_there_leaves_it_to_the_next(tmp_path: Path) -> None:
    mirrors = ["https://gone.example", "https://mirror.example"]
    registry = ScriptedRegistry()
    registry.on("MIRROR", AT_MIRROR.replace("mirror.", "gone."), httpx.ConnectError("no route"), forever=True)
    registry.on("MIRROR", AT_MIRROR, tag_answer(A))
    assert asked(registry, machine(tmp_path, {"registry-mirrors": mirrors}))[0] == found(A)


def test_the_mirror_gets_nothing_that_is_for_docker_hub(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", AT_MIRROR, challenge('Basic realm="mirror"'))
    registry.on("TAG", AT_HUB, challenge('Basic realm="hub"'))
    registry.on("TAG", AT_HUB, tag_answer(B), authorization=f"Basic {PAIR}")
    assert asked(registry, {**machine(tmp_path, MIRRORED), **HUB_LOGIN})[0] == found(B)
    assert [one for one in registry.asked if "mirror.example" in one[1] and one[2] is not None] == []


def test_other_registries_have_no_mirror(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", "https://ghcr.io/v2/a/manifests/1", tag_answer(A))
    assert asked(registry, machine(tmp_path, MIRRORED), "ghcr.io/a:1") == (found(A), ())


@pytest.mark.parametrize(
    "options", [RegistryOptions(mirrors=False), RegistryOptions(endpoint="https://registry-1.docker.io")]
)
@pytest.mark.parametrize("host", ["docker.io", "*"])
def test_settings_can_do_without_the_mirror(tmp_path: Path, host: str, options: RegistryOptions) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_HUB, tag_answer(B))
    assert asked(registry, machine(tmp_path, MIRRORED), registries={host: options}) == (found(B), ())


def test_a_rule_of_registries_conf_decides_alone(tmp_path: Path) -> None:
    environment = machine(tmp_path, MIRRORED)
    rules = '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "other.example"\n'
    (tmp_path / ".config" / "containers" / "registries.conf").write_text(rules)
    registry = ScriptedRegistry()
    registry.on("MIRROR", AT_MIRROR.replace("mirror.", "other."), tag_answer(A))
    answer, notes = asked(registry, environment)
    assert answer == found(A)
    assert "other.example is asked first" in notes[0]


def test_settings_can_do_without_the_mirrors_of_registries_conf(tmp_path: Path) -> None:
    environment = machine(tmp_path, {})
    rules = '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "other.example"\n'
    (tmp_path / ".config" / "containers" / "registries.conf").write_text(rules)
    registry = ScriptedRegistry()
    registry.on("TAG", AT_HUB, tag_answer(B))
    options = {"docker.io": RegistryOptions(mirrors=False)}
    assert asked(registry, environment, registries=options) == (found(B), ())


def test_who_names_a_registries_conf_means_that_alone(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_HUB, tag_answer(B))
    environment = {**machine(tmp_path, MIRRORED), "CONTAINERS_REGISTRIES_CONF": os.devnull}
    assert asked(registry, environment) == (found(B), ())


INSECURE = {"insecure-registries": ["reg.example:5000", "10.0.0.0/8"]}


@pytest.mark.parametrize("host", ["reg.example:5000", "10.1.2.3:5000"])
def test_an_insecure_registry_is_asked_in_plain_http_where_it_speaks_no_https(tmp_path: Path, host: str) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", f"https://{host}/v2/a/manifests/1", httpx.ConnectError("no"), forever=True)
    registry.on("TAG", f"http://{host}/v2/a/manifests/1", tag_answer(A))
    assert asked(registry, machine(tmp_path, INSECURE), f"{host}/a:1")[0] == found(A)


@pytest.mark.parametrize("host", ["reg.example", "reg.example:5001", "11.1.2.3:5000", "docker.example"])
def test_any_other_registry_never_is(tmp_path: Path, host: str) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", f"https://{host}/v2/a/manifests/1", httpx.ConnectError("no"), forever=True)
    assert isinstance(asked(registry, machine(tmp_path, INSECURE), f"{host}/a:1")[0], ResolveError)


def test_an_insecure_registry_that_answers_in_https_is_believed(tmp_path: Path) -> None:
    address = "https://reg.example:5000/v2/a/manifests/1"
    registry = ScriptedRegistry()
    registry.on("TAG", address, refusal(403))
    registry.on("GET", address, refusal(403))
    answer = asked(registry, machine(tmp_path, INSECURE), "reg.example:5000/a:1")[0]
    assert isinstance(answer, UnauthorizedError)


def test_a_mirror_in_plain_http_is_one_that_says_so(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("MIRROR", AT_MIRROR.replace("https:", "http:"), tag_answer(A))
    assert asked(registry, machine(tmp_path, {"registry-mirrors": ["http://mirror.example"]}))[0] == found(A)


def test_an_insecure_mirror_that_lacks_the_image_leaves_it_to_docker_hub(tmp_path: Path) -> None:
    document = {**MIRRORED, "insecure-registries": ["mirror.example"]}
    registry = ScriptedRegistry()
    registry.on("MIRROR", AT_MIRROR, refusal(404))
    registry.on("TAG", AT_HUB, tag_answer(B))
    assert asked(registry, machine(tmp_path, document))[0] == found(B)


def test_an_insecure_mirror_is_asked_in_plain_http_too(tmp_path: Path) -> None:
    document = {**MIRRORED, "insecure-registries": ["mirror.example"]}
    registry = ScriptedRegistry()
    registry.on("MIRROR", AT_MIRROR, httpx.ConnectError("no"), forever=True)
    registry.on("MIRROR", AT_MIRROR.replace("https:", "http:"), tag_answer(A))
    assert asked(registry, machine(tmp_path, document))[0] == found(A)


# The file


def test_the_settings_of_the_mirrors_host_hold(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", AT_MIRROR, challenge('Bearer realm="https://auth.test/t",service="s"'))
    registry.on(
        "GET",
        "https://auth.test/t?service=s&account=bob&scope=repository%3Alibrary%2Fnginx%3Apull",
        refusal(403),
        authorization="Basic Ym9iOnNlc2FtZQ==",
    )
    registry.on("TAG", AT_HUB, tag_answer(B))
    login = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {"mirror.example": {"auth": "Ym9iOnNlc2FtZQ=="}}})}
    options = {**TRUSTED, "mirror.example": RegistryOptions(token_server="auth.test")}
    assert asked(registry, {**machine(tmp_path, MIRRORED), **login}, registries=options)[0] == found(B)


@pytest.mark.parametrize(
    "place", [".config/docker/daemon.json", ".docker/daemon.json", "data/docker/config/daemon.json"]
)
def test_every_daemons_file_is_found(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(MIRRORED))
    environment = {"HOME": str(tmp_path), "PROGRAMDATA": str(tmp_path / "data")}
    assert read_daemon(environment, warn) == Daemon(("https://mirror.example",), (), str(path))


def test_the_first_file_counts(tmp_path: Path) -> None:
    for place, mirror in ((tmp_path / "x" / "docker", "one"), (tmp_path / ".docker", "two")):
        place.mkdir(parents=True)
        (place / "daemon.json").write_text(json.dumps({"registry-mirrors": [f"https://{mirror}.example"]}))
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "x")}
    assert read_daemon(environment, warn).mirrors == ("https://one.example",)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"registry-mirrors": "x"}', '{"insecure-registries": [1]}', "[" * 100_000, " " * 2_000_000]
)
def test_a_broken_file_is_one_warning(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".docker" / "daemon.json"
    path.parent.mkdir()
    path.write_text(text)
    warnings: list[str] = []
    assert read_daemon({"HOME": str(tmp_path)}, warnings.append) == Daemon()
    assert warnings == [f"{path} is not a configuration of dockerd: its mirrors are not used"]


def test_a_file_that_cannot_be_read_is_one_warning(tmp_path: Path) -> None:
    path = tmp_path / ".docker" / "daemon.json"
    path.mkdir(parents=True)
    warnings: list[str] = []
    assert read_daemon({"HOME": str(tmp_path)}, warnings.append) == Daemon()
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{path} cannot be read (")


@pytest.mark.parametrize("text", ["", "\n", "{}", '{"registry-mirrors": null}', "\ufeff{}", '{"log-level": "debug"}'])
def test_a_file_without_mirrors_says_nothing(text: str) -> None:
    assert parse_daemon(text.encode(), "f", warn) == Daemon((), (), "f")


@pytest.mark.parametrize(
    "mirror",
    [
        "mirror.example",
        "ftp://mirror.example",
        "https://mirror.example/path",
        "https://mirror.example?x",
        "https://mirror.example#x",
        "https://alice:s3cret@mirror.example",
        "https://",
        "https://a b",
        "https://mirror.example:123456",
    ],
)
def test_a_mirror_that_dockerd_refuses_is_a_warning_without_a_secret(mirror: str) -> None:
    warnings: list[str] = []
    assert parse_daemon(json.dumps({"registry-mirrors": [mirror]}).encode(), "f", warnings.append).mirrors == ()
    assert len(warnings) == 1
    assert "s3cret" not in warnings[0]


@pytest.mark.parametrize(
    ("domain", "entries", "is_insecure"),
    [
        ("reg.example", ["reg.example"], True),
        ("reg.example:5000", ["reg.example"], False),
        ("reg.example", ["reg.example:5000"], False),
        ("10.0.0.1", ["10.0.0.0/8"], True),
        ("10.0.0.1:5000", ["10.0.0.0/8"], True),
        ("[fd00::1]:5000", ["fd00::/8"], True),
        ("[fd00::1]", ["fd00::/8"], True),
        ("11.0.0.1", ["10.0.0.0/8", "x/y"], False),
        ("reg.example", ["0.0.0.0/0"], False),
    ],
)
def test_who_may_be_spoken_to_in_plain_http(domain: str, entries: list[str], is_insecure: bool) -> None:  # noqa: FBT001
    assert Daemon(insecure=tuple(entries)).is_insecure(domain) is is_insecure
