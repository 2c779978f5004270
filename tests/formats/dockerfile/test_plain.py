"""What is read at one go is what is read line by line, and only what is plain is."""

from __future__ import annotations

import pickle
from pathlib import Path
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinner.formats.dockerfile import locate
from pinner.formats.dockerfile.extract import locate_in_full
from pinner.formats.dockerfile.plain import Outline, locate_plain
from pinner.model import Document

TESTDATA = Path(__file__).parent.parent.parent.parent / "testdata"
BASE = b"FROM a:1\n"


def assert_read_as_in_full(data: bytes) -> None:
    """To refuse is no fault; anything else must be the very same."""
    plain = locate_plain(data)
    if plain is not None:
        assert plain == locate_in_full(Document("Dockerfile", data)), data


READ = [
    BASE,
    b"FROM a:1",
    b"from a:1 as b\nfrom B\n",
    b"\n# c\n\n \t# d = e\nFROM a:1 AS B\r\n  \r\nFROM b\nCOPY --from=B /x /y\nCOPY --from=c:2 x y\n\n# e",
    b"# COPY --from=x:1 a b\nFROM scratch\nCOPY --from=scratch a b\n",
    b"FROM a:1 AS b\nCOPY --from=0 a b\nCOPY --from=later a b\nFROM c:1 AS later\n",
    b'FROM a:1\nRUN a \\\n  # c\n\n  b \\ \t\r\n && c\nRUN --mount=type=cache,target=/x \\\n  d "e" $F \'g\nUSER x\n',
    b"FROM a:1\nRUN a \\b \\\\c \\\n d\n",
    b'FROM a:1\nCMD ["a", "b"]\nENV A=1 \\\n    B="2 \\" 3" C=\'4\'\nENV D e "f"\nLABEL a="b=c"\nENTRYPOINT []\n',
    b'FROM a:1\nLABEL maintainer "A B"\nCOPY --from=b:2 \\\n  /x \\\n  /y\n',
    b'ARG A\nARG B=c:1 D=\'e f\'\nARG G="h"\r\nFROM a:1\nARG $X ${Y:-"}\n',
    b"# syntax=docker/dockerfile:1\nFROM a:1\n",
    b"# syntax=a/b@sha256:" + b"0" * 64 + b"\n# check=skip=all\nFROM a:1\n",
    b"# a comment with = in it\nFROM a:1\n",
    b"FROM a:1\nRUN echo caf\xc3\xa9 \xff\nUSER \xc3\xa9\n",
    b"FROM UPPER/x:1\nFROM a@b\nFROM {{x}}\nFROM @X@\n",
    b"FROM a:1\nRUN a < b > c\n",
    b"# syntax=\nFROM a:1\n",
    b"FROM a:1@sha256:" + b"0" * 64 + b" AS x\nCOPY --from=b:1@sha256:" + b"1" * 64 + b" / /\n",
    b"FROM a:1\r\nRUN a \\\r\n  b\r\nCOPY --from=b:1 \\\r\n x y",
    b"FROM a:1\nRUN a \\\n  b\nRUN c \\ \n  d\t\nFROM e:1\nRUN f",
    b"FROM a:1\nRUN a \\\n\\\n b\nRUN \\\n  c\n",
    b'FROM a:1\nENV A=1 \\\n  B=2\nENV C \'d\nLABEL e=f  \nCMD [ "a" , "b" ] \n',
    b"# c\n\n\t# d\nARG A\n# e\nARG B=1\nFROM a:1 AS A-1\nFROM b:1 AS c\nCOPY --from=a-1 x y\nCOPY --from=C x y\n",
    b"FROM a:1 AS up\nFROM UP\nFROM Up:1\nCOPY --from=UP a b\nCOPY --from=+1 a b\nCOPY --from=" + b"1" * 19 + b" a b\n",
    b"FROM a:1 AS " + b"s" * 400 + b"\nFROM " + b"s" * 400 + b"\nFROM " + b"t" * 400 + b"\n",
    BASE + b"COPY --link --from=b:1 a c\nCOPY --from=c:1 --link \\\n a c\nCOPY --chown=$X:0 --from=0 a c\n",
    b"ARG BUILDPLATFORM=x\nFROM --platform=$BUILDPLATFORM a:1 AS b\nFROM\t--platform=$TARGETPLATFORM b\n",
    b"ARG TARGETPLATFORM=\nFROM --platform=$TARGETPLATFORM a:1@sha256:" + b"0" * 64 + b"\n",
    b"# syntax=UPPER\nFROM a:1\n",
    b"# syntax=scratch\nFROM a:1 AS b\n",
]
LEFT = [
    b"",
    b"# nothing\n",
    b"ARG A=b\n",
    b"RUN a\n",
    b"RUN a\nFROM b:1\n",
    b"ARG A=$B\nFROM a:1\n",
    b'ARG A="b\\" c"\nFROM a:1\n',
    b"ARG =b\nFROM a:1\n",
    b"ARG A \\\n B\nFROM a:1\n",
    b"ARG A=b\nFROM $A\n",
    b"FROM a$B\n",
    b"FROM 'a'\n",
    b"FROM --platform=linux/amd64 a:1\n",
    b"FROM a:1 AS\n",
    b"FROM a:1 b\n",
    b"FROM a:1 AS 0\n",
    b"FROM \\\n a:1\n",
    b"FROM\n",
    b"FROM \xc2\xa0a:1\n",
    b"\xc2\xa0FROM a:1\n",
    b"\xef\xbb\xbfFROM a:1\n",
    b"\x0bFROM a:1\n",
    BASE + b"run a\n",
    BASE + b"ONBUILD RUN a\n",
    BASE + b"HEALTHCHECK NONE\n",
    BASE + b"UNKNOWN x\n",
    BASE + b"RUN\n",
    BASE + b"USER\n",
    BASE + b"RUN cat <<E\nFROM x:1\nE\n",
    BASE + b"RUN cat <\\\n<E\nFROM x:1\nE\n",
    BASE + b"RUN a \\\n",
    BASE + b"RUN a \\\n# c",
    BASE + b"RUN a \\\\\nUSER b\n",
    BASE + b"RUN a \\\n\x0b\n b\n",
    BASE + b"RUN --mount=from=b:1 x\n",
    BASE + b"RUN --mount=type=bind,\\\nfrom=b:1 x\n",
    BASE + b"COPY --from=$X a b\n",
    BASE + b"COPY --from=b:1 a\n",
    BASE + b"COPY \\\n --from=b:1 a c\n",
    BASE + b"COPY --link --chown=a --from=b:1 a c\n",
    BASE + b"COPY --link --from=b:1 --link a c\n",
    BASE + b"COPY --from=b:1 --link\n",
    BASE + b"COPY --from=b:1 --from=c:1 a c\n",
    BASE + b"COPY --chown --from=b:1 a c\n",
    BASE + b"COPY --from=b:1 --exclude=a b c\n",
    b"FROM --platform=$PLATFORM a:1\n",
    b"FROM --platform=$BUILDPLATFORMS a:1\n",
    b"FROM --platform=$BUILDPLATFORM --platform=$TARGETPLATFORM a:1\n",
    BASE + b"ADD --from=b:1 a c\n",
    BASE + b"CMD [1]\n",
    BASE + b"ENV A\n",
    BASE + b"ENV A=1 B\n",
    b"# escape=`\nFROM a:1\nRUN a `\n b\n",
    b"#escape = `\nFROM a:1\nRUN a \\\nUSER b\n",
    b" # escape=x\nFROM a:1\n",
    b"# syntax=a:1\n# syntax=b:1\nFROM a:1\n",
    b"#!/bin/x\n# syntax=a:1\nFROM a:1\n",
    b"// syntax=a:1\nFROM a:1\n",
    b'{"syntax": "a:1"}\nFROM a:1\n',
    b"# syntax= \nFROM a:1\n",
    b"# syntax=\xc3\xa9\nFROM a:1\n",
    BASE + b"RUN " + b"x" * 66_000 + b"\n",
]


