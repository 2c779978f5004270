"""Which words open a heredoc, oddities of BuildKit's lexer included."""

from __future__ import annotations

import pytest

from pinner.formats.dockerfile.heredocs import open_heredocs
from pinner.formats.dockerfile.source import DockerfileError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("RUN <<EOF", ["EOF"]),
        ("RUN cat <<A >x <<-B", ["A", "B"]),
        ("RUN 3<<EOF", ["EOF"]),
        ("RUN << EOF", ["EOF"]),
        ("RUN <<\t-EOF", ["-EOF"]),
        ("RUN <<'EOF'", ["EOF"]),
        ('RUN <<"B C"', ["B C"]),
        ("RUN <<E\\ F", ["E F"]),
        ("RUN <<E'O'F", ["EOF"]),
        ('RUN <<"E\\"F"', ['E"F']),
        ('RUN <<"E\\F"', ["E\\F"]),
        ("RUN <<E$X", ["E$X"]),
        ("RUN <<E${X}", ["E${X}"]),
        ("RUN <<é", ["é"]),
        ("RUN echo ${A:-x <<EOF}", ["EOF}"]),
        ('RUN <<E ${A#x} ${A##"x\\y"} ${A%\'\\\'} ${A/x/y} ${A//x/"$y"} ${A:+b}', ["E"]),
        ("RUN <<E $1 $@ $a_1 $ \\x", ["E"]),
        ("RUN --mount=from=a <<E", ["E"]),
        ('RUN ["a" <<E', ["E"]),
        ("COPY <<E /x", ["E"]),
        ("ADD <<E /x", ["E"]),
        ("ONBUILD RUN <<E", ["E"]),
        ("ONBUILD copy <<E /x", ["E"]),
        # What opens none:
        ("RUN cat <<<EOF", []),
        ("RUN a <b", []),
        ("RUN a<<EOF", []),
        ('RUN "<<EOF"', []),
        ("RUN '<<EOF'", []),
        ("RUN \\<<EOF", []),
        ("RUN <<", []),
        ("RUN <<-", []),
        ('RUN ["cat", "<<EOF"]', []),
        ("RUN <<E'", []),
        ('RUN <<E "', []),
        ('RUN <<E "\\', []),
        ("RUN <<E ${", []),
        ("RUN <<E ${:x}", []),
        ("RUN <<E ${x", []),
        ("RUN <<E ${x@Q}", []),
        ("RUN <<E ${x:#y}", []),
        ("RUN <<E ${x:-y", []),
        ("RUN <<E ${x/y}", []),
        ("RUN <<E" + "${x:-" * 200, []),
        ("RUN <<E${A:-b}", []),
        ("ONBUILD CMD <<E", []),
        ("ONBUILD", []),
    ],
)
def test_the_heredocs_of_an_instruction(text: str, names: list[str]) -> None:
    view = text.encode().decode("latin-1")
    found = open_heredocs(text.split(maxsplit=1)[0], view, "\\")
    assert [marker.name.encode("latin-1").decode() for marker in found] == names


def test_a_dash_lets_tabs_stand_before_the_end() -> None:
    assert [marker.strips_tabs for marker in open_heredocs("RUN", "RUN <<A <<-B", "\\")] == [False, True]


def test_a_marker_that_does_not_lex_by_itself_is_an_error() -> None:
    with pytest.raises(DockerfileError):
        open_heredocs("RUN", "RUN ${A:- <<${B:-c d} e}", "\\")
