from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonplaces import CONTAINER, found, mentions, places, skips

from pinner.formats.python.syntax import Ending, _plain_ending, _read_ending, ending
from pinner.model import SkippedOccurrence

BASE = len(CONTAINER)
DIGEST = "sha256:" + "ab" * 32


# Spans and insertion points count from the line after the import.
@pytest.mark.parametrize(
    ("code", "span", "insert", "via"),
    [
        pytest.param('DockerContainer("nginx" ":1")', (16, 28), 27, (), id="P1 adjacent pieces"),
        pytest.param('DockerContainer(("nginx"\n   # c\n  ":1"))', (17, 38), 37, (), id="P2 parentheses"),
        pytest.param('IMG = "nginx:1"\nDockerContainer(IMG)', (6, 15), 14, ("IMG",), id="P3 constant"),
        pytest.param("DockerContainer('nginx:1')", (16, 25), 24, (), id="single quotes"),
        pytest.param('DockerContainer("""nginx:1""")', (16, 29), 26, (), id="triple quotes"),
        pytest.param("DockerContainer(r'''nginx:1''')", (16, 30), 27, (), id="raw"),
        pytest.param('DockerContainer(U"nginx:1")', (16, 26), 25, (), id="u prefix"),
        pytest.param('DockerContainer(f"nginx:1")', (16, 26), 25, (), id="f-string without a placeholder"),
        pytest.param('DockerContainer("nginx" f":1")', (16, 29), 28, (), id="last piece an f-string"),
        pytest.param('DockerContainer(f"nginx" ":1")', (16, 29), 28, (), id="first piece an f-string"),
        pytest.param('DockerContainer("nginx:1" "")', (16, 28), 27, (), id="last piece empty"),
        pytest.param('DockerContainer("nginx\\x3a1")', (16, 28), 27, (), id="escape"),
        pytest.param('DockerContainer("ngi\\\nnx:1")', (16, 27), 26, (), id="continued"),
        pytest.param('DockerContainer(  "nginx:1"  # c\n)', (18, 27), 26, (), id="spaces and a comment"),
        pytest.param('x = "é🎉"; DockerContainer("nginx:1")', (30, 39), 38, (), id="characters of several bytes"),
    ],
)
def test_where_a_literal_stands(code: str, span: tuple[int, int], insert: int, via: tuple[str, ...]) -> None:
    (occurrence,) = mentions(CONTAINER + code + "\n")
    assert str(occurrence.reference) == "nginx:1"
    assert (occurrence.span[0] - BASE, occurrence.span[1] - BASE) == span
    assert occurrence.insert - BASE == insert
    assert (occurrence.via, occurrence.digest_span, occurrence.kind) == (via, None, "call")
    assert occurrence.owner == "testcontainers.core.container.DockerContainer"


def test_line_and_column_are_those_of_the_use() -> None:
    (occurrence,) = mentions(CONTAINER + 'IMG = "nginx:1"\né = DockerContainer(IMG)\n')
    assert (occurrence.line, occurrence.column) == (3, 21)
    (occurrence,) = mentions(
        f"# coding: gb2312\n{CONTAINER}".encode() + '"中"; DockerContainer("a:1")\n'.encode("gb2312")
    )
    assert (occurrence.line, occurrence.column) == (3, 22)


# The digest's own bytes count from the opening quote.
@pytest.mark.parametrize(
    ("literal", "digest", "insert"),
    [
        (f'"nginx:1@{DIGEST}"', (9, 80), 80),
        (f'"nginx:1" "@{DIGEST}"', (12, 83), 83),
        (f'"nginx:1@" "{DIGEST}"', (12, 83), 83),
        (f'"nginx:1@{DIGEST}" ""', (9, 80), 80),
        (f"r'''nginx:1@{DIGEST}'''", (12, 83), 83),
        (f'f"nginx:1@{DIGEST}"', (10, 81), 81),
        (f'"nginx:1@{DIGEST[:40]}" "{DIGEST[40:]}"', None, 83),
        (f'"nginx:1@{DIGEST[:-1]}\\x62"', None, 83),
    ],
)
def test_where_a_digest_stands(literal: str, digest: tuple[int, int] | None, insert: int) -> None:
    (occurrence,) = mentions(f"{CONTAINER}DockerContainer({literal})\n")
    start = BASE + len("DockerContainer(")
    assert str(occurrence.reference.digest) == DIGEST
    assert occurrence.insert == start + insert
    assert occurrence.digest_span == (digest and (start + digest[0], start + digest[1]))


