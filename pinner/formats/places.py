"""User places format: images where the configuration says that they stand, by a path or by a regular expression."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pinner.formats.ci.extract import Extraction
from pinner.formats.ci.position_types import Dialect, Position
from pinner.formats.ci.walk import find
from pinner.formats.yaml import Budget as YamlBudget
from pinner.formats.yaml import Mapping, load, parse
from pinner.formats.yaml.parts import Parts, find_gap, judge_parts, read_part
from pinner.formats.yaml.references import Collector, skip_if_unfilled
from pinner.formats.yaml.scalars import SourceText
from pinner.model import Located, Span
from pinner.patterns.regular_expressions import Budget, Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.formats.ci.walk import Hit
    from pinner.formats.yaml.references import Use
    from pinner.model import Document, Place, PlaceRule

FORMAT = "places"
KIND = "place"
MOST_STEPS = 5_000_000
"""Of all regular expressions in one file: some ten seconds."""
_FILLED_IN = r"\$[{(]|\{\{|<<"


def locate(document: Document, rules: Sequence[PlaceRule]) -> Located:
    """Return the images that ``rules``, all of which are for this file, find in ``document``. Never raises."""
    collector, budget = Collector(FORMAT, document.data), Budget(MOST_STEPS)
    outline: list[object] = []
    for rule in rules:
        if rule.language == "regex":
            outline.append(_by_pattern(collector, _pattern(rule.path), budget))
        else:
            outline += _by_path(collector, rule)
    return Located(collector.places(), tuple(outline))


@lru_cache(maxsize=64)
def _pattern(text: str) -> Pattern:
    return Pattern(text)


def _by_pattern(collector: Collector, pattern: Pattern, budget: Budget) -> object:
    """Keep what ``pattern`` finds, line by line; return how many lines and matches there are."""
    data = collector.data
    offset = found = 0
    for raw in data.split(b"\n"):
        line = raw.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        for groups in pattern.find(line, budget):
            parts = _parts(line, groups, offset)
            if parts:
                use, place = _judged(collector, parts)
                collector.add(use, place)
                found += 1
        offset += len(raw) + 1
    if budget.steps < 0:
        use = collector.use_at("document", 0, 0)
        collector.add(use, use.skip("", "parse-error", "its regular expression takes too long in this file"))
    return data.count(b"\n"), found


def _parts(line: str, groups: dict[str, tuple[int, int]], offset: int) -> list[tuple[str, Span]]:
    """Return what separates each part of a reference from those before it, and where it stands in the file."""
    found = []
    for name, separator in (("image", ""), ("name", ""), ("tag", ":"), ("digest", "@")):
        start, end = groups.get(name, (0, 0))
        if start < end:
            first, last = (len(line[:index].encode("utf-8", "surrogateescape")) for index in (start, end))
            found.append((separator, Span(offset + first, offset + last)))
    return found if found and not found[0][0] else []


def _judged(collector: Collector, parts: Sequence[tuple[str, Span]]) -> tuple[Use, Place]:
    """Return the use and the place of the reference that ``parts`` are."""
    text = SourceText(b"", [], [])
    for separator, (start, end) in parts:
        # A separator stands where its part does: what comes before it is another text.
        text = SourceText(
            text.data + separator.encode() + collector.data[start:end],
            [*text.starts, *[start] * len(separator), *range(start, end)],
            [*text.ends, *[start] * len(separator), *range(start + 1, end + 1)],
        )
    first, last = parts[0][1], parts[-1][1]
    use = collector.use_at(KIND, first.start, first.end - first.start)._replace(span=last)
    return use, skip_if_unfilled(use, str(text)) or use.judge(text)


def _by_path(collector: Collector, rule: PlaceRule) -> list[object]:
    """Keep what the path of ``rule`` leads to; return the sizes of the documents."""
    path = rule.path if "@" in rule.path else f"@/{rule.path}"
    dialect = Dialect(FORMAT, (Position(KIND, path, rule.strip),), "", expression=_FILLED_IN)
    outline: list[object] = []
    budget = YamlBudget()
    for part in load(collector.data):
        composed = parse(part, budget)
        outline.append((collector.lines.line(part.chunk.start), composed.size))
        for root in composed.roots:
            extraction = Extraction(collector, dialect, root)
            for hit in find(root, path, extraction.fields):
                if not all(_is(extraction, hit, key, text) for key, text in rule.when):
                    continue
                if rule.join:
                    _join(collector, extraction, hit, dict(rule.join))
                else:
                    extraction.keep(dialect.positions[0], hit)
            if composed.shares:
                collector.settle(root, extraction.fields, extraction.state_of)
            collector.image_nodes.clear()
        if composed.problem is not None:
            collector.report_problem(part, composed.problem)
    return outline


def _is(extraction: Extraction, hit: Hit, key: str, text: str) -> bool:
    scalar = None if hit.marked is None else extraction.fields.scalar(hit.marked, key)
    return scalar is not None and scalar.value == text


def _join(collector: Collector, extraction: Extraction, hit: Hit, keys: dict[str, str]) -> None:
    """Keep the image whose parts are under ``keys`` of the mapping that was found."""
    mapping, data, fields = hit.node, collector.data, extraction.fields
    if type(mapping) is not Mapping:
        return
    found = {part: read_part(data, mapping, key, fields) for part, key in keys.items()}
    name = found["name"]
    if name is None:
        return
    gap = find_gap(data, mapping, keys["digest"], fields) if "digest" in keys and found["digest"] is None else None
    parts = Parts(name, found.get("registry"), found.get("tag"), found.get("digest"), gap)
    use = collector.use(KIND, name.scalar, name.text, name.written, via=hit.via, owner=hit.owner)
    use = use._replace(scalar=parts.last.scalar, written=parts.last.written)
    collector.add(use, judge_parts(use, parts))
