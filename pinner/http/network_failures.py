"""Network failures in words: DNS, refused connections, TLS, timeouts."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from pinner.errors import UnavailableError
from pinner.http.errors import safe_text
from pinner.http.library import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

# Not failures of TLS but of what is under it: more bytes were wanted, or the connection ended.
_TLS_UNFINISHED = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_PLAIN_HTTP_SIGNS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
_OLD_TLS_SIGNS = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION")
_CLIENT_CERTIFICATE_SIGNS = ("CERTIFICATE_REQUIRED", "PEER_DID_NOT_RETURN_A_CERTIFICATE")
_NAME_THE_AUTHORITY = "name its authority with `ca` in [registries]"
# OpenSSL's verification codes (x509_vfy.h): what no authority that is trusted could mend.
_CERTIFICATE_FAULTS: Mapping[int, tuple[str, str]] = {
    9: ("that is not valid yet", "is this machine's clock right?"),
    10: ("that has expired", "it needs a new one; or is this machine's clock wrong?"),
    18: ("that nobody but itself vouches for", _NAME_THE_AUTHORITY),
    62: ("for another name", "is the registry's name right?"),
    64: ("for another address", "is the registry's name right?"),
}


class UnreachedError(UnavailableError):
    """No reply came; ``passing`` says whether another attempt may help."""

    passing = True
    of_host = False
    """Whether the host could not even be connected to, so that the next question would fare no better."""


class NoRouteError(UnreachedError):
    """There was no connection: what is between us and the host, or the host as a whole, is in the way."""

    of_host = True


class PermanentError(NoRouteError):
    """No reply came, and none will: an unknown host, a wrong certificate, a refused address."""

    passing = False


def network_error(error: httpx.TransportError, host: str) -> UnreachedError:
    """Return the clause for a request to ``host`` without a reply."""
    if isinstance(error, httpx.TimeoutException):
        kind = NoRouteError if isinstance(error, httpx.ConnectTimeout) else UnreachedError
        return kind(f"{host} does not answer in time")
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _TLS_UNFINISHED):
            return _tls_failure(cause, host)
        if isinstance(cause, socket.gaierror):
            return PermanentError(
                f"the host {host} is not known", hint="is the registry's name right, and the network there?"
            )
        if isinstance(cause, ConnectionRefusedError):
            return NoRouteError(f"{host} refuses connections")
    if isinstance(error, httpx.ProxyError):
        return PermanentError(f"{host} is not let through: {safe_text(str(error))}")
    if isinstance(error, httpx.ConnectError):
        return NoRouteError(f"{host} cannot be reached")
    return UnreachedError(f"the connection to {host} broke")


def _tls_failure(error: ssl.SSLError, host: str) -> PermanentError:
    if isinstance(error, ssl.SSLCertVerificationError):
        clause, hint = _CERTIFICATE_FAULTS.get(error.verify_code, ("that is not trusted", _NAME_THE_AUTHORITY))
        return PermanentError(f"{host} has a certificate {clause}: {safe_text(error.verify_message)}", hint=hint)
    reason = getattr(error, "reason", None) or "no reason given"
    if any(sign in reason for sign in _PLAIN_HTTP_SIGNS):
        return PermanentError(
            f"{host} answered plain HTTP where HTTPS was spoken",
            hint="if that is meant, set plain-http = true for it, or write its endpoint with http://",
        )
    if any(sign in reason for sign in _OLD_TLS_SIGNS):
        return PermanentError(
            f"{host} speaks only a TLS that is too old ({safe_text(reason)})", hint="it needs TLS 1.2"
        )
    if any(sign in reason for sign in _CLIENT_CERTIFICATE_SIGNS):
        return PermanentError(
            f"{host} wants a client certificate ({safe_text(reason)})",
            hint=f"put NAME.cert and NAME.key into /etc/docker/certs.d/{host}",
        )
    return PermanentError(f"{host} could not be spoken to in TLS ({safe_text(reason)})")


def _causes(error: BaseException) -> list[BaseException]:
    """Return the error and everything under it, groups (Happy Eyeballs makes them) opened."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or current in found:
            continue
        found.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
    return found
