from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from fakes import OCI_INDEX, digest_of
from hypothesis import given
from hypothesis import strategies as st
from lineformat import FORMAT

from pinner.errors import NotFoundError
from pinner.model import Document, Occurrence, Question, Resolved, SkippedOccurrence, Unresolved
from pinner.plan import Changed, Failed, Plan, Unchanged, make_plan, unchanged_plans
from pinner.plan.registry_questions import questions
from pinner.reference import Digest, ImageReference, Platform
from pinner.scan.suppressions import Source, apply_suppressions, occurrences_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from pinner.model import Answer
    from pinner.scan.suppressions import Operation

TODAY = date(2026, 11, 1)
OLD = "sha256:" + "0" * 64
NGINX = digest_of("docker.io/library/nginx:1")
REDIS = digest_of("docker.io/library/redis:latest")


def source(text: bytes, images_exclude: tuple[str, ...] = ()) -> Source:
    document = Document("a.lines", text)
    located = FORMAT.locate(document)
    assert located is not None
    return apply_suppressions(document, FORMAT, located, today=TODAY, images_exclude=images_exclude)


def answers(asked: Collection[Question], missing: Collection[str] = ()) -> dict[tuple[str, Platform | None], Answer]:
    return {
        question.key: Unresolved(NotFoundError(f"no {question.reference.canonical}"))
        if question.reference.canonical in missing
        else Resolved(digest_of(*question.key), OCI_INDEX)
        for question in asked
    }


def run(text: bytes, operation: Operation, missing: Collection[str] = (), own: Collection[int] = ()) -> Plan:
    found = source(text)
    return make_plan(found, operation, answers(questions(found, operation), missing), own_tags=own)


def test_pin_adds_the_digest_and_nothing_else() -> None:
    assert run(b"\xff\r\nuse nginx:1 # x\n", "pin").result == f"\udcff\r\nuse nginx:1@{NGINX} # x\n".encode(
        "utf-8", "surrogateescape"
    )


def test_an_untagged_reference_gets_the_tag_that_is_followed() -> None:
    plan = run(b"use redis", "pin")
    assert plan.result == f"use redis:latest@{REDIS}".encode()
    [verdict] = plan.verdicts
    assert isinstance(verdict, Changed)
    assert verdict.text == f"redis:latest@{REDIS}"
    assert verdict.digest == REDIS


def test_pin_leaves_pinned_references_alone_and_asks_nothing_about_them() -> None:
    text = f"use nginx:1@{OLD}\n".encode()
    assert questions(source(text), "pin") == ()
    assert not run(text, "pin").changed


_LINES = (
    b"use redis\n",
    f"use nginx:1@{OLD}\n".encode(),
    f"use nginx@{OLD}\n".encode(),
    b"# pinner: ignore\nuse busybox\n",
    f"# pinner: ignore[PIN101]\nuse redis:7@{OLD}\n".encode(),
    b"use Not/An/Image\n",
    b"nothing\n",
)


@pytest.mark.parametrize("operation", ["pin", "update", "hold", "unpin"])
@given(st.lists(st.lists(st.sampled_from(_LINES), max_size=3).map(b"".join), max_size=3))
def test_all_is_settled_exactly_where_nothing_is_asked_and_nothing_changes(
    operation: Operation, texts: list[bytes]
) -> None:
    sources = [source(text) for text in texts]
    plans = unchanged_plans(sources, operation)
    if operation == "unpin":
        pinned = [place for one in sources for place in occurrences_for(one, "unpin") if isinstance(place, Occurrence)]
        is_settled = all(place.reference.digest is None for place in pinned)
    else:
        is_settled = not any(questions(one, operation) for one in sources)
    assert (plans is not None) == is_settled
    for plan, one in zip(plans or (), sources, strict=False):
        assert plan == Plan(one.document, tuple(map(Unchanged, occurrences_for(one, operation))), one.document.data)


