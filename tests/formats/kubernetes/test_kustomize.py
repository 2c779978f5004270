from __future__ import annotations

import pytest
from yamlplaces import DIGEST, OTHER, found, in_kubernetes, mentions, pinned, skips

from pinner.formats import kubernetes
from pinner.link.facts import ImageTransformer, Kustomization
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
    (occurrence,) = mentions(in_kubernetes(data))
    assert (occurrence.kind, str(occurrence.reference), occurrence.owner) == (
        "kustomize-image",
        reference,
        "Kustomization/k",
    )
    assert occurrence.digest_span is not None
    assert data[occurrence.digest_span.start : occurrence.digest_span.end] == OTHER.encode()
    assert occurrence.insert == occurrence.digest_span.end
    assert pinned(data, [occurrence]) == data.replace(OTHER.encode(), DIGEST.encode())


@pytest.mark.parametrize(
    ("entry", "reference", "after"),
    [
        ("{name: nginx, newTag: 1.10}", "nginx:1.10", f"{{name: nginx, newTag: 1.10@{DIGEST}}}"),
        ('{name: nginx, newTag: "1.10"}', "nginx:1.10", f'{{name: nginx, newTag: "1.10@{DIGEST}"}}'),
        ("{newTag: v1, name: a, digest: ''}", "a:v1", f"{{newTag: v1, name: a, digest: '{DIGEST}'}}"),
        ("{newTag: v1, name: a, digest: }", "a:v1", f"{{newTag: v1@{DIGEST}, name: a, digest: }}"),
        (
            "{name: a, newName: b.io/c, newTag: v1}",
            "b.io/c:v1",
            f"{{name: a, newName: b.io/c, newTag: v1@{DIGEST}}}",
        ),
    ],
)
def test_a_tag_takes_the_digest(entry: str, reference: str, after: str) -> None:
    data = f"{HEAD}images:\n- {entry}\n".encode()
    (occurrence,) = mentions(in_kubernetes(data))
    assert str(occurrence.reference) == reference
    assert pinned(data, [occurrence]).decode() == f"{HEAD}images:\n- {after}\n"


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("{name: a, newName: ghcr.io/b/c}", "separate-tag: ghcr.io/b/c"),
        ("{name: nginx, newTag: v1, tagSuffix: -x}", "separate-tag: nginx:v1"),
        ("{name: a, newName: 'b:2', newTag: v1}", "invalid-reference: b:2:v1"),
        (f"{{name: a, newName: 'b:2@{OTHER}'}}", f"invalid-reference: b:2@{OTHER}"),
        ("{name: nginx, newTag: '${TAG}'}", "interpolated-tag: nginx:${TAG}"),
        ("{name: nginx, digest: sha256:abc}", "invalid-reference: nginx@sha256:abc"),
        ('{name: nginx, newTag: v1} # {"$imagepolicy": "flux-system:nginx:tag"}', "output: nginx:v1"),
    ],
)
def test_without_a_tag_of_its_own_there_is_no_place_for_a_digest(entry: str, place: str) -> None:
    located = in_kubernetes(f"{HEAD}images:\n- {entry}\n")
    assert found(located) == [place]
    assert skips(located)[0].detail


def test_the_detail_says_what_to_add() -> None:
    (skip,) = skips(in_kubernetes(f"{HEAD}images: [{{name: nginx, newName: b}}]\n"))
    assert "add `newTag:`" in skip.detail


def test_the_old_name_of_the_list_is_read() -> None:
    (occurrence,) = mentions(in_kubernetes(f"{HEAD}imageTags: [{{name: nginx, newTag: v1}}]\n"))
    assert str(occurrence.reference) == "nginx:v1"


@pytest.mark.parametrize(
    "body",
    [
        "images: [{name: nginx}]",
        "images: [{newTag: v1}]",
        "images: [nginx, [x]]",
        "images: {name: nginx, newTag: v1}",
        "images: nginx",
        "patches: [{patch: 'image: x'}]",
        "patches: [{patch: [x]}, x]",
        "patchesStrategicMerge: [a.yaml]",
        "image: nginx:1",
        "images: [{name: [x], newTag: v1}]",
    ],
)
def test_anything_else_is_not_mentioned(body: str) -> None:
    assert in_kubernetes(f"{HEAD}{body}\n").places == ()


@pytest.mark.parametrize("path", ["kustomization.yaml", "a/kustomization.yml", "a/Kustomization"])
def test_a_kustomization_need_not_say_what_it_is(path: str) -> None:
    text = "images: [{name: nginx, newTag: v1}]\n"
    located = in_kubernetes(text, path)
    assert found(located) == ["nginx:v1"]
    assert kubernetes.locate(Document("other.yaml", text.encode())) is None
    assert kubernetes.locate(Document("a/kustomization.yaml.yaml", text.encode())) is None


def test_a_component_is_one_too() -> None:
    text = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: a, newTag: v1}]\n"
    (occurrence,) = mentions(in_kubernetes(text, "component.yaml"))
    assert occurrence.owner == "Component"


def test_a_place_is_told_by_its_name() -> None:
    (occurrence,) = mentions(in_kubernetes(f"{HEAD}images:\n- newTag: v1\n  name: nginx\n"))
    assert (occurrence.line, occurrence.column) == (6, 9)


