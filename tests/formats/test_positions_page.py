"""The page of what is pinned is made from the tables of positions and from examples; ``make docs`` rewrites it."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from positionspage import EXAMPLES, WHERE, block, dialect, filled, formats, kinds, surveyed

from pinner.formats import FORMATS, by_name, ci, locate
from pinner.formats.python.known_calls import CALLEES
from pinner.formats.terraform import extract as terraform
from pinner.formats.terraform.extract import POSITIONS
from pinner.model import Document, Occurrence

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "what-is-pinned.md"
GOLDEN = EXAMPLES.parent / "formats"
IN_DOCKERFILES = ("from", "copy-from", "run-mount", "syntax")


def test_the_page_is_that_of_the_tables(*, update_golden: bool) -> None:
    text = PAGE.read_text("utf-8")
    if update_golden:
        PAGE.write_text(filled(text), "utf-8")
    assert PAGE.read_text("utf-8") == filled(text), "`make docs` rewrites it"


@pytest.mark.parametrize("name", formats())
def test_every_kind_has_its_example(name: str) -> None:
    places = [candidate.place for source in surveyed(name) for candidate in source.candidates]
    assert not [place for place in places if place.kind == "document"]
    seen = {place.kind for place in places if place.format == name}
    assert all(any(fnmatchcase(kind, shown) for kind in seen) for shown in kinds(name))
    assert all(any(fnmatchcase(kind, shown) for shown in kinds(name)) for kind in seen)
    pinnable = {place.kind for place in places if place.format == name and isinstance(place, Occurrence)}
    assert seen - pinnable <= {"feature", "oci-artifact"}


def test_every_kind_of_the_golden_cases_is_on_the_page() -> None:
    seen = set()
    for file in sorted(path for path in GOLDEN.glob("*/*/before/**/*") if path.is_file()):
        found = locate(Document(file.relative_to(GOLDEN).as_posix(), file.read_bytes()))
        seen |= {(place.format, place.kind) for place in found[1].places} if found is not None else set()
    shown = {name: kinds(name) for name in formats()}
    missing = [
        (format_, kind)
        for format_, kind in sorted(seen)
        if kind not in ("document", "dockerfile-inline") and not any(fnmatchcase(kind, one) for one in shown[format_])
    ]
    assert missing == []


@pytest.mark.parametrize("name", [name for name in formats() if dialect(name) is not None])
def test_every_row_of_a_dialect_has_its_example(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = dialect(name)
    assert known is not None
    files = sorted(path for path in (EXAMPLES / name).rglob("*") if path.is_file())
    documents = [Document(path.relative_to(EXAMPLES / name).as_posix(), path.read_bytes()) for path in files]
    for row in known.positions:
        monkeypatch.setitem(ci._BY_NAME, name, known._replace(positions=(row,)))  # noqa: SLF001 - a row alone
        found = [by_name(name).locate(document) for document in documents]
        assert any(located is not None and located.places for located in found), row.path


def test_every_row_of_terraforms_table_has_its_example(monkeypatch: pytest.MonkeyPatch) -> None:
    file = EXAMPLES / "terraform" / "main.tf"
    for row in POSITIONS:
        monkeypatch.setattr(
            terraform,
            "positions_of",
            lambda kind, type_, row=row: (row,) if kind == row.kind and fnmatchcase(type_, row.type) else (),
        )
        located = by_name("terraform").locate(Document("main.tf", file.read_bytes()))
        assert located is not None
        assert [place for place in located.places if place.kind != "variable"], row


def test_every_library_of_python_has_its_example() -> None:
    text = (EXAMPLES / "python" / "run.py").read_text("utf-8")
    for callee in CALLEES:
        assert callee.tier or any(root in text for root in callee.roots)


def test_every_reason_is_told() -> None:
    told = PAGE.read_text("utf-8").partition("## What is left alone")[2].partition("## Every position")[0]
    code = (DOCS.parent / "pinner" / "model.py").read_text("utf-8")
    reasons = re.findall(r'"([a-z-]+)"', code.partition("SkipReason: TypeAlias")[2].partition("]\n")[0])
    assert len(reasons) > 20
    assert {reason for reason in reasons if f"`{reason}`" not in told} == set()


def test_every_format_is_linked_with_its_version() -> None:
    text = PAGE.read_text("utf-8")
    for format_ in FORMATS:
        assert f"(#{format_.name})" in text
        assert next(block(format_.name)) == f"Since {format_.since}."


def test_a_block_that_is_missing_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no block for dockerfile"):
        filled("# What is pinned\n")


def test_conditions_are_told_in_words() -> None:
    assert "`community" not in "".join(kinds("ansible").values())
    assert kinds("pre-commit") == {
        "hook": "`repos.hooks.entry` where `language` is `docker_image`, `entry` where `language` is `docker_image`"
    }
    assert kinds("github")["action-image"] == "`runs.image` behind `docker://` where `using` is `docker`"
    assert set(WHERE["compose"]) >= set(IN_DOCKERFILES)
