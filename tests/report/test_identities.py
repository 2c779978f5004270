from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pinner.errors import UnavailableError
from pinner.identification.as_json import render_json
from pinner.identification.as_text import render_text
from pinner.identification.model import (
    Compared,
    Comparison,
    HashAnswer,
    Holding,
    LocalAnswer,
    LocalImage,
    ManifestDigest,
    Query,
    Sighting,
    Unanswered,
)
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform
from pinner.report.style import Style

if TYPE_CHECKING:
    from pinner.identification.model import Answer

NAME = ImageReference.parse("registry.example/app:1")
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
ONE, TWO = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)
BARE = PlatformImage(None, ONE, MANIFEST_TYPE)
SERVED = Image(ONE, MANIFEST_TYPE, (BARE,))


def text(answer: Answer, style: Style | None = None) -> list[str]:
    return list(render_text(answer, style or Style()))


def of_hash(*sightings: Sighting, unanswered: tuple[Unanswered, ...] = (), digest: Digest | None = ONE) -> HashAnswer:
    return HashAnswer("1" * 12, Query("1" * 12, digest), sightings, ("somewhere",), unanswered, (NAME,))


def test_an_attestation_is_said_to_be_no_image() -> None:
    lines = text(of_hash(Sighting("attachment", ONE, NAME.canonical, "named", reference=NAME, image=SERVED)))
    assert lines[2] == f"digest of an attestation beside {NAME}"
    assert "├─ not for   docker pull NAME@…, FROM, compose and kubectl: it is no image" in lines


def test_a_manifest_of_which_no_more_is_known_is_shown_as_far_as_it_is() -> None:
    lines = text(of_hash(Sighting("manifest", ONE, NAME.canonical, "named", None, None, NAME, SERVED, BARE)))
    assert lines[2:5] == [
        f"manifest digest of {NAME}",
        f"├─ manifest  {ONE}  <- this one",
        "├─ proved by the index names it",
    ]


def test_a_short_id_found_nowhere_shows_errors_with_and_without_a_hint() -> None:
    errors = (UnavailableError("away"), UnavailableError("far", hint="go there"))
    unanswered = tuple(Unanswered(NAME, error) for error in errors)
    assert text(of_hash(unanswered=unanswered, digest=None)) == [
        "1" * 12,
        "found nowhere; it was looked for in:",
        "  somewhere",
        f"warning: {NAME}: away",
        f"warning: {NAME}: far",
        "  hint: go there",
        "hint: with all 64 digits, earlier images of a repository are found as well",
    ]


def test_an_engine_s_image_that_nobody_answers_for_is_still_shown() -> None:
    image = LocalImage((str(NAME),), None, None, ManifestDigest(ONE), repo_digests=(f"{NAME.repository}@{TWO}",))
    comparison = Comparison(NAME, "unknown", error=UnavailableError("away"))
    holding = Holding("engine", (image,), store="containerd")
    answer = LocalAnswer("app", holding, (Compared(image, (comparison,)),))
    assert text(answer, Style(unicode=False)) == [
        "app: an image in a Docker engine's containerd store",
        "",
        str(NAME),
        "|- image ID  unknown  the digest of its index or manifest, not of its config",
        f"|- manifest  {ONE}",
        f"|- known as  {NAME.repository}@{TWO}",
        f"`- {NAME}: warning: away",
    ]
    [document] = render_json(answer)
    assert json.loads(document)["images"][0]["comparisons"][0]["error"] == "away"


def test_names_from_archives_and_platforms_from_registries_cannot_speak_to_the_terminal() -> None:
    image = LocalImage(("evil\x1b[2J",), Platform("linux\x1b]0;x\x07", "amd64"))
    holding = Holding("legacy", (image,), ("bad\x1b[1m",), ("worse\x9b",))
    member = PlatformImage(Platform("a\x1b", "b"), ONE, MANIFEST_TYPE, TWO)
    served = Image(ONE, MANIFEST_TYPE, (member,))
    comparison = Comparison(NAME, "different", True, served, member, ("why\x1b",))
    local = text(LocalAnswer("what\x1b", holding, (Compared(image, (comparison,)),)))
    sighting = Sighting("config", TWO, "where\x1b", "hashed", member.platform, None, NAME, served, member)
    assert all(line.isprintable() for line in (*local, *text(of_hash(sighting))))
