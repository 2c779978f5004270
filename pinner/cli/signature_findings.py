"""Verdicts on signatures as findings in files, for the outputs of ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.cli.invocation import exit_status
from pinner.errors import SignatureError, UnavailableError
from pinner.findings.signatures import refused
from pinner.model import Occurrence
from pinner.report.base import Verdict, shown_places, summarise
from pinner.scan.suppressions import occurrences_for
from pinner.verify.gate import check_answer, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pinner.config import Settings
    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.pipeline import Survey
    from pinner.report.signatures import Checked
    from pinner.scan.suppressions import Candidate, Source


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
                findings += refused(path, candidate, place, error, settings.rules)
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
