from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yamlplaces import found, in_compose, mentions, skips

from pinner.formats import compose
from pinner.model import Document


def services(body: str) -> str:
    return "services:\n" + "".join(f"  {line}\n" for line in body.splitlines())


@pytest.mark.parametrize(
    ("text", "reference", "span", "place"),
    [
        ("services: {a: {image: nginx:1.25,command: c}}", "nginx:1.25", b"nginx:1.25", (1, 23)),
        ("services: {a: {image: &x nginx:1.25}}", "nginx:1.25", b"nginx:1.25", (1, 26)),
        ("services: {a: {image: !!str nginx:1}}", "nginx:1", b"nginx:1", (1, 29)),
        ("services: {a: {image: !override nginx:1}}", "nginx:1", b"nginx:1", (1, 33)),
        ("services:\n  a:\n    image: >-\n      nginx:1.25\n    tty: true\n", "nginx:1.25", b"nginx:1.25", (4, 7)),
        ('services: {a: {image: "nginx\\u003a1.25"}}', "nginx:1.25", b"nginx\\u003a1.25", (1, 24)),
        ('services: {a: {image: "nginx:\\\n  1.25"}}', "nginx:1.25", b"1.25", (1, 24)),
        ("services:\n  a:\n    image:\tnginx:1.25\t# c\n", "nginx:1.25", b"nginx:1.25", (3, 12)),
        ("services:\n  a:\n    'image': 'nginx'\n", "nginx", b"nginx", (3, 15)),
        ("services:\r\n  a:\r\n    image: nginx\r\n", "nginx", b"nginx", (3, 12)),
        ("\ufeffservices:\n  a:\n    image: nginx\n", "nginx", b"nginx", (3, 12)),
        ("# 🎉\nservices: {🎉: {image: nginx}}", "nginx", b"nginx", (2, 23)),
        ("services:\n  a:\n    ? image\n    : nginx\n", "nginx", b"nginx", (4, 7)),
    ],
)
def test_the_span_is_the_scalars_own_text(text: str, reference: str, span: bytes, place: tuple[int, int]) -> None:
    data = text.encode()
    (occurrence,) = mentions(in_compose(data))
    assert str(occurrence.reference) == reference
    assert data[occurrence.span.start : occurrence.span.end] == span
    assert occurrence.insert == occurrence.span.end
    assert (occurrence.line, occurrence.column) == place
    assert (occurrence.format, occurrence.kind) == ("compose", "service-image")


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ("a: {image: nginx:1#x}", ["invalid-reference: nginx:1#x"]),
        ("a: {image: !reset null, tty: true}", []),
        ("a: {image: , tty: true}", []),
        ("a: {image: ~, tty: true}", []),
        ("a: {image: 'null'}", ["null"]),
        ("a: {image: 1.25}", ["1.25"]),
        ("a: {image: !!int 5}", ["invalid-reference: 5"]),
        ("a: {image: [nginx]}", []),
        ("a: {image: {name: nginx}}", []),
        ("a:\n  image: {{ image }}  # c", ["templated: {{ image }}"]),
        ("a: {image: '{{ image }}'}", ["invalid-reference: {{ image }}"]),
        ("a:\n  image: |\n    nginx:1\n", ["invalid-reference: nginx:1\n"]),
        ("a: {image: ' nginx'}", ["invalid-reference:  nginx"]),
        ("a: {image: nginx:1, image: nginx:2}", ["invalid-reference: nginx:1", "nginx:2"]),
        ("a: {image: caf\u00e9}", ["invalid-reference: caf\u00e9"]),
        ("a: {image: '', tty: true}", []),
    ],
)
def test_what_is_no_reference_is_left_alone(body: str, places: list[str]) -> None:
    assert found(in_compose(services(body))) == places


def test_a_line_break_in_the_reference_is_explained() -> None:
    (skip,) = skips(in_compose(services("a:\n  image: >\n    nginx:1")))
    assert "`>-`" in skip.detail


@pytest.mark.parametrize(
    ("text", "via", "place"),
    [
        ("x-i: &i redis:7\nservices:\n  a: {image: *i}\n", ("&i",), (3, 14)),
        ("x-b: &b {image: redis:7}\nservices:\n  a: {<<: *b}\n", ("<<", "&b"), (1, 17)),
        ("x-i: &i redis:7\nx-b: &b {image: *i}\nservices:\n  a:\n    <<: [*b]\n", ("<<", "&b", "&i"), (2, 17)),
        ("x-a: &a {image: redis:7}\nservices:\n  a: *a\n", (), (1, 17)),
    ],
)
def test_anchors_are_pinned_where_their_text_stands(text: str, via: tuple[str, ...], place: tuple[int, int]) -> None:
    data = text.encode()
    (occurrence,) = mentions(in_compose(data))
    assert data[occurrence.span.start : occurrence.span.end] == b"redis:7"
    assert occurrence.via == via
    assert (occurrence.line, occurrence.column) == place


