"""``pinner verify``: who signed an image, held against the policies of the settings."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import CLEAN, DEFAULTS, FOUND, MISUSED, Invocation, Options, exit_status
from pinner.cli.registry_answers import with_registry
from pinner.cli.settings import settings_for
from pinner.cli.signature_verifier import open_verifier, signers_in_lock
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, InvalidReferenceError, ResolveError, SignatureError, UnavailableError
from pinner.findings.signatures import refused_findings
from pinner.model import Occurrence
from pinner.pipeline import Survey
from pinner.reference import ImageReference
from pinner.report import FORGE_FORMATS
from pinner.report.as_text import render_error
from pinner.report.base import Verdict, shown_places, summarise
from pinner.report.escapes import form_of
from pinner.report.signatures import Checked, render_checked
from pinner.scan.suppressions import occurrences_for
from pinner.verify.gate import check_answer, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.oci.resolver import Registry
    from pinner.scan.suppressions import Candidate, Source

OWN_FORMATS = ("text", "json")
FORMATS = (*OWN_FORMATS, *FORGE_FORMATS)


class VerifyOptions(NamedTuple):
    """What ``verify`` was asked."""

    options: Options = DEFAULTS
    names: tuple[str, ...] = ()
    format: str = "text"
    by: str | None = None
    key: tuple[str, ...] = ()
    identity: str | None = None
    identity_regex: str | None = None
    issuer: str | None = None
    github: str | None = None
    trusted_root: str | None = None
    log: bool | None = None


def verify(context: Context, asked: VerifyOptions) -> int:
    """Verify every image that is named, or that the files name; return the exit status."""
    terminal = Terminal(context, asked.options)
    settings = _with_policy(settings_for(context, asked.options), context, asked)
    terminal.info(*(f"{terminal.talk_style.severity('warning')}: {note}" for note in settings.notes))
    if not settings.verify:
        hint = "write a [[verify]] table, or say --by key --key FILE"
        raise ConfigError("nothing says who may sign: there is no [[verify]] table here", hint=hint)
    images, are_named, survey = _images(context, settings, asked.names, terminal)
    if are_named and asked.format not in OWN_FORMATS:
        raise ConfigError(f"--format {asked.format} is about images in files", hint="name files or folders alone")

    async def work(registry: Registry, on_answer: Callable[[int, int], None]) -> list[Checked]:
        return await _verify_all(context, settings, registry, images, on_answer)

    checked = with_registry(context, settings, terminal, work)
    if asked.format not in OWN_FORMATS:
        from pinner.cli.report_destinations import Outputs, Report, deliver  # noqa: PLC0415 - only where it is asked for

        verdict = verdict_in_files(survey or Survey((), ()), checked, settings)
        deliver(verdict, Outputs((Report(asked.format),)), context, terminal)
    else:
        terminal.output(render_checked(checked, asked.format, terminal.style), form_of(asked.format))
    for one in checked:
        if one.error is not None:
            terminal.error(render_error(one.error, terminal.talk_style))
    return _status(checked, are_named=are_named)


def _status(checked: Iterable[Checked], *, are_named: bool) -> int:
    statuses = {CLEAN}
    for one in checked:
        if one.answer is None:
            statuses.add(MISUSED if one.error is not None or are_named else CLEAN)
        elif not one.answer.is_accepted:
            statuses.add(MISUSED if one.answer.verdict.outcome == "unknown" else FOUND)
    return max(statuses)


async def _verify_all(
    context: Context,
    settings: Settings,
    registry: Registry,
    images: Sequence[ImageReference],
    on_answer: Callable[[int, int], None],
) -> list[Checked]:
    import asyncio  # noqa: PLC0415 - costs start-up time, needed only to ask

    verifier = open_verifier(context, settings, registry, signers_in_lock(context, settings))
    answered = 0

    async def one(reference: ImageReference) -> Checked:
        nonlocal answered
        try:
            if verifier.policy_for(reference) is None:
                return Checked(reference)
            digest = reference.digest or (await registry.resolve(reference, settings.platform)).digest
            return Checked(reference, digest, await verifier.verify(reference, digest))
        except ResolveError as error:
            return Checked(reference, reference.digest, None, error)
        finally:
            answered += 1
            on_answer(answered, len(images))

    return list(await asyncio.gather(*map(one, images)))


def _images(
    context: Context, settings: Settings, names: Sequence[str], terminal: Terminal
) -> tuple[list[ImageReference], bool, Survey | None]:
    """Return the images that ``names`` are or that files under them name, whether any is named, and those files."""
    paths = [name for name in names if os.path.exists(os.path.join(context.folder, name))]
    named = [name for name in names if name not in paths]
    found: dict[str, ImageReference] = {}
    for name in named:
        try:
            reference = ImageReference.parse(name)
        except InvalidReferenceError as error:
            raise ConfigError(f"`{name}` is neither a file nor an image: {error.message}", hint=error.hint) from error
        found[str(reference)] = reference
    survey = None
    if paths or not names:
        from pinner.cli.scan import scan_files  # noqa: PLC0415 - only where files are named

        _, survey = scan_files(context, settings, paths, terminal)
        for reference in _in_files(survey):
            found.setdefault(str(reference), reference)
    return list(found.values()), bool(named), survey


def _in_files(survey: Survey) -> Iterable[ImageReference]:
    from pinner.model import Occurrence  # noqa: PLC0415 - the same
    from pinner.scan.suppressions import occurrences_for  # noqa: PLC0415 - the same

    return [
        place.reference
        for source in survey.sources
        for place in occurrences_for(source, "pin")
        if isinstance(place, Occurrence)
    ]


def _with_policy(settings: Settings, context: Context, asked: VerifyOptions) -> Settings:
    """Return ``settings`` with the policy that the command line states in the place of the file's."""
    if asked.by is None:
        if asked.key or asked.identity or asked.identity_regex or asked.github:
            raise ConfigError("the command line says whom to trust and not how", hint="add --by key or --by keyless")
        return settings
    from pinner.config.table import Table  # noqa: PLC0415 - brings tomllib
    from pinner.config.verify import parse_policies  # noqa: PLC0415 - the same

    given = {
        "by": asked.by,
        "key": list(asked.key),
        "identity": asked.identity,
        "identity-regex": asked.identity_regex,
        "issuer": asked.issuer,
        "github": asked.github,
        "trusted-root": asked.trusted_root,
        "log": asked.log,
    }
    item = {name: value for name, value in given.items() if value not in (None, [])}
    policies, notes = parse_policies(Table({"verify": [item]}, "the command line", ""))
    return settings._replace(verify=policies, notes=notes, root=context.folder)


