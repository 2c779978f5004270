from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yamlplaces import found, in_kubernetes, mentions, skips

from pinner.formats import kubernetes
from pinner.model import Document


def pod(container: str) -> str:
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - {container}\n"


def spec(body: str, version: str = "example.com/v1", kind: str = "Thing") -> str:
    return f"apiVersion: {version}\nkind: {kind}\nspec:\n" + "".join(f"  {line}\n" for line in body.splitlines())


@pytest.mark.parametrize(
    ("container", "reference", "span", "place"),
    [
        ("image: nginx", "nginx", b"nginx", (6, 12)),
        ("{name: i, image: busybox:1.36}", "busybox:1.36", b"busybox:1.36", (6, 22)),
        ("image: &x !!str 'a:1' # c", "a:1", b"a:1", (6, 22)),
        ('image: "a\\u003a1"', "a:1", b"a\\u003a1", (6, 13)),
        ("image: >-\n      a:1", "a:1", b"a:1", (7, 7)),
        ("image:\ta:1\t# c", "a:1", b"a:1", (6, 12)),
        ("{🎉: '🎉', image: a}", "a", b"a", (6, 21)),
        ("image: localhost:5000/x", "localhost:5000/x", b"localhost:5000/x", (6, 12)),
    ],
)
def test_the_span_is_the_scalars_own_text(container: str, reference: str, span: bytes, place: tuple[int, int]) -> None:
    data = pod(container).encode()
    (occurrence,) = mentions(in_kubernetes(data))
    assert (occurrence.format, occurrence.kind, occurrence.owner) == ("kubernetes", "container-image", "Pod/p")
    assert str(occurrence.reference) == reference
    assert data[occurrence.span.start : occurrence.span.end] == span
    assert occurrence.insert == occurrence.span.end
    assert (occurrence.line, occurrence.column) == place


@pytest.mark.parametrize(
    ("text", "kind", "references"),
    [
        (
            spec("template: {spec: {initContainers: [{image: a}], containers: [{image: b}]}}"),
            "container-image",
            ["a", "b"],
        ),
        (spec("image: a:1\nnested: [[{image: b:1}]]"), "container-image", ["a:1", "b:1"]),
        (spec("volumes: [{image: {reference: a:1}}]"), "image-volume", ["a:1"]),
        (spec("package: ghcr.io/a/b:1", "pkg.crossplane.io/v1", "Provider"), "package", ["ghcr.io/a/b:1"]),
        (spec("package: docker.io/a/b:1", "pkg.crossplane.io/v1", "Function"), "package", ["docker.io/a/b:1"]),
        (spec("imageName: a/b:1", "postgresql.cnpg.io/v1", "Cluster"), "image-name", ["a/b:1"]),
        (spec("taskRef: {bundle: a/b:1}", "tekton.dev/v1beta1"), "bundle", ["a/b:1"]),
        (
            spec(
                "taskRef: {resolver: bundles, params: [x, {name: kind}, {name: bundle, value: a/b:1}]}", "tekton.dev/v1"
            ),
            "bundle",
            ["a/b:1"],
        ),
        (spec("model: {storageUri: 'oci://a/b:1'}", "serving.kserve.io/v1beta1"), "storage-uri", ["a/b:1"]),
        (
            "items: [{apiVersion: v1, kind: A, image: a}, {apiVersion: v1, kind: B, image: b}]",
            "container-image",
            ["a", "b"],
        ),
    ],
)
def test_positions_of_images(text: str, kind: str, references: list[str]) -> None:
    data = text.encode()
    located = in_kubernetes(data)
    assert [str(m.reference) for m in mentions(located)] == references
    assert {m.kind for m in mentions(located)} == {kind}
    assert [data[m.span.start : m.span.end].decode() for m in mentions(located)] == references


