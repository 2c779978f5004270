"""Templates of titles and commit messages: text with a few named placeholders, and nothing else.

``{name}`` stands for a value, ``{{`` and ``}}`` for the braces. Not `str.format`: that reads attributes and items of
what it is given, and pads to gigabytes where it is told to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.errors import PinnerError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TITLE_WORDS = ("summary", "group", "count", "images", "image")
"""The placeholders of a title."""
MESSAGE_WORDS = ("title", "changes", *TITLE_WORDS)
"""The placeholders of a commit message."""
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<word>[^{}]*)\}|(?P<stray>[{}])")


class TemplateError(PinnerError):
    """A template with a placeholder that there is not, or a brace that closes nothing."""


def check_template(template: str, words: Collection[str]) -> None:
    """Raise `TemplateError` where ``template`` has a placeholder that is not among ``words``, or a lone brace."""
    for piece in _PIECE.finditer(template):
        word = piece["word"]
        if piece["stray"]:
            raise TemplateError(f"has a lone `{piece['stray']}`", hint="write `{{` and `}}` for braces that stay")
        if word is not None and word not in words:
            known = ", ".join(f"{{{name}}}" for name in words)
            raise TemplateError(
                f"has an unknown placeholder `{{{word}}}`",
                hint=did_you_mean(word, words) or f"the placeholders here are {known}",
            )


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Return ``template`` with each placeholder replaced by its value, once: values may hold braces themselves.

    Raises `TemplateError` as `check_template` does.
    """
    check_template(template, tuple(values))
    return _PIECE.sub(lambda piece: values[piece["word"]] if piece["word"] is not None else piece[0][0], template)
