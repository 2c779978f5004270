"""``pinner pin``, ``update`` and ``unpin``: edits planned, written or printed."""

from __future__ import annotations

from pinner import pipeline
from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.cache import cache_folder
from pinner.cli.context import DEFAULTS, Options, exit_status
from pinner.cli.registry_answers import SharedRegistry, ask, refuse_offline
from pinner.cli.scan import report_unreadable, scan_files, severities_by_path, stdin_for
from pinner.cli.settings import settings_for, with_update, without_policies
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, isolate_failures
from pinner.findings import check_source
from pinner.lockfile.file import lock_file, read_lock
from pinner.model import LOCK_NAME
from pinner.report import PATCH
from pinner.report.as_text import finding_lines, lines_with_counts
from pinner.report.changes import change_sentence, has_refused, render_changes, render_failures, settled_names, tally
from pinner.report.escapes import printable
from pinner.report.style import hint_line
from pinner.report.summary_sentences import nothing_found
from pinner.rules import CANNOT_PIN, MALFORMED, PARSE_ERROR
from pinner.scan.scan import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.cli.context import Context
    from pinner.cli.lock_step import Run
    from pinner.cli.scan import StdinFile
    from pinner.cli.tag_upgrades import Raised
    from pinner.config import Settings, TagLevel
    from pinner.lockfile.file import LockFile, StoredLock
    from pinner.pipeline import Survey
    from pinner.plan import Plan
    from pinner.report.changes import Tally
    from pinner.scan.discover import Target
    from pinner.scan.suppressions import Operation, Source


class ChangeOptions(NamedTuple):
    """What ``pin``, ``update`` or ``unpin`` was asked."""

    operation: Operation
    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    diff: bool = False
    format: str = PATCH
    exit_non_zero_on_change: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    to_index: bool = False
    """Whether an update moves one platform's manifest to the index."""
    min_age: str | None = None
    """How long a digest must have been known before an update takes it: ``3d``."""
    tags: TagLevel | None = None
    """How great a step tags are raised by; None for what the settings say."""
    variant: str | None = None
    allow: tuple[str, ...] = ()
    stdin_filename: str | None = None
    """What standard input is called, where it is what is asked about: its text goes to stdout."""
    no_verify: bool = False
    """Whether policies on signatures are left aside."""


class Beside(NamedTuple):
    """What became of the lock beside the files."""

    rewritten: bool = False
    words: str = ""
    """What the sentence that closes the run says of it."""


class _Work(NamedTuple):
    """What one run works with: all that is known before anything is planned."""

    context: Context
    asked: ChangeOptions
    terminal: Terminal
    settings: Settings
    place: LockFile
    stored: StoredLock | None
    targets: Sequence[Target]
    survey: Survey
    sources: tuple[Source, ...]
    """Those that the run is about."""
    typed: StdinFile | None = None
    """What came from standard input: nothing is written but that."""

    @property
    def memory(self) -> str | None:
        """The cache folder, where one may be used."""
        return cache_folder(self.context.environment) if self.settings.use_cache else None


def change(context: Context, asked: ChangeOptions) -> int:
    """Do what was asked to every file; return the exit status."""
    work = _prepared(context, asked)
    with SharedRegistry(context) as shared:
        asking = work._replace(context=shared.context)
        everything, selected, untold = _raised(asking)
        plans, beside = _planned(asking, everything, selected)
    unwritten = () if asked.diff or work.typed else pipeline.write(plans, work.targets, work.memory, context.folder)
    _warn(work)
    lost = {file.path for file in unwritten}
    result = tally(plan for plan in plans if plan.document.path not in lost)
    untold = bool(work.survey.unreadable or unwritten or tally(plans).failed or untold)
    changed = result.files > 0 or beside.rewritten
    status = exit_status(found=has_refused(plans) or (asked.exit_non_zero_on_change and changed), untold=untold)
    _report(plans, unwritten, status, work)
    work.terminal.info(_sentence(result, len(unwritten), beside, work))
    if asked.diff and beside.rewritten:
        hint = f"the patch leaves {LOCK_NAME} out: run `pinner lock` when it is applied"
        work.terminal.info(hint_line(hint, work.terminal.talk_style))
    return status


