"""A registry's stand-in that knows a tag and not the digest behind it: by digest is how the image will be pulled."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from scripted_registry import A, Answer, ScriptedRegistry, resolver, tag_answer
from virtual_time import run_virtually

from pinner.config import RegistryOptions, Settings
from pinner.findings.online_rules import check_standing
from pinner.findings.pin_status import look_up_pin_statuses
from pinner.formats import by_name
from pinner.model import Document
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
    from pathlib import Path

MIRROR = "https://mirror.example/v2/team/app/manifests"
MISSING = Answer(404, (("Content-Type", "application/json"),), b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')


# What its tag means is in the cache by then, which says nothing of who serves it.
@pytest.mark.parametrize("has_cache", [False, True], ids=["no cache", "cache"])
@pytest.mark.parametrize(("is_there", "rules"), [(False, ["PIN102"]), (True, [])])
def test_it_is_asked_for_the_digest_too(tmp_path: Path, rules: list[str], *, is_there: bool, has_cache: bool) -> None:
    settings = Settings(registries={"registry.example": RegistryOptions("https://mirror.example")})
    registry = ScriptedRegistry()
    registry.on("GET", f"{MIRROR}/1", tag_answer(A))
    by_digest = tag_answer(A) if is_there else MISSING
    for method in ("HEAD", "GET"):
        registry.on(method, f"{MIRROR}/{A}", by_digest, forever=True)
    registry.on("GET", f"https://mirror.example/v2/team/app/blobs/{A}", MISSING, forever=True)
    registry.on("HEAD", f"https://mirror.example/v2/team/app/blobs/{A}", MISSING, forever=True)
    document = Document("Dockerfile", f"FROM registry.example/team/app:1@{A}\n".encode())
    format_ = by_name("dockerfile")
    located = format_.locate(document)
    assert located is not None
    source = apply_suppressions(document, format_, located, today=date(2026, 11, 1))
    environment = {"XDG_CACHE_HOME": str(tmp_path)} if has_cache else {}
    asked = resolver(registry, settings=settings, environment=environment)

    async def look() -> list[str]:
        async with asked:
            statuses = await look_up_pin_statuses([source], settings, asked)
        found = list(check_standing(source, statuses, settings))
        assert all(finding.hint and "`pinner update`" not in finding.hint for finding in found)
        return [finding.rule.id for finding in found]

    assert run_virtually(look()) == rules
