"""``pinner check``: findings reported, nothing written."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.cache import cache_folder
from pinner.checks import run
from pinner.checks.record_use import Memory
from pinner.cli.context import DEFAULTS, Options, exit_status
from pinner.cli.report_destinations import choose_outputs, deliver
from pinner.cli.scan import (
    discover_files,
    is_about_stdin,
    refuse_unknown,
    report_scan,
    sees_all,
    stdin_for,
    surrounding_files,
)
from pinner.cli.settings import settings_for
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError
from pinner.files import repository_around
from pinner.report.base import Verdict, summary_of
from pinner.report.escapes import printable
from pinner.report.style import hint_line
from pinner.report.summary_sentences import NotTold, Outlook, check_sentence, count
from pinner.rules import (
    BUILT_WITH_DIGEST,
    CANNOT_PIN,
    LOCK_MISMATCH,
    MALFORMED,
    SEVERITIES,
    UNKNOWN,
    UNPINNED,
    VOID_DIGEST,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.checks.one_file import Examined
    from pinner.cli.context import Context
    from pinner.cli.report_destinations import Outputs
    from pinner.config import Settings
    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.model import Document, Occurrence
    from pinner.scan.scan import Unreadable


_TO_MEND = (CANNOT_PIN, MALFORMED, VOID_DIGEST, BUILT_WITH_DIGEST)
_MANY = 50
"""Findings that nobody reads one by one."""


class CheckOptions(NamedTuple):
    """What ``check`` was asked."""

    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    format: str | None = None
    """None for the one that suits: text, and annotations beside it on GitHub."""
    output: tuple[str, ...] = ()
    exit_zero: bool = False
    fail_on: Severity = "error"
    online: bool = False
    """Whether the registries are asked how the pins stand."""
    strict: bool = False
    """Whether every image has to be held to a digest, whatever the reason that it is not."""
    baseline: str | None = None
    """The file that says which findings were there before; they are counted and not told."""
    write_baseline: str | None = None
    """The file to write that to."""
    group: str | None = None
    """How findings are told in text: by image, rule or file; None for one after the other."""
    statistics: bool = False
    """Whether only their numbers are told."""
    stdin_filename: str | None = None
    """What standard input is called, where it is what is asked about."""
    fix: bool = False
    """Whether what can be pinned is pinned first."""


class _Outcome(NamedTuple):
    """What came of the files."""

    seen: int
    """How many were looked at."""
    unread: Sequence[str]
    """What those are that name images and that no format reads."""
    examined: Sequence[Examined]
    """Those of a known format."""
    unreadable: tuple[Unreadable, ...]
    findings: tuple[Finding, ...]
    lock: tuple[Document, ...] = ()
    untold: tuple[tuple[str, Occurrence, PinnerError], ...] = ()
    believed: tuple[tuple[str, Occurrence], ...] | None = None
    held_back: int = 0
    """How many findings a baseline knows."""
    gone: int = 0
    """How many findings of the baseline are not there any more."""


def check(context: Context, asked: CheckOptions) -> int:
    """Report every finding; return the exit status."""
    terminal = Terminal(context, asked.options)
    outputs = choose_outputs(asked.format, asked.output, context, asked.group, statistics=asked.statistics)
    typed = is_about_stdin(asked.paths, asked.stdin_filename)
    if asked.fix and typed:
        hint = "`pinner pin -` prints the text with its digests"
        raise ConfigError("--fix writes files, and standard input is none", hint=hint)
    settings = _settings(context, asked)
    complete = not asked.fix or _fix(context, asked)
    outcome = _look_at_files(context, settings, asked, outputs, terminal)
    if asked.write_baseline is not None:
        return _write_baseline(outcome, asked.write_baseline, context, terminal)
    outlook = _outlook(outcome.findings)
    if asked.baseline is not None:
        outcome = _beside_baseline(outcome, asked.baseline, context, everything=not (asked.paths or typed))
    verdict = _verdict(outcome, asked)
    complete = deliver(verdict, outputs, context, terminal) and complete
    _close(verdict, outcome, settings, outlook, terminal)
    _tell_ways(outcome, asked, terminal)
    _tell_baseline(outcome, asked.baseline, terminal)
    failed = verdict.status == exit_status(found=True, untold=False)
    return verdict.status if complete else exit_status(found=failed, untold=True)


def _fix(context: Context, asked: CheckOptions) -> bool:
    """Do what ``pinner pin`` does; tell whether every question was answered and every file written."""
    from pinner.cli.change import ChangeOptions, change  # noqa: PLC0415 - only to write

    # What stands on stdout is the report, whatever its format.
    talking = context._replace(stdout=context.stderr)
    return change(talking, ChangeOptions("pin", asked.options, asked.paths)) == exit_status(found=False, untold=False)


def _write_baseline(outcome: _Outcome, file: str, context: Context, terminal: Terminal) -> int:
    from pinner.cli.baseline import write_baseline  # noqa: PLC0415 - only where one is written

    write_baseline(outcome.findings, file, context)
    number = count(len(outcome.findings), "finding")
    terminal.info(f"wrote {number} to {printable(file)}; `pinner check --baseline {printable(file)}` tells new ones")
    return exit_status(found=False, untold=bool(outcome.unreadable or outcome.untold))


def _beside_baseline(outcome: _Outcome, file: str, context: Context, *, everything: bool) -> _Outcome:
    from pinner.cli.baseline import compare_with_baseline  # noqa: PLC0415 - only where there is one

    new, held_back, gone = compare_with_baseline(outcome.findings, file, context)
    # A run over a part of the repository does not see what the rest still has.
    return outcome._replace(findings=new, held_back=held_back, gone=gone if everything else 0)


def _tell_baseline(outcome: _Outcome, file: str | None, terminal: Terminal) -> None:
    if outcome.held_back:
        terminal.info(f"not shown: {count(outcome.held_back, 'finding')} that {printable(file or '')} knows")
    if outcome.gone:
        hint = f"{count(outcome.gone, 'finding')} in it found no more: write it anew with --write-baseline"
        terminal.info(hint_line(hint, terminal.talk_style))


def _settings(context: Context, asked: CheckOptions) -> Settings:
    settings = settings_for(context, asked.options, asked.paths)
    if not asked.strict:
        return settings
    return settings._replace(rules={**settings.rules, CANNOT_PIN.id: "error", UNKNOWN.id: "error"}, is_strict=True)


def _verdict(outcome: _Outcome, asked: CheckOptions) -> Verdict:
    _, _, examined, unreadable, findings, lock, untold, believed, *_ = outcome
    failing = SEVERITIES[SEVERITIES.index(asked.fail_on) :]
    found = any(finding.severity in failing for finding in findings) and not asked.exit_zero
    return Verdict(
        findings,
        summary_of(len(examined), map(sum, zip(*(one.counts for one in examined), strict=True)), findings, len(untold)),
        unreadable,
        {**{one.path: one.data for one in examined}, **{document.path: document.data for document in lock}},
        failing,
        exit_status(found=found, untold=bool(unreadable or untold)),
        untold,
        believed,
    )


def _close(verdict: Verdict, outcome: _Outcome, settings: Settings, outlook: Outlook, terminal: Terminal) -> None:
    """Say what no answer came for, how everything stands, and what to do next."""
    if outcome.untold:
        from pinner.report.changes import render_untold  # noqa: PLC0415 - only where registries were asked

        terminal.error(render_untold(outcome.untold, terminal.talk_style))
    findings = outcome.findings
    rest = NotTold(len(outcome.unreadable), outcome.unread)
    sentence = check_sentence(verdict.summary, rest, outcome.seen, outlook)
    beside_lock = outcome.lock and outcome.examined and settings.rules.get(LOCK_MISMATCH.id) != "off"
    terminal.info(f"{sentence}; {_agreement(findings)}" if beside_lock else sentence)
    if any(finding.rule is UNPINNED for finding in findings):
        terminal.info(hint_line("`pinner pin` adds the digests", terminal.talk_style))


def _tell_ways(outcome: _Outcome, asked: CheckOptions, terminal: Terminal) -> None:
    """Say how many findings are told in few lines, and how old ones are left for later."""
    shortened = asked.group or asked.statistics or asked.baseline or asked.format
    if len(outcome.findings) > _MANY and not shortened:
        hint = "`--group image` tells them by image, `--write-baseline FILE` leaves them for later: docs/adopt.md"
        terminal.info(hint_line(hint, terminal.talk_style))


def _outlook(findings: Iterable[Finding]) -> Outlook:
    findings = list(findings)
    unknown = sum(finding.images for finding in findings if finding.rule is UNKNOWN)
    return Outlook(sum(finding.rule in _TO_MEND for finding in findings), unknown)


def _look_at_files(
    context: Context, settings: Settings, asked: CheckOptions, outputs: Outputs, terminal: Terminal
) -> _Outcome:
    """Judge every file: by itself, by the others, by pinner.lock, and by what registries say where they are asked."""
    typed = stdin_for(context, asked.paths, asked.stdin_filename)
    found = discover_files(context, settings, asked.paths, terminal, typed)
    targets, unread = found
    examined, unreadable, findings, lock = run.check(
        targets,
        settings,
        context.folder,
        today=context.today,
        around=surrounding_files(context, settings, asked.paths, found, typed),
        memory=None if typed else _memory(context, settings, asked),
        keeps="sources" if asked.online else "bytes" if outputs.count_in_bytes else "findings",
    )
    refuse_unknown(targets, {one.path for one in examined} | {one.path for one in unreadable})
    report_scan(((one.path, one.problems) for one in examined), unreadable, terminal)
    outcome = _Outcome(len(targets), unread, examined, unreadable, findings, lock)
    if not asked.online:
        return outcome
    from pinner.cli.online_check import judge_online  # noqa: PLC0415 - brings asyncio

    sources = [one.source for one in examined if one.source is not None]
    findings, untold, believed, _ = judge_online(context, settings, sources, findings, terminal)
    findings = run.severities_by_path(findings, settings, context.folder)
    return outcome._replace(findings=findings, untold=untold, believed=believed)


def _memory(context: Context, settings: Settings, asked: CheckOptions) -> Memory | None:
    """Return where this run remembers the files that have nothing to report, if anywhere."""
    # Who wants to know what was looked into has it looked into.
    folder = cache_folder(context.environment) if settings.use_cache and not asked.options.verbose else None
    if folder is None:
        return None
    root = repository_around(context.folder) or context.folder
    return Memory(folder, root, not asked.paths, int(context.clock() * 1e9), sees_all(context, asked.paths))


def _agreement(findings: Iterable[Finding]) -> str:
    from pinner.report.locks import agreement_words  # noqa: PLC0415 - only where there is a lock

    return agreement_words(sum(finding.rule is LOCK_MISMATCH for finding in findings))
