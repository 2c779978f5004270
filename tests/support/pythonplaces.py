"""What the Python format finds in a text, in the words of its tests."""

from __future__ import annotations

from pinner.formats.python import locate
from pinner.model import Calls, Document, Occurrence, Place, SkippedOccurrence

CONTAINER = "from testcontainers.core.container import DockerContainer\n"
DOCKER = "import docker\n"


def places(text: str | bytes, *own: str, tiers: tuple[str, ...] = ()) -> tuple[Place, ...]:
    data = text.encode() if isinstance(text, str) else text
    located = locate(Document("app.py", data), Calls(own, tiers))
    return () if located is None else located.places


def found(text: str | bytes, *own: str, tiers: tuple[str, ...] = ()) -> list[str]:
    """Return each mention's reference, and ``reason text`` of each skip."""
    return [
        str(place.reference) if isinstance(place, Occurrence) else f"{place.reason} {place.text}".rstrip()
        for place in places(text, *own, tiers=tiers)
    ]


def mentions(text: str | bytes, *own: str, tiers: tuple[str, ...] = ()) -> list[Occurrence]:
    return [place for place in places(text, *own, tiers=tiers) if isinstance(place, Occurrence)]


def skips(text: str | bytes) -> list[SkippedOccurrence]:
    return [place for place in places(text) if isinstance(place, SkippedOccurrence)]
