"""The whole: columns, owners, the order of places, shared defaults, and that nothing breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinner.formats.dockerfile import locate
from pinner.model import Document, Located, Occurrence, Place, Span

OLD = "sha256:" + "0" * 64
SEED = b"""# syntax=docker/dockerfile:1
ARG V="3.19" BASE=${X:-alpine:$V}
FROM --platform=$BUILDPLATFORM ${BASE} AS build
RUN --mount=type=bind,from=nginx:1,target=/x <<EOF cat
FROM fake
EOF
COPY --link --from="busybox:1" a \\
# comment
  b
FROM alpine:${V#v}
ONBUILD COPY --from=a/b:1 c d
"""


def find(text: str) -> Located:
    located = locate(Document("Dockerfile", text.encode()))
    assert located is not None
    return located


def inside(place: Place, data: bytes) -> bool:
    spans = [place.span]
    if isinstance(place, Occurrence):
        spans += [Span(place.insert, place.insert)]
        spans += [place.digest_span] if place.digest_span else []
    return all(0 <= span.start <= span.end <= len(data) for span in spans)


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    located = locate(Document("Dockerfile", data))
    assert located is None or all(inside(place, data) for place in located.places)


@given(st.data())
@settings(max_examples=400)
def test_any_change_to_a_dockerfile_is_read_without_an_error(data: st.DataObject) -> None:
    text = bytearray(SEED)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 4)))
        text[start:end] = data.draw(
            st.sampled_from([b"", b"$", b"{", b"}", b'"', b"'", b"\\", b"\n", b"<<", b"\xc3", b"\0", b"=", b"#"])
        )
    located = locate(Document("Dockerfile", bytes(text)))
    assert located is None or all(inside(place, bytes(text)) for place in located.places)


@given(st.text(alphabet="$\\{}:-+?#%/\"'VAa3.* ", max_size=30), st.text(alphabet="$\\{}:-+?#%/\"'VAa3.*", max_size=30))
@settings(max_examples=500)
def test_an_insertion_moves_nothing_but_the_reference(argument: str, image: str) -> None:
    text = f"ARG V={argument}\nFROM {image}\nCMD x\n"
    before = find(text)
    for place in before.places:
        if isinstance(place, Occurrence) and place.reference.digest is None and place.reference.tag is not None:
            data = text.encode()
            after = find((data[: place.insert] + f"@{OLD}".encode() + data[place.insert :]).decode())
            assert after.outline == before.outline
            assert f"{place.reference}@{OLD}" in [str(p.reference) for p in after.places if isinstance(p, Occurrence)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("FROM alpine\n", 1, 6),
        ("  FROM alpine\n", 1, 8),
        ("FROM \\\n  alpine\n", 1, 1),
        ("  FROM \\\n  alpine\n", 1, 3),
        ("\ufeffFROM alpine\n", 1, 6),
        ("\u00a0FROM alpine\n", 1, 7),
        ("FROM --platform=é alpine\n", 1, 19),
        ("ARG V=1\n\nFROM alpine:$V\n", 3, 6),
        ('FROM "alpine"\n', 1, 6),
        ("# c\nCOPY --from=alpine a b\n", 2, 13),
        ("\\\nFROM alpine\n", 1, 1),
    ],
)
def test_line_and_column_of_the_use(text: str, line: int, column: int) -> None:
    place = find(text).places[-1]
    assert (place.line, place.column) == (line, column)


def test_places_come_in_the_order_of_their_use_and_know_their_stage() -> None:
    found = find(SEED.decode())
    assert [(place.kind, place.line, place.owner) for place in found.places] == [
        ("syntax", 1, ""),
        ("from", 3, "build"),
        ("run-mount", 4, "build"),
        ("copy-from", 7, "build"),
        ("from", 10, ""),
        ("copy-from", 11, ""),
    ]
    assert found.outline == (
        ("ARG", 2, 2),
        ("FROM", 3, 3),
        ("RUN", 4, 6),
        ("COPY", 7, 9),
        ("FROM", 10, 10),
        ("ONBUILD", 11, 11),
    )


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"# only a comment\n", b"\0\1\2", "FROM a\n".encode("utf-16"), b"\xef\xbb\xbf"]
)
def test_what_cannot_be_a_dockerfile(data: bytes) -> None:
    assert locate(Document("Dockerfile", data)) is None


def test_a_syntax_line_alone_makes_a_dockerfile() -> None:
    [place] = find("# syntax=a/b:1\n").places
    assert place.kind == "syntax"


def test_a_syntax_line_without_an_image_names_none() -> None:
    assert [place.kind for place in find("# syntax= \nFROM a\n").places] == ["from"]


@pytest.mark.parametrize("text", ["//syntax=a/b:1\nFROM x\n", '{"syntax":"a/b:1","c":""}\n', '{"syntax"\n:"a/b:1"}'])
def test_a_digest_in_the_syntax_changes_no_outline(text: str) -> None:
    before = find(text)
    place = before.places[0]
    assert isinstance(place, Occurrence)
    assert text[place.span.start : place.span.end] == "a/b:1"
    after = find(f"{text[: place.insert]}@{OLD}{text[place.insert :]}")
    assert isinstance(after.places[0], Occurrence)
    assert str(after.places[0].reference) == f"a/b:1@{OLD}"
    assert after.outline == before.outline


def test_the_outline_names_the_instructions_that_there_are() -> None:
    assert find("FROM x\nFRUM y\nWORKDIR /a\n").outline == (("FROM", 1, 1), ("", 2, 2), ("WORKDIR", 3, 3))


def test_a_nul_does_not_hide_a_from() -> None:
    [place] = find("FROM alpine\nRUN a\0b\n").places
    assert isinstance(place, Occurrence)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("ARG V=1\nFROM a:$V\nFROM b:$V\n", "two images"),
        ("ARG V=1\nFROM a:$V\nFROM a:$V-x\n", "in the middle of `a:1-x`"),
        ("ARG V=1\nFROM a:$V\nFROM $V/a:1\n", "in the middle of `1/a:1`"),
        ("ARG V=1\nARG W=$V-x\nFROM a:$V\n", "in the middle of ARG W"),
        ("ARG V=1\nARG W=${V%.x}\nFROM a:$V\n", "a part of the default for ARG W"),
        ("ARG V=1\nARG TARGETARCH=$V\nFROM a:$V\n", "a part of the default for ARG TARGETARCH"),
        ("ARG V=1\nFROM a:$V\nFROM b:${V#2*}\n", "a part of the default for `b:1`"),
        ("ARG V=1 W=q\nFROM a:$V\nFROM ${W/q/b:$V}\n", "a part of the default for `b:1`"),
        ("ARG V=1 W=b:1\nFROM a:$V\nFROM ${W%$V}2\n", "a part of the default for `b:2`"),
        ("ARG V=1\nFROM a:$V\nFROM b:$V${W:?}\n", "is used for `b:$V${W:?}`"),
        ("ARG V=x\nFROM $V\nFROM --platform=$V a\n", "--platform"),
        ("ARG V=x\nFROM $V\nFROM --platform=${V#y*} a\n", "--platform"),
        ("ARG V=x\nFROM $V AS x\nFROM $V\n", "no image to pin"),
        ("ARG V=1\nFROM a:$V\nARG V\n", "declared again"),
        ("ARG V=1\nFROM a:$V\nFROM b\nARG W=2 V\n", "declared again"),
        ("ARG V=1 W=$V\nFROM a:$V\nARG W\n", "declared again"),
    ],
)
def test_a_default_that_cannot_be_shared(text: str, detail: str) -> None:
    [place] = [
        place for place in find(text).places if not isinstance(place, Occurrence) and place.reason == "arg-conflict"
    ][:1]
    assert detail in place.detail
    assert place.via == ("ARG V",)


@pytest.mark.parametrize(
    "text",
    [
        "ARG V=1\nFROM a:$V\nFROM a:${V}\n",
        "ARG V=1\nFROM a:$V\nFROM b:${W:-$X}\n",
        "ARG V=1\nFROM a:$V\nARG V=2\nRUN echo $V\n",
        "ARG V=1\nFROM a:$V\nARG W\n",
        "ARG V=1\nARG V=1\nFROM a:$V\n",
        "ARG V=1 W=2\nFROM a:$V\nFROM b:$W\n",
        "ARG V=1\nFROM a:$V\nRUN echo $V\nLABEL x=$V\n",
    ],
)
def test_a_default_that_can(text: str) -> None:
    assert isinstance(find(text).places[0], Occurrence)


def test_a_digest_that_two_images_share_stays_where_it_is() -> None:
    first, second = find(f"ARG D={OLD}\nFROM a:1@$D\nFROM b:1@$D\n").places
    assert isinstance(first, Occurrence)
    assert isinstance(second, Occurrence)
    assert first.digest_span is None
    assert second.digest_span is None


@pytest.mark.parametrize(
    "text",
    [
        f"ARG D={OLD}\nFROM a@$D\nFROM b@${{D/-/}}\n",
        f"ARG D={OLD}\nFROM a@$D\nFROM b@${{D#x}}\n",
        f"ARG D={OLD}\nFROM a@$D\nFROM b@$D${{W:?}}\n",
        f"ARG D={OLD} W=q\nFROM a@$D\nFROM ${{W/q/b@$D}}\n",
        f"ARG D={OLD}\nARG W=${{D%x}}\nFROM a@$D\nFROM b@$W\n",
        f"ARG V=a@{OLD}\nFROM $V AS x\nFROM ${{V/-/}}\n",
        f"ARG V=@{OLD}\nFROM a$V\nFROM $V\n",
        f"ARG V=@{OLD}\nFROM a$V\nFROM b$V-x\n",
        f"ARG D={OLD}\nFROM $D@$D\n",
        f"ARG V=a@{OLD}\nFROM $V\nFROM --platform=$V b\n",
    ],
)
def test_a_digest_that_something_else_depends_on_stays_where_it_is(text: str) -> None:
    first = find(text).places[0]
    assert isinstance(first, Occurrence)
    assert first.reference.digest is not None
    assert first.digest_span is None


def test_a_digest_that_one_image_uses_twice_can_move() -> None:
    text = f"ARG V=1@{OLD}\nFROM a:$V\nFROM a:$V\nARG V\n"
    for place in find(text).places:
        assert isinstance(place, Occurrence)
        assert place.digest_span == Span(8, 79)
        assert place.insert == 79


@pytest.mark.parametrize(
    "text",
    [
        f"FROM a-$TARGETARCH@{OLD}",
        f"FROM $NONE/a@{OLD}",
        f"FROM a@{OLD}$NONE",
        f"ARG H={'0' * 64}\nFROM a@sha256:$H\nFROM b:$N\n",
    ],
)
def test_a_digest_makes_a_mention_whatever_it_goes_through(text: str) -> None:
    data = text.replace("$NONE/", "${NONE}")
    place = find(data).places[0]
    assert isinstance(place, Occurrence)
    assert place.reference.digest is not None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# escape=x\nFROM scratch\n", 1),
        ("FROM scratch\nRUN " + "x" * 65_532 + "\n", 2),
        ("FROM scratch\nRUN <<A\n", 2),
        ("FROM scratch\nCOPY <<A /x\n", 2),
        ("FROM scratch\nONBUILD RUN <<A\n", 2),
        ('ARG V="\nFROM scratch\n', 1),
        ("ARG =1\nFROM scratch\n", 1),
    ],
)
def test_what_buildkit_refuses_is_said_once(text: str, line: int) -> None:
    [place] = [
        place for place in find(text).places if not isinstance(place, Occurrence) and place.reason == "parse-error"
    ]
    assert (place.kind, place.text, place.line) == ("document", "", line)
    assert place.detail


def test_a_line_of_the_greatest_length_is_none_of_our_business() -> None:
    assert len(find("FROM scratch\nRUN " + "x" * 65_531 + "\n").places) == 1


def test_a_long_text_is_shown_in_part() -> None:
    [place] = find("FROM " + "A" * 1000 + "\n").places
    assert not isinstance(place, Occurrence)
    assert len(place.text) == 301
    assert len(place.detail) < 400


def test_a_bare_hash_is_explained() -> None:
    [place] = find("FROM " + "a" * 64 + "\n").places
    assert not isinstance(place, Occurrence)
    assert "write the name" in place.detail


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000", "\u1680\u0085", " \u205f\t"])
def test_spaces_of_other_scripts_end_a_line_and_are_not_in_the_reference(space: str) -> None:
    [place] = find(f"FROM alpine{space}\n").places
    assert isinstance(place, Occurrence)
    assert str(place.reference) == "alpine"


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        ("FROM scratch AS base\nFROM Base\n", "invalid-reference", "write `base`"),
        ("FROM {{ x }}:1\n", "templated", "template"),
        ("FROM {{x}}\n", "templated", "template"),
        ("FROM a:${{x}}\n", "templated", "template"),
        ("ARG V=1\nFROM @IMAGE@:$V\n", "templated", "template"),
        ("FROM a@b\n", "invalid-reference", "not an image reference"),
        ("FROM a # b\n", "parse-error", "comment"),
        ("FROM\n", "parse-error", "FROM takes"),
        ("FROM a AS 1b\n", "parse-error", "cannot name a stage"),
        ("FROM --x a\n", "parse-error", "no flag --x"),
    ],
)
def test_why_a_from_names_no_image_to_pin(text: str, reason: str, detail: str) -> None:
    place = find(text).places[-1]
    assert not isinstance(place, Occurrence)
    assert place.reason == reason
    assert detail in place.detail
