"""Escapes of control characters in text that is not pinner's own.

File names, references, texts from files and the words of registries may hold anything. All of pinner's output goes
through `escaped`, at the one place where it is written.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Literal, TypeAlias

    Form: TypeAlias = Literal["text", "commands", "json", "xml"]

# C0, DEL and C1 controls speak to the terminal (the latter also as single bytes, which file names bring as surrogates);
# marks, embeddings, overrides and isolates show text in another order (Unicode, UAX #9); LINE SEPARATOR and its like
# end a line for some. Texts, since compiling them takes longer than all that a check says, and hardly any run needs it.
_UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\udc80-\udc9f]"
_UNSAFE_BUT_COLORS = rf"\x1b\[(?:0|1|2|31|32|33|36|1;31|1;33|1;36)m|{_UNSAFE}"
# GitHub takes a line for a command that begins with `::` after blanks; Azure Pipelines, GitHub's older form and
# TeamCity take theirs anywhere in a line.
_FIRST_COLON = r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)"
_HASH = r"#(?=#(?:[a-z]*\[))"
_FORMS: Mapping[str, Form] = {
    "json": "json",
    "jsonl": "json",
    "sarif": "json",
    "gitlab": "json",
    "rdjsonl": "json",
    "junit": "xml",
}
_WORDS: Mapping[str, Callable[[str], str]] = {
    "json": lambda character: f"\\u{ord(character):04x}",
    "xml": lambda character: f"&#{ord(character)};",
}


def form_of(format_: str) -> Form:
    """Return how the output format ``format_`` spells a character that it must not hold as it is."""
    if format_ == "github":
        return "commands"
    return _FORMS.get(format_, "text")


def printable(text: str) -> str:
    """Return ``text`` with control characters and what changes its direction spelled out."""
    return text if text.isprintable() else re.sub(_UNSAFE, lambda match: _spelled(match[0]), text)


def escaped(lines: Iterable[str], form: Form = "text", *, color: bool = False) -> Iterator[str]:
    r"""Yield ``lines`` such that neither a terminal nor a CI runner takes any of them for more than text.

    ``form`` says how: "text" spells out (an escape character as ``\x1b``); "commands" is the same for lines that are
    commands on purpose; "json" (YAML's double-quoted texts too) and "xml" use the escapes of these, so that values stay
    what they are. With ``color``, pinner's own colours stay.
    """
    if form in _WORDS:
        spell, unsafe = _WORDS[form], _UNSAFE
        # A document comes as one piece: its own line ends are no foreign text.
        return ("\n".join(_quoted(part, unsafe, spell) for part in line.split("\n")) for line in lines)
    return (_line(line, commands=form == "commands", color=color) for line in lines)


def _line(line: str, *, commands: bool, color: bool) -> str:
    if not line.isprintable():
        pattern = _UNSAFE_BUT_COLORS if color else _UNSAFE
        line = re.sub(pattern, lambda match: match[0] if len(match[0]) > 1 else _spelled(match[0]), line)
    if "##" in line:
        line = re.sub(_HASH, r"\\x23", line, flags=re.IGNORECASE)
    return re.sub(_FIRST_COLON, r"\1\\x3a", line) if "::" in line and not commands else line


def _quoted(line: str, unsafe: str, spell: Callable[[str], str]) -> str:
    if not line.isprintable():
        line = re.sub(unsafe, lambda match: spell(match[0]), line)
    return re.sub(_HASH, lambda match: spell(match[0]), line, flags=re.IGNORECASE) if "##" in line else line


def is_command(line: bytes) -> bool:
    """Tell whether a CI runner would take ``line``, which cannot be changed, for a command."""
    return re.search(rb"^\s*::|##[a-z]*\[", line, re.IGNORECASE) is not None


def _spelled(character: str) -> str:
    code = ord(character)
    # A byte that is no UTF-8 is shown as the byte.
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else character.encode("unicode_escape").decode("ascii")  # noqa: PLR2004 - PEP 383
