"""Places of the user's own: ``[[places]]`` by path and by expression, beside the formats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """
[[places]]
files = ["deploy/**/*.yaml"]
yaml = "spec/images/*/ref"
strip = "oci://"
when = {kind = "Thing"}
[[places]]
files = ["deploy/parts.yaml"]
yaml = "list/[]"
join = {name = "repo", tag = "tag", digest = "sha"}
[[places]]
files = ["Makefile", "Dockerfile", "*.sh"]
regex = 'docker run .*?(?P<image>[a-z0-9./-]+:[\\w.-]+(?:@sha256:[0-9a-f]{64})?)'
[[places]]
files = ["versions.mk"]
regex = 'NAME=(?P<name>\\S+) TAG=(?P<tag>[\\w.-]+)(?:@(?P<digest>sha256:[0-9a-f]{64}))?'
[[places]]
files = ["data.json"]
json = "**/container"
"""
FILES = {
    "deploy/a/thing.yaml": "kind: Thing\nspec: {images: {a: {ref: 'oci://x:1'}, b: {ref: y:2}}}\n",
    "deploy/other.yaml": "kind: Other\nspec: {images: {a: {ref: x:1}}}\n",
    "deploy/parts.yaml": "list:\n- repo: p/q\n  tag: '3'\n  sha: ''\n- tag: 4\n- text\n",
    "Makefile": "run:\n\tdocker run --rm -it é nginx:1.27 sh # docker run redis:7\n",
    "Dockerfile": "FROM a:1\nRUN docker run b:2\n",
    "versions.mk": "NAME=busybox TAG=1.36\r\n",
    "data.json": '{"a": [{"container": "z:1"}], "container": "${V}"}\n',
    "notes.txt": "docker run c:3\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in {**FILES, "pinner.toml": CONFIGURATION}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    (tmp_path / ".git").mkdir()
    return tmp_path


def listed(folder: Path, *paths: str) -> list[tuple[str, str, str]]:
    lines = pinner(folder, "list", "--format", "jsonl", *paths).stdout.splitlines()
    rows = [json.loads(line) for line in lines if '"span"' in line]
    return sorted((row["path"], row["format"], row["reference"]) for row in rows)


EXPECTED = [
    ("Dockerfile", "dockerfile", "a:1"),
    ("Dockerfile", "places", "b:2"),
    ("Makefile", "places", "nginx:1.27"),
    ("Makefile", "places", "redis:7"),
    ("data.json", "places", "${V}"),
    ("data.json", "places", "z:1"),
    ("deploy/a/thing.yaml", "places", "x:1"),
    ("deploy/a/thing.yaml", "places", "y:2"),
    ("deploy/parts.yaml", "places", "p/q:3"),
    ("versions.mk", "places", "busybox:1.36"),
]


def test_what_the_configuration_names_is_found(tree: Path) -> None:
    assert listed(tree) == EXPECTED
    assert [row[1:] for row in listed(tree / "deploy", "../Makefile")] == [row[1:] for row in EXPECTED[2:4]]


def test_it_is_pinned_and_unpinned(tree: Path) -> None:
    pinner(tree, "pin")
    changed = {path: (tree / path).read_bytes().decode() for path in FILES}
    assert changed["notes.txt"] == FILES["notes.txt"]
    assert "nginx:1.27@sha256:" in changed["Makefile"]
    assert "TAG=1.36@sha256:" in changed["versions.mk"]
    assert "sha: 'sha256:" in changed["deploy/parts.yaml"]
    assert "oci://x:1@sha256:" in changed["deploy/a/thing.yaml"]
    again = pinner(tree, "pin", "--exit-non-zero-on-change")
    assert again.status == 0
    pinner(tree, "unpin")
    assert {path: (tree / path).read_bytes().decode() for path in FILES} == FILES


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yaml = 'a'", "`places.files` is missing"),
        ("files = ['!']\nyaml = 'a'", "`places.files` has a pattern that is none"),
        ("files = ['a']", "`places.yaml` must be the only one of yaml, json and regex"),
        ("files = ['a']\nyaml = 'a'\nregex = 'b'", "`places.yaml` must be the only one of yaml, json and regex"),
        ("files = ['a']\nyaml = 'a/~b'", "`places.yaml` is no path: `a/~b`"),
        ("files = ['a']\nregex = '(?=a)'", "`places.regex` is wrong: the group at 0 is of a kind"),
        ("files = ['a']\nregex = '(?P<other>a)'", "`places.regex` must have the group `image`"),
        ("files = ['a']\nregex = '(?P<image>a)'\nstrip = 'b'", "`places.regex` stands alone"),
        ("files = ['a']\njson = 'a'\njoin = {tag = 'b'}", "`places.join` says which key holds `name`"),
        ("files = ['a']\nother = 1", "unknown key `places.other`"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pinner.toml").write_text(f"[[places]]\n{text}\n")
    run = pinner(tmp_path, "check")
    assert run.status == 2
    assert f"pinner.toml: {message}" in run.stderr


def test_places_are_tables(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text("places = 1\n")
    assert "`places` must be written as [[places]]" in pinner(tmp_path, "check").stderr