def test_update_moves_a_stale_digest_by_its_own_bytes() -> None:
    plan = run(f"use nginx:1@{OLD} x\nuse redis\n".encode(), "update")
    assert plan.result == f"use nginx:1@{NGINX} x\nuse redis:latest@{REDIS}\n".encode()
    [first, _] = plan.verdicts
    assert isinstance(first, Changed)
    assert first.edit.expected == OLD.encode()


def test_update_leaves_a_current_digest() -> None:
    plan = run(f"use nginx:1@{NGINX}\n".encode(), "update")
    assert not plan.changed
    assert isinstance(plan.verdicts[0], Unchanged)


def test_a_digest_without_a_tag_follows_nothing() -> None:
    text = f"use nginx@{OLD}\n".encode()
    assert questions(source(text), "update") == ()
    assert not run(text, "update").changed


def test_unpin_keeps_tags() -> None:
    plan = run(f"use nginx:1@{OLD}\nuse redis:latest@{OLD}\nuse b\n".encode(), "unpin")
    assert plan.result == b"use nginx:1\nuse redis:latest\nuse b\n"


def test_unpin_leaves_a_digest_that_has_no_tag_beside_it() -> None:
    assert not run(f"use a@{OLD}\n".encode(), "unpin").changed


@pytest.mark.parametrize(
    ("own", "wanted", "asked"),
    [
        (None, None, None),
        (None, "linux/arm64", "linux/arm64"),
        ("linux/amd64", None, None),
        ("linux/amd64", "linux/arm64", "linux/amd64"),
        ("not-a-platform", "linux/arm64", "linux/arm64"),
    ],
)
def test_a_reference_with_a_platform_of_its_own_is_asked_for_that(
    own: str | None, wanted: str | None, asked: str | None
) -> None:
    found = source(b"use nginx:1\n")
    place = found.candidates[0].place._replace(platform=own)
    found = found._replace(candidates=(found.candidates[0]._replace(place=place),))
    platform = None if wanted is None else Platform.parse(wanted)
    [question] = questions(found, "pin", platform)
    assert question.platform == (None if asked is None else Platform.parse(asked))
    plan = make_plan(found, "pin", answers([question]), platform)
    assert isinstance(plan.verdicts[0], Changed)
    assert plan.verdicts[0].digest == digest_of(*question.key)


def test_unpin_takes_off_the_tag_that_pinner_added() -> None:
    text = f"use redis:latest@{OLD}\nuse redis:latest@{OLD}\n".encode()
    assert run(text, "unpin", own=[text.index(b"@")]).result == b"use redis\nuse redis:latest\n"


def test_one_missing_image_does_not_stop_the_others() -> None:
    plan = run(b"use nginx:1\nuse gone:1\n", "pin", missing=["docker.io/library/gone:1"])
    assert plan.result == f"use nginx:1@{NGINX}\nuse gone:1\n".encode()
    assert isinstance(plan.verdicts[1], Failed)
    assert plan.verdicts[1].error.message == "no docker.io/library/gone:1"


def test_an_edit_that_changes_another_place_is_dropped_and_the_rest_go_on() -> None:
    plan = run(b"use nginx:1\necho\nuse redis\n", "pin")
    assert plan.result == f"use nginx:1\necho\nuse redis:latest@{REDIS}\n".encode()
    [first, _, last] = plan.verdicts
    assert isinstance(first, Failed)
    assert first.error.message.startswith("unsafe-edit")
    assert isinstance(last, Changed)


def test_where_every_edit_is_unsafe_nothing_is_written() -> None:
    plan = run(b"use nginx:1\nuse redis\ncount\n", "pin")
    assert not plan.changed
    assert [type(verdict) for verdict in plan.verdicts] == [Failed, Failed, Unchanged]


