"""Verifier for a command: opened where there are policies, with what it reads."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.lockfile.model import Lock
    from pinner.oci.resolver import Registry
    from pinner.oci.types import Signature
    from pinner.verify.verifier import Verifier


def verified_registry(
    context: Context, settings: Settings, registry: Registry, terminal: Terminal, before: Lock | None = None
) -> Registry:
    """Return ``registry``, which refuses what the policies of ``settings`` do; itself where there are none.

    ``before`` says who signed until now. Raises `ConfigError`.
    """
    if not settings.verify:
        return registry
    recorded = {} if before is None else before.signatures
    verifier = open_verifier(context, settings, registry, recorded)
    from pinner.verify.gate import VerifiedRegistry  # noqa: PLC0415 - as below

    # Without a lock, the digest in the file is what tells who signed first.
    remembers = any(policy.remembers for policy in settings.verify)
    return VerifiedRegistry(
        registry, verifier, recorded, lambda text: _warn(terminal, text), compares_files=remembers and before is None
    )


def verified_registry_by_lock(context: Context, settings: Settings, registry: Registry, terminal: Terminal) -> Registry:
    """Return `verified_registry` with what pinner.lock says of who signed until now. Raises `ConfigError`."""
    from pinner.lockfile.file import current_lock  # noqa: PLC0415 - only where a policy is

    return verified_registry(context, settings, registry, terminal, current_lock(settings, context.folder))


def signers_in_lock(context: Context, settings: Settings) -> dict[str, Signature]:
    """Return who signed what pinner.lock holds, by canonical name; nothing where there is no lock."""
    from pinner.lockfile.file import current_lock  # noqa: PLC0415 - only where a policy is

    lock = current_lock(settings, context.folder)
    return {} if lock is None else lock.signatures


def _warn(terminal: Terminal, text: str) -> None:
    terminal.info(f"{terminal.talk_style.severity('warning')}: {printable(text)}")


def open_verifier(
    context: Context, settings: Settings, registry: Registry, recorded: Mapping[str, Signature] | None = None
) -> Verifier:
    """Return what verifies images by the policies of ``settings``. Raises `ConfigError`."""
    from pinner.verify.policy import check_extra  # noqa: PLC0415 - only where a policy is

    check_extra()
    from pinner.verify.notation_trust_policy import plain_files  # noqa: PLC0415 - cryptography, only where a policy is
    from pinner.verify.verifier import Verifier, VerifierContext, files_of  # noqa: PLC0415 - the same

    root = settings.root or context.folder
    own = None
    if any(policy.by in ("key", "keyless") and policy.trusted_root is None for policy in settings.verify):
        from pinner.verify.trusted_root import kept_root  # noqa: PLC0415 - only where nothing else is named

        own = kept_root(context.environment)
    world = VerifierContext(files_of(root), plain_files, context.environment, context.clock, root, own)
    return Verifier(settings, registry, world, recorded or {})
