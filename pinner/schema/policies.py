"""JSON Schema of the ``[[verify]]`` tables of ``pinner.toml``: each scheme has keys of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.config.verify import (
    ALL_KEYS,
    CLAIMS,
    FIRST_USE_KEYS,
    GITHUB_NAME,
    KEY_ID,
    KEYS,
    MODES,
    REPOSITORY,
    SCHEMES,
    SERVER,
)
from pinner.schema.generate import flag, map_of, table, tables, text, texts, whole, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.schema.generate import Schema

_VOUCHED = ("identity", "identity-regex")
# An identity means nothing without who vouches for it; `github` says both.
_NEEDED: Mapping[str, Schema] = {
    "keyless": {
        "oneOf": [
            *({"required": [key, "issuer"], "properties": {"issuer": {"minLength": 1}}} for key in _VOUCHED),
            {"required": ["github"], "not": {"required": ["issuer"]}},
        ],
        "dependencies": {"workflow": ["github"]},
    },
    "key": {"required": ["key"]},
    "dct": {"required": ["server"], "properties": {"server": {"minLength": 1}}},
}


def policies_schema() -> Schema:
    """Return the schema of the ``[[verify]]`` tables."""
    schemes = [
        {
            "if": {"properties": {"by": {"const": by}}, "required": ["by"]},
            "then": {"propertyNames": {"enum": list(KEYS[by])}, **_NEEDED.get(by, {})},
        }
        for by in SCHEMES
    ]
    known = {**_who(), **_sigstore(), **_elsewhere()}
    policies = tables(table("Who may sign which images.", ALL_KEYS, known, required=["by"], allOf=schemes))
    # TOML has either a table of this name or several.
    return {"description": policies["description"], "anyOf": [policies, first_use_schema()]}


def first_use_schema() -> Schema:
    """Return the schema of ``[signatures]``."""
    known = {
        "remember": flag("Trust on first use: whoever signed first, by the lock, is who may sign from then on."),
        "trusted-root": text("A file in the place of Sigstore's public trusted root."),
    }
    return table("Images that no policy is for.", FIRST_USE_KEYS, known)


def _who() -> dict[str, Schema]:
    claims = {claim: text("What this claim of the certificate has to be.") for claim in CLAIMS}
    key: Schema = {
        "description": "The file of the public key, or a list of them, any of which may have signed.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    }
    return {
        "by": word("How it is signed; none: these images need no signature.", SCHEMES),
        "images": texts("Globs on full names, `!` before those that are left out; none: every image."),
        "mode": word("Whether an image that fails is refused.", ("", *MODES), default="enforce"),
        "name": text("What messages call this policy."),
        "key": key,
        "identity": text("The identity in the certificate, exactly."),
        "identity-regex": text("An expression that the whole identity has to fit."),
        "issuer": text("Who vouches for the identity: an OpenID issuer."),
        "github": text("The repository whose workflows may sign: owner/name.", GITHUB_NAME),
        "workflow": text("The one file of that repository's workflows that may."),
        "claims": table("What else the certificate has to claim.", CLAIMS, claims),
    }


def _sigstore() -> dict[str, Schema]:
    return {
        "log": flag("Whether an entry in a transparency log is needed; where the trusted root has logs otherwise."),
        "trusted-root": text("A file in the place of Sigstore's public trusted root."),
        "annotations": map_of("Annotations that the signature has to have.", {"type": "string"}),
        "attestations": texts("Predicate types that are taken for a signature."),
        "match-repository": flag("Whether the repository in the signature has to be the image's."),
        "via-index": flag("Whether an index's signature counts for its manifests."),
        "via-platforms": flag("Whether the signatures of all platforms count for their index."),
        "signatures-in": text("The repository that holds the signatures.", REPOSITORY),
    }


def _elsewhere() -> dict[str, Schema]:
    return {
        "config": text("The folder of notation's settings."),
        "server": text("The notary server's address.", SERVER),
        "root-keys": texts("Ids of the root keys that are trusted: 64 hex digits.", whole(KEY_ID)),
        "min-version": {"description": "The lowest version of the targets.", "type": "integer", "minimum": 1},
    }
