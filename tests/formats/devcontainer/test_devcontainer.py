"""Dev containers: what is found in JSON with comments, and what stands there after pinning."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yamlplaces import DIGEST, found, mentions, pinned, skips

from pinner.formats import by_name, claims, devcontainer
from pinner.formats.json_positions import comments, without_comments
from pinner.model import Document, Located, Occurrence
from pinner.scan.suppressions import apply_suppressions

COMMENTED = """\
// For format details, see "image": "x"
{
  /* "image": "not/this:1", */
  "name": "Go // not a comment",
  "image": "mcr.microsoft.com/devcontainers/go:1-22", // the image
  "features": {
    "ghcr.io/devcontainers/features/docker-in-docker:2": {},
    "ghcr.io/devcontainers/features/node@sha256:ab": {"version": "18",},
    "./local": {}, "https://example.com/devcontainer-feature.tgz": {}, "docker": {}, "../up": {},
  },
  "build": {"cacheFrom": "a/b:1", "args": {"IMAGE": "c/d:1"}},
  "customizations": {"x": {"image": "e/f:1"}},
  "overrideFeatureInstallOrder": ["ghcr.io/devcontainers/features/node"],
}
"""


def located(text: str | bytes) -> Located | None:
    return devcontainer.locate(Document("devcontainer.json", text.encode() if isinstance(text, str) else text))


def test_the_image_is_found_and_features_are_listed() -> None:
    result = located(COMMENTED)
    assert result is not None
    assert found(result) == [
        "mcr.microsoft.com/devcontainers/go:1-22",
        "lockfile: ghcr.io/devcontainers/features/docker-in-docker:2",
        "lockfile: ghcr.io/devcontainers/features/node@sha256:ab",
    ]
    [image] = mentions(result)
    assert (image.kind, image.line, image.column) == ("image", 5, 13)
    after = pinned(COMMENTED.encode(), [image])
    assert after == COMMENTED.replace("go:1-22", f"go:1-22@{DIGEST}").encode()


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"image": "${localEnv:IMAGE:redis:7}"}', ["interpolated-name: ${localEnv:IMAGE:redis:7}"]),
        ('{"image": "a/b:1-${templateOption:v}"}', ["interpolated-tag: a/b:1-${templateOption:v}"]),
        ('{"image": "A"}', ["invalid-reference: A"]),
        ('{"image": "a:1", "image": "b:1"}', ["b:1"]),
        ('{"image": "caf\\u0065:1"}', ["cafe:1"]),
        ('{"image": "a\\/b:\\u0031"}', ["a/b:1"]),
        (f'{{"image": "a:1@{DIGEST}"}}', [f"a:1@{DIGEST}"]),
        ('{"image": ""}', []),
        ('{"image": null, "features": null}', []),
        ('{"image": {"x": "y"}, "features": ["a/b"]}', []),
        ('{"features": {"ghcr.io/\\u0061/b:1": {}}}', ["lockfile: ghcr.io/a/b:1"]),
        ('["image"]', []),
        ('{"dockerFile": "Dockerfile"}', []),
    ],
)
def test_values_of_every_form(text: str, places: list[str]) -> None:
    result = located(text)
    assert (found(result) if result else []) == places


def test_an_escaped_end_takes_the_digest_behind_its_escape() -> None:
    data = b'{"image": "a:\\u0031"}'
    result = located(data)
    assert result is not None
    assert json.loads(pinned(data, mentions(result))) == {"image": f"a:1@{DIGEST}"}


def test_what_is_no_json_is_told() -> None:
    result = located('{"image": "a:1"')
    assert result is not None
    [skip] = skips(result)
    assert (skip.reason, skip.line, skip.column) == ("parse-error", 1, 16)


@pytest.mark.parametrize("comment", ["// pinner: ignore because", "/* x */ // pinner: ignore because"])
def test_a_comment_keeps_an_operation_away(comment: str) -> None:
    for text in (f'{{\n  "image": "a:1" {comment}\n}}\n', '{\n  // pinner: ignore because\n  "image": "a:1"\n}\n'):
        result = located(text)
        assert result is not None
        document = Document("devcontainer.json", text.encode())
        source = apply_suppressions(document, by_name("devcontainer"), result, today=date(2026, 11, 1))
        [candidate] = source.candidates
        assert candidate.silenced("PIN001") is not None
    assert devcontainer.unwrapped(Document("x", b'{"image": "a:1"} // note')) == b""


@pytest.mark.parametrize(
    "path", [".devcontainer/devcontainer.json", ".devcontainer.json", "a/.devcontainer/b/devcontainer.json"]
)
def test_files_by_their_name(path: str) -> None:
    assert claims(path)
    assert not claims("a/devcontainer-lock.json")
    assert not claims("a/mydevcontainer.json")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('a/*",\\]}: \n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a/*,"]', max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, st.sampled_from(['// c, ] "\n', '/* , } " */', "/**/", " "]), st.sampled_from([0, 1, None]))
def test_json_among_comments_is_read_as_the_json_alone(value: object, comment: str, indent: int | None) -> None:
    written = json.dumps(value, indent=indent)
    data = f"{comment}{written}{comment}".encode()
    assert json.loads(without_comments(data)) == json.loads(written)
    assert len(without_comments(data)) == len(data)
    inside = json.dumps([value], indent=indent)
    assert json.loads(without_comments(f"{inside[:-1]},{comment}]".encode())) == [value]


@given(st.text('{}[]",:/*\\ n1aimgefturs\n', max_size=40))
def test_any_text_is_read_without_an_error(text: str) -> None:
    data = text.encode()
    assert all(start < end for start, end in comments(data))
    result = located(b'{"image": ' + data)
    assert result is None or all(isinstance(place, Occurrence) or place.reason for place in result.places)
