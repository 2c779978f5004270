"""Helm charts as witnesses: what their templates make of the tags in values, besides images.

A template is no YAML, and need not be: a line that puts a tag into a label, compares it, or joins it to another
repository says so by itself. On 461 public charts, those are the ways in which a digest in a tag breaks what is made.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.link.facts import Chart, TagRead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.link.facts import Fact
    from pinner.model import Document

_TEMPLATES = re.compile(r"(?:^|/)templates/")
_CHARTS = ("Chart.yaml", "Chart.yml")
_APP_VERSION = re.compile(rb"""^appVersion[ \t]*:[ \t]*["']?([^\s"'#]+)""", re.MULTILINE)
_VALUES = b".Values."
# Bounded, as all is that is looked for from many places of one line.
_TAG = re.compile(rb"\.Values\.((?:[\w-]{1,100}\.){0,20}(?:[\w-]{0,100}[tT]ag|version))\b(?!\.)")
# What a name's path ends in: `image.repository`, `image.name`, `image.repo`, `imageName`.
_ENDS_NAME = rb"(?:[rR]epo(?:sitory)?|[iI]mage(?:\.name|[nN]ame|_name))"
_NAME = re.compile(rb"\.Values\.((?:[\w-]{1,100}\.){0,20}[\w-]{0,100}(?:" + _ENDS_NAME + rb"|[iI]mage))\b(?!\.)")
_ASSIGNED = re.compile(rb"\{\{-?[ \t]*(\$[a-zA-Z_]\w*)[ \t]*:?=[^}]*")
_DIGEST = re.compile(rb"\.Values\.((?:[\w-]{1,100}\.){0,20}(?:digest|sha))\b(?!\.)")
# What a template writes before a digest: the algorithm, or nothing more than the `@`.
_BEFORE_HEX = re.compile(rb"sha256:[\"']?(?:\{\{|%s)")
_BEFORE_ALL = re.compile(rb"@[\"']?(?:\{\{|%s)")
# What stands for a tag that is empty.
_INSTEAD = re.compile(
    rb"\.Values\.([\w.-]{1,200})[ \t]*\|[ \t]*default[ \t]+\.Values\.([\w.-]+)"
    rb"|\bdefault[ \t]+\.Values\.(?P<other>[\w.-]{1,200})[ \t]+\.Values\.(?P<tag>[\w.-]+)"
)
# What comes before a name: a value that is there always, or where the block has no registry.
_BEFORE = re.compile(
    rb"\{\{-?[ \t]*\.Values\.([\w.-]+)[ \t]*-?\}\}/\{\{-?[ \t]*\.Values\.([\w.-]*(?:"
    + _ENDS_NAME
    + rb"|[iI]mage))\b(?!\.)"
    + rb"|\bprintf[ \t]+\"%s/%s[^\"]*\"[ \t]+\.Values\.(?P<first>[\w.-]+)[ \t]+\.Values\.(?P<name>[\w.-]*"
    + _ENDS_NAME
    + rb")\b"
)
# What puts more behind a name: `printf "%s-%s:%s" .Values.image.repository`, `{{ .Values.image.repository }}-slim`.
_BEHIND = re.compile(
    rb"\bprintf[ \t]+\"%s[-_./\w][^\"]*\"[ \t]+\$?\.Values\.([\w.-]*"
    + _ENDS_NAME
    + rb")\b(?!\.)"
    + rb"|\{\{-?[ \t]*\$?\.Values\.(?P<name>[\w.-]*"
    + _ENDS_NAME
    + rb")[ \t]*\}\}[-_./\w]"
)
_LINES_OF_IF = 20
_SEMVER = re.compile(rb"\bsemver(?:Compare)?\b")
_KEY = re.compile(rb"""([ \t]*)(?:-[ \t]+)?["']?([A-Za-z][\w./-]*)["']?[ \t]*:[ \t]""")
_PARENT = re.compile(rb"""([ \t]*)(?:-[ \t]+)?["']?([A-Za-z][\w./-]*)["']?[ \t]*:""")
_LABELS = (b"labels", b"matchLabels", b"selector", b"nodeSelector")
_ABOVE = 60
"""Lines in which the key is looked for that a line stands under."""


def chart_facts(document: Document) -> tuple[Fact, ...]:
    """Return what a file of a chart, its Chart.yaml or a template, states about the chart's values."""
    path, data = document
    if path.rpartition("/")[2] in _CHARTS:
        found = _APP_VERSION.search(data)
        line = 1 if found is None else data.count(b"\n", 0, found.start()) + 1
        return (Chart("" if found is None else found[1].decode("utf-8", "replace"), line),)
    if "templates/" not in path or _TEMPLATES.search(path) is None:
        return ()
    if _TAG.search(data) is None and _DIGEST.search(data) is None:
        return ()
    return tuple(dict.fromkeys(_reads(data.split(b"\n"))))


def _reads(lines: list[bytes]) -> Iterator[TagRead]:
    assigned: dict[bytes, list[bytes]] = {}
    for index, line in enumerate(lines):
        if _VALUES not in line and b"$" not in line:
            continue
        yield from _of_names(lines, index)
        tags = _TAG.findall(line) + _DIGEST.findall(line)
        for variable, through in assigned.items():
            if re.search(re.escape(variable) + rb"\b(?![ \t]*:?=)", line):
                tags += through
        if not tags:
            continue
        for match in _INSTEAD.finditer(line):
            tag, other = match[1] or match["tag"], match[2] or match["other"]
            if tag in tags:
                yield TagRead(_text(tag), index + 1, "default", _text(other))
        assignment = _ASSIGNED.search(line)
        if assignment is not None and _SEMVER.search(line) is None and b'"' not in line:
            assigned[assignment[1]] = tags
            continue
        digests = [tag for tag in tags if tag.endswith((b"digest", b"sha"))]
        yield from _of_digests(line, index, digests)
        yield from _of_line(lines, index, [tag for tag in tags if tag not in digests])


def _of_names(lines: list[bytes], index: int) -> Iterator[TagRead]:
    """Yield what the line at ``index`` puts before or behind a name that the values have without it."""
    line = lines[index]
    for match in _INSTEAD.finditer(line):
        path, other = match[1] or match["tag"], match[2] or match["other"]
        if path.endswith(b"egistry"):
            yield TagRead(_text(path), index + 1, "registry", _text(other))
    for match in _BEHIND.finditer(line):
        yield TagRead(_text(match[1] or match["name"]), index + 1, "suffix")
    for match in _BEFORE.finditer(line):
        first, name = match[1] or match["first"], match[2] or match["name"]
        if first.rpartition(b".")[0] == name.rpartition(b".")[0] and first.endswith(b"egistry"):
            continue
        asked = re.compile(rb"\b(?:if|with|and|or)\b[^}]{0,200}\.Values\." + re.escape(first) + rb"\b")
        if not any(asked.search(one) for one in lines[max(index - _LINES_OF_IF, 0) : index + 1]):
            yield TagRead(_text(name), index + 1, "prefix", _text(first))


def _of_digests(line: bytes, index: int, digests: list[bytes]) -> Iterator[TagRead]:
    """Yield what the line at ``index`` expects in the fields ``digests``, where that is not what their key says."""
    is_hex = _BEFORE_HEX.search(line) is not None
    for digest in digests:
        key = digest.rpartition(b".")[2]
        if is_hex and key == b"digest":
            yield TagRead(_text(digest), index + 1, "hex")
        elif not is_hex and key == b"sha" and _BEFORE_ALL.search(line):
            yield TagRead(_text(digest), index + 1, "whole")


def _of_line(lines: list[bytes], index: int, tags: list[bytes]) -> Iterator[TagRead]:
    """Yield how the line at ``index`` reads ``tags``, where no digest may go then."""
    line = lines[index]
    use = "semver" if _SEMVER.search(line) else _use(lines, index)
    for tag in tags:
        if use:
            yield TagRead(_text(tag), index + 1, use)
    names = _NAME.findall(line)
    if use or not names:
        return
    for place, tag in enumerate(tags):
        others = sorted({_text(name) for name in names} - _own_names(tag))
        own = bool(_own_names(tag) & {_text(name) for name in names})
        if others and not own:
            unless = tuple(_text(one) for one in tags[:place])
            yield TagRead(_text(tag), index + 1, "repository", others[0], unless)


def _own_names(tag: bytes) -> set[str]:
    """Return the paths of the names that the tag at the path ``tag`` belongs to."""
    block, _, key = _text(tag).rpartition(".")
    lead = f"{block}." if block else ""
    own = {block, *(f"{lead}{name}" for name in ("repository", "repo", "name", "image", "image.name"))}
    ending = next((ending for ending in ("_tag", "Tag") if key.endswith(ending)), "")
    if not ending:
        return own
    stem = f"{lead}{key.removesuffix(ending)}"
    endings = ("", "Repository", "Repo", "Name", "_name", "Image", "_image", ".repository")
    return own | {f"{stem}{name}" for name in endings}


def _use(lines: list[bytes], index: int) -> str:
    """Return ``label`` or ``value`` where the line at ``index`` is one, that of an environment; empty for any other."""
    match = _KEY.match(lines[index])
    if match is None or match[2].lower().endswith(b"image"):
        return ""
    key, indent = match[2], len(match[1])
    if key == b"value":
        return "value"
    parent = _parent(lines, index, indent)
    if parent in _LABELS or (key in (b"version", b"app.kubernetes.io/version") and parent != b"annotations"):
        return "label"
    return "label" if b"/" in key and parent != b"annotations" else ""


def _parent(lines: list[bytes], index: int, indent: int) -> bytes:
    """Return the key that the line at ``index``, which is indented by ``indent``, stands under; empty if not told."""
    for line in reversed(lines[max(index - _ABOVE, 0) : index]):
        match = _PARENT.match(line)
        if match is not None and len(match[1]) < indent:
            return match[2]
    return b""


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")
