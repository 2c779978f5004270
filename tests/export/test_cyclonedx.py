"""CycloneDX: every image that is pulled, with its digest where there is one, and where it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from exporting import AMD64, OTHER, asked, digest, lock_of
from world import pinner

from pinner.export.cyclonedx import concerns, export
from pinner.lockfile.render import render_lock

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.export.base import Export

SHA512 = "sha512:" + "c" * 128


def components(made: Export) -> dict[str, dict[str, Any]]:
    return {one["bom-ref"]: one for one in json.loads(made.text)["components"]}


def test_an_image_with_a_digest_has_its_hash_and_package_url() -> None:
    made = export(asked({"Dockerfile": f"FROM ghcr.io:443/acme/app:1.2@{OTHER}\nFROM scratch\n"}))
    purl = f"pkg:oci/app@sha256%3A{'a' * 64}?repository_url=ghcr.io:443/acme/app&tag=1.2"
    assert components(made) == {
        purl: {
            "type": "container",
            "bom-ref": purl,
            "name": "ghcr.io:443/acme/app",
            "version": "1.2",
            "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
            "purl": purl,
            "evidence": {"occurrences": [{"location": "Dockerfile", "line": 1}]},
        }
    }
    assert made.images == 1


def test_the_file_s_digest_counts_and_then_the_lock_s() -> None:
    made = export(asked({"Dockerfile": f"FROM nginx:1@{OTHER}\nFROM redis\nFROM alpine:3\n"}, "nginx:1", "redis"))
    nginx, redis, alpine = sorted(components(made).values(), key=lambda one: one["evidence"]["occurrences"][0]["line"])
    assert nginx["hashes"][0]["content"] == "a" * 64
    assert (redis["version"], redis["hashes"][0]["content"]) == ("latest", digest("redis").hex)
    assert (alpine["bom-ref"], alpine["version"]) == ("docker.io/library/alpine:3", "3")
    assert "purl" not in alpine
    assert "hashes" not in alpine


def test_a_digest_without_a_tag_and_another_algorithm() -> None:
    made = export(asked({"Dockerfile": f"FROM nginx@{SHA512}\n"}))
    [one] = components(made).values()
    assert (one["version"], one["hashes"]) == (SHA512, [{"alg": "SHA-512", "content": "c" * 128}])
    assert one["purl"].endswith("?repository_url=docker.io/library/nginx")


def test_places_are_gathered_and_what_is_built_here_is_none() -> None:
    files = {
        "Dockerfile": "FROM nginx:1\nFROM nginx:1\n# pinner: ignore ours\nFROM acme/base:1\nFROM ${X}\n",
        "compose.yaml": "services:\n  a: {build: ., image: made}\n  b: {image: 'nginx:1'}\n",
    }
    found = components(export(asked(files)))
    assert list(found) == ["docker.io/acme/base:1", "docker.io/library/nginx:1"]
    assert found["docker.io/library/nginx:1"]["evidence"]["occurrences"] == [
        {"location": "Dockerfile", "line": 1},
        {"location": "Dockerfile", "line": 2},
        {"location": "compose.yaml", "line": 3},
    ]


def test_an_excluded_text_that_is_no_name_is_left_out() -> None:
    text = "ARG V=1\nARG X=${V}\nFROM nginx:${X}\nFROM nginx:${V}-slim\nFROM a:${V}${V}\n"
    made = export(asked({"Dockerfile": f"# pinner: ignore-file\n{text}FROM ${{Y}}:1\n"}))
    assert all(name.startswith("docker.io/library/") for name in components(made))


def test_one_platform_of_the_lock() -> None:
    files = {"Dockerfile": "FROM nginx:1\nFROM --platform=linux/s390x redis:7\n"}
    made = export(asked(files, "nginx:1", "redis:7", platform=AMD64))
    [nginx, redis] = components(made).values()
    assert nginx["hashes"][0]["content"] == digest("nginx:1", AMD64).hex
    assert "hashes" not in redis
    assert [one.line for one in made.problems] == [2]


def test_the_same_images_make_the_same_file() -> None:
    files = {"Dockerfile": "FROM nginx:1\n"}
    assert export(asked(files)) == export(asked(files))
    one, other = (json.loads(export(asked({"Dockerfile": text})).text) for text in ("FROM a\n", "FROM b\n"))
    assert one["serialNumber"] != other["serialNumber"]
    assert one["serialNumber"].startswith("urn:uuid:")


def test_every_image_is_its_business() -> None:
    [source] = asked({"Dockerfile": "FROM nginx:1\n"}).sources
    assert concerns("python", source.candidates[0].place)


@pytest.mark.parametrize("locked", [True, False])
def test_the_command_needs_no_lock_and_nothing_is_overruled(tmp_path: Path, *, locked: bool) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM nginx:1@{OTHER}\nFROM ${{X}}\n")
    if locked:
        (tmp_path / "pinner.lock").write_bytes(render_lock(lock_of(["nginx:1"])))
    done = pinner(tmp_path, "export", "cyclonedx")
    assert done.status == 0
    assert json.loads(done.stdout)["bomFormat"] == "CycloneDX"
    assert "overrule" not in done.stderr
    assert "another digest" not in done.stderr
    assert "PIN006" in done.stderr
    assert done.stderr.endswith("1 image\n")
