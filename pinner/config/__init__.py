"""Settings of a run: flags over ``pinner.toml`` or ``[tool.pinner]`` over defaults."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.model import FormatChoice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    from pinner.config.schedule import Window
    from pinner.config.verify import SignaturePolicy
    from pinner.reference import Platform
    from pinner.rules import Level
    from pinner.tags.ranges import Range


class RegistryOptions(NamedTuple):
    """How one registry host (or ``*``, every host not named) is reached."""

    endpoint: str | None = None
    """Ask here instead: scheme, host, port and path prefix, ``https://mirror.example/v2-cache``."""
    plain_http: bool = False
    """Speak HTTP without TLS. Loopback hosts need no asking."""
    ca: str | None = None
    """A PEM file of certificate authorities to trust for this host; absolute by the time it is here."""
    token_server: str | None = None
    """Host, or host and port, of a token server of another domain that may be given the credentials."""
    mirrors: bool | None = None
    """Whether mirrors say what this host's tags mean: no, yes, or (None) those alone whose configuration says so, which
    is registries.conf and not docker's daemon.json."""
    found_in: str | None = None
    """The file that says so, where it lies in the tree: it may not lower the security of
    a login that the user has."""


class Group(NamedTuple):
    """Images whose updates travel together, in one pull request.

    An image belongs to it that fits all of ``images``, ``paths`` and ``registries`` that are given; one fit is enough
    within each. What else is given stands in the place of what ``[bot]`` says; None does not.
    """

    name: str
    images: tuple[str, ...] = ()
    """Globs on canonical names."""
    paths: tuple[str, ...] = ()
    """gitignore patterns on the file's path, relative to the configuration file's folder."""
    registries: tuple[str, ...] = ()
    """Globs on registry hosts: ``ghcr.io``, ``*.gcr.io``."""
    branch: str | None = None
    """What follows the prefix in the branch's name; None for the name's slug."""
    title: str | None = None
    """A template."""
    labels: tuple[str, ...] | None = None
    assignees: tuple[str, ...] | None = None
    reviewers: tuple[str, ...] | None = None
    auto_merge: MergeWay | None = None
    schedule: tuple[Window, ...] | None = None


# As text: nobody needs what typing would make of it.
MergeWay: TypeAlias = "Literal['', 'required', 'on-success']"
"""When a pull request is merged by itself: never, once the checks that its base branch requires have passed, or, where
that requires none, once all there are have succeeded."""
CommitWay: TypeAlias = "Literal['auto', 'api', 'git']"
"""How commits are made: through the forge's API, so that it signs them, or by git; ``auto`` picks."""
COMMIT_WAYS: tuple[CommitWay, ...] = ("auto", "api", "git")


class BotSettings(NamedTuple):
    """How pull requests are made and what they say."""

    branch_prefix: str = "pinner/"
    """Every branch starts with it, and what starts with it is the bot's."""
    base: str | None = None
    """The branch to propose to; None for the repository's default branch."""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    title: str | None = None
    """A template; None for a title that says what happens."""
    commit_message: str | None = None
    """A template, without trailers; None for the title and a line for each image."""
    author: tuple[str, str] | None = None
    """Name and e-mail of who commits; None for pinner, at an address of the forge that is nobody's."""
    sign_off: bool = False
    """Add a ``Signed-off-by`` of the author."""
    auto_merge: MergeWay = ""
    max_open: int | None = None
    """How many pull requests may be open at once; None for any number."""
    schedule: tuple[Window, ...] = ()
    """When new pull requests may be opened; empty for always."""
    commits: CommitWay = "auto"


TagLevel: TypeAlias = "Literal['none', 'patch', 'minor', 'major']"
"""How great a step a tag may be raised by."""


class UpdateRules(NamedTuple):
    """How far tags are raised, as one table says it; None is said nowhere in it."""

    tags: TagLevel | None = None
    variant: str | None = None
    """``keep``, or ``follow``: whether the number of the base may move, as in ``-alpine3.22``."""
    pre: bool | None = None
    """Whether a stable version may become a pre-release."""
    min_age: float | None = None
    """Seconds for which pinner must have known a tag and its digest before it is proposed."""
    allow: Range | None = None
    ignore: tuple[Range, ...] | None = None
    track: str | None = None
    """``any`` lifts the rule of long-term lines, ``interim`` that of Ubuntu's; any other word is a floating tag."""

    def under(self, other: UpdateRules) -> UpdateRules:
        """Return these rules with what ``other`` says, which is more exact, in their place."""
        return self._replace(**{name: new for name, new in other._asdict().items() if new is not None})


class UpdateSettings(NamedTuple):
    """What raises tags, and how far."""

    rules: UpdateRules = UpdateRules()
    """For every image."""
    images: tuple[tuple[str, UpdateRules], ...] = ()
    """By the pattern of the images that they are for."""
    given: tuple[tuple[str, UpdateRules], ...] = ()
    """The same, from the command line."""

    @property
    def counts_ages(self) -> bool:
        """Tell whether it counts for how long a tag has been known."""
        return any(rules.min_age is not None for rules in (self.rules, *(one for _, one in self.images)))

    @property
    def is_on(self) -> bool:
        """Tell whether a tag may be raised at all."""
        return any(rules.tags not in (None, "none") for rules in (self.rules, *(one for _, one in self.images)))


class Override(NamedTuple):
    """Severities for some files: one ``[[override]]``."""

    paths: tuple[str, ...]
    """gitignore patterns, relative to the configuration file's folder."""
    rules: Mapping[str, Level]
    """By rule id."""


class Settings(NamedTuple):
    """Everything a run depends on, but for its command's own options."""

    exclude: tuple[str, ...] = ()
    """gitignore patterns, relative to ``root``."""
    root: str | None = None
    """The folder of the configuration file, absolute; None where there is no such file."""
    images_exclude: tuple[str, ...] = ()
    """Globs on canonical names without the tag: such images are left alone."""
    platforms: tuple[Platform, ...] = ()
    """The platforms that a pin must serve."""
    min_age: float | None = None
    """Seconds for which a digest must have been known before it is proposed."""
    rules: Mapping[str, Level] = MappingProxyType({})
    """Severities that differ from the rules' defaults, by rule id."""
    overrides: tuple[Override, ...] = ()
    """In the file's order: of those that fit a file the last wins."""
    is_strict: bool = False
    """Whether the path of a file makes no difference: every image has to be held to a digest."""
    registries: Mapping[str, RegistryOptions] = MappingProxyType({})
    """By host, ``*`` for the rest."""
    platform: Platform | None = None
    """Pin this platform's manifest and not the index."""
    layout: str | None = None
    """An OCI layout that answers in the registries' place."""
    offline: bool = False
    jobs: int | None = None
    """How many requests a host gets at once; None for the default."""
    use_cache: bool = True
    timeout: float | None = None
    """Seconds for all questions together; None for as long as each takes."""
    bot: BotSettings = BotSettings()
    groups: tuple[Group, ...] = ()
    """In the file's order: the first that fits an image has it."""
    update: UpdateSettings = UpdateSettings()
    formats: FormatChoice = FormatChoice()
    """Which formats are read, and what is looked for in them."""
    verify: tuple[SignaturePolicy, ...] = ()
    """Who may sign which images, in the file's order: the first that fits an image has it."""
    notes: tuple[str, ...] = ()
    """What in the file may not be meant as it is written."""
    source: str | None = None
    """The configuration file that was read, for messages."""

    @property
    def counts_ages(self) -> bool:
        """Tell whether it counts for how long something has been known."""
        return self.min_age is not None or self.update.counts_ages
