"""What BuildKit takes for white space, comments and continuations, on the latin-1 view (one character is one byte).

BuildKit (written in Go) asks ``unicode.IsSpace`` of UTF-8 text where it trims lines, and has an ASCII-only pattern
where it splits words: the two are kept apart here.
"""

from __future__ import annotations

import re

BLANKS = " \t\n\v\f\r"
"""What ``reWhitespace`` (parser/parser.go) splits words at; the newline only occurs in text from elsewhere."""

BOM = "\xef\xbb\xbf"

# The UTF-8 bytes of U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000.
_WIDE = "\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
_SPACES = re.compile(f"(?:[ \t\n\v\f\r]|{_WIDE})*")
_WIDE_SPACE = re.compile(_WIDE)
WORD = re.compile(r"[^ \t\n\v\f\r]+")


def skip_space(text: str, start: int = 0) -> int:
    """Return the index of the first character from ``start`` on that is no space to ``unicode.IsSpace``."""
    if "!" <= text[start : start + 1] <= "~":
        return start
    return _SPACES.match(text, start).end()  # type: ignore[union-attr] # matches the empty text everywhere


def trimmed_end(text: str) -> int:
    """Return the index after the last character of ``text`` that is no space to ``unicode.IsSpace``."""
    end = len(text)
    if "!" <= text[-1:] <= "~":
        return end
    while end:
        if text[end - 1] in BLANKS:
            end -= 1
        elif text[end - 1] < "\x80":
            break
        elif _WIDE_SPACE.fullmatch(text, end - 3, end):
            end -= 3
        elif _WIDE_SPACE.fullmatch(text, end - 2, end):
            end -= 2
        else:
            break
    return max(end, 0)


def is_comment(line: str) -> bool:
    """Tell whether ``line`` is blank or a comment: neither ends a continuation."""
    begin = skip_space(line)
    return begin == len(line) or line[begin] == "#"


def continuation(line: str, escape: str) -> int:
    """Return where ``line`` is cut if it goes on in the next one, else -1 (``lineContinuationRegex``, parser.go).

    A doubled escape at the end of a line is no continuation, and neither is a tripled one.
    """
    body = line.rstrip(" \t")
    if body[-1:] == escape and body[-2:-1] != escape:
        return len(body) - 1
    return -1


def decoded(text: str) -> str:
    """Return the characters that the bytes of ``text`` spell; what is not UTF-8 becomes U+FFFD."""
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")
