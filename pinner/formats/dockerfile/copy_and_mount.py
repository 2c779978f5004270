"""``COPY --from`` and ``RUN --mount=from=`` images, behind ``ONBUILD`` as well."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.dockerfile.arguments import (
    BOOLEAN,
    MANY,
    ONCE,
    Text,
    check_flags,
    read_array,
    read_flags,
    split_fields,
)
from pinner.formats.dockerfile.expand import Expander
from pinner.formats.dockerfile.references import is_template, judge_text, make_skipped
from pinner.formats.dockerfile.source import (
    SCRATCH,
    WORD,
    DockerfileError,
    LogicalLine,
    decode_utf8,
    skip_space,
    stage_detail,
    text_of,
    trimmed_end,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pinner.formats.dockerfile.references import Site
    from pinner.formats.dockerfile.source import Piece
    from pinner.model import Place

_COPY_FLAGS = {"chown": ONCE, "from": ONCE, "chmod": ONCE, "link": BOOLEAN, "exclude": MANY, "parents": BOOLEAN}
_RUN_FLAGS = {"mount": MANY, "network": ONCE, "security": ONCE, "device": MANY}
_MODES = {"network": ("default", "none", "host"), "security": ("sandbox", "insecure")}
COMMANDS = frozenset(("COPY", "ADD", "RUN", "ONBUILD"))
"""The instructions that may name an image in their flags."""
_KINDS = {"COPY": "copy-from", "ADD": "copy-from", "RUN": "run-mount"}
# The first byte of a byte order mark is among them: see `Expander.expand`.
_SPECIAL = re.compile("[$'\"\\\\`\xef]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


class Use(NamedTuple):
    """One image that a command names, before anybody asks whether it is a stage."""

    kind: str
    name: Text
    """The reference; ranges in the logical line."""
    problem: str = ""
    onbuild: bool = False


def read_uses(line: LogicalLine, escape: str) -> Iterator[Use]:
    """Yield the images that the command in ``line`` takes files from."""
    text = line.text
    match = WORD.match(text, skip_space(text))
    if match is None:
        return
    onbuild = match.group().upper() == "ONBUILD"
    if onbuild:
        flags, start = read_flags(text, match.end(), escape)
        match = WORD.match(text, skip_space(text, start))
        if match is None or flags:
            return
        # The trigger is parsed again as a Dockerfile of its own, in which no directive has changed the escape.
        escape = "\\"
    name = match.group().upper()
    if name not in _KINDS:
        return
    flags, start = read_flags(text, match.end(), escape)
    if not flags:
        return
    uses = _mounts(flags) if name == "RUN" else _copies(name, flags, _count_arguments(text, start))
    for use in uses:
        problem = use.problem or _expansion_problem(line, use, escape)
        yield use._replace(onbuild=onbuild, problem=problem)


def _count_arguments(text: str, start: int) -> int:
    """Return how many arguments there are, three for three and more."""
    end = trimmed_end(text)
    start = skip_space(text, start)
    array = read_array(text[start:end])
    if array is not None:
        return min(len(array), 3)
    return sum(1 for _, _ in zip(range(3), WORD.finditer(text, start, max(start, end)), strict=False))


def _copies(name: str, flags: list[Text], arguments: int) -> Iterator[Use]:
    origin = next((flag for flag in flags if flag.text.partition("=")[0] == "--from"), None)
    if origin is None:
        return
    value = origin.part(len("--from="), len(origin.text))
    problem = _copy_problem(name, flags, arguments)
    if value.text or problem:
        yield Use("copy-from", value, problem)


def _copy_problem(name: str, flags: list[Text], arguments: int) -> str:
    if name == "ADD":
        return "ADD has no flag --from: COPY has"
    try:
        check_flags(flags, _COPY_FLAGS, name)
    except DockerfileError as error:
        return str(error)
    return "COPY takes a source and a destination" if arguments < 2 else ""  # noqa: PLR2004 - just these two


def _mounts(flags: list[Text]) -> Iterator[Use]:
    try:
        problem = _mode_problem(check_flags(flags, _RUN_FLAGS, "RUN"))
    except DockerfileError as error:
        problem = str(error)
    for flag in flags:
        if flag.text.startswith("--mount="):
            use = _mount(flag.part(len("--mount="), len(flag.text)))
            if use is not None:
                yield use._replace(problem=use.problem or problem)


def _mode_problem(values: Iterable[tuple[str, Text]]) -> str:
    for name, value in values:
        modes = _MODES.get(name)
        if modes is not None and value.text not in modes:
            return f"--{name} is {' or '.join(modes)}, not `{decode_utf8(value.text)[:100]}`"
    return ""


def _mount(value: Text) -> Use | None:
    """Return the image of a mount, None where it has none. Of several ``from`` the last one counts."""
    try:
        fields = split_fields(value.text)
    except DockerfileError as error:
        # Without `from` it is no business of ours.
        return Use("run-mount", value, str(error)) if "from=" in value.text.lower() else None
    found: Text | None = None
    for field in fields:
        key, equals, name = field.text.partition("=")
        if not equals or key.lower() != "from":
            continue
        inside = field.part(len(key) + 1, len(field.text))
        found = Text(name, tuple(range_ for first, last in inside.ranges for range_ in value.part(first, last).ranges))
        if "$" in name[:-1]:
            return Use(
                "run-mount", found, "the from of a mount cannot hold a variable: name a stage, and use it in a FROM"
            )
    return Use("run-mount", found) if found and found.text else None


def _expansion_problem(line: LogicalLine, use: Use, escape: str) -> str:
    """Tell what is wrong with a ``--from`` that would not stay as it is when expanded (``toCommand``, convert.go)."""
    if use.kind != "copy-from" or _SPECIAL.search(use.name.text) is None:
        return ""
    parts = [run for start, end in use.name.ranges for run in line.runs(start, end)]
    try:
        expanded = text_of(Expander(LogicalLine(parts), escape, {}).expand(0, len(use.name.text)))
    except DockerfileError as error:
        return str(error)
    if expanded == use.name.text:
        return ""
    return "--from cannot hold a variable, a quote or an escape: name a stage in a FROM, and use it here"


def judge_use(site: Site, use: Use, pieces: Sequence[Piece], stages: Collection[str]) -> Place:
    """Return what ``use`` is; ``stages`` are the names of all stages, also later ones, in lower case.

    A number names a stage for ``--from`` (Go's ``strconv.Atoi``), but not for a mount.
    """
    text = use.name.text
    if use.kind == "copy-from" and _INTEGER.fullmatch(text) and not use.problem:
        return make_skipped(site, text, "index", f"`{text}` is the number of a stage")
    if use.problem:
        if is_template(text):
            return make_skipped(site, text, "templated", "a template engine writes this text")
        return make_skipped(site, text, "parse-error", use.problem)
    if not use.onbuild and decode_utf8(text).lower() in stages:
        return make_skipped(site, text, "stage", stage_detail(text), pieces)
    # A trigger runs in another build: what is a stage here may be one there.
    if text == "scratch" and not (use.onbuild and text in stages):
        return make_skipped(site, text, "scratch", SCRATCH, pieces)
    if use.onbuild and not any(character in text for character in ":@/") and not is_template(text):
        detail = f"`{text}` may be a stage of the build that the trigger runs in"
        return make_skipped(site, text, "onbuild-ambiguous", detail, pieces)
    return judge_text(site, text, pieces)