@pytest.mark.parametrize(
    "text",
    [
        spec("rbd: {image: foo}"),
        spec("images: [a:1]\nimageName: a:1\nimageID: a:1\nnewImage: a:1"),
        spec("imagePullPolicy: image"),
        spec("image: [a:1]"),
        spec("image: {name: a:1, reference: }"),
        spec("image: {repository: a, tag: '1'}"),
        spec("image: ''\nother: {image: }"),
        spec("image: ~"),
        spec("selector: {image: a}\nlabels: {image: a}\ntemplate: {metadata: {annotations: {image: a}}}"),
        spec("selector: {matchLabels: {image: a}}\nnodeSelector: {image: a}"),
        spec("package: a/b:1", "example.com/v1"),
        spec("x: {package: a/b:1, image: }", "pkg.crossplane.io/v1"),
        spec("imageName: a/b:1", "postgresql.cnpg.io/v1", "Pooler"),
        spec("x: {imageName: a/b:1}", "postgresql.cnpg.io/v1", "Cluster"),
        spec("taskRef: {bundle: a/b:1, x: image}"),
        spec("x: {bundle: a/b:1}", "tekton.dev/v1"),
        spec("taskRef: {resolver: git, params: [{name: bundle, value: a/b:1}]}", "tekton.dev/v1"),
        spec("taskRef: {resolver: bundles, params: x}", "tekton.dev/v1"),
        spec(
            "taskRef: {resolver: bundles, bundle: , params: [{name: bundle}, {name: other, value: a}]}", "tekton.dev/v1"
        ),
        spec("model: {storageUri: 's3://oci://a/b:1'}", "serving.kserve.io/v1beta1"),
        spec("storageUri: oci://a/b:1"),
        spec("image: a:1", "kyverno.io/v1", "Policy"),
        spec("image: a:1", "policies.kyverno.io/v1", "Policy"),
        spec("image: a:1", "kbld.k14s.io/v1alpha1", "Config"),
        spec("image: a:1", "policy.sigstore.dev/v1beta1"),
        spec("image: a:1", "image.toolkit.fluxcd.io/v1", "ImageRepository"),
        spec("image: a:1", "kops.k8s.io/v1alpha2", "InstanceGroup"),
        spec("image: a:1", "infrastructure.cluster.x-k8s.io/v1beta1", "OpenStackMachineTemplate"),
        spec("forProvider: {image: ubuntu-22-04-x64}", "droplet.do.crossplane.io/v1alpha1", "Droplet"),
        spec("forProvider: {image: ubuntu-22.04}", "server.hcloud.upbound.io/v1alpha1", "Server"),
        spec("image: a:1", "machine.openshift.io/v1beta1", "MachineSet"),
        spec("image: a:1", "hobbyfarm.io/v1", "VirtualMachineTemplate"),
        spec("image: a:1", "apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        spec("x: {apiVersion: v1, kind: Pod, image: a:1}", "kyverno.io/v1", "Policy"),
        spec("image: a:1", "skaffold/v4beta11", "Config"),
        spec("data: |\n  image: a:1"),
        "apiVersion: v1\nkind: Pod\n---\nimage: a:1\n",
        "image: a:1\nitem: {apiVersion: v1, kind: Pod}\n",
        spec("? {image: a:1}\n: b"),
    ],
)
def test_what_is_no_image_is_not_mentioned(text: str) -> None:
    assert in_kubernetes(text).places == ()


@pytest.mark.parametrize(
    ("kind", "name", "image", "place"),
    [
        ("Deployment", "controller-manager", "controller:latest", "templated: controller:latest"),
        ("Deployment", "acme-controller-manager", "controller:latest", "templated: controller:latest"),
        ("Deployment", "controller-manager", "controller:v1", "controller:v1"),
        ("Deployment", "web", "controller:latest", "controller:latest"),
        ("Pod", "controller-manager", "controller:latest", "controller:latest"),
    ],
)
def test_kubebuilders_placeholder_is_nobodys_image(kind: str, name: str, image: str, place: str) -> None:
    text = f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{image: '{image}'}}\n"
    assert found(in_kubernetes(text)) == [place]


@pytest.mark.parametrize(
    ("image", "place"),
    [
        ("$(REG)/x:1", "interpolated-name: $(REG)/x:1"),
        ("$(params.image)", "interpolated-name: $(params.image)"),
        ("${IMG:-x:1}", "interpolated-name: ${IMG:-x:1}"),
        ("x:$TAG", "interpolated-tag: x:$TAG"),
        ("a/x:v$(V)", "interpolated-tag: a/x:v$(V)"),
        ("'{{ .Values.image }}'", "templated: {{ .Values.image }}"),
        ("'r/{{ x }}:1'", "templated: r/{{ x }}:1"),
        ("{{ .Values.image }}", "templated: {{ .Values.image }}"),
        ("<image>", "templated: <image>"),
        ("ko://example.com/x", "built-elsewhere: ko://example.com/x"),
        ("'ghcr.io/x/*'", "invalid-reference: ghcr.io/x/*"),
        ("nginx:1#x", "invalid-reference: nginx:1#x"),
        ("!!int 5", "invalid-reference: 5"),
        ("Nginx", "invalid-reference: Nginx"),
        ("|\n      nginx\n", "invalid-reference: nginx\n"),
        ("caf\u00e9", "invalid-reference: caf\u00e9"),
    ],
)
def test_what_somebody_fills_in_or_builds_is_left_alone(image: str, place: str) -> None:
    located = in_kubernetes(pod(f"image: {image}"))
    assert found(located) == [place]
    assert all(skip.detail and not skip.detail.endswith(".") for skip in skips(located))


