"""Configuration of pull requests: the tables ``[bot]`` and ``[[group]]``, templates, branch names.

``{name}`` stands for a value, ``{{`` and ``}}`` for the braces. Not `str.format`: that reads attributes and items of
what it is given, and pads to gigabytes where it is told to.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from pinner.config import COMMIT_WAYS, BotSettings, Group
from pinner.config.schedule import ScheduleError, parse_window
from pinner.config.table import Table
from pinner.errors import PinnerError, did_you_mean
from pinner.patterns.globs import read_patterns

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pinner.config import CommitWay, MergeWay
    from pinner.config.schedule import Window


_MOST = 60
"""Characters of a slug: forges show about as many, and some limit a ref's file name to 255 bytes."""
# git-check-ref-format(1), rules 1 to 10; `-` first is refused by `git branch`.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?=/|\Z)|\A[-./]|[./]\Z")
_NO_SLUG = re.compile(r"[^a-z0-9]+")


def is_branch_name(name: str) -> bool:
    """Tell whether git takes ``name`` for a branch, as `git check-ref-format --branch` does.

    Stricter in one thing: ``refs/…`` would read as a full ref's name, to people and to forges.
    """
    return name not in ("", "@", "HEAD") and not name.startswith("refs/") and _FORBIDDEN.search(name) is None


def slug(name: str) -> str:
    """Return ``name`` in lower-case ASCII letters, digits and hyphens, 60 at most and never none.

    What it cannot spell, or must cut, it tells apart by a hash.
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    text = _NO_SLUG.sub("-", plain).strip("-")
    if text and len(text) <= _MOST and not any(character.isalnum() and character > "\x7f" for character in plain):
        return text
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return "-".join(filter(None, (text[: _MOST - len(mark) - 1].strip("-"), mark)))


TITLE_WORDS = ("summary", "group", "count", "images", "image")
"""The placeholders of a title."""
MESSAGE_WORDS = ("title", "changes", *TITLE_WORDS)
"""The placeholders of a commit message."""
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<word>[^{}]*)\}|(?P<stray>[{}])")


class TemplateError(PinnerError):
    """A template with a placeholder that there is not, or a brace that closes nothing."""


def check_template(template: str, words: Collection[str]) -> None:
    """Raise `TemplateError` where ``template`` has a placeholder that is not among ``words``, or a lone brace."""
    for piece in _PIECE.finditer(template):
        word = piece["word"]
        if piece["stray"]:
            raise TemplateError(f"has a lone `{piece['stray']}`", hint="write `{{` and `}}` for braces that stay")
        if word is not None and word not in words:
            known = ", ".join(f"{{{name}}}" for name in words)
            raise TemplateError(
                f"has an unknown placeholder `{{{word}}}`",
                hint=did_you_mean(word, words) or f"the placeholders here are {known}",
            )


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Return ``template`` with each placeholder replaced by its value, once: values may hold braces themselves.

    Raises `TemplateError` as `check_template` does.
    """
    check_template(template, tuple(values))
    return _PIECE.sub(lambda piece: values[piece["word"]] if piece["word"] is not None else piece[0][0], template)


DIGESTS = "digests"
"""The group of what no group of the settings has."""
PINS = "pins"
"""The group of first pins that no group of the settings has."""
BOT_KEYS = (
    "branch-prefix",
    "base",
    "labels",
    "assignees",
    "reviewers",
    "title",
    "commit-message",
    "author",
    "sign-off",
    "auto-merge",
    "max-open",
    "schedule",
    "commits",
)
GROUP_KEYS = (
    "name",
    "images",
    "paths",
    "registries",
    "branch",
    "title",
    "labels",
    "assignees",
    "reviewers",
    "auto-merge",
    "schedule",
)
_MOST_NAME = 60
_AUTHOR = re.compile(r"(?P<name>[^<>\x00-\x1f\x7f]*[^<>\x00-\x20\x7f]) <(?P<email>[^<>@\s]+@[^<>@\s]+)>")


def parse_bot(table: Table) -> BotSettings:
    """Return what ``[bot]`` says; raises `ConfigError`."""
    table.allow(BOT_KEYS)
    defaults = BotSettings()
    prefix = table.text("branch-prefix")
    if prefix is not None and (not prefix or not is_branch_name(prefix + DIGESTS)):
        raise table.error("branch-prefix", f"is no start of a branch's name: `{prefix}`", "write one as in pinner/")
    base = table.text("base")
    if base is not None and not is_branch_name(base):
        raise table.error("base", f"is no branch's name: `{base}`")
    return BotSettings(
        branch_prefix=defaults.branch_prefix if prefix is None else prefix,
        base=base,
        labels=_names(table, "labels") or (),
        assignees=_names(table, "assignees") or (),
        reviewers=_names(table, "reviewers") or (),
        title=_template(table, "title", TITLE_WORDS),
        commit_message=_template(table, "commit-message", MESSAGE_WORDS),
        author=_author(table),
        sign_off=table.flag("sign-off"),
        auto_merge=_auto_merge(table) or "",
        max_open=_max_open(table),
        schedule=_schedule(table) or (),
        commits=_commits(table),
    )


