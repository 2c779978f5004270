from __future__ import annotations

import pytest
from yamlplaces import found, in_compose, in_kubernetes, skips

SHARED = "x-i: &i x:1\nx-b: &b {image: *i, labels: {a: b}}\nx-l: &l {a: *i}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"


@pytest.mark.parametrize(
    "services",
    [
        "{a: {image: *i}}",
        "{a: {image: *i}, b: {image: *i}}",
        "{a: *b, b: {<<: *b}, c: {<<: [*b]}}",
        "{<<: {a: {image: *i}}}",
        "{a: {image: *i, x-note: *i}}",
        "{a: {image: *i, volumes: [{type: image, source: *i}], post_start: [{image: *i}]}}",
        "{a: {image: *i, labels: {<<: *l, a: text}}}",
        "{a: {image: *i, labels: {a: *unrelated}}}",
    ],
)
def test_what_only_images_and_unread_sections_share_is_pinned(services: str) -> None:
    places = found(in_compose(SHARED + f"x-u: &unrelated text\nservices: {services}\n"))
    assert set(places) == {"x:1"}


@pytest.mark.parametrize(
    ("services", "key"),
    [
        ("{a: {image: *i, environment: {V: *i}}}", "`V`"),
        ("{a: {image: *i, environment: [*i]}}", "`environment`"),
        ("{a: {image: *i}, b: {image: y, labels: *b}}", "`image`"),
        ("{a: {image: *i, labels: *l}}", "`a`"),
        ("{a: {image: *i, labels: {<<: *l}}}", "`a`"),
        ("{a: {image: *i, labels: {<<: [{b: c}, *l]}}}", "`a`"),
        ("{a: {image: *i, volumes: [{type: bind, source: *i}]}}", "`source`"),
        ("{a: {image: *i, labels: {*i : b}}}", "line 4"),
        ("{a: {image: *i, labels: {? [*i] : b}}}", "line 4"),
        ("{a: {image: *i, labels: {<<: {*i : b}}}}", "line 4"),
        ("{a: {image: *i, labels: {x-l: *i}}}", "`x-l`"),
        ("{a: {image: *i}, b: {image: y, extends: *i}}", "`extends`"),
    ],
)
def test_what_something_else_reads_too_is_in_conflict(services: str, key: str) -> None:
    located = in_compose(SHARED + f"services: {services}\n")
    assert found(located)[0] == "arg-conflict: x:1"
    assert key in skips(located)[0].detail


def test_an_anchor_where_the_text_is_read_as_something_else_is_in_conflict() -> None:
    assert found(in_compose("name: &n x\nservices: {a: {image: *n}}\n")) == ["arg-conflict: x"]


def test_a_file_of_version_one_has_services_at_its_root() -> None:
    assert found(in_compose("a: {image: &i x:1}\nb: {image: *i}\n")) == ["x:1", "x:1"]
    assert found(in_compose("a: {image: &i x:1}\nb: {image: y, hostname: *i}\n")) == ["arg-conflict: x:1", "y"]


def test_an_inline_dockerfile_and_a_build_context_are_images() -> None:
    build = "{context: ., additional_contexts: {a: &c 'docker-image://x:1'}, dockerfile_inline: &d 'FROM y:1'}"
    shared = f"services:\n  a: {{build: {build}}}\n  b: {{build: {{context: ., additional_contexts: [*c]}}}}\n"
    assert found(in_compose(shared)) == ["x:1", "y:1", "x:1"]
    assert found(in_compose(shared + "  c: {image: z:1, labels: [*c, *d]}\n")) == [
        "arg-conflict: x:1",
        "arg-conflict: y:1",
        "arg-conflict: x:1",
        "z:1",
    ]


@pytest.mark.parametrize(
    ("rest", "places"),
    [
        ("a: {image: &i x:1}\nb: [{image: *i}]\n", ["x:1", "x:1"]),
        ("a: {image: &i x:1}\nb: [*i]\n", ["arg-conflict: x:1"]),
        ("a: &a {image: x:1}\nnodeSelector: *a\n", ["arg-conflict: x:1"]),
        ("a: &a {image: x:1}\nrbd: *a\n", ["x:1"]),
        ("a: {image: &i x:1}\nb: {rbd: {image: *i}}\n", ["arg-conflict: x:1"]),
        ("a: {image: &i x:1}\nb: {apiVersion: kyverno.io/v1, kind: P, image: *i}\n", ["arg-conflict: x:1"]),
        ("x-a: [&i x:1]\nimage: *i\n", ["x:1"]),
        ("a: {x-a: &i x:1}\nimage: *i\n", ["arg-conflict: x:1"]),
    ],
)
def test_objects_share_images_and_nothing_else(rest: str, places: list[str]) -> None:
    assert found(in_kubernetes(POD + rest)) == places


def test_a_document_does_not_share_with_the_next() -> None:
    text = POD + "a: {image: &i x:1}\nb: {image: *i}\n---\n" + POD + "a: &i x:1\nimage: y:1\nb: *i\n"
    assert found(in_kubernetes(text)) == ["x:1", "x:1", "y:1"]


def test_a_digest_of_kustomize_may_be_shared_by_entries_alone() -> None:
    digest = "sha256:" + "ab" * 32
    entries = f"images: [{{name: x, newTag: '1', digest: &d '{digest}'}}, {{name: y, digest: *d}}]\n"
    assert found(in_kubernetes(entries, "kustomization.yaml")) == [f"x:1@{digest}", f"y@{digest}"]
    shared = in_kubernetes(entries + "commonAnnotations: {digest: *d}\n", "kustomization.yaml")
    assert found(shared) == [f"arg-conflict: x:1@{digest}", f"arg-conflict: y@{digest}"]


def test_where_too_much_is_merged_every_key_is_taken_to_be_in_force() -> None:
    base = "x-b: &b\n" + "".join(f"  k{number}: v\n" for number in range(1500)) + "  image: &i x:1\n"
    services = [f"  s{number}: {{image: y, labels: {{<<: *b, image: text}}}}\n" for number in range(400)]
    assert found(in_compose(base + "services:\n  a: {image: *i}\n" + "".join(services[:9])))[0] == "x:1"
    assert found(in_compose(base + "services:\n  a: {image: *i}\n" + "".join(services)))[0] == "arg-conflict: x:1"
