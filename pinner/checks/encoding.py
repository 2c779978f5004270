"""JSON form of findings and facts, for the record of checked files.

A named tuple is a list that begins with the name of its class, a rule its id. What was written by somebody else, or by
another version, is a `ValueError`.
"""

from __future__ import annotations

import json

from pinner._typing import TYPE_CHECKING
from pinner.checks.one_file import Counts, Judged
from pinner.findings import Finding
from pinner.formats.pragmas import PragmaProblem
from pinner.link.facts import (
    Argument,
    Built,
    Chart,
    ComposeBuild,
    ComposeFile,
    ComposeInclude,
    ComposeService,
    EnvironmentFile,
    EnvironmentVariable,
    HclDefinition,
    HclModule,
    HclPart,
    HclRead,
    HclText,
    HclUse,
    ImageRule,
    ImageTransformer,
    Kustomization,
    TagRead,
    UnitImage,
    VariableRead,
)
from pinner.model import Occurrence, SkippedOccurrence, Span, TagPart
from pinner.reference import Digest, ImageReference
from pinner.rules import BY_ID, Rule

if TYPE_CHECKING:
    from typing import Any

# Without a look for blanks around.
_decoder = json.JSONDecoder()
_LEAVES = (str, int, type(None), bool)
_RULE, _TUPLE, _SET = "Rule", "tuple", "frozenset"
_TYPES: dict[str, Any] = {
    type_.__name__: type_
    for type_ in (
        *(Counts, Judged, Finding, PragmaProblem, Occurrence, SkippedOccurrence, Span, TagPart, Digest),
        *(Built, ImageRule, ImageTransformer, Kustomization, Argument, ComposeBuild, ComposeFile, ComposeService),
        *(ComposeInclude, EnvironmentFile, EnvironmentVariable, VariableRead),
        *(Chart, ImageReference, TagRead),
        *(HclDefinition, HclModule, HclPart, HclRead, HclText, HclUse, UnitImage),
    )
}


def encode(value: object) -> str:
    """Return ``value``, of the types above and tuples, texts, numbers and None, as one line of ASCII."""
    return to_json(to_lists(value))


def to_json(value: object) -> str:
    """Return the JSON ``value``, lists and leaves, as one line of ASCII."""
    return json.dumps(value, separators=(",", ":"))


def from_json(text: str) -> Any:  # noqa: ANN401 - whoever wrote it knows what it is
    """Return the JSON value that `to_json` made ``text`` of; raises `ValueError` for any other text."""
    value, end = _decoder.raw_decode(text)
    if end != len(text):
        raise ValueError(text[:100])
    return value


def decode(text: str) -> Any:  # noqa: ANN401 - whoever wrote it knows what it is
    """Return what `encode` made ``text`` of; raises `ValueError` for any other text."""
    try:
        value = from_json(text)
        return from_lists(value) if type(value) is list else value
    except (TypeError, LookupError, RecursionError) as error:
        raise ValueError(text[:100]) from error


def to_lists(value: object) -> object:
    """Return ``value``, of the types above, as lists and leaves."""
    if isinstance(value, Rule):
        return [_RULE, value.id]
    if isinstance(value, tuple):
        # What a field holds by default is not written at the end: of an image that is half.
        fields, defaults = list(value), getattr(value, "_field_defaults", None)
        if defaults:
            names = [*value._fields]  # type: ignore[attr-defined]  # a named tuple
            while names and names[-1] in defaults and _is_default(fields[-1], defaults[names[-1]]):
                del names[-1], fields[-1]
        return [type(value).__name__, *(field if type(field) in _LEAVES else to_lists(field) for field in fields)]
    return [_SET, *sorted(value)] if isinstance(value, frozenset) else value


def _is_default(value: object, default: object) -> bool:
    """Tell whether ``value`` is ``default``: of 0 and False, which are equal, one is."""
    return type(value) is type(default) and value == default


def from_lists(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return what the list ``value`` stands for: a record has tens of thousands of them.

    Raises `TypeError` and `LookupError` where it is no list of `to_lists`.
    """
    name = value[0]
    if len(value) == 1 and name == _TUPLE:  # a third of them
        return ()
    fields = [from_lists(field) if type(field) is list else field for field in value[1:]]
    if name == _TUPLE:
        return tuple(fields)
    if name == _RULE:
        return BY_ID[fields[0]]
    return frozenset(fields) if name == _SET else _TYPES[name](*fields)
