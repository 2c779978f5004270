from __future__ import annotations

import pytest

from pinner.formats import compose
from pinner.model import Document


def is_compose(text: str, path: str) -> bool:
    return compose.locate(Document(path, text.encode())) is not None


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {image: x}}",
        "version: '3'\nservices:\n  a: {image: x}\nvolumes: {}\nnetworks: {}\n",
        "name: p\nx-anything: 1\nservices: {a: {build: .}, b: {image: x, ports: []}}\n",
        "x-b: &b {image: x}\nservices: {a: {<<: *b}}\n",
        "services: {a: {extends: {file: image.yaml, service: b}}}",
        '"services": {"a": {"image": "x"}}',
    ],
)
@pytest.mark.parametrize("path", ["compose.yaml", "deploy/docker-compose.prod.yml", "stack.yml"])
def test_services_say_that_it_is_a_compose_file(text: str, path: str) -> None:
    assert is_compose(text, path)


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {image: x}, b: }",
        "services: {a: {image: x}}\nunknown: 1\n",
        "services: {a: {image: x}, b: {odd: 1}}",
        "services: {a: {command: image}}",
        "a: {image: x}\nb: {build: .}\n",
        "include: [image.yaml]\n",
        "include: [image.yaml]\nservices: {}\n",
        "a:\n  image: x\n  links: [b]\n",
    ],
)
def test_under_its_own_name_a_compose_file_need_not_be_beyond_doubt(text: str) -> None:
    assert is_compose(text, "docker-compose.yml")
    assert not is_compose(text, "values.yml")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# image\n",
        "- image: x\n",
        "image: x\n",
        "services: [{image: x}]",
        "services: image",
        "services: {a: image}",
        "services: {}\nimage: x",
        "services: {a: {odd: image}}",
        "apiVersion: v1\nkind: Pod\nservices: {a: {image: x}}\n",
        "services: {a: {image: x}}\n---\napiVersion: v1\nkind: Pod\n",
        "policies: [{image: x}]\n",
        "include: image.yaml\n",
        "jobs: {a: {image: x}}\n",
        "on: {image: x}\nbuild: {image: x}\n",
    ],
)
@pytest.mark.parametrize("path", ["compose.yaml", "a.yaml"])
def test_other_yaml_is_none(text: str, path: str) -> None:
    assert not is_compose(text, path)


@pytest.mark.parametrize(
    "text",
    [
        "steps: [{image: x}]\nservices: {db: {image: postgres}}\n",
        "services: {App: {class: image, tags: [x]}, B: {image: x}}\n",
        "services: {a: {ports: [image]}}\n",
        "services: {a: {image: x}}\napiVersion: v1\n",
    ],
)
def test_other_tools_have_services_too(text: str) -> None:
    assert not is_compose(text, "config.yml")


@pytest.mark.parametrize(
    ("text", "path", "told"),
    [
        ("services:\n  a: {image: x\n", "a.yaml", True),
        ("a: {image: x\n", "compose.yaml", True),
        ("a: {image: x\n", "services.yaml", False),
        ("apiVersion: v1\nservices: {image: x\n", "compose.yaml", False),
        ("services: {a: x\n", "compose.yaml", False),
    ],
)
def test_a_broken_file_is_told_of_where_it_may_name_images(text: str, path: str, *, told: bool) -> None:
    located = compose.locate(Document(path, text.encode()))
    assert (located is not None and len(located.places) == 1) == told


@pytest.mark.parametrize("second", ["services: {a: {other: key}}", "unrelated: mapping", "[a]", "text", ""])
def test_a_document_of_another_kind_hides_no_compose_file_before_it(second: str) -> None:
    data = f"services: {{web: {{image: x:1}}}}\n---\n{second}\n".encode()
    located = compose.locate(Document("compose.yaml", data))
    assert located is not None
    assert located.places[0].span == (24, 27)
    assert compose.locate(Document("other.yaml", data.replace(b"---", b"---\na: b\n---"))) is None


@pytest.mark.parametrize(
    "text",
    [
        "x: 1\nrules: {services: [{image: x}]}\nbroken: [\n",
        "# c\n---\n- services: {a: {image: x}}\n",
        "{{ if x }}\napiVersion: v1\nresources: [services] # image\n{{ end }}\n",
    ],
)
def test_services_below_the_root_say_nothing(text: str) -> None:
    assert not is_compose(text, "role.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "{services: {a: {image: x}}}",
        "  services: {a: {image: x}}\n",
        "name: a\n'services': {a: {image: x}}\n",
        "name: a\n? services\n: {a: {image: x}}\n",
        "x-a: &a {services: {a: {image: x}}}\n<<: *a\n",
        "{{- if x }}\nservices: {a: {image: x}}\n{{- end }}\n",
        "{{- if x }}\n'services':\n  a: {image: x}\n{{- end }}\n",
    ],
)
def test_services_of_the_root_are_found_wherever_they_stand(text: str) -> None:
    assert is_compose(text, "stack.yml")
