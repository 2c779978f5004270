"""Second opinion on keyless bundles: the official sigstore library must agree. Its only importer."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from pinner.verify.certificate import key_of
from pinner.verify.keys import is_p256
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.verify import Verifier

    from pinner.verify.dsse import Envelope
    from pinner.verify.trusted_root import TrustedRoot


def check_second(source: bytes, leaf: Certificate, envelope: Envelope, root: TrustedRoot, entries: int) -> None:
    """Raise `RefusedError` unless the library verifies the bundle ``source`` too, and sees what was seen here.

    ``engines-differ`` where it does not; ``unsupported`` where it cannot judge: a key that is not on P-256, or several
    log entries.
    """
    if not is_p256(key_of(leaf)) or entries != 1:
        detail = "the second engine knows keys on P-256 and one log entry alone"
        raise RefusedError("unsupported", detail)
    from sigstore.models import Bundle  # noqa: PLC0415 - 330 ms, only for a bundle that is good so far

    try:
        bundle = Bundle.from_json(source)
        kind, payload = _verifier(root.source).verify_dsse(bundle, _Same(leaf))
        seen = bundle.signing_certificate.public_bytes(Encoding.DER)
    except Exception as error:  # noqa: BLE001 - whatever it raises, it does not agree
        why = (str(error).splitlines() or [type(error).__name__])[0][:120]
        detail = f"the second engine, sigstore, refuses it: {why}"
        raise RefusedError("engines-differ", detail) from None
    mine = leaf.public_bytes(Encoding.DER), envelope.payload_type, envelope.payload
    if (seen, kind, payload) != mine:
        raise RefusedError("engines-differ", "the second engine, sigstore, reads another certificate or payload")


class _Same:
    """The library's policy for a certificate: the one that the identity was read from."""

    def __init__(self, leaf: Certificate) -> None:
        self._leaf = leaf

    def verify(self, cert: Certificate) -> None:
        """Raise `ValueError` for another certificate."""
        if cert != self._leaf:
            raise ValueError("another certificate")


@lru_cache(maxsize=4)
def _verifier(root: bytes) -> Verifier:
    from sigstore.models import TrustedRoot as LibraryRoot  # noqa: PLC0415 - as above
    from sigstore.verify import Verifier  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory(prefix="pinner-") as folder:
        # It reads a root from a file alone.
        file = Path(folder, "trusted_root.json")
        file.write_bytes(root)
        return Verifier(trusted_root=LibraryRoot.from_file(str(file)))