_EPILOG = """\b
Examples:
  pinner verify                                  every image of the repository
  pinner verify ghcr.io/acme/app:1.2             one image, by pinner.toml
  pinner verify --by key --key cosign.pub IMAGE  by a key, without a file
  pinner verify --by keyless --github acme/app IMAGE
  pinner verify --layout DIR --format json IMAGE  from an OCI layout
  pinner verify --format sarif deploy/           for code scanning

\b
Exit status:
  0  all verified                   2  something is not known, or wrong usage
  1  something is unsigned or refused
"""


@pinner_command("verify", _EPILOG)
@click.argument("names", nargs=-1, metavar="[IMAGE|PATH]...")
@click.option("--format", type=click.Choice(list(FORMATS)), default="text", show_default=True, help="How to report.")
@click.option("--by", type=click.Choice(["keyless", "key", "notation"]), help="Who may sign, instead of pinner.toml.")
@click.option("--key", multiple=True, metavar="FILE", help="With --by key: a public key that may have signed.")
@click.option("--identity", metavar="NAME", help="With --by keyless: the certificate's name, exactly.")
@click.option("--identity-regex", metavar="REGEX", help="The same as a regular expression that must fit all of it.")
@click.option("--issuer", metavar="URL", help="With --identity: who vouches for it.")
@click.option("--github", metavar="OWNER/NAME", help="With --by keyless: a repository whose workflows may sign.")
@click.option("--trusted-root", metavar="FILE", help="A Sigstore trusted root, instead of the public one.")
@click.option("--log/--no-log", default=None, help="Whether an entry in a transparency log is required.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Verify who signed images: cosign, notation, Docker Content Trust.

    Each is held against the first [[verify]] table that fits it. What is named is an image, or a file or folder whose
    images are meant; without any, the whole repository. Nothing is written.
    """
    return Invocation(ctx.obj, partial(verify, asked=VerifyOptions(ctx.obj, **values)))


def verdict_in_files(survey: Survey, checked: Sequence[Checked], settings: Settings) -> Verdict:
    """Return what ``checked`` says of the images in the files of ``survey``, as ``check`` reports it."""
    by_name = {str(one.reference): one for one in checked}
    findings: list[Finding] = []
    untold: list[tuple[str, Occurrence, PinnerError]] = []
    for source in survey.sources:
        path = source.document.path
        for candidate, place in _verified(source):
            error = _error(by_name[str(place.reference)])
            if isinstance(error, SignatureError):
                findings += refused_findings(path, candidate, place, error, settings.rules)
            elif error is not None:
                untold.append((path, place, error))
    places = shown_places((source.document.path, [one.place for one in source.candidates]) for source in survey.sources)
    status = exit_status(
        found=any(one.severity == "error" for one in findings), untold=bool(untold or survey.unreadable)
    )
    return Verdict(
        tuple(findings),
        summarise(len(survey.sources), places, findings, len(untold)),
        survey.unreadable,
        _bytes(survey),
        status=status,
        untold=untold,
    )


def _bytes(survey: Survey) -> Mapping[str, bytes]:
    return {source.document.path: source.document.data for source in survey.sources}


def _verified(source: Source) -> Iterator[tuple[Candidate, Occurrence]]:
    """Yield the places in ``source`` whose images are verified."""
    for candidate, place in zip(source.candidates, occurrences_for(source, "pin"), strict=True):
        if isinstance(place, Occurrence):
            yield candidate, place


def _error(one: Checked) -> PinnerError | None:
    """Return why an image is not accepted, or not known to be; None where it is, or no policy fits it."""
    if one.error is not None or one.answer is None or one.digest is None:
        return one.error
    answer = one.answer
    try:
        check_answer(one.reference, one.digest, answer)
    except (SignatureError, UnavailableError) as error:
        return error
    if answer.is_accepted:
        return None
    # Held to who signed first, and signed by another, or by nobody.
    return refusal(one.reference, one.digest, "PIN108", answer.verdict.detail or f"is {answer.verdict.outcome}")
