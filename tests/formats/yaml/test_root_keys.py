"""A root key is told from bytes as a regular expression over all lines tells it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.yaml.roots import has_root_key

BEHIND = re.compile(rb"""["']?[ \t]*:""")
PIECES = st.sampled_from([b"kind", b'"', b"'", b":", b" ", b"\n", b"\r\n", b"x", b"\tkind:", b"\nkind", b"\n'kind' :"])


@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_a_key_at_the_beginning_of_a_line(text: bytes) -> None:
    expected = re.search(rb"""^["']?kind["']?[ \t]*:""", text, re.MULTILINE) is not None
    assert has_root_key(text, b"kind", BEHIND) == expected


def test_a_key_that_is_there_and_is_not() -> None:
    assert has_root_key(b"a: b\n'kind' : c\n", b"kind", BEHIND)
    assert has_root_key(b'"kind": c', b"kind", BEHIND)
    assert not has_root_key(b"kinds: c\n kind: d\n# kind: e\n", b"kind", BEHIND)
