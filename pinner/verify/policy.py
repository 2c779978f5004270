"""Signature policy of an image, with its keys and roots read."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import ConfigError
from pinner.verify.keys import PublicKey, load_key
from pinner.verify.trusted_root import TrustedRoot, read_trusted_roots
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pinner.config.verify import SignaturePolicy

    Read = Callable[[str], bytes]


class Trust(NamedTuple):
    """A policy and what it names: all that a signature is judged by."""

    policy: SignaturePolicy
    keys: tuple[tuple[str, PublicKey], ...] = ()
    """By the names that the policy gives them."""
    roots: tuple[TrustedRoot, ...] = ()
    root_name: str = ""
    """Where the roots are from, for messages."""


def load_trust(policy: SignaturePolicy, read: Read, own_root: bytes | None = None) -> Trust:
    """Return ``policy`` with the keys and roots that it names, which ``read`` returns by their paths.

    ``own_root`` is the trusted root of the last `pinner trust update`. Raises `ConfigError`.
    """
    keys = tuple((name, _key(policy, name, read)) for name in policy.key)
    if policy.by not in ("key", "keyless"):
        return Trust(policy)
    if policy.trusted_root is not None:
        data, name = _read(policy, policy.trusted_root, read), policy.trusted_root
    elif own_root is not None:
        data, name = own_root, "the trusted root of the last `pinner trust update`"
    else:
        data, name = packaged_root(), "the trusted root that comes with pinner"
    try:
        return Trust(policy, keys, read_trusted_roots(data), name)
    except RefusedError as error:
        raise ConfigError(f"{policy.where}: {name} is no trusted root: {error.detail}") from None


def packaged_root() -> bytes:
    """Return the trusted root of Sigstore's public instance as it was when this version was made."""
    return files("pinner.verify").joinpath("trusted_root.json").read_bytes()


def _key(policy: SignaturePolicy, name: str, read: Read) -> PublicKey:
    try:
        return load_key(_read(policy, name, read))
    except RefusedError as error:
        hint = "cosign's is in cosign.pub; `cosign public-key --key …` prints that of a key elsewhere"
        raise ConfigError(f"{policy.where}: `{name}` is no public key: {error.detail}", hint=hint) from None


def _read(policy: SignaturePolicy, name: str, read: Read) -> bytes:
    try:
        return read(name)
    except OSError as error:
        raise ConfigError(f"{policy.where}: cannot read `{name}`: {(error.strerror or str(error)).lower()}") from None
