from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import pinner

from pinner.formats import kubernetes
from pinner.link.facts import ImageRule
from pinner.link.kustomize import Entry, apply_entries, apply_entry, split_image
from pinner.link.link import LinkInput, link
from pinner.model import Document, Occurrence

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.model import Place

DIGEST = f"sha256:{'1' * 64}"
BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - {name: app, image: "controller:latest"}
      - {name: proxy, image: "nginx:1.25"}
"""


def linked(files: dict[str, str]) -> dict[str, list[str]]:
    """Return, by path, what becomes of each image: its text, or the reason and who decided."""
    inputs = []
    for path, text in files.items():
        located = kubernetes.locate(Document(path, text.encode()))
        assert located is not None, path
        inputs.append(LinkInput(path, located.places, located.facts))
    changed = link(inputs)
    return {one.path: [shown(place) for place in changed.get(one.path, one.places)] for one in inputs}


def shown(place: Place) -> str:
    if isinstance(place, Occurrence):
        return str(place.reference)
    return " ".join([place.reason, place.text, *place.decided_by])


def test_an_overlay_that_renames_makes_the_name_of_the_base_nobodys_image() -> None:
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": BASE,
        "prod/kustomization.yaml": "resources: [../base]\nimages:\n- name: controller\n  newName: ghcr.io/me/app\n",
    }
    assert linked(files)["base/web.yaml"] == ["replaced controller:latest prod/kustomization.yaml:4", "nginx:1.25"]


def test_a_tag_that_every_overlay_replaces_is_the_entrys() -> None:
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": BASE,
        "prod/kustomization.yaml": "resources: [../base]\nimages: [{name: nginx, newTag: '1.27'}]\n",
    }
    found = linked(files)
    assert found["base/web.yaml"] == ["controller:latest", "replaced nginx:1.25 prod/kustomization.yaml:2"]
    assert found["prod/kustomization.yaml"] == ["nginx:1.27"]
    # Another overlay renders the base as it stands: then its own digest counts there.
    files["dev/kustomization.yaml"] = "resources: [../base]\n"
    assert linked(files)["base/web.yaml"] == ["controller:latest", "nginx:1.25"]


def test_an_overlay_of_an_overlay_sees_the_new_name() -> None:
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": BASE,
        "mid/kustomization.yaml": "resources: [../base]\nimages: [{name: controller, newName: a.io/app, newTag: v1}]\n",
        "top/kustomization.yaml": "resources: [../mid]\nimages: [{name: a.io/app, newName: b.io/app}]\n",
    }
    found = linked(files)
    assert found["base/web.yaml"][0] == "replaced controller:latest mid/kustomization.yaml:2"
    assert found["mid/kustomization.yaml"] == ["replaced a.io/app:v1 top/kustomization.yaml:2"]
    assert found["top/kustomization.yaml"] == ["separate-tag b.io/app"]


def test_a_component_replaces_what_was_accumulated_before_it() -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: nginx, newTag: '2'}]\n"
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\ncomponents: [../registry]\n",
        "base/web.yaml": BASE,
        "registry/kustomization.yaml": component,
    }
    assert linked(files)["base/web.yaml"][1] == "replaced nginx:1.25 registry/kustomization.yaml:3"


def test_patches_are_replaced_as_resources_are() -> None:
    patch = "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: nginx:1.26\n"
    files = {
        "web.yaml": BASE,
        "patch.yaml": patch,
        "kustomization.yaml": (
            "resources: [web.yaml]\nimages: [{name: nginx, newName: b.io/nginx}]\n"
            "patches:\n- path: patch.yaml\n- patch: |\n    - op: add\n      path: /spec/image\n      value: nginx:9\n"
        ),
    }
    found = linked(files)
    assert found["patch.yaml"] == ["replaced nginx:1.26 kustomization.yaml:2"]
    assert found["kustomization.yaml"] == ["separate-tag b.io/nginx", "replaced nginx:9 kustomization.yaml:2"]


def test_a_transformer_in_a_file_is_an_entry() -> None:
    files = {
        "web.yaml": BASE,
        "t.yaml": (
            "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: t}\n"
            "imageTag: {name: nginx, newTag: '2'}\n"
        ),
        "kustomization.yaml": "resources: [web.yaml]\ntransformers: [t.yaml]\n",
    }
    found = linked(files)
    assert found["web.yaml"] == ["controller:latest", "replaced nginx:1.25 t.yaml:4"]
    assert found["t.yaml"] == ["nginx:2"]


def test_nothing_leaks_out_of_what_a_kustomization_reaches() -> None:
    files = {
        "a/kustomization.yaml": "resources: [web.yaml]\nimages: [{name: nginx, newTag: '2'}]\n",
        "a/web.yaml": BASE,
        "b/web.yaml": BASE,
    }
    assert linked(files)["b/web.yaml"] == ["controller:latest", "nginx:1.25"]


def test_kustomizations_in_a_circle_say_nothing() -> None:
    files = {
        "a/kustomization.yaml": "resources: [../b, web.yaml]\nimages: [{name: nginx, newTag: '2'}]\n",
        "a/web.yaml": BASE,
        "b/kustomization.yaml": "resources: [../a]\n",
    }
    assert linked(files)["a/web.yaml"] == ["controller:latest", "nginx:1.25"]


CHARTS = {
    "base/kustomization.yaml": """\
helmCharts:
- name: web
  valuesFile: values.yaml
  additionalValuesFiles: [values-more.yaml]
  valuesInline: {image: {repository: acme/inline, tag: "1"}}