def _prepared(context: Context, asked: ChangeOptions) -> _Work:
    """Return what the run works with; raise `ConfigError` where it cannot do what it was asked."""
    terminal = Terminal(context, asked.options)
    if asked.format != PATCH and not asked.diff:
        raise ConfigError("--format goes with --diff", hint="it says what would change, and writes nothing")
    settings = settings_for(context, asked.options, asked.paths)
    settings = with_update(settings, asked.tags, asked.variant, asked.allow, asked.min_age)
    if asked.no_verify:
        settings = without_policies(settings, terminal)
    place = lock_file(settings, context.folder)
    stored = None if asked.operation == "unpin" else read_lock(place)
    if stored is None:
        _do_without_lock(settings, asked, terminal)
    typed = stdin_for(context, asked.paths, asked.stdin_filename)
    (targets, _), survey = scan_files(context, settings, asked.paths, terminal, typed)
    sources = _selected(survey.sources, asked)
    return _Work(context, asked, terminal, settings, place, stored, targets, survey, sources, typed)


def _raised(work: _Work) -> Raised:
    """Return the sources of the run with the tags that are to be raised; see `upgrade_tags`."""
    if work.asked.operation != "update":
        return work.survey.sources, work.sources, False
    from pinner.cli.tag_upgrades import upgrade_tags, warn_of_no_effect  # noqa: PLC0415 - only to update

    warn_of_no_effect(work.asked.variant, work.settings, work.sources, work.terminal)

    return upgrade_tags(work.context, work.settings, work.survey.sources, work.sources, work.terminal)


def _planned(
    work: _Work, everything: tuple[Source, ...], selected: tuple[Source, ...]
) -> tuple[tuple[Plan, ...], Beside]:
    """Return what is to be done to each file, and what became of the lock."""
    asked = work.asked
    if asked.operation == "unpin":
        return pipeline.unpin_plans(selected, work.targets, work.memory), Beside()
    if work.stored is None:
        plans = ask(work.context, work.settings, selected, asked.operation, work.terminal, to_index=asked.to_index)
        return plans, _beside(plans)
    from pinner.cli.lock_step import ScannedFiles, open_run  # noqa: PLC0415 - only where there is a lock

    seen = ScannedFiles(work.targets, work.survey._replace(sources=everything), asked.paths)
    run = open_run(work.context, work.settings, work.terminal, work.place, work.stored.lock, seen)
    asked = asked._replace(diff=asked.diff or work.typed is not None)
    return _change_by_lock(run, asked, everything, selected)


def _sentence(result: Tally, unwritten: int, beside: Beside, work: _Work) -> str:
    """Return the sentence that closes the run."""
    survey, asked = work.survey, work.asked
    if not survey.sources and not survey.unreadable:
        return nothing_found(len(work.targets))
    unread = len(survey.unreadable)
    return change_sentence(result, asked.operation, would=asked.diff, unread=unread, unwritten=unwritten) + beside.words


def _selected(sources: tuple[Source, ...], asked: ChangeOptions) -> tuple[Source, ...]:
    if not asked.only and not asked.exclude:
        return sources
    from pinner.cli.settings import select  # noqa: PLC0415 - only where it is asked for

    return select(sources, asked.only, asked.exclude)


def _change_by_lock(
    run: Run, asked: ChangeOptions, everything: Sequence[Source], selected: Sequence[Source]
) -> tuple[tuple[Plan, ...], Beside]:
    """Return the plans that make ``selected`` what the lock says, and what became of it."""
    from pinner.cli.lock_step import Order, change_by_lock, number_waiting  # noqa: PLC0415 - only where there is a lock
    from pinner.report.locks import elsewhere_words, held_back_words, lock_words, tally_lock  # noqa: PLC0415 - as above

    order = Order(asked.operation, to_index=asked.to_index, write=not asked.diff)
    plans, locked = change_by_lock(run, everything, selected, order)
    result = tally_lock(run.before, locked.lock)
    waiting = held_back_words(number_waiting(locked.lock, selected)) if asked.operation == "update" else ""
    words = lock_words(result, would=asked.diff)
    elsewhere = elsewhere_words(len(locked.elsewhere))
    return plans, Beside(result.rewritten, waiting + (f"; {words}" if words else "") + elsewhere)