PATCHES = """\
patches:
- target: {kind: Deployment}
  patch: |-
    - op: replace
      path: /spec/template/spec/containers/0/image
      value: nginx:1.27
    - op: add
      path: /spec/template/spec/containers/-
      value: {name: side, image: "busybox:1"}
    - op: add
      path: /metadata/annotations/image
      value: none
    - op: remove
      path: /spec/template/spec/containers/1/image
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec: {template: {spec: {containers: [{name: web, image: redis:7}]}}}
patchesStrategicMerge:
- |-
  apiVersion: v1
  kind: Pod
  spec: {containers: [{name: a, image: alpine:3}]}
patchesJson6902:
- target: {kind: Pod}
  patch: '[{"op": "replace", "path": "/spec/containers/0/image", "value": "memcached:1"}]'
"""


def test_inline_patches_are_read_and_pinned() -> None:
    data = (HEAD + PATCHES).encode()
    located = in_kubernetes(data)
    names = ["nginx:1.27", "busybox:1", "redis:7", "alpine:3", "memcached:1"]
    assert found(located) == names
    after = pinned(data, mentions(located)).decode()
    expected = HEAD + PATCHES
    for name in names:
        expected = expected.replace(name, f"{name}@{DIGEST}", 1)
    assert after == expected
    assert [occurrence.reference.digest is not None for occurrence in mentions(in_kubernetes(after))] == [True] * len(
        names
    )


def test_an_escape_in_a_patch_is_no_obstacle() -> None:
    text = f'{HEAD}patches:\n- patch: "- op: replace\\n  path: /spec/image\\n  value: ngi\\x6ex:1"\n'
    (occurrence,) = mentions(in_kubernetes(text))
    assert str(occurrence.reference) == "nginx:1"
    assert pinned(text.encode(), [occurrence]).decode() == text.replace('x:1"', f'x:1@{DIGEST}"')


def test_a_patch_in_a_file_of_its_own_is_known_by_its_operations() -> None:
    text = "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: nginx:1\n"
    (occurrence,) = mentions(in_kubernetes(text, "patch.yaml"))
    assert (str(occurrence.reference), occurrence.line, occurrence.owner) == ("nginx:1", 3, "Patch")
    for other in (
        "- path: /a/image\n  value: nginx:1\n  opus: 1\n",
        "- op: x\n- path: /a/image\n",
        "op: {path: /a/image}\n",
    ):
        assert kubernetes.locate(Document("patch.yaml", other.encode())) is None


def test_what_a_kustomization_builds_from_is_stated() -> None:
    text = f"""{HEAD}resources: [../base, a.yaml]
bases: [../old]
components: [../c]
transformers: [t.yaml]
patchesStrategicMerge: [p.yaml]
patches: [{{path: q.yaml}}]
images: [{{name: nginx, newTag: v1}}, {{name: same}}]
"""
    (fact,) = in_kubernetes(text).facts
    assert isinstance(fact, Kustomization)
    assert fact.resources == ("../base", "a.yaml", "../old")
    assert (fact.components, fact.transformers, fact.patches) == (("../c",), ("t.yaml",), ("p.yaml", "q.yaml"))
    assert [(rule.name, rule.new_tag, rule.line) for rule in fact.rules] == [("nginx", "v1", 10)]


def test_an_image_transformer_is_an_entry_in_a_file_of_its_own() -> None:
    text = "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: t}\nimageTag: {name: nginx, newTag: v1}\n"
    located = in_kubernetes(text)
    (fact,) = located.facts
    assert found(located) == ["nginx:v1"]
    assert isinstance(fact, ImageTransformer)
    assert fact.rule.name == "nginx"
    assert in_kubernetes(text.replace("imageTag: {name", "imageTags: {name")).facts == ()


@pytest.mark.parametrize("null", ["", "null", "~", "Null", "''", '""'])
def test_a_field_without_a_value_is_not_there(null: str) -> None:
    located = in_kubernetes(f"{HEAD}images:\n- name: nginx\n  newName: {null}\n  newTag: v1\n  digest: {null}\n")
    assert found(located) == ["nginx:v1"]
    assert in_kubernetes(f"{HEAD}images:\n- name: nginx\n  newTag: {null}\n  digest: {null}\n").places == ()
    assert in_kubernetes(f"{HEAD}images:\n- name: {null}\n  newTag: v1\n").places == ()


@pytest.mark.parametrize("text", ["x" * 5_000, '"a\n\n  b"', "|\n  v1\n", ">-\n  v1\n  v2\n"])
@pytest.mark.parametrize("key", ["name", "newName", "newTag", "digest"])
def test_a_field_whose_text_can_be_in_no_name_upsets_nothing(key: str, text: str) -> None:
    fields = {"name": "nginx", "newName": "b", "newTag": "v1", "digest": OTHER, key: text}
    entry = "".join(f"  {name}: {value}\n" for name, value in fields.items()).replace("  name", "- name", 1)
    located = in_kubernetes(f"{HEAD}images:\n{entry}- name: redis\n  newTag: 7\n".replace("\n  v", "\n    v"))
    assert found(located)[-1] == "redis:7"
