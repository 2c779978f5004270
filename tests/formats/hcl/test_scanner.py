"""The scanner of HCL against tree-sitter's grammar, on what is written by hand, drawn, hostile or real."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hcltrees import parse, strings_of_scanner, strings_of_tree
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats import locate
from pinner.formats.hcl.blocks import scan
from pinner.formats.hcl.values import Array, Call, Name, Object, Other, Template, literal_text, read_value
from pinner.limits import HCL_DEPTH
from pinner.model import Document
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Callable

    from pinner.formats.hcl.blocks import Block
    from pinner.formats.hcl.values import Value

ROOT = Path(__file__).parents[3]
NAMES = ("*.tf", "*.tofu", "*.hcl", "*.nomad", "*.tfvars")


def files(folder: Path) -> list[Path]:
    return sorted(path for name in NAMES for path in folder.rglob(name) if path.is_file())


OWN = files(ROOT / "testdata" / "formats")
REAL = files(ROOT / ".." / "shared")


def value_of(text: str) -> Value:
    data = text.encode()
    file = scan(b"a = " + data + b"\n")
    assert file.problem is None
    [attribute] = file.root.attributes
    return read_value(file.data, attribute.start, attribute.end)


def shape(block: Block) -> tuple[object, ...]:
    inner = tuple(map(shape, block.blocks))
    return (block.type, *block.labels, tuple(one.name for one in block.attributes), *inner)


@pytest.mark.parametrize("path", OWN, ids=lambda path: "/".join(path.parts[-4:]))
def test_strings_stand_where_tree_sitter_has_them(path: Path) -> None:
    data = path.read_bytes()
    if not parse(data).root_node.has_error:
        assert scan(data).problem is None
        assert strings_of_scanner(data) == strings_of_tree(data)


@pytest.mark.skipif(not REAL, reason="the corpus is not beside the repository")
def test_strings_of_real_files_stand_where_tree_sitter_has_them() -> None:
    compared = 0
    for path in REAL:
        data = path.read_bytes()
        if not parse(data).root_node.has_error:
            expected = strings_of_tree(data)
            compared += len(expected)
            assert strings_of_scanner(data) == expected, path
    assert compared > 10_000


RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text())


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: row["path"])
def test_strings_stand_where_hashicorps_parser_has_them(row: dict[str, Any]) -> None:
    """Recorded by tests/oracles/hcl; a file that its parser refuses is read on all the same."""
    data = (ROOT / "testdata" / "formats" / row["path"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == row["sha256"], "the fixture has changed: record it again"
    if not row["error"]:
        found = {(start - 1, end + 1) for start, end in strings_of_scanner(data)}
        expected = {tuple(one) for one in row["strings"]}
        assert expected <= found
        # An index in a name is none to it: `local.images["web"]`.
        assert all(data[start - 1 : start] == b"[" for start, _ in found - expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("", ())),
        ("\ufeffa = 1\n", ("", ("a",))),
        ('a "b" c {\n d = 1\n}\n', ("", (), ("a", "b", "c", ("d",)))),
        ("a { b = 1 }\n", ("", (), ("a", ("b",)))),
        ('a { b = "1" c = "2" }', ("", (), ("a", ("b", "c")))),
        ('a{b=1,c="x"}', ("", (), ("a", ("b", "c")))),
        ('"a" = 1\na.b.c = 2\nd : 3\n', ("", ("a", "a.b.c", "d"))),
        ("a = [\n1,\n# }\n2\n]\nb = 1", ("", ("a", "b"))),
        ("a = (\n1 +\n2\n)\nb = 1", ("", ("a", "b"))),
        ('a = "x ${b ? "}" : "${c}"} y"\nd = 1', ("", ("a", "d"))),
        ("a = <<E\n}\n E\nb = 1\n", ("", ("a", "b"))),
        ("a = <<-E\n  E x\n${<<F\nE\nF\n}\n  E\nb = 1\n", ("", ("a", "b"))),
        ("a = x // }\nb = y # }\nc = z /* } */\n", ("", ("a", "b", "c"))),
        ("a /* { */ = 1\n", ("", ())),
        ('é "ü" { ñ = 1 }', ("", (), ("é", "ü", ("ñ",)))),
        ("a = $${x}\nb = 1", ("", ("a", "b"))),
        ("a == 1\nb = 1", ("", ("b",))),
    ],
)
def test_blocks_and_attributes(text: str, expected: tuple[object, ...]) -> None:
    assert shape(scan(text.encode()).root) == expected


@pytest.mark.parametrize(
    ("text", "message", "is_fatal"),
    [
        ("a {\n", "a block is not closed", False),
        ("a = 1\n}\nb = 2\n", "a bracket is closed that was not opened", False),
        ("???\na = 1\n", "no attribute and no block", False),
        ('a = "b\nc = 1\n', "a string has no end on its line", True),
        ('a = "b', "a string has no end on its line", True),
        ('a = "${b', "a bracket is not closed: `}` is missing", True),
        ("a = [1\n", "a bracket is not closed: `]` is missing", True),
        ("a = [1}\n", "brackets do not match", True),
        ("a = <<E\nb\n", "the heredoc `E` has no end", True),
        ("a = 1 /* b", "a comment has no end", True),
        ("a = ${1 /* b", "a comment has no end", True),
        ("a = " + "[" * (HCL_DEPTH + 1), f"it is nested over {HCL_DEPTH} levels deep", True),
        ("a {\n" * (HCL_DEPTH + 1), f"it is nested over {HCL_DEPTH} levels deep", True),
    ],
)
def test_what_is_wrong_is_told_and_what_stood_before_is_kept(text: str, message: str, *, is_fatal: bool) -> None:
    file = scan(b"first = 1\n" + text.encode())
    assert file.problem is not None
    assert (file.problem.message, file.problem.is_fatal) == (message, is_fatal)
    assert file.root.attributes[0].name == "first"


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ('"a"', Template),
        ('("a")', Template),
        ("<<E\na\nE", Template),
        ("[1, [2], ]", Array),
        ("{ a = 1, b : 2\n c = 3 }", Object),
        ('{"a": [{"b": null}]}', Object),
        ("f(1, [2]...)", Call),
        ("var.x.y", Name),
        ("12.5", Name),
        ("true", Name),
        ("a ? b : c", Other),
        ("a[0]", Other),
        ('"a" == "b"', Other),
        ("!a", Other),
        ("-1", Other),
        ("[for a in b : a if c]", Other),
        ("{for a, b in c : a => b...}", Other),
        ("f(1)[0]", Other),
        ("{ a }", Other),
        ("(1, 2)", Other),
        ("[" * (HCL_DEPTH - 1) + "]" * (HCL_DEPTH - 1), Array),
    ],
)
def test_values(text: str, type_: type[Value]) -> None:
    assert type(value_of(text)) is type_


def test_keys_of_objects() -> None:
    value = value_of('{ a = 1, "b" : 2\n(c) = 3\n"d${e}" = 4\n"\\u0066" = 5 }')
    assert isinstance(value, Object)
    assert [key for key, _ in value.items] == ["a", "b", None, None, "f"]


def test_pieces_of_a_template() -> None:
    value = value_of('"a${ b }c%{~ if d ~}e%{endif}$${f}"')
    assert isinstance(value, Template)
    text = b'a = "a${ b }c%{~ if d ~}e%{endif}$${f}"\n'
    pieces = [(text[one.start : one.end], one.is_hole, one.is_directive) for one in value.pieces]
    assert pieces == [
        (b"a", False, False),
        (b" b ", True, False),
        (b"c", False, False),
        (b" if d ", True, True),
        (b"e", False, False),
        (b"endif", True, True),
        (b"$${f}", False, False),
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("nginx:1", "nginx:1"),
        (r"a\u003ab", "a:b"),
        (r"\U0001F433", "🐳"),
        (r"a\n\t\"\\\/", 'a\n\t"\\/'),
        ("$${a} %%{b} $$ %", "${a} %{b} $$ %"),
        (r"\UFFFFFFFF", None),
        ("a" * 4_001, None),
    ],
)
def test_text_of_a_string(written: str, meant: str | None) -> None:
    value = value_of(f'"{written}"')
    assert isinstance(value, Template)
    text = literal_text(f'a = "{written}"\n'.encode(), value)
    assert (None if text is None else str(text)) == meant
    if text is not None:
        assert len(text.data) == len(text.starts) == len(text.ends)
        assert all(start < end for start, end in zip(text.starts, text.ends, strict=True))
        assert all(one <= other for one, other in pairwise(text.starts))


WORDS = st.sampled_from(("a", "image", "var.x", "1", "true", "é", "a-b"))
PLAIN = st.text(st.sampled_from('ab:/ .{}#=[]"\\$%é\n'), max_size=8)


def quoted(text: str) -> str:
    for mark, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("${", "$${"), ("%{", "%%{")):
        text = text.replace(mark, escape)
    # A mark that an escape made at the seam would open a template.
    return f'"{text}"'


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(WORDS.filter(lambda word: word[0].isalpha() and "." not in word), inner)
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda values: "[" + ", ".join(values) + "]"),
        st.lists(pairs, max_size=3).map(
            lambda all_: "{" + "\n".join(f" {key} = {value}" for key, value in all_) + "\n}"
        ),
        inner.map(lambda value: f"f({value}, 1)"),
        inner.map(lambda value: f'"x${{{value}}}y"'),
        st.tuples(inner, inner).map(lambda both: f"(a ? {both[0]} : {both[1]})"),
        inner.map(lambda value: f'"{{ ${{ {value} }} }}"'),
    )


EXPRESSIONS = st.recursive(WORDS | PLAIN.map(quoted), compound, max_leaves=8)
COMMENTS = st.sampled_from(("", " # }", " // {", " /* } */"))
ATTRIBUTES = st.builds(lambda value, comment: f"a = {value}{comment}\n", EXPRESSIONS, COMMENTS)
HEREDOCS = st.builds(
    lambda lines, dash: f"h = <<{dash}EOT\n" + "".join(f"{line}\n" for line in lines) + "EOT\n",
    st.lists(st.sampled_from(("text", "  EOT2", '"', "}", "${var.x}", '${f("a")}', "$${x}", "")), max_size=4),
    st.sampled_from(("", "-")),
)
BODIES = st.recursive(
    st.lists(ATTRIBUTES | HEREDOCS, max_size=3).map("".join),
    lambda inner: st.lists(inner.map(lambda body: f'b "l" {{\n{body}}}\n'), max_size=3).map("".join),
    max_leaves=5,
)


@given(body=BODIES)
def test_what_is_drawn_is_read_as_tree_sitter_reads_it(body: str) -> None:
    data = body.encode()
    if not parse(data).root_node.has_error:
        assert scan(data).problem is None
        assert strings_of_scanner(data) == strings_of_tree(data)


@given(data=st.binary(max_size=60) | st.text(st.sampled_from('ab={}[]()"$%<-E\n#/*\\ '), max_size=60).map(str.encode))
def test_nothing_is_too_wild(data: bytes) -> None:
    file = scan(data, (b"a",))
    for start, end in [(one.start, one.end) for one in file.root.attributes]:
        assert 0 <= start <= end <= len(data)
        value = read_value(data, start, end)
        assert start <= value.start <= value.end <= end
    for name in ("a.tf", "a.nomad", "a.container"):
        locate(Document(name, b'resource "docker_image" "a" {\nname = ' + data))
        locate(Document(name, b"[Container]\nMount=type=image,source=" + data + b"\nImage=" + data))
        locate(Document(name, data + b'\ntask "a" { config { image = "b" } }'))


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "one long string": lambda size: b'a = "' + b"x" * size + b'"\n',
    "one long line": lambda size: b"a = [" + b'"x", ' * (size // 5) + b"]\n",
    "a string without an end": lambda size: b'a = "' + b"x" * size,
    "heredocs without an end": lambda size: b"".join(b"a%d = <<E%d\n" % (at, at) for at in range(size // 16)),
    "heredocs of different names": lambda size: b"".join(b"a = <<E%d\nE%d\n" % (at, at) for at in range(size // 20)),
    "lines that may end a heredoc": lambda size: b"a = <<E\n" + b"F\n" * (size // 2) + b"E\n",
    "templates in a heredoc": lambda size: b"a = <<E\n" + b"${x}" * (size // 4) + b"\nE\n",
    "open brackets": lambda size: b"a = " + b"[" * size,
    "open blocks": lambda size: b"a {\n" * (size // 4),
    "closed brackets": lambda size: b"}" * size,
    "dollars": lambda size: b'a = "' + b"$" * size + b'"\n',
    "stars in a comment": lambda size: b"/*" + b"*" * size + b"/\na = 1\n",
    "comments without an end": lambda size: b"/* " * (size // 3),
    "labels": lambda size: b"a" + b' "b"' * (size // 4) + b"\n",
    "equals": lambda size: b"=" * size,
    "words": lambda size: b"a " * (size // 2),
    "quotation marks": lambda size: b'"' * size,
    "backslashes": lambda size: b'a = "' + b"\\" * size,
    "nested templates": lambda size: b'a = "${' * (size // 8),
}


SIZES = {"one long string": 10_000_000, "one long line": 10_000_000}


@pytest.mark.parametrize("name", HOSTILE)
def test_megabytes_of_it_are_read_in_memory_and_time_that_a_file_may_take(name: str) -> None:
    """No clock: what is superlinear would not end in this life, and what piles up is stopped by the limit."""
    script = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (60, 60))\n"
        "from pinner.formats import locate\n"
        "from pinner.model import Document\n"
        "data = sys.stdin.buffer.read()\n"
        'head = b\'resource "docker_image" "a" { name = "b:1" }\\n\'\n'
        "found = locate(Document('a.tf', head + data))\n"
        "print(found[1].places[0].reference)\n"
    )
    # What measures coverage would take most of the time; what a little of it goes through is what all of it does.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    little = locate(Document("a.tf", b'resource "docker_image" "a" { name = "b:1" }\n' + HOSTILE[name](2_000)))
    assert little is not None
    assert getattr(little[1].places[0], "reference", None) == ImageReference.parse("b:1")
    data = HOSTILE[name](SIZES.get(name, 500_000))
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, input=data, env=environment, capture_output=True, check=False, timeout=600)
    assert result.stdout.decode().strip() == "b:1", result.stderr.decode()[-500:]


def test_the_scanner_is_imported_for_a_file_that_may_name_an_image_only() -> None:
    script = (
        "import sys\n"
        "from pinner.formats import locate\n"
        "from pinner.model import Document\n"
        'for name, data in ((\'a.tf\', b\'resource "aws_instance" "a" { ami = "b" }\'),'
        " ('a.nomad', b'job \"a\" {}'), ('a.container', b'[Container]\\nExec=x')):\n"
        "    assert locate(Document(name, data)) is None\n"
        "print([name for name in sys.modules if 'formats.hcl' in name or 'quadlet.' in name])\n"
        'locate(Document(\'a.tf\', b\'resource "docker_image" "a" { name = "b" }\'))\n'
        "print('pinner.formats.hcl.blocks' in sys.modules, 'ruamel.yaml' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=600)
    assert result.stdout.decode().split("\n")[:2] == ["[]", "True False"]
