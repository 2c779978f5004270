"""What cannot name an image is told from its bytes, and no parser sees it."""

from __future__ import annotations

import pytest
from yamlplaces import found, in_kubernetes, skips

from pinner.formats import kubernetes
from pinner.model import Document

SCHEMA = "spec:\n  versions:\n  - schema:\n      properties: {image: {default: x}}\n      image: not/an@image\n"


@pytest.mark.parametrize(
    ("head", "passed_over"),
    [
        ("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n", True),
        ("# c\n---\nkind: 'CustomResourceDefinition'\napiVersion: apiextensions.k8s.io/v1beta1\n", True),
        ("apiVersion: v1\nkind: ConfigMap\n", True),
        ("apiVersion: kyverno.io/v1\nkind: Policy\n", True),
        ("apiVersion: v1\nkind: List\n", False),
        ("apiVersion: kbld.k14s.io/v1alpha1\nkind: Config\n", False),
        ("apiVersion: chainsaw.kyverno.io/v1\nkind: Test\n", False),
        ("apiVersion: a.b/v1\nkind: ConfigMap\n", False),
        ("apiVersion: v1\nkind: ConfigMap\nkind: Pod\n", False),
        ("apiVersion: v1\nkind: ConfigMap\n  x\n", False),
        ('apiVersion: v1\nkind: ConfigMap\n"kin\\x64": Pod\n', False),
    ],
)
def test_kinds_without_images_are_passed_over_unparsed(head: str, passed_over: bool) -> None:  # noqa: FBT001 - a table
    text = f"{head}{SCHEMA}broken: [\n"
    problems = [skip for skip in skips(in_kubernetes(text)) if skip.reason == "parse-error"]
    assert (problems == []) == passed_over


def test_what_is_passed_over_leaves_the_rest_of_a_bundle() -> None:
    crd = f"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n{SCHEMA}"
    text = f"{crd}---\napiVersion: v1\nkind: Pod\nspec: {{containers: [{{image: a:1}}]}}\n---\n{crd}"
    assert found(in_kubernetes(text)) == ["a:1"]
    assert found(in_kubernetes(crd)) == []


@pytest.mark.parametrize(
    "text",
    [
        "definitions:\n  Pod:\n    apiVersion:\n      description: x\n    kind:\n      image: [\n",
        "paths: {a: {apiVersion: {type: string}, kind: image}}\nimage: a\nx: [\n",
        "apiVersion: v2\nname: a chart\ndescription: of an image\n",
    ],
)
def test_a_schema_and_a_chart_are_no_objects(text: str) -> None:
    assert kubernetes.locate(Document("openapi.yml", text.encode())) is None


def test_a_version_on_the_next_line_is_one() -> None:
    assert found(in_kubernetes("apiVersion:\n  v1\nkind: Pod\nimage: a:1\n")) == ["a:1"]
