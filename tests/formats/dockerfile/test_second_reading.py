"""What dockerfile-parse says of edits: nothing of those that pin, something of all others."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.edits import Target, prove
from pinner.formats import by_name
from pinner.formats.dockerfile.second_opinion import same_instructions
from pinner.model import Document, Edit, Occurrence

DIGEST = "sha256:" + "0a" * 32
BEFORE = """\
# syntax=docker/dockerfile:1
ARG IMAGE=alpine:3.20
FROM ${IMAGE} AS base
LABEL image=alpine:3.20 \\
      # with a comment
      more=alpine:3.20
RUN --mount=from=redis:7,target=/x \\
    cat <<EOF
FROM nothing:1
EOF
COPY --from=nginx:1 /a /b
CMD ["run", "alpine:3.20"]
"""


def says(before: str, after: str) -> bool:
    return same_instructions(Document("Dockerfile", before.encode()), Document("Dockerfile", after.encode()))


@pytest.mark.parametrize("text", ["IMAGE=alpine:3.20", "docker/dockerfile:1", "redis:7", "nginx:1"])
def test_a_digest_at_an_image_changes_no_instruction(text: str) -> None:
    assert says(BEFORE, BEFORE.replace(text, f"{text}@{DIGEST}"))
    assert says(BEFORE.replace(text, f"{text}@{DIGEST}"), BEFORE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LABEL image", "LABLE image"),
        ('"run", "alpine:3.20"', f'"run", "alpine:3.20@{DIGEST}"'),
        ("nginx:1 /a", f"nginx:1@{DIGEST}\nRUN /a"),
        ("nginx:1", f"nginx:1@{DIGEST} \\\n"),
        ("FROM ${IMAGE}", "FRO ${IMAGE}"),
        ("COPY --from=nginx:1 /a /b\n", ""),
        ("# with a comment", "with a comment"),
    ],
)
def test_whatever_else_changes_is_told(old: str, new: str) -> None:
    assert old in BEFORE
    assert not says(BEFORE, BEFORE.replace(old, new))
    assert not says(BEFORE.replace(old, new), BEFORE)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff# escape=`\nENV P=C:\\\nFROM x:1\n",
        "ENV P=C:\\\\\nFROM x:1\n",
        "FROM \\\n\n  x:1 \\\n   \n AS b\n",
        "FR\\\nOM x:1\n",
        "\u00a0FROM x:1\n",
        "// syntax=x:1\nFROM a\n",
    ],
)
def test_what_it_misreads_is_no_change(text: str) -> None:
    assert says(text, text.replace("x:1", f"x:1@{DIGEST}"))


def test_what_it_would_take_too_long_for_it_is_not_asked() -> None:
    large = "RUN a \\\n" * 20_000
    assert says(large, f"{large}FROM a\n")


@given(st.binary(max_size=200))
def test_it_never_fails(data: bytes) -> None:
    assert same_instructions(Document("Dockerfile", data), Document("Dockerfile", data))


@pytest.mark.parametrize("agrees", [True, False])
def test_an_edit_that_it_does_not_confirm_is_not_made(monkeypatch: pytest.MonkeyPatch, *, agrees: bool) -> None:
    asked = []

    def same(before: Document, after: Document) -> bool:
        asked.append((before.data, after.data))
        return agrees

    name = f"second_{agrees}"
    monkeypatch.setitem(sys.modules, name, SimpleNamespace(same_instructions=same))
    format_ = by_name("dockerfile")._replace(second=name)
    document = Document("Dockerfile", b"FROM alpine:3.20\n")
    located = format_.locate(document)
    assert located is not None
    [place] = located.places
    assert isinstance(place, Occurrence)
    pinned = f"alpine:3.20@{DIGEST}"
    edit = Edit(place.insert, b"", f"@{DIGEST}".encode())
    kept, data = prove(document, format_, located, {place.span: Target((edit,), pinned)})
    assert (len(kept), data) == ((1, f"FROM {pinned}\n".encode()) if agrees else (0, document.data))
    assert asked == [(document.data, f"FROM {pinned}\n".encode())]
