"""Which references with variables can hold a digest, and where it goes."""

from __future__ import annotations

import pytest
from yamlplaces import DIGEST, found, in_compose, mentions, pinned, skips


def compose(image: str) -> str:
    return f"services:\n  a:\n    image: {image}\n"


@pytest.mark.parametrize(
    ("image", "reference", "result", "via"),
    [
        ("${IMG:-redis:7}", "redis:7", "${IMG:-redis:7@D}", ("${IMG}",)),
        ("${IMG-redis:7}", "redis:7", "${IMG-redis:7@D}", ("${IMG}",)),
        ("${IMG:-redis}", "redis", "${IMG:-redis:latest@D}", ("${IMG}",)),
        ("redis:${TAG:-7}", "redis:7", "redis:${TAG:-7@D}", ("${TAG}",)),
        ("redis:${TAG-7}", "redis:7", "redis:${TAG-7@D}", ("${TAG}",)),
        ("redis:7${SUFFIX:--alpine}", "redis:7-alpine", "redis:7${SUFFIX:--alpine@D}", ("${SUFFIX}",)),
        ("${A:-${B:-alpine:3}}", "alpine:3", "${A:-${B:-alpine:3@D}}", ("${A}", "${B}")),
        ("${A:-alpine:${B:-3}}", "alpine:3", "${A:-alpine:${B:-3@D}}", ("${A}", "${B}")),
        ('"redis:${TAG:-7}"', "redis:7", '"redis:${TAG:-7@D}"', ("${TAG}",)),
        ('"redis\\u003a${TAG:-7}"', "redis:7", '"redis\\u003a${TAG:-7@D}"', ("${TAG}",)),
        ("'${IMG:-redis:7}' # c", "redis:7", "'${IMG:-redis:7@D}' # c", ("${IMG}",)),
        ("redis:7", "redis:7", "redis:7@D", ()),
    ],
)
def test_a_reference_that_ends_in_a_default_is_pinned_there(
    image: str, reference: str, result: str, via: tuple[str, ...]
) -> None:
    data = compose(image).encode()
    (occurrence,) = mentions(in_compose(data))
    assert (str(occurrence.reference), occurrence.via) == (reference, via)
    assert pinned(data, [occurrence]).decode() == compose(result.replace("@D", f"@{DIGEST}"))


@pytest.mark.parametrize(
    ("image", "place"),
    [
        ("$IMG", "no-default: $IMG"),
        ("${IMG}", "no-default: ${IMG}"),
        ("${IMG:?set it}", "no-default: ${IMG:?set it}"),
        ("${IMG?}", "no-default: ${IMG?}"),
        ("${IMG:-}", "no-default: "),
        ("${IMG:+redis:7}", "no-default: "),
        ("redis:${TAG}", "no-default: redis:${TAG}"),
        ("redis:${TAG:-}", "no-default: redis:"),
        ("redis${SUFFIX}", "no-default: redis${SUFFIX}"),
        ("${IMG}:${TAG:-7}", "no-default: ${IMG}:7"),
        ("${A:-redis:${TAG}}", "no-default: redis:${TAG}"),
        ("${REG:-docker.io}/redis:7", "interpolated-name: docker.io/redis:7"),
        ("${REG:-docker.io}/redis:${TAG:-7}", "interpolated-name: docker.io/redis:7"),
        ("${REG-}redis:${TAG:-7}", "interpolated-name: redis:7"),
        ("${REG}/redis:7", "interpolated-name: ${REG}/redis:7"),
        ("${REG}redis", "interpolated-name: ${REG}redis"),
        ("redis${S:-}:7", "interpolated-name: redis:7"),
        ("redis:${TAG}-alpine", "interpolated-tag: redis:${TAG}-alpine"),
        ("redis:${TAG:-7}-alpine", "interpolated-tag: redis:7-alpine"),
        ("redis:${MAJOR:-7}.${MINOR:-2}", "interpolated-tag: redis:7.2"),
        ("redis:${MAJOR}.${MINOR:-2}", "no-default: redis:${MAJOR}.2"),
        ("redis:${A:-}7", "interpolated-tag: redis:7"),
        ("redis:7${SUFFIX:-}", "interpolated-tag: redis:7"),
        ("redis:7${SUFFIX:+-alpine}", "interpolated-tag: redis:7"),
        ("redis:${TAG:-7}${SUFFIX:-}", "interpolated-tag: redis:7"),
        ("redis:${TAG:-${MAJOR:-7}.2}", "interpolated-tag: redis:7.2"),
        ("${IMG:-redis:7}-alpine", "interpolated-tag: redis:7-alpine"),
        ("redis$$", "invalid-reference: redis$"),
        ("redis:$", "invalid-reference: redis:$"),
        ("${IMG redis}", "invalid-reference: ${IMG redis}"),
        ("${IMG:-Redis:7}", "invalid-reference: Redis:7"),
    ],
)
def test_any_other_reference_with_a_variable_is_left_alone(image: str, place: str) -> None:
    assert found(in_compose(compose(image))) == [place]


@pytest.mark.parametrize("image", ["redis:${TAG}", "${TAG:?}/x", "a${TAG}b"])
def test_the_detail_names_the_variable_and_where_its_value_comes_from(image: str) -> None:
    (skip,) = skips(in_compose(compose(image)))
    assert "`TAG`" in skip.detail
    assert ".env" in skip.detail


@pytest.mark.parametrize(
    ("image", "digest"),
    [
        (f"redis:7@{DIGEST}", DIGEST),
        (f"${{IMG:-redis:7@{DIGEST}}}", DIGEST),
        (f"redis:${{TAG:-7@{DIGEST}}}", DIGEST),
        (f"redis:${{TAG:-7}}@{DIGEST}", DIGEST),
        (f"redis:7@${{DIGEST:-{DIGEST}}}", DIGEST),
        (f"${{REG:-docker.io}}/redis:7@{DIGEST}", DIGEST),
        (f"redis:7@sha256:${{HEX:-{'ab' * 32}}}", None),
        (f'"redis:7@sha256\\u003a{"ab" * 32}"', None),
    ],
)
def test_a_digest_is_replaced_where_it_stands_in_one_piece(image: str, digest: str | None) -> None:
    data = compose(image).encode()
    (occurrence,) = mentions(in_compose(data))
    assert occurrence.reference.digest is not None
    span = occurrence.digest_span
    assert (None if span is None else data[span.start : span.end].decode()) == digest
    assert span is None or span.end == occurrence.insert
