"""Signature policies: the ``[[verify]]`` tables of the settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.config.table import Table
from pinner.errors import did_you_mean, public_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SCHEMES = ("keyless", "key", "notation", "dct", "none")
MODES = ("enforce", "warn")
CLAIMS: Mapping[str, int] = {
    "workflow-trigger": 2,
    "workflow-sha": 3,
    "workflow-name": 4,
    "workflow-repository": 5,
    "workflow-ref": 6,
    "build-signer-uri": 9,
    "build-signer-digest": 10,
    "runner-environment": 11,
    "source-repository": 12,
    "source-digest": 13,
    "source-ref": 14,
    "source-id": 15,
    "source-owner": 16,
    "build-config-uri": 18,
    "build-trigger": 20,
    "run-uri": 21,
    "source-visibility": 22,
}
"""What Fulcio copies from a token into a certificate: its names here, and the last number of its OID (oid-info.md)."""
_COMMON = ("images", "by", "mode", "name")
_SIGSTORE = (
    "log",
    "trusted-root",
    "annotations",
    "attestations",
    "match-repository",
    "via-index",
    "via-platforms",
    "signatures-in",
)
_INDEXED = ("via-index", "via-platforms", "signatures-in")
KEYS = {
    "keyless": (*_COMMON, "identity", "identity-regex", "issuer", "github", "workflow", "claims", *_SIGSTORE),
    "key": (*_COMMON, "key", *_SIGSTORE),
    "notation": (*_COMMON, "config", *_INDEXED),
    "dct": (*_COMMON, "server", "root-keys", "min-version"),
    "none": _COMMON,
}
ALL_KEYS = tuple(dict.fromkeys(name for names in KEYS.values() for name in names))
FIRST_USE_KEYS = ("remember", "trusted-root")
GITHUB_NAME = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
REPOSITORY = re.compile(r"[a-z0-9]+(?:[._/:-]+[a-z0-9]+)*")
SERVER = re.compile(r"https?://[^/?#@\s]+(?:/[^?#\s]*)?|[^:?#]+")
KEY_ID = re.compile(r"[0-9a-f]{64}")
_STRANGERS = ("anybody@example.org", "https://example.net/any/body@refs/heads/x")
"""Names that have nothing in common: what fits both fits everybody, however it is written."""
_LOOSE_DOT = re.compile(r"(?<!\\)\.com/")


class SignaturePolicy(NamedTuple):
    """Who may sign the images that ``images`` fits."""

    by: str
    """One of `SCHEMES`."""
    images: tuple[str, ...] = ()
    """Globs on canonical names, ``!`` before those that are left out; none: every image."""
    mode: str = "enforce"
    name: str = ""
    """What messages call it."""
    where: str = ""
    """File and table, for messages."""
    key: tuple[str, ...] = ()
    """Files of public keys, any of which may have signed."""
    identity: str | None = None
    identity_regex: str | None = None
    issuer: str | None = None
    github: str | None = None
    workflow: str | None = None
    claims: tuple[tuple[str, str], ...] = ()
    log: bool | None = None
    """Whether an entry in a transparency log is required; None: where the trusted root has logs."""
    trusted_root: str | None = None
    annotations: tuple[tuple[str, str], ...] = ()
    attestations: tuple[str, ...] = ()
    """Predicate types that are taken for a signature."""
    match_repository: bool = False
    via_index: bool = False
    via_platforms: bool = False
    signatures_in: str | None = None
    """The repository that holds the signatures, in the image's registry."""
    config: str | None = None
    """A folder as notation's own; None for the user's."""
    server: str | None = None
    root_keys: tuple[str, ...] = ()
    min_version: int | None = None
    remembers: bool = False
    """Trust on first use: whoever signed first, by the lock, is who may sign from then on."""


def parse_policies(table: Table) -> tuple[tuple[SignaturePolicy, ...], tuple[str, ...]]:
    """Return the policies of the file's top ``table``, and notes on what may not be meant. Raises `ConfigError`."""
    value = table.values.get("verify", [])
    remembered = "signatures"
    if isinstance(value, dict) and value.keys() <= {*FIRST_USE_KEYS}:
        # TOML has either a table of this name or several: what stands for all of them is taken here, too.
        remembered, value = ("verify" if value else "signatures"), []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise table.error("verify", "must be written as [[verify]]", "trust on first use is `[signatures]`")
    found: list[SignaturePolicy] = []
    notes: list[str] = []
    for position, item in enumerate(value):
        one = Table(item, table.source, table.key("verify"))
        policy = _policy(one, position + 1)
        found.append(policy)
        notes += _notes(policy)
    return (*found, *_first_use(table.table(remembered))), tuple(notes)


def _first_use(table: Table) -> Iterator[SignaturePolicy]:
    """Yield the policy of images that no other one fits, where ``remember`` is set."""
    table.allow(FIRST_USE_KEYS)
    if table.flag("remember"):
        yield SignaturePolicy(
            by="keyless",
            name="first use",
            where=f"{table.source}: [{table.prefix}]",
            trusted_root=table.text("trusted-root"),
            remembers=True,
        )


