"""Rule table of ``check``: ids, names and default severities (a contract), from one file a rule.

A rule is Markdown, not Python: a check reads the heads of the files in a third of a millisecond, and importing as many
modules would take it six.
"""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

# As text: nobody needs what typing would make of it.
Severity: TypeAlias = "Literal['error', 'warning', 'note']"
Level: TypeAlias = "Literal['error', 'warning', 'note', 'off']"
Need: TypeAlias = "Literal['', 'lock', 'online']"

SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")
"""From the mildest to the gravest."""
LEVELS: tuple[Level, ...] = ("error", "warning", "note", "off")
"""What a rule can be set to."""

PAGES = "https://github.com/pinner-dev/pinner/blob/main/docs/rules"
"""Where the pages of the rules are to be read: below the project's home (pyproject.toml, ``Source``)."""


class Rule(NamedTuple):
    """One thing that can be wrong with a reference."""

    id: str
    name: str
    severity: Severity
    summary: str
    needs: Need = ""
    """What it takes to tell, beside the file: pinner.lock, or registries that answer."""

    def __reduce__(self) -> tuple[object, ...]:
        """Keep a rule one and the same on its way from another process."""
        return by_id, (self.id,)

    @property
    def page(self) -> str:
        """The address of the page that explains the rule."""
        return f"{PAGES}/{self.id}.md"


_FOLDER = os.path.dirname(__file__)
_HEAD = 512
"""Bytes of a file in which all stands that a check has to know of a rule."""
_SEVERITIES: dict[str, Severity] = {severity: severity for severity in SEVERITIES}
_NEEDS: dict[str, Need] = {"": "", "lock": "lock", "online": "online"}


def _heads() -> list[tuple[str, bytes]]:
    """Return the names and beginnings of the files of rules."""
    try:
        names = [name for name in os.listdir(_FOLDER) if name.startswith("PIN")]
    except OSError:  # in an archive
        from importlib.resources import files  # noqa: PLC0415 - slow, and hardly ever needed

        found = [file for file in files(__name__).iterdir() if file.name.startswith("PIN")]
        return [(file.name, file.read_bytes()[:_HEAD]) for file in found]
    return [(name, _head(os.path.join(_FOLDER, name))) for name in names]


def _head(file: str) -> bytes:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return os.read(descriptor, _HEAD)
    finally:
        os.close(descriptor)


def _rule(name: str, head: bytes) -> Rule:
    """Return the rule in the file ``name``: what stands between the first lines of dashes."""
    _, *lines = head.decode("utf-8", "replace").splitlines()
    fields = dict([line.partition(": ")[::2] for line in lines[: lines.index("---")]])
    severity, needs = _SEVERITIES[fields["severity"]], _NEEDS[fields.get("needs", "")]
    return Rule(name.removesuffix(".md"), fields["name"], severity, fields["summary"], needs)


RULES = tuple([_rule(*one) for one in sorted(_heads())])
"""In the order of their ids."""
BY_ID = {rule.id: rule for rule in RULES}
IDS = tuple(BY_ID)
TAG_RULES = tuple(rule for rule in RULES if rule.id in ("PIN109", "PIN110"))
"""Those that lists of tags are read for."""
ONLINE = tuple(rule for rule in RULES if rule.needs == "online" and rule not in TAG_RULES)
"""Those that registries are asked about digests for."""

# The names that code calls them by.
UNPINNED = BY_ID["PIN001"]
NO_TAG = BY_ID["PIN002"]
CANNOT_PIN = BY_ID["PIN003"]
LOCK_MISMATCH = BY_ID["PIN004"]
PARSE_ERROR = BY_ID["PIN005"]
UNKNOWN = BY_ID["PIN006"]
MALFORMED = BY_ID["PIN007"]
UNUSED_IGNORE = BY_ID["PIN008"]
VOID_DIGEST = BY_ID["PIN009"]
BUILT_WITH_DIGEST = BY_ID["PIN010"]
STALE = BY_ID["PIN101"]
GONE = BY_ID["PIN102"]
WRONG_KIND = BY_ID["PIN103"]
MISSING_PLATFORM = BY_ID["PIN104"]
TAG_MISMATCH = BY_ID["PIN105"]
UNSIGNED = BY_ID["PIN106"]
SIGNATURE_INVALID = BY_ID["PIN107"]
SIGNER_CHANGED = BY_ID["PIN108"]
NEWER_TAG = BY_ID["PIN109"]
VARIANT_ENDED = BY_ID["PIN110"]
TAG_GONE = BY_ID["PIN111"]


def explanation(rule: Rule) -> str:
    """Return what the file of ``rule`` says after its head, in Markdown: what, why, how to mend, when to silence."""
    with open(os.path.join(_FOLDER, f"{rule.id}.md"), encoding="utf-8") as file:
        return file.read().split("---\n", 2)[2].strip()


def rule_hint(word: str, *, names: bool = False) -> str:
    """Return the hint for one who calls a rule ``word``: which was meant, or which there are.

    A number with other zeros is that rule: two rules of one prefix are no nearer to it than the others. ``names`` tells
    whether a rule's name is taken as well as its id.
    """
    from pinner.errors import did_you_mean  # noqa: PLC0415 - only a mistake needs it

    number = word.upper().removeprefix("PIN").lstrip("-0")
    meant = f"PIN{number.rjust(3, '0')}" if number.isascii() and number.isdecimal() else ""
    by_name = {rule.name: rule.id for rule in RULES}
    if meant in BY_ID:
        return f"did you mean `{meant}`?"
    if not names and word.lower() in by_name:
        return f"did you mean `{by_name[word.lower()]}`?"
    # An id is like every other; a name that is like a word is meant.
    guess = did_you_mean(word.lower(), by_name) if names and not number.isdecimal() else None
    return guess or f"the rules are {', '.join(IDS)}"


def by_id(id_: str) -> Rule:
    """Return the rule with this id."""
    return BY_ID[id_]
