"""JSON Schema registry: the configuration, the two files of pinner's own and every JSON output, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.schema.command_json import AllowancesRecord, BotRecord, HashRecord, InspectionsRecord, LocalRecord
from pinner.schema.configuration import configuration_schema
from pinner.schema.fleet import FleetPlanRecord, FleetRecord, FleetStatusRecord
from pinner.schema.generate import DRAFT, Schema, schema_of
from pinner.schema.records import (
    BaselineRecord,
    FindingRecord,
    ListingRecord,
    LockRecord,
    OccurrenceRecord,
    VerdictRecord,
    VerificationRecord,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

HOME = "https://pinner-dev.github.io/pinner/schemas"
"""Where the site has them (mkdocs.yml, ``site_url``)."""


class Published(NamedTuple):
    """One schema: what it is of, and the types that it is made from."""

    summary: str
    kinds: tuple[object, ...] = ()
    """Typed dictionaries, of which a document is one; none for the configuration, which has tables."""
    is_file: bool = False
    """Whether pinner reads it too, and refuses members that it does not know."""


SCHEMAS: Mapping[str, Published] = {
    "config": Published("pinner.toml, and [tool.pinner] in pyproject.toml", is_file=True),
    "lock": Published("pinner.lock, versions 1 and 2", (LockRecord,), is_file=True),
    "baseline": Published("the file of check --baseline", (BaselineRecord,), is_file=True),
    "fleet": Published("fleet.toml", (FleetRecord,), is_file=True),
    "list": Published("list --format json", (ListingRecord,)),
    "mention": Published("a line of list --format jsonl", (OccurrenceRecord,)),
    "check": Published("check --format json; pin and update with --diff --format json", (VerdictRecord,)),
    "finding": Published("a line of check --format jsonl", (FindingRecord,)),
    "inspect": Published("inspect --format json", (InspectionsRecord,)),
    "rate-limit": Published("inspect --rate-limit --format json", (AllowancesRecord,)),
    "identify": Published("identify --format json", (HashRecord, LocalRecord)),
    "verify": Published("verify --format json", (VerificationRecord,)),
    "update": Published("update with --pr, --repo, --repos or --org, and --format json", (BotRecord,)),
    "fleet-plan": Published("fleet plan --format json", (FleetPlanRecord,)),
    "fleet-status": Published("fleet status --format json", (FleetStatusRecord,)),
}
"""By what ``pinner schema`` calls them."""


def published_schema(name: str, *, closed: bool = False) -> Schema:
    """Return the schema ``name``, one of `SCHEMAS`, as JSON has it.

    An output's schema lets members pass that it does not know, since new ones may come, unless it is ``closed``.
    """
    one = SCHEMAS[name]
    head: Schema = {"$schema": DRAFT, "$id": f"{HOME}/{name}.json", "title": f"pinner: {one.summary}"}
    if not one.kinds:
        return {**head, **configuration_schema()}
    found = [schema_of(kind, closed=closed or one.is_file) for kind in one.kinds]
    if len(found) == 1:
        return {**head, **found[0]}
    definitions = {key: value for schema in found for key, value in schema.pop("definitions").items()}
    return {**head, "oneOf": found, "definitions": dict(sorted(definitions.items()))}