@pytest.mark.parametrize(
    "argument",
    ["None", "1", "...", 'b"nginx:1"', 'b"nginx" b":1"', '""', "*images", "**options", ""],
)
def test_what_is_no_text_is_no_image(argument: str) -> None:
    assert places(f"{CONTAINER}DockerContainer({argument})\n") == ()


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ('f"nginx:{V}"', "fstring nginx:{V}"),
        ('"nginx" f":{V}"', "fstring nginx:{V}"),
        ('f"{a.b[0]}:{c()}"', "fstring"),
        ('"a:" + v', "non-literal a:{v}"),
        ('v + ":1" + w', "non-literal {v}:1{w}"),
        ('"a:%s" % v', "non-literal a:%s"),
        ('"a:{}".format(v)', "non-literal a:{}"),
        ('":".join((a, b))', "non-literal"),
        ("a + b", "non-literal"),
        ("a.b", "non-literal"),
        ("a[0]", "non-literal"),
        ("a(1)", "non-literal"),
        ("[a]", "non-literal"),
        ("lambda: 1", "non-literal"),
        ("os.environ['A']", "non-literal"),
        ("os.getenv('A')", "non-literal"),
        ("os.getenv(*a)", "non-literal"),
        ('"Nginx:1"', "invalid-reference Nginx:1"),
        ('"sha256:' + "ab" * 32 + '"', "invalid-reference sha256:" + "ab" * 32),
        ('"{{ params.image }}"', "templated {{ params.image }}"),
        ('"a:{% if b %}1{% endif %}"', "templated a:{% if b %}1{% endif %}"),
    ],
)
def test_what_no_literal_holds_is_skipped_with_a_reason(argument: str, expected: str) -> None:
    assert found(f"import os\n{CONTAINER}DockerContainer({argument})\n") == [expected]


def test_a_skip_says_what_is_in_the_way_and_where() -> None:
    text = CONTAINER + "DockerContainer(settings.IMAGE)\n"
    (skip,) = skips(text)
    assert text[skip.span.start : skip.span.end] == "settings.IMAGE"
    assert (skip.line, skip.column, skip.detail) == (2, 17, "`settings.IMAGE`: its value comes from elsewhere")


def test_a_literal_too_long_to_be_a_name_is_left_alone() -> None:
    pieces = '"nginx:1"' + "\n# a word on it" * 2000 + '\n""'
    (place,) = places(f"{CONTAINER}DockerContainer({pieces})\n")
    assert isinstance(place, SkippedOccurrence)
    assert (place.reason, place.text) == ("computed", "nginx:1")


def test_either_side_of_a_condition_is_an_image() -> None:
    assert found(f'{CONTAINER}DockerContainer("a:1" if x else "b:1" if y else c)\n') == ["a:1", "non-literal", "b:1"]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ('image or "a:1"', ["a:1"]),
        ('None or "a:1"', ["a:1"]),
        ('image or f"a:{v}"', ["non-literal", "fstring a:{v}"]),
        ('image and "a:1"', ["non-literal"]),
        ('(image := "a:1")', ["a:1"]),
    ],
)
def test_defaults_in_an_expression(argument: str, expected: list[str]) -> None:
    assert found(f"{CONTAINER}DockerContainer({argument})\n") == expected


def test_a_literal_that_libcst_reads_otherwise_is_not_touched() -> None:
    assert ending('"a:1"', "b:1", None) is None
    assert ending('b"a:1"', "b:1", None) is None
    assert ending('"a:1"', "a:1", None) == Ending(4)


SIGNS = st.text(st.sampled_from("a:1'\"\\\n\ré{ @"), max_size=6)
QUOTES = st.sampled_from(["'", '"', "'" * 3, '"' * 3, "", "b'", "r'", "f'"])


@given(SIGNS, QUOTES, st.sampled_from([None, "1", DIGEST]))
def test_a_plain_literal_is_read_as_libcst_reads_it(value: str, quote: str, digest: str | None) -> None:
    source = f"{quote}{value}{quote.lstrip('brf')}"
    plain = _plain_ending(source, value, digest)
    assert plain is None or plain == _read_ending(source, value, digest)


def test_literals_that_show_all_there_is_are_plain() -> None:
    for source in ("'a:1'", '"a:1"', '"it is a"', f"'a:1@{DIGEST}'", "''"):
        assert _plain_ending(source, source[1:-1], None) is not None
    for source in ("'" * 3 + "a" + "'" * 3, "'a' 'b'", "'\\x61'", "b'a'", "f'a'", "a"):
        assert _plain_ending(source, "a", None) is None
