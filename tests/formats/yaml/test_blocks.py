from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yamlplaces import assert_read_as_the_parsers_do, plain

from pinner.formats.yaml import Budget, Scalar, load, parse
from pinner.formats.yaml.pages import forget, read_page

KEYS = st.sampled_from(["a", "b", "c", "name", "image"])
VALUES = st.sampled_from(
    ["x", "'y z'", "'it''s'", "[p, q]", "{}", "80:80", '"0"', '"\\"a\\n"', "{p: q}", "[{p: 'q'}, r]"]
)
FLAT = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)
ITEMS = st.lists(VALUES, min_size=1, max_size=3) | st.lists(FLAT, min_size=1, max_size=3)
LEAVES = st.dictionaries(KEYS, FLAT | ITEMS | VALUES, min_size=1, max_size=4)
TREES = st.dictionaries(KEYS, LEAVES | st.lists(LEAVES, min_size=1, max_size=3), min_size=1, max_size=3)


def lines_of(value: object, indent: int, dash: int) -> list[str]:
    """Return the lines of ``value``: what is under a key ``indent`` columns deeper, a list ``dash`` deeper."""
    if isinstance(value, dict):
        lines = []
        for key, inner in value.items():
            if isinstance(inner, str):
                lines.append(f"{key}: {inner}")
            else:
                margin = " " * (dash if isinstance(inner, list) else indent)
                lines += [f"{key}:", *(margin + line for line in lines_of(inner, indent, dash))]
        return lines
    assert isinstance(value, list)
    lines = []
    for inner in value:
        first, *rest = [inner] if isinstance(inner, str) else lines_of(inner, indent, dash)
        lines += [f"- {first}", *("  " + line for line in rest)]
    return lines


@settings(max_examples=200)
@given(TREES, st.sampled_from([(2, 2), (2, 0), (4, 2)]), st.sampled_from(["\n", "\r\n"]), st.data())
def test_regular_blocks_with_one_line_amiss_are_read_as_the_parsers_read_them(
    tree: object, widths: tuple[int, int], newline: str, data: st.DataObject
) -> None:
    lines = lines_of(tree, *widths)
    assert read_page(newline.join(lines), 0) is not None
    assert_read_as_the_parsers_do(newline.join(lines).encode())
    number = data.draw(st.integers(0, len(lines) - 1))
    line = lines[number]
    amiss = data.draw(
        st.sampled_from(
            [" " + line, line[1:], "- " + line.lstrip(), line.partition(":")[0] + ":", line + " # c", "", line]
        )
    )
    lines[number : number + data.draw(st.integers(0, 1))] = [amiss]
    assert_read_as_the_parsers_do(newline.join(lines).encode())


@given(st.lists(TREES, min_size=2, max_size=4))
@example([{"a": {"b": {"c": "x"}}}, {"a": {"b": {"c": "[p, q]"}}}])
def test_what_is_known_of_a_block_is_not_said_of_another(trees: list[object]) -> None:
    texts = ["\n".join(lines_of(tree, 2, 2)) for tree in trees]
    together = [read(text) for text in texts]
    for text, known in zip(texts, together, strict=True):
        forget()
        assert read(text) == known


TEXTS = st.lists(
    st.sampled_from(["x", "y: z", "  w", " ", "", "   ", "# c", "- d", "'e", "f: |", "\u00e9", "a b"]),
    min_size=1,
    max_size=5,
)
HEADERS = st.sampled_from(["|", "|-", "|+", ">", ">-", ">+", "| # c", ">-  # c"])
BEFORE = st.sampled_from(
    [("", "a: ", 0), ("b:\n", "  a: ", 2), ("b:\n", "- a: ", 2), ("", "- - ", 2), ("b:\n", "- ", 0)]
)
AFTER = st.sampled_from(["", "{}c: d", "{}# c", "\n{}c: d", "{}- c", "  {}c: d", "z: d", "z:"])


@settings(max_examples=600)
@given(
    BEFORE, HEADERS, st.integers(1, 3), TEXTS, AFTER, st.sampled_from(["\n", "\n", "\r\n"]), st.sampled_from(["", "\n"])
)
@example(("", "a: ", 0), ">", 2, ["x", "", "  w", "", "y: z"], "z: d", "\n", "\n")
def test_block_scalars_are_read_as_the_parsers_read_them(
    before: tuple[str, str, int], header: str, deeper: int, texts: list[str], after: str, newline: str, end: str
) -> None:
    above, start, column = before
    margin = " " * (column + deeper)
    body = "\n".join(margin + text for text in texts)
    text = f"{above}{start}{header}\n{body}\n{after.format(' ' * column)}" + end
    assert_read_as_the_parsers_do(text.replace("\n", newline).encode())


