"""Notation's own trust policy and trust store, so that one policy serves both programs.

Source: notaryproject/specifications, trust-store-trust-policy.md; RFC 4514 for names.
"""

from __future__ import annotations

import os
import re
import stat
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.x509.oid import NameOID

from pinner.errors import ConfigError
from pinner.verify.certificate import extension, is_issued_by
from pinner.verify.strict_decoding import MalformedError, Object, load_object, plain_text
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

CHECKS = ("authenticity", "authenticTimestamp", "expiry", "revocation")
_LEVELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "strict": dict.fromkeys(CHECKS, "enforce"),
        "permissive": {**dict.fromkeys(CHECKS, "log"), "authenticity": "enforce"},
        "audit": dict.fromkeys(CHECKS, "log"),
        "skip": dict.fromkeys(CHECKS, "skip"),
    }
)
_ACTIONS = ("enforce", "log", "skip")
_SCOPE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+")
_STORE = re.compile(r"(ca|signingAuthority|tsa):([A-Za-z0-9_.-]+)")
_SUBJECT = "x509.subject:"
_PART = re.compile(r"(?:^|[,;+])((?:\\.|[^,;+])*)")
_ESCAPE = re.compile(r"((?:\\[0-9a-fA-F]{2})+)|\\(.)")
_NEEDED = frozenset({"C", "ST", "O"})
_SUFFIXES = (".pem", ".crt", ".cer")
_SHORT = {
    NameOID.COMMON_NAME: "CN",
    NameOID.COUNTRY_NAME: "C",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.POSTAL_CODE: "POSTALCODE",
}
"""The parts that Go's crypto/x509/pkix calls by a name; notation reads no others."""


class TrustPolicyError(ConfigError):
    """A trust policy that notation follows in nothing: nobody may sign by it."""


class Statement(NamedTuple):
    """What notation's trust policy says of a repository."""

    name: str
    is_skip: bool
    actions: Mapping[str, str]
    """By check: enforce, log or skip."""
    stores: tuple[tuple[str, str], ...]
    """Kind and name."""
    identities: tuple[Mapping[str, str], ...] | None
    """Parts of names, one of which must be the signer's; None where anybody in the stores may sign."""
    stamps_always: bool = True
    """Whether a time stamp is wanted even where the certificates are still valid."""


def user_folder(environment: Mapping[str, str], system: str) -> str:
    """Return where notation keeps its configuration on ``system``, as `sys.platform` names it."""
    home = environment.get("HOME") or os.path.expanduser("~")
    if system == "win32":
        return os.path.join(environment.get("APPDATA") or home, "notation")
    if system == "darwin":
        return os.path.join(home, "Library", "Application Support", "notation")
    return os.path.join(environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "notation")


def statement_for(folder: str, read: Callable[[str], bytes], repository: str, where: str) -> Statement | None:
    """Return the statement for ``repository`` (registry and path): exact, else ``*``; None where there is none.

    Raises `ConfigError`.
    """
    data = _policy_bytes(folder, read, where)
    try:
        found = tuple(_statements(data))
        _check_together(found)
    except RefusedError as error:
        raise TrustPolicyError(f"{where}: {folder}: {error.detail}") from None
    for scope in (repository, "*"):
        for statement, scopes in found:
            if scope in scopes:
                return statement
    return None


def _policy_bytes(folder: str, read: Callable[[str], bytes], where: str) -> bytes:
    for name in ("trustpolicy.oci.json", "trustpolicy.json"):
        try:
            return read(os.path.join(folder, name))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(f"{where}: cannot read {name} in {folder}: {error.strerror}") from None
    hint = "`notation policy import` makes one; `config` names the folder that holds it"
    raise ConfigError(f"{where}: there is no trustpolicy.json in {folder}", hint=hint)


def _statements(data: bytes) -> Iterator[tuple[Statement, tuple[str, ...]]]:
    document = load_object(data, "the trust policy")
    if document.text("version") != "1.0":
        raise MalformedError("the trust policy is of another version than 1.0")
    for entry in document.tables("trustPolicies"):
        yield _statement(entry), entry.texts("registryScopes")


def _check_together(found: Sequence[tuple[Statement, tuple[str, ...]]]) -> None:
    """Raise `MalformedError` where statements have one name or scope, or none, as notation does."""
    names = [statement.name for statement, _ in found]
    if not found or "" in names or len(set(names)) < len(names):
        raise MalformedError("the trust policy has not one statement of each name")
    scopes = [scope for _, of_one in found for scope in of_one]
    if len(set(scopes)) < len(scopes) or any(not of_one or ("*" in of_one and len(of_one) > 1) for _, of_one in found):
        raise MalformedError("the trust policy has not one statement for each scope")
    wrong = next((scope for scope in scopes if scope != "*" and _SCOPE.fullmatch(scope) is None), None)
    if wrong is not None:
        raise MalformedError(f"the trust policy has a scope that is no repository: {wrong[:80]}")


def _actions(verification: Object) -> tuple[str, Mapping[str, str]]:
    """Return a statement's level, and what becomes of each check by it."""
    level = verification.text("level")
    if level not in _LEVELS:
        raise MalformedError(f"the trust policy has a level that is none: {level[:40]}")
    actions = dict(_LEVELS[level])
    for check, action in (verification.table("override").members if "override" in verification else {}).items():
        # Nothing but revocation may be left out, and nothing at all of what is left out already.
        may_be = level != "skip" and (action != "skip" or check == "revocation")
        if check not in CHECKS or action not in _ACTIONS or not may_be:
            raise MalformedError(f"the trust policy overrides what cannot be: {check[:40]}")
        actions[check] = str(action)
    if verification.members.get("verifyTimestamp", "always") not in ("", "always", "afterCertExpiry"):
        raise MalformedError("the trust policy wants time stamps at a time that is none")
    return level, actions