def _policy(table: Table, position: int) -> SignaturePolicy:
    table.allow(ALL_KEYS)
    by = table.text("by")
    if by not in SCHEMES:
        hint = did_you_mean(by or "", SCHEMES) or f"write {', '.join(SCHEMES[:-1])} or {SCHEMES[-1]}"
        raise table.error("by", "is missing: who may sign?" if by is None else f"is not a scheme: `{by}`", hint)
    table.allow(KEYS[by])
    mode = table.text("mode") or "enforce"
    if mode not in MODES:
        raise table.error("mode", f"is wrong: `{mode}`", "write enforce or warn")
    name = table.text("name") or ""
    return SignaturePolicy(
        by=by,
        images=table.strings("images"),
        mode=mode,
        name=name or f"policy {position}",
        where=f"{table.source}: [[verify]] {name or position}",
        key=_files(table, by),
        **_identity(table, by),
        **_flags(table),
        annotations=_texts(table, "annotations"),
        attestations=table.strings("attestations"),
        trusted_root=table.text("trusted-root"),
        signatures_in=_repository(table),
        config=table.text("config"),
        server=_server(table, by),
        root_keys=_key_ids(table),
        min_version=_version(table),
    )


def _files(table: Table, by: str) -> tuple[str, ...]:
    value = table.values.get("key")
    files = (value,) if isinstance(value, str) else table.strings("key")
    if by == "key" and not files:
        raise table.error("key", "is missing: the public key's file, or a list of them")
    return files


def _flags(table: Table) -> dict[str, Any]:
    return {
        "log": table.flag("log") if "log" in table.values else None,
        "match_repository": table.flag("match-repository"),
        "via_index": table.flag("via-index"),
        "via_platforms": table.flag("via-platforms"),
    }


def _identity(table: Table, by: str) -> dict[str, Any]:
    identity, pattern = table.text("identity"), table.text("identity-regex")
    issuer, github, workflow = table.text("issuer"), table.text("github"), table.text("workflow")
    if by == "keyless":
        _check_identity(table, (identity, pattern, github), issuer)
    if pattern is not None:
        _check_pattern(table, pattern)
    if github is not None and GITHUB_NAME.fullmatch(github) is None:
        raise table.error("github", f"is not a repository: `{github}`", "write owner/name")
    if workflow is not None and github is None:
        raise table.error("workflow", "stands without `github`")
    claims = _texts(table, "claims")
    for name, _ in claims:
        if name not in CLAIMS:
            hint = did_you_mean(name, CLAIMS) or f"the claims are {', '.join(CLAIMS)}"
            raise table.error("claims", f"is wrong: there is no claim `{name}`", hint)
    return {
        "identity": identity,
        "identity_regex": pattern,
        "issuer": issuer,
        "github": github,
        "workflow": None if workflow is None else workflow.removeprefix("/"),
        "claims": claims,
    }


def _check_identity(table: Table, ways: Sequence[str | None], issuer: str | None) -> None:
    if sum(way is not None for way in ways) != 1:
        raise table.error("identity", "is wrong: give one of identity, identity-regex and github")
    if ways[2] is None and not issuer:
        raise table.error("issuer", "is missing: an identity means nothing without who vouches for it")
    if ways[2] is not None and issuer is not None:
        raise table.error("issuer", "is given by `github` already")


def _check_pattern(table: Table, pattern: str) -> None:
    from pinner.patterns.regular_expressions import PatternError, fits_whole  # noqa: PLC0415 - few policies have one

    try:
        fits_all = all(fits_whole(pattern, stranger) for stranger in _STRANGERS)
    except PatternError as error:
        raise table.error("identity-regex", f"is wrong: {error}") from None
    if fits_all:
        raise table.error("identity-regex", "accepts anybody who has an account somewhere", "say who may sign")


def _notes(policy: SignaturePolicy) -> Iterator[str]:
    if policy.identity_regex is not None and _LOOSE_DOT.search(policy.identity_regex):
        yield f"{policy.where}: `identity-regex` has a `.` that any character fits; write `\\.`"


def _texts(table: Table, name: str) -> tuple[tuple[str, str], ...]:
    inner = table.table(name)
    found = []
    for key in inner.values:
        value = inner.text(key)
        found.append((key, value or ""))
    return tuple(found)


def _repository(table: Table) -> str | None:
    name = table.text("signatures-in")
    if name is not None and REPOSITORY.fullmatch(name) is None:
        raise table.error("signatures-in", f"is not a repository: `{name}`", "write its path, or host and path")
    return name


def _server(table: Table, by: str) -> str | None:
    server = table.text("server")
    if by == "dct" and not server:
        raise table.error("server", "is missing: the notary server's address")
    if server is not None and SERVER.fullmatch(server) is None:
        raise table.error("server", f"is not an address: `{public_address(server)}`", "write https://host")
    return server


def _key_ids(table: Table) -> tuple[str, ...]:
    found = table.strings("root-keys")
    for one in found:
        if KEY_ID.fullmatch(one) is None:
            raise table.error("root-keys", f"is wrong: `{one[:80]}` is no key id", "write 64 hex digits")
    return found


def _version(table: Table) -> int | None:
    value = table.values.get("min-version")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise table.wrong_type("min-version", "a whole number from 1 on", value)
    return value
