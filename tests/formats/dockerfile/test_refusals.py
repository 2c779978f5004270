"""Instructions without an image that BuildKit refuses: said once, and never of what it accepts."""

from __future__ import annotations

import pytest

from pinner.formats.dockerfile import locate
from pinner.formats.dockerfile.instruction_patterns import find_refusal
from pinner.model import Document, Occurrence, Place, SkippedOccurrence

OLD = "sha256:" + "0" * 64


def places(text: str) -> tuple[Place, ...]:
    located = locate(Document("Dockerfile", text.encode()))
    assert located is not None
    return located.places


def refused(text: str) -> list[SkippedOccurrence]:
    return [place for place in places(text) if isinstance(place, SkippedOccurrence) and place.reason == "parse-error"]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("ENV x", "a name and a value"),
        ("ENV", "a name and a value"),
        ("ENV $X", "a name and a value"),
        ("ENV --x A", "a name and a value"),
        ("ENV A\u00a0b", "a name and a value"),
        ("LABEL x", "LABEL takes"),
        ("label x", "LABEL takes"),
        ("ENV A=1 B", "`B` has no ="),
        ("ENV A=1 # B", "`#` has no ="),
        ("ENV A=1 \\\n  B=2 \\\n\n # c\n C", "`C` has no ="),
        ("ENV A=1\u00a0B", "`B` has no ="),
        ("LABEL a='b c' d", "`d` has no ="),
        ("LABEL a=b\\ c d", "`d` has no ="),
        ('RUN ["a", 1]', "JSON array of RUN"),
        ('RUN ["a", null]', "JSON array of RUN"),
        ("RUN [ 1.5 ] \u00a0", "JSON array of RUN"),
        ('RUN --mount=type=cache,target=/x \\\n ["a", \\\n {"b": 1}]', "JSON array of RUN"),
        ("CMD [[]]", "JSON array of CMD"),
        ("entrypoint [true]", "JSON array of ENTRYPOINT"),
        ("SHELL [1]", "JSON array of SHELL"),
        ("VOLUME [1]", "JSON array of VOLUME"),
        ('COPY [1, "b"]', "JSON array of COPY"),
        ('ADD ["a", 1]', "JSON array of ADD"),
        ("HEALTHCHECK CMD [1]", "JSON array of HEALTHCHECK"),
        ("HEALTHCHECK --interval=5s CMD [1]", "JSON array of HEALTHCHECK"),
        ("ONBUILD RUN [1]", "JSON array of RUN"),
        ("ONBUILD ENV x", "a name and a value"),
        ("ONBUILD ONBUILD HEALTHCHECK CMD [1]", "JSON array of HEALTHCHECK"),
    ],
)
def test_what_buildkit_refuses(line: str, detail: str) -> None:
    [skip] = refused(f"FROM scratch\n{line}\nFROM a:1\n")
    assert detail in skip.detail
    assert skip.line == 2
    assert (skip.kind, skip.text) == ("document", "")
    assert isinstance(places(f"FROM scratch\n{line}\nFROM a:1\n")[-1], Occurrence)


@pytest.mark.parametrize(
    "line",
    [
        "ENV x y",
        "ENV x = y",
        "ENV A=",
        'ENV A=1 B=2 \\\n  C=\'3 4\' \\\n  D="5 \\" 6" E=7\\ 8',
        "ENV A=1 \\\n # comment\n\n  B=2",
        "ENV A='B",
        'ENV "A B"',
        "ENV {{x}}",
        "ENV A=1 {% x %}",
        "LABEL a b c",
        'LABEL "a b"=c',
        "RUN []",
        'RUN ["a", "b"]',
        'RUN ["a", "b",\\\n "c"]',
        'RUN ["a", 1] x',
        'RUN ["a", NaN]',
        'RUN ["a", -Infinity]',
        'RUN ["a", 1e999]',
        'RUN ["a", ' + "1" * 400 + "]",
        'RUN ["a", 01]',
        'RUN ["a", True]',
        'RUN ["a", 1,]',
        'RUN ["\x01", 1]',
        "RUN [ -f x ] && y [ 1 ]",
        "CMD [",
        "CMD",
        "ONBUILD",
        "ONBUILD FROM [1]",
        "EXPOSE [1]",
        "USER [1]",
        "HEALTHCHECK",
        "HEALTHCHECK NONE",
        'HEALTHCHECK CMD ["a"]',
        "HEALTHCHECK CMD --x [1]",
        'ONBUILD CMD ["a"]',
        'COPY ["a", "b"]',
    ],
)
def test_what_buildkit_does_not_refuse_here(line: str) -> None:
    assert [place.text for place in refused(f"FROM scratch\n{line}\nFROM a:1\n")] == []


def test_what_is_nested_too_deep_for_some_python_is_at_worst_not_told() -> None:
    found = refused("FROM scratch\nRUN " + "[" * 5000 + "]" * 5000 + "\nFROM a:1\n")
    assert [place.line for place in found] in ([], [2])


def test_only_the_first_instruction_that_is_refused_is_reported() -> None:
    assert [skip.line for skip in refused("FROM a\nENV x\nLABEL y\nRUN [1]\n")] == [2]


@pytest.mark.parametrize("name", ["RUN", "COPY", "ENV", "LABEL", "CMD", "ONBUILD", "MAINTAINER", "workdir"])
def test_a_command_before_the_first_from(name: str) -> None:
    [skip] = refused(f"ARG a\n  {name} a=b c\nFROM scratch\n{name} b=c d\n")
    assert (skip.kind, skip.line, skip.column, skip.text) == ("document", 2, 3, "")
    assert skip.detail == f"no FROM stands before this {name.upper()}"


@pytest.mark.parametrize(
    "text",
    ["{% include 'base' %}\nRUN a\nFROM b\n", "INCLUDE+ base\nRUN a\nFROM b\n", "ARG a\nFROM $a\nRUN b\n", "ARG a\n"],
)
def test_a_command_that_another_program_may_put_behind_a_from(text: str) -> None:
    assert refused(text) == []


def test_a_digest_in_a_refused_instruction_changes_no_other_place() -> None:
    text = "RUN --mount=from=a:1,target=/x [1]\n"
    before = places(text)
    assert [place.reason if isinstance(place, SkippedOccurrence) else str(place.reference) for place in before] == [
        "parse-error",
        "a:1",
    ]
    after = places(text.replace("a:1", f"a:1@{OLD}"))
    assert after[0] == before[0]


def test_a_name_that_no_digest_could_be_part_of() -> None:
    assert find_refusal("FROM", "FROM [1]", "\\") == ""
    assert find_refusal("ENV", "", "\\") == "ENV takes a name and a value"
