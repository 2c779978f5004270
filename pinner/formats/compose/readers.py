"""What compose takes each part of a file for: where a shared text is read as an image, and where as something else."""

from __future__ import annotations

from pinner.formats.yamlnodes.sharing import OPAQUE
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.formats.yamlnodes import Node

ROOT, SERVICES = "", "services"
_SERVICE, _VOLUME, _HOOK, _BUILD, _CONTEXTS, _IMAGE = "service", "volume", "hook", "build", "contexts", "image"
_STATES = {
    (ROOT, "services"): SERVICES,
    (_SERVICE, "image"): _IMAGE,
    (_SERVICE, "volumes"): _VOLUME,
    (_SERVICE, "pre_start"): _HOOK,
    (_SERVICE, "post_start"): _HOOK,
    (_SERVICE, "pre_stop"): _HOOK,
    (_SERVICE, "post_stop"): _HOOK,
    (_SERVICE, "build"): _BUILD,
    (_VOLUME, ""): _VOLUME,
    (_VOLUME, "source"): _IMAGE,
    (_HOOK, ""): _HOOK,
    (_HOOK, "image"): _IMAGE,
    (_BUILD, "additional_contexts"): _CONTEXTS,
    (_BUILD, "dockerfile_inline"): _IMAGE,
}


def state_of(state: str, key: str, node: Node) -> str | None:  # noqa: ARG001 - see `sharing.Grammar`
    """Return what stands under ``key`` in what is ``state``: None for an extension, which compose does not read."""
    if state == SERVICES:
        return _SERVICE
    if state == _CONTEXTS:
        return _IMAGE
    return None if key.startswith("x-") else _STATES.get((state, key), OPAQUE)
