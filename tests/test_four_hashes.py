from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from archives import of_platform, parts
from images import digest_of, make_multi_platform, write_layout
from world import outcome, world

from pinner.cli.context import connect_to_registries

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "four-hashes.md").read_text("utf-8")
PICTURE = (DOCS / "four-hashes.svg").read_text("utf-8")
NAME = "registry.example/app:1"
INDEX = make_multi_platform("hello")


def test_the_page_shows_what_pinner_says(tmp_path: Path) -> None:
    write_layout(tmp_path / "layout", {NAME: INDEX})
    shown = re.search(r"```console\n\$ pinner (?P<command>.+)\n(?P<output>(?:.*\n)+?)```", PAGE)
    assert shown is not None
    environment = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    context = world(tmp_path, environment=environment)._replace(connect=connect_to_registries)
    result = outcome(context, *shown["command"].split(), "--layout", "layout", "--no-cache")
    assert result.stdout == shown["output"]


def test_the_picture_shows_one_image_s_own_hashes() -> None:
    amd64, arm64 = (of_platform(INDEX, name) for name in ("amd64", "arm64"))
    config, layer, unpacked = parts(amd64)
    digests = [INDEX.digest, amd64.digest, arm64.digest, config.digest, layer.digest, digest_of(unpacked)]
    shown = set(re.findall(r"([0-9a-f]{8})…", PICTURE))
    assert shown == {digest[7:15] for digest in digests}


def test_the_picture_is_well_formed_and_described() -> None:
    picture = ET.fromstring(PICTURE)  # noqa: S314 - our own file
    names = [element.tag.rpartition("}")[2] for element in picture]
    assert names[:2] == ["title", "desc"]
    assert "(four-hashes.svg)" in PAGE
