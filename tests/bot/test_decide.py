"""The decisions about one group: what there is, and what is done about it."""

from __future__ import annotations

import pytest

from pinner.bot.decide import (
    STOP_LABEL,
    Action,
    Branch,
    Close,
    Complete,
    Create,
    Decision,
    DeleteBranch,
    Edit,
    Limits,
    Observed,
    Push,
    decide,
)
from pinner.bot.model import HeldBack, ImageChange, Marker, Proposal, PullRequest, read_marker, render_marker
from pinner.reference import Digest

CHANGE = ImageChange("nginx:1", "docker.io/library/nginx:1", None, Digest("sha256", "a" * 64), ("Dockerfile:1",))
MOVED = CHANGE._replace(new=Digest("sha256", "b" * 64))
HEAD = "c0ffee"
OURS = Branch(HEAD, is_ours=True, matches=True, is_behind=False)
EMPTY = Proposal("digests", "pinner/digests", "main", (), ())


def proposal(*changes: ImageChange) -> Proposal:
    made = EMPTY._replace(changes=changes, title="Update digests")
    return made._replace(body=f"What changes\n\n{render_marker(Marker('digests', made.fingerprint))}")


PROPOSAL = proposal(CHANGE)


def request(state: str = "open", about: Proposal = PROPOSAL, number: int = 1) -> PullRequest:
    url = f"https://forge.example/pull/{number}"
    made = PullRequest(number, "open", about.branch, "main", HEAD, about.title, about.body, url)
    return made._replace(state=state)  # type: ignore[arg-type] # one of the three


def decided(there: Observed, about: Proposal = PROPOSAL, limits: Limits = Limits()) -> Decision:  # noqa: B008 - a value
    return decide(about, there, limits)


@pytest.mark.parametrize(
    ("there", "about", "outcome"),
    [
        (Observed(), EMPTY, "nothing"),
        (Observed((request("closed"), request("merged"))), EMPTY, "nothing"),
        (Observed((request(),), OURS), PROPOSAL, "unchanged"),
        (Observed((request("closed"),)), PROPOSAL, "silenced"),
        (Observed((request("merged", number=2), request("closed"))), PROPOSAL, "silenced"),
        (Observed((), OURS._replace(is_ours=False)), PROPOSAL, "foreign"),
        (Observed((request(),), OURS._replace(is_ours=False, matches=False)), PROPOSAL, "foreign"),
        (Observed((request(),), OURS._replace(is_ours=False)), EMPTY, "foreign"),
        (Observed((request()._replace(labels=(STOP_LABEL,)),), OURS._replace(matches=False)), PROPOSAL, "stopped"),
        (Observed((request()._replace(labels=(STOP_LABEL,)),), OURS), EMPTY, "stopped"),
    ],
)
def test_where_nothing_may_be_written_nothing_is(there: Observed, about: Proposal, outcome: str) -> None:
    decision = decided(there, about)
    assert (decision.outcome, decision.actions) == (outcome, ())
    assert decision.reason
    assert not decision.reason.endswith(".")


@pytest.mark.parametrize(
    ("there", "actions"),
    [
        (Observed(), (Push(None), Create())),
        (Observed((), OURS), (Create(),)),
        (Observed((), OURS._replace(matches=False)), (Push(HEAD), Create())),
        (Observed((request("merged"),)), (Push(None), Create())),
        (Observed((request("closed", proposal(MOVED)),)), (Push(None), Create())),
    ],
    ids=["nothing there", "cut short after the push", "an old branch", "after a merge", "other digests were closed"],
)
def test_a_pull_request_is_opened(there: Observed, actions: tuple[Action, ...]) -> None:
    assert decided(there)[::2] == ("opened", actions)


@pytest.mark.parametrize(
    ("branch", "conflicts", "pushes"),
    [
        (OURS, None, False),
        (OURS, False, False),
        (OURS, True, True),
        (OURS._replace(is_behind=True), None, True),
        (OURS._replace(matches=False), None, True),
    ],
)
def test_an_open_one_is_pushed_to_only_where_it_must_be(branch: Branch, conflicts: bool | None, pushes: bool) -> None:  # noqa: FBT001 - columns of the table
    decision = decided(Observed((request()._replace(conflicts=conflicts),), branch))
    assert decision.actions == ((Push(HEAD),) if pushes else ())


def test_a_digest_that_moves_again_updates_the_same_pull_request() -> None:
    decision = decided(Observed((request(),), OURS._replace(matches=False)), proposal(MOVED))
    assert decision.actions == (Push(HEAD), Edit(request(), None, proposal(MOVED).body))


