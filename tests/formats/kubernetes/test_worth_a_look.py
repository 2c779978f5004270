"""Passing over what has no image in its text finds what going through everything finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yamlplaces import found

from pinner.formats.kubernetes import locate
from pinner.model import Document

OPENING = b'"zz": {image: , apiVersion: x}\n'
"""With this at its end every document is parsed and gone through, and has the images that it had."""


def assert_all_is_found(text: str, path: str = "objects.yaml") -> list[str]:
    data = text.encode()
    plain = locate(Document(path, data))
    whole = locate(Document(path, data + OPENING))
    assert (plain is None) == (whole is None), text
    if plain is None or whole is None:
        return []
    assert plain.places == whole.places, text
    return found(plain)


POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n"
CASES = {
    "the last of many": (POD + "a:\n  b: 1\nc:\n  d:\n    - e: 1\nspec:\n  containers:\n    - image: a:1\n", ["a:1"]),
    "the first of many": (POD + "spec:\n  containers:\n    - image: a:1\n    - b: 1\nc:\n  - d\n", ["a:1"]),
    "in every other item": (POD + "x:\n- image: a:1\n- b: c\n- d:\n    image: e:1\n- f: g\n", ["a:1", "e:1"]),
    "an object in a list": (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    image: a:1\n",
        ["a:1"],
    ),
    "an object in something else": ("x:\n  y:\n    apiVersion: v1\n    kind: Pod\n    image: a:1\n", ["a:1"]),
    "only the word": (POD + "note: no image here\nspec:\n  text: image\n", []),
    "a pull policy alone": (POD + "spec:\n  imagePullPolicy: Always\n  image: a:1\n", ["a:1"]),
    "a package": (
        "apiVersion: pkg.crossplane.io/v1\nkind: Provider\nspec:\n  package: xpkg.example/a/b:1\n",
        ["xpkg.example/a/b:1"],
    ),
    "a bundle's parameter": (
        (
            "apiVersion: tekton.dev/v1\nkind: TaskRun\nspec:\n  taskRef:\n    resolver: bundles\n    params:\n"
            "      - name: kind\n        value: task\n      - name: bundle\n        value: example.com/a:1\n"
        ),
        ["example.com/a:1"],
    ),
    "a typed object in a list": (
        (
            "apiVersion: v1\nkind: List\nimages: 1\nitems:\n- apiVersion: pkg.crossplane.io/v1\n  kind: Provider\n"
            "  spec:\n    package: xpkg.example/a:1\n- b: c\n"
        ),
        ["xpkg.example/a:1"],
    ),
    "a status": (POD + "status:\n  a:\n    - image: a:1\n", ["status-field: a:1"]),
    "objects in a list, one of which nobody enters": (
        (
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  data:\n    image: a:1\n"
            "- apiVersion: v1\n  kind: Pod\n  spec:\n    image: b:1\n"
            "  status:\n    image: c:1\n- image: d:1\n"
        ),
        ["b:1", "status-field: c:1", "d:1"],
    ),
    "nothing under labels": (POD + "x:\n  labels:\n    image: a:1\n    y:\n      image: b:1\n", []),
    "no object at all": ("x:\n  image: a:1\n", []),
    "an object without a kind": ("apiVersion: v1\nimage: a:1\nx:\n  image: b:1\n", []),
    "an object under labels": ("x:\n  labels:\n    apiVersion: v1\n    kind: Pod\n    image: a:1\n", []),
    "the key rbd": (POD + "rbd:\n  image: a:1\n  x:\n    image: b:1\n", ["b:1"]),
    "a build's output": (POD + "output:\n  - image: a:1\n", ["output: a:1"]),
    "no text": (POD + "a:\n  image: []\nb:\n  image:\nc:\n  image: {}\n", []),
    "a comment first": ("# image: x\n" + POD + "image: a:1 # image: b:1\n# image: c:1\n", ["a:1"]),
    "a kind twice, of which the last counts": (POD + "image: a:1\nkind: Secret\n", []),
    "a kind without images that another follows": ("apiVersion: v1\nkind: Secret\nimage: a:1\nkind: Pod\n", ["a:1"]),
    "an image volume": (POD + "spec:\n  volumes:\n    - image:\n        reference: a:1\n      b: c\n", ["a:1"]),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_nothing_is_passed_over_that_has_an_image(text: str, expected: list[str]) -> None:
    assert assert_all_is_found(text) == expected


TREES = st.recursive(
    st.sampled_from(["1", "image", "a:1", "oci://a/b:1", "apiVersion", "bundle", "xpkg.example/a:1"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "image",
                        "spec",
                        "status",
                        "output",
                        "labels",
                        "package",
                        "reference",
                        "containers",
                        "x",
                        "storageUri",
                    ),
                    *("apiVersion", "kind", "bundle", "taskRef", "imageName", "rbd", "build", "artifacts"),
                ]
            ),
            inner,
            min_size=1,
            max_size=4,
        )
    ),
    max_leaves=20,
)
GROUPS = st.sampled_from(["v1", "tekton.dev/v1", "pkg.crossplane.io/v1", "skaffold/v4", "kyverno.io/v1", "apps/v1"])


@settings(max_examples=400)
@given(TREES, GROUPS, st.sampled_from(["Pod", "Cluster", "List"]))
def test_no_tree_makes_a_difference(value: object, group: str, kind: str) -> None:
    lines = written({"spec": value, "items": [{"apiVersion": group, "kind": kind, "spec": value}, value]}, 0)
    text = "\n".join([f"apiVersion: {group}", f"kind: {kind}", *lines, ""])
    assert_all_is_found(text)


def written(value: object, depth: int) -> list[str]:
    """Return the lines of ``value`` in block style."""
    pad = "  " * depth
    if isinstance(value, dict):
        lines = []
        for key, inner in value.items():
            nested = written(inner, depth + 1)
            lines += [f"{pad}{key}: {inner}"] if isinstance(inner, str) else [f"{pad}{key}:", *nested]
        return lines
    if isinstance(value, list):
        lines = []
        for inner in value:
            first, *rest = written(inner, depth + 1)
            lines += [f"{pad}- {first.strip()}", *rest]
        return lines
    return [f"{pad}{value}"]
