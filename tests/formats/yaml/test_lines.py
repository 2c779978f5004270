from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yamlplaces import assert_read_as_the_parsers_do

from pinner.formats.yaml import Budget, Mapping, Scalar, load, parse
from pinner.formats.yaml.pages import read_page
from pinner.formats.yaml.stream import shadow

READ = [
    b"",
    b"# nothing\n\n  # but comments\n",
    b"a: b\n",
    b"a: b",
    b"--- # c\na: b\n",
    b"# c\n\n  # d\na: b # c\n\n# e\nc: d\n  # f",
    b"a:\n  b: c\n  d:\ne:\n",
    b"a:\n- b\n- c: d\n  e: f\ng: h\n",
    b"a:\n  - b\n  -   c: d\n      e:\n      - f\n    # g\n  - h\ni: j\n",
    b"- a\n- - b\n  - c: d\n    e: f\n  - g\n- h\n",
    b'services:\n  web:\n    image: "nginx:1.25"  # c\n    ports: [\'80:80\', "443:443", 8080]\n    tmpfs: {}\n',
    b"a: b c  d\ne: -f\ng: http://h/i?j=k#l\nm: n#o\np: q:r\n",
    b"a: 'it is'\nb: \"\"\nc: ''\nd: \"a: b # c\"\n",
    b"a: []\nb: [ ]\nc: { }\nd: [ a , b ]\n",
    b"a: 1\r\nb:\r\n  - c\r\n\r\n  # d\r\n  - e\r\n",
    b"a:   \nb:  # c\n",
    "a: caf\u00e9 \U0001f389\nb: '\u00e9'\n".encode(),
    b"a: \xff\nb: \x07\n",
    b"a: ${B:-c}\nd: $(e)\nf: a,b[c]{d}&*!|>%@`\n",
    b"0: 1\n_a.b-c/d: e\n",
    b"a: --flag\nb: -1\nc: ---\n",
    b'a: "b\\n\\t\\"\\\\"\nc: ["\\"", "d\\\\"]\n',
    b"a: 'it''s'\nb: ['''', 'c']\n",
    b"a: {b: c}\nd: [{e: f, g: 'h'}, i, {}, {j: k}]\nl: { m: n , o: p }\n",
    b"a: |\n  b\n",
    b"a:\n  b: |-  # c\n    d\n     e: f\n\n    # g\n   # h\n  i: j\n",
    b"- |+\n\n  a\n  b\n\n- - >-\n   c\n   d\n\n   e\n    f\n   g\n  - h: >\n      i\n\n\n",
    b"a: >\r\n  b\r\n  c\r\n\r\nd: |\r\n  e\r\n",
    b"a: |\n  b: |\n    c\n  'd\nimage: |-\n e\n",
    b"a:\n- |\n x\n- b: >+\n    c\n   \n\n",
]
REFUSED = [
    b"a: b\na: c\n",
    b"a:\n  b: c\na: d\n",
    b"a: b\r",
    b"a: b\n c: d\n",
    b"a:\n    b: c\n  d: e\n",
    b"a:\n  - b\n  c: d\n",
    b"- a\nb: c\n",
    b"a: b\n- c\n",
    b"a: b\n  c\n",
    b"- a\n  b\n",
    b"a:\n  b\n",
    b"a: b: c\n",
    b"a: b:\n",
    b"a:b\n",
    b"a: &x b\n",
    b"a: *x\n",
    b"a: !t b\n",
    b"a: 'b\n  c'\n",
    b"a: 'b' c\n",
    b"a: 'b': c\n",
    b'a: "b"#c\n',
    b"a: [b: c]\n",
    b"a: [b c]\n",
    b"a: [b,]\n",
    b"a: [b\n]\n",
    b"a: {{ b }}\n",
    b"a:\tb\n",
    b"a: b\t# c\n",
    b"\ta: b\n",
    b"-\n  a: b\n",
    b"- \n",
    b"? a\n: b\n",
    b"<<: b\n",
    b"'a': b\n",
    b"a b: c\n",
    b"a: b\r c: d\n",
    b"a: b # c\rd: e\n",
    b"---\n",
    b"--- a\n",
    b"a: b\n...\n",
    b"%YAML 1.1\n---\na: b\n",
    b"a: @b\n",
    b"a: |\n",
    b"a: |\nb: c\n",
    b"a: |\n  b",
    b"a: |\n  b\n  ",
    b"a: |2\n   b\n",
    b"a: |\n   \n  b\n",
    b"a: |\n\tb\n",
    b"a: |\n  \tb\n",
    b"a: |\n  b\n c\n",
    b"a:\n  - |\n  b\n",
    b"- a: |\n  b\n",
    b"|\n  a\n",
    b"a: | b\n",
    b"a: |\n  b\n  c\rd\n",
    b"a: {b: c, b}\n",
    b"a: {b:c}\n",
    b"a: {b: {c: d}}\n",
    b"a: {b: c: d}\n",
    b"a: [[b]]\n",
    b'a: "\\x41"\n',
    b'a: "\\q"\n',
    b"a: `b\n",
    b"a: %b\n",
    b"a: ?b\n",
    b"a: :b\n",
    b"a\n",
    b"'a'\n",
    b"[a]\n",
    b"a" * 300 + b": b\n",
    b"".join(b" " * depth + b"a:\n" for depth in range(300)),
    b"- " * 300 + b"a\n",
    b"".join(b" " * depth + b"a:\n" for depth in range(100)) + b" " * 100 + b"- - a\n",
]