def _beside(plans: Sequence[Plan]) -> Beside:
    """Return what to say beside ``plans`` where there is no lock."""
    names = settled_names(plans)
    if not names:
        return Beside()
    from pinner.report.locks import elsewhere_words  # noqa: PLC0415 - hardly ever

    return Beside(words=elsewhere_words(len(names)))


def _do_without_lock(settings: Settings, asked: ChangeOptions, terminal: Terminal) -> None:
    """Refuse what cannot be done without a lock, and say what has no effect."""
    if asked.operation == "hold":
        raise ConfigError(f"--locked: there is no {LOCK_NAME}", hint="run `pinner lock` first")
    if asked.min_age is not None and not settings.update.is_on:
        raise ConfigError(
            f"--min-age: there is no {LOCK_NAME}, which remembers when a digest was first seen",
            hint="run `pinner lock` first",
        )
    refuse_offline(settings, asked.operation)
    if asked.operation == "update" and settings.min_age is not None and not settings.update.is_on:
        style = terminal.talk_style
        source = printable(settings.source or "")
        terminal.info(f"{source}: {style.severity('note')}: `min-age` has no effect without {LOCK_NAME}")
        terminal.info(hint_line("run `pinner lock` first", style))


def _warn(work: _Work) -> None:
    """Name the references that a person has to look at: they stay as they are."""
    sources, asked, terminal, style = work.sources, work.asked, work.terminal, work.terminal.talk_style
    if asked.only:
        from pinner.cli.settings import nothing_selected  # noqa: PLC0415 - only where it is asked for

        if nothing_selected(sources):
            globs = ", ".join(f"`{glob}`" for glob in asked.only)
            terminal.info(f"{style.severity('warning')}: no image here is meant by --only {globs}")
            terminal.info(hint_line("globs are held against whole names: try `*nginx*` or `ghcr.io/*`", style))
    # Who asks about some images alone need not hear about the others.
    if asked.operation == "unpin" or asked.only or asked.exclude:
        return
    found = (finding for source in sources for finding in check_source(source, work.settings.rules))
    mending = (one for one in found if one.rule in (CANNOT_PIN, MALFORMED, PARSE_ERROR))
    findings = severities_by_path(mending, work.settings, work.context)
    terminal.info(*lines_with_counts((tuple(finding_lines(one, style)) for one in findings), style))


def _report(plans: Sequence[Plan], unwritten: Sequence[Unreadable], status: int, work: _Work) -> None:
    """Say what changed and what failed."""
    asked, context, terminal = work.asked, work.context, work.terminal
    terminal.error(render_failures(plans, terminal.talk_style))
    if asked.format != PATCH:
        from pinner.cli.diff import Told, write_proposals  # noqa: PLC0415 - only where it is asked for

        told = Told(work.survey.unreadable, status, asked.format, is_unverified=asked.no_verify)
        write_proposals(plans, told, work.settings, context, terminal)
        return
    report_unreadable(unwritten, terminal)
    lost = {file.path for file in unwritten}
    done = [plan for plan in plans if plan.document.path not in lost]
    if asked.diff:
        from pinner.cli.diff import write_patch  # noqa: PLC0415 - as above

        write_patch(done, context, terminal)
        return
    style = terminal.style if work.typed is None else terminal.talk_style
    lines, failed = isolate_failures(lambda plans: list(render_changes(plans, style)), done)
    if work.typed is None:
        terminal.output(lines)
    else:
        from pinner.cli.diff import write_exactly  # noqa: PLC0415 - as above

        terminal.info(*lines)
        text = next((plan.result for plan in done), work.typed.data)
        write_exactly(text.splitlines(keepends=True), "text", context, terminal)
    report_unreadable((Unreadable(plan.document.path, error) for plan, error in failed), terminal)