def test_services_that_share_a_scalar_share_its_insertion_point() -> None:
    located = in_compose("x-i: &i redis:7\nservices:\n  a: {image: *i}\n  b: {image: *i}\n  c: {image: &j *i }\n")
    assert [place.kind for place in located.places] == ["document"]
    located = in_compose("x-i: &i redis:7\nservices:\n  a: {image: *i}\n  b: {image: *i}\n")
    assert [(m.owner, m.insert, m.line) for m in mentions(located)] == [("a", 15, 3), ("b", 15, 4)]


@pytest.mark.parametrize(
    ("body", "kind", "reference"),
    [
        ("a:\n  volumes:\n  - {type: image, source: nginx:1.27, target: /x}", "image-volume", "nginx:1.27"),
        ("a:\n  build:\n    additional_contexts: {base: docker-image://alpine:3}", "build-context", "alpine:3"),
        ("a:\n  build:\n    additional_contexts: ['base=docker-image://alpine:3']", "build-context", "alpine:3"),
        ("a:\n  build:\n    additional_contexts: ['base=docker-image://${B:-alpine:3}']", "build-context", "alpine:3"),
        ("a:\n  command: x\n  pre_start: [{image: x:1}]", "hook-image", "x:1"),
        ("a:\n  command: x\n  post_start:\n  - image: x:1\n    command: y", "hook-image", "x:1"),
    ],
)
def test_other_positions_of_images(body: str, kind: str, reference: str) -> None:
    data = services(body).encode()
    (occurrence,) = mentions(in_compose(data))
    assert (occurrence.kind, str(occurrence.reference), occurrence.owner) == (kind, reference, "a")
    assert data[occurrence.span.start : occurrence.span.end].decode() == reference


@pytest.mark.parametrize(
    "body",
    [
        "a:\n  build:\n    cache_from: ['type=registry,ref=x/y:1', x/z:2]\n    cache_to: [x/c:1]\n    tags: [x/t:1]",
        "a:\n  build:\n    args: {IMAGE: nginx:1}",
        "a:\n  build:\n    additional_contexts: {b: 'service:web', c: ./dir, d: 'oci-layout://x', e: 'https://x/y.git'}",
        "a:\n  build:\n    additional_contexts: [b=service:web, docker-image, [x], {y: z}]",
        "a:\n  build:\n    additional_contexts: {b: [docker-image://x]}",
        "a:\n  build:\n    additional_contexts: docker-image://x",
        "a:\n  command: x\n  labels: {image: nginx:1}\n  environment: {image: nginx:1}",
        "a:\n  command: x\n  volumes: ['image:/data', {type: volume, source: image}, {type: image}, {source: x}]",
        "a:\n  command: |\n    image: nginx:1",
        "a:\n  command: x\n  pre_start: [{command: image}, image, {image: }]\n  post_start: image",
        "a:\n  provider: {type: image, options: {image: nginx:1}}",
        "a:\n  develop: {watch: [{action: rebuild, path: image}]}\n  image:",
        "a:\n  build: {dockerfile_inline: , context: image}",
        "a:\n  build: {dockerfile_inline: [FROM image]}",
    ],
)
def test_what_only_looks_like_an_image_is_not_mentioned(body: str) -> None:
    assert in_compose(services(body)).places == ()


@pytest.mark.parametrize(
    ("extra", "platform"),
    [
        ("platform: linux/arm64", "linux/arm64"),
        ("platform: ${PLATFORM:-linux/amd64}", "linux/amd64"),
        ("platform: ${PLATFORM}", None),
        ("platform: [x]", None),
        ("tty: true", None),
    ],
)
def test_the_services_platform_goes_with_its_image(extra: str, platform: str | None) -> None:
    (occurrence,) = mentions(in_compose(services(f"a:\n  image: nginx\n  {extra}")))
    assert occurrence.platform == platform


def test_a_build_for_several_platforms_has_none_of_its_own() -> None:
    build = "build: {additional_contexts: {b: docker-image://x}%s}"
    (one,) = mentions(in_compose(services("a:\n  platform: linux/arm64\n  " + build % "")))
    (many,) = mentions(in_compose(services("a:\n  platform: linux/arm64\n  " + build % ", platforms: [linux/amd64]")))
    assert (one.platform, many.platform) == ("linux/arm64", None)


def test_all_documents_of_a_file_are_one_project() -> None:
    text = "services: {a: {image: x:1}}\n---\nservices: {a: {build: .}, b: {image: y:1}}\n---\n"
    assert found(in_compose(text)) == ["built-here: x:1", "y:1"]


