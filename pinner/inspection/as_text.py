"""``inspect`` as text, narrow enough for 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.inspection.model import (
    Failure,
    ImageId,
    Inspection,
    attachment_name,
    common_entries,
    full_name,
    human_size,
    is_runnable,
    kind_words,
    name_of,
    oci_labels,
    pin_text,
    platform_name,
    subject_name,
    today_words,
)
from pinner.report.escapes import printable
from pinner.report.signatures import answer_lines
from pinner.report.summary_sentences import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pinner.inspection.model import Entry
    from pinner.oci.resolver import Allowance
    from pinner.oci.types import Attachment, Image, PlatformImage
    from pinner.reference import Digest
    from pinner.report.style import Style

_WIDE = 108
"""Columns from which a platform and its digests stand side by side."""
_LABEL = len("image ID ")
_MAX_VALUE = 300
_MAX_LISTED = 3
"""Things of one kind beside an image that are listed; more are summed up."""
_MAX_NAMED = 3
_LEGEND = """\
which hash goes where
  docker pull NAME@…, FROM, compose files, kubectl and pod specs
      the index; or a manifest, for its platform alone; never an image ID
  docker run ID, and what docker images shows (the first 12 digits)
      classic store: the image ID of the platform pulled
      containerd store (Docker 29's default): the index or manifest pulled"""


def render_inspections(entries: Sequence[Entry], style: Style) -> Iterator[str]:
    """Yield a block for each name, and once what takes which hash."""
    blocks = [block for entry in entries if (block := list(_block(entry, style)))]
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from block
    if any(isinstance(entry, Inspection) and is_runnable(entry.image) for entry in entries):
        yield ""
        yield from legend(style)


def render_allowances(entries: Sequence[Allowance], style: Style) -> Iterator[str]:
    """Yield a line for each registry."""
    width = max((len(printable(one.registry)) for one in entries), default=0)
    for one in entries:
        yield f"{style.where(printable(one.registry).ljust(width))}  {_allowed(one)}"


def legend(style: Style) -> Iterator[str]:
    """Yield the lines on which hash goes where."""
    title, *lines = (_LEGEND if style.unicode else _LEGEND.replace("…", "...")).splitlines()
    yield style.faint(title)
    yield from lines


def _allowed(one: Allowance) -> str:
    asked = "anonymously" if one.user is None else f"as {printable(one.user)}"
    if not one.is_told:
        return f"says nothing of a limit (asked {asked})"
    left = "some" if one.remaining is None else str(one.remaining)
    most = "" if one.limit is None else f" of {one.limit}"
    window = "" if one.window is None else f" in {_duration(one.window)}"
    source = f", counted for {printable(one.source)}" if one.source else ""
    return f"{left}{most} left{window} (asked {asked}{source})"


def _duration(seconds: int) -> str:
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return count(seconds // size, unit)
    return count(seconds, "second")


def _block(entry: Entry, style: Style) -> Iterator[str]:
    if isinstance(entry, Failure):
        return
    yield style.where(printable(full_name(entry.reference)))
    if isinstance(entry, ImageId):
        yield from _image_id(entry, style)
        return
    image = entry.image
    yield from _head(entry, style)
    if image.is_index and image.platforms:
        yield ""
        yield from _platforms(image.platforms, style)
    yield from _labels(image, style)
    yield from _beside(entry, style)


def _row(label: str, value: str, style: Style) -> str:
    """Return a line that is 80 columns wide with a digest as its value."""
    return f"{style.faint(label.ljust(_LABEL))}{value}"


def _head(entry: Inspection, style: Style) -> Iterator[str]:
    image = entry.image
    yield _row("index" if image.is_index else "manifest", style.good(str(image.digest)), style)
    only = None if image.is_index else image.platforms[0]
    if only is not None and only.config is not None:
        yield _row("image ID", str(only.config), style)
    yield _row("what", kind_words(entry), style)
    if only is not None and only.artifact is None and entry.reference.digest is None:
        yield _row("", "there is no index: on other platforms this name does not run", style)
    yield _row("type", image.media_type if only is None or only.artifact is None else only.artifact, style)
    if only is not None:
        yield _row("size", ", created ".join(_about(only)), style)
    if entry.reference.digest is None:
        yield _row("pin as", printable(pin_text(entry.reference, image.digest)), style)
    if is_runnable(image):
        # A bare hash is an image ID to `docker run`, never what a registry shows.
        yield _row("run as", f"docker run {printable(name_of(entry.reference))}@{image.digest}", style)
    words, digest = today_words(entry)
    if words:
        yield _row("tag", printable(words), style)
    if digest is not None:
        yield _row("", str(digest), style)


def _about(one: PlatformImage) -> Iterator[str]:
    if one.is_missing:
        yield "NOT SERVED"
        return
    yield "size unknown" if one.size is None else human_size(one.size)
    if one.created:
        # The day: a second more or less tells nobody anything, and the JSON has it.
        yield printable(one.created.partition("T")[0])


def _platforms(images: Iterable[PlatformImage], style: Style) -> Iterator[str]:
    rows = [(printable(platform_name(one)), ", ".join(_about(one)), one) for one in images]
    width = max((max(len(name), len(about) + 2) for name, about, _ in rows), default=0)
    is_wide = style.columns >= max(_WIDE, width + 2 + _LABEL + 71)
    for name, about, one in rows:
        digests = [("manifest", one.digest), *([("image ID", one.config)] if one.config else [])]
        if is_wide:
            lefts = [style.where(name) + " " * (width - len(name)), style.faint(f"  {about}".ljust(width))]
            for number, left in enumerate(lefts):
                right = _row(*_texts(digests[number]), style) if number < len(digests) else ""
                yield f"{left}  {right}".rstrip()
        else:
            yield f"{style.where(name)}  {style.faint(about)}"
            yield from (_row(*_texts(pair), style) for pair in digests)


def _texts(pair: tuple[str, Digest]) -> tuple[str, str]:
    return pair[0], str(pair[1])


def _labels(image: Image, style: Style) -> Iterator[str]:
    tables = [oci_labels(one) for one in image.platforms]
    alike = common_entries(tables)
    names = sorted({name for table in tables for name in table})
    if not names:
        return
    yield ""
    yield style.faint("labels" if len(tables) == 1 else "labels, of every platform unless one is named")
    width = max(map(len, names))
    for name in names:
        if name in alike:
            yield f"  {printable(name).ljust(width)}  {_value(alike[name])}"
            continue
        yield f"  {printable(name)}"
        users: dict[str, list[str]] = {}
        for one, table in zip(image.platforms, tables, strict=True):
            if name in table:
                users.setdefault(table[name], []).append(printable(platform_name(one)))
        for value, platforms in users.items():
            yield f"      {_value(value)}  {style.faint(f'({_few(platforms)})')}"


def _few(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMED
    # One more takes no more room than to say so.
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:_MAX_NAMED])} and {more} more"


