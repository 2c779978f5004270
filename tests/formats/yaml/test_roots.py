from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinner.formats.yaml import Mapping, Scalar
from pinner.formats.yaml.parser import c_events, compose
from pinner.formats.yaml.roots import Roots, are_objects, has_plain_root, root_scalars, roots_of
from pinner.formats.yaml.stream import shadow, split


def root_keys(text: bytes) -> set[str]:
    """The scalar keys of the root mappings of ``text``, one document, as the parsers see them."""
    (chunk,) = split(text)
    roots = compose(text, chunk, c_events()).roots
    mappings = [root for root in roots if type(root) is Mapping]
    return {key.value for root in mappings for key, _ in root.pairs() if type(key) is Scalar}


PLAIN = [
    "services: {a: b}\n",
    "a: 1\nservices:\n  b: c",
    "--- \n# c\n\nservices:\n- a\n- b\n",
    "--- # c\r\n# d\r\nservices: 1\r\n",
    "- services: 1\n  a: 2\n- b\n",
    "{{ if .Values.a }}\nservices: 1\n{{ end }}\n",
    "a: |\n  services: 1\nb: 'x\n  services: y'\nc: é\n",
    "# nothing\n",
    "",
]
OTHERS = [
    "{a: 1, services: 2}\n",
    "--- {services: 1}\n",
    "  services: 1\n  a: 2\n",
    "--- !t\nservices: 1\n",
    "---\n &x\n services: 1\n",
    "? services\n: 1\n",
    "a: 1\n? services\n: 1\n",
    "a: 1\n&x services: 1\n",
    "a: 1\n!!str services: 1\n",
    'a: 1\n"serv\\x69ces": 1\n',
    "a: 1\n'services': 1\n",
    "x-a: &a {services: 1}\n<<: *a\n",
    "a: &services services\n*services : 1\n",
    "a: 1\n...\n{services: 1}\n",
    "a: 1\rservices: 1\n",
    "a: 1\u0085services: 1\n",
    "a: 1\u2028services: 1\n",
    "{{a}: 1, services: {}}\n",
    "%YAML 1.2\n---\n{services: 1}\n",
    "text\n",
    "---",
]


@pytest.mark.parametrize("text", PLAIN)
def test_keys_that_begin_lines_are_all_there_are(text: str) -> None:
    assert has_plain_root(text.encode())


@pytest.mark.parametrize("text", OTHERS)
def test_where_a_key_may_stand_elsewhere_a_parser_has_to_look(text: str) -> None:
    assert not has_plain_root(text.encode())


PARTS = st.sampled_from(
    [
        *(
            "services: 1",
            "services:",
            "a: 1",
            "a: |",
            "a: >-",
            "- a",
            "- services: 1",
            "'x",
            '"y',
            "b'",
            '"',
            "? a",
            ": b",
        ),
        *(
            "{{ x }}",
            "{services: 1}",
            "{",
            "}",
            "[",
            "]",
            "# c",
            "",
            "<<: *x",
            "&x a: 1",
            "*x : 2",
            "!t a: 1",
            "...",
            "é: 1",
        ),
        *(
            "  services: 1",
            "  a: 1",
            "  - b",
            " x",
            "\tservices: 1",
            "a: \tb",
            "services",
            "\rservices: 1",
            "\u0085services: 1",
        ),
    ]
)


