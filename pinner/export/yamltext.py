"""Scalars of the YAML that pinner writes itself: as people write them where that is safe, else in quotes."""

from __future__ import annotations

import json
import re

# Starts with a letter, so no number, date or indicator; a colon is followed by something, so no key.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./@-]|:(?!$))*")
# yaml.org/type/bool.html and null.html: what YAML 1.1 readers, go-yaml among them, take for something else.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


def scalar(text: str) -> str:
    """Return ``text`` as a YAML scalar that every reader takes for this very string."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