@pytest.mark.parametrize("data", READ)
def test_plain_files_are_read_at_one_go(data: bytes) -> None:
    assert locate_plain(data) is not None
    assert_read_as_in_full(data)


@pytest.mark.parametrize("data", LEFT)
def test_anything_else_is_read_in_full(data: bytes) -> None:
    assert locate_plain(data) is None
    assert locate(Document("Dockerfile", data)) == locate_in_full(Document("Dockerfile", data))


@pytest.mark.parametrize("data", READ)
def test_the_outline_is_that_of_reading_in_full_and_survives_the_way_from_another_process(data: bytes) -> None:
    plain, full = locate_plain(data), locate_in_full(Document("Dockerfile", data))
    assert plain is not None
    assert full is not None
    assert list(plain.outline) == list(full.outline)
    assert full == plain == pickle.loads(pickle.dumps(plain))  # noqa: S301 - our own
    assert hash(plain.outline) == hash(full.outline)
    assert plain.outline != Outline(data + b"\nRUN one more\n")
    assert plain.outline != list(full.outline)


@pytest.mark.parametrize(
    "again",
    [
        b"\n",
        b" ",
        b"#\n",
        b"RUN x\n",
        b"RUN x \\\n",
        b"\\\n",
        b"RUN --f ",
        b"--f",
        b"ENV A=1 ",
        b"A='",
        b"COPY --from=a b c\n",
        b"COPY --link --from=a b c\n",
        b"COPY --chown=",
        b"ARG A\n",
        b"\r",
        b"\\ ",
        b'CMD ["',
        b'"",',
        b"FROM a AS b ",
        b"x",
    ],
)
def test_time_grows_with_the_length_whatever_is_repeated(again: bytes) -> None:
    for start in (b"", BASE, BASE + b"RUN x \\\n", b"ARG A=", BASE + b"ENV A=1 ", BASE + b"RUN "):
        data = start + again * (60_000 // len(again)) + b"\n\xff"
        before = process_time()
        locate_plain(data)
        assert process_time() - before < 60, data[:50]  # 20 ms of the processor's time; what is quadratic: minutes


HEADS = st.sampled_from(
    [
        *(
            "FROM ",
            "FROM --platform=$BUILDPLATFORM ",
            "from ",
            "COPY ",
            "COPY --from=",
            "RUN ",
            "RUN --mount=",
            "ENV ",
            "LABEL ",
            "ARG ",
            "USER ",
            "CMD ",
        ),
        *("ONBUILD ", "ADD ", "# ", "#", "", " ", "# syntax=", "# escape=", "EXPOSE\t", "  FROM\t", "VOLUME ", "run "),
    ]
)
PARTS = st.sampled_from(
    [
        *(
            "a:1",
            "a",
            "B",
            "scratch",
            "0",
            "AS",
            "as",
            "$X",
            "x=1",
            'x="1"',
            "x='1",
            '["a"]',
            "[1]",
            "type=cache",
            "\\",
        ),
        *(
            "from=b:1",
            "--from=c:1",
            "--link",
            "--chown=x",
            "<<E",
            "<",
            "#",
            "`",
            "\u00e9",
            "\u00a0",
            "\x00",
            "\x0b",
            "{{x}}",
            "/x",
            '"',
            "\r",
        ),
    ]
)
GAPS = st.sampled_from(
    [
        *(" ", " ", " ", " ", "\t", " \\\n  ", "\\\n", " \\ \r\n", " \\\r\n", " \\\n# c\n\n ", " \\\n\\\n", " `\n"),
        *("  ", ",", ""),
    ]
)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", " \n", "\n\n", "\\\\\n", "\\\n", "", "\nE\n", "\n\r\n", "\t\n"])


@st.composite
def lines(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.tuples(PARTS, GAPS).map("".join), max_size=4))
    return draw(HEADS) + "".join(parts) + draw(ENDS)