def parse_groups(table: Table, prefix: str) -> tuple[Group, ...]:
    """Return the groups of the file's top ``table``, whose branches start with ``prefix``; raises `ConfigError`."""
    value = table.values.get("group", [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise table.error("group", "must be written as [[group]]")
    found: list[Group] = []
    for item in value:
        found.append(_group(Table(item, table.source, table.key("group")), found, prefix))
    return tuple(found)


def _group(table: Table, others: Sequence[Group], prefix: str) -> Group:
    table.allow(GROUP_KEYS)
    name = table.text("name")
    if not name:
        raise table.error("name", "is missing: every [[group]] has one")
    if not name.isprintable() or name != name.strip() or len(name) > _MOST_NAME:
        raise table.error("name", f"is wrong: write one line of at most {_MOST_NAME} characters")
    if name in (DIGESTS, PINS):
        raise table.error("name", f"is taken: `{name}` is what no [[group]] has", "[bot] has the settings for it")
    if any(known.name == name for known in others):
        raise table.error("name", f"is taken: there are two groups `{name}`")
    group = Group(
        name,
        table.strings("images"),
        table.strings("paths"),
        table.strings("registries"),
        table.text("branch"),
        _template(table, "title", TITLE_WORDS),
        _names(table, "labels"),
        _names(table, "assignees"),
        _names(table, "reviewers"),
        _auto_merge(table),
        _schedule(table),
    )
    if not group.images and not group.paths and not group.registries:
        raise table.error("images", f"is missing: group `{name}` would be empty", "give it images, paths or registries")
    _check_paths(table, group)
    _check_branch(table, group, others, prefix)
    return group


def branch_end(group: Group) -> str:
    """Return what follows the prefix in the name of the group's branch."""
    return slug(group.name) if group.branch is None else group.branch


def _check_branch(table: Table, group: Group, others: Sequence[Group], prefix: str) -> None:
    """Refuse what is no branch, what would leave the prefix, and a branch that is another group's.

    A hash would tell two groups apart too, but then a new group would move an old one's pull request.
    """
    end = branch_end(group)
    if "/" in end or not end or not is_branch_name(prefix + end):
        raise table.error("branch", f"is no end of a branch's name: `{end}`", f"it follows `{prefix}` and has no `/`")
    # Some file systems take `A` for `a`.
    taken = {DIGESTS: DIGESTS, PINS: PINS} | {branch_end(other).casefold(): other.name for other in others}
    if end.casefold() in taken:
        owner = taken[end.casefold()]
        raise table.error(
            "branch", f"is taken: `{group.name}` and `{owner}` would share `{prefix}{end}`", "give it another"
        )


def _check_paths(table: Table, group: Group) -> None:
    _, wrong = read_patterns(group.paths)
    if wrong:
        raise table.error("paths", f"has a pattern that is none: `{wrong[0][:100]}`")


def _names(table: Table, key: str) -> tuple[str, ...] | None:
    """Return the labels or people under ``key``; None where it is not there."""
    names = table.strings(key)
    for name in names:
        if not name.strip() or not name.isprintable():
            raise table.error(key, "has an empty name" if not name.strip() else "has a name of more than one line")
    return tuple(dict.fromkeys(names)) if key in table.values else None


def _template(table: Table, key: str, words: Sequence[str]) -> str | None:
    text = table.text(key)
    if text is None:
        return None
    if not text.strip():
        raise table.error(key, "is empty")
    if key == "title" and not text.isprintable():
        raise table.error(key, "must be one line")
    try:
        check_template(text, words)
    except TemplateError as error:
        raise table.error(key, error.message, error.hint) from error
    return text


def _author(table: Table) -> tuple[str, str] | None:
    text = table.text("author")
    if text is None:
        return None
    match = _AUTHOR.fullmatch(text)
    if match is None:
        raise table.error(
            "author", f"is no author: `{text}`", "write a name and an address, as in Ann Lee <ann@example.com>"
        )
    return match["name"], match["email"]


def _auto_merge(table: Table) -> MergeWay | None:
    value = table.values.get("auto-merge")
    if value is None:
        return None
    if value == "on-success":
        return "on-success"
    if not isinstance(value, bool):
        raise table.wrong_type("auto-merge", 'true, false or "on-success"', value)
    return "required" if value else ""


def _max_open(table: Table) -> int | None:
    value = table.values.get("max-open")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise table.wrong_type("max-open", "a whole number", value)
    if value < 1:
        raise table.error("max-open", "must be at least 1", "leave it out for any number")
    return value


def _schedule(table: Table) -> tuple[Window, ...] | None:
    if "schedule" not in table.values:
        return None
    try:
        return tuple(parse_window(text) for text in table.strings("schedule"))
    except ScheduleError as error:
        raise table.error("schedule", error.message, error.hint) from error


def _commits(table: Table) -> CommitWay:
    text = table.text("commits")
    if text is None:
        return "auto"
    if text not in COMMIT_WAYS:
        hint = did_you_mean(text, COMMIT_WAYS) or f"write {', '.join(COMMIT_WAYS[:-1])} or {COMMIT_WAYS[-1]}"
        raise table.error("commits", f"is no way to commit: `{text}`", hint)
    return text
