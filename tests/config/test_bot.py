"""The tables ``[bot]`` and ``[[group]]``: every key arrives, and every mistake is named."""

from __future__ import annotations

import pytest

from pinner.config import BotSettings, Group, Settings
from pinner.config.bot import branch_end
from pinner.config.parse import parse_settings
from pinner.config.schedule import parse_window
from pinner.errors import ConfigError

FULL = """\
[bot]
branch-prefix = "deps/pinner-"
base = "develop"
labels = ["docker", "deps", "docker"]
assignees = ["ann"]
reviewers = ["bob", "org/team"]
title = "chore(deps): {summary}"
commit-message = "{title}\\n\\n{changes}"
author = "Ann Lee <ann@example.org>"
sign-off = true
auto-merge = true
max-open = 3
schedule = ["mon-fri 22:00-06:00 Europe/Berlin", "sat"]
commits = "git"
[[group]]
name = "Data bases"
images = ["*/postgres"]
paths = ["deploy/"]
registries = ["docker.io"]
branch = "db"
title = "Databases: {images}"
labels = []
assignees = ["cid"]
reviewers = []
auto-merge = false
schedule = ["sun"]
[[group]]
name = "own"
registries = ["registry.example.org"]
"""


def parsed(text: str) -> Settings:
    settings = parse_settings(text.encode(), "pinner.toml", root="/r", shared=False)
    assert settings is not None
    return settings


def test_every_key_arrives() -> None:
    settings = parsed(FULL)
    assert settings.bot == BotSettings(
        branch_prefix="deps/pinner-",
        base="develop",
        labels=("docker", "deps"),
        assignees=("ann",),
        reviewers=("bob", "org/team"),
        title="chore(deps): {summary}",
        commit_message="{title}\n\n{changes}",
        author=("Ann Lee", "ann@example.org"),
        sign_off=True,
        auto_merge="required",
        max_open=3,
        schedule=(parse_window("mon-fri 22:00-06:00 Europe/Berlin"), parse_window("sat")),
        commits="git",
    )
    assert settings.groups == (
        Group(
            name="Data bases",
            images=("*/postgres",),
            paths=("deploy/",),
            registries=("docker.io",),
            branch="db",
            title="Databases: {images}",
            labels=(),
            assignees=("cid",),
            reviewers=(),
            auto_merge="",
            schedule=(parse_window("sun"),),
        ),
        Group("own", registries=("registry.example.org",)),
    )


@pytest.mark.parametrize("text", ["", "[bot]\n", "group = []\n"])
def test_what_is_not_said_has_its_default(text: str) -> None:
    assert parsed(text).bot == BotSettings()
    assert parsed(text).groups == ()


def test_merging_on_success_is_a_setting_of_all_and_of_a_group() -> None:
    text = '[bot]\nauto-merge = "on-success"\n[[group]]\nname = "a"\nimages = ["x"]\nauto-merge = "on-success"\n'
    assert (parsed(text).bot.auto_merge, parsed(text).groups[0].auto_merge) == ("on-success", "on-success")


def test_a_branch_ends_in_the_groups_slug_or_in_what_it_says() -> None:
    assert branch_end(Group("Data bases")) == "data-bases"
    assert branch_end(Group("Data bases", branch="DB")) == "DB"


def group(text: str, name: str = "a") -> str:
    return f"[[group]]\nname = '{name}'\nimages = ['x']\n{text}\n"


