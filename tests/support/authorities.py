"""The system's authorities, all but one forgotten: no certificate of theirs is shown to a test.

That is the system's own file, and the one that a machine's ``SSL_CERT_FILE`` names; what a test names is read. To read
them all takes 50 ms, once for each client that is opened: half of what the tests of the forges took.
"""

from __future__ import annotations

import os
import ssl
from functools import cache
from typing import Any

_load_all = ssl.SSLContext.load_default_certs
_load_file = ssl.SSLContext.load_verify_locations
_MACHINES = os.environ.get("SSL_CERT_FILE")


@cache
def _one() -> bytes | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load_all(context)
    return next(iter(context.get_ca_certs(binary_form=True)), None)


def _load_one(self: ssl.SSLContext, purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH) -> None:
    one = _one()
    if one is None:
        _load_all(self, purpose)
    else:
        _load_file(self, cadata=one)


def _load(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
    if cafile is not None and cafile == _MACHINES and _one() is not None:
        cafile, cadata = None, _one()
    _load_file(self, cafile, capath, cadata)


def trust_one() -> None:
    """Have what this process opens trust one of the system's authorities, as long as it lives."""
    ssl.SSLContext.load_default_certs = _load_one  # type: ignore[method-assign]
    ssl.SSLContext.load_verify_locations = _load  # type: ignore[method-assign]
