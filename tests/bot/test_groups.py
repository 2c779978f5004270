"""Which pull request a reference belongs to, and what the settings say of it."""

from __future__ import annotations

import pytest

from pinner.bot.groups import GroupOptions, group_of, options_of
from pinner.config import BotSettings, Group, Settings
from pinner.config.schedule import parse_window
from pinner.reference import ImageReference

PINNED = "@sha256:" + "a" * 64
GROUPS = (
    Group("databases", images=("postgres", "*/redis:*")),
    Group("web", paths=("web/", "*.dockerfile", "!web/old/")),
    Group("own", registries=("*.example.org", "localhost:5000")),
    Group("own web", images=("*/app",), registries=("ghcr.io",), paths=("/app/**",)),
    Group("late", images=("postgres", "busybox")),
)


@pytest.mark.parametrize(
    ("text", "path", "group"),
    [
        ("postgres:17", "compose.yaml", "databases"),
        ("postgres:17" + PINNED, "compose.yaml", "databases"),
        ("docker.io/library/redis:8", "web/compose.yaml", "databases"),
        ("redis:8", "compose.yaml", "databases"),
        ("nginx:1", "web/Dockerfile", "web"),
        ("nginx:1", "a/web/b/Dockerfile", "web"),
        ("nginx:1", "a/x.dockerfile", "web"),
        ("nginx:1", "web/old/Dockerfile", "pins"),
        ("nginx:1" + PINNED, "website/Dockerfile", "digests"),
        ("registry.example.org/a:1", "x", "own"),
        ("localhost:5000/a:1", "x", "own"),
        ("localhost:5001/a:1", "x", "pins"),
        ("ghcr.io/o/app:1", "app/k8s/a.yaml", "own web"),
        ("ghcr.io/o/app:1", "other/app/a.yaml", "pins"),
        ("quay.io/o/app:1", "app/a.yaml", "pins"),
        ("ghcr.io/o/api:1" + PINNED, "app/a.yaml", "digests"),
        ("busybox", "x", "late"),
        ("alpine@sha256:" + "a" * 64, "x", "digests"),
        ("alpine", "x", "pins"),
    ],
)
def test_the_first_group_that_fits_has_it(text: str, path: str, group: str) -> None:
    assert group_of(ImageReference.parse(text), path, GROUPS) == group


def test_without_groups_first_pins_and_updates_go_apart() -> None:
    assert group_of(ImageReference.parse("nginx"), "x", ()) == "pins"
    assert group_of(ImageReference.parse("nginx" + PINNED), "x", ()) == "digests"


NIGHT, WEEKEND = parse_window("22:00-06:00"), parse_window("sat,sun")
BOT = BotSettings(
    branch_prefix="bot/",
    labels=("docker",),
    assignees=("ann",),
    reviewers=("bob",),
    title="t",
    commit_message="m",
    auto_merge="required",
    schedule=(NIGHT,),
)


@pytest.mark.parametrize("name", ["digests", "pins"])
def test_what_no_group_has_follows_the_bots_settings(name: str) -> None:
    assert options_of(name, Settings(bot=BOT, groups=GROUPS)) == GroupOptions(
        name, f"bot/{name}", "t", "m", ("docker",), ("ann",), ("bob",), auto_merge="required", schedule=(NIGHT,)
    )


def test_a_group_that_says_nothing_follows_them_too() -> None:
    assert options_of("own web", Settings(bot=BOT, groups=GROUPS)) == GroupOptions(
        "own web", "bot/own-web", "t", "m", ("docker",), ("ann",), ("bob",), auto_merge="required", schedule=(NIGHT,)
    )


def test_what_a_group_says_stands_in_their_place_even_where_it_says_nobody() -> None:
    group = Group("Own Web", ("*",), (), (), "w", "{group}", (), ("cid",), (), auto_merge="", schedule=(WEEKEND,))
    assert options_of("Own Web", Settings(bot=BOT, groups=(*GROUPS, group))) == GroupOptions(
        "Own Web", "bot/w", "{group}", "m", (), ("cid",), (), auto_merge="", schedule=(WEEKEND,)
    )
