"""Instruction validation: what BuildKit refuses."""

from __future__ import annotations

from pinner.formats.dockerfile.arguments import arguments_start, read_array, read_words
from pinner.formats.dockerfile.references import is_template
from pinner.formats.dockerfile.source import WORD, decoded, skip_space, trimmed_end

VALUES = frozenset(("ENV", "LABEL"))
"""The instructions that take names and values."""
ARRAYS = frozenset(("ADD", "CMD", "COPY", "ENTRYPOINT", "HEALTHCHECK", "RUN", "SHELL", "VOLUME"))
"""The instructions that may have their arguments in JSON."""


def find_refusal(name: str, text: str, escape: str) -> str:
    """Tell why BuildKit refuses the instruction ``name`` whose logical line is ``text``; empty where it does not.

    Says nothing of a line that a template engine has yet to write.
    """
    text = text[: trimmed_end(text)]
    start = arguments_start(text, 0, escape)
    # A chain of these is as long as its line: nothing may be copied at each.
    while name == "ONBUILD":
        trigger = WORD.match(text, start)
        name = trigger.group().upper() if trigger else ""
        start = arguments_start(text, start, escape)
    arguments = text[start:]
    if name == "HEALTHCHECK":
        # The array comes after `CMD`, which has no flags.
        kind = WORD.match(arguments)
        arguments = arguments[skip_space(arguments, kind.end()) :] if kind else ""
    if name in VALUES:
        detail = _values_problem(name, arguments, escape)
    elif name in ARRAYS and not all(isinstance(value, str) for value in read_array(arguments) or ()):
        detail = f"the JSON array of {name} holds something that is no string"
    else:
        return ""
    return "" if is_template(arguments) else detail


def _values_problem(name: str, arguments: str, escape: str) -> str:
    """``parseNameVal``: ``NAME VALUE``, or ``NAME=VALUE`` any number of times."""
    words = [arguments[start:end] for start, end in read_words(arguments, 0, escape)]
    if not words:
        return f"{name} takes a name and a value"
    if "=" not in words[0]:
        first = WORD.match(arguments)
        return f"{name} takes a name and a value" if first and first.end() == len(arguments) else ""
    for word in words:
        if "=" not in word:
            return f"`{decoded(word)[:100]}` has no = and no value"
    return ""
