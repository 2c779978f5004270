"""The kustomize Component: by kustomize's own rules each container gets the lock's digest, and nothing else changes."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from exporting import ARM64, OTHER, asked, digest
from hypothesis import given
from hypothesis import strategies as st

from pinner.export.kustomize import export

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.export.base import Export

KUBECTL = shutil.which("kubectl")


def deployment(*images: str, key: str = "containers") -> str:
    items = "".join(f"        - {{name: c{number}, image: '{image}'}}\n" for number, image in enumerate(images))
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  template:\n    spec:\n"
    return f"{head}      {key}:\n{items}"


def entries(made: Export) -> list[dict[str, str]]:
    """Return the images of the Component, whose shape is that of kustomize's ``Kustomization`` and ``Image``."""
    content: dict[str, Any] = yaml.safe_load(made.text)
    assert set(content) == {"apiVersion", "kind", "images"}
    assert (content["apiVersion"], content["kind"]) == ("kustomize.config.k8s.io/v1alpha1", "Component")
    for entry in content["images"]:
        assert {"name", "digest"} <= set(entry) <= {"name", "newTag", "digest"}
        assert all(isinstance(value, str) for value in entry.values())
    images: list[dict[str, str]] = content["images"]
    return images


def transformed(made: Export, image: str) -> str:
    """Return what kustomize makes of ``image`` (api/filters/imagetag/updater.go, api/internal/image/image.go)."""
    for entry in entries(made):
        end = r"(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z][a-zA-Z0-9]*:[a-zA-Z0-9_.{}-]*)?$"
        if re.search("^" + entry["name"] + end, image):
            slash = max(image.find("/"), 0)
            name = image[:slash] + re.split("[:@]", image[slash:], maxsplit=1)[0]
            image = name + (f":{entry['newTag']}" if "newTag" in entry else "") + f"@{entry['digest']}"
    return image


def test_each_written_name_has_an_entry_with_tag_and_digest() -> None:
    files = {"d.yaml": deployment("nginx", "docker.io/library/nginx:1.27", "library/redis:7", "host:5000/a/b:1")}
    made = export(asked(files, "nginx", "nginx:1.27", "redis:7", "host:5000/a/b:1"))
    assert entries(made) == [
        {"name": "docker.io/library/nginx", "newTag": "1.27", "digest": str(digest("nginx:1.27"))},
        {"name": "host:5000/a/b", "newTag": "1", "digest": str(digest("host:5000/a/b:1"))},
        {"name": "library/redis", "newTag": "7", "digest": str(digest("redis:7"))},
        {"name": "nginx", "newTag": "latest", "digest": str(digest("nginx"))},
    ]
    assert (made.images, made.problems) == (4, ())


def test_two_tags_of_one_name_cannot_be_told_apart_and_are_left_out() -> None:
    made = export(asked({"d.yaml": deployment("nginx:1", "redis:7", "nginx:2")}, "nginx:1", "nginx:2", "redis:7"))
    assert [entry["name"] for entry in entries(made)] == ["redis"]
    [problem] = made.problems
    assert (problem.path, problem.line) == ("d.yaml", 11)
    assert re.fullmatch(
        r"`nginx` is to be 2@sha256:[0-9a-f]{12}… here and 1@sha256:[0-9a-f]{12}… in d\.yaml:9, and kustomize cannot "
        r"tell them apart: it is left out",
        problem.error.message,
    )


@pytest.mark.parametrize("other", ["nginx:2", f"nginx:2@{OTHER}", f"nginx@{OTHER}"])
def test_a_name_with_another_tag_that_the_lock_lacks_is_left_out_too(other: str) -> None:
    made = export(asked({"d.yaml": deployment("nginx:1", other)}, "nginx:1"))
    assert entries(made) == []
    assert any("cannot tell them apart" in problem.error.message for problem in made.problems)


def test_the_same_tag_written_and_implied_is_one_entry() -> None:
    made = export(asked({"d.yaml": deployment("nginx", "nginx:latest")}, "nginx"))
    assert (len(entries(made)), made.problems) == (1, ())


def test_what_has_the_locks_digest_already_needs_no_entry() -> None:
    made = export(asked({"d.yaml": deployment(f"nginx:1@{digest('nginx:1')}", f"redis@{OTHER}")}, "nginx:1"))
    assert (entries(made), made.problems) == ([], ())


def test_a_name_that_has_the_digest_in_one_place_gets_it_in_the_other() -> None:
    made = export(asked({"d.yaml": deployment("nginx:1", f"nginx:1@{digest('nginx:1')}")}, "nginx:1"))
    assert [entry["digest"] for entry in entries(made)] == [str(digest("nginx:1"))]


@pytest.mark.parametrize(
    "manifest",
    [
        deployment("nginx:1", key="ephemeralContainers"),
        "apiVersion: x/v1\nkind: Operator\nspec:\n  image: nginx:1\n",
        "apiVersion: x/v1\nkind: Operator\nspec:\n  containers: {image: nginx:1}\n",
        "apiVersion: x/v1\nkind: Operator\nspec:\n  containers: [{image: {reference: nginx:1}}]\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  volumes: [{name: v, image: {reference: nginx:1}}]\n",
        "apiVersion: x/v1\nkind: Operator\nspec:\n  containers:\n    - nested: {image: nginx:1}\n",
    ],
)
def test_what_kustomize_does_not_reach_is_named(manifest: str) -> None:
    made = export(asked({"m.yaml": manifest}, "nginx:1"))
    assert entries(made) == []
    [problem] = made.problems
    assert "`nginx:1` is out of kustomize's reach" in problem.error.message