@pytest.mark.parametrize("data", READ)
def test_plain_yaml_is_read(data: bytes) -> None:
    assert read_page(shadow(data), 0) is not None
    assert_read_as_the_parsers_do(data)


@pytest.mark.parametrize("data", REFUSED)
def test_anything_else_is_left_to_the_parsers(data: bytes) -> None:
    assert read_page(shadow(data), 0) is None


WORDS = st.sampled_from(
    [
        "a",
        "b:c",
        "-",
        "- ",
        "--x",
        "'d'",
        '"e"',
        "[f, g]",
        "[]",
        "{}",
        "h i",
        "#",
        " # j",
        "",
        "k",
        "\u00e9",
        "x#y",
        ":",
        "?",
        "|",
        "[-a]",
    ]
)
INDENTS = st.sampled_from(["", "  ", "    ", "      ", " ", "- ", "  - ", "    - ", "-   ", "- - ", "  - - "])
ENTRIES = st.tuples(INDENTS, st.sampled_from(["a: ", "b:", "c: ", "image: ", ""]), WORDS).map("".join)
LINES = st.lists(ENTRIES | st.sampled_from(["", "  ", "# c", "  # d", "---", "..."]), max_size=9)


@settings(max_examples=500)
@given(LINES, st.sampled_from(["\n", "\n", "\r\n"]), st.sampled_from(["", "---\n", "--- # c\r\n"]))
@example(["a:", "- b", "-   c: d", "    e:", "f: g"], "\n", "---\n")
def test_lines_are_read_as_the_parsers_read_them(lines: list[str], newline: str, start: str) -> None:
    assert_read_as_the_parsers_do((start + newline.join(lines)).encode())


@given(
    st.recursive(
        WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    )
)
def test_nested_collections_are_read_as_the_parsers_read_them(value: object) -> None:
    for indent, dash in ((2, 2), (4, 4), (2, 0)):
        assert_read_as_the_parsers_do("\n".join(written(value, indent, dash)).encode())


def written(value: object, indent: int, dash: int) -> list[str]:
    """Return the lines of ``value`` in block style, lists ``dash`` columns deeper than their keys."""
    lines = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                lines.append(f"{key}: {inner}")
            else:
                depth = indent if isinstance(inner, dict) else dash
                lines += [f"{key}:", *(" " * depth + line for line in written(inner, indent, dash))]
    elif isinstance(value, list):
        for inner in value:
            first, *rest = written(inner, indent, dash) or ["[]"]
            lines += [f"- {first}", *("  " + line for line in rest)]
    else:
        lines.append(str(value))
    return lines


def test_more_lines_than_are_remembered_are_read_as_well() -> None:
    count = 45_000
    read = read_page("".join(f"key{number}: value{number}\n" for number in range(count)), 0)
    assert read is not None
    (root,), size = read
    assert size == 2 * count + 1
    assert type(root) is Mapping
    assert [node.value for node in root.children[1::2] if type(node) is Scalar] == [f"value{n}" for n in range(count)]


def test_a_document_is_read_so_where_it_can_be() -> None:
    (root,) = parse(load(b"a: b\n---\nc: d\n")[1], Budget()).roots
    assert type(root) is Mapping
    key, value = root.children
    assert type(key) is Scalar
    assert type(value) is Scalar
    assert (key.value, key.start, value.value, value.start, value.end) == ("c", 9, "d", 12, 13)


WITHOUT_RUAMEL = """
import sys
from pinner.formats import locate
from pinner.model import Document
compose, pod = b"services:\\n  a:\\n    image: x:1\\n", b"apiVersion: v1\\nkind: Pod\\nimage: x:1\\n"
for path, data in (("compose.yaml", compose), ("pod.yaml", pod)):
    assert [str(place.reference) for place in locate(Document(path, data))[1].places] == ["x:1"]
print([name for name in sys.modules if "ruamel" in name])
"""


def test_what_is_plain_needs_no_parser_to_be_imported() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT_RUAMEL], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