def test_places_come_in_the_order_of_their_use() -> None:
    text = "services:\n  b: {volumes: [{type: image, source: z:1}], image: y:1}\n  a: {image: x:1}\n"
    assert found(in_compose(text)) == ["z:1", "y:1", "x:1"]


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("services:\n  a:\n    image: x: y\n", "parse-error", 3),
        ("services:\n  a:\n    image: {{ x }:1\n", "templated", 4),
        ("services:\n{% for a in b %}\n  a: {image: x\n{% endfor %}\n", "templated", 2),
    ],
)
def test_a_document_that_cannot_be_read_is_one_skip(text: str, reason: str, line: int) -> None:
    (skip,) = skips(in_compose(text))
    assert (skip.kind, skip.reason, skip.line, skip.text) == ("document", reason, line, "")
    assert skip.detail


def test_the_other_documents_go_on() -> None:
    text = "services: {a: {image: x:1}}\n---\nimage: {{- bad\n---\nservices: {b: {image: y:1}}\n"
    assert found(in_compose(text)) == ["x:1", "templated: ", "y:1"]


def test_a_pin_leaves_the_outline_as_it_is_and_a_new_service_does_not() -> None:
    before = in_compose("services: {a: {image: x:1}}")
    assert before.outline == in_compose("services: {a: {image: x:1@sha256:" + "ab" * 32 + "}}").outline
    assert before.outline != in_compose("services: {a: {image: x:1}, b: {image: x:1}}").outline


def test_hostile_sharing_costs_no_more_than_its_text() -> None:
    volumes = ", ".join(["{type: image, source: x}"] * 2_000)
    lines = [f"x-v: &v [{volumes}]", "services:"] + [f"  s{n}: {{volumes: *v, command: c}}" for n in range(2_000)]
    assert len(in_compose("\n".join(lines)).places) == 2_000


BITS = st.lists(
    st.sampled_from(
        [
            "services:",
            "a:",
            "image:",
            "build:",
            "volumes:",
            "type: image",
            "source:",
            "x:1",
            "<<:",
            "&x",
            "*x",
            "- ",
            "\n",
            "  ",
            "    ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "${V:-x}",
            "$",
            "dockerfile_inline:",
            "|",
            "FROM x",
            "extends:",
            "\n---\n",
            "additional_contexts:",
            "docker-image://",
            "!reset ",
            "'",
            '"',
            "\t",
            "\ufeff",
            "null",
            "tags:",
            "pull_policy: never",
        ]
    ),
    max_size=40,
).map("".join)


@given(BITS | st.text(max_size=50) | st.binary(max_size=50))
def test_no_bytes_make_it_raise(text: str | bytes) -> None:
    data = text.encode() if isinstance(text, str) else text
    for head in (b"", b"services:\n  a:\n    image: x\n    "):
        located = compose.locate(Document("compose.yaml", head + data))
        for occurrence in mentions(located) if located else []:
            assert 0 <= occurrence.span.start < occurrence.span.end <= len(head + data)


def test_a_file_without_a_word_for_images_is_not_parsed() -> None:
    before = "ruamel.yaml" in sys.modules
    assert compose.locate(Document("compose.yaml", b"services:\n  a:\n    command: x\n")) is not None
    assert compose.locate(Document("a.yaml", b"services:\n  a:\n    command: x\n")) is None
    assert compose.locate(Document("a.yaml", b"image: x\n")) is None
    assert ("ruamel.yaml" in sys.modules) == before


@pytest.mark.parametrize(
    "text",
    [
        "x-i: &i {big}\nservices:\n{uses}",
        "x-i: &i {big}\nservices:\n  a: {{image: *i, build: .}}\n{uses}",
        "x-p: &i {big}\nservices:\n  a: {{image: x, platform: *i, command: image}}\n{uses}",
    ],
)
def test_a_long_text_that_many_use_is_not_read_by_each(text: str) -> None:
    uses = "".join(f"  s{n}: {{image: *i, platform: *i}}\n" for n in range(3_000))
    located = in_compose(text.format(big="x" * 1_000_000, uses=uses))
    assert {skip.reason for skip in skips(located)} == {"computed"}
    assert {len(skip.text) for skip in skips(located)} == {80}


def test_a_dockerfile_and_contexts_that_many_use_are_read_once() -> None:
    dockerfile = "".join(f"        FROM a:{n}\n" for n in range(200))
    builds = "".join(
        f"  s{n}: {{build: {{dockerfile_inline: *d, additional_contexts: *c, tags: *t}}}}\n" for n in range(200)
    )
    contexts = ", ".join(f"c{n}: 'docker-image://b:{n}'" for n in range(200))
    tags = ", ".join(f"t:{n}" for n in range(200))
    head = f"x-d:\n  d: &d |\n{dockerfile}  c: &c {{{contexts}}}\n  t: &t [{tags}]\n"
    assert len(in_compose(f"{head}services:\n{builds}").places) == 400
