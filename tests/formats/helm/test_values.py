"""Helm values: what is found, and what an independent parser reads of it after pin, update and unpin."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeResolver
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from yamlplaces import DIGEST, found, mentions, pinned, skips

from pinner.config import Settings
from pinner.findings import Finding
from pinner.formats import by_name, helm
from pinner.model import Document, Located, Occurrence
from pinner.pipeline import make_plans
from pinner.plan import make_plan
from pinner.report.machine_text import Regions
from pinner.rules import UNPINNED
from pinner.scan.suppressions import Source, apply_suppressions

if TYPE_CHECKING:
    from pinner.scan.suppressions import Operation

CASES = Path(__file__).parents[3] / "testdata" / "formats" / "helm"
HEX = DIGEST.removeprefix("sha256:")


def located(text: str | bytes, path: str = "values.yaml") -> Located:
    result = helm.locate(Document(path, text.encode() if isinstance(text, str) else text))
    assert result is not None
    return result


def source(text: str) -> Source:
    document = Document("values.yaml", text.encode())
    return apply_suppressions(document, by_name("helm"), located(text), today=date(2026, 11, 1))


def operate(text: str, operation: Operation) -> str:
    (plan,) = asyncio.run(make_plans([source(text)], operation, Settings(), FakeResolver()))
    return plan.result.decode()


def unpin(text: str) -> str:
    return make_plan(source(text), "unpin", {}).result.decode()


def read(data: bytes) -> Any:
    return YAML(typ="safe", pure=True).load(data)


FIELDS = [
    '{repository: a/b, tag: v1, digest: ""}',
    "{repository: a/b, tag: v1, digest: ''}",
    '{repository: a/b, tag: v1, sha: ""}',
    "{registry: quay.io, repository: a/b, tag: 'v1'}",
    "{repository: a/b, version: v1}",
    "{image: a/b, tag: v1}",
]


@pytest.mark.parametrize("block", FIELDS)
def test_what_pin_writes_unpin_takes_off_again(block: str) -> None:
    before = f"image: {block}\n"
    after = operate(before, "pin")
    assert after != before
    assert operate(after, "pin") == after
    assert unpin(after) == before


def test_a_key_without_a_value_gets_one_and_loses_it_again() -> None:
    before = "image:\n  repository: a/b\n  digest:   # none yet\n  tag: v1\n"
    after = operate(before, "pin")
    assert "  digest: sha256:" in after
    assert "   # none yet\n" in after
    assert unpin(after) == before


@pytest.mark.parametrize(
    ("block", "after"),
    [
        (f"{{repository: a/b, tag: v1, digest: {DIGEST}}}", "{repository: a/b, tag: v1, digest: sha256:%s}"),
        (f'{{repository: a/b, tag: v1, sha: "{HEX}"}}', '{repository: a/b, tag: v1, sha: "%s"}'),
        (f"{{repository: a/b, tag: v1@{DIGEST}}}", "{repository: a/b, tag: v1@sha256:%s}"),
    ],
)
def test_an_update_moves_the_digest_where_it_stands(block: str, after: str) -> None:
    result = operate(f"image: {block}\n", "update")
    (occurrence,) = mentions(located(result))
    assert occurrence.reference.digest is not None
    assert result == f"image: {after % occurrence.reference.digest.hex}\n"
    assert HEX not in result


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_nothing_but_tags_digests_and_whole_images_change(case: Path) -> None:
    for file in sorted(case.rglob("before/*.yaml")):
        result = helm.locate(Document(file.name, file.read_bytes()))
        if result is None or not mentions(result):
            continue
        before, after = file.read_bytes(), pinned(file.read_bytes(), mentions(result))
        assert without_digests(read(after)) == without_digests(read(before))


def without_digests(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key not in ("digest", "sha", "imageDigest")}
        return {key: without_digests(value) for key, value in kept.items()}
    if isinstance(node, list):
        return [without_digests(item) for item in node]
    return str(node).partition("@")[0].removesuffix(":latest")


def test_a_name_far_too_long_is_none() -> None:
    assert found(located(f"image: {{repository: {'a' * 5000}, tag: v1}}\nb: {{image: x/y:1}}\n")) == ["x/y:1"]
    assert found(located(f"appImage: {'a/b' * 2000}\nb: {{image: x/y:1}}\n")) == ["x/y:1"]


def test_values_with_merged_keys_are_read_as_yaml_merges_them() -> None:
    text = "defaults: &d {registry: quay.io, pullPolicy: Always}\nimage:\n  <<: *d\n  repository: a/b\n  tag: v1\n"
    assert found(located(text)) == ["quay.io/a/b:v1"]


def test_a_whole_image_that_is_an_alias_is_pinned_at_its_anchor() -> None:
    text = "image: &i a/b:1\nother: {image: *i}\n"
    assert [(str(one.reference), one.via) for one in mentions(located(text))] == [("a/b:1", ()), ("a/b:1", ("&i",))]
    text = "name: &i a/b:1\nother: {image: *i}\n"
    assert found(located(text)) == ["arg-conflict: a/b:1"]


def test_a_file_of_several_documents_and_one_that_is_an_object() -> None:
    text = "image: {repository: a, tag: v1}\n---\napiVersion: v1\nkind: Pod\nspec: {containers: [{image: b/c:1}]}\n"
    assert found(located(text)) == ["a:v1"]


@pytest.mark.parametrize("text", ["", "image:\n", "- image: a/b\n", "image: {repository: a\n", "repository: [a]\n"])
def test_what_names_no_image_is_no_file_of_values(text: str) -> None:
    result = helm.locate(Document("values.yaml", text.encode()))
    assert result is None or [place for place in result.places if isinstance(place, Occurrence)] == []


@pytest.mark.parametrize(
    ("key", "expected"), [("image", True), ("webImage", True), ("IMAGE", True), ("homage", False), ("xMAGE", False)]
)
def test_a_file_of_any_name_is_values_by_a_block_under_a_key_of_images(key: str, expected: bool) -> None:  # noqa: FBT001 - a case
    for block in (f"{key}:\n  repository: a/b\n  tag: v1\n", f"{key}: {{repository: a/b, tag: v1}}\n"):
        result = helm.locate(Document("production.yaml", block.encode()))
        assert (result is not None) == expected


def test_a_file_that_cannot_be_read_says_so() -> None:
    (skip,) = skips(located("image: {repository: a\n"))
    assert (skip.reason, skip.format) == ("parse-error", "helm")


def test_the_fix_of_a_finding_is_what_pin_writes() -> None:
    text = 'image: {repository: a/b, tag: v1, sha: ""}\n'
    (place,) = mentions(located(text))
    finding = Finding(UNPINNED, "error", "", None, "values.yaml", place, f"a/b:v1@{DIGEST}")
    fix = Regions({"values.yaml": text.encode()}).edit(finding)
    assert fix is not None
    assert fix.replacement == HEX.encode()
    written = text.replace('""', f'"{HEX}"')
    (place,) = mentions(located(written))
    finding = Finding(UNPINNED, "error", "", None, "values.yaml", place, f"a/b:v1@sha256:{'0' * 64}")
    fix = Regions({"values.yaml": written.encode()}).edit(finding)
    assert fix is not None
    assert fix.replacement == b"0" * 64


PIECES = st.sampled_from(
    [
        "image",
        "repository",
        "tag",
        "digest",
        "registry",
        ": ",
        "\n",
        "  ",
        "- ",
        "{",
        "}",
        '"',
        "&a ",
        "*a",
        "a/b:1",
        "#",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_is_read_without_an_error(text: str) -> None:
    result = helm.locate(Document("values.yaml", text.encode()))
    for place in result.places if result else ():
        if isinstance(place, Occurrence):
            after = pinned(text.encode(), [place])
            assert json.dumps(str(place.reference))
            assert DIGEST.removeprefix(place.implied).encode() in after


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    helm.locate(Document("values.yaml", b"image: {repository: a, tag: b}\n" + data))
