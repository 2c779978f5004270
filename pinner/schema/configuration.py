"""JSON Schema of ``pinner.toml``: each key that the settings take, its type, and a sentence on it.

Keys, words and patterns are those of the code that reads the file; what stands here is the sentence, and a table whose
keys are not those of the code is an error. A file that the schema refuses is refused by pinner. pinner refuses more:
that a range has an end before its start, say, is nothing that a schema can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.config import COMMIT_WAYS, BotSettings
from pinner.config.bot import BOT_KEYS, DIGESTS, GROUP_KEYS, PINS
from pinner.config.formats import FORMATS_KEYS, LANGUAGES, PARTS, PLACES_KEYS
from pinner.config.parse import (
    ENDPOINT,
    HOST,
    IMAGES_KEYS,
    KEYS,
    OVERRIDE_KEYS,
    PYTHON_KEYS,
    REGISTRY_KEYS,
    TERRAFORM_KEYS,
    VARIABLE,
)
from pinner.config.table import AGE_UNITS
from pinner.config.update import KEYS as UPDATE_KEYS
from pinner.config.update import TAG_LEVELS, VARIANTS
from pinner.formats import FORMATS
from pinner.limits import PATTERNS
from pinner.model import TIERS
from pinner.rules import LEVELS, RULES
from pinner.schema.generate import duration, flag, map_of, table, tables, text, texts, whole, word
from pinner.schema.policies import first_use_schema, policies_schema

if TYPE_CHECKING:
    from pinner.schema.generate import Schema

DOCS = "https://pinner-dev.github.io/pinner"
_PAGES = {
    "bot": "pull-request.html",
    "formats": "what-is-pinned.html",
    "group": "pull-request.html",
    "override": "adopt.html",
    "rules": "rules/README.html",
    "signatures": "signatures.html",
    "update": "tags.html",
    "verify": "signatures.html",
}
_NAMED = {"pattern": r"\S"}


def configuration_schema() -> Schema:
    """Return the schema of the file, without its head."""
    known = {**_scalars(), **_tables()}
    for key, schema in known.items():
        schema["x-taplo"] = {"links": {"key": f"{DOCS}/{_PAGES.get(key, 'configuration.html')}"}}
    patterns = {"x-taplo-info": {"authors": ["pinner"], "patterns": [r"^(.*[/\\])?pinner\.toml$"]}}
    return {**table("Settings of pinner, which pins container images to digests.", KEYS, known), **patterns}


def _scalars() -> dict[str, Schema]:
    return {
        "exclude": texts("Files that are left alone: gitignore patterns, on top of .gitignore."),
        "platforms": texts(
            "Platforms that every image has to serve (PIN104), and whose change counts as one.",
            {"pattern": "^[^/]+/[^/]+(/[^/]+)?$", "examples": ["linux/amd64", "linux/arm64"]},
        ),
        "min-age": duration("update takes the newest digest that pinner.lock has known for so long: 3d.", AGE_UNITS),
        "timeout": duration("For all questions together: 90s, 5m.", "smh"),
        "mirror-variables": texts(
            "Variables that name mirrors: `${REGISTRY}/x:1` is pinned all the same.", whole(VARIABLE)
        ),
    }


def _tables() -> dict[str, Schema]:
    return {
        "images": table(
            "Images that are left alone.", IMAGES_KEYS, {"exclude": texts("Globs on names, short or full.")}
        ),
        "rules": _rules("Severities that differ from the defaults."),
        "override": tables(_override()),
        "registries": _registries(),
        "bot": _bot(),
        "group": tables(_group()),
        "python": _python(),
        "terraform": table(
            "Terraform.",
            TERRAFORM_KEYS,
            {"modules": flag("Pin what modules' inputs and locals call an image, where it has a tag.")},
        ),
        "formats": _formats(),
        "places": tables(_place()),
        "update": _update(),
        "verify": policies_schema(),
        "signatures": first_use_schema(),
    }


def _rules(description: str) -> Schema:
    known = {rule.id: word(f"{rule.name}: {rule.summary}", LEVELS, default=rule.severity) for rule in RULES}
    return table(description, [rule.id for rule in RULES], known)


def _override() -> Schema:
    known = {
        "paths": texts("gitignore patterns, from this file's folder.", minItems=1, maxItems=PATTERNS),
        "rules": _rules("Severities for files that one of the patterns fits."),
    }
    return table(
        "Other severities for some paths; of those that fit a file the last wins.",
        OVERRIDE_KEYS,
        known,
        required=["paths"],
    )


def _registries() -> Schema:
    known = {
        "endpoint": text("Ask here instead: https://mirror.example/v2-cache; the path prefix is kept.", ENDPOINT),
        "plain-http": flag("Speak HTTP without TLS; loopback needs no asking."),
        "ca": text("A PEM file of authorities to trust for this host."),
        "token-server": text(
            "A token server of another domain that may see the credentials: a host.", HOST, {"not": {"const": "*"}}
        ),
        "mirrors": flag("Whether what mirrors say of tags counts; false: no mirror is asked."),
    }
    one = table("How one registry is reached.", REGISTRY_KEYS, known)
    return {
        "description": 'By host, host:port, or "*" for every host not named.',
        "type": "object",
        "patternProperties": {f"^(?:{HOST.pattern})$": one},
        "additionalProperties": False,
    }


def _people() -> dict[str, Schema]:
    """Return what a group may say in the place of ``[bot]``."""
    return {
        "title": text("Template of the title: {summary}, {group}, {count}, {images}, {image}.", more=_NAMED),
        "labels": texts("Labels of the pull requests.", _NAMED),
        "assignees": texts("Who is assigned.", _NAMED),
        "reviewers": texts("Who is asked to review.", _NAMED),
        "auto-merge": {
            "description": "Have it merged once the checks that the branch requires have passed; on-success: where it "
            "requires none, once all that have run have succeeded.",
            "enum": [True, False, "on-success"],
        },
        "schedule": texts("When new ones may be opened: sat, mon-fri 22:00-06:00 Europe/Berlin.", _NAMED),
    }


def _bot() -> Schema:
    defaults = BotSettings()
    known = {
        **_people(),
        "branch-prefix": text(
            "What the name of every branch starts with.", minLength=1, default=defaults.branch_prefix
        ),
        "base": text("The branch to propose to; the repository's default branch otherwise.", minLength=1),
        "commit-message": text("Template of the message; also {title} and {changes}.", more=_NAMED),
        "author": text("Who commits; otherwise pinner[bot].", r"[^<>]+ <[^<>@\s]+@[^<>@\s]+>"),
        "sign-off": flag("Add a Signed-off-by of the author."),
        "max-open": {"description": "How many may be open at once.", "type": "integer", "minimum": 1},
        "commits": word("Through the forge's API, which signs them, or by git.", COMMIT_WAYS, default=defaults.commits),
    }
    return table("How the bot makes pull requests, and what they say.", BOT_KEYS, known)


def _group() -> Schema:
    known = {
        **_people(),
        "name": text("One line.", minLength=1, maxLength=60, more={"not": {"enum": [DIGESTS, PINS]}}),
        "images": texts("Globs on full names."),
        "paths": texts("gitignore patterns on the file's path."),
        "registries": texts("Globs on registry hosts."),
        "branch": text("What follows the prefix in the branch's name.", r"[^/]+"),
    }
    members = [{"required": [key], "properties": {key: {"minItems": 1}}} for key in ("images", "paths", "registries")]
    return table(
        "Images whose updates travel in one pull request.", GROUP_KEYS, known, required=["name"], anyOf=members
    )


def _python() -> Schema:
    call = {"pattern": r"^[^.:]+(\.[^.:]+)+:[^.:]+$", "examples": ["my.module.Runner.start:image"]}
    known = {
        "calls": texts("Calls of your own, and their parameter by name or number.", call),
        "tiers": texts(
            "More calls: dagger, modal, prefect, flyte and ray; or image= of any call.", {"enum": list(TIERS)}
        ),
    }
    return table("Python.", PYTHON_KEYS, known)


def _formats() -> Schema:
    known = {
        "disable": texts("Formats whose files are left alone.", {"enum": [format_.name for format_ in FORMATS]}),
        "since": text("Read the formats of this version of pinner: 0.1.", r"([0-9]{1,4}\.[0-9]{1,4})?"),
    }
    return table("Which formats are read.", FORMATS_KEYS, known)


def _place() -> Schema:
    named: list[Schema] = [{"maxProperties": 0}, {"required": ["name"]}]
    parts = {part: text(f"The key that holds the {part}.") for part in PARTS}
    known = {
        "files": texts("gitignore patterns.", minItems=1),
        "yaml": text("A path: keys, *, [] (items), ** (any depth), {a,b}, !{a,b}.", minLength=1),
        "json": text("The same, in JSON.", minLength=1),
        "regex": text("An expression, held against each line, with the group image, or name and tag.", minLength=1),
        "strip": text("A prefix that is no part of the reference."),
        "join": table("The keys of the mapping at the path that hold a reference's parts.", PARTS, parts, anyOf=named),
        "when": map_of("Keys that the mapping has to have, and their texts.", {"type": "string"}),
    }
    alone = {"strip": {"maxLength": 0}, "join": {"maxProperties": 0}, "when": {"maxProperties": 0}}
    more: Schema = {"required": ["files"], "oneOf": [{"required": [language]} for language in LANGUAGES]}
    more |= {"if": {"required": ["regex"]}, "then": {"properties": alone}}
    return table("Where images stand that no format knows.", PLACES_KEYS, known, **more)


def _update() -> Schema:
    known = {
        "tags": word("How great a step a tag may be raised by.", TAG_LEVELS),
        "variant": word("Whether the base in a tag, as in -alpine3.22, may become a later one.", VARIANTS),
        "pre": flag("Whether a stable version may become a pre-release."),
        "min-age": duration("How long pinner must have known a tag before it is proposed.", AGE_UNITS),
        "allow": text("The versions that may be proposed: >=3.11,<3.14."),
        "ignore": texts("Versions that may not."),
        "track": text("any, interim, or a floating tag such as lts or stable.", minLength=1),
    }
    one = table("The same for the images that the key's glob fits.", UPDATE_KEYS, known)
    known = {**known, "image": map_of("By a glob on full names.", one)}
    return table("How far tags are raised.", (*UPDATE_KEYS, "image"), known)