PREFIX = "write one as in pinner/"
BRANCH = "it follows `pinner/` and has no `/`"
AUTHOR = "write a name and an address, as in Ann Lee <ann@example.com>"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("bot = 1", "`bot` must be a table, not a number", None),
        ("[bot]\nbranch_prefix = 'x'", "unknown key `bot.branch_prefix`", "did you mean `branch-prefix`?"),
        ("[bot]\nautomerge = true", "unknown key `bot.automerge`", "did you mean `auto-merge`?"),
        ("[bot]\nbranch-prefix = ''", "`bot.branch-prefix` is no start of a branch's name: ``", PREFIX),
        ("[bot]\nbranch-prefix = '-x/'", "`bot.branch-prefix` is no start of a branch's name: `-x/`", PREFIX),
        ("[bot]\nbranch-prefix = 'a b/'", "`bot.branch-prefix` is no start of a branch's name: `a b/`", PREFIX),
        (
            "[bot]\nbranch-prefix = 'refs/heads/x/'",
            "`bot.branch-prefix` is no start of a branch's name: `refs/heads/x/`",
            PREFIX,
        ),
        ("[bot]\nbranch-prefix = 'x//'", "`bot.branch-prefix` is no start of a branch's name: `x//`", PREFIX),
        ("[bot]\nbase = 'a..b'", "`bot.base` is no branch's name: `a..b`", None),
        ("[bot]\nbase = ''", "`bot.base` is no branch's name: ``", None),
        ("[bot]\nlabels = 'x'", "`bot.labels` must be a list of texts, not text", None),
        ("[bot]\nlabels = ['x', ' ']", "`bot.labels` has an empty name", None),
        ('[bot]\nreviewers = ["a\\nb"]', "`bot.reviewers` has a name of more than one line", None),
        ("[bot]\ntitle = ' '", "`bot.title` is empty", None),
        ('[bot]\ntitle = "a\\nb"', "`bot.title` must be one line", None),
        ("[bot]\ntitle = '{imag}'", "`bot.title` has an unknown placeholder `{imag}`", "did you mean `image`?"),
        (
            "[bot]\ntitle = '{zzz}'",
            "`bot.title` has an unknown placeholder `{zzz}`",
            "the placeholders here are {summary}, {group}, {count}, {images}, {image}",
        ),
        (
            "[bot]\ncommit-message = '{title'",
            "`bot.commit-message` has a lone `{`",
            "write `{{` and `}}` for braces that stay",
        ),
        ("[bot]\nauthor = 'Ann'", "`bot.author` is no author: `Ann`", AUTHOR),
        ("[bot]\nauthor = '<a@b>'", "`bot.author` is no author: `<a@b>`", AUTHOR),
        ("[bot]\nauthor = 'Ann <ann>'", "`bot.author` is no author: `Ann <ann>`", AUTHOR),
        ("[bot]\nauthor = ' <a@b>'", "`bot.author` is no author: ` <a@b>`", AUTHOR),
        ("[bot]\nauthor = 'A <a@b> x'", "`bot.author` is no author: `A <a@b> x`", AUTHOR),
        ('[bot]\nauthor = "A\\nB <a@b>"', "`bot.author` is no author: `A\nB <a@b>`", AUTHOR),
        ("[bot]\nsign-off = 'yes'", "`bot.sign-off` must be true or false, not text", None),
        ("[bot]\nmax-open = 0", "`bot.max-open` must be at least 1", "leave it out for any number"),
        ("[bot]\nmax-open = true", "`bot.max-open` must be a whole number, not true or false", None),
        ("[bot]\nmax-open = 'x'", "`bot.max-open` must be a whole number, not text", None),
        ("[bot]\nschedule = 'sat'", "`bot.schedule` must be a list of texts, not text", None),
        (
            "[bot]\nschedule = ['sat', 'monday']",
            "`bot.schedule` is wrong: `monday` in `monday` is no day",
            "did you mean `mon`?",
        ),
        ("[bot]\ncommits = 'apis'", "`bot.commits` is no way to commit: `apis`", "did you mean `api`?"),
        ("[bot]\ncommits = 'zzz'", "`bot.commits` is no way to commit: `zzz`", "write auto, api or git"),
        ("[bot]\ncommits = 1", "`bot.commits` must be text, not a number", None),
        (
            group("", "digests"),
            "`group.name` is taken: `digests` is what no [[group]] has",
            "[bot] has the settings for it",
        ),
        (group("", " a"), "`group.name` is wrong: write one line of at most 60 characters", None),
        (group("", "a" * 61), "`group.name` is wrong: write one line of at most 60 characters", None),
        (
            '[[group]]\nname = "a\\tb"\nimages = ["x"]',
            "`group.name` is wrong: write one line of at most 60 characters",
            None,
        ),
        (group("paths = ['!']"), "`group.paths` has a pattern that is none: `!`", None),
        (group("branch = ''"), "`group.branch` is no end of a branch's name: ``", BRANCH),
        (group("branch = 'a/b'"), "`group.branch` is no end of a branch's name: `a/b`", BRANCH),
        (group("branch = '../main'"), "`group.branch` is no end of a branch's name: `../main`", BRANCH),
        (group("branch = 'a.lock'"), "`group.branch` is no end of a branch's name: `a.lock`", BRANCH),
        (group("branch = '.a'"), "`group.branch` is no end of a branch's name: `.a`", BRANCH),
        (
            group("branch = 'Pins'"),
            "`group.branch` is taken: `a` and `pins` would share `pinner/Pins`",
            "give it another",
        ),
        (
            group("", "Data bases") + group("", "data-bases"),
            "`group.branch` is taken: `data-bases` and `Data bases` would share `pinner/data-bases`",
            "give it another",
        ),
        (
            group("schedule = ['25:00-26:00']"),
            "`group.schedule` is wrong: `25:00` in `25:00-26:00` is no time of day",
            "00:00 to 24:00",
        ),
        (group("auto-merge = 1"), '`group.auto-merge` must be true, false or "on-success", not a number', None),
        (group("title = '{x}{'"), "`group.title` has an unknown placeholder `{x}`", None),
    ],
)
def test_a_mistake_is_named_with_its_key(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert caught.value.message == f"pinner.toml: {message}"
    assert hint is None or caught.value.hint == hint


@pytest.mark.parametrize("name", ["Größe", "数据库", "nginx:1.27", "a" * 60, "..", "x.lock", "-a", "@{", "HEAD"])
def test_any_name_of_one_line_has_a_branch(name: str) -> None:
    assert parsed(group("", name)).groups[0].name == name
