"""Cases that were found in the field, with what the two big bots make of them, where they lie beside the repository."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from tagcases import CASES, FOLDER, options_of

from pinner.tags.candidate_proof import Facts, floating_tag, prove
from pinner.tags.candidates import find_candidates
from pinner.tags.model import LEVELS
from pinner.tags.release_lines import Lines

if TYPE_CHECKING:
    from pinner.tags.model import Level, Options

pytestmark = pytest.mark.skipif(not CASES, reason="the cases are not beside the repository")


@cache
def listed(path: str) -> tuple[list[str], Lines]:
    tags = (FOLDER / path).read_text("utf-8").split()
    return tags, Lines(tags)


def following(case: dict[str, Any], level: Level, options: Options) -> str | None:
    tags, lines = listed(case["taglist"]) if "taglist" in case else (case["tags"], Lines(case["tags"]))
    found = find_candidates(case["image"], case["current"], lines, options, level)
    parsed = lines.parse(case["current"])
    ceiling = None if parsed is None else floating_tag(parsed, options, tags)
    asking = prove(found.tags, case["current"], frozenset(case.get("options", {}).get("platforms", ())), ceiling)
    try:
        asked = next(asking)
        while True:
            asked = asking.send(facts_of(case, asked))
    except StopIteration as ended:
        return ended.value.tag and str(ended.value.tag.text)


def facts_of(case: dict[str, Any], tag: str) -> Facts:
    created = case.get("created", {}).get(tag)
    platforms = frozenset(case.get("platforms", {}).get(tag, ()))
    return Facts(case.get("digests", {}).get(tag, tag), platforms, date.fromisoformat(created) if created else None)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_what_follows(case: dict[str, Any]) -> None:
    options = options_of(case.get("options", {}))
    assert {level: following(case, level, options) for level in LEVELS} == case["expect"], case["why"]
    if "expect_follow" in case:
        follow = options._replace(follow=True)
        assert {level: following(case, level, follow) for level in LEVELS} == case["expect_follow"]
