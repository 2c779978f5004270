from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner import formats
from pinner.formats import FORMATS, _claiming, by_name, claims, locate
from pinner.limits import FILE_PLACES, YAML_DOCUMENTS
from pinner.model import Document, FormatChoice, Located, PlaceRule, SkippedOccurrence

if TYPE_CHECKING:
    from pinner.formats.base import Format

POD = b"apiVersion: v1\nkind: Pod\nspec: {containers: [{image: nginx:1}]}\n"


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_every_module_does_what_its_line_says(format_: object) -> None:
    name = getattr(format_, "name", "")
    found = by_name(name)
    assert import_module(found.module).locate is not None
    located = found.locate(Document("x", b""))
    assert located is None or isinstance(located, Located)


@pytest.mark.parametrize(
    "path",
    [
        "Dockerfile",
        "a/b/Dockerfile",
        "dockerfile",
        "Containerfile",
        "app.Dockerfile",
        "app.dockerfile",
        "web-Dockerfile",
        "Dockerfile.dev",
        "Dockerfile-alpine",
        "dockerfile_1",
        "DOCKERFILE",
        "MyDockerfile",
        "DockerfileDev",
        "Dockerfile2",
        "ContainerfileUbi9-arm",
        "web_Dockerfile",
        "CONTAINERFILE.dev",
        "compose.yaml",
        "k8s/pod.yml",
    ],
)
def test_claimed(path: str) -> None:
    assert claims(path)


@pytest.mark.parametrize(
    "path",
    [
        "Dockerfile.dockerignore",
        "Dockerfiles",
        "DockerfileParser.java",
        "DockerfileDev.txt",
        "docker-compose.Dockerfile.dockerignore",
        ".dockerignore",
        "Containerfile.containerignore",
        "Dockerfiles/README",
        "Dockerfile.md",
        "dockerfile.go",
        "runtime-Dockerfile.approved.txt",
        "Dockerfile.snap",
        "mydockerfile",
        "dockerfile/main.go",
        "stubs.pyi",
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        "values.yaml.gotmpl",
        "yaml",
        "a.yamlx",
    ],
)
def test_not_claimed(path: str) -> None:
    assert not claims(path)


@pytest.mark.parametrize("path", ["dockerfile.py", "dockerfile/__init__.py", "a/b.pyw"])
def test_code_about_dockerfiles_is_code(path: str) -> None:
    assert [format_.name for format_ in FORMATS if format_.claims(path)] == ["python"]


@pytest.mark.parametrize("path", ["a.ipynb", "about/dockerfile-basics.ipynb"])
def test_notebooks_are_notebooks(path: str) -> None:
    assert [format_.name for format_ in FORMATS if format_.claims(path)] == ["notebook"]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"FROM nginx\n", "dockerfile"),
        (b"\xef\xbb\xbf# comment\n\narg V=1\nFROM nginx:$V\n", "dockerfile"),
        (b"services: {a: {image: nginx, ports: [80]}}\n", "compose"),
        (POD, "kubernetes"),
    ],
)
def test_a_file_that_nobody_claims_is_told_by_its_content(data: bytes, name: str) -> None:
    found = locate(Document("somefile", data))
    assert found is not None
    assert found[0].name == name
    assert len(found[1].places) == 1


@pytest.mark.parametrize("data", [b"", b"hello\n", b"# FROM nginx\n", b"\xff\xfe", b"From: a@example.com\n"])
def test_other_content_is_of_no_format(data: bytes) -> None:
    found = locate(Document("somefile", data))
    assert found is None or found[1].places == ()


def test_compose_is_not_judged_as_kubernetes_nor_the_other_way_round() -> None:
    found = locate(Document("pod.yaml", POD))
    assert found is not None
    assert found[0].name == "kubernetes"


@pytest.mark.parametrize("path", ["dockerfile.yml", ".github/workflows/build-dockerfile.yaml"])
def test_a_workflow_about_a_dockerfile_is_no_dockerfile(path: str) -> None:
    assert not by_name("dockerfile").claims(path)


