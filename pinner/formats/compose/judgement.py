"""Whether an image that compose fills variables into can be pinned: its last character must be text of this file."""

from __future__ import annotations

from pinner.errors import InvalidReferenceError
from pinner.formats.interpolation import InvalidTemplateError, expand
from pinner.lean import TYPE_CHECKING
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from pinner.formats.interpolation import Expansion, Variable
    from pinner.formats.yamlnodes.references import Use
    from pinner.formats.yamlnodes.text import SourceText
    from pinner.model import Place, SkipReason


def judge(use: Use, text: SourceText) -> Place:
    """Return what ``text``, not yet interpolated, is at ``use``: a mention, or a skip with the reason."""
    try:
        expansion = expand(text)
    except InvalidTemplateError as error:
        return use.skip(str(text), "invalid-reference", f"compose cannot fill it in: {error}")
    if not expansion.variables:
        return use.judge(expansion.text)
    return _judge_missing(use, expansion) or _judge_defaults(use, expansion)


def shown(text: SourceText | None) -> str:
    """Return what compose makes of ``text``, for people and for comparisons; a variable without a value as written."""
    if text is None or b"$" not in text.data:
        return str(text or "")
    try:
        return expand(text).display()
    except InvalidTemplateError:
        return str(text)


def _judge_missing(use: Use, expansion: Expansion) -> Place | None:
    """Return the skip of a text with a variable that has no default; None where all have one."""
    data = expansion.text.data
    missing = next((variable for variable in expansion.variables if not variable.has_default), None)
    if missing is None:
        return None
    origin = "must be given" if "?" in missing.operator else "has no default here"
    detail = f"`{missing.name}` {origin}: its value comes from the environment or the .env file"
    if missing.start == len(data) or _tail(expansion):
        return use.skip(expansion.display(), "no-default", detail)
    reason: SkipReason = "interpolated-tag" if missing.end > _tag_colon(data) >= 0 else "interpolated-name"
    return use.skip(expansion.display(), reason, detail)


def _judge_defaults(use: Use, expansion: Expansion) -> Place:
    data = expansion.text.data
    shown_text = expansion.display()
    tail = _tail(expansion)
    after = [variable for variable in expansion.variables if variable.start == len(data)]
    if after:
        if not _is_reference(shown_text):
            return use.skip(shown_text, "no-default", f"`{after[0].name}` is empty unless it is given")
        return use.skip(shown_text, "interpolated-tag", f"`{after[0].name}` may add to the tag after a digest")
    if b"@" in data:
        return use.judge(expansion.text, _names(tail))
    colon = _tag_colon(data)
    in_tag = [variable for variable in expansion.variables if variable not in tail and variable.end > colon >= 0]
    if in_tag:
        detail = f"with a digest, another `{in_tag[0].name}` would be ignored without a word"
        return use.skip(shown_text, "interpolated-tag", detail)
    if not tail:
        detail = f"the digest would belong to one value of `{expansion.variables[0].name}` only"
        return use.skip(shown_text, "interpolated-name", detail)
    return use.judge(expansion.text, _names(tail))


def _tail(expansion: Expansion) -> list[Variable]:
    """Return the variables in whose defaults the last character stands, outermost first."""
    end = len(expansion.text.data)
    return [variable for variable in expansion.variables if variable.start < variable.end == end]


def _names(variables: list[Variable]) -> tuple[str, ...]:
    return tuple(f"${{{variable.name}}}" for variable in variables)


def _tag_colon(data: bytes) -> int:
    """Return the position of the colon before the tag, -1 where there is none."""
    return data.find(b":", data.rfind(b"/") + 1)


def _is_reference(text: str) -> bool:
    try:
        ImageReference.parse(text)
    except InvalidReferenceError:
        return False
    return True
