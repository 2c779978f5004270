"""Tables of a pull request body: one row an image, and the folded details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.bot.pull_request_body.markdown import code, page_of, prose
from pinner.bot.titles import counted, short_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.bot.model import HeldBack, ImageChange
    from pinner.bot.pull_request_body.image_comparison import Compared, Origin, Platforms


HEADER = "| Image | Digest | What changed |\n|---|---|---|\n"
HELD_HEADER = "### Held back\n\n| Image | Digest | Why |\n|---|---|---|\n"
_MOST_NAMED = 2
_MOST_REASONS = 4
_MOST_VERSION = 40
_MOST_SOURCE = 60
_IN_WORDS = {0: "no common platform", 1: "its one platform", 2: "both platforms"}
_MOST_NAME = 160
_UNITS = (("kB", 0), ("MB", 1), ("GB", 1), ("TB", 1))
"""And with how many digits after the point they are shown."""
_STEP = 1000
_MINUS = "\N{MINUS SIGN}"


def row(change: ImageChange, compared: Compared) -> str:
    """Return the row of one change, with its line end."""
    cells = (
        [_image(change.name, change.canonical), _raised(change), _version(compared.before, compared.after)],
        [_digests(change), _dates(change, compared.after), _signed(change)],
        _news(change, compared),
    )
    return "| " + " | ".join("<br>".join(filter(None, lines)) for lines in cells) + " |\n"


def held_row(held: HeldBack) -> str:
    """Return the row of a change that is not proposed yet, with its line end."""
    digest = "" if held.digest is None else f"`{short_digest(held.digest)}`"
    return f"| {code(held.name, _MOST_NAME)} | {digest} | {prose(held.reason, _MOST_REASON)} |\n"


def more_row(count: int) -> str:
    """Return the row that stands for ``count`` rows left out."""
    return f"| …and {count} more | | |\n"


def _image(name: str, canonical: str) -> str:
    page = page_of(canonical)
    text = code(name, _MOST_NAME)
    return text if page is None or not text else f"[{text}]({page})"


def _raised(change: ImageChange) -> str:
    return "" if change.raised is None else f"→ {code(change.raised, _MOST_NAME)} <sub>{change.level}</sub>"


def _version(before: Origin, after: Origin) -> str:
    new = code(after.version or "", _MOST_VERSION)
    old = code(before.version or "", _MOST_VERSION)
    return _arrow(old, new) if old and new and old != new else new


def _digests(change: ImageChange) -> str:
    new = f"`{short_digest(change.new)}`"
    return f"{new} <sub>first pin</sub>" if change.old is None else _arrow(f"`{short_digest(change.old)}`", new)


def _arrow(old: str, new: str) -> str:
    return f"{old} → {new}"


def _dates(change: ImageChange, after: Origin) -> str:
    """Return when the image was built and first seen: dates, since ages would change a text that says the same."""
    parts = []
    if after.built is not None:
        parts.append(f"built {after.built}")
    if change.first_seen is not None:
        parts.append(f"first seen {change.first_seen:%Y-%m-%d}")
    return f"<sub>{', '.join(parts)}</sub>" if parts else ""


def _signed(change: ImageChange) -> str:
    return f"<sub>signed by {code(change.signed_by, _MOST_NAME)}</sub>" if change.signed_by else ""


def _news(change: ImageChange, compared: Compared) -> Iterable[str]:
    yield commits(compared)
    yield _base(compared.before, compared.after)
    yield platforms(compared.platforms) or _plain_count(change)
    yield sizes(compared.before.size, compared.after.size)
    yield "; ".join(map(prose, change.why[:_MOST_REASONS]))


def commits(compared: Compared) -> str:
    """Return how the source moved: a link to the comparison where there is one."""
    old, new = compared.before.revision, compared.after.revision
    if old is None or new is None:
        return ""
    if old == new:
        return f"rebuilt from the same commit `{new[:7]}`"
    if compared.compare is None:
        return f"commit `{old[:7]}` → `{new[:7]}`"
    return f"[`{old[:7]}...{new[:7]}`]({compared.compare}){_where(compared.after)}"


def _where(origin: Origin) -> str:
    if origin.source is None:
        return ""
    host = "" if origin.source.host == "github.com" else f"{origin.source.host}/"
    return f" of {code(host + origin.source.path, _MOST_SOURCE)}"


def _base(before: Origin, after: Origin) -> str:
    """Return which base image moved: why an image is built anew though its own source is not."""
    if not before.base_digest or not after.base_digest or before.base_digest == after.base_digest:
        return ""
    name = code((after.base_name or "").removeprefix("docker.io/").removeprefix("library/"), _MOST_SOURCE)
    return f"on a new base image {name}" if name else ""


def platforms(difference: Platforms) -> str:
    """Return how many platforms have another image, and which came and went."""
    changed, common = len(difference.changed), len(difference.changed) + len(difference.unchanged)
    if not common and not difference.added and not difference.removed:
        return ""
    if changed == common and common in _IN_WORDS:
        text = _IN_WORDS[common]
    elif changed == common:
        text = f"all {common} platforms"
    else:
        text = f"{changed} of {common} platforms" if changed else "none of its platforms"
    added, removed = _few(difference.added), _few(difference.removed)
    return ", ".join(filter(None, (text, added and f"added {added}", removed and f"**removed** {removed}")))


def _plain_count(change: ImageChange) -> str:
    """Return how many platforms the new image has, where there is none to compare it with."""
    found = {part.platform for part in change.after.platforms if part.platform} if change.after else ()
    return counted(len(found), "platform") if found else ""


def _few(names: tuple[str, ...]) -> str:
    if len(names) > _MOST_NAMED:
        return str(len(names))
    return " and ".join(code(name) for name in names)


def sizes(old: int | None, new: int | None) -> str:
    """Return the size of a pull, and by how much it grew or shrank."""
    if new is None:
        return ""
    if old is None or old == new:
        return human_size(new)
    return f"{human_size(new)} ({'+' if new > old else _MINUS}{human_size(abs(new - old))})"


def human_size(size: int) -> str:
    """Return ``size`` bytes in units of a thousand, as registries show them: ``71.2 MB``."""
    if size < _STEP:
        return f"{size} bytes"
    step, shown = 1, ""
    for unit, digits in _UNITS:
        step *= _STEP
        shown = f"{size / step:.{digits}f} {unit}"
        if round(size / step, digits) < _STEP:
            break
    return shown


OPENING = "<details>\n<summary>Full digests, platforms, files and lines</summary>\n\n"
CLOSING = "\n</details>\n"
_MOST_REASON = 400
"""Of a change that is held back: two names of workflows have room in it."""
_MOST_NAME_IN_DETAILS = 200
_MOST_PLATFORMS = 40
_MOST_PLACES = 50


def list_item(change: ImageChange, compared: Compared) -> str:
    """Return the list item of one change, with its line end."""
    lines = [f"- **{code(change.name, _MOST_NAME_IN_DETAILS)}**", *(f"  - {line}" for line in _lines(change, compared))]
    return "\n".join(lines) + "\n"


def more_list_item(count: int) -> str:
    """Return the list item that stands for ``count`` items left out."""
    return f"- …and {count} more\n"


def _lines(change: ImageChange, compared: Compared) -> Iterable[str]:
    if change.old is not None:
        yield f"from {code(f'{change.canonical}@{change.old}', 500)}"
    yield f"{'to' if change.old is not None else 'first pin:'} {code(f'{change.new_canonical}@{change.new}', 500)}"
    before, after = compared.before, compared.after
    yield from filter(None, (_built(before, after), _sources(before, after), _base_lines(before, after)))
    words = ("changed", "unchanged", "added", "removed")
    for word, names in zip(words, compared.platforms, strict=True):
        if names:
            yield f"platforms {word}: {_some(names, _MOST_PLATFORMS)}"
    if change.places:
        yield f"in {_some(change.places, _MOST_PLACES, _MOST_NAME_IN_DETAILS)}"


def _built(before: Origin, after: Origin) -> str:
    if after.built is None:
        return ""
    if before.built == after.built:
        return f"built {after.built}, as the one before"
    return f"built {after.built}" + (f", the one before {before.built}" if before.built else "")


def _sources(before: Origin, after: Origin) -> str:
    """Return where the source is, in full: the table's link may have nowhere to lead to."""
    if after.revision is None:
        return ""
    moved = before.source is not None and after.source is not None and before.source != after.source
    where = (
        "" if after.source is None else f" of {code(f'{after.source.host}/{after.source.path}', _MOST_NAME_IN_DETAILS)}"
    )
    was = (
        f", before of {code(f'{before.source.host}/{before.source.path}', _MOST_NAME_IN_DETAILS)}"
        if moved and before.source
        else ""
    )
    return f"source: commit `{after.revision}`{where}{was}"


def _base_lines(before: Origin, after: Origin) -> str:
    if not after.base_name:
        return ""
    old, new = code(before.base_digest or "", 71), code(after.base_digest or "", 71)
    name = code(after.base_name, _MOST_NAME_IN_DETAILS)
    if not name or not new:
        return f"base image: {name}" if name else ""
    if not old:
        return f"base image: {name} {new}"
    return f"base image: {name} is the same {new}" if old == new else f"base image: {name} {old} → {new}"


def _some(names: Sequence[str], most: int, length: int = 80) -> str:
    shown = ", ".join(filter(None, (code(name, length) for name in names[:most])))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
