"""What ``pin`` and ``update`` would do, as findings that carry their mending: for outputs that suggest changes."""

from __future__ import annotations

from pinner.findings import Finding
from pinner.lean import TYPE_CHECKING
from pinner.plan import Changed
from pinner.rules import STALE, UNPINNED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pinner.plan import Plan
    from pinner.rules import Level

_SHORT = 12


def proposed_findings(plans: Iterable[Plan], levels: Mapping[str, Level]) -> Iterator[Finding]:
    """Yield a finding for each reference that ``plans`` pin or move; ``levels`` holds severities by rule id.

    A rule that is off says nothing here, either.
    """
    for plan in plans:
        for verdict in plan.verdicts:
            if not isinstance(verdict, Changed) or verdict.digest is None:
                continue
            reference, digest = verdict.place.reference, verdict.digest
            short = f"{digest.algorithm}:{digest.hex[:_SHORT]}…"
            if reference.digest is None:
                rule, message = UNPINNED, f"`{reference}` has no digest; its tag means `{short}`"
            else:
                rule, message = STALE, f"`{reference.familiar}` means `{short}` by now"
            level = levels.get(rule.id, rule.severity)
            if level != "off":
                yield Finding(
                    rule, level, message, None, plan.document.path, verdict.place, verdict.text, verdict.digest
                )
