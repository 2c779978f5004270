"""Platform matching by containerd's rules, as ``docker pull --platform`` chooses.

Source: github.com/containerd/platforms (``compare.go``, ``normalize.go``).
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    from pinner.reference import Platform

    _T = TypeVar("_T")

# containerd's `platforms.Normalize`: other spellings of the same machine.
_ARCHITECTURES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386", "armhf": "arm"}


def matches(platform: Platform, wanted: Platform) -> bool:
    """Say whether an image for ``platform`` runs where ``wanted`` is asked for."""
    return rank(platform, wanted) is not None


def best(candidates: Iterable[tuple[Platform | None, _T]], wanted: Platform) -> _T | None:
    """Return what suits ``wanted`` best of ``candidates`` (platform, anything), the first of equals; None for nothing.

    What has no platform suits nobody.
    """
    ranked = [(rank(platform, wanted), one) for platform, one in candidates if platform is not None]
    suitable = [(how, one) for how, one in ranked if how is not None]
    return min(suitable, key=lambda pair: pair[0])[1] if suitable else None


def rank(platform: Platform, wanted: Platform) -> int | None:
    """Return how well ``platform`` suits ``wanted``: 0 exactly, more is worse, None not at all."""
    if platform.os.lower() != wanted.os.lower():
        return None
    architecture = _architecture(wanted.architecture)
    if _architecture(platform.architecture) != architecture:
        return None
    suitable = _suitable_variants(architecture, wanted.variant)
    variant = _variant(architecture, platform.variant)
    return suitable.index(variant) if variant in suitable else None


def _architecture(name: str) -> str:
    return _ARCHITECTURES.get(name.lower(), name.lower())


def _variant(architecture: str, variant: str | None) -> str | None:
    """Return the variant with its defaults made plain (containerd's `normalizeArch`): arm is v7, arm64 v8, amd64 v1."""
    default = {"arm": "v7", "arm64": "v8", "amd64": "v1"}.get(architecture)
    if variant is None:
        return default
    return f"v{variant}" if variant.isdecimal() else variant.lower()


def _suitable_variants(architecture: str, wanted: str | None) -> list[str | None]:
    """Return the variants that run on the wanted one, the best first: itself and every older one."""
    variant = _variant(architecture, wanted)
    first = {"arm": 5, "arm64": 8, "amd64": 1}.get(architecture)
    if first is None or variant is None or not variant[1:].isdecimal():
        return [variant]
    newest = min(int(variant[1:3]), 99)
    return [f"v{number}" for number in range(newest, first - 1, -1)] or [variant]
