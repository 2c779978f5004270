"""What one look tells is what reading in full tells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinner.formats.dockerfile import instruction_patterns, locate
from pinner.formats.dockerfile.copy_and_mount import read_uses
from pinner.formats.dockerfile.from_instruction import read_from, read_plain_from
from pinner.formats.dockerfile.instruction_patterns import find_refusal, shortcuts
from pinner.formats.dockerfile.instructions import read_instructions
from pinner.formats.dockerfile.source import join_lines, read_source
from pinner.model import Document

NAMES = ["RUN", "COPY", "ADD", "CMD", "ENV", "LABEL", "FROM", "Run", "copy", "from", "ENTRYPOINT", "VOLUME", "ONBUILD"]
PARTS = [
    *("a", "b:1", "b:1@c", "AS", "as", "X=1", 'X="1 2"', "X='1 2'", 'X="1\\"2"', "X=1\\ 2", "X", "=", "X=", "y z", "é"),
    *("--from=b:1", "--from=", "--from=$X", "--FROM=x", "--from", "--fr\\\nom=b:1", '--fr"om"=b:1', "--chown=1:1"),
    *("--mount=type=cache", "--mount=from=b:1", "--mount=FROM=b:1", "--mount=type=bind,fr\\\nom=b:1", "--", "-", "--x"),
    *("--mount=type=cache,target=/from", "--network=foo", "--network=none", "--link", '["a", "b"]', "[1]", '["a", 1]'),
    *("[", "]", '"', "'", "\\", "`", "$X", "#", "# c", "<<E", "{{", "\x00", "\u00a0", "\ufeff", "[ -f x ]", "[]", "."),
]
GAPS = [" ", " ", "  ", "\t", " \\\n", " \\\n  ", " \\ \t\r\n", " `\n", " \\\n# c\n", " \\\n\n ", "\\\n", "", "\r"]


@st.composite
def instructions(draw: st.DrawFn) -> bytes:
    text = draw(st.sampled_from(["", " ", "\t"])) + draw(st.sampled_from(NAMES)) + draw(st.sampled_from(GAPS))
    for _ in range(draw(st.integers(0, 5))):
        text += draw(st.sampled_from(PARTS)) + draw(st.sampled_from(GAPS))
    return (text + draw(st.sampled_from(["\n", "\r\n", "", "\nCMD x\n"]))).encode()


@given(instructions(), st.sampled_from("\\`"))
@settings(max_examples=800)
def test_every_shortcut_agrees_with_the_whole_way(data: bytes, escape: str) -> None:
    source = read_source(data)
    entry = read_instructions(source, escape)[0]
    line = join_lines(source, entry.first, entry.last, escape)
    found = shortcuts(escape)
    start = source.starts[entry.first]
    if entry.name in found.quiet and found.quiet[entry.name].match(source.text, start):
        assert list(read_uses(line, escape)) == []
        assert find_refusal(entry.name, line.text, escape) == ""
    base = found.base.match(source.text, start)
    if base and entry.name == "FROM":
        plain, full = read_plain_from(base), read_from(line, escape)
        assert (plain.name, plain.platform, plain.problem) == (full.name, full.platform, full.problem)
        assert list(plain.line.runs(plain.start, plain.end)) == list(full.line.runs(full.start, full.end))
    copy = found.copy.match(source.text, start)
    if copy and entry.name == "COPY":
        [use] = read_uses(line, escape)
        runs = [run for begin, end in use.name.ranges for run in line.runs(begin, end)]
        assert (use.kind, use.problem, use.onbuild) == ("copy-from", "", False)
        assert runs == [(copy.start(1), copy[1])]
        assert find_refusal(entry.name, line.text, escape) == ""


@given(st.lists(instructions(), min_size=1, max_size=6).map(b"".join))
@settings(max_examples=300)
def test_a_file_reads_the_same_before_and_after_they_are_compiled(data: bytes) -> None:
    document = Document("Dockerfile", b"FROM a:1 AS b\n" + data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instruction_patterns, "_WORTH_COMPILING", (0, 0))
        after = locate(document)
        patch.setattr(instruction_patterns, "_WORTH_COMPILING", (10**9, 10**9))
        assert locate(document) == after


@pytest.mark.parametrize(
    "line",
    [
        "RUN make",
        "RUN --mount=type=cache,target=/x \\\n    apt-get update && \\\n    apt-get install",
        "COPY --chown=1:1 --link a b",
        'CMD ["a", "b"]',
        "ENTRYPOINT []",
        "ENV A=1 \\\n  B='2' \\\n  C=\"3\"",
        "ENV A 1",
        "LABEL a.b/c=d",
        "RUN <<E",
    ],
)
def test_what_is_common_takes_the_shortcut(line: str) -> None:
    assert shortcuts("\\").quiet[line.split(maxsplit=1)[0]].match(f"{line}\n")
    assert shortcuts("`").quiet[line.split(maxsplit=1)[0]].match(line.replace("\\", "`"))


@pytest.mark.parametrize("end", ["", "\n", " \r\n"])
def test_a_plain_image_takes_the_shortcut(end: str) -> None:
    assert shortcuts("\\").base.match(f"  from a/b:1@sha256:00{end}")
    match = shortcuts("\\").base.match(f"FROM a AS Build-1{end}")
    assert match
    assert match.groups() == ("a", "Build-1")
    assert shortcuts("\\").copy.match(f"COPY --from=a:1 b c{end}")


def test_a_line_without_end_is_read_in_time() -> None:
    for name, text in [("ENV", "A=" + "'a" * 50_001), ("RUN", "--x " * 50_000), ("CMD", '["a", ' + '"b", ' * 50_000)]:
        assert shortcuts("\\").quiet[name].match(f"{name} {text}") is None
