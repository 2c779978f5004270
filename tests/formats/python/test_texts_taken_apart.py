"""Callees that read a version out of an image's text: the table is held against the source of testcontainers."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
from pythonplaces import found

from pinner.formats.python.known_calls import CALLEES

DIGEST = "sha256:" + "c" * 64
TAKES_APART = ("split", "rsplit", "partition", "rpartition")


def classes_that_take_images_apart() -> dict[str, str]:
    """Return the containers whose module takes a text apart that is called an image, and the modules, by name."""
    spec = importlib.util.find_spec("testcontainers")
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(next(iter(spec.submodule_search_locations)))
    classes: dict[str, str] = {}
    for file in sorted(root.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        if any(takes_an_image_apart(node) for node in ast.walk(tree)):
            module = ".".join(("testcontainers", *file.relative_to(root).with_suffix("").parts)).removesuffix(
                ".__init__"
            )
            names = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
            classes |= {name: module for name in names if name.endswith("Container")}
    return classes


def takes_an_image_apart(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKES_APART):
        return False
    return "image" in ast.unparse(node.func.value)


def test_the_table_is_that_of_the_librarys_source() -> None:
    (row,) = [callee for callee in CALLEES if callee.takes_apart]
    (names,) = [part.partition(")")[0] for part in row.pattern.split("(?:")[2:]]
    table = {f"{name}Container" for name in names.split("|")}
    assert table == set(classes_that_take_images_apart())


@pytest.mark.parametrize(("name", "module"), sorted(classes_that_take_images_apart().items()))
def test_their_images_are_left_alone(name: str, module: str) -> None:
    short = module.replace(".community", "")
    for origin in (module, short):
        code = f'from {origin} import {name}\n{name}("acme/a:1")\n{name}(image="acme/a:2")\n'
        assert found(code) == ["computed acme/a:1", "computed acme/a:2"]


def test_the_library_fails_on_what_is_left_alone() -> None:
    kafka = importlib.import_module("testcontainers.community.kafka").KafkaContainer
    image = "confluentinc/cp-kafka:7.6.0"
    # A container of its own would look for an engine.
    verify = kafka._verify_min_kraft_version  # noqa: SLF001 - what `with_kraft` asks
    verify(SimpleNamespace(image=image, MIN_KRAFT_TAG=kafka.MIN_KRAFT_TAG))
    with pytest.raises(ValueError, match="Invalid version"):
        verify(SimpleNamespace(image=f"{image}@{DIGEST}", MIN_KRAFT_TAG=kafka.MIN_KRAFT_TAG))


def test_a_container_that_does_not_is_pinned() -> None:
    assert found('from testcontainers.postgres import PostgresContainer\nPostgresContainer("a:1")\n') == ["a:1"]
