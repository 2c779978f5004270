"""JSON form of findings and facts, for the record of checked files.

A named tuple is a list that begins with the name of its class, a rule its id. What was written by somebody else, or by
another version, is a `ValueError`.
"""

from __future__ import annotations

import json

from pinner._typing import TYPE_CHECKING
from pinner.checks.file import Counts, Judged
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
from pinner.model import Occurrence, SkippedOccurrence, Span
from pinner.reference import Digest, ImageReference
from pinner.rules import BY_ID, Rule

if TYPE_CHECKING:
    from typing import Any

_RULE, _TUPLE, _SET = "Rule", "tuple", "frozenset"
_TYPES: dict[str, Any] = {
    type_.__name__: type_
    for type_ in (
        *(Counts, Judged, Finding, PragmaProblem, Occurrence, SkippedOccurrence, Span, Digest, ImageReference),
        *(Built, ImageRule, ImageTransformer, Kustomization, Argument, ComposeBuild, ComposeFile, ComposeService),
        *(ComposeInclude, EnvironmentFile, EnvironmentVariable, VariableRead),
        *(Chart, TagRead),
        *(HclDefinition, HclModule, HclPart, HclRead, HclText, HclUse, UnitImage),
    )
}


def encode(value: object) -> str:
    """Return ``value``, of the types above and tuples, texts, numbers and None, as one line of ASCII."""
    return json.dumps(_plain(value), separators=(",", ":"))


def decode(text: str) -> Any:  # noqa: ANN401 - whoever wrote it knows what it is
    """Return what `encode` made ``text`` of; raises `ValueError` for any other text."""
    try:
        return _made(json.loads(text))
    except (TypeError, LookupError, RecursionError) as error:
        raise ValueError(text[:100]) from error


def _plain(value: object) -> object:
    if isinstance(value, Rule):
        return [_RULE, value.id]
    if isinstance(value, tuple):
        return [type(value).__name__, *map(_plain, value)]
    return [_SET, *sorted(value)] if isinstance(value, frozenset) else value


def _made(value: Any) -> Any:  # noqa: ANN401 - as above
    if type(value) is not list:
        return value
    name, *fields = value
    if name == _RULE:
        return BY_ID[fields[0]]
    if name == _SET:
        return frozenset(fields)
    made = tuple(map(_made, fields))
    return made if name == _TUPLE else _TYPES[name](*made)