@pytest.mark.parametrize(
    ("image", "name"), [("$(params.image)", "`$(params.image)`"), ("x:${T:-1}", "`${T:-1}`"), ("x:$TAG", "`$TAG`")]
)
def test_the_detail_names_what_is_filled_in(image: str, name: str) -> None:
    (skip,) = skips(in_kubernetes(pod(f"image: {image}")))
    assert name in skip.detail


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("apiVersion: v1\nkind: Pod\nstatus: {a: [{image: x:1}]}", ["status-field: x:1"]),
        (spec("status: {image: x:1}"), ["x:1"]),
        (spec("build: {output: {image: x:1}, image: y:1}"), ["output: x:1", "y:1"]),
        (spec("output: [{a: {image: x:1}}]"), ["output: x:1"]),
        (spec("outputs: {image: x:1}"), ["x:1"]),
        ("apiVersion: v1\nkind: L\nitems: [{apiVersion: v1, kind: P, status: {image: x}}]", ["status-field: x"]),
        (spec("a: &a {image: x:1}\noutput: *a"), ["arg-conflict: x:1", "output: x:1"]),
        (spec("image: a:1\nimage: b:1"), ["invalid-reference: a:1", "b:1"]),
        (spec("image: a:1\nimage: [b:1]"), ["invalid-reference: a:1"]),
        (spec("a: {image: x}\na: {image: y}"), ["y"]),
        (spec("package: a/b:1", "pkg.crossplane.io/v1"), ["computed: a/b:1"]),
    ],
)
def test_reports_outputs_and_duplicates(text: str, places: list[str]) -> None:
    assert found(in_kubernetes(text)) == places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (spec("a: {image: &i x:1}\nimage: *i"), [("x:1", (), (4, 17)), ("x:1", ("&i",), (5, 10))]),
        ("x-i: &i x:1\n" + spec("image: *i"), [("x:1", ("&i",), (5, 10))]),
        (spec("a: &c {image: x:1}\nb: *c"), [("x:1", (), (4, 17))]),
        ("a: &c {image: x:1}\nb: {apiVersion: v1, kind: P, c: *c}", [("x:1", ("&c",), (1, 15))]),
        ("a: &c {image: x:1}\nb: {apiVersion: v1, kind: P, <<: *c}", [("x:1", ("<<", "&c"), (1, 15))]),
        ("a: &c {image: {reference: x:1}}\nb: {apiVersion: v1, kind: P, c: [*c]}", [("x:1", ("&c",), (1, 27))]),
    ],
)
def test_anchors_are_pinned_where_their_text_stands(
    text: str, expected: list[tuple[str, tuple[str, ...], tuple[int, int]]]
) -> None:
    assert [(str(m.reference), m.via, (m.line, m.column)) for m in mentions(in_kubernetes(text))] == expected


@pytest.mark.parametrize(
    ("head", "owner"),
    [
        ("kind: Pod\nmetadata: {name: p}", "Pod/p"),
        ("kind: Pod\nmetadata: {name: '{{ x }}'}", "Pod"),
        ("kind: Pod\nmetadata: {name: $N}", "Pod"),
        ("kind: Pod\nmetadata: {generateName: p-}", "Pod"),
        ("kind: Pod\nmetadata: name", "Pod"),
        ("kind: Caf\u00e9\nmetadata: {name: \u00e9}", "Caf\u00e9/\u00e9"),
    ],
)
def test_the_owner_is_the_object(head: str, owner: str) -> None:
    (occurrence,) = mentions(in_kubernetes(f"apiVersion: v1\n{head}\nspec: {{image: x}}\n"))
    assert occurrence.owner == owner


def test_the_innermost_object_owns_an_image() -> None:
    text = "apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: {apiVersion: v1, kind: B, metadata: {name: b}, image: y}\n"
    (occurrence,) = mentions(in_kubernetes(text))
    assert occurrence.owner == "B/b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "image: nginx\n",
        "kind: pipeline\nsteps: [{image: golang}]\n",
        "apiVersion: v2\nname: chart\nimage: nginx\n",
        "apiVersion: [v1]\nkind: Pod\nimage: nginx\n",
        "apiVersion: ''\nkind: Pod\nimage: nginx\n",
        "on: push\njobs: {a: {container: {image: node}}} # apiVersion\n",
        "deploymentSpec: {executors: {a: {container: {image: python}}}} # apiVersion kind\n",
        "- hosts: all\n  image: {{ image }}:1\n",
        "x: {{ apiVersion }}:1\nimage: y\n",
        "  apiVersion: {{ x\nimage: y\n",
        "# apiVersion: v1\n# image: x\n",
    ],
)
def test_other_yaml_is_none(text: str) -> None:
    assert kubernetes.locate(Document("a.yaml", text.encode())) is None


