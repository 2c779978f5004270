"""Change report of ``pin``, ``update`` and ``unpin``."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import SignatureError
from pinner.model import LOCK_NAME, Occurrence
from pinner.plan import Changed, Failed, Unchanged
from pinner.report.as_text import lines_with_counts, place_of
from pinner.report.escapes import printable
from pinner.report.style import hint_line
from pinner.report.summary_sentences import count, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinner.errors import PinnerError
    from pinner.plan import Plan
    from pinner.report.style import Style
    from pinner.scan.suppressions import Operation

_MAX_PLACES = 3
_VERBS: Mapping[Operation, str] = {"pin": "pin", "update": "update", "unpin": "unpin", "hold": "pin"}
"""How the user called it."""
_FAILED: Mapping[Operation, str] = {"unpin": "unpinned", "hold": f"taken from {LOCK_NAME}"}


class Tally(NamedTuple):
    """The counts of a run that changes files, in references but for ``files``."""

    pinned: int
    """Got a digest."""
    moved: int
    """Had one and got another."""
    unpinned: int
    """Lost it."""
    files: int
    """Changed."""
    kept: int
    """Are pinned and stay as they are."""
    failed: int
    """Should have changed and did not."""
    raised: int = 0
    """Got another tag, and its digest."""

    @property
    def changed(self) -> int:
        """How many references changed."""
        return self.pinned + self.moved + self.unpinned + self.raised


def render_changes(plans: Iterable[Plan], style: Style) -> Iterator[str]:
    """Yield a line for each reference that changed: where, what, and the beginning of the digest."""
    changes = (
        (plan.document.path, verdict) for plan in plans for verdict in plan.verdicts if isinstance(verdict, Changed)
    )
    yield from lines_with_counts(((_change(path, verdict, style),) for path, verdict in changes), style)


def _change(path: str, verdict: Changed, style: Style) -> str:
    return f"{style.where(place_of(path, verdict.place))}: {_done_to(verdict, style)}"


def _done_to(verdict: Changed, style: Style) -> str:
    old, new = verdict.place.reference.digest, verdict.digest
    name = verdict.place.reference.familiar
    if new is None and verdict.raised is not None:
        return f"{style.good('raised')} {style.gone(name)} {style.arrow} {verdict.text}, where no digest can stand"
    if new is None:
        was = f" {style.faint(f'(was {style.short(old)})')}" if old else ""
        return f"{style.good('unpinned')} {verdict.text}{was}"
    after = style.good(style.short(new))
    if verdict.raised is not None:
        return f"{style.good('raised')} {style.gone(name)} {style.arrow} {verdict.text.rpartition('@')[0]} {after}"
    if old is not None:
        return f"{style.good('moved')} {name} {style.gone(style.short(old))} {style.arrow} {after}"
    tagged = verdict.text.rpartition("@")[0]
    written = name if tagged == name else f"{name} as {tagged}"
    return f"{style.good('pinned')} {written} {style.arrow} {after}"


def has_refused(plans: Iterable[Plan]) -> bool:
    """Tell whether something stays as it is for who signed what would take its place, or nobody."""
    verdicts = (verdict for plan in plans for verdict in plan.verdicts)
    return any(isinstance(one, Failed) and isinstance(one.error, SignatureError) for one in verdicts)


def render_failures(plans: Iterable[Plan], style: Style) -> Iterator[str]:
    """Yield what could not be done and why: each reason once, with the places it holds for."""
    yield from render_untold(
        (
            (plan.document.path, verdict.place, verdict.error)
            for plan in plans
            for verdict in plan.verdicts
            if isinstance(verdict, Failed)
        ),
        style,
    )


def render_untold(failures: Iterable[tuple[str, Occurrence, PinnerError]], style: Style) -> Iterator[str]:
    """Yield the errors of ``failures`` (path, occurrence, error): each once, with the places it holds for."""
    reasons: dict[tuple[str, str | None], dict[str, Occurrence]] = {}
    for path, occurrence, error in failures:
        reasons.setdefault((error.message, error.hint), {}).setdefault(place_of(path, occurrence), occurrence)
    # A hint that several share stands once, after the last of them.
    last = {hint: message for message, hint in reasons}
    for (message, hint), places in reasons.items():
        first, *others = places
        named = str(places[first].reference)
        yield f"{style.where(first)}: {style.severity('error')}: {_about(named, message)}"
        if others:
            yield f"  also at {_places(others)}"
        if hint and last[hint] == message:
            yield hint_line(hint, style)


def _about(name: str, message: str) -> str:
    """Return ``message`` with the reference it is about, where it does not name one itself."""
    return printable(message if "`" in message else f"`{name}`: {message}")


def _places(places: Sequence[str]) -> str:
    shown = ", ".join(places[:_MAX_PLACES])
    rest = len(places) - _MAX_PLACES
    return f"{shown} and {count(rest, 'more place')}" if rest > 0 else shown


def settled_names(plans: Iterable[Plan]) -> frozenset[str]:
    """Return the tags (canonical names) that moved for platforms alone that do not count."""
    verdicts = (verdict for plan in plans for verdict in plan.verdicts)
    return frozenset(
        verdict.place.reference.canonical
        for verdict in verdicts
        if isinstance(verdict, Unchanged) and verdict.elsewhere and isinstance(verdict.place, Occurrence)
    )


def tally(plans: Iterable[Plan]) -> Tally:
    """Return the counts for ``plans``."""
    pinned = moved = unpinned = files = kept = failed = raised = 0
    for plan in plans:
        files += plan.changed
        for verdict in plan.verdicts:
            if isinstance(verdict, Changed):
                fresh = verdict.place.reference.digest is None
                lost = verdict.digest is None
                higher = verdict.raised is not None
                raised += higher
                pinned += fresh and not higher
                unpinned += lost and not higher
                moved += not fresh and not lost and not higher
            elif isinstance(verdict, Failed):
                failed += 1
            elif isinstance(verdict.place, Occurrence):
                kept += verdict.place.reference.digest is not None
    return Tally(pinned, moved, unpinned, files, kept, failed, raised)


def change_sentence(result: Tally, operation: Operation, *, would: bool, unread: int = 0, unwritten: int = 0) -> str:
    """Return what was done (or ``would`` be), what was left, and what failed, in one line.

    ``unread`` and ``unwritten`` are how many files could not be read and written.
    """
    troubled = bool(result.failed or unwritten)
    parts = [_done(result, would=would) if result.changed else _nothing(result, operation, troubled=troubled)]
    if result.kept and (result.changed or troubled):
        parts.append(_left(result.kept, operation))
    if result.failed:
        failed = str(result.failed) if any(parts) else count(result.failed, "reference")
        parts.append(f"{failed} could not be {_FAILED.get(operation, 'resolved')}")
    parts += [
        f"{count(number, 'file')} could not be {verb}"
        for number, verb in ((unread, "read"), (unwritten, "written"))
        if number
    ]
    return "; ".join(part for part in parts if part)


def _left(number: int, operation: Operation) -> str:
    """Say what became of references that held a digest before and still do."""
    one = number == 1
    if operation == "unpin":
        return f"{number} without a tag {'stays' if one else 'stay'} pinned"
    if operation == "update":
        return f"{number} {'is' if one else 'are'} up to date"
    if operation == "hold":
        return f"{number} {'was' if one else 'were'} as {LOCK_NAME} says"
    return f"{number} {'was' if one else 'were'} pinned already"


def _done(result: Tally, *, would: bool) -> str:
    verbs = (
        ("raise" if would else "raised", result.raised),
        ("move" if would else "moved", result.moved),
        ("pin" if would else "pinned", result.pinned),
        ("unpin" if would else "unpinned", result.unpinned),
    )
    done = [(verb, number) for verb, number in verbs if number]
    *others, (verb, number) = done
    start = "".join(f"{verb} {number} and " for verb, number in others)
    return f"{'would ' if would else ''}{start}{verb} {count(number, 'reference')} in {count(result.files, 'file')}"


def _nothing(result: Tally, operation: Operation, *, troubled: bool) -> str:
    if troubled:
        return ""
    if result.kept:
        state = _left(result.kept, operation) if operation == "unpin" else references(result.kept)
        state += {"pin": " pinned", "update": " up to date", "unpin": "", "hold": f" as {LOCK_NAME} says"}[operation]
        return f"nothing to {_VERBS[operation]}: {state}"
    return f"nothing to {_VERBS[operation]}"
