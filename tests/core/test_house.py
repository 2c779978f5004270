"""The package keeps to its layers, its limits and its words, and CONTRIBUTING shows it as it is."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path

import pytest
from housemap import cycles, layers, modules, picture, table

ROOT = Path(__file__).parent.parent.parent
PICTURE = ROOT / "docs" / "rooms.svg"
PAGE = ROOT / "CONTRIBUTING.md"
MOST_LINES_OF_A_MODULE = 300
MOST_LINES_OF_A_FUNCTION = 30
MOST_LINES_OF_NINE_IN_TEN = 17
LAYERS = 8
# What each is called in the field stands in the glossary.
OLD_WORDS = {
    *("Mention", "Skip", "as_skip", "Held", "HeldKey", "Standing", "Standings", "StandingKey", "Sightings", "Patience"),
    *("Reach", "HopelessError", "Lesson", "Grant", "Visit", "Wire", "Ground", "Lost", "tend", "tend_all", "complain"),
}


def test_no_module_imports_itself_around_a_corner() -> None:
    assert cycles() == []


def test_the_layers_are_few_and_hold_every_room() -> None:
    rooms = [room for layer in layers() for room in layer]
    assert len(layers()) <= LAYERS
    assert {module.room for module in modules().values()} - {"pinner", "__main__"} == set(rooms)


def test_modules_and_functions_are_short() -> None:
    long = {name for name, module in modules().items() if module.lines > MOST_LINES_OF_A_MODULE}
    functions = [function for module in modules().values() for function in module.functions]
    long |= {function.name for function in functions if function.lines > MOST_LINES_OF_A_FUNCTION}
    assert sorted(long) == []
    assert sorted(function.lines for function in functions)[len(functions) * 9 // 10] <= MOST_LINES_OF_NINE_IN_TEN


def test_every_module_says_what_it_is_in_one_line() -> None:
    wrong = [name for name, module in modules().items() if not re.fullmatch(r"[A-Z`].{8,108}[.]", module.sentence)]
    assert wrong == []


@pytest.mark.parametrize("folder", ["pinner", "tests"])
def test_words_that_were_given_up_do_not_come_back(folder: str) -> None:
    found = set()
    anywhere = re.compile(rb"\b(?:%s)\b" % b"|".join(word.encode() for word in sorted(OLD_WORDS)))
    for file in (ROOT / folder).rglob("*.py"):
        if anywhere.search(file.read_bytes()) is None:
            continue  # it need not be taken apart to see whether it is a name
        with file.open("rb") as stream:
            names = {token.string for token in tokenize.tokenize(stream.readline) if token.type == tokenize.NAME}
        found |= {f"{file.relative_to(ROOT)}: {name}" for name in names & OLD_WORDS}
    assert sorted(found) == []


def test_contributing_shows_the_rooms_as_they_are(*, update_golden: bool) -> None:
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition("<!-- rooms: made by `make docs` -->\n")
    _, _, after = rest.partition("<!-- end of rooms -->\n")
    made = "".join(f"{line}\n" for line in table())
    shown = f"{before}<!-- rooms: made by `make docs` -->\n{made}<!-- end of rooms -->\n{after}"
    if update_golden:
        PAGE.write_text(shown, "utf-8")
        PICTURE.write_text(picture(), "utf-8")
    assert PAGE.read_text("utf-8") == shown
    assert PICTURE.read_text("utf-8") == picture()


def test_what_contributing_names_is_there() -> None:
    named = re.findall(r"`(?:pinner|tests|testdata|docs|bench)/[\w./-]+`", PAGE.read_text("utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path.strip("`")).exists()] == []
