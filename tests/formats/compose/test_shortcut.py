"""The images that are found by their lines are those that a walk through the parsed document finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yamlplaces import DIGEST, in_compose

from pinner.formats import compose
from pinner.formats.compose.shortcut import _MOST_KEPT, _ways, add_images
from pinner.formats.yaml import Budget, load, parse
from pinner.formats.yaml.references import Collector
from pinner.model import Document

# An anchor takes a parser, and so a walk; it changes nothing else.
TAKES_A_WALK = "x-note: &note y\n"


def is_short(text: str, path: str = "compose.yaml") -> bool:
    [part] = load(text.encode())
    [root] = parse(part, Budget()).roots
    return add_images(root, path, Collector("compose", text.encode()))


def assert_the_walk_agrees(text: str, path: str = "compose.yaml") -> None:
    text = text if text.endswith("\n") else f"{text}\n"
    short, walked = (compose.locate(Document(path, data.encode())) for data in (text, text + TAKES_A_WALK))
    assert (short is None) == (walked is None), text
    if short is None or walked is None:
        return
    assert short.places == walked.places, text
    # Of the structure all but the count of nodes is the same.
    assert list(short.outline)[1:] == list(walked.outline)[1:], text


SERVICE = "    image: nginx:1\n"

SHORT = [
    "services:\n  a:\n    image: nginx:1\n",
    f"services:\n  a:\n    image: nginx:1@{DIGEST}\n  b:\n    image: 'redis'\n    ports: [a, b]\nvolumes:\n  d: {{}}\n",
    'name: x\nservices:\n  a:\n    image: "nginx:1"\n    volumes:\n      - a:/b\n      - c:/d\n  b:\n    command: x\n',
    "# c\n\nservices:\n\n  a:\n    volumes: [data]\n\n    image: nginx:1 # e\n    environment:\n      image: x",
]


@pytest.mark.parametrize("text", SHORT)
def test_most_files_take_no_walk(text: str) -> None:
    assert is_short(text)
    assert in_compose(text).places
    assert_the_walk_agrees(text)


WALKED = [
    "services:\n  a:\n    image:\n",
    "services:\n  a:\n    image: null\n",
    "services:\n  a:\n    image: ''\n",
    "services:\n  a:\n    image: [x]\n",
    "services:\n  a:\n    image:\n      x: y\n",
    "services:\n  a:\n    image: {x: y}\n",
    "services:\n  a:\n    image: ${X}\n",
    "services:\n  a:\n    image: NGINX\n",
    "services:\n  a:\n    image: nginx:1\n    build: .\n",
    "services:\n  a:\n    image: nginx:1\n    build:\n",
    "services:\n  a:\n    image: nginx:1\n  b:\n    build:\n      tags: [nginx:1]\n",
    "services:\n  a:\n    image: nginx:1\n    platform: linux/arm64\n",
    "services:\n  a:\n    image: nginx:1\n    pull_policy: never\n",
    "services:\n  a:\n    extends: b\n  b:\n    image: nginx:1\n",
    "services:\n  a:\n    image: x:1\n    volumes:\n      - type: image\n        source: nginx:1\n",
    "services:\n  a:\n    image: x:1\n    volumes: [{type: image, source: nginx}]\n",
    "services:\n  a:\n    image: x:1\n    volumes:\n      - a:/b\n      - {type: image, source: nginx}\n",
    "services:\n  a:\n    image: x:1\n    pre_start:\n      - image: nginx:1\n",
    "services:\n  a:\n    image: x:1\n  b:\n",
    "services:\n  a: {image: x}\n",
    "services: {a: {image: x}}\n",
    "services:\n  - image: x\n",
    "apiVersion: v1\nservices:\n  a:\n    image: x\n",
    "services:\n  a:\n    image: |\n      x\n",
]


@pytest.mark.parametrize("text", WALKED)
def test_what_more_has_to_be_known_of_is_walked_through(text: str) -> None:
    assert not is_short(text)
    assert_the_walk_agrees(text)


def test_a_file_without_services_is_not_for_the_short_way() -> None:
    assert not is_short("web:\n  image: nginx:1\n")
    assert len(in_compose("web:\n  image: nginx:1\n").places) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("services:\n  a:\n    image: x\n", True),
        ("services:\n  a:\n    image: x\nx-y: z\n", True),
        ("services:\n  a:\n    image: x\nother: z\n", False),
        ("services:\n  a:\n    image: x\n  b:\n    foo: z\n", False),
        ("services:\n  a:\n    foo: x\n", False),
    ],
)
def test_without_a_name_the_content_must_be_beyond_doubt(text: str, *, expected: bool) -> None:
    assert is_short(text, "stack.yaml") is expected
    assert_the_walk_agrees(text, "stack.yaml")
    assert_the_walk_agrees(text)


def test_where_one_image_needs_a_walk_none_is_kept_twice() -> None:
    text = "services:\n  a:\n    image: nginx:1\n  b:\n    image: ${X}\n  c:\n    image: redis:7\n"
    assert [place.line for place in in_compose(text).places] == [3, 5, 7]
    assert_the_walk_agrees(text)


def test_each_of_several_documents_is_walked_through() -> None:
    text = "services:\n  a:\n    image: nginx:1\n---\nservices:\n  b:\n    build: .\n    image: nginx:1\n"
    assert [type(place).__name__ for place in in_compose(text).places] == ["SkippedOccurrence", "SkippedOccurrence"]
    assert_the_walk_agrees(text)


def test_what_was_told_of_one_file_is_not_told_of_one_with_another_name() -> None:
    text = "services:\n  a:\n    image: x\nother: y\n"
    for _ in range(2):
        assert compose.locate(Document("stack.yaml", text.encode())) is None
        assert in_compose(text).places


def test_what_is_remembered_has_an_end() -> None:
    for number in range(_MOST_KEPT + 1):
        assert is_short(f"services:\n  s{number}:\n    image: x\n")
        assert len(_ways) <= _MOST_KEPT


VALUES = st.sampled_from(
    [
        " nginx:1",
        f" nginx:1@{DIGEST}",
        " 'redis'",
        "",
        " null",
        " ${A}",
        " [a, b]",
        " {a: b}",
        " [{type: image, source: x}]",
    ]
)
LINES = st.one_of(
    st.tuples(st.sampled_from(["image:", "command:", "volumes:", "build:", "platform:", "ports:"]), VALUES).map(
        "".join
    ),
    st.sampled_from(
        [
            "volumes:\n      - a:/b\n      - c:/d",
            "volumes:\n      - type: image\n        source: x:1",
            "environment:\n      image: x\n      B: c",
            "pre_start:\n      - image: x:1",
            "# image: x",
            "",
        ]
    ),
)
SERVICES = st.lists(LINES, max_size=5).map(lambda lines: "".join(f"    {line}\n" if line else "\n" for line in lines))
FILES = st.tuples(
    st.sampled_from(["", "name: x\n", "# c\n", "version: '3'\n", "other: x\n"]),
    st.lists(SERVICES, max_size=4),
    st.sampled_from(["", "volumes:\n  a: {}\n", "x-a:\n  image: y\n"]),
)


@settings(max_examples=400)
@given(FILES, st.sampled_from(["compose.yaml", "stack.yaml"]))
def test_any_file_is_read_as_a_walk_reads_it(file: tuple[str, list[str], str], path: str) -> None:
    head, services, tail = file
    body = "".join(f"  s{number}:\n{service}" for number, service in enumerate(services))
    assert_the_walk_agrees(f"{head}services:\n{body}{tail}", path)
