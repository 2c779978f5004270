"""Comments of Flux's image policies: whose line they are on, and what finding them takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

import pytest

from pinner.formats.yaml.nodes import Scalar
from pinner.formats.yaml.references import is_written_by_flux

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NAME = b"redis:7"
MARK = b'# {"$imagepolicy": "flux-system:redis"}'


def scalars(data: bytes) -> list[Scalar]:
    """Return the scalars of ``data`` that are `NAME`."""
    starts = [at for at in range(len(data)) if data.startswith(NAME, at)]
    return [Scalar(NAME.decode(), at, at + len(NAME), "", None, None) for at in starts]


class Counted(bytes):
    """Bytes that count how many of them a search may have to look at."""

    looked_at = 0

    def __contains__(self, key: Any) -> bool:
        self.looked_at += len(self)
        return super().__contains__(key)

    def find(
        self, sub: ReadableBuffer | SupportsIndex, start: SupportsIndex | None = None, end: SupportsIndex | None = None
    ) -> int:
        found = super().find(sub, start, end)
        first, last = int(start or 0), len(self) if end is None else int(end)
        self.looked_at += (found if found >= 0 else last) - first
        return found


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (b"image: redis:7 %s\n", [True]),
        (b"image: redis:7 %s", [True]),
        (b"image: redis:7\n%s\n", [False]),
        (b"%s\nimage: redis:7\n", [False]),
        (b"image: redis:7\nimage: redis:7 %s\nimage: redis:7\n", [False, True, False]),
        (b"{a: {image: redis:7}, b: {image: redis:7}} %s\n", [True, True]),
        (b"image: redis:7 # no $imagepolicy\n", [False]),
    ],
)
def test_a_comment_is_for_what_stands_before_it_on_its_line(text: bytes, written: list[bool]) -> None:
    data = text.replace(b"%s", MARK)
    assert [is_written_by_flux(data, scalar) for scalar in scalars(data)] == written


@pytest.mark.parametrize("end", [b"", MARK], ids=["without Flux", "with Flux"])
def test_a_file_is_not_looked_through_for_each_of_its_images(end: bytes) -> None:
    """No clock: 2,000 images in a megabyte would have two billion bytes looked at."""
    data = Counted(b"image: redis:7\n" * 2_000 + b"#" * 1_000_000 + b"\n" + end)
    assert not any(is_written_by_flux(data, scalar) for scalar in scalars(data))
    assert data.looked_at <= 2 * len(data)
