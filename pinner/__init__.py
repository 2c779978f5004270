"""Pin container images to digests, in place, to the byte.

>>> import pinner
>>> places = pinner.find("Dockerfile")

docs/api.md shows the rest.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.api import Found, aio, check, find, identify, inspect, lock, pin, resolve, unpin, update
    from pinner.config import RegistryOptions, Settings
    from pinner.config.load import load_settings
    from pinner.errors import (
        ConfigError,
        InputError,
        IntegrityError,
        InvalidReferenceError,
        NotFoundError,
        PinnerError,
        RateLimitedError,
        ResolveError,
        UnauthorizedError,
        UnavailableError,
        UnsupportedError,
    )
    from pinner.findings import Finding
    from pinner.identification.model import HashAnswer, LocalAnswer
    from pinner.inspection.model import ImageId, Inspection
    from pinner.lockfile.model import Lock
    from pinner.model import Document, Edit, Occurrence, Resolved, SkippedOccurrence, Span
    from pinner.oci.resolver import Registry, Resolver
    from pinner.oci.types import Image, PlatformImage
    from pinner.plan import Changed, Failed, Plan, Unchanged
    from pinner.reference import Digest, ImageReference, Platform
    from pinner.rules import Rule

__version__ = "0.1.0"

# Where each name is: loaded when it is first asked for, since the command line does without.
_HOMES = {
    "api": "Found aio check find identify inspect lock pin resolve unpin update",
    "config": "RegistryOptions Settings",
    "config.load": "load_settings",
    "errors": "ConfigError InputError IntegrityError InvalidReferenceError NotFoundError PinnerError RateLimitedError "
    "ResolveError UnauthorizedError UnavailableError UnsupportedError",
    "findings": "Finding",
    "identification.model": "HashAnswer LocalAnswer",
    "inspection.model": "ImageId Inspection",
    "lockfile.model": "Lock",
    "model": "Document Edit Occurrence Resolved SkippedOccurrence Span",
    "oci.resolver": "Registry Resolver",
    "oci.types": "Image PlatformImage",
    "plan": "Changed Failed Plan Unchanged",
    "reference": "Digest ImageReference Platform",
    "rules": "Rule",
}
__all__ = [
    "Changed",
    "ConfigError",
    "Digest",
    "Document",
    "Edit",
    "Failed",
    "Finding",
    "Found",
    "HashAnswer",
    "Image",
    "ImageId",
    "ImageReference",
    "InputError",
    "Inspection",
    "IntegrityError",
    "InvalidReferenceError",
    "LocalAnswer",
    "Lock",
    "NotFoundError",
    "Occurrence",
    "PinnerError",
    "Plan",
    "Platform",
    "PlatformImage",
    "RateLimitedError",
    "Registry",
    "RegistryOptions",
    "ResolveError",
    "Resolved",
    "Resolver",
    "Rule",
    "Settings",
    "SkippedOccurrence",
    "Span",
    "UnauthorizedError",
    "UnavailableError",
    "Unchanged",
    "UnsupportedError",
    "__version__",
    "aio",
    "check",
    "find",
    "identify",
    "inspect",
    "load_settings",
    "lock",
    "pin",
    "resolve",
    "unpin",
    "update",
]


def __getattr__(name: str) -> object:
    """Load the API when it is first asked for: the command line does without it."""
    for home, names in _HOMES.items():
        if name in names.split():
            from importlib import import_module  # noqa: PLC0415 - as above

            # By name, so that no layer below seems to import the one on top through the package.
            return getattr(import_module(f"pinner.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return what there is to ask for."""
    return __all__
