from __future__ import annotations

import pytest
from yamlplaces import DIGEST, OTHER, found, in_compose, mentions, pinned, skips

from pinner.formats.compose.inline import locate_inline
from pinner.formats.yaml import Scalar
from pinner.formats.yaml.references import Collector
from pinner.model import SkippedOccurrence


def block(dockerfile: str, header: str = "|") -> bytes:
    lines = "".join(f"        {line}\n" if line else "\n" for line in dockerfile.splitlines())
    return f"services:\n  a:\n    build:\n      dockerfile_inline: {header}\n{lines}".encode()


def quoted(dockerfile: str) -> bytes:
    return f"services:\n  a:\n    build:\n      dockerfile_inline: {dockerfile}\n".encode()


def test_images_of_an_inline_dockerfile_are_pinned_in_the_block() -> None:
    data = block(
        "# syntax=docker/dockerfile:1\nFROM golang:1.22 AS build\n\nCOPY --from=busybox:1.36 /b /b\nFROM scratch"
    )
    located = in_compose(data)
    assert [(m.kind, m.line, m.column) for m in mentions(located)] == [
        ("syntax", 5, 18),
        ("from", 6, 14),
        ("copy-from", 8, 21),
    ]
    assert {m.format for m in mentions(located)} == {"compose"}
    assert {m.owner for m in mentions(located)} == {"a"}
    expected = data
    for reference in (b"docker/dockerfile:1", b"golang:1.22", b"busybox:1.36"):
        expected = expected.replace(reference, reference + b"@" + DIGEST.encode())
    assert pinned(data, mentions(located)) == expected


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (quoted(r'"FROM alpine:3\nRUN true\n"'), [b"alpine:3"]),
        (quoted(r'"FROM alpine:3\n\nCOPY --from=busybox:1 a b"'), [b"alpine:3", b"busybox:1"]),
        (quoted(r'"FROM alp\u0069ne:3"'), [rb"alp\u0069ne:3"]),
        (quoted("'FROM alpine:3\n\n        RUN true'"), [b"alpine:3"]),
        (quoted("FROM alpine:3"), [b"alpine:3"]),
        (block("FROM alpine:3\n\nRUN true", ">"), [b"alpine:3"]),
        (block("FROM alpine:3\nRUN true", "|2-").replace(b"        ", b"          "), [b"alpine:3"]),
        (block("ARG V=3\nFROM alpine:$$V"), [b"3"]),
        (block("ARG V=3\nFROM alpine:$${V}"), [b"3"]),
        (block("FROM alpine:3\nRUN echo $HOME $${PATH}"), [b"alpine:3"]),
        (block("FROM alpine:3\nRUN --mount=from=busybox:1,target=/b echo $X"), [b"alpine:3", b"busybox:1"]),
        (block("FROM alpine:3\nRUN echo $(date) 100$ > /built"), [b"alpine:3"]),
        (block("FROM alpine:3").replace(b"\n", b"\r\n"), [b"alpine:3"]),
        (block("FROM \\\n  alpine:3 \\\n  AS b"), [b"alpine:3"]),
        (block("FROM alpine:3\n# \u00e9\nCOPY --from=busybox:1 a b"), [b"alpine:3", b"busybox:1"]),
    ],
)
def test_every_way_to_write_the_text_down_leads_back_to_the_file(data: bytes, texts: list[bytes]) -> None:
    found_occurrences = mentions(in_compose(data))
    assert [data[m.span.start : m.span.end] for m in found_occurrences] == texts
    assert all(m.insert == m.span.end for m in found_occurrences)


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM ${BASE:-alpine:3}",
        "FROM ${REG:-docker.io}/alpine:3",
        "FROM alpine:3${SUFFIX}",
        "FROM alpine${X}:3",
        "FROM --platform=${P:-linux/amd64} alpine:3",
        "FROM alpine:3 AS ${NAME:-b}",
        "FROM alpine:3 \\\n  AS ${NAME:-b}",
        "ARG V=${V:-3}\nFROM alpine:$$V",
        "ARG V=3${V}\nFROM alpine:$$V",
    ],
)
def test_what_compose_fills_in_before_is_left_alone(dockerfile: str) -> None:
    located = in_compose(block(dockerfile))
    assert mentions(located) == []
    (skip,) = skips(located)
    assert skip.reason == "computed"
    assert "compose fills in" in skip.detail


def test_a_variable_in_another_instruction_is_no_obstacle() -> None:
    data = block("FROM alpine:3\nENV A=${A}\nFROM busybox:1")
    assert found(in_compose(data)) == ["alpine:3", "busybox:1"]


@pytest.mark.parametrize("dockerfile", ["FROM alpine:3\nRUN echo ${", "FROM ${"])
def test_a_dockerfile_that_compose_refuses_is_one_skip(dockerfile: str) -> None:
    (skip,) = skips(in_compose(block(dockerfile)))
    assert (skip.kind, skip.reason) == ("from", "invalid-reference")


def test_a_reference_that_is_split_by_an_escaped_line_break_is_left_alone() -> None:
    (skip,) = skips(in_compose(quoted('"FROM alp\\\n        ine:3"')))
    assert (skip.reason, skip.text) == ("computed", "alpine:3")


def test_a_digest_is_replaced_where_it_is_spelled_out() -> None:
    data = block(f"FROM alpine:3@{OTHER}")
    (occurrence,) = mentions(in_compose(data))
    assert occurrence.digest_span is not None
    assert data[occurrence.digest_span.start : occurrence.digest_span.end] == OTHER.encode()
    assert pinned(data, [occurrence]) == data.replace(OTHER.encode(), DIGEST.encode())
    (skip,) = skips(in_compose(quoted(f'"FROM alpine:3@sha256\\u003a{"cd" * 32}"')))
    assert skip.reason == "computed"


def test_the_platform_of_the_service_goes_with_the_images_of_its_build() -> None:
    data = block("FROM alpine:3\nFROM --platform=linux/arm64 busybox:1") + b"    platform: linux/amd64\n"
    assert [m.platform for m in mentions(in_compose(data))] == ["linux/amd64", "linux/arm64"]


def test_a_dockerfile_that_two_services_share_is_read_once() -> None:
    text = "x-b: &b\n  dockerfile_inline: FROM alpine:3\nservices:\n  a: {build: *b}\n  b: {build: *b}\n"
    assert found(in_compose(text)) == ["alpine:3"]


def test_the_outline_holds_the_instructions_of_the_dockerfile() -> None:
    one, two = in_compose(quoted(r'"FROM a\nRUN b"')), in_compose(quoted(r'"FROM a\nRUN b\nRUN c"'))
    assert one.outline != two.outline


def test_a_dockerfile_without_an_instruction_is_none() -> None:
    assert in_compose(quoted("'# image'")).places == ()


def test_many_variables_and_many_images_are_compared_only_nearby() -> None:
    located = in_compose(block("FROM a:1${X}\nRUN b\nFROM c:1\n" * 5_000))
    assert {skip.reason for skip in skips(located)} == {"computed"}
    assert len(skips(located)) == len(mentions(located)) == 5_000


def test_a_dockerfile_whose_bytes_cannot_be_told_is_computed() -> None:
    scalar = Scalar("FROM a:1", 3, 11, "", None, None)
    collector = Collector("compose", b"k: FROM a:1")
    use = collector.use("from", scalar, None, scalar)
    assert locate_inline(collector, use, None, "compose.yaml") == ()
    (skip,) = collector.places()
    assert isinstance(skip, SkippedOccurrence)
    assert (skip.reason, skip.column) == ("computed", 4)