- {name: none}
""",
    "base/values.yaml": 'image: {repository: acme/web, tag: "1"}\nother: {image: {repository: acme/side, tag: "1"}}\n',
    "base/values-more.yaml": "waitImage: acme/wait:1\n",
    "prod/kustomization.yaml": """\
resources: [../base]
images:
- {name: acme/web, newTag: "2"}
- {name: acme/wait, newName: ghcr.io/acme/wait}
- {name: acme/inline, newTag: "2"}
""",
}


def test_what_a_chart_of_an_overlay_makes_is_replaced_too(tmp_path: Path) -> None:
    for name, text in CHARTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    expected = {
        "base/kustomization.yaml": [("acme/inline:1", "replaced")],
        "base/values.yaml": [("acme/web:1", "replaced"), ("acme/side:1", None)],
        "base/values-more.yaml": [("acme/wait:1", "replaced")],
    }
    for paths in ([], *([path] for path in expected)):
        found: dict[str, list[tuple[str, str | None]]] = {}
        for line in pinner(tmp_path, "list", "--format", "jsonl", *paths).stdout.splitlines():
            one = json.loads(line)
            if "path" in one:
                found.setdefault(one["path"], []).append((one["reference"], one["reason"]))
        assert {path: found[path] for path in paths or expected} == {path: expected[path] for path in paths or expected}


SKAFFOLD = "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {artifacts: [{image: nginx}, {image: 'acme/x'}]}\n"
KBLD = "apiVersion: kbld.k14s.io/v1alpha1\nkind: Config\nsources: [{image: docker.io/library/nginx, path: .}]\n"


@pytest.mark.parametrize(("name", "text", "by"), [("skaffold.yaml", SKAFFOLD, "skaffold"), ("kbld.yml", KBLD, "kbld")])
def test_what_a_build_makes_is_no_image_of_a_registry(name: str, text: str, by: str) -> None:
    files = {name: text, "k8s/web.yaml": BASE}
    assert linked(files)["k8s/web.yaml"] == ["controller:latest", f"built-elsewhere nginx:1.25 {name}:3"]
    located = kubernetes.locate(Document("k8s/web.yaml", BASE.encode()))
    stated = kubernetes.locate(Document(name, text.encode()))
    assert located is not None
    assert stated is not None
    places = link([LinkInput("k8s/web.yaml", located.places, ()), LinkInput(name, (), stated.facts)])["k8s/web.yaml"]
    assert not isinstance(places[1], Occurrence)
    assert places[1].detail.startswith(f"{by} builds this image")
    # A build in a folder says nothing of manifests beside it.
    assert linked({f"app/{name}": text, "k8s/web.yaml": BASE})["k8s/web.yaml"][1] == "nginx:1.25"


NAMES = st.sampled_from(["a", "b", "c.io/a", "c.io:5000/b"])
IMAGES = st.builds(
    lambda name, tag, digest: name + (f":{tag}" if tag else "") + (f"@{DIGEST}" if digest else ""),
    NAMES,
    st.sampled_from(["", "1", "2.0"]),
    st.booleans(),
)
RULES = st.builds(
    ImageRule,
    NAMES,
    st.sampled_from(["", "a", "d.io/x"]),
    st.sampled_from(["", "3", f"3@{DIGEST}"]),
    st.sampled_from(["", DIGEST]),
)


@given(IMAGES, st.lists(RULES, max_size=4))
def test_entries_for_other_names_change_nothing(text: str, rules: list[ImageRule]) -> None:
    image = split_image(text)
    assert image.text == text
    for rule in rules:
        entry = Entry("k.yaml", rule)
        after = apply_entry(image, entry)
        if image.name != rule.name:
            assert after is image
        image = after
    assert apply_entries(text, [Entry("k.yaml", rule) for rule in rules]).text == image.text


KUBECTL = shutil.which("kubectl")


@pytest.mark.skipif(KUBECTL is None, reason="kustomize comes with kubectl, which is not here")
@pytest.mark.parametrize(
    "rule",
    [
        ImageRule("nginx", "", "2"),
        ImageRule("nginx", "b.io/n", ""),
        ImageRule("nginx", "b.io/n", "2"),
        ImageRule("nginx", "", "", DIGEST),
        ImageRule("nginx", "b.io/n", "", DIGEST),
        ImageRule("nginx", "", "2", DIGEST),
        ImageRule("nginx", "", f"2@{DIGEST}"),
        ImageRule("docker.io/library/nginx", "", "2"),
        ImageRule("other", "", "2"),
    ],
    ids=str,
)
@pytest.mark.parametrize("text", ["nginx", "nginx:1", f"nginx:1@{DIGEST}", f"nginx@{DIGEST}"])
def test_entries_do_what_kustomize_does(rule: ImageRule, text: str, tmp_path: Path) -> None:
    assert KUBECTL is not None
    pod = f'apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: "{text}"}}]}}\n'
    keys = {"newName": rule.new_name, "newTag": rule.new_tag, "digest": rule.digest}
    entry = "".join(f'\n  {key}: "{value}"' for key, value in keys.items() if value)
    (tmp_path / "pod.yaml").write_text(pod)
    (tmp_path / "kustomization.yaml").write_text(f"resources: [pod.yaml]\nimages:\n- name: {rule.name}{entry}\n")
    out = subprocess.run([KUBECTL, "kustomize", str(tmp_path)], capture_output=True, text=True, check=True).stdout
    (image,) = re.findall(r"image: (\S+)", out)
    assert apply_entries(text, [Entry("kustomization.yaml", rule)]).text == image
