"""Tag upgrades of ``update``: looked for before digests are, and what there is to say of them."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.cache import cache_folder
from pinner.cache.first_seen import open_first_seen
from pinner.cli.registry_answers import refuse_offline, with_registry
from pinner.model import Occurrence
from pinner.report.escapes import printable
from pinner.report.style import hint_line
from pinner.scan.suppressions import matches
from pinner.tag_upgrades.eligible_tags import eligible_tags, with_upgrades
from pinner.tag_upgrades.shared_variables import find_shared_variables, with_shared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.errors import ResolveError
    from pinner.oci.resolver import Registry
    from pinner.scan.suppressions import Source
    from pinner.tag_upgrades.model import Outlook, SharedKey, SharedOutlook, WantedKey

    Raised: TypeAlias = tuple[tuple[Source, ...], tuple[Source, ...], bool]


class _Found(NamedTuple):
    """What was found for the tags of one run."""

    alone: Mapping[WantedKey, Outlook]
    shared: Mapping[SharedKey, SharedOutlook]

    @property
    def errors(self) -> tuple[ResolveError, ...]:
        """Why nothing can be told of some tags: each once."""
        errors = (*(one.error for one in self.alone.values()), *(one.error for one in self.shared.values()))
        return tuple({str(error): error for error in errors if error is not None}.values())


def upgrade_tags(
    context: Context, settings: Settings, everything: Sequence[Source], selected: Sequence[Source], terminal: Terminal
) -> Raised:
    """Return ``everything`` and ``selected`` with the tags of the latter raised as ``settings`` let them be.

    The third is whether a repository would not list its tags. Nobody is asked where no tag may be raised. What a person
    should know of it is said.
    """
    wanted, shared = eligible_tags(selected, settings), find_shared_variables(selected, settings)
    if not wanted and not shared:
        return tuple(everything), tuple(selected), False
    refuse_offline(settings, "update --tags")
    cache = cache_folder(context.environment) if settings.use_cache else None
    first_seen_store = open_first_seen(context.environment, cache, context.clock())

    async def look(registry: Registry, on_answer: Callable[[int, int], None]) -> _Found:
        if settings.verify:
            from pinner.cli.signature_verifier import verified_registry_by_lock  # noqa: PLC0415 - only where there is a policy

            registry = verified_registry_by_lock(context, settings, registry, terminal)
        from pinner.tag_upgrades.search import Search  # noqa: PLC0415 - brings asyncio

        search = Search(registry, settings, first_seen_store)
        return _Found(await search.find(wanted, on_answer), await search.find_shared(shared))

    found = with_registry(context, settings, terminal, look)
    _say(found, terminal)
    pairs = list(zip(everything, selected, strict=True))
    return (
        tuple(
            with_shared(with_upgrades(whole, settings, found.alone, within), found.shared) for whole, within in pairs
        ),
        tuple(with_shared(with_upgrades(within, settings, found.alone), found.shared) for _, within in pairs),
        bool(found.errors),
    )


def warn_of_no_effect(variant: str | None, settings: Settings, sources: Sequence[Source], terminal: Terminal) -> None:
    """Say which options about tags do nothing here: no tag may be raised, or no image is meant."""
    note = terminal.talk_style.severity("note")
    given = [pattern for pattern, _ in settings.update.given]
    if not settings.update.is_on:
        for option in (["--variant"] if variant else []) + (["--allow"] if given else []):
            terminal.info(f"{note}: {option} has no effect without --tags, or `tags` under [update]")
        return
    places = [candidate.place for source in sources for candidate in source.candidates]
    references = [place.reference for place in places if isinstance(place, Occurrence)]
    for pattern in given:
        if not any(matches(reference, (pattern,)) for reference in references):
            terminal.info(f"{note}: no image here is meant by --allow `{printable(pattern)}`")


def _say(found: _Found, terminal: Terminal) -> None:
    """Say what went wrong, which variants have ended, and with ``-v`` why a later tag is not proposed."""
    style, outlooks = terminal.talk_style, found.alone
    for error in found.errors:
        terminal.error([f"{style.severity('error')}: {printable(error.message)}"])
        if error.hint:
            terminal.error([hint_line(error.hint, style)])
    for outlook in outlooks.values():
        name = printable(outlook.wanted.reference.familiar)
        if outlook.ended is not None:
            terminal.info(f"{style.severity('note')}: `{name}`: {printable(outlook.ended)}")
        if outlook.held_back is not None:
            words = f"`{name}` is not raised: {outlook.held_back}"
            terminal.info(f"{style.severity('warning')}: {printable(words)}")
        for reason in outlook.reasons:
            terminal.detail(printable(f"{name}: {reason}"))
    for one in found.shared.values():
        for reason in one.reasons:
            terminal.detail(printable(f"{one.shared.path}: {one.shared.name}: {reason}"))
