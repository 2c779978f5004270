from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yamlplaces import plain

from pinner.formats.yaml import Alias, Mapping, Scalar, Sequence, load, parse, resolve
from pinner.formats.yaml.parser import MAX_BYTES, MAX_DEPTH, Budget, Composed, c_events, compose
from pinner.formats.yaml.stream import Chunk, split

if TYPE_CHECKING:
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.parser import EventSource

READERS = [pytest.param(c_events(), id="c"), pytest.param(None, id="pure")]


def read(data: bytes, accelerator: EventSource | None = None) -> Composed:
    return compose(data, Chunk(0, len(data)), accelerator)


def test_the_c_parser_is_there_where_the_tests_run() -> None:
    assert c_events() is not None


@pytest.mark.parametrize("accelerator", READERS)
def test_nodes_carry_the_offsets_of_their_bytes(accelerator: EventSource | None) -> None:
    data = "# 🎉\nimage: &x !!str 'a:1'\nb: [*x, {c: d}]\n".encode()
    composed = read(data, accelerator)
    assert composed.problem is None
    (root,) = composed.roots
    assert type(root) is Mapping
    (_, image), (_, items) = root.pairs()
    assert type(image) is Scalar
    assert data[image.start : image.end] == b"&x !!str 'a:1'"
    assert (image.value, image.style, image.tag, image.anchor) == ("a:1", "'", "tag:yaml.org,2002:str", "x")
    assert type(items) is Sequence
    assert items.flow
    alias, flow = items.children
    assert type(alias) is Alias
    assert data[alias.start :].startswith(b"*x")
    assert resolve(alias) is image
    assert type(flow) is Mapping
    assert composed.size == 9


@pytest.mark.parametrize("accelerator", READERS)
@pytest.mark.parametrize(
    "data",
    [
        b"{image: nginx:1.25,b: c}\n",
        b"a: &x 1\nb: &x 2\nc: *x\n",
        b"image:\tnginx:1\t# c\n",
        b"\xc2\x85image: a\n",
        b"a: b\xe2\x80\xa8c: d\n",
        b"a: b # c\xe2\x80\xa9d: e\n",
        b"a: |\n  b\xc2\x85  c\n",
        b"a:\n  - |\n \n    b\n",
        b"a: |\n  \n   \n\n    b\n  \n    c\n",
        b"a: &x !t | # c\r\n \r\n  b\r\nc: d\r\n",
        b"a:\n  b: |-\n   \n  c: d\n",
        b"? a\n:\t# c\n  b\n",
        b"a: caf\xe9\n",
        b"a: \x07\x7f\n",
        b"%YAML 1.2\n---\na: b\n",
        b"a: 1\r\nb: 2\r\n",
        b"a: 1\rb: 2\r",
        b"a: !reset null\nb: !override [x]\n",
        b"? {a: b}\n: c\n",
    ],
)
def test_what_is_valid_is_read_by_both_and_read_alike(data: bytes, accelerator: EventSource | None) -> None:
    composed = read(data, accelerator)
    assert composed.problem is None
    assert [plain(root) for root in composed.roots] == [plain(root) for root in read(data).roots]


def test_the_last_anchor_of_a_name_counts() -> None:
    (root,) = read(b"a: &x 1\nb: &x 2\nc: *x\n", c_events()).roots
    assert type(root) is Mapping
    value = resolve(list(root.pairs())[2][1])
    assert type(value) is Scalar
    assert value.value == "2"


def test_an_anchor_may_hold_an_alias_of_itself() -> None:
    (root,) = read(b"a: &x [*x]\n", c_events()).roots
    assert type(root) is Mapping
    ((_, items),) = root.pairs()
    assert type(items) is Sequence
    assert resolve(items.children[0]) is items


@pytest.mark.parametrize("accelerator", READERS)
@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"a: b: c\n", "mapping values are not allowed", 4),
        (b"a: *nope\n", "`*nope` has no anchor before it", 3),
        (b"a: 'x\n", "found unexpected end of stream", 6),
        (b"\tx: y\n", "cannot start any token", 0),
        (b"-\timage: y\n", "cannot start any token", 1),
        (b"a: {{ .b }}c\n", "", 11),
    ],
)
def test_what_is_not_yaml_is_a_problem_with_its_place(
    data: bytes, message: str, offset: int, accelerator: EventSource | None
) -> None:
    composed = read(data, accelerator)
    assert composed.problem is not None
    assert message in composed.problem.message
    assert "\n" not in composed.problem.message
    assert composed.problem.offset == offset
    assert composed.roots == ()


def test_a_document_before_the_problem_is_kept_and_one_that_breaks_off_is_not() -> None:
    composed = read(b"a: 1\n...\nb: [\n", c_events())
    assert [plain(root) for root in composed.roots] == [plain(root) for root in read(b"a: 1\n...\n").roots]
    assert composed.problem is not None


@pytest.mark.parametrize("accelerator", READERS)
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 60_000,
        b"{" * 60_000,
        b"a: " + b"[\n" * 300,
        b"".join(b" " * depth + b"a:\n" for depth in range(300)),
        b"- " * 5_000,
        b"[" * 300 + b"]" * 300,
    ],
)
def test_nesting_without_end_is_refused(data: bytes, accelerator: EventSource | None) -> None:
    composed = read(data, accelerator)
    assert composed.problem is not None
    assert composed.problem.message == f"nested over {MAX_DEPTH} levels deep"
    assert 0 < composed.problem.offset < len(data)