@pytest.mark.parametrize(
    "text",
    ["apiVersion: v1\nkind: Service\n", "apiVersion: v1\nkind: Service\nimagePullSecrets: []\n---\nimage: x\n"],
)
def test_objects_without_an_image_are_known_all_the_same(text: str) -> None:
    assert in_kubernetes(text).places == ()


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("apiVersion: v1\nkind: {{ x }}\nimage: {{ y }:1\n", "templated", 4),
        ("apiVersion: v1\nkind: Pod\nimage: x: y\n", "parse-error", 3),
        ("apiVersion: v1\n{%- if x %}\nimage: y\n{% endif %}\n", "templated", 2),
        ("apiVersion: v1\n<% x %>: y\n  image: y\nz", "templated", 3),
    ],
)
def test_an_object_that_cannot_be_read_is_one_skip_if_it_names_an_image(text: str, reason: str, line: int) -> None:
    (skip,) = skips(in_kubernetes(text))
    assert (skip.kind, skip.reason, skip.line) == ("document", reason, line)


@pytest.mark.parametrize("text", ["apiVersion: v1\nkind: {{ x }}:1 # image\n", "kind: {{ x }}:1\nimage: apiVersion\n"])
def test_a_template_that_names_no_image_is_not_worth_a_word(text: str) -> None:
    assert kubernetes.locate(Document("a.yaml", text.encode())) is None


def test_the_other_documents_go_on() -> None:
    text = f"{pod('image: a')}---\napiVersion: v1\nimage: {{{{- bad\n---\n{pod('image: b')}"
    assert found(in_kubernetes(text)) == ["a", "templated: ", "b"]


def test_an_edit_that_changes_the_structure_shows_in_the_outline() -> None:
    outline = in_kubernetes(pod("image: a")).outline
    assert in_kubernetes(pod("image: a:1@sha256:" + "ab" * 32)).outline == outline
    assert in_kubernetes(pod("image: a\n    name: b")).outline != outline
    assert in_kubernetes("\n---\n" + pod("image: a")).outline != outline


def test_a_bundle_of_other_objects_is_not_parsed() -> None:
    before = "ruamel.yaml" in sys.modules
    assert kubernetes.locate(Document("a.yaml", b"apiVersion: v1\nkind: Service\nspec: {}\n")) is not None
    assert kubernetes.locate(Document("a.yaml", b"image: x\n")) is None
    assert ("ruamel.yaml" in sys.modules) == before


def test_hostile_sharing_costs_no_more_than_its_text() -> None:
    containers = ", ".join(["{image: x}"] * 2_000)
    items = "".join("- {apiVersion: v1, kind: P, spec: *c}\n" for _ in range(2_000))
    located = in_kubernetes(f"apiVersion: v1\nkind: List\nx: &c [{containers}]\nitems:\n{items}")
    assert len(located.places) == 2_000


BITS = st.lists(
    st.sampled_from(
        [
            "apiVersion: v1\n",
            "kind: P\n",
            "image:",
            "reference:",
            "x:1",
            "spec:",
            "status:",
            "output:",
            "<<:",
            "&x",
            "*x",
            "- ",
            "\n",
            "  ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "$(V)",
            "{{",
            "oci://",
            "storageUri:",
            "images:",
            "digest:",
            "name:",
            "newTag:",
            "\n---\n",
            "'",
            '"',
            "\t",
            "\ufeff",
            "taskRef:",
            "params:",
            "bundle",
            "kustomize.config.k8s.io/v1",
            "!!int ",
            "null",
        ]
    ),
    max_size=40,
).map("".join)


@given(BITS | st.text(max_size=50) | st.binary(max_size=50))
@pytest.mark.parametrize("path", ["a.yaml", "kustomization.yaml"])
def test_no_bytes_make_it_raise(path: str, text: str | bytes) -> None:
    data = text.encode() if isinstance(text, str) else text
    for head in (b"", b"apiVersion: v1\nkind: Pod\nimage: x\n"):
        located = kubernetes.locate(Document(path, head + data))
        for occurrence in mentions(located) if located else []:
            assert 0 <= occurrence.span.start < occurrence.span.end <= len(head + data)
