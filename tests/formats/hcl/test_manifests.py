"""Manifests in Terraform: read where the keys that lead to an image may be in them."""

from __future__ import annotations

import pytest

from pinner.formats.terraform.extract import _may_hold, locate
from pinner.model import Document, Occurrence

PATH = ("**", "containers", "[]", "image")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{ containers = [{ image = "a:1" }] }', True),
        ('{"containers": [{"image" : "a:1"}]}', True),
        (r'{ "conta\iners" = [{ "image" = "a:1" }] }', True),
        (r'{ "containers" = [{ "\u0069mage" = "a:1" }] }', True),
        (r'{ containers = { description = "the \"image\" to run" } }', False),
        ('{ description = "containers: each has an image:" }', True),
        ("{ containers = local.image }", False),
    ],
)
def test_the_bytes_tell_whether_a_manifest_may_name_an_image(text: str, *, expected: bool) -> None:
    assert _may_hold(text.encode(), PATH) is expected


@pytest.mark.parametrize("key", ["image", '"image"', r'"\image"', r'"\u0069mage"'])
def test_a_key_is_found_however_it_is_written(key: str) -> None:
    manifest = f'{{ spec = {{ containers = [{{ {key} = "nginx:1" }}], initContainers = [{{ {key} = "redis:2" }}] }} }}'
    data = f'resource "kubernetes_manifest" "x" {{\n  manifest = {manifest}\n}}\n'
    located = locate(Document("a.tf", data.encode()))
    found = [str(place.reference) for place in located.places if isinstance(place, Occurrence)]
    assert found == ["nginx:1", "redis:2"]
