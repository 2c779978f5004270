"""Tag upgrades of ``update``: looked for before digests are, and what there is to say of them."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.cache.first_seen import open_first_seen
from pinner.cache.paths import cache_folder
from pinner.cli.answers import refuse_offline, with_registry
from pinner.report.escapes import printable
from pinner.report.style import hint_line
from pinner.upgrade.wanted import upgraded, wanted_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.oci.resolver import Registry
    from pinner.scan.suppressions import Source
    from pinner.upgrade.model import Outlook, WantedKey

    Raised: TypeAlias = tuple[tuple[Source, ...], tuple[Source, ...], bool]


def raise_tags(
    context: Context, settings: Settings, everything: Sequence[Source], selected: Sequence[Source], terminal: Terminal
) -> Raised:
    """Return ``everything`` and ``selected`` with the tags of the latter raised as ``settings`` let them be.

    The third is whether a repository would not list its tags. Nobody is asked where no tag may be raised. What a person
    should know of it is said.
    """
    wanted = wanted_in(selected, settings)
    if not wanted:
        return tuple(everything), tuple(selected), False
    refuse_offline(settings, "update --tags")
    cache = cache_folder(context.environment) if settings.use_cache else None
    first_seen_store = open_first_seen(context.environment, cache, context.clock())

    async def look(registry: Registry, on_answer: Callable[[int, int], None]) -> Mapping[WantedKey, Outlook]:
        if settings.verify:
            from pinner.cli.signatures import vetting_by_lock  # noqa: PLC0415 - only where there is a policy

            registry = vetting_by_lock(context, settings, registry, terminal)
        from pinner.upgrade.search import Search  # noqa: PLC0415 - brings asyncio

        return await Search(registry, settings, first_seen_store).find(wanted, on_answer)

    outlooks = with_registry(context, settings, terminal, look)
    _say(outlooks, terminal)
    pairs = list(zip(everything, selected, strict=True))
    return (
        tuple(upgraded(whole, settings, outlooks, within) for whole, within in pairs),
        tuple(upgraded(within, settings, outlooks) for _, within in pairs),
        any(outlook.error is not None for outlook in outlooks.values()),
    )


def _say(outlooks: Mapping[WantedKey, Outlook], terminal: Terminal) -> None:
    """Say what went wrong, which variants have ended, and with ``-v`` why a later tag is not proposed."""
    style = terminal.talk_style
    errors = {str(one.error): one.error for one in outlooks.values() if one.error is not None}
    for error in errors.values():
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