@settings(max_examples=600)
@given(st.lists(PARTS, min_size=1, max_size=6), st.sampled_from(["", "---\n", "--- ", "# c\n"]))
@example(["a: 'x", "services: 1", "b'"], "")
def test_no_key_is_missed(lines: list[str], head: str) -> None:
    text = (head + "\n".join(lines)).encode()
    if len(split(text)) != 1 or not has_plain_root(text):
        return
    words = {key.encode() for key in root_keys(text) if re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*", key)}
    assert words <= roots_of(text).keys, text
    lines_of_text = shadow(text).split("\n")
    assert all(any(line.startswith(key) for line in lines_of_text) for key in root_keys(text)), text


@pytest.mark.parametrize(
    ("text", "keys", "plain", "items"),
    [
        ("a: 1\nb : 2\n c: 3\n", {b"a", b"b"}, True, False),
        ("\ufeffa: 1\n--- # x\n# y\nb: 2\n---\n\ufeffc: 3", {b"a", b"b", b"c"}, True, False),
        ("---\n- a: 1\n- b\n---\nc: 2\n", {b"c"}, True, True),
        ("a: 1\n---\n[b]\n", {b"a"}, False, True),
        ("a: 1\n--- {b: 1}\n", {b"a"}, False, False),
        ("a: 1\n'b': 1\n", {b"a"}, False, False),
        ("", set(), True, False),
    ],
)
def test_one_look_tells_the_roots_of_all_documents(text: str, keys: set[bytes], *, plain: bool, items: bool) -> None:
    assert roots_of(text.encode()) == Roots(frozenset(keys), plain, items)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apiVersion: a/v1\nkind: B\n", [b"a/v1", b"B"]),
        ("kind: 'B' # c\r\nx: y\r\napiVersion : \"a\"", [b"a", b"B"]),
        ("apiVersion: a\nkind: B\nkind: C\n", None),
        ("apiVersion: a\nkind: B\n  C\n", None),
        ("apiVersion: a\nkind: B\n\n  C\n", None),
        ("apiVersion: a\nkind: &b B\n", None),
        ("apiVersion: a\nkind: B#c\n", None),
        ("apiVersion: a\nkind:\n  B\n", None),
        ("apiVersion: a\nx:\n  kind: B\n", None),
        ("apiVersion: {{ a }}\nkind: B\n", None),
    ],
)
def test_scalars_of_the_root_are_told_where_they_are_plain(text: str, expected: list[bytes] | None) -> None:
    assert root_scalars(text.encode(), (b"apiVersion", b"kind")) == expected


HEADS = st.sampled_from(
    [
        *("apiVersion: v1\nkind: Pod\n", "---\nkind : Pod # c\r\n", "kind: Pod\n# c\napiVersion: v1\n", "# c\n"),
        *("{{ if .Values.a }}\n", "--- apiVersion: v1\nkind: Pod\n", "apiVersion: v1\n", "%YAML 1.2\n---\n", ""),
    ]
)


@settings(max_examples=600)
@given(st.lists(st.tuples(HEADS, st.lists(PARTS, max_size=4)), min_size=1, max_size=3))
@example([("apiVersion: v1\nkind: Pod\n", ["...", "services: 1"])])
def test_files_of_objects_have_no_other_root(documents: list[tuple[str, list[str]]]) -> None:
    data = "\n---\n".join(head + "\n".join(lines) for head, lines in documents).encode()
    if not are_objects(data):
        return
    for chunk in split(data):
        for root in compose(data, chunk, c_events()).roots:
            keys = {key.value for key, _ in root.pairs() if type(key) is Scalar} if type(root) is Mapping else None
            is_nothing = keys is None and type(root) is Scalar and not root.value
            assert is_nothing or keys == set() or (keys is not None and keys >= {"apiVersion", "kind"}), data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apiVersion: v1\nkind: Pod\n\nspec: {}\n", True),
        ("# c\n---\n# c\nkind: Pod # c\napiVersion: v1", True),
        ("{{- if .Values.a }}\napiVersion: v1\n", True),
        ("apiVersion: v1\nkind: Pod\n---\n---\napiVersion: v1\nkind: Pod\n", True),
        ("apiVersion: v1\nkind: Pod\n---\nservices: {}\n", False),
        ("apiVersion: v1\nkind: Pod\n...\nservices: {}\n", False),
        ("apiVersion: v1\nkind: {{ a }}\n", False),
        ("--- apiVersion: v1\nkind: Pod\n", False),
        ("services: {}\n", False),
    ],
)
def test_objects_are_told_from_how_they_begin(text: str, *, expected: bool) -> None:
    assert are_objects(text.encode()) is expected
