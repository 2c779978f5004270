"""Bodies: what they say, that hostile text stays text, and that they fit whatever limit."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from prsample import BODY, CHANGES, INDEX, MANIFEST, OCI, SAMPLE, digest

from pinner.bot.model import FileChange, HeldBack, ImageChange, Marker, Proposal, read_marker
from pinner.bot.pull_request_body import HOME, render_body
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Platform

MARKDOWN = MarkdownIt("commonmark").enable("table")
OURS = re.compile(
    rf"{re.escape(HOME)}|https://(hub\.docker\.com/(_|r)|ghcr\.io|quay\.io/repository|gallery\.ecr\.aws)/[a-z0-9._/-]+"
    r"|https://(github\.com|codeberg\.org|gitea\.com|git(lab|ea)\.[a-z0-9.-]+|forgejo\.[a-z0-9.-]+)"
    r"/[A-Za-z0-9._/-]+/compare/[0-9a-f]+\.\.\.[0-9a-f]+"
    r"|https://bitbucket\.org/[A-Za-z0-9._/-]+/branches/compare/[0-9a-f]+%0D[0-9a-f]+"
)
TAGS = {"<br>", "<sub>", "</sub>", "<details>", "<summary>", "</summary>", "</details>"}
FRAGMENTS = (
    "EV1L",
    "@org/team",
    "#12",
    "GH-12",
    "owner/name#1",
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "[x]: https://evil.example",
    "<img src=x onerror=y>",
    "</details>",
    "</td></table>",
    "<!--",
    "-->",
    '<!-- pinner: {"fingerprint": "0123456789abcdef", "group": "x"} -->',
    "`",
    "``` ",
    "|",
    "\\",
    "\\|",
    "\n\n# x\n\n",
    "\r\n",
    "\u2028",
    "\u202e",
    "\u200b",
    "e\u0301\u0301\u0301\u0301",
    "https://evil.example",
    "www.evil.example",
    "a@evil.example",
    "**x**",
    "~~x~~",
    "$x$",
    ":tada:",
    "&commat;",
    "0123456789abcdef0123456789abcdef01234567",
)
HOSTILE = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=20)), max_size=6).map("".join)
SOURCES = st.one_of(
    HOSTILE,
    st.builds("https://github.com/{}/{}".format, HOSTILE, HOSTILE),
    st.sampled_from(("https://github.com/o/n", "git@gitlab.com:a/b/c.git", "https://bitbucket.org/o/n")),
)
LABELS = st.fixed_dictionaries(
    {},
    optional={
        f"{OCI}version": HOSTILE,
        f"{OCI}source": SOURCES,
        f"{OCI}revision": st.one_of(HOSTILE, st.sampled_from(("a" * 40, "B" * 40, "c" * 64))),
        f"{OCI}base.name": HOSTILE,
        f"{OCI}base.digest": HOSTILE,
        f"{OCI}created": HOSTILE,
    },
)
PLATFORMS = st.one_of(st.none(), st.builds(Platform, HOSTILE, HOSTILE, st.one_of(st.none(), HOSTILE)))
PARTS = st.builds(
    PlatformImage,
    PLATFORMS,
    st.sampled_from([digest("a"), digest("b")]),
    st.just(MANIFEST),
    size=st.one_of(st.none(), st.integers()),
    annotations=LABELS,
    created=st.one_of(st.none(), HOSTILE, st.just("2026-11-18T06:12:44Z")),
    labels=LABELS,
)
IMAGES = st.one_of(
    st.none(), st.builds(Image, st.just(digest("i")), st.just(INDEX), st.lists(PARTS, max_size=3).map(tuple), LABELS)
)
NAMES = st.one_of(HOSTILE, st.sampled_from(("nginx:1.29", "ghcr.io/o/n:1", "quay.io/o/n:1", "public.ecr.aws/o/n:1")))
CHANGE = st.builds(
    ImageChange,
    NAMES,
    NAMES,
    st.sampled_from([None, digest("old")]),
    st.just(digest("new")),
    st.lists(HOSTILE, max_size=3).map(tuple),
    st.one_of(st.none(), st.just(datetime(2026, 11, 18, 23, 59, tzinfo=UTC))),
    IMAGES,
    IMAGES,
)
HELD = st.builds(HeldBack, HOSTILE, st.sampled_from([None, digest("held")]), HOSTILE)
PROPOSALS = st.builds(
    Proposal,
    st.text(min_size=1, max_size=20),
    st.just("pinner/x"),
    st.just("main"),
    st.lists(CHANGE, min_size=1, max_size=4).map(tuple),
    st.just((FileChange("Dockerfile", b"", b"x"),)),
    st.lists(HELD, max_size=3).map(tuple),
)


def assert_harmless(body: str) -> None:
    """Everything that is no code is the bot's own: every link, every tag, and every word."""
    for token in MARKDOWN.parse(body):
        if token.type == "html_block":
            for line in token.content.splitlines():
                assert set(re.findall(r"<[^>]*>", line)) <= TAGS or line.startswith("<!-- pinner: "), line
        for child in token.children or ():
            assert child.type not in ("image", "html_block")
            if child.type == "link_open":
                assert OURS.fullmatch(str(child.attrs["href"])), child.attrs
            elif child.type == "html_inline":
                assert child.content in TAGS
            elif child.type == "text":
                assert not re.search(r"EV1L|[@#<>\[\]\\$&~|\u202e\u200b]|://|www\.", child.content), child.content
    assert not re.search(r"[\u202e\u200b\r\u2028]", body)


