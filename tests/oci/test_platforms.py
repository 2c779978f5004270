"""Which platform suits which, and which of several suits best."""

from __future__ import annotations

import pytest

from pinner.oci.platforms import best, matches
from pinner.reference import Platform


def platform(text: str) -> Platform:
    return Platform.parse(text)


@pytest.mark.parametrize(
    ("there", "wanted", "expected"),
    [
        (("linux/amd64", "linux/arm64/v8"), "linux/arm64", "linux/arm64/v8"),
        (("linux/arm/v5", "linux/arm/v6", "linux/arm/v7"), "linux/arm/v6", "linux/arm/v6"),
        (("linux/arm/v5", "linux/arm/v6"), "linux/arm/v7", "linux/arm/v6"),
        (("linux/arm/v7",), "linux/arm/v6", None),
        (("linux/amd64", "linux/s390x"), "linux/arm64", None),
        (("windows/amd64",), "linux/amd64", None),
        ((), "linux/amd64", None),
    ],
)
def test_the_one_that_suits_best(there: tuple[str, ...], wanted: str, expected: str | None) -> None:
    assert best(((platform(one), one) for one in there), platform(wanted)) == expected


def test_of_equals_the_first_and_never_one_without_a_platform() -> None:
    amd64 = platform("linux/amd64")
    assert best([(None, "none"), (amd64, "first"), (amd64, "second")], amd64) == "first"


def test_other_spellings_of_the_same_machine_suit() -> None:
    assert matches(platform("linux/amd64"), platform("linux/x86_64"))
    assert not matches(platform("linux/amd64"), platform("linux/386"))
