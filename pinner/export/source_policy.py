"""BuildKit source policy: pulls of a build converted to what the lock holds.

Source: github.com/moby/buildkit ``sourcepolicy`` (``engine.go``, ``matcher.go``, ``pb/policy.proto``). A source is
known by its identifier, the normalised name with tag and digest. A rule without a ``match_type`` matches where its
selector is that identifier, and as a wildcard, whose only sign (``*``) no reference can hold. What a rule converts to
is judged again; it has a digest where its selector has none, so no rule matches it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pinner.export.base import Export, unambiguous_pins, wanted_pins

if TYPE_CHECKING:
    from pinner.export.base import ExportInput, WantedPin
    from pinner.model import Place
    from pinner.reference import Digest, ImageReference

THING = "image"
_NOT_BUILT_FROM = ("service-image", "hook-image", "image-volume")


def concerns(format_: str, place: Place) -> bool:
    """Tell whether BuildKit pulls what ``place`` names: all in Dockerfiles, in compose files what builds are from."""
    return format_ == "dockerfile" or (format_ == "compose" and place.kind not in _NOT_BUILT_FROM)


def export(asked: ExportInput) -> Export:
    """Return the policy as `buildctl build --source-policy-file` and EXPERIMENTAL_BUILDKIT_SOURCE_POLICY read it."""
    found, missing = wanted_pins(asked, concerns)
    agreed, torn = unambiguous_pins(found, _identifier_of, "BuildKit")
    rules = [_rule(identifier, wanted) for identifier, wanted in agreed.items() if not wanted.is_met]
    return Export(json.dumps({"rules": rules}, indent=2) + "\n", len(rules), (*missing, *torn))


def _rule(identifier: str, wanted: WantedPin) -> dict[str, object]:
    return {
        "action": "CONVERT",
        "selector": {"identifier": identifier},
        "updates": {"identifier": _identifier(wanted.reference, wanted.tag, wanted.digest)},
    }


def _identifier_of(wanted: WantedPin) -> str:
    reference = wanted.reference
    tag = "latest" if reference.tag is None and reference.digest is None else reference.tag
    return _identifier(reference, tag, reference.digest)


def _identifier(reference: ImageReference, tag: str | None, digest: Digest | None) -> str:
    """Return a source's identifier as ``reference.TagNameOnly`` and ``llb.Image`` write it."""
    return f"docker-image://{reference.repository}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