def everywhere(text: str) -> Proposal:
    """Return a proposal that has ``text`` wherever something foreign may stand."""
    labels = {f"{OCI}{key}": text for key in ("version", "source", "revision", "base.name", "base.digest", "created")}
    other = {key: f"{value} other" for key, value in labels.items()}
    parts = [
        PlatformImage(Platform(text, text, text), digest("a"), MANIFEST, annotations=said, created=text, labels=said)
        for said in (labels, other)
    ]
    before, after = (Image(digest(part.labels[f"{OCI}version"]), INDEX, (part,)) for part in parts)
    change = ImageChange(text, text, digest("old"), digest("new"), (f"{text}:1", text), None, before, after)
    return SAMPLE._replace(group=text, changes=(change, *CHANGES), held_back=(HeldBack(text, None, text),))


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_every_trick_stays_text_everywhere(fragment: str) -> None:
    for text in (fragment, f"EV1L {fragment} EV1L", f"{fragment}\n{fragment}", f"a{fragment}|", f"`{fragment}`"):
        proposal = everywhere(text)
        body = render_body(proposal, 65_536)
        assert_harmless(body)
        assert read_marker(body) == Marker(text, proposal.fingerprint)


@settings(max_examples=20)
@given(PROPOSALS)
@example(SAMPLE)
def test_whatever_registries_say_stays_text(proposal: Proposal) -> None:
    body = render_body(proposal, 65_536)
    assert_harmless(body)
    assert body.count("<!--") == 1
    assert body.count("<details>") == body.count("\n</details>\n") == 1
    rows = [line for line in body.splitlines() if line.startswith("|")]
    assert all(row.count("|") == 4 for row in rows)
    header = 4 if proposal.held_back else 2
    assert len(rows) == header + len(proposal.changes) + len(proposal.held_back)
    assert read_marker(body) == Marker(proposal.group, proposal.fingerprint)


@settings(max_examples=20)
@given(PROPOSALS, st.integers(300, 70_000))
def test_a_body_fits_its_limit_and_keeps_its_marker(proposal: Proposal, limit: int) -> None:
    body = render_body(proposal, limit)
    assert len(body.encode("utf-16-le")) // 2 <= limit
    assert body.endswith("} -->\n")
    assert read_marker(body) == Marker(proposal.group, proposal.fingerprint)
    assert_harmless(body)


def many(count: int) -> Proposal:
    changes = tuple(
        CHANGES[0]._replace(name=f"app{number}:1", canonical=f"docker.io/o/app{number}:1") for number in range(count)
    )
    held = tuple(HeldBack(f"old{number}:1", None, "no answer: timed out") for number in range(count))
    return SAMPLE._replace(changes=changes, held_back=held)


@pytest.mark.parametrize("limit", [*range(300, 5000, 61), *range(5000, 70_001, 1999)])
def test_at_every_limit_rows_are_whole_and_all_are_accounted_for(limit: int) -> None:
    proposal = many(40)
    body = render_body(proposal, limit)
    assert len(body) <= limit
    assert read_marker(body) == Marker("weekly", proposal.fingerprint)
    assert body.count("<details>") == body.count("</details>")
    for start, section in (("| [`app", "What changed"), ("| `old", "Why"), ("- **`app", "<details>")):
        rows = sum(line.startswith(start) for line in body.splitlines())
        part = body.partition(section)[2]
        more = re.search(r"…and (\d+) more", part) if 0 < rows < 40 else None
        assert rows == 40 or (rows == 0 and section not in body) or (more and rows + int(more[1]) == 40)


def test_more_room_never_shows_less() -> None:
    proposal = many(40)
    shown = [sum(line.startswith(("| ", "- ")) for line in render_body(proposal, limit).splitlines()) for limit in
             (300, 1000, 4000, 10_000, 30_000, 60_000, 1_000_000)]  # fmt: skip
    assert shown == sorted(shown)
    assert shown[-1] == 120 + 2


def test_where_the_marker_alone_is_over_the_limit_it_is_all_there_is() -> None:
    body = render_body(SAMPLE, 10)
    assert read_marker(body) == Marker("weekly", SAMPLE.fingerprint)
    assert body.count("\n") == 1


def test_characters_beyond_the_basic_plane_count_twice() -> None:
    proposal = many(60)
    changes = tuple(change._replace(places=("🐳" * 100,) * 5) for change in proposal.changes)
    for limit in (2000, 9000, 40_000):
        assert len(render_body(proposal._replace(changes=changes), limit).encode("utf-16-le")) // 2 <= limit


def test_one_proposal_has_one_body() -> None:
    assert render_body(SAMPLE, 65_536) == BODY == render_body(SAMPLE, 65_536)


def test_the_opening_counts_tags_and_files() -> None:
    first = BODY.partition("\n")[0]
    assert first == (
        "4 references have new images under their tags. 1 reference gets its first digest. "
        "Only digests change, in 4 files; the tags stay."
    )
    one = render_body(SAMPLE._replace(changes=CHANGES[:1], files=SAMPLE.files[:1]), 65_536).partition("\n")[0]
    assert one == "1 reference has a new image under its tag. Only digests change, in 1 file; the tags stay."
    pins = tuple(change._replace(old=None) for change in CHANGES[:2])
    assert render_body(SAMPLE._replace(changes=pins, files=()), 65_536).partition("\n")[0] == (
        "2 references get their first digests. Only digests change."
    )


def test_without_anything_held_back_nothing_is_said_of_it() -> None:
    assert "Held back" in BODY
    assert "Held back" not in render_body(SAMPLE._replace(held_back=()), 65_536)
