from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locks import INDEX, NGINX, NOON, REDIS, digest, entry, lock, record

from pinner.errors import ConfigError
from pinner.lockfile.model import Entry, Lock, LockedDigest, LockedPlatform
from pinner.lockfile.parse import parse_lock
from pinner.lockfile.positions import key_positions, where_all
from pinner.lockfile.render import render_lock
from pinner.reference import Digest, Platform

A = "a" * 64
TEXT = f"""\
{{
  "images": {{
    "docker.io/library/nginx:1.27": {{
      "digest": "sha256:{A}",
      "firstSeen": "2026-11-01T12:00:00Z",
      "labels": {{
        "org.opencontainers.image.source": "https://github.com/n\\u00e9"
      }},
      "mediaType": "application/vnd.oci.image.index.v1+json",
      "platforms": {{
        "linux/amd64": {{
          "config": "sha256:{A}",
          "digest": "sha256:{A}",
          "size": 12
        }}
      }}
    }}
  }},
  "sources": {{
    "a b/Dockerfile": [
      "docker.io/library/nginx:1.27"
    ]
  }},
  "version": 1
}}
"""


def refusal(data: str | bytes) -> tuple[str, str | None]:
    with pytest.raises(ConfigError) as caught:
        parse_lock(data if isinstance(data, bytes) else data.encode(), "pinner.lock")
    return caught.value.message, caught.value.hint


def test_a_lock_as_it_stands_in_the_specification() -> None:
    expected = Lock(
        {
            NGINX: Entry(
                LockedDigest(
                    Digest("sha256", A),
                    INDEX,
                    datetime(2026, 11, 1, 12, tzinfo=UTC),
                    {Platform("linux", "amd64"): LockedPlatform(Digest("sha256", A), Digest("sha256", A), 12)},
                    {"org.opencontainers.image.source": "https://github.com/né"},
                )
            )
        },
        {"a b/Dockerfile": (NGINX,)},
    )
    assert parse_lock(TEXT.encode(), "pinner.lock") == expected
    assert render_lock(expected).decode() == TEXT


def test_what_is_not_known_of_a_platform_is_left_out() -> None:
    bare = LockedDigest(digest("a"), INDEX, NOON, {Platform("linux", "amd64"): LockedPlatform(digest("b"), None, None)})
    data = render_lock(lock({NGINX: Entry(bare)}))
    assert json.loads(data)["images"][NGINX]["platforms"] == {"linux/amd64": {"digest": str(digest("b"))}}
    assert parse_lock(data, "pinner.lock") == lock({NGINX: Entry(bare)})


def test_candidates_are_there_only_where_there_are_some() -> None:
    assert b"candidates" not in render_lock(lock({NGINX: entry("a")}))
    waiting = lock({NGINX: entry("a", record("b"), record("c"))})
    assert [one["digest"] for one in json.loads(render_lock(waiting))["images"][NGINX]["candidates"]] == [
        str(digest("b")),
        str(digest("c")),
    ]
    assert parse_lock(render_lock(waiting), "pinner.lock") == waiting


def test_windows_line_ends_are_read() -> None:
    assert parse_lock(TEXT.replace("\n", "\r\n").encode(), "x") == parse_lock(TEXT.encode(), "x")


moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)).map(  # noqa: DTZ001 - made UTC below
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
texts = st.text(st.characters(exclude_categories=["Cs"]))
digests = st.sampled_from([digest("a"), digest("b"), Digest("sha512", "0" * 128)])
records = st.builds(
    LockedDigest,
    digests,
    texts,
    moments,
    st.dictionaries(
        st.sampled_from([Platform("linux", "amd64"), Platform("linux", "arm", "v7")]),
        st.builds(LockedPlatform, digests, st.none() | digests, st.none() | st.integers(0, 2**60)),
    ),
    st.dictionaries(texts, texts),
)
locks = st.builds(
    Lock,
    st.dictionaries(
        st.sampled_from([NGINX, REDIS, "ghcr.io/a/b:1"]),
        st.builds(Entry, records, st.lists(records, max_size=2).map(tuple)),
    ),
    st.dictionaries(texts, st.just((NGINX, REDIS))),
)


@given(locks)
def test_what_is_written_is_read_as_it_was(given_lock: Lock) -> None:
    data = render_lock(given_lock)
    assert parse_lock(data, "pinner.lock") == given_lock
    assert render_lock(parse_lock(data, "pinner.lock")) == data
    assert data.isascii()
    assert data.endswith(b"}\n")


@given(st.binary() | st.text().map(str.encode) | st.integers(0, len(TEXT) - 3).map(lambda end: TEXT[:end].encode()))
def test_anything_else_is_one_clear_error(data: bytes) -> None:
    message, hint = refusal(data)
    assert message.startswith("pinner.lock")
    assert hint


def changed(*path: str, to: Any) -> str:
    content = json.loads(TEXT)
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return json.dumps(content, indent=2, sort_keys=True)


IMAGE = ("images", NGINX)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: ends too early"),
        (TEXT[:100], "4:17: ends too early"),
        (TEXT.replace('images"', "images", 1), "2:13: not valid JSON: invalid control character"),
        ("\ufeff" + TEXT, "1:1: begins with a byte order mark"),
        (TEXT[: TEXT.index('"sources"')], "19:3: ends too early"),
        (TEXT.replace("},\n  ", "}\n  ", 1), "9:7: not valid JSON: expecting ',' delimiter"),
        ("[" * 100_000, " not a lockfile of pinner"),
        ('{"version": ' + "1" * 5000 + "}", " not a lockfile of pinner"),
        ("[]", "1:1: not a lockfile of pinner"),
        ("3", "1:1: not a lockfile of pinner"),
        ("{}", "1:1: lacks `images`"),
        (changed("version", to=3), "24:3: `version` is 3: written by a newer pinner (version 3)"),
        (changed("version", to=0), "24:3: `version` must be 1, or 2 with signatures"),
        (changed("version", to=True), "24:3: `version` must be 1, or 2 with signatures"),
        (changed("version", to="1"), "24:3: `version` must be 1, or 2 with signatures"),
        (changed("version", to=None), "1:1: lacks `version`"),
        (changed("imagess", to={}), "19:3: `imagess` is no key of a lockfile"),
        (changed("images", to=[]), "2:3: `images` must be an object"),
        (changed(*IMAGE, to=3), f"3:5: `{NGINX}` must be an object"),
        (changed(*IMAGE, "digest", to=None), f"3:5: `{NGINX}` lacks `digest`"),
        (changed(*IMAGE, "digest", to=3), "4:7: `digest` must be a text"),
        (changed(*IMAGE, "firstSeen", to="2026-02-31T00:00:00Z"), "5:7: `firstSeen` is not a time"),
        (changed(*IMAGE, "firstSeen", to="2026-02-01"), "5:7: `firstSeen` is not a time: `2026-02-01`"),
        (changed(*IMAGE, "labels", to={"a": 1}), "7:9: `a` must be a text"),
        (changed(*IMAGE, "candidates", to={}), "4:7: `candidates` must be a list"),
        (changed(*IMAGE, "candidates", to=[{}]), "4:7: `candidates` lacks `digest`"),
        (changed(*IMAGE, "platforms", "linux/amd64", "size", to=-1), "14:11: `size` must be a number of bytes"),
        (changed(*IMAGE, "platforms", "linux/amd64", "size", to=True), "14:11: `size` must be a number of bytes"),
        (changed(*IMAGE, "platforms", "linux/amd64", "config", to="x"), "12:11: `config` is wrong: unsupported digest"),
        (changed(*IMAGE, "platforms", "linux", to={}), "11:9: `linux` is wrong: `linux` is not a platform"),
        (changed("images", "nginx", to={}), "18:5: `nginx` is not an image's full name: that is `docker.io/library"),
        (changed("images", "N ginx", to={}), "3:5: `N ginx` is wrong: `N ginx` is not an image reference"),
        (changed("sources", "x", to=[]), "23:5: `x` must name an image: a file without one is not listed"),
        (changed("sources", "x", to=[3]), "23:5: `x` must be a text"),
        (changed("sources", "x", to=["nginx"]), "24:7: `nginx` is not an image's full name"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, message: str) -> None:
    said, hint = refusal(text)
    assert said.removeprefix("pinner.lock").removeprefix(":").startswith(message)
    assert hint


def test_a_newer_version_says_what_to_do() -> None:
    assert refusal('{"version": 3, "more": 3}')[1] == "update pinner"


def test_a_mistyped_key_is_guessed() -> None:
    assert refusal(changed("imagess", to={}))[1] == "did you mean `images`?"


def test_bytes_that_are_no_utf_8() -> None:
    assert refusal(b'{\n "\xff"')[0] == "pinner.lock:2:3: not UTF-8"


def test_merge_conflicts_are_called_that() -> None:
    lines = TEXT.splitlines(keepends=True)
    conflict = "".join([*lines[:3], "<<<<<<< HEAD\n", lines[3], "=======\n", lines[3], ">>>>>>> other\n", *lines[4:]])
    message, hint = refusal(conflict)
    assert message == "pinner.lock:4:1: has merge conflicts"
    assert hint == "take one side's file (git checkout --ours pinner.lock), then `pinner lock` adds what is missing"


def test_a_key_twice_is_refused_where_it_comes_again() -> None:
    lines = TEXT.splitlines(keepends=True)
    body = "".join(lines[2:17]).rstrip("\n")
    twice = "".join(lines[:2]) + body + ",\n" + body + "\n" + "".join(lines[17:])
    message, hint = refusal(twice)
    assert message == f"pinner.lock:18:5: `{NGINX}` is here twice"
    assert hint == "delete one of the two, or both and run `pinner lock`"
    assert refusal('{"a": [{"b": 1}, {"b": 1, "b": 2}]}')[0] == "pinner.lock:1:27: `b` is here twice"


def test_spots_of_any_json() -> None:
    text = '{"a": {"": [1, "x", {"b": "y"}], "c": null}, "d": "e", "f\\n": [[]]} '
    found = [(spot.path, text[spot.start : spot.end]) for spot in key_positions(text)]
    assert found == [
        (("a",), '"a"'),
        (("a", ""), '""'),
        (("a", "", "x"), '"x"'),
        (("a", "", "b"), '"b"'),
        (("a", "c"), '"c"'),
        (("d",), '"d"'),
        (("f\n",), '"f\\n"'),
    ]
    assert list(key_positions('"x"')) == []


def test_places_are_in_bytes_and_characters() -> None:
    data = '{"é": 1, "b":\n 2}'.encode()
    place = where_all(data)["b",]
    assert (place.line, place.column, data[slice(*place.span)]) == (1, 10, b'"b"')
