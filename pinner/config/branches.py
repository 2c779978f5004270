"""Names of branches made from names of groups: valid for git, apart from each other, and inside the prefix."""

from __future__ import annotations

import hashlib
import re
import unicodedata

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