def test_a_branch_that_somebody_deleted_comes_back() -> None:
    assert decided(Observed((request(),), None)).actions == (Push(None),)


def test_a_body_as_a_forge_keeps_it_is_the_same_body() -> None:
    kept = request()._replace(body=PROPOSAL.body.replace("\n", "\r\n") + "  \r\n")
    assert decided(Observed((kept,), OURS)).outcome == "unchanged"


def test_a_title_alone_is_changed_alone() -> None:
    old = request()._replace(title="Old")
    assert decided(Observed((old,), OURS)).actions == (Edit(old, PROPOSAL.title, None),)


def test_what_is_missing_is_added_and_nothing_taken_away() -> None:
    wanted = PROPOSAL._replace(labels=("a",), assignees=("b",), auto_merge="required")
    assert decided(Observed((request(),), OURS), wanted).actions == (Complete(request()),)
    full = request()._replace(labels=("a", "more"), assignees=("b", "c"), auto_merge=True)
    assert decided(Observed((full,), OURS), wanted).actions == ()
    assert decided(Observed(), wanted).actions[-1] == Complete(None)


def test_labels_and_people_are_the_same_in_upper_case() -> None:
    wanted = PROPOSAL._replace(labels=("Deps",), assignees=("Ada",))
    there = request()._replace(labels=("deps",), assignees=("ada",))
    assert decided(Observed((there,), OURS), wanted) == Decision("unchanged", f"{there.url} is up to date")


def test_auto_merge_that_the_forge_has_not_taken_is_asked_for_again_without_a_word() -> None:
    decision = decided(Observed((request(),), OURS), PROPOSAL._replace(auto_merge="required"))
    assert (decision.outcome, decision.actions) == ("unchanged", (Complete(request()),))


def test_another_base_branch_is_where_it_starts_anew() -> None:
    decision = decided(Observed((request(),), OURS), PROPOSAL._replace(base="next"))
    assert decision.outcome == "updated"
    assert decision.actions == (Push(HEAD), Edit(request(), None, None, "next"))


def test_what_is_held_back_is_not_said_to_be_up_to_date() -> None:
    held = EMPTY._replace(held_back=(HeldBack("nginx:1", None, "no answer"),))
    assert decided(Observed(), held) == Decision("nothing", "there is nothing to propose")


def test_what_is_obsolete_is_closed_and_its_branch_deleted() -> None:
    decision = decided(Observed((request(),), OURS), EMPTY)
    close, delete = decision.actions
    assert decision.outcome == "closed"
    assert isinstance(close, Close)
    assert "up to date" in close.body
    assert "What changes" in close.body
    assert delete == DeleteBranch(HEAD)


def test_what_the_bot_closed_itself_silences_nothing_and_says_why_once() -> None:
    (close, *_) = decided(Observed((request(),), OURS), EMPTY).actions
    assert isinstance(close, Close)
    assert read_marker(close.body) is None
    again = request()._replace(body=close.body)
    assert decided(Observed((again,), OURS), EMPTY).actions[0] == close._replace(request=again)
    assert decided(Observed((again._replace(state="closed"),))).outcome == "opened"


def test_a_branch_left_over_is_deleted() -> None:
    assert decided(Observed((request("closed"),), OURS), EMPTY).actions == (DeleteBranch(HEAD),)


def test_limits_hold_back_what_is_new_and_not_what_is_open() -> None:
    for limits in (Limits(in_schedule=False), Limits(max_open=2)):
        assert decided(Observed(open_others=2), limits=limits).outcome == "waiting"
        there = Observed((request(),), OURS._replace(matches=False), open_others=2)
        assert decided(there, limits=limits).outcome == "updated"
    assert decided(Observed(open_others=1), limits=Limits(max_open=2)).outcome == "opened"


def test_of_two_that_two_runs_have_opened_the_first_stays() -> None:
    first, second = request(number=3), request(number=4)
    decision = decided(Observed((second, first), OURS))
    assert decision.outcome == "updated"
    (closing,) = decision.actions
    assert isinstance(closing, Close)
    assert closing.request is second
    assert read_marker(closing.body) is None
    assert first.url in closing.body


def test_what_a_person_has_opened_for_the_branch_is_not_closed() -> None:
    first, second = request(number=3), request(number=4)._replace(body="Mine")
    assert decided(Observed((second, first), OURS)).outcome == "unchanged"
