"""The system's authorities, all but one forgotten: no certificate of theirs is shown to a test.

To read them all takes 50 ms, once for each client that is opened: half of what the tests of the forges took.
"""

from __future__ import annotations

import ssl
from functools import cache

_load_all = ssl.SSLContext.load_default_certs


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
        self.load_verify_locations(cadata=one)


def trust_one() -> None:
    """Have what this process opens trust one of the system's authorities, as long as it lives."""
    ssl.SSLContext.load_default_certs = _load_one  # type: ignore[method-assign]
