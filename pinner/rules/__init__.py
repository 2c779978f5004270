"""Rule table of ``check``: ids, names and default severities (a contract, see docs and README)."""

from __future__ import annotations

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


UNPINNED = Rule("PIN001", "unpinned", "error", "the reference has no digest")
NO_TAG = Rule("PIN002", "no-tag-beside-digest", "note", "a digest without the tag it was taken from")
CANNOT_PIN = Rule("PIN003", "cannot-pin", "warning", "a reference that a person has to mend before it can be pinned")
LOCK_MISMATCH = Rule("PIN004", "lock-mismatch", "error", "the file and pinner.lock disagree", "lock")
PARSE_ERROR = Rule("PIN005", "parse-error", "warning", "a file, or a part of it, that cannot be read as its format")
UNKNOWN = Rule("PIN006", "unknown", "note", "something outside of the repository decides what the image is")
MALFORMED = Rule("PIN007", "malformed", "error", "a text with a digest that nothing can pull")
UNUSED_IGNORE = Rule("PIN008", "unused-ignore", "warning", "a comment that silences nothing")
VOID_DIGEST = Rule("PIN009", "void-digest", "error", "a digest that an overlay, an argument or an override drops")
BUILT_WITH_DIGEST = Rule("PIN010", "built-with-digest", "error", "a name that is built here holds a digest")
STALE = Rule("PIN101", "stale", "warning", "the tag means another digest by now", "online")
GONE = Rule("PIN102", "gone", "error", "the digest is no longer served", "online")
WRONG_KIND = Rule("PIN103", "wrong-kind", "warning", "a digest of another kind than a pin should have", "online")
MISSING_PLATFORM = Rule("PIN104", "missing-platform", "error", "the image lacks a required platform", "online")
TAG_MISMATCH = Rule("PIN105", "tag-mismatch", "error", "the digest never belonged to that repository", "online")
TAG_GONE = Rule("PIN111", "tag-gone", "warning", "the tag is no longer served, its digest still is", "online")

RULES = (
    *(UNPINNED, NO_TAG, CANNOT_PIN, LOCK_MISMATCH, PARSE_ERROR),
    *(UNKNOWN, MALFORMED, UNUSED_IGNORE, VOID_DIGEST, BUILT_WITH_DIGEST),
    *(STALE, GONE, WRONG_KIND, MISSING_PLATFORM, TAG_MISMATCH, TAG_GONE),
)
"""In the order of their ids."""
BY_ID = {rule.id: rule for rule in RULES}
IDS = tuple(BY_ID)
ONLINE = tuple(rule for rule in RULES if rule.needs == "online")
"""Those that registries are asked for."""


def by_id(id_: str) -> Rule:
    """Return the rule with this id."""
    return BY_ID[id_]