def _statement(entry: Object) -> Statement:
    verification = entry.table("signatureVerification")
    level, actions = _actions(verification)
    stores = []
    for text in entry.texts("trustStores"):
        match = _STORE.fullmatch(text)
        if match is None:
            raise MalformedError(f"the trust policy names a store that is none: {text[:60]}")
        stores.append((match[1], match[2]))
    identities = entry.texts("trustedIdentities")
    if (level == "skip") != (not stores) or (level == "skip") != (not identities):
        raise MalformedError("a statement of the trust policy needs stores and identities, and one that skips has none")
    return Statement(
        entry.text("name"),
        level == "skip",
        actions,
        tuple(stores),
        _identities(identities),
        verification.members.get("verifyTimestamp", "always") != "afterCertExpiry",
    )


def _identities(texts: Sequence[str]) -> tuple[Mapping[str, str], ...] | None:
    if "*" in texts and len(texts) > 1:
        raise MalformedError("a trusted identity is anybody, and somebody besides")
    if "*" in texts:
        return None
    found: list[Mapping[str, str]] = []
    for text in texts:
        if ":" not in text:
            raise MalformedError(f"a trusted identity is of no kind: {text[:60]}")
        # Other kinds are a plugin's business.
        if text.startswith(_SUBJECT):
            name = read_name(text.removeprefix(_SUBJECT))
            if not all(map(name.get, _NEEDED)):
                raise MalformedError("a trusted identity needs C, ST and O")
            if any(name.items() <= other.items() or other.items() <= name.items() for other in found):
                raise MalformedError("of two trusted identities one is part of the other")
            found.append(name)
    return tuple(found)


def read_name(text: str) -> Mapping[str, str]:
    r"""Return the parts of a distinguished name: ``C=DE, ST=BE, O=Acme\, Inc.`` (RFC 4514), in capitals as notation.

    Raises `MalformedError`.
    """
    found: dict[str, str] = {}
    for part in _PART.finditer(text):
        kind, separator, value = part[1].strip().partition("=")
        kind = kind.strip()
        kind = "ST" if kind == "S" else kind
        # As notation: of several parts in one, or of what is written as `#` and hex, nothing is known.
        if not separator or not kind or kind in found or part[0].startswith("+") or value.startswith("#"):
            raise MalformedError(f"a trusted identity is no distinguished name: {text[:60]}")
        found[kind] = _ESCAPE.sub(_unescaped, _trimmed(part[1].partition("=")[2], text))
    return found


def _trimmed(value: str, text: str) -> str:
    """Return ``value`` without the blanks around it; one that is escaped is no such blank (RFC 4514 §2.4)."""
    bare = value.strip()
    if (len(bare) - len(bare.rstrip("\\"))) % 2 == 0:
        return bare
    if not value.lstrip().startswith(f"{bare} "):
        raise MalformedError(f"a trusted identity is no distinguished name: {text[:60]}")
    return f"{bare} "


def _unescaped(match: re.Match[str]) -> str:
    return match[2] or plain_text(bytes.fromhex(match[1].replace("\\", "")))


def name_parts(name: x509.Name) -> Mapping[str, str]:
    """Return the parts of a certificate's name, by their short names.

    Raises `RefusedError` for a name that notation cannot read, and so trusts nobody by: one kind of part twice, several
    parts in one, a kind without a short name (notation-go, internal/pkix).
    """
    parts = {_SHORT.get(part.oid, ""): str(part.value) for part in name}
    if len(parts) != len(list(name)) or len(name.rdns) != len(parts) or "" in parts:
        raise RefusedError(
            "wrong-identity", f"the signer's name is none of a trust policy: {name.rfc4514_string()[:100]}"
        )
    return parts


def read_store(
    folder: str, kind: str, name: str, list_: Callable[[str], Sequence[str]], read: Callable[[str], bytes]
) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a trust store: of its files, no links, no folders in it; none where there is none."""
    found: list[x509.Certificate] = []
    place = os.path.join(folder, "truststore", "x509", kind, name)
    for file in sorted(list_(place)):
        if file.lower().endswith(_SUFFIXES):
            found += _certificates(read(os.path.join(place, file)))
    return tuple(found)


def _certificates(data: bytes) -> list[x509.Certificate]:
    """Return the certificates in a file of a store: authorities, or such as signed themselves (notation-go)."""
    try:
        found = (
            x509.load_pem_x509_certificates(data) if b"-----BEGIN" in data else [x509.load_der_x509_certificate(data)]
        )
    except ValueError:
        raise MalformedError("the trust store has a certificate that is none") from None
    for certificate in found:
        constraints = extension(certificate, x509.BasicConstraints)
        if not (constraints is not None and constraints.ca) and not is_issued_by(certificate, certificate):
            raise RefusedError("untrusted-certificate", "the trust store has a certificate that is no authority's")
    return found


def plain_files(folder: str) -> tuple[str, ...]:
    """Return the names of the files in ``folder``, links left out; none where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return tuple(one.name for one in entries if stat.S_ISREG(one.stat(follow_symlinks=False).st_mode))
    except OSError:
        return ()
