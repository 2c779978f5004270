"""Real YAML of public repositories, against go-yaml's reading (recorded) and PyYAML's (libyaml 0.2.5, here and now)."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from yamlplaces import DIGEST, mentions, pinned

from pinner.formats import compose, kubernetes, locate
from pinner.formats.source import LineIndex
from pinner.formats.yaml import Alias, Budget, Mapping, Node, Scalar, load, parse
from pinner.formats.yaml.parser import Composed
from pinner.formats.yaml.parser import compose as compose_nodes
from pinner.formats.yaml.scalars import content_start, source_text
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parents[3] / ".." / "shared" / "corpus"
EXPECTED = CORPUS / "expected-yaml.jsonl"

pytestmark = pytest.mark.skipif(not EXPECTED.exists(), reason="the corpus is not beside the repository")


@cache
def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in EXPECTED.read_text().splitlines()] if EXPECTED.exists() else []


def read(row: dict[str, Any]) -> bytes:
    return CORPUS.joinpath("yaml", row["repo"], row["path"]).read_bytes()


REPOSITORIES = sorted({row["repo"] for row in rows()})


def files_of(repository: str) -> list[tuple[dict[str, Any], bytes]]:
    return [(row, read(row)) for row in rows() if row["repo"] == repository]


def images(composed: Composed) -> Iterator[Scalar]:
    """Yield every scalar under a key ``image``."""
    stack: list[Node] = list(composed.roots)
    while stack:
        node = stack.pop()
        if type(node) is Scalar or type(node) is Alias:
            continue
        if type(node) is Mapping:
            for key, value in node.pairs():
                if type(key) is Scalar and key.value == "image" and type(value) is Scalar:
                    yield value
        stack += node.children  # type: ignore[union-attr]


def plain(node: Node) -> object:
    if type(node) is Scalar and not node.value:
        return (node.style, node.tag, node.anchor)  # where nothing stands, each parser has a place of its own for it
    if type(node) is Scalar:
        return (node.value.replace("\t", " "), node.start, node.end, node.style, node.tag, node.anchor)
    if type(node) is Alias:
        return (node.name, node.start)
    return (type(node).__name__, node.start, [plain(child) for child in node.children])  # type: ignore[union-attr]


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_go_yaml_sees_the_same_images_on_the_same_lines(repository: str) -> None:
    for row, data in files_of(repository):
        parts = [parse(document, Budget()) for document in load(data)]
        assert any(part.problem for part in parts) == bool(row.get("err")), row["path"]
        if row.get("err"):
            continue
        lines = LineIndex(data)
        ours = sorted(
            (lines.line(content_start(data, scalar)), str(source_text(data, scalar)))
            for part in parts
            for scalar in images(part)
        )
        assert ours == sorted((s["l"], s["v"]) for s in row.get("sc", []) if s["k"] == "image"), row["path"]


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_the_c_parser_and_the_pure_one_make_the_same_nodes(repository: str) -> None:
    for row, data in files_of(repository):
        for document in load(data):
            fast, pure = parse(document, Budget()), compose_nodes(data, document.chunk, None)
            assert (fast.problem is None) == (pure.problem is None), row["path"]
            if fast.problem is None:
                assert [plain(root) for root in fast.roots] == [plain(root) for root in pure.roots], row["path"]


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_after_a_pin_pyyaml_reads_the_digest_there_and_nothing_else_anew(repository: str) -> None:
    for row, data in files_of(repository):
        result = locate(Document(row["path"], data))
        if result is None:
            continue
        _, located = result
        changed = pinned(data, mentions(located))
        new = locate(Document(row["path"], changed))
        assert new is not None
        assert new[1].outline == located.outline, row["path"]
        assert len(new[1].places) == len(located.places), row["path"]
        if row.get("err"):
            continue
        before, after = values(data), values(changed)
        assert len(before) == len(after), row["path"]
        differences = [(old, now) for old, now in zip(before, after, strict=True) if old != now]
        assert len(differences) == len({occurrence.insert for occurrence in mentions(located)}), row["path"]
        for old, now in differences:
            assert DIGEST in now, row["path"]
            assert without_digest(now) == without_digest(old), row["path"]


def without_digest(value: str) -> str:
    return re.sub("@sha256:[0-9a-f]{64}", "", value).replace(":latest", "")


def values(data: bytes) -> list[str]:
    """Return every scalar of the file as PyYAML reads it."""
    return [event.value for event in yaml.parse(data, Loader=yaml.CSafeLoader) if isinstance(event, yaml.ScalarEvent)]


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_no_file_belongs_to_both_formats(repository: str) -> None:
    for row, data in files_of(repository):
        document = Document(row["path"], data)
        found = compose.locate(document), kubernetes.locate(document)
        assert None in found, row["path"]