def test_a_digest_that_is_not_in_one_piece_cannot_be_moved() -> None:
    found = source(f"use nginx:1@{OLD}\n".encode())
    [place] = found.located.places
    assert isinstance(place, Occurrence)
    scattered = apply_suppressions(
        found.document,
        FORMAT,
        found.located,
        today=TODAY,
        places=[place._replace(digest_span=None)],
    )
    for operation, verb in (("update", "moved"), ("unpin", "removed")):
        plan = make_plan(scattered, operation, answers([Question(ImageReference.parse("nginx:1"))]))  # type: ignore[arg-type]
        assert isinstance(plan.verdicts[0], Failed)
        assert verb in plan.verdicts[0].error.message


@pytest.mark.parametrize(
    "glob",
    ["nginx", "docker.io/library/nginx", "docker.io/*", "nginx:1", "*:1", "docker.io/library/nginx:1", "ngin?:*"],
)
def test_excluded_images_are_left_alone(glob: str) -> None:
    found = source(b"use nginx:1\n", images_exclude=(glob,))
    assert questions(found, "pin") == ()
    [place] = occurrences_for(found, "pin")
    assert isinstance(place, SkippedOccurrence)
    assert place.reason == "excluded"


@pytest.mark.parametrize("glob", ["ginx", "library/nginx", "ghcr.io/*", "nginx:2", "docker.io/nginx"])
def test_globs_match_whole_names(glob: str) -> None:
    assert len(questions(source(b"use nginx:1\n", images_exclude=(glob,)), "pin")) == 1


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        (b"# pinner: ignore\nuse nginx:1\n", False),
        (b"use nginx:1 # pinner: ignore our own\n", False),
        (b"use nginx:1 # pinner: ignore[PIN001]\n", False),
        (b"use nginx:1 # pinner: ignore[PIN002]\n", True),
        (b"# pinner: ignore until=2026-11-01\nuse nginx:1\n", False),
        (b"# pinner: ignore until=2026-10-31\nuse nginx:1\n", True),
        (b"# pinner: ignore\n\nuse nginx:1\n", True),
        (b"# pinner: ignore-file\n\nuse nginx:1\n", False),
    ],
)
def test_pragmas(text: bytes, *, pinned: bool) -> None:
    assert run(text, "pin").changed is pinned


def test_a_pragma_for_staleness_does_not_stop_pinning_but_updating() -> None:
    text = f"# pinner: ignore[PIN101]\nuse nginx:1@{OLD}\n".encode()
    assert not run(text, "update").changed
    assert run(text, "unpin").changed


REFERENCES = st.sampled_from(["nginx", "nginx:1", "redis:7", "ghcr.io/a/b:v1", "localhost:5000/x", "a/b:latest"])
LINES = st.lists(
    st.one_of(
        REFERENCES.map(lambda name: f"use {name}".encode()),
        REFERENCES.map(lambda name: f"keep {name}".encode()),
        st.binary(max_size=12).filter(lambda text: b"\n" not in text),
    ),
    max_size=8,
)


@given(LINES, st.sampled_from([b"\n", b"\r\n"]))
def test_pinning_is_local_idempotent_and_undone_by_unpinning(lines: list[bytes], ending: bytes) -> None:
    text = ending.join(lines)
    if b"not lines" in text:
        return
    pinned = run(text, "pin")
    edits = [verdict.edit for verdict in pinned.verdicts if isinstance(verdict, Changed)]
    without = pinned.result
    for edit in sorted(set(edits), key=lambda edit: edit.start):
        without = without[: edit.start] + without[edit.start + len(edit.replacement) :]
    assert without == text
    assert not run(pinned.result, "pin").changed
    assert not run(pinned.result, "update").changed
    assert run(pinned.result, "unpin", own=pinned.tags_added()).result == text


def test_own_tags_are_followed_through_an_update() -> None:
    first = run(b"use redis\n", "pin")
    own = first.tags_added()
    later = first.result.replace(str(REDIS).encode(), OLD.encode()) + b"use nginx\n"
    second = run(later, "update", own=own)
    assert run(second.result, "unpin", own=second.tags_added(own)).result == b"use redis\nuse nginx\n"


def test_digests_of_the_fake_differ_by_name() -> None:
    assert NGINX != REDIS
    assert Digest.parse(str(NGINX)) == NGINX
