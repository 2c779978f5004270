"""``pinner inspect``: what a name means, and rate limits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import DEFAULTS, Invocation, Options, exit_status
from pinner.cli.pasted_text import images_of
from pinner.cli.registry_answers import with_registry
from pinner.cli.settings import settings_for
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError
from pinner.inspection import INSPECTION_FORMATS, inspection_renderer
from pinner.inspection.model import Failure, Inspection
from pinner.inspection.registry_queries import allowances, inspect_all
from pinner.report.as_text import render_error
from pinner.report.escapes import form_of
from pinner.report.signatures import Checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.inspection.model import Entry
    from pinner.oci.resolver import Registry


class InspectOptions(NamedTuple):
    """What ``inspect`` was asked."""

    options: Options = DEFAULTS
    names: tuple[str, ...] = ()
    """Images; registries or images with ``rate_limit``."""
    rate_limit: bool = False
    format: str = "text"


def inspect(context: Context, asked: InspectOptions) -> int:
    """Show what every name means; return the exit status."""
    terminal = Terminal(context, asked.options)
    settings = settings_for(context, asked.options)
    if asked.rate_limit:
        return _limits(context, settings, asked, terminal)
    if not asked.names:
        raise ConfigError("no image is named", hint="`pinner inspect nginx:1.27`")
    names = tuple(dict.fromkeys(images_of(asked.names)))
    entries = with_registry(
        context,
        settings,
        terminal,
        lambda registry, on_answer: inspect_all(
            names,
            registry,
            settings.platform,
            offline=settings.offline and settings.layout is None,
            on_answer=on_answer,
        ),
    )
    checked = _checked(context, settings, entries, terminal) if settings.verify and asked.format != "tree" else []
    shown = _with_signers(entries, checked)
    terminal.output(inspection_renderer(asked.format).render_inspections(shown, terminal.style), form_of(asked.format))
    _complain(entries, terminal)
    return exit_status(found=False, untold=any(_is_incomplete(entry, settings) for entry in entries))


def _with_signers(entries: Iterable[Entry], checked: Iterable[Checked]) -> list[Entry]:
    """Return ``entries`` with who signed each, as far as that was ``checked``."""
    by_name = {str(one.reference): one for one in checked}
    return [
        one._replace(signed=by_name.get(str(one.reference))) if isinstance(one, Inspection) else one for one in entries
    ]


def _checked(context: Context, settings: Settings, entries: Iterable[Entry], terminal: Terminal) -> list[Checked]:
    """Return who signed the images that a policy fits, and whether they may."""
    from pinner.cli.signature_verifier import open_verifier, signers_in_lock  # noqa: PLC0415 - only where there is a policy

    images = [one for one in entries if isinstance(one, Inspection)]

    async def work(registry: Registry, _: Callable[[int, int], None]) -> list[Checked]:
        verifier = open_verifier(context, settings, registry, signers_in_lock(context, settings))
        return [
            Checked(one.reference, one.image.digest, await verifier.verify(one.reference, one.image.digest))
            for one in images
            if verifier.policy_for(one.reference) is not None
        ]

    return with_registry(context, settings, terminal, work)


def _is_incomplete(entry: Entry, settings: Settings) -> bool:
    if isinstance(entry, Inspection):
        return entry.today_unknown is not None or (entry.unsought is not None and not settings.offline)
    return isinstance(entry, Failure)


def _limits(context: Context, settings: Settings, asked: InspectOptions, terminal: Terminal) -> int:
    names = tuple(dict.fromkeys(asked.names)) or ("docker.io",)
    entries = with_registry(
        context, settings, terminal, lambda registry, on_answer: allowances(names, registry, on_answer)
    )
    told = [entry for entry in entries if not isinstance(entry, Failure)]
    terminal.output(inspection_renderer(asked.format).render_allowances(told, terminal.style), form_of(asked.format))
    _complain(entries, terminal)
    return exit_status(found=False, untold=len(told) < len(entries))


def _complain(entries: Iterable[object], terminal: Terminal) -> None:
    for entry in entries:
        if isinstance(entry, Failure):
            terminal.error(render_error(entry.error, terminal.talk_style))


_EPILOG = """\b
Examples:
  pinner inspect nginx:1.27                       every platform, in full
  pinner inspect --platform linux/arm64 nginx     one of them
  pinner inspect nginx:1.27@sha256:0a39…          what that digest is
  pinner inspect --format json nginx | jq         for other programs
  pinner inspect docker pull nginx:1.27           pasted, as addresses are
  pinner inspect --rate-limit                     pulls left on Docker Hub
  pinner inspect --rate-limit ghcr.io             the same of another registry
"""


@pinner_command("inspect", _EPILOG)
@click.argument("names", nargs=-1, metavar="IMAGE...")
@click.option(
    "--format", type=click.Choice(list(INSPECTION_FORMATS)), default="text", show_default=True, help="How to show it."
)
@click.option(
    "--rate-limit", is_flag=True, help="Show how many pulls the registries still allow; without an IMAGE, Docker Hub."
)
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show what an image's name means: index, manifests, image IDs, sizes, labels, signatures.

    Signatures and attestations are found; where a [[verify]] table fits, it is said who signed. The registry is asked;
    nothing is written.
    """
    return Invocation(ctx.obj, partial(inspect, asked=InspectOptions(ctx.obj, **values)))