def test_a_block_scalar_is_there_to_its_last_blank_line() -> None:
    page = read_page("a: |\n  b\n\nc: >-\n  d\n  e\n", 10)
    assert page is not None
    _, first, _, second = page[0][0].children  # type: ignore[union-attr]
    assert type(first) is Scalar
    assert type(second) is Scalar
    assert (first.value, first.start, first.end, first.style) == ("b\n", 13, 20, "|")
    assert (second.value, second.start, second.end, second.style) == ("d e", 23, 34, ">")


def read(text: str) -> object:
    page = read_page(text, 3)
    return None if page is None else ([plain(root) for root in page[0]], page[1])


def test_nodes_are_made_of_lines_that_were_forgotten_since() -> None:
    text = "a:\n  b: c\n  d:\ne: [f]\n"
    expected = read(text)
    page = read_page(text, 3)
    forget()
    read("z: 'y'\n")
    assert page is not None
    assert ([plain(root) for root in page[0]], page[1]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "- a: b\n  c: d\n- e\n  f: g\n",
        "a:\n- b\nc:\n- d\n e: f\n",
        "a:\n  - b: c\n   d: e\n",
        "a:\n    b: c\n  d: e\n",
        "- - a\n - b\n",
        "- - a: b\n    c: d\n  - e\n   f: g\n",
        "a:\n  b: c\n  b: d\n",
        "a:\n- b: c\n  b: d\n",
    ],
)
def test_lines_that_do_not_fit_together_are_left_to_the_parsers(text: str) -> None:
    assert read_page(text, 0) is None
    assert_read_as_the_parsers_do(text.encode())


@pytest.mark.parametrize("text", ["a:\n- b\n- c:\n  - d\n", "- - - a: b\n      c:\n      - d\n    - e\n- f\n"])
def test_lists_in_the_column_of_their_key_and_lists_in_lists_are_read(text: str) -> None:
    assert read_page(text, 0) is not None
    assert_read_as_the_parsers_do(text.encode())


def test_more_kinds_of_blocks_than_are_remembered_are_read_as_well() -> None:
    for number in range(0, 20_000, 100):
        text = "".join(f"key{number + each}:\n  inner: value\n" for each in range(100))
        page = read_page(text, 0)
        assert page is not None
        assert page[1] == 100 * 4 + 1


def test_a_hundred_and_one_collections_in_each_other_are_read_and_no_more() -> None:
    for start, outer in (("", 0), ("- - ", 2)):
        for depth, is_read in ((101, True), (102, False)):
            lines = [" " * (len(start) + number) + "a:" for number in range(depth - outer)]
            lines[0] = start + "a:"
            forget()
            assert (read_page("\n".join(lines), 0) is not None) == is_read
            assert (read_page("\n".join(lines), 0) is not None) == is_read


def test_what_is_known_of_a_block_is_too_deep_elsewhere() -> None:
    inner = [" " * 60 + line for line in lines_of({"a": {"b": {"c": {"d": "x"}}}}, 2, 2)]
    outer = [" " * number + "a:" for number in range(60)]
    assert read_page("\n".join([*outer, *inner]), 0) is not None
    deep = [" " * number + "- -  - a:" for number in range(0, 60, 8)]
    assert_read_as_the_parsers_do("\n".join([*deep, *inner]).encode())
    lists = [" " * number + "a:\n" + " " * number + "- b:" for number in range(58)]
    assert read_page("\n".join([*lists, *inner]), 0) is None


def test_what_stands_far_to_the_right_is_left_to_the_parsers() -> None:
    assert read_page(" " * 10_000 + "a: b", 0) is not None
    assert read_page(" " * 10_001 + "a: b", 0) is None
    assert_read_as_the_parsers_do(b" " * 10_001 + b"a: b")


def test_a_document_too_large_for_any_reader_is_refused() -> None:
    (document,) = load(b"a: " + b"x" * 10_000_000)
    assert parse(document, Budget()).problem is not None
