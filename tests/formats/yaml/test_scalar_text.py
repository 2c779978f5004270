from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.yaml import Budget, Mapping, Scalar, load, parse, resolve
from pinner.formats.yaml.scalars import SourceText, content_start, quoted_units, reference_text, source_text


def scalar_of(data: bytes) -> Scalar:
    """Return the first value of the last mapping in ``data``."""
    (root,) = parse(load(data)[-1], Budget()).roots
    assert type(root) is Mapping
    value = resolve(root.children[1])
    assert type(value) is Scalar
    return value


def text_of(data: bytes) -> SourceText:
    text = source_text(data, scalar_of(data))
    assert text is not None
    return text


def by_pyyaml(data: bytes) -> str:
    node = yaml.compose(data, Loader=yaml.CSafeLoader)
    assert isinstance(node, yaml.MappingNode)
    value = node.value[0][1].value
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("k: plain", "plain"),
        ("k: plain # c", "plain"),
        ("k: two\n  lines\n\n  and a half", "two lines\nand a half"),
        ("k: &a !!str x", "x"),
        ("k: &a # why\n  x", "x"),
        ("k: !!str &a\n  'x'", "x"),
        ("k: !<tag:yaml.org,2002:str> x", "x"),
        ("k: !local x", "x"),
        ("k: 'it''s'", "it's"),
        ("k: 'a\n\n\n  b'", "a\n\nb"),
        ('k: "a\\tb\\x41\\u00e9\\U0001F389\\N\\_\\L\\P"', "a\tbA\u00e9\U0001f389\x85\xa0\u2028\u2029"),
        ('k: "a\\\n   b"', "ab"),
        ('k: "a \\\n   b"', "a b"),
        ('k: "a\\\n\n   b"', "a\nb"),
        ('k: "a  \n  b"', "a b"),
        ('k: "\\\\\\"\\/"', '\\"/'),
        ('k: "caf\u00e9 \U0001f389"', "caf\u00e9 \U0001f389"),
        ('k: "caf\u00e9\\n"', "caf\u00e9\n"),
        ("k: |\n  a\n  b\n", "a\nb\n"),
        ("k: |-\n  a\n  b\n\n\n", "a\nb"),
        ("k: |+\n  a\n\n\nz: 1\n", "a\n\n\n"),
        ("k: |\n\n  a\n   b\n\n  c\n", "\na\n b\n\nc\n"),
        ("k: |2\n    a\n  b\n", "  a\nb\n"),
        ("k: |1-\n   a\n b\n", "  a\nb"),
        ("k: | # c\n  a", "a"),
        ("k: |\r\n  a\r\n  b\r\n", "a\nb\n"),
        ("k: >-\n  a\n  b\n\n  c\n", "a b\nc"),
        ("k: >\n  a\n    more\n    more\n  b\n", "a\n  more\n  more\nb\n"),
        ("k: >\n  a\n\n    more\n\n  b\n", "a\n\n  more\n\nb\n"),
        ("k: >+\n  a\n\n", "a\n\n"),
        ("k: >-\n  nginx:1.25\nb: c\n", "nginx:1.25"),
        ("k: |\n  a\tb\n  \tc\n", "a\tb\n\tc\n"),
        ("k: ''", ""),
        ("k: |\n", ""),
        ("k: |+\n\n\n", "\n\n"),
        ("k: |1\n     \n", "    \n"),
        ("k: |2-\n\n     a\n", "\n   a"),
        ("k: |1\n   \n  a\n", "  \n a\n"),
    ],
)
def test_the_text_is_what_the_consumer_reads(source: str, value: str) -> None:
    data = source.encode()
    assert str(text_of(data)) == value
    assert by_pyyaml(data) == value


@pytest.mark.parametrize(
    ("data", "origins"),
    [
        (b"k: abc\n", [b"a", b"b", b"c"]),
        (b"k: 'a''b'\n", [b"a", b"''", b"b"]),
        (b'k: "a\\u003ab"\n', [b"a", b"\\u003a", b"b"]),
        (b'k: "\\u00e9"\n', [b"\\u00e9", b"\\u00e9"]),
        (b'k: "a\\\n  b"\n', [b"a", b"b"]),
        (b"k: a\n  b\n", [b"a", b"\n  ", b"b"]),
        (b"k: |\n  a\r\n  b\r\n", [b"a", b"\r\n", b"b", b"\r\n"]),
        (b"k: >-\n  a\n  b\n", [b"a", b"\n", b"b"]),
    ],
)
def test_every_byte_knows_where_it_comes_from(data: bytes, origins: list[bytes]) -> None:
    text = text_of(data)
    assert [data[start:end] for start, end in zip(text.starts, text.ends, strict=True)] == origins


