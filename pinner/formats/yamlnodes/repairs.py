"""What ruamel.yaml's pure scanner refuses although it is valid, written as it takes it: as long, and no less."""

from __future__ import annotations

import re

# Whitespace at the start of a line is indentation, also after `- `, `? ` and `: `: there a tab is an error in YAML,
# unless nothing but a comment follows.
_INDENTATION = re.compile(r"(?m)^[ \t]*+(?:(?:[-?:][ \t]++)++(?P<comment>#)?)?")
# A block scalar's header, its first lines where they are blank, and the blanks of the first that is not.
_BLOCK = re.compile(
    r"(?m)(?P<header>(?:^|[:\-?][ ]+|[!&][^\s]*[ ]+)[|>][+\-]?(?:[ ]+\#[^\r\n]*)?)[ ]*(?P<break>\r?\n)"
    r"(?P<blanks>(?:[ ]*\r?\n)+)(?P<margin>[ ]*)"
)
_BLANKS = re.compile(" +")


def spaces_for_tabs(text: str) -> str:
    """Return shadow ``text`` with tabs that only separate replaced by spaces: ``key:<tab>value``, ``value<tab># c``."""
    if "\t" not in text:
        return text
    parts: list[str] = []
    position = 0
    for match in _INDENTATION.finditer(text):
        kept = match[0].replace("\t", " ") if match["comment"] else match[0]
        parts += (text[position : match.start()].replace("\t", " "), kept)
        position = match.end()
    return "".join((*parts, text[position:].replace("\t", " ")))


def without_blanks_in_blocks(text: str) -> str:
    """Return shadow ``text`` with the blanks of a block scalar's first, blank lines moved behind its header.

    They are indentation, and say nothing where they are no more than that of the text (YAML 1.2.2, section 8.1.1.1).
    """
    return _BLOCK.sub(_moved, text)


def _moved(match: re.Match[str]) -> str:
    blanks = match["blanks"]
    if any(len(run) > len(match["margin"]) for run in _BLANKS.findall(blanks)):
        return match[0]
    kept = _BLANKS.sub("", blanks)
    head = match["header"]
    fill = " " * (len(match[0]) - len(head) - len(match["break"]) - len(kept) - len(match["margin"]))
    return head + fill + match["break"] + kept + match["margin"]
