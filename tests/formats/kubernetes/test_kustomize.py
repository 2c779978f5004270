from __future__ import annotations

import pytest
from yamlplaces import DIGEST, OTHER, found, in_kubernetes, mentions, pinned, skips

from pinner.formats import kubernetes
from pinner.model import Document

HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: k}\n"


@pytest.mark.parametrize(
    ("entry", "reference"),
    [
        (f"{{name: nginx, newTag: 1.10, digest: '{OTHER}'}}", f"nginx:1.10@{OTHER}"),
        (f"{{name: nginx, digest: {OTHER}}}", f"nginx@{OTHER}"),
        (f"{{name: a, newName: ghcr.io/b/c, newTag: v1, digest: {OTHER}}}", f"ghcr.io/b/c:v1@{OTHER}"),
        (f'{{name: nginx, newTag: "v1@{OTHER}"}}', f"nginx:v1@{OTHER}"),
    ],
)
def test_a_digest_that_is_there_can_move(entry: str, reference: str) -> None:
    data = f"{HEAD}images:\n- {entry}\n".encode()
    (mention,) = mentions(in_kubernetes(data))
    assert (mention.kind, str(mention.reference), mention.owner) == ("kustomize-image", reference, "Kustomization/k")
    assert mention.digest_span is not None
    assert data[mention.digest_span.start : mention.digest_span.end] == OTHER.encode()
    assert mention.insert == mention.digest_span.end
    assert pinned(data, [mention]) == data.replace(OTHER.encode(), DIGEST.encode())


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("{name: nginx, newTag: 1.10}", "separate-tag: nginx:1.10"),
        ("{name: a, newName: ghcr.io/b/c}", "separate-tag: ghcr.io/b/c"),
        ("{name: nginx, newTag: v1, digest: ''}", "separate-tag: nginx:v1"),
        ("{name: nginx, newTag: '${TAG}'}", "invalid-reference: nginx:${TAG}"),
        ("{name: nginx, digest: sha256:abc}", "invalid-reference: nginx@sha256:abc"),
    ],
)
def test_without_a_digest_there_is_no_place_for_one(entry: str, place: str) -> None:
    located = in_kubernetes(f"{HEAD}images: [{entry}]\n")
    assert found(located) == [place]
    assert skips(located)[0].detail


def test_the_detail_says_what_to_add() -> None:
    (skip,) = skips(in_kubernetes(f"{HEAD}images: [{{name: nginx, newTag: '1'}}]\n"))
    assert "add `digest: sha256:…`" in skip.detail


@pytest.mark.parametrize(
    "body",
    [
        "images: [{name: nginx}]",
        "images: [{newTag: v1}]",
        "images: [nginx, [x]]",
        "images: {name: nginx, newTag: v1}",
        "images: nginx",
        "patches: [{patch: 'image: x'}]",
        "image: nginx:1",
        "images: [{name: [x], newTag: v1}]",
    ],
)
def test_anything_else_is_not_mentioned(body: str) -> None:
    assert in_kubernetes(f"{HEAD}{body}\n").places == ()


@pytest.mark.parametrize("path", ["kustomization.yaml", "a/kustomization.yml"])
def test_a_kustomization_need_not_say_what_it_is(path: str) -> None:
    text = "images: [{name: nginx, newTag: v1}]\n"
    located = in_kubernetes(text, path)
    assert found(located) == ["separate-tag: nginx:v1"]
    assert kubernetes.locate(Document("other.yaml", text.encode())) is None
    assert kubernetes.locate(Document("a/kustomization.yaml.yaml", text.encode())) is None


def test_a_component_is_one_too() -> None:
    text = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: a, newTag: v1}]\n"
    (skip,) = skips(in_kubernetes(text, "component.yaml"))
    assert skip.owner == "Component"


def test_a_place_is_told_by_its_name() -> None:
    (skip,) = skips(in_kubernetes(f"{HEAD}images:\n- newTag: v1\n  name: nginx\n"))
    assert (skip.line, skip.column) == (6, 9)