# With limits of their own: how large those of the table are makes no difference but to the time.
@pytest.mark.parametrize(("documents", "reasons"), [(100, []), (101, ["parse-error"])])
def test_so_many_documents_are_read_and_no_more(
    documents: int, reasons: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vars(formats)["YAML_DOCUMENTS"] == YAML_DOCUMENTS
    monkeypatch.setattr(formats, "YAML_DOCUMENTS", 100)
    pod = b"apiVersion: v1\nkind: Pod\nspec: {image: nginx}\n"
    found = locate(Document("bundle.yaml", pod + b"\n---" * documents))
    assert found is not None
    assert [place.reason for place in found[1].places if isinstance(place, SkippedOccurrence)] == reasons
    assert len(found[1].places) == 1


@pytest.mark.parametrize(("images", "places"), [(100, 100), (101, 1)])
def test_so_many_images_of_a_file_are_looked_at_and_no_more(
    images: int, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vars(formats)["FILE_PLACES"] == FILE_PLACES
    monkeypatch.setattr(formats, "FILE_PLACES", 100)
    found = locate(Document("Dockerfile", b"FROM a\n" * images))
    assert found is not None
    assert len(found[1].places) == places
    assert {place.reason for place in found[1].places if isinstance(place, SkippedOccurrence)} == (
        {"parse-error"} if places == 1 else set()
    )


def test_what_names_no_image_is_no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "YAML_DOCUMENTS", 100)
    assert locate(Document("a.yaml", b"a: b\n" + b"\n---" * 101)) is None
    assert locate(Document("app.py", b"image = 1\n" + b"#\n---" * 101)) is None


@pytest.mark.parametrize(
    "text",
    [
        "include: [a.yaml]\n",
        "'include' : [a.yaml]\n",
        "services: {a: {extends: b}}\n",
        "apiVersion: kustomize.config.k8s.io/v1beta1\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\n",
        "kind: ImageTagTransformer\n",
        "apiVersion: skaffold/v2\n",
        "apiVersion: kbld.k14s.io/v1alpha1\n",
        "source: {kustomize: {}}\n",
        "included: true\n",
        "kustomize.io\n",
        "a: b\n",
    ],
)
def test_what_states_something_has_a_sign_of_it(text: str) -> None:
    document = Document("some.yaml", text.encode())
    for format_ in FORMATS:
        if format_.states_facts:
            found = re.search(format_.stating_words, document.data) is not None
            assert format_.may_state(document) == (found or re.search(format_.stating_names, "some.yaml") is not None)


@pytest.mark.parametrize(
    "name",
    ["a.yaml", "a.yml", ".yml", "m.tf", "m.py", "m.pyi", "a.yaml\n", "image.conf", "web.container", "Dockerfile.md"],
)
def test_the_short_cuts_claim_what_the_formats_claim(name: str) -> None:
    path = f"web.container.d/{name}"
    assert claims(path) == any(format_.claims(path) for format_ in FORMATS)


YAML_NAMES = (
    *(
        "a.yaml",
        ".yml",
        "values.yaml",
        "my-values.dev.yml",
        "goreleaser.yml",
        "bitbucket-pipelines.yml",
        "xbitbucket.yml",
    ),
    *(".cirrus.yml", ".pre-commit-config.yaml", "Dockerfile.yaml", "docker-bake.yaml", "kustomization.yml", "ecs.json"),
)


def _some_names(format_: Format) -> st.SearchStrategy[str]:
    """Names that ``format_`` may claim, and what else ends in what it excepts."""
    fitting = st.from_regex(format_.names, alphabet=st.characters(codec="ascii"))
    return fitting | st.sampled_from(format_.others or (".yml",)).map("my{}".format)


@given(st.one_of([_some_names(format_) for format_ in FORMATS]), st.sampled_from(["", "x", ".yaml", ".yml", "\n"]))
def test_what_the_ending_tells_is_what_each_format_tells(name: str, ending: str) -> None:
    name = f"{name.replace('/', '')}{ending}"
    assert _claiming(name, FORMATS) == tuple(format_ for format_ in FORMATS if format_.claims(name))


@pytest.mark.parametrize("name", YAML_NAMES)
def test_names_of_yaml_go_to_the_formats_that_claim_them(name: str) -> None:
    assert _claiming(name, FORMATS) == tuple(format_ for format_ in FORMATS if format_.claims(name))


MIXED = b"""\
- kubernetes.core.k8s: {definition: {apiVersion: v1, kind: Pod, spec: {containers: [{image: 'a:1'}]}}}
- docker_container: {image: 'b:1'}
"""


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (FormatChoice(), ("ansible", ["kubernetes", "ansible"])),
        (FormatChoice(disabled=("kubernetes",)), ("ansible", ["ansible"])),
        (FormatChoice(only=("ansible",)), ("ansible", ["ansible"])),
        (FormatChoice(disabled=("ansible",)), ("kubernetes", ["kubernetes"])),
        (FormatChoice(disabled=("ansible", "kubernetes")), None),
    ],
)
def test_a_play_with_objects_is_read_by_both_formats_that_are_on(
    choice: FormatChoice, expected: tuple[str, list[str]] | None
) -> None:
    found = formats.locate(Document("play.yml", MIXED), formats.configured(choice))
    assert (found and (found[0].name, [place.format for place in found[1].places])) == expected


def test_places_of_the_user_come_beside_those_of_both_formats() -> None:
    rule = PlaceRule(("*.yml",), "regex", r"own: (?P<image>\S+)")
    data = MIXED + b"# own: c:1\n"
    found = formats.locate(Document("play.yml", data), formats.configured(FormatChoice(places=(rule,))))
    assert found is not None
    again = found[0].locate(Document("play.yml", data))
    assert again is not None
    assert [place.format for place in again.places] == ["kubernetes", "ansible", "places"]
    assert again.places == found[1].places