def _value(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}..."


def _beside(entry: Inspection, style: Style) -> Iterator[str]:
    yield ""
    if entry.unsought is not None:
        yield f"{style.faint('signatures and attestations')}: {printable(entry.unsought)}"
    elif not entry.beside:
        yield f"{style.faint('signatures and attestations')}: none found"
    else:
        told = "" if entry.signed is not None else ": found, not verified: no policy"
        yield style.faint(f"signatures and attestations{told}")
    answer = None if entry.signed is None else entry.signed.answer
    if answer is not None:
        first, *others = answer_lines(answer, style)
        # What strangers wrote is made harmless where it is printed: these lines have colours of our own.
        name = answer.policy.name
        name = name if name.startswith("policy ") or answer.policy.remembers else f"policy `{name}`"
        matches = f"; matches {name}" if answer.verdict.outcome == "verified" else ""
        yield from (f"  {line}" for line in (f"{first}{matches}", *others))
    kinds: dict[str, list[Attachment]] = {}
    for one in entry.beside:
        kinds.setdefault(attachment_name(one.kind), []).append(one)
    for kind, found in kinds.items():
        if len(found) > _MAX_LISTED:
            yield f"  {printable(kind)}: {len(found)}{_whose(found, entry.image)}, listed by --format tree"
            continue
        for one in found:
            subject = subject_name(one.subject, entry.image)
            yield f"  {printable(kind)}{' of ' + subject if subject else ''}"
            yield _row("", style.faint(str(one.digest)), style)


def _whose(found: Sequence[Attachment], image: Image) -> str:
    subjects = {one.subject for one in found}
    if subjects == {one.digest for one in image.platforms}:
        return ", one for each platform" if len(found) == len(subjects) else " of all platforms"
    return ""


def _image_id(entry: ImageId, style: Style) -> Iterator[str]:
    config = entry.config
    platform = "an image" if config.platform is None else f"an image for {printable(str(config.platform))}"
    yield _row("image ID", style.gone(str(config.digest)), style)
    yield _row("what", f"the config of {platform}, and no manifest: nothing can pull it", style)
    if entry.today is None:
        yield _row("", "write the tag it came from in its place, and `pinner pin` adds the digest", style)
        return
    tag = entry.reference.tag or "latest"
    if entry.belongs is None:
        yield _row("tag", f"the ID of no image in what {tag} means today, which is", style)
    else:
        yield _row(
            "tag",
            f"the ID of {printable(platform_name(entry.belongs))} in what {tag} means today; write instead",
            style,
        )
    yield _row("", style.good(printable(f"{name_of(entry.reference)}:{tag}@{entry.today.digest}")), style)
