"""``pinner update --tags`` beside a policy on signatures: what it refuses is held back, and no lower tag proposed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fakes import FakeRegistry
from virtual_time import run_virtually

from pinner.cache.first_seen import FirstSeenStore
from pinner.config import Settings, UpdateRules
from pinner.errors import SignatureError
from pinner.reference import ImageReference
from pinner.tag_upgrades.model import Outlook, Wanted
from pinner.tag_upgrades.search import Search

if TYPE_CHECKING:
    from pinner.model import Resolved
    from pinner.reference import Platform

NAME = "docker.io/library/python"


class Refusing(FakeRegistry):
    """Refuses the tag 3.12.11, as a registry does behind a policy."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        if reference.tag == "3.12.11":
            raise SignatureError("`python:3.12.11`: abc is unsigned (PIN106 unsigned)")
        return await super().resolve(reference, platform)


def test_what_a_policy_refuses_is_held_back() -> None:
    registry = Refusing()
    registry.lists[NAME] = ("3.12.4", "3.12.5", "3.12.11")
    wanted = Wanted(ImageReference.parse("python:3.12.4"), "patch", UpdateRules(tags="patch"))

    async def look() -> Outlook:
        store = FirstSeenStore(None, datetime(2026, 11, 1, tzinfo=UTC))
        return (await Search(registry, Settings(), store).find([wanted]))[wanted.key]

    outlook = run_virtually(look())
    assert outlook.upgrade is None
    assert outlook.held_back == "`python:3.12.11`: abc is unsigned (PIN106 unsigned)"
    assert "docker.io/library/python:3.12.5" not in registry.asked
