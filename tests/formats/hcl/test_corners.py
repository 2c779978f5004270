"""What HCL files hold that hardly anybody writes."""

from __future__ import annotations

import pytest

from pinner.formats import locate
from pinner.formats.hcl.blocks import scan, scan_json
from pinner.formats.hcl.values import Other, read_value
from pinner.limits import HCL_DEPTH
from pinner.link.facts import ComposeFile
from pinner.model import Document, Occurrence


def said(name: str, text: str) -> list[str]:
    """Return the images of the file, or why there is none."""
    found = locate(Document(name, text.encode()))
    places = found[1].places if found is not None else ()
    return [str(one.reference) if isinstance(one, Occurrence) else one.reason for one in places]


def ecs(value: str) -> str:
    return f'resource "aws_ecs_task_definition" "a" {{\n container_definitions = {value}\n}}\n'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('jsonencode([{ image = "a:1" }])', ["a:1"]),
        ('"${jsonencode([{ image = "a:1" }])}"', ["a:1"]),
        ('"${var.x}"', []),
        ('"x"', []),
        ('<<E\n[{"image": "a:1"}]\nE\n', ["a:1"]),
        ('<<E\n%{ if x }[{"image": "a:1"}]%{ endif }\nE\n', []),
        ("<<E\nno JSON\nE\n", []),
        ('concat([{ image = "a:1" }], local.more)', ["a:1"]),
        ("concat(" * (HCL_DEPTH - 2) + '[{ image = "a:1" }]' + ")" * (HCL_DEPTH - 2), ["a:1"]),
        ('file("x.json")', []),
        ('jsonencode([{ image = "a\\U00110000" }])', ["invalid-reference"]),
    ],
)
def test_container_definitions(value: str, expected: list[str]) -> None:
    assert said("a.tf", ecs(value)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "(1}",
        "[1}",
        '{ "a${b" = 1 }',
        '"${a',
        '"${a)}"',
        "<<E\nx\n",
        "{ a = [1, ",
        "{ 1 2 }",
        '"a\nb"',
        "[[" * HCL_DEPTH,
    ],
)
def test_what_cannot_be_read_is_no_value(text: str) -> None:
    assert isinstance(read_value(text.encode(), 0, len(text)), Other)


@pytest.mark.parametrize("text", ["[]", "1", "", '{"a": ', '{"a": [1}', "x"])
def test_json_that_is_no_object_is_a_problem(text: str) -> None:
    file = scan_json(text.encode(), (), {})
    assert file.problem is not None
    assert file.root.blocks == ()


def test_json_keys_that_are_worked_out_and_blocks_in_lists() -> None:
    text = b'\xef\xbb\xbf{"a": {"b": [{"c": 1}, 2], "x${d}": {"e": 1}}, "y${z}": 1}'
    file = scan_json(text, (b"",), {"a": 1})
    assert [(one.type, one.labels, [inner.name for inner in one.attributes]) for one in file.root.blocks] == [
        ("a", ("b",), ["c"])
    ]
    assert [one.text for one in file.words if one.text in (b"d", b"z")] == [b"d", b"z"]


def test_config_of_a_task_as_an_attribute() -> None:
    assert said("a.nomad", 'task "a" {\n config = { image = "a:1" }\n}\n') == ["a:1"]


def test_deep_blocks_and_objects() -> None:
    deep = "a = " + "{ a = " * 5 + '"x:1"' + " }" * 5 + "\n"
    assert said("a.tf", f'resource "docker_image" "a" {{ name = var.a.b }}\nlocals {{\n {deep}}}\n') == ["no-default"]
    assert scan(b"a {" * HCL_DEPTH).problem is not None
    long = "x" * 2_000
    assert said("a.tf", f'resource "docker_image" "a" {{ name = "{long}${{var.a}}" }}\n') == ["interpolated-name"]


def builds(text: str) -> ComposeFile | None:
    found = locate(Document("docker-bake.hcl", text.encode()))
    return next((one for one in found[1].facts if isinstance(one, ComposeFile)), None) if found is not None else None


def test_targets_of_bake_inherit_and_blocks_are_objects() -> None:
    found = builds(
        'target "base" {\n dockerfile = "base.Dockerfile"\n args { A = "a:1" }\n}\n'
        'target "app" {\n inherits = ["base", "gone", x]\n context = "${dir}"\n'
        ' args = { B = B, C = "", D = "é", E = f(1) }\n}\n'
        'target "inline" {\n dockerfile-inline = "FROM a"\n args = { A = "a:1" }\n}\n'
        'target "loop" {\n inherits = ["loop"]\n args = { A = "a:1" }\n}\n'
        'variable "B" { default = "${C}" }\nvariable "C" { default = "${B}" }\n'
    )
    assert found is not None
    [service] = found.services
    assert service.name == "app"
    assert service.build is not None
    assert (service.build.context, service.build.dockerfile, service.build.format) == ("$", "base.Dockerfile", "bake")
    assert {one.name: one.value for one in service.build.args} == {
        "A": "a:1",
        "B": None,
        "C": None,
        "D": None,
        "E": None,
    }


def test_a_bake_file_without_images_is_none_of_ours() -> None:
    assert locate(Document("docker-bake.hcl", b'target "a" { tags = ["x"] }')) is None
    assert locate(Document("docker-bake.json", b"{}")) is None
    assert (
        said("docker-bake.hcl", 'target "a" {\n dockerfile-inline = "# FROM"\n contexts = ["docker-image://a:1"]\n}\n')
        == []
    )
    assert said("docker-bake.hcl", 'target {\n contexts = { a = "docker-image://a:1" }\n}\n') == []
