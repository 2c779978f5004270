"""Images that the project builds itself: their names are results, and no registry is asked."""

from __future__ import annotations

import pytest
from yamlplaces import found, in_compose, skips


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("services: {a: {image: x:1, build: .}}", ["built-here: x:1"]),
        ("services: {a: {image: x:1, build: {context: .}}}", ["built-here: x:1"]),
        ("x-b: &b {build: .}\nservices: {a: {<<: *b, image: x:1}}", ["built-here: x:1"]),
        ("x-b: &b {build: ., image: x:1}\nservices: {a: {<<: *b}}", ["built-here: x:1"]),
        ("services: {a: {image: '${REG}/x:1', build: .}}", ["built-here: ${REG}/x:1"]),
        ("services: {a: {build: .}, b: {image: x:1, extends: a}}", ["built-here: x:1"]),
        ("services: {a: {build: .}, b: {image: x:1, extends: {service: a}}}", ["built-here: x:1"]),
        ("services: {a: {build: .}, b: {extends: a}, c: {image: x:1, extends: b}}", ["built-here: x:1"]),
        ("services: {a: {image: x:1}, b: {build: ., extends: a}}", ["built-here: x:1"]),
        ("x-i: &i x:1\nservices: {a: {image: *i}, b: {image: *i, build: .}}", ["built-here: x:1"] * 2),
        ("services: {a: {image: x:1}, b: {image: x:1, build: .}}", ["built-elsewhere: x:1", "built-here: x:1"]),
        ("services: {a: {image: x}, b: {image: 'x:latest', build: .}}", ["built-elsewhere: x", "built-here: x:latest"]),
        ("services: {a: {image: x:1}, b: {build: {tags: [y:1, x:1, [z]]}}}", ["built-elsewhere: x:1"]),
        ("services: {a: {image: '${R:-x}:1'}, b: {build: {tags: ['${R:-x}:1']}}}", ["built-elsewhere: x:1"]),
        ("name: p\nservices: {a: {image: p-b}, b: {build: .}}", ["built-elsewhere: p-b"]),
        ("services: {a: {image: x:1, pull_policy: never}}", ["pull-policy: x:1"]),
        ("services: {a: {image: x:1, pull_policy: build}}", ["pull-policy: x:1"]),
        ("services: {a: {image: x:1, pull_policy: '${P:-never}'}}", ["pull-policy: x:1"]),
        ("services: {a: {pull_policy: never, command: x}, b: {extends: a, image: x:1}}", ["pull-policy: x:1"]),
        (
            "services: {a: {volumes: [{type: image, source: b}], command: c}, b: {image: x:1}}",
            ["built-elsewhere: b", "x:1"],
        ),
        (
            "services: {a: {build: {additional_contexts: {c: 'docker-image://x:1'}}}, b: {image: x:1, build: .}}",
            ["built-elsewhere: x:1", "built-here: x:1"],
        ),
        (
            "services: {a: {command: c, pre_start: [{image: x:1}]}, b: {image: x:1, build: .}}",
            ["built-elsewhere: x:1", "built-here: x:1"],
        ),
    ],
)
def test_what_is_built_is_not_pinned(text: str, places: list[str]) -> None:
    located = in_compose(text)
    assert found(located) == places
    assert all(skip.detail and not skip.detail.endswith(".") for skip in skips(located))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("services: {a: {image: x:1, build: }}", ["x:1"]),
        ("services: {a: {image: x:1, build: !reset null}}", ["x:1"]),
        ("services: {b: {build: .}, a: {image: x:1, build: !reset , extends: b}}", ["x:1"]),
        ("services: {b: {build: .}, a: {image: x:1, extends: {file: o.yaml, service: b}}}", ["x:1"]),
        ("services: {a: {image: x:1, extends: a}}", ["x:1"]),
        ("services: {a: {image: x:1, extends: b}, b: {extends: a}}", ["x:1"]),
        ("services: {a: {image: x:1, extends: {service: nobody}}}", ["x:1"]),
        ("services: {a: {image: x:1, extends: [b]}, b: {build: .}}", ["x:1"]),
        ("services: {a: {image: x:1}, b: {image: x:2, build: .}}", ["x:1", "built-here: x:2"]),
        ("services: {a: {image: p-b}, b: {build: .}}", ["p-b"]),
        ("services: {a: {image: x:1, pull_policy: always}}", ["x:1"]),
        ("services: {a: {image: x:1, pull_policy: [never]}}", ["x:1"]),
        ("services: {a: {build: .}, b: {image: x:1}}", ["x:1"]),
        ("services: {a: {image: x:1, build: {tags: x:2}}, b: {image: x:2}}", ["built-here: x:1", "x:2"]),
    ],
)
def test_what_is_not_built_is_pinned(text: str, places: list[str]) -> None:
    assert found(in_compose(text)) == places
