"""Sigstore trusted root: authorities and logs, each with its window of time.

Source: sigstore protobuf-specs, trusted_root.json 0.1; conformance cases for what a window holds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography.x509 import Certificate, load_der_x509_certificate

from pinner.verify.keys import PublicKey, load_der_key
from pinner.verify.strict_decoding import MalformedError, Object, load_object
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot"


class Window(NamedTuple):
    """From when until when something is trusted; both ends are inside."""

    start: datetime
    end: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Tell whether ``moment`` is inside."""
        return self.start <= moment and (self.end is None or moment <= self.end)


class Log(NamedTuple):
    """A transparency log: of signatures, or of certificates."""

    key_id: bytes
    key: PublicKey
    url: str
    window: Window


class Authority(NamedTuple):
    """A chain of certificates, its root last: of Fulcio, or of a time stamp authority."""

    chain: tuple[Certificate, ...]
    window: Window


class TrustedRoot(NamedTuple):
    """What is trusted: one ``trusted_root.json``."""

    source: bytes
    logs: tuple[Log, ...]
    ct_logs: tuple[Log, ...]
    authorities: tuple[Authority, ...]
    timestamps: tuple[Authority, ...]


@lru_cache(maxsize=8)
def read_trusted_roots(data: bytes) -> tuple[TrustedRoot, ...]:
    """Return the trusted roots in ``data``: one, or several as JSON lines (``gh attestation trusted-root``).

    Raises `MalformedError`.
    """
    try:
        return (_root(data),)
    except MalformedError:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith(b"{") for line in lines):  # noqa: PLR2004 - one is no list
            raise
        return tuple(_root(line) for line in lines)


def _root(data: bytes) -> TrustedRoot:
    document = load_object(data, "the trusted root")
    if not document.text("mediaType").startswith(_MEDIA_TYPE):
        raise MalformedError("the trusted root is of an unknown kind")
    return TrustedRoot(
        data,
        tuple(_logs(document, "tlogs")),
        tuple(_logs(document, "ctlogs")),
        tuple(_authorities(document, "certificateAuthorities")),
        tuple(_authorities(document, "timestampAuthorities")),
    )


def _window(holder: Object) -> Window:
    period = holder.table("validFor")
    return Window(period.time("start"), period.time("end") if "end" in period else None)


def _logs(document: Object, name: str) -> Iterator[Log]:
    for entry in document.tables(name):
        public = entry.table("publicKey")
        window = _window(public)
        try:
            key = load_der_key(public.bytes("rawBytes"))
        except RefusedError as refusal:
            if refusal.reasons == ("unsupported",):
                # A log whose key nobody here can use knows nothing; the others do.
                continue
            raise
        yield Log(entry.table("logId").bytes("keyId"), key, entry.optional("baseUrl") or "", window)


def _authorities(document: Object, name: str) -> Iterator[Authority]:
    for entry in document.tables(name):
        window = _window(entry)
        try:
            chain = tuple(
                load_der_x509_certificate(one.bytes("rawBytes"))
                for one in entry.table("certChain").tables("certificates")
            )
        except ValueError:
            raise MalformedError("the trusted root holds a certificate that is none") from None
        if not chain:
            raise MalformedError("the trusted root holds an authority without certificates")
        yield Authority(chain, window)
