"""docs/pull-request.md shows what the code makes: the text to the letter, and pictures of that very text."""

from __future__ import annotations

import hashlib
import re
import struct
from pathlib import Path

import pytest
from prsample import BODY

from pinner.config.bot import BOT_KEYS, GROUP_KEYS, MESSAGE_WORDS
from pinner.config.parse import parse_settings

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "pull-request.md"
MOST_BYTES = 200_000


def test_the_text_of_the_example_is_that_of_the_code(*, update_golden: bool) -> None:
    text = PAGE.read_text("utf-8")
    written = text.partition("````")[0] + f"````markdown\n{BODY}````\n"
    if update_golden:
        PAGE.write_bytes(written.encode())
    assert PAGE.read_text("utf-8") == written, "`make docs` rewrites it"


@pytest.mark.parametrize("name", ["pull-request.png", "pull-request-details.png"])
def test_the_pictures_show_that_text(name: str) -> None:
    data = (DOCS / name).read_bytes()
    assert len(data) < MOST_BYTES
    assert f"]({name})" in PAGE.read_text("utf-8")
    mark = hashlib.sha256(BODY.encode()).hexdigest().encode()
    assert dict(chunks(data))[b"tEXt"] == b"body-sha256\0" + mark, "`make pull-request-picture` draws them anew"


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the types and contents of a PNG's chunks (PNG specification, 5.3)."""
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += length + 12
    return found


def test_every_key_is_explained() -> None:
    text = PAGE.read_text("utf-8").partition("## Settings")[2]
    for table, keys in (("[bot]", BOT_KEYS), ("[[group]]", GROUP_KEYS)):
        part = text.partition(f"| `{table}` | what it says |\n")[2].partition("\n\n")[0]
        named = {key for row in part.splitlines()[1:] for key in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
        assert named == set(keys)
    for word in MESSAGE_WORDS:
        assert f"`{{{word}}}`" in text


def test_the_example_of_settings_is_one() -> None:
    example = PAGE.read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    settings = parse_settings(example.encode(), "pinner.toml", root="/r", shared=False)
    assert settings is not None
    assert [group.name for group in settings.groups] == ["databases", "website"]
    assert settings.bot.max_open == 3
