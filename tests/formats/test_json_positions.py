from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.json_positions import JsonError, Shape, Text, decode, read

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.text('\\"/\b\f\n\r\t\u2028é🐳a', max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcde") | TEXTS, inner, max_size=4),
    max_leaves=30,
)
DEEP = Shape({"c": Shape({"d": Shape()})}, Shape({"e": Shape()}, Shape()))
SHAPE = Shape({"a": DEEP, "b": Shape()}, DEEP)


def meant(data: bytes, value: Any) -> Any:
    """Return what was read, with texts decoded."""
    if isinstance(value, Text):
        return decode(data, value)[0].decode("utf-8", "surrogatepass")
    if isinstance(value, dict):
        return {key: meant(data, field) for key, field in value.items()}
    return [meant(data, element) for element in value] if isinstance(value, list) else None


def kept(value: Any, shape: Shape | None) -> Any:
    """Return what the standard library's ``value`` holds of ``shape``."""
    if shape is None:
        return None
    if isinstance(value, dict) and shape.fields:
        return {key: kept(field, shape.fields[key]) for key, field in value.items() if key in shape.fields}
    if isinstance(value, list) and shape.elements is not None:
        return [kept(element, shape.elements) for element in value]
    return value if isinstance(value, str) else None


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 1, "\t", "\r\n"]), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_reads_what_the_standard_library_reads(value: Any, ascii_only: bool, indent: Any, head: bytes) -> None:  # noqa: FBT001
    data = head + json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    assert meant(data, read(data, SHAPE)) == kept(value, SHAPE)


@given(st.text('{}[]",:\\ n1aeu0d8', max_size=24) | st.text(max_size=10))
def test_accepts_all_that_the_standard_library_accepts_and_else_raises_one_error(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        found = meant(data, read(data, SHAPE))
    except JsonError:
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
        return
    try:
        value = json.loads(text)
    except ValueError:
        return
    assert found == kept(value, SHAPE)


@given(st.text('"\\bfnrtu0dD89abcefC1é🐳', max_size=30))
def test_decodes_every_string_as_the_standard_library_does(inside: str) -> None:
    literal = f'"{inside}"'
    try:
        value = json.loads(literal)
    except ValueError:
        return
    if isinstance(value, str):
        data = literal.encode()
        decoded, runs = decode(data, Text(1, len(data) - 1), 100)
        assert decoded == value.encode("utf-8", "surrogatepass")
        # The runs hold the whole text, in order, and each stands where it says.
        ends = [run.position for run in runs[1:]] + [100 + len(decoded)]
        assert [run.position for run in runs[:1]] == [100][: len(decoded)]
        for run, end in zip(runs, ends, strict=False):
            text = decoded[run.position - 100 : end - 100]
            raw = data[run.offset : run.offset + (run.escape or len(text))]
            assert json.loads(b'"' + raw + b'"').encode("utf-8", "surrogatepass") == text
            assert (b"\\" in raw) is bool(run.escape)


def test_a_repeated_key_counts_as_its_last_value() -> None:
    data = b'{"b": "one", "b": {"x": 1}, "\\u0062": "two"}'
    assert meant(data, read(data, SHAPE)) == {"b": "two"}


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"", "the file ends where a value should stand", 0),
        (b'{"a"', "the file ends where `:` should stand", 4),
        (b'{"a" 1}', "expected `:`, but got '1'", 5),
        (b'{"b": "x', "a string has no end, or holds what JSON does not allow in it", 6),
        (b'{"b": "x\ny"}', "a string has no end, or holds what JSON does not allow in it", 6),
        (b'{"b": "x" "y"}', "expected `,` or `}`, but got '\"'", 10),
        (b'[{"e": "x"} {}]', "expected `,` or `]`, but got '{'", 12),
        (b"{a}", "expected a string, but got 'a'", 1),
        (b'{"x": nil}', "expected a value, but got 'n'", 6),
        (b'{"x": [1, {]}', "expected the bracket that closes this, but got ']'", 11),
        (b'{"x": [[1, "a]', "a string has no end", 11),
        (b'{"x": "a\\"', "a string has no end", 6),
        (b'{"x": "a\\', "a string has no end", 6),
        (b'{"x": [[1, 2', "the file ends where the bracket that closes this should stand", 12),
        (b"{} []", "there is more after the end", 3),
        ("{é".encode(), "expected a string, but got 'é'", 1),
        (b'{"x":' + b"[" * 100_000, "brackets are nested more than 200 deep", 205),
        (b"[" * 100_000, "brackets are nested more than 200 deep", 203),
        (b'{"x":' + b'{"y":' * 100_000, "brackets are nested more than 200 deep", 1005),
    ],
)
def test_what_is_no_json_is_told_with_its_place(data: bytes, message: str, offset: int) -> None:
    with pytest.raises(JsonError) as caught:
        read(data, SHAPE)
    assert (caught.value.message, caught.value.offset) == (message, offset)


def test_long_strings_are_passed_over_whatever_is_in_them() -> None:
    filling = ["x" * 5000, '\\"]}' * 3000, "\n" * 700, 'a"' * 201, "\\" * 999]
    data = json.dumps({"x": filling, "y": filling[0], "z": filling[1], "b": "here"}).encode()
    assert meant(data, read(data, SHAPE)) == {"b": "here"}


def test_what_is_under_any_other_key_is_kept_in_its_shape() -> None:
    data = b'{"a": "1", "b": {"c": "2"}, "\\u0064": "3", "e": 4, "f": ["5"]}'
    value = read(data, Shape({"b": Shape({"c": Shape()})}, others=Shape()))
    assert isinstance(value, dict)
    texts = {key: data[one.start : one.end] for key, one in value.items() if isinstance(one, Text)}
    assert texts == {"a": b"1", "d": b"3"}
    assert isinstance(value["b"], dict)
    assert set(value["b"]) == {"c"}
    assert (value["e"], value["f"]) == (None, None)
