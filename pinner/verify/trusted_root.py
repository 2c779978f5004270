"""Sigstore trusted root: authorities and logs, each with its window of time; brought up to date by TUF.

Sources: sigstore protobuf-specs, trusted_root.json 0.1; conformance cases for what a window holds; sigstore's
root-signing repository, served at tuf-repo-cdn.sigstore.dev; TUF 1.0.
"""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography.x509 import Certificate, load_der_x509_certificate

from pinner.errors import UnavailableError
from pinner.files.atomic import read_regular, write_atomically
from pinner.verify.keys import PublicKey, load_der_key
from pinner.verify.strict_decoding import MalformedError, Object, load_object
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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


SERVER = "https://tuf-repo-cdn.sigstore.dev"
_NAME = "trusted_root.json"
_MAX_ROOT = 4 * 1024 * 1024


def data_folder(environment: Mapping[str, str]) -> str:
    """Return where pinner keeps what is no cache: below ``XDG_DATA_HOME``, or ``LOCALAPPDATA`` on Windows."""
    local = environment.get("LOCALAPPDATA")
    if os.name == "nt" and local:
        return os.path.join(local, "pinner")
    home = environment.get("HOME") or os.path.expanduser("~")
    return os.path.join(environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share"), "pinner")


def kept_root(environment: Mapping[str, str]) -> bytes | None:
    """Return the trusted root of the last update; None where there was none."""
    try:
        return read_regular(os.path.join(data_folder(environment), _NAME), _MAX_ROOT)
    except OSError:
        return None


def keep_root(environment: Mapping[str, str], data: bytes) -> str:
    """Keep ``data`` where `kept_root` finds it, and return the file. Raises `UnavailableError` for what is no root."""
    try:
        read_trusted_roots(data)
    except RefusedError as error:
        raise UnavailableError(f"what was fetched is no trusted root: {error.detail}") from None
    folder = data_folder(environment)
    os.makedirs(folder, exist_ok=True)
    file = os.path.join(folder, _NAME)
    write_atomically(file, data)
    return file


def fetch_root(first: bytes, server: str = SERVER) -> bytes:
    """Return the trusted root that ``server`` has, verified by TUF from the root metadata ``first`` on.

    Raises `UnavailableError`.
    """
    try:
        from tuf.ngclient.updater import Updater  # noqa: PLC0415 - only for this
    except ImportError:
        raise UnavailableError(
            "the trusted root is fetched by TUF, which is not installed", hint="pip install 'image-pinner[verify]'"
        ) from None
    with tempfile.TemporaryDirectory(prefix="pinner-") as folder:
        try:
            updater = Updater(folder, server, folder, f"{server}/targets/", bootstrap=first)
            updater.refresh()
            info = updater.get_targetinfo(_NAME)
            found = None if info is None else read_regular(updater.download_target(info), _MAX_ROOT)
        except Exception as error:  # noqa: BLE001 - the library's own, of the network and of what is not signed
            raise UnavailableError(
                f"{server} gave no trusted root: {str(error)[:200] or type(error).__name__}",
                hint="without a network: `pinner trust update --from FILE` takes one from a file",
            ) from None
    if found is None:
        raise UnavailableError(f"{server} has no {_NAME}")
    return found


def first_metadata() -> bytes:
    """Return the root metadata that Sigstore's public instance is trusted by from the start."""
    from importlib.resources import files  # noqa: PLC0415 - only for this

    return files("pinner.verify").joinpath("tuf_root.json").read_bytes()
