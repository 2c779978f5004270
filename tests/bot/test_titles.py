"""Titles and commit messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prsample import SAMPLE, TITLE, digest

from pinner.bot.model import ImageChange, Proposal, read_trailer
from pinner.bot.titles import MOST_TITLE, render_message, render_title
from pinner.config.bot import TemplateError

NEW = digest("new").hex[:12]
OLD = digest("old").hex[:12]


def change(name: str, *, first: bool = False, new: str = "new") -> ImageChange:
    return ImageChange(
        name, f"docker.io/library/{name}", None if first else digest("old"), digest(new), ("Dockerfile:1",)
    )


def proposal(*changes: ImageChange, group: str = "digests") -> Proposal:
    return Proposal(group, "pinner/x", "main", changes, ())


ONE = proposal(change("nginx:1.27"))
TWO = proposal(change("nginx:1.27"), change("redis:8"))


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ([change("nginx:1.27")], f"Update nginx:1.27 digest to {NEW}"),
        ([change("nginx:1.27"), change("nginx:1.27")], f"Update nginx:1.27 digest to {NEW}"),
        ([change("nginx:1.27"), change("nginx:1.27", new="other")], "Update nginx:1.27 digests"),
        ([change("nginx:1.27"), change("nginx:1.27", first=True)], f"Pin nginx:1.27 to digest {NEW}"),
        ([change("nginx:1.27"), change("redis:8")], "Update 2 image digests"),
        ([change("nginx:1.27", first=True)], f"Pin nginx:1.27 to digest {NEW}"),
        ([change("nginx:1", first=True), change("nginx:1", first=True, new="b")], "Pin nginx:1 digests"),
        ([change(f"a{n}", first=True) for n in range(3)], "Pin 3 images to digests"),
        ([change("a"), change("b", first=True)], "Update 1 image digest and pin 1 image"),
        ([change("a"), change("b"), change("c", first=True), change("d", first=True)],
         "Update 2 image digests and pin 2 images"),
    ],
)  # fmt: skip
def test_titles_say_what_happens(changes: list[ImageChange], title: str) -> None:
    assert render_title(proposal(*changes)) == title


@pytest.mark.parametrize(
    ("given_proposal", "template", "title"),
    [
        (ONE, "chore(deps): {summary}", f"chore(deps): update nginx:1.27 digest to {NEW}"),
        (TWO, "chore(deps): {summary}", "chore(deps): update 2 image digests"),
        (ONE, "[{group}] {image}", "[digests] nginx:1.27"),
        (TWO, "{image}", "2 images"),
        (TWO, "{count}: {images}", "2: nginx:1.27 and redis:8"),
        (proposal(*map(change, "abc")), "{images}", "a, b and c"),
        (proposal(*map(change, "abcdef")), "{images}", "a, b, c and 3 more"),
        (ONE, "{{{count}}}", "{1}"),
        (proposal(change("a"), group="{count} {image.x}"), "{group}", "{count} {image.x}"),
        (proposal(change("a"), group="a\nb\u202e\x1bc"), "{group}", "a b c"),
        (ONE, "deps", "deps"),
    ],
)
def test_templates_of_titles(given_proposal: Proposal, template: str, title: str) -> None:
    assert render_title(given_proposal, template) == title


def test_a_title_is_cut_where_lists_would() -> None:
    title = render_title(proposal(change("registry.example.org/" + "a" * 200)))
    assert len(title) == MOST_TITLE
    assert title.endswith("a…")


def test_a_template_that_the_settings_would_refuse_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"unknown placeholder `\{changes\}`"):
        render_title(ONE, "{changes}")


def test_a_message_is_the_title_the_images_and_the_trailer() -> None:
    both = proposal(change("nginx:1.27"), change("nginx:1.27"), change("redis:8", first=True))
    assert render_message(both, "Title") == (
        f"Title\n\nnginx:1.27: {OLD} -> {NEW}\nredis:8: {NEW}\n\nPinner-Fingerprint: {both.fingerprint}\n"
    )


def test_who_signs_off_does_it_last() -> None:
    assert render_message(ONE, "Title", "{title}", ("Ann Lee", "ann@example.org")) == (
        f"Title\n\nPinner-Fingerprint: {ONE.fingerprint}\nSigned-off-by: Ann Lee <ann@example.org>\n"
    )


def test_a_message_of_ones_own() -> None:
    template = "\nbuild: {image}  \r\n\r\n{summary} {{x}}\n{changes}\n\n"
    assert render_message(ONE, "Title", template) == (
        f"build: nginx:1.27\n\nupdate nginx:1.27 digest to {NEW} {{x}}\nnginx:1.27: {OLD} -> {NEW}\n\n"
        f"Pinner-Fingerprint: {ONE.fingerprint}\n"
    )


@given(st.text(), st.text(min_size=1).filter(str.strip))
def test_the_trailer_is_read_back_whatever_the_title(title: str, group: str) -> None:
    named = proposal(change("nginx:1.27"), group=group)
    message = render_message(named, title, "{title} {group}", ("Ann", "a@example.org"))
    assert read_trailer(message) == named.fingerprint
    assert read_trailer(render_message(named, title)) == named.fingerprint


def test_one_proposal_has_one_title_and_one_message() -> None:
    assert render_title(SAMPLE) == TITLE == "Update 4 image digests and pin 1 image"
    assert render_message(SAMPLE, TITLE) == render_message(SAMPLE, TITLE)