@pytest.mark.parametrize("accelerator", READERS)
def test_nesting_up_to_the_limit_is_read(accelerator: EventSource | None) -> None:
    composed = read(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, accelerator)
    assert composed.problem is None
    assert composed.size == MAX_DEPTH


def test_brackets_in_prose_are_no_nesting() -> None:
    data = b"a: |\n" + b"  [[[ ]]] [ { ( ] }\n" * 300
    assert read(data).problem is None
    assert read(b"a: '" + b"[x] {y} ]]" * 300 + b"'\n").problem is None


def test_a_document_of_over_ten_megabytes_is_refused_unread() -> None:
    problem = read(b"a: " + b"x" * MAX_BYTES).problem
    assert problem is not None
    assert problem.message == "a document of over 10,000,000 bytes"


FLOW = b"---\n{a: nginx:1}\n"  # an old libyaml refuses it: the pure parser has to read it


def test_one_document_is_read_only_so_far_by_the_pure_parser() -> None:
    composed = compose(b"[1, 2, 3, 4, 5, 6, 7, 8]\n", Chunk(0, 25), None, 5)
    assert composed.problem is not None
    assert "install ruamel.yaml.clib" in composed.problem.message
    assert composed.pure_events > 5


def test_the_pure_parser_has_a_budget_for_the_whole_file() -> None:
    budget = Budget(events=7)
    problems = [parse(document, budget).problem for document in load(FLOW * 4)]
    assert problems[:3] == [None, None, None]
    assert problems[3] is not None
    assert "install ruamel.yaml.clib" in problems[3].message
    assert problems[3].offset == 3 * len(FLOW)


def test_how_often_a_file_was_asked_for_changes_no_answer() -> None:
    answers = []
    for _ in range(3):
        budget = Budget(events=7)
        answers.append([parse(document, budget).problem for document in load(FLOW * 4)])
    assert answers[0] == answers[1] == answers[2]


def test_the_c_parser_costs_nothing_of_the_budget() -> None:
    budget = Budget(events=1)
    assert all(parse(document, budget).problem is None for document in load(b"---\na: 1\nb: {c: [d]}\n" * 4))
    assert budget.events == 1


def test_looking_into_what_is_nested_too_deep_is_paid_for() -> None:
    assert read(b"[" * 250).pure_events > 1_000


def test_whatever_the_accelerator_raises_the_pure_parser_decides() -> None:
    def broken(_: str) -> object:
        raise MemoryError

    composed = compose(b"a: b\n", Chunk(0, 5), broken)  # type: ignore[arg-type]
    assert composed.problem is None
    assert len(composed.roots) == 1


def test_offsets_count_from_the_start_of_the_file() -> None:
    data = b"\xef\xbb\xbfa: 1\n---\n# x\nb: 2\n"
    second = parse(load(data)[1], Budget()).roots[0]
    assert data[second.start :] == b"b: 2\n"


def test_a_file_is_split_and_a_document_parsed_once() -> None:
    data = b"a: remembered\n"
    assert load(data) is load(bytes(data))
    assert parse(load(data)[0], Budget()) is parse(load(data)[0], Budget())


def test_a_billion_laughs_are_a_handful_of_nodes() -> None:
    lines = [b"a0: &a0 [x, x]"]
    lines += [b"a%d: &a%d [*a%d, *a%d, *a%d]" % (n, n, n - 1, n - 1, n - 1) for n in range(1, 60)]
    composed = read(b"\n".join(lines), c_events())
    assert composed.problem is None
    assert composed.size < 400


YAML_BITS = st.lists(
    st.sampled_from(
        [
            b"a",
            b": ",
            b"- ",
            b"\n",
            b"  ",
            b"[",
            b"]",
            b"{",
            b"}",
            b",",
            b"&x ",
            b"*x",
            b"!t ",
            b"'",
            b'"',
            b"|",
            b">-",
            b"\n---\n",
            b"\n...\n",
            b"#",
            b"\t",
            b"\r",
            b"\xff",
            b"\x00",
            b"?",
            b"\\",
            b"%YAML 1.2\n",
            b"<<",
            b"\\UFFFFFFFF",
        ]
    ),
    max_size=40,
).map(b"".join)


@given(YAML_BITS | st.binary(max_size=60))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    for document in load(data):
        composed = parse(document, Budget())
        assert composed.problem is None or 0 <= composed.problem.offset <= len(data)


def begun(node: Node) -> Node:
    """Return ``node`` without its start where it has both a tag and an anchor: the pure parser takes the second's."""
    if not isinstance(node, Alias):
        if node.tag is not None and node.anchor is not None:
            node.start = -1
        for child in () if isinstance(node, Scalar) else node.children:
            begun(child)
    return node


@given(YAML_BITS)
def test_what_the_c_parser_reads_the_pure_one_reads_alike_or_refuses(data: bytes) -> None:
    for chunk in split(data):
        fast, pure = compose(data, chunk, c_events()), compose(data, chunk, None)
        # Of a block scalar that is a whole document, ruamel.yaml's pure scanner does not see the `...` after it.
        bare_block = any(type(root) is Scalar and root.style in ("|", ">") for root in fast.roots)
        if pure.problem is None and fast.problem is None and not bare_block:
            assert [plain(begun(root)) for root in fast.roots] == [plain(begun(root)) for root in pure.roots]
