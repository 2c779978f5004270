from __future__ import annotations

import pytest

from pinner.errors import NotFoundError, PinnerError
from pinner.model import Document, Edit, Occurrence, Place, SkippedOccurrence, Span
from pinner.plan import Changed, Failed, Plan, Unchanged
from pinner.reference import Digest, ImageReference
from pinner.report.as_text import render_error, render_listing
from pinner.report.base import Listing, Shown, Summary, shown_places, summarise
from pinner.report.changes import Tally, change_sentence, render_changes, render_failures
from pinner.report.escapes import printable
from pinner.report.records import occurrence_record
from pinner.report.style import PLAIN, Style
from pinner.report.summary_sentences import NotTold, Outlook, check_sentence, count, list_sentence

ONES, TWOS = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)


def occurrence(text: str, line: int = 1) -> Occurrence:
    return Occurrence("dockerfile", "from", ImageReference.parse(text), line, 6, Span(5, 5 + len(text)), 5 + len(text))


def skip(reason: str, text: str = "x", detail: str = "") -> SkippedOccurrence:
    return SkippedOccurrence("dockerfile", "from", text, 2, 6, Span(0, 1), reason, detail)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("caf\u00e9 \u4e2d\u6587 \U0001f40b", "caf\u00e9 \u4e2d\u6587 \U0001f40b"),
        ("no\u00a0break", "no\u00a0break"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b[2Jgone\x07", "\\x1b[2Jgone\\x07"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("abc\u202egpj.exe", "abc\\u202egpj.exe"),
        ("raw \udce9", "raw \udce9"),
    ],
)
def test_what_would_speak_to_the_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_place_in_a_file_with_an_odd_name_cannot_fake_a_line() -> None:
    listing = Listing((Shown("a\nb:1:1: pinned", occurrence("nginx")),), summarise(1, ()))
    assert list(render_listing(listing, PLAIN)) == ["a\\nb:1:1: pinned:1:6  from  unpinned  nginx"]


def test_columns_are_as_wide_as_they_must_be() -> None:
    shown = (
        Shown("a", occurrence("nginx")),
        Shown("longer", skip("computed", "y", "why")),
        Shown("b", skip("ignored", "")),
    )
    assert list(render_listing(Listing(shown, summarise(2, shown)), PLAIN)) == [
        "a:1:6       from  unpinned  nginx",
        "longer:2:6  from  skipped   y (computed: why)",
        "b:2:6       from  skipped   (ignored)",
    ]
    assert list(render_listing(Listing((), summarise(0, ())), PLAIN)) == []


def test_a_shared_place_is_one_line_and_says_how_many_use_it() -> None:
    shown = (Shown("a", occurrence("nginx")), Shown("a", occurrence("redis", 2)), Shown("a", occurrence("nginx")))
    assert list(render_listing(Listing(shown, summarise(1, shown)), PLAIN)) == [
        "a:1:6  from  unpinned  nginx (2 uses)",
        "a:2:6  from  unpinned  redis",
    ]
    change = changed("nginx:1", f"nginx:1@{ONES}", ONES)
    assert list(render_changes([plan(change, change)], PLAIN)) == [
        "Dockerfile:1:6: pinned nginx:1 → sha256:111111111111… (2 uses)",
    ]


def test_one_long_path_does_not_push_the_rest_out_of_sight() -> None:
    shown = (Shown("a", occurrence("nginx")), Shown("b" * 90, occurrence("nginx")))
    assert list(render_listing(Listing(shown, summarise(2, shown)), PLAIN)) == [
        f"a:1:6{' ' * 55}  from  unpinned  nginx",
        f"{'b' * 90}:1:6  from  unpinned  nginx",
    ]


def test_stages_scratch_and_indexes_are_no_images() -> None:
    places: list[tuple[str, list[Place]]] = [
        ("a", [occurrence("nginx"), skip("stage"), skip("scratch"), skip("index"), skip("computed")])
    ]
    assert [place.reason for _, place in shown_places(places) if isinstance(place, SkippedOccurrence)] == ["computed"]
    assert len(shown_places(places, everything=True)) == 5


def test_an_ignored_reference_still_shows_its_digest() -> None:
    record = occurrence_record("a", skip("ignored", f"nginx@{ONES}"))
    assert (record["digest"], record["status"], record["reason"]) == (str(ONES), "skipped", "ignored")
    assert occurrence_record("a", skip("computed", "$(x)"))["digest"] is None


def plan(*verdicts: Changed | Failed | Unchanged, path: str = "Dockerfile", changed: bool = True) -> Plan:
    return Plan(Document(path, b"old"), verdicts, b"new" if changed else b"old")


def changed(before: str, after: str, digest: Digest | None) -> Changed:
    return Changed(occurrence(before), Edit(0, b"", b""), after, digest)


def test_a_line_for_each_change() -> None:
    done = plan(
        changed("nginx:1", f"nginx:1@{ONES}", ONES),
        changed("nginx", f"nginx:latest@{ONES}", ONES),
        changed(f"nginx:1@{ONES}", f"nginx:1@{TWOS}", TWOS),
        changed(f"nginx:1@{ONES}", "nginx:1", None),
        Unchanged(occurrence("other")),
    )
    assert list(render_changes([done], Style(unicode=False))) == [
        "Dockerfile:1:6: pinned nginx:1 -> sha256:111111111111...",
        "Dockerfile:1:6: pinned nginx as nginx:latest -> sha256:111111111111...",
        "Dockerfile:1:6: moved nginx:1 sha256:111111111111... -> sha256:222222222222...",
        "Dockerfile:1:6: unpinned nginx:1 (was sha256:111111111111...)",
    ]


def test_a_reason_is_given_once_and_names_the_reference_where_it_does_not_itself() -> None:
    gone, shy = NotFoundError("`x` does not exist", hint="look"), PinnerError("no idea", hint="look")
    failures = plan(
        Failed(occurrence("x"), gone), Failed(occurrence("y", 2), shy), Failed(occurrence("x", 3), gone), changed=False
    )
    assert list(render_failures([failures], PLAIN)) == [
        "Dockerfile:1:6: error: `x` does not exist",
        "  also at Dockerfile:3:6",
        "Dockerfile:2:6: error: `y`: no idea",
        "  hint: look",
    ]


def test_a_place_that_an_anchor_shares_is_named_once() -> None:
    gone = NotFoundError("`x` does not exist")
    failures = plan(*(Failed(occurrence("x", line), gone) for line in (1, 1, 2, 2)), changed=False)
    assert list(render_failures([failures], PLAIN)) == [
        "Dockerfile:1:6: error: `x` does not exist",
        "  also at Dockerfile:2:6",
    ]


def test_an_error_names_its_file_and_cannot_fake_a_line() -> None:
    assert list(render_error(PinnerError("a\nb", hint="c\nd"), PLAIN, "e\nf")) == [
        "e\\nf: error: a\\nb",
        "  hint: c\\nd",
    ]


@pytest.mark.parametrize(
    ("counts", "operation", "sentence"),
    [
        ((0, 0, 0, 0, 0, 0), "pin", "nothing to pin"),
        ((0, 0, 0, 0, 1, 0), "pin", "nothing to pin: the one reference is pinned"),
        ((0, 0, 0, 0, 2, 0), "update", "nothing to update: both references are up to date"),
        ((0, 0, 0, 0, 3, 0), "pin", "nothing to pin: all 3 references are pinned"),
        ((0, 0, 0, 0, 3, 0), "unpin", "nothing to unpin: 3 without a tag stay pinned"),
        ((0, 0, 0, 0, 3, 1), "pin", "3 were pinned already; 1 could not be resolved"),
        ((0, 0, 0, 0, 0, 2), "update", "2 references could not be resolved"),
        ((0, 0, 0, 0, 0, 2), "unpin", "2 references could not be unpinned"),
        ((1, 0, 0, 1, 0, 0), "pin", "pinned 1 reference in 1 file"),
        ((12, 0, 0, 5, 3, 1), "pin", "pinned 12 references in 5 files; 3 were pinned already; 1 could not be resolved"),
        ((2, 0, 0, 1, 1, 0), "pin", "pinned 2 references in 1 file; 1 was pinned already"),
        ((2, 3, 0, 2, 1, 0), "update", "moved 3 and pinned 2 references in 2 files; 1 is up to date"),
        ((0, 0, 4, 2, 0, 1), "unpin", "unpinned 4 references in 2 files; 1 could not be unpinned"),
    ],
)
def test_the_last_line_of_a_change(counts: tuple[int, ...], operation: str, sentence: str) -> None:
    assert change_sentence(Tally(*counts), operation, would=False) == sentence  # type: ignore[arg-type]


def test_what_would_be_done_is_said_so() -> None:
    result = Tally(pinned=1, moved=2, unpinned=0, files=1, kept=0, failed=0)
    assert change_sentence(result, "update", would=True) == "would move 2 and pin 1 reference in 1 file"


def summary(files: int, pinned: int, unpinned: int, skipped: int, *severities: int) -> Summary:
    errors, warnings, notes = severities or (0, 0, 0)
    return Summary(files, pinned + unpinned + skipped, pinned, unpinned, skipped, 0, errors, warnings, notes)


@pytest.mark.parametrize(
    ("counts", "unreadable", "sentence"),
    [
        (
            summary(0, 0, 0, 0),
            0,
            "nothing to look at: no Dockerfile, YAML or Python file that is not ignored or excluded",
        ),
        (summary(1, 0, 0, 0), 0, "no image is named in 1 file"),
        (summary(2, 0, 0, 0), 1, "no image is named in 2 files; 1 file could not be read"),
        (summary(1, 1, 0, 0), 0, "the one reference is pinned (1 file)"),
        (summary(2, 2, 0, 0), 0, "both references are pinned (2 files)"),
        (summary(5, 17, 0, 0), 0, "all 17 references are pinned (5 files)"),
        (summary(5, 15, 0, 2), 0, "15 of 17 references pinned, 2 skipped (5 files)"),
        (summary(1, 0, 1, 0), 2, "0 of 1 reference pinned, 1 to pin (1 file); 2 files could not be read"),
    ],
)
def test_the_last_line_of_a_list(counts: Summary, unreadable: int, sentence: str) -> None:
    assert list_sentence(counts, NotTold(unreadable)) == sentence
    assert check_sentence(counts, NotTold(unreadable)) == sentence


def test_the_last_line_says_which_files_no_format_reads() -> None:
    rest = NotTold(1, ("Earthfile", "Jenkinsfile", "Jenkinsfile", "Jenkinsfile"))
    assert list_sentence(summary(1, 1, 0, 0), rest) == (
        "the one reference is pinned (1 file); 1 file could not be read; not read: 3 Jenkinsfiles, 1 Earthfile"
    )
    assert check_sentence(summary(0, 0, 0, 0), NotTold(0, ("Jenkinsfile",)), 1) == (
        "no image is named in 1 file; not read: 1 Jenkinsfile"
    )


def test_the_last_line_of_a_check_counts_by_severity() -> None:
    assert check_sentence(summary(2, 1, 3, 1, 3, 1, 0)) == (
        "found 3 errors, 1 warning; 1 of 5 references pinned, 3 to pin, 1 skipped (2 files)"
    )
    assert check_sentence(summary(2, 2, 0, 0, 0, 0, 2)) == "found 2 notes; both references are pinned (2 files)"


def test_the_last_line_of_a_check_says_what_is_to_be_done() -> None:
    stands = summary(2, 1, 3, 6, 3, 1, 0)
    assert check_sentence(stands, outlook=Outlook(mend=2, unknown=3)) == (
        "found 3 errors, 1 warning; 1 of 10 references pinned, 3 to pin, 2 to mend, 3 unknown, 1 left alone (2 files)"
    )


def test_one_is_one_and_more_are_more() -> None:
    assert (count(0, "file"), count(1, "file"), count(2, "file")) == ("0 files", "1 file", "2 files")
