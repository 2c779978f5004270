"""Verifier for a command: opened where there are policies, with what it reads."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from pinner.errors import ConfigError

if TYPE_CHECKING:
    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.oci.resolver import Registry
    from pinner.verify.verifier import Verifier

_NEEDED = ("cryptography", "rfc3161_client", "cbor2", "sigstore")


def check_extra() -> None:
    """Raise `ConfigError` where what verifies is not installed: never a weaker verdict."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"[[verify]] needs {', '.join(missing)}, which is not installed", hint="pip install 'image-pinner[verify]'"
        )


def open_verifier(context: Context, settings: Settings, registry: Registry) -> Verifier:
    """Return what verifies images by the policies of ``settings``. Raises `ConfigError`."""
    check_extra()
    from pinner.verify.trust_policy import plain_files  # noqa: PLC0415 - cryptography, only where a policy is
    from pinner.verify.verifier import Verifier, World, files_of  # noqa: PLC0415 - the same

    root = settings.root or context.folder
    world = World(files_of(root), plain_files, context.environment, context.clock, root)
    return Verifier(settings, registry, world)