def test_runs_end_where_the_source_has_something_between() -> None:
    text = text_of(b'k: "a\\\n  bc"\n')
    assert text.run_before(3) == 1
    assert text.is_run(1, 3)
    assert not text.is_run(0, 2)
    assert text[1:].data == b"bc"


@pytest.mark.parametrize(
    "data", [b"k: &a x\n", b"k: !t x\n", b"k: &a !t x\n", b"k: &a\n  x\n", b"k: &a # c\n  # d\n\n  x\n"]
)
def test_the_text_begins_after_anchor_and_tag(data: bytes) -> None:
    assert data[content_start(data, scalar_of(data)) :] == b"x\n"


@pytest.mark.parametrize("data", [b"k: &a\n", b"k: !t\nb: c\n", b"k: [&a , b]\n"])
def test_an_empty_scalar_has_an_empty_text(data: bytes) -> None:
    (root,) = parse(load(data)[0], Budget()).roots
    node = resolve(root.children[1]) if type(root) is Mapping else root
    scalar = node if type(node) is Scalar else node.children[0]  # type: ignore[union-attr]
    assert type(scalar) is Scalar
    text = source_text(data, scalar)
    assert text is not None
    assert text.data == b""


def test_a_control_character_is_the_byte_that_it_is() -> None:
    assert text_of(b"k: 'a\x07\n  \xff'\n").data == b"a\x07 \xff"


def test_a_text_that_is_not_what_the_parser_read_is_refused() -> None:
    data = b"k: abc\n  def\n"
    assert source_text(data, Scalar("abcdef", 3, 12, "", None, None)) is None
    block = b"k: |\n  a\n"
    assert source_text(block, Scalar("a\n", 3, 9, "|", None, None)) is not None
    assert source_text(block, Scalar("b\n", 3, 9, "|", None, None)) is None
    assert source_text(block, Scalar("a\n", 2, 9, "|", None, None)) is None


LINES = st.lists(
    st.sampled_from(["a", " b", "  c d", "", " ", "\t", "e:f", "#g", "'", "\\", "\\n", "\u00e9", '"']), max_size=8
)


@given(LINES, st.sampled_from(["|", ">", "|-", ">+", "|2", ">1-", ""]), st.sampled_from(["\n", "\r\n"]))
def test_block_and_plain_texts_are_what_the_parser_read(lines: list[str], header: str, line_break: str) -> None:
    data = ("k: " + header + line_break + "".join(f"  {line}{line_break}" for line in lines)).encode()
    check_against_pyyaml(data)


@given(LINES, st.sampled_from(["'", '"']), st.sampled_from(["\n", "\r\n"]))
def test_quoted_texts_are_what_the_parser_read(lines: list[str], quote: str, line_break: str) -> None:
    data = ("k: " + quote + (line_break + " ").join(lines) + quote + line_break).encode()
    check_against_pyyaml(data)


def check_against_pyyaml(data: bytes) -> None:
    composed = parse(load(data)[0], Budget())
    if composed.problem is not None or type(composed.roots[0]) is not Mapping:
        return
    node = resolve(composed.roots[0].children[1])
    if type(node) is not Scalar:
        return
    text = source_text(data, node)
    try:
        expected = by_pyyaml(data)
    except yaml.YAMLError:
        return
    assert text is not None
    assert str(text).replace("\t", " ") == expected.replace("\t", " ")


def test_a_text_too_long_for_a_reference_is_none() -> None:
    data = b"k: " + b"x" * 5_000 + b"\n"
    assert source_text(data, scalar_of(data)) is not None
    assert reference_text(data, scalar_of(data)) is None


@pytest.mark.parametrize("source", ["a\\xzz", "a\\UFFFFFFFF", "a\\q"])
def test_a_wrong_escape_is_kept_as_it_stands(source: str) -> None:
    assert quoted_units(source, '"').text == source


def test_a_deep_margin_is_read_once() -> None:
    data = b"k: |1\n" + b" " * 200_000 + b"a\n" + b" b\n" * 10_000
    text = source_text(data, scalar_of(data))
    assert text is not None
    assert len(text.data) == 200_000 + 1 + 2 * 10_000