PLAIN = st.sampled_from(
    [
        *(
            "FROM a:1\n",
            "FROM b AS c\n",
            "FROM c\n",
            "COPY --from=c x y\n",
            "COPY --from=d:1 x y\n",
            "COPY --link --from=d:1 x y\n",
            "RUN x \\\n  y\n",
        ),
        *("ENV A=1\n", "# c\n", "\n", "USER x\r\n", 'CMD ["x"]\n', "ARG A=1\n", "WORKDIR /x\n", "RUN x \\\n # c\n y\n"),
    ]
)


@settings(max_examples=500)
@given(st.lists(PLAIN | PLAIN | PLAIN | lines(), max_size=8).map("".join))
@example("FROM a:1 AS b\nCOPY --from=c x y\nCOPY --from=B x y\nFROM d:1 AS C")
@example("FROM a:1\nCOPY \\\n--from=b:1 COPY y\n")
def test_what_is_read_at_one_go_is_what_is_there(text: str) -> None:
    assert_read_as_in_full(text.encode())


@settings(max_examples=300)
@given(st.binary(max_size=40), st.sampled_from([b"", BASE]))
def test_no_bytes_are_too_much(data: bytes, before: bytes) -> None:
    assert_read_as_in_full(before + data)


def test_the_files_of_the_golden_tests_are_read_alike() -> None:
    files = [file for file in TESTDATA.rglob("*") if file.is_file() and "ockerfile" in file.name]
    assert files
    for file in files:
        assert_read_as_in_full(file.read_bytes())
