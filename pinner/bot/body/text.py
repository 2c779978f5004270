"""Foreign text in Markdown: whatever a registry, a label or a path says, it stays text.

It goes into code spans, in which no forge looks for mentions, issues, commits, links, images, emphasis or HTML: their
filters work on what was rendered, so that escapes and entities do not help against them. Source: GitHub's html-pipeline
(``IGNORE_PARENTS``: pre, code, a), GitLab's reference filters and Gitea's ``postProcess`` leave code alone alike.
"""

from __future__ import annotations

import re
import unicodedata

_MOST = 80
# Controls, formats (bidirectional marks, zero widths, tags), surrogates, private use and what is not assigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MOST_MARKS = 2
_MARKS = frozenset({"Mn", "Me"})
# Words, small numbers and dates, and what stands between them in a sentence: nothing here can become a link.
_WORD = r"(?:[A-Za-z]{1,20}|[0-9]{1,4}|[0-9]{4}-[0-9]{2}-[0-9]{2})"
_SENTENCE = re.compile(rf"{_WORD}(?:[,;:]? {_WORD})*")


def clean(text: str, most: int = _MOST) -> str:
    """Return ``text`` as one line of at most ``most`` characters, without what cannot be seen."""
    kept: list[str] = []
    marks = 0
    # Of something endless only the beginning is looked at.
    for character in text[: most * 8]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if category in _UNSEEN or marks > _MOST_MARKS:
            character = " " if character in "\t\n\r\v\f\x85\u2028\u2029" else ""  # noqa: PLW2901 - the same, made harmless
        kept.append(character)
    line = " ".join("".join(kept).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def code(text: str, most: int = _MOST) -> str:
    """Return ``text`` as a code span that holds in a table as well; nothing for nothing.

    A backtick would end the span, a bar the cell (GFM, tables: before anything else is looked at), and a comment's
    beginning might be taken for the marker's.
    """
    line = clean(text, most).replace("`", "'").replace("|", "¦").replace("<!--", "<!- -")
    return f"`{line}`" if line else ""


def prose(text: str, most: int = 200) -> str:
    """Return ``text`` as it is where it is a plain sentence, and as a code span where it may be more."""
    line = clean(text, most)
    return line if _SENTENCE.fullmatch(line) else code(line, most)
