from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.edits import apply_edits
from pinner.errors import EditRefusedError
from pinner.model import Edit


def test_edits_are_made_at_once_in_any_order() -> None:
    edits = [Edit(6, b"f", b"F"), Edit(0, b"", b">"), Edit(2, b"bc", b"")]
    assert apply_edits(b"a_bc_ef", edits) == b">a__eF"


def test_nothing_to_do() -> None:
    assert apply_edits(b"abc", []) == b"abc"


def test_the_same_edit_twice_counts_once() -> None:
    assert apply_edits(b"ab", [Edit(1, b"", b"-"), Edit(1, b"", b"-")]) == b"a-b"


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, b"x", b"")],  # other bytes stand there
        [Edit(3, b"", b"x"), Edit(3, b"", b"y")],  # two insertions at one point
        [Edit(0, b"ab", b""), Edit(1, b"b", b"")],  # they overlap
        [Edit(2, b"cd", b"")],  # beyond the end
        [Edit(9, b"", b"x")],  # beyond the end
        [Edit(1, b"", b"x"), Edit(1, b"b", b"y")],  # who would come first?
    ],
)
def test_refused(edits: list[Edit]) -> None:
    with pytest.raises(EditRefusedError):
        apply_edits(b"abc", edits)


@given(st.data(), st.binary(max_size=200))
def test_nothing_outside_the_edits_changes(data: st.DataObject, original: bytes) -> None:
    points = sorted(data.draw(st.sets(st.integers(0, len(original)), max_size=8)))
    edits, pieces, position = [], [], 0
    for start, end in zip(points[::2], points[1::2], strict=False):
        replacement = data.draw(st.binary(max_size=9))
        edits.append(Edit(start, original[start:end], replacement))
        pieces += [original[position:start], replacement]
        position = end
    expected = b"".join((*pieces, original[position:]))
    assert apply_edits(original, data.draw(st.permutations(edits))) == expected
