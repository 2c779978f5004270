from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.compose.variables import Expansion, InvalidTemplateError, expand
from pinner.formats.yaml.scalars import SourceText


def expanded(text: str) -> Expansion:
    data = text.encode()
    return expand(SourceText(data, range(len(data)), range(1, len(data) + 1)))


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("redis:7", "redis:7"),
        ("$V", ""),
        ("${V}", ""),
        ("${V:-d}", "d"),
        ("${V-d}", "d"),
        ("${V:+x}", ""),
        ("${V+x}", ""),
        ("${V:?e}", ""),
        ("${V?e}", ""),
        ("${V:-}", ""),
        ("a$$b", "a$b"),
        ("$$$$", "$$"),
        ("$${V}", "${V}"),
        ("$V-x", "-x"),
        ("$V.x", ".x"),
        ("$V_x.y", ".y"),
        ("$v1:2", ":2"),
        ("${A:-${B:-alpine:3}}", "alpine:3"),
        ("${A:-${B}}", ""),
        ("${A:-a${B:-b}c}d", "abcd"),
        ("${A:-x}-${B:-y}", "x-y"),
        ("${A:-redis:7-alpine}", "redis:7-alpine"),
        ("${A-b:-c}", "b:-c"),
        ("${A:-?x}", "?x"),
        ("${A:-{x}}", "{x}"),
        ("${A:-{x}", "{x"),
        ("${A:+${B:-y}}z", "z"),
        ("caf\u00e9 ${A:-\u00e9}", "caf\u00e9 \u00e9"),
        ("${A:-x}\n${B:-y}", "x\ny"),
        ("$", "$"),
        ("a$", "a$"),
        ("$1", "$1"),
        ("$ V", "$ V"),
        ("$}", "$}"),
        ("$(V)", "$(V)"),
        ("x$$(y) ${A:-$(b)}", "x$(y) $(b)"),
        ("${A:-$1}c", "$1c"),
        ("${A:-b}$", "b$"),
        ("$${1}", "${1}"),
    ],
)
def test_a_template_is_filled_in_as_compose_does_with_nothing_set(template: str, value: str) -> None:
    assert str(expanded(template).text) == value


@pytest.mark.parametrize(
    "template",
    [
        "${",
        "${}",
        "${V",
        "${1}",
        "${V x}",
        "${V:}",
        "${V:-x",
        "${V:-\n}",
        "${V:=x}",
        "${V#x}",
    ],
)
def test_what_compose_refuses_is_refused(template: str) -> None:
    with pytest.raises(InvalidTemplateError):
        expanded(template)


def test_defaults_nested_without_end_are_refused() -> None:
    with pytest.raises(InvalidTemplateError, match="nested"):
        expanded("${A:-" * 500 + "x" + "}" * 500)


def test_every_byte_knows_where_in_the_template_it_stands() -> None:
    text = expanded("a$$b${V:-cd}e").text
    assert text.data == b"a$bcde"
    assert list(text.starts) == [0, 1, 3, 9, 10, 12]
    assert list(text.ends) == [1, 3, 4, 10, 11, 13]


def test_variables_come_outermost_first_with_what_they_contribute() -> None:
    expansion = expanded("x${A:-1${B:-2}}${C}")
    assert [(v.name, v.operator, v.start, v.end, v.source) for v in expansion.variables] == [
        ("A", ":-", 1, 3, "${A:-1${B:-2}}"),
        ("B", ":-", 2, 3, "${B:-2}"),
        ("C", "", 3, 3, "${C}"),
    ]
    assert [v.has_default for v in expansion.variables] == [True, True, False]


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("${REG:-docker.io}/redis:$TAG", "docker.io/redis:$TAG"),
        ("${A}${B:-b}${C:?no}", "${A}b${C:?no}"),
        ("${A:-x${B}}", "x${B}"),
        ("${A:+b}c", "c"),
    ],
)
def test_people_see_defaults_filled_in_and_the_rest_as_written(template: str, shown: str) -> None:
    assert expanded(template).display() == shown


@given(
    st.lists(st.sampled_from(["$", "{", "}", "A", ":-", "-", ":+", "?", ":", "x", "\n", "$$"]), max_size=24).map(
        "".join
    )
)
def test_any_text_is_expanded_or_refused_and_each_byte_has_a_source(template: str) -> None:
    try:
        text = expanded(template).text
    except InvalidTemplateError:
        return
    assert len(text.starts) == len(text.ends) == len(text.data)
    assert all(template[start] == chr(byte) for byte, start in zip(text.data, text.starts, strict=True))
    assert list(text.starts) == sorted(text.starts)