def test_what_kustomize_does_not_reach_and_is_pinned_is_no_problem() -> None:
    manifest = f"apiVersion: x/v1\nkind: Operator\nspec:\n  image: nginx:1@{digest('nginx:1')}\n"
    assert export(asked({"m.yaml": manifest}, "nginx:1")).problems == ()


@pytest.mark.parametrize(
    "manifest",
    [
        deployment("nginx:1", key="initContainers"),
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec: {containers: [{image: nginx:1}]}\n",
        "apiVersion: x/v1\nkind: Operator\nspec:\n  deep:\n  - containers:\n    - image: >-\n        nginx:1\n",
        "apiVersion: v1\nkind: Pod\nx: &i nginx:1\nspec: {containers: [{image: *i}]}\n",
        "apiVersion: v1\nkind: Pod\nx: &c {image: nginx:1}\nspec: {containers: [{<<: *c, name: b}, *c]}\n",
        'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: !!str "nginx:1"\n',
    ],
)
def test_containers_are_reached_however_they_are_written(manifest: str) -> None:
    made = export(asked({"m.yaml": manifest}, "nginx:1"))
    assert (len(entries(made)), made.problems) == (1, ())


def test_dots_in_a_name_match_anything_to_kustomize_and_a_name_that_would_catch_another_is_left_out() -> None:
    made = export(asked({"d.yaml": deployment("a.b/c:1", "a-b/c:2")}, "a.b/c:1", "a-b/c:2"))
    assert [entry["name"] for entry in entries(made)] == ["a-b/c"]
    [problem] = made.problems
    assert "`a.b/c` is left out: kustomize takes it for a regular expression" in problem.error.message


def test_a_name_that_kustomize_does_not_even_find_itself_is_left_out() -> None:
    made = export(asked({"d.yaml": deployment("[::1]:5000/a:1")}, "[::1]:5000/a:1"))
    assert entries(made) == []
    assert len(made.problems) == 1


def test_an_image_that_pinner_ignores_keeps_its_name_out() -> None:
    manifest = deployment("nginx:1") + "        - {name: x, image: 'nginx:1'}  # pinner: ignore\n"
    made = export(asked({"d.yaml": manifest}, "nginx:1"))
    assert entries(made) == []
    assert "left as it is" in made.problems[0].error.message


def test_names_that_are_no_references_are_not_compared() -> None:
    made = export(asked({"d.yaml": deployment("ko://example.org/cmd", "nginx:1", "nginx:$(V)", "{{ x }}")}, "nginx:1"))
    assert (len(entries(made)), made.problems) == (1, ())


def test_a_kustomizations_own_images_and_other_formats_are_not_its_business() -> None:
    files = {
        "kustomization.yaml": f"images:\n- {{name: redis, newTag: '7', digest: '{OTHER}'}}\n",
        "Dockerfile": "FROM nginx:2\n",
        "compose.yaml": "services: {a: {image: nginx:3}}\n",
        "d.yaml": deployment("nginx:1"),
    }
    made = export(asked(files, "nginx:1", "nginx:2", "nginx:3", "redis:7"))
    assert [entry["newTag"] for entry in entries(made)] == ["1"]
    assert made.problems == ()


def test_with_a_platform_its_manifest_is_meant() -> None:
    made = export(asked({"d.yaml": deployment("nginx:1")}, "nginx:1", platform=ARM64))
    assert entries(made)[0]["digest"] == str(digest("nginx:1", ARM64))


_IMAGES = st.sampled_from(
    ["nginx", "nginx:1", "nginx:2", "a.b/c:1", "a-b/c:1", "a.b/c:2", "h:5000/nginx:1", "library/nginx"]
)


@given(st.lists(_IMAGES, min_size=1), st.sets(_IMAGES))
def test_kustomize_makes_the_locks_reference_of_an_image_or_leaves_it_and_then_it_is_named(
    used: list[str], known: set[str]
) -> None:
    made = export(asked({"d.yaml": deployment(*used)}, *known))
    for image in used:
        after = transformed(made, image)
        written = image if ":" in image.rpartition("/")[2] else f"{image}:latest"
        assert after in (image, f"{written}@{digest(image)}")
        assert after != image or made.problems


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl here")
def test_kustomize_itself_takes_the_component(tmp_path: Path) -> None:
    manifest = deployment("nginx", "docker.io/library/nginx:1.27", "redis:7-alpine")
    made = export(asked({"d.yaml": manifest}, "nginx", "nginx:1.27", "redis:7-alpine"))
    (tmp_path / "pinned").mkdir()
    (tmp_path / "d.yaml").write_text(manifest, "utf-8")
    (tmp_path / "kustomization.yaml").write_text("resources: [d.yaml]\ncomponents: [pinned]\n", "utf-8")
    (tmp_path / "pinned" / "kustomization.yaml").write_text(made.text, "utf-8")
    built = subprocess.run(
        [str(KUBECTL), "kustomize", str(tmp_path)], check=True, capture_output=True, text=True
    ).stdout
    containers = yaml.safe_load(built)["spec"]["template"]["spec"]["containers"]
    assert [container["image"] for container in containers] == [
        f"nginx:latest@{digest('nginx')}",
        f"docker.io/library/nginx:1.27@{digest('nginx:1.27')}",
        f"redis:7-alpine@{digest('redis:7-alpine')}",
    ]
