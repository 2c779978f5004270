"""Choice of an image's signature policy, and whether it accepts what a lock recorded. No cryptography."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pinner.errors import ConfigError
from pinner.patterns.regular_expressions import fits_whole
from pinner.scan.suppressions import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pinner.config.verify import SignaturePolicy
    from pinner.oci.types import Signature
    from pinner.reference import ImageReference

_NEEDED = ("cryptography", "rfc3161_client", "cbor2", "sigstore")
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", re.DOTALL)


def check_extra() -> None:
    """Raise `ConfigError` where what verifies is not installed: never a weaker verdict."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        which = "is" if len(missing) == 1 else "are"
        message = f"who signed cannot be verified without {', '.join(missing)}, which {which} not installed"
        raise ConfigError(message, hint="pip install 'image-pinner[verify]'")


def policy_for(reference: ImageReference, policies: Iterable[SignaturePolicy]) -> SignaturePolicy | None:
    """Return the first policy that fits ``reference``; None where none does, or where that one is ``by = "none"``."""
    for policy in policies:
        wanted = [glob for glob in policy.images if not glob.startswith("!")]
        refused = [glob[1:] for glob in policy.images if glob.startswith("!")]
        if (not wanted or matches(reference, wanted)) and not matches(reference, refused):
            return None if policy.by == "none" else policy
    return None


def accepts_record(policy: SignaturePolicy, signature: Signature, ids: Mapping[str, str]) -> bool:
    """Tell whether ``policy`` would still accept the signer of ``signature``, as far as that is told offline.

    What only the certificate says (claims, a repository behind a reusable workflow) counts as accepted. ``ids`` are
    those of the policies' keys, by file.
    """
    if policy.by != signature.by:
        return policy.remembers
    if policy.by == "key":
        return signature.key_id in {ids.get(name) for name in policy.key}
    if policy.by == "dct":
        return not policy.root_keys or signature.key_id in policy.root_keys
    if policy.by != "keyless" or policy.remembers:
        return True
    if signature.issuer != (GITHUB_ISSUER if policy.github is not None else policy.issuer):
        return False
    if policy.identity is not None:
        return signature.signer == policy.identity
    if policy.identity_regex is not None:
        return fits_whole(policy.identity_regex, signature.signer)
    return True


def key_ids(policies: Iterable[SignaturePolicy], read: Callable[[str], bytes]) -> dict[str, str]:
    """Return the ids of the keys that ``policies`` name, by file; one that cannot be read has none."""
    found = {}
    for name in {name for policy in policies for name in policy.key}:
        try:
            match = _PEM.search(read(name))
            if match is not None:
                found[name] = hashlib.sha256(base64.b64decode(match[1])).hexdigest()
        except (OSError, binascii.Error):
            continue
    return found
