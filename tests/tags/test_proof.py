from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from pinner.tags.candidate_proof import MOST, Facts, Proof, floating_tag, prove, refusal
from pinner.tags.candidates import find_candidates
from pinner.tags.model import Options
from pinner.tags.parse import parse
from pinner.tags.release_lines import Lines

if TYPE_CHECKING:
    from collections.abc import Mapping

BOTH = frozenset({"linux/amd64", "linux/arm64"})


def proved(
    current: str, known: Mapping[str, Facts], *, platforms: frozenset[str] = frozenset(), ceiling: str | None = None
) -> tuple[Proof, list[str]]:
    """Return the proof for what follows ``current`` among ``known``, and the tags that were asked about."""
    found = find_candidates("acme/app", current, Lines(known), Options(), "major")
    asking, asked = prove(found.tags, current, platforms, ceiling), []
    try:
        asked.append(next(asking))
        while True:
            asked.append(asking.send(known.get(asked[-1])))
    except StopIteration as ended:
        return ended.value, asked


def of(proof: Proof) -> tuple[str | None, list[tuple[str, str]]]:
    return proof.tag and proof.tag.text, [(one.tag, one.why) for one in proof.refused]


def test_the_first_that_holds_is_taken_and_the_others_are_told() -> None:
    known = {
        "1.0": Facts("a", BOTH | {"linux/s390x"}, date(2025, 6, 1)),
        "1.1": Facts("b", BOTH, date(2025, 7, 1)),
        "1.2": Facts("c", frozenset({"linux/amd64"}), date(2025, 8, 1)),
        "1.3": Facts("d", BOTH, date(2025, 1, 1)),
        "1.4": Facts("a", BOTH),
    }
    proof, asked = proved("1.0", known)
    refused = [
        ("1.4", "it is the image in use"),
        ("1.3", "it was made 151 days before the image in use"),
        ("1.2", "it is not there for linux/arm64"),
    ]
    assert (of(proof), proof.lost) == (("1.1", refused), ("linux/s390x",))
    assert asked == ["1.0", "1.4", "1.3", "1.2", "1.1"]
    assert of(proved("1.0", known, platforms=frozenset({"linux/amd64"}))[0])[0] == "1.2"


def test_few_are_asked_about() -> None:
    known = {f"1.{number}": Facts("a") for number in range(20)}
    proof, asked = proved("1.0", known)
    assert (proof.tag, len(proof.refused), len(asked)) == (None, MOST, MOST + 1)
    assert proved("1.19", known) == (Proof(None), [])


def test_a_floating_tag_is_a_ceiling() -> None:
    known = {"1.0": Facts("a"), "1.1": Facts("b"), "1.2": Facts("c"), "stable": Facts("b")}
    assert of(proved("1.0", known, ceiling="stable")[0]) == ("1.1", [("1.2", "it is beyond `stable`")])
    assert of(proved("1.0", known | {"stable": Facts("z")}, ceiling="stable")[0])[0] is None
    del known["stable"]
    assert of(proved("1.0", known, ceiling="stable")[0])[0] == "1.2"


def test_the_floating_tag_of_the_variant_comes_first() -> None:
    alpine, plain = parse("1.0-alpine"), parse("1.0")
    assert alpine is not None
    assert plain is not None
    tags = ["lts", "lts-alpine", "1.0"]
    assert floating_tag(alpine, Options(track="lts"), tags) == "lts-alpine"
    assert floating_tag(alpine, Options(track="lts"), ["lts"]) == "lts"
    assert floating_tag(plain, Options(track="lts"), tags) == "lts"
    assert floating_tag(plain, Options(track="latest"), tags) is None
    assert [floating_tag(plain, Options(track=word), tags) for word in ("", "any", "interim")] == [None] * 3


@pytest.mark.parametrize(
    ("now", "new", "why"),
    [
        (Facts("a"), None, "it does not exist"),
        (Facts(""), Facts(""), None),
        (Facts("a", created=date(2025, 6, 1)), Facts("b", created=date(2025, 3, 3)), None),
        (Facts("a", created=date(2025, 6, 1)), Facts("b", created=date(2025, 3, 2)), "it was made 91 days before"),
        (Facts("a", created=date(2025, 6, 1)), Facts("b", created=date(1980, 1, 1)), None),
        (Facts("a", created=date(1970, 1, 1)), Facts("b", created=date(2020, 1, 1)), None),
        (Facts("a", frozenset({"linux/riscv64"})), Facts("b", frozenset({"linux/amd64"})), None),
        (Facts("a", BOTH), Facts("b"), None),
    ],
)
def test_why_an_image_is_not_to_follow(now: Facts, new: Facts | None, why: str | None) -> None:
    assert (refusal(now, new) or "").startswith(why or "\0") or (refusal(now, new), why) == (None, None)
