"""Pin container images to digests, in place, to the byte.

>>> import pinner
>>> places = pinner.find("Dockerfile")
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.api import check, find, pin

__version__ = "0.1.0"
__all__ = ["__version__", "check", "find", "pin"]


def __getattr__(name: str) -> object:
    """Load the API when it is first asked for: the command line does without it."""
    if name in ("check", "find", "pin"):
        from importlib import import_module  # noqa: PLC0415 - as above

        # By name, so that no layer below seems to import the one on top through the package.
        return getattr(import_module("pinner.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
