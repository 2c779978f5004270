"""`pinner check --online`: what the registries make of the pins in a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes import OCI_INDEX, FakeRegistry
from world import pinner

from pinner.errors import UnavailableError
from pinner.oci.types import Config, Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from world import Outcome

    from pinner.model import Resolved
    from pinner.oci.types import Depth

REPOSITORY = "docker.io/library/nginx"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64", "v8")


def digest(letter: str) -> Digest:
    return Digest("sha256", letter * 64)


OLD, NEW, GONE, OTHERS = (digest(letter) for letter in "abef")
OLD_AMD64, NEW_AMD64, NEW_ARM64, OLD_ID, NEW_ID = (digest(letter) for letter in "12345")


def images() -> dict[str, Image]:
    old_amd64 = PlatformImage(AMD64, OLD_AMD64, MANIFEST, OLD_ID)
    new_amd64 = PlatformImage(AMD64, NEW_AMD64, MANIFEST, NEW_ID)
    new_arm64 = PlatformImage(ARM64, NEW_ARM64, MANIFEST)
    return {
        f"{REPOSITORY}@{OLD}": Image(OLD, OCI_INDEX, (old_amd64,)),
        f"{REPOSITORY}@{NEW}": Image(NEW, OCI_INDEX, (new_amd64, new_arm64)),
        f"{REPOSITORY}@{OLD_AMD64}": Image(OLD_AMD64, MANIFEST, (old_amd64,)),
        f"{REPOSITORY}@{NEW_ARM64}": Image(NEW_ARM64, MANIFEST, (new_arm64,)),
        f"docker.io/library/redis@{OTHERS}": Image(OTHERS, OCI_INDEX, (new_amd64,)),
    }


TAGS = {f"{REPOSITORY}:1.27": NEW, "docker.io/library/redis:8": OTHERS}
CONFIGS = {f"{REPOSITORY}@{one}": Config(one, AMD64, None, {}, ()) for one in (OLD_ID, NEW_ID)}


def registry() -> FakeRegistry:
    return FakeRegistry(images(), TAGS, CONFIGS)


def check(folder: Path, text: str, *options: str, serving: FakeRegistry | None = None) -> Outcome:
    (folder / "Dockerfile").write_text(text + "\n")
    return pinner(folder, "check", "--online", *options, resolver=serving or registry())


def findings(folder: Path, text: str, serving: FakeRegistry | None = None) -> list[dict[str, str]]:
    outcome = check(folder, text, "--format", "json", serving=serving)
    found: list[dict[str, str]] = json.loads(outcome.stdout)["findings"]
    return found


@pytest.mark.parametrize(
    "line",
    [
        f"FROM nginx:1.27@{NEW}",
        f"FROM --platform=linux/arm64 nginx:1.27@{NEW_ARM64}",
        f"FROM docker.io/library/nginx:1.27@{NEW}",
        "FROM scratch",
    ],
    ids=["what the tag means", "the platform that the line names", "written in full", "no image"],
)
def test_a_pin_in_order_has_no_finding(tmp_path: Path, line: str) -> None:
    outcome = check(tmp_path, line)
    assert (outcome.status, outcome.stdout) == (0, "")


@pytest.mark.parametrize(
    ("line", "rule", "severity", "says", "proposed"),
    [
        (f"nginx:1.27@{OLD}", "PIN101", "warning", "means sha256:bbbbbbbbbbbb…", f"nginx:1.27@{NEW}"),
        (f"nginx:1.27@{GONE}", "PIN102", "error", "not served by docker.io/library/nginx", f"nginx:1.27@{NEW}"),
        (f"nginx:1.27@{NEW_ARM64}", "PIN103", "warning", "linux/arm64/v8 alone", f"nginx:1.27@{NEW}"),
        (f"nginx:1.27@{NEW_ID}", "PIN103", "error", "image ID of linux/amd64, which cannot be", f"nginx:1.27@{NEW}"),
        (f"nginx:1.27@{OLD_ID}", "PIN103", "error", "image ID of a linux/amd64 image", f"nginx:1.27@{NEW}"),
        ("nginx:1.27", "PIN001", "error", "has no digest", f"nginx:1.27@{NEW}"),
    ],
)
def test_each_rule_says_what_is_wrong_and_what_to_write(
    tmp_path: Path, line: str, rule: str, severity: str, says: str, proposed: str
) -> None:
    (found,) = findings(tmp_path, f"FROM {line}")
    assert (found["rule"], found["severity"], found["proposed"]) == (rule, severity, proposed)
    assert says in found["message"]
    assert found["current"] == str(NEW)


def test_an_image_id_of_what_the_tag_means_is_told_to_be_that_very_image(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, f"FROM nginx:1.27@{NEW_ID}")
    assert "that very image" in found["hint"]
    (other,) = findings(tmp_path, f"FROM nginx:1.27@{OLD_ID}")
    assert "that very image" not in other["hint"]


def test_an_old_manifest_of_one_platform_is_stale_and_of_the_wrong_kind(tmp_path: Path) -> None:
    stale, kind = findings(tmp_path, f"FROM nginx:1.27@{OLD_AMD64}")
    assert (stale["rule"], stale["proposed"]) == ("PIN101", f"nginx:1.27@{NEW_AMD64}")
    assert (kind["rule"], kind["proposed"]) == ("PIN103", f"nginx:1.27@{NEW}")


def test_a_digest_of_another_repository_is_told_from_one_that_is_gone(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, f"FROM nginx:1.27@{OTHERS}\nFROM redis:8@{OTHERS}")
    assert found["rule"] == "PIN105"
    assert "belongs to docker.io/library/redis" in found["message"]


def test_a_digest_without_a_tag_is_looked_up_and_never_stale(tmp_path: Path) -> None:
    assert [found["rule"] for found in findings(tmp_path, f"FROM nginx@{OLD}")] == ["PIN002"]
    assert [found["rule"] for found in findings(tmp_path, f"FROM nginx@{GONE}")] == ["PIN002", "PIN102"]


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        (f"nginx:1.27@{NEW}", "linux/s390x"),
        (f"nginx:1.27@{OLD}", "linux/arm64, linux/s390x"),
    ],
)
def test_required_platforms_that_are_not_there(tmp_path: Path, line: str, missing: str) -> None:
    (tmp_path / "pinner.toml").write_text(
        'platforms = ["linux/amd64", "linux/arm64", "linux/s390x"]\n[rules]\nPIN101 = "off"\n'
    )
    (found,) = findings(tmp_path, f"FROM {line}")
    assert (found["rule"], found["severity"]) == ("PIN104", "error")
    assert f"not there for {missing}" in found["message"]


def test_required_platforms_that_are_there_are_no_finding(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('platforms = ["linux/amd64", "linux/arm64"]\n')
    assert findings(tmp_path, f"FROM nginx:1.27@{NEW}") == []


@pytest.mark.parametrize(
    ("platforms", "rules"),
    [
        ('"linux/amd64"', []),
        ('"linux/arm64"', ["PIN101"]),
        ('"linux/amd64", "linux/arm64"', ["PIN101"]),
        ('"linux/s390x"', ["PIN101", "PIN104"]),
        ("", ["PIN101"]),
    ],
)
def test_a_tag_that_moved_for_other_platforms_alone_is_not_stale(
    tmp_path: Path, platforms: str, rules: list[str]
) -> None:
    held = Image(
        digest("c"),
        OCI_INDEX,
        (PlatformImage(AMD64, NEW_AMD64, MANIFEST), PlatformImage(ARM64, digest("6"), MANIFEST)),
    )
    serving = FakeRegistry({**images(), f"{REPOSITORY}@{held.digest}": held}, TAGS, CONFIGS)
    (tmp_path / "pinner.toml").write_text(f"platforms = [{platforms}]\n")
    found = findings(tmp_path, f"FROM nginx:1.27@{held.digest}", serving)
    assert [one["rule"] for one in found] == rules


def test_a_manifest_of_one_platform_is_not_there_for_the_others(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('platforms = ["linux/amd64", "linux/arm64"]\n')
    rules = [found["rule"] for found in findings(tmp_path, f"FROM --platform=linux/arm64 nginx:1.27@{NEW_ARM64}")]
    assert rules == ["PIN104"]


def test_with_platform_that_platforms_manifest_is_what_is_wanted(tmp_path: Path) -> None:
    outcome = check(tmp_path, f"FROM nginx:1.27@{NEW_ARM64}", "--platform", "linux/arm64")
    assert (outcome.status, outcome.stdout) == (0, "")


def test_pragmas_silence_and_configuration_weighs(tmp_path: Path) -> None:
    assert findings(tmp_path, f"# pinner: ignore[PIN101] on purpose\nFROM nginx:1.27@{OLD}") == []
    (found,) = findings(tmp_path, f"# pinner: ignore[PIN101] once until=2026-01-01\nFROM nginx:1.27@{OLD}")
    assert "line 1 expired on 2026-01-01; `pinner update`" in found["hint"]
    (tmp_path / "pinner.toml").write_text('[rules]\nPIN101 = "error"\nPIN103 = "note"\n')
    graver, milder = findings(tmp_path, f"FROM nginx:1.27@{OLD}\nFROM nginx:1.27@{NEW_ID}")
    assert (graver["severity"], milder["severity"]) == ("error", "note")


def test_the_status_is_that_of_the_findings(tmp_path: Path) -> None:
    assert check(tmp_path, f"FROM nginx:1.27@{OLD}").status == 0
    assert check(tmp_path, f"FROM nginx:1.27@{OLD}", "--fail-on", "warning").status == 1
    assert check(tmp_path, f"FROM nginx:1.27@{GONE}").status == 1
    assert check(tmp_path, f"FROM nginx:1.27@{GONE}", "--exit-zero").status == 0


def test_nothing_is_written(tmp_path: Path) -> None:
    check(tmp_path, f"FROM nginx:1.27@{OLD}\nFROM nginx:1.27")
    assert (tmp_path / "Dockerfile").read_text() == f"FROM nginx:1.27@{OLD}\nFROM nginx:1.27\n"


def test_a_pin_in_order_costs_one_question(tmp_path: Path) -> None:
    serving = registry()
    check(tmp_path, f"FROM nginx:1.27@{NEW}\nFROM nginx:1.27@{NEW}", serving=serving)
    assert (len(serving.asked), serving.described) == (1, [])


class Down(FakeRegistry):
    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        if "redis" in reference.canonical:
            raise UnavailableError(f"cannot resolve `{reference}`: it is down")
        return await super().resolve(reference, platform)

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        if "redis" in reference.canonical or depth == "index":
            raise UnavailableError(f"cannot resolve `{reference}`: it is down")
        return await super().describe(reference, depth, platforms)


def test_what_no_registry_answers_for_is_unknown_and_the_others_are_judged(tmp_path: Path) -> None:
    text = f"FROM redis:8@{OTHERS}\nFROM nginx:1.27@{OLD}"
    outcome = check(tmp_path, text, "--format", "json", serving=Down(images(), TAGS))
    assert outcome.status == 3
    told = json.loads(outcome.stdout)
    assert [found["rule"] for found in told["findings"]] == ["PIN101"]
    assert told["summary"]["unknown"] == 1
    assert "Dockerfile:1:6: error: cannot resolve `redis:8@" in outcome.stderr
    assert "1 without an answer" in outcome.stderr


def test_platforms_that_cannot_be_told_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('platforms = ["linux/amd64"]\n')
    outcome = check(tmp_path, f"FROM nginx:1.27@{NEW}", serving=Down(images(), TAGS))
    assert outcome.status == 3
    assert "it is down" in outcome.stderr


def test_findings_and_unknowns_together_are_findings_and_say_both(tmp_path: Path) -> None:
    outcome = check(tmp_path, f"FROM redis:8@{OTHERS}\nFROM nginx:1.27@{GONE}", serving=Down(images(), TAGS))
    assert outcome.status == 1
    assert "PIN102" in outcome.stdout
    assert "it is down" in outcome.stderr


def test_a_tag_that_is_gone_while_its_digest_is_served(tmp_path: Path) -> None:
    serving = FakeRegistry(images(), {}, CONFIGS, missing=[f"{REPOSITORY}:1.27"])
    (found,) = findings(tmp_path, f"FROM nginx:1.27@{NEW}", serving)
    assert (found["rule"], found["severity"]) == ("PIN111", "warning")
    assert "has no tag `1.27` any more" in found["message"]
    outcome = check(tmp_path, f"FROM nginx:1.27@{NEW}", serving=serving)
    assert (outcome.status, outcome.stderr.count("cannot resolve")) == (0, 0)
    # What is gone altogether is PIN102, whatever became of the tag.
    nothing = FakeRegistry({}, {}, {}, missing=[f"{REPOSITORY}:1.27"])
    (gone,) = findings(tmp_path, f"FROM nginx:1.27@{GONE}", nothing)
    assert (gone["rule"], gone["hint"]) == ("PIN102", "the tag `1.27` is not there either: is the name right?")
    # Both were told: nothing of it is unknown.
    outcome = check(tmp_path, f"FROM nginx:1.27@{GONE}", "--exit-zero", serving=nothing)
    assert (outcome.status, outcome.stderr.count("cannot resolve")) == (0, 0)


INDEX = "registry.example/team/app"


def serving_index(*lost: Digest) -> FakeRegistry:
    children = images()[f"{REPOSITORY}@{NEW}"]
    serving = FakeRegistry({f"{INDEX}@{NEW}": children}, {f"{INDEX}:1": NEW})
    serving.lost = set(lost)
    return serving


@pytest.mark.parametrize(
    ("platforms", "lost", "rules"),
    [
        ("", (NEW_AMD64, NEW_ARM64), ["PIN102"]),
        ("", (), []),
        ('"linux/amd64", "linux/arm64"', (NEW_AMD64, NEW_ARM64), ["PIN104", "PIN104"]),
        ('"linux/amd64", "linux/arm64"', (NEW_ARM64,), ["PIN104"]),
        ('"linux/amd64"', (NEW_ARM64,), []),
    ],
)
def test_an_index_whose_manifests_are_gone(
    tmp_path: Path, platforms: str, lost: tuple[Digest, ...], rules: list[str]
) -> None:
    (tmp_path / "pinner.toml").write_text(f"platforms = [{platforms}]\n")
    found = findings(tmp_path, f"FROM {INDEX}:1@{NEW}", serving_index(*lost))
    assert [one["rule"] for one in found] == rules
    assert all("is served, its manifest of linux/" in one["message"] for one in found)


def many_indexes(count: int, *gone: str) -> tuple[FakeRegistry, str]:
    """Return a registry with ``count`` indexes, of which the last has lost its manifests, and a file that pins all.

    Those that ``gone`` names are what the file pins and the registry has no more.
    """
    children = images()[f"{REPOSITORY}@{NEW}"].platforms
    pins = {f"registry.example/team/app{at}": Digest("sha256", f"{at:064x}") for at in range(count)}
    here = {f"{name}@{one}": Image(one, OCI_INDEX, children) for name, one in pins.items()}
    last, own = f"registry.example/team/app{count - 1}", PlatformImage(AMD64, OLD_AMD64, MANIFEST)
    here[f"{last}@{pins[last]}"] = Image(pins[last], OCI_INDEX, (own,))
    serving = FakeRegistry(here, {f"{name}:1": one for name, one in pins.items()})
    serving.lost = {OLD_AMD64}
    return serving, "".join(f"FROM {name}:1@{GONE if name in gone else one}\n" for name, one in pins.items())


def asked_for_manifests(serving: FakeRegistry) -> int:
    return sum(not one.endswith(" index") and f"@{GONE}" not in one for one in serving.described)


def test_many_pins_in_order_cost_one_question_each(tmp_path: Path) -> None:
    serving, text = many_indexes(9)
    outcome = check(tmp_path, text, "-v", serving=serving)
    assert (outcome.status, len(serving.asked), serving.described) == (0, 9, [])
    assert "registry.example: no manifest of 9 indexes was asked for" in outcome.stderr
    # One fewer, and a question more for each is cheap.
    serving, text = many_indexes(8)
    assert [one["rule"] for one in findings(tmp_path, text, serving)] == ["PIN102"]
    assert asked_for_manifests(serving) == 8


def test_a_registry_that_has_lost_one_digest_is_asked_for_the_manifests_of_all(tmp_path: Path) -> None:
    serving, text = many_indexes(10, "registry.example/team/app0")
    assert [one["rule"] for one in findings(tmp_path, text, serving)] == ["PIN102", "PIN102"]
    assert asked_for_manifests(serving) == 9


def test_an_index_that_its_tag_has_left_is_opened_among_many(tmp_path: Path) -> None:
    serving, text = many_indexes(10)
    serving.tags["registry.example/team/app9:1"] = NEW
    serving.images[f"registry.example/team/app9@{NEW}"] = images()[f"{REPOSITORY}@{NEW}"]
    assert [one["rule"] for one in findings(tmp_path, text, serving)] == ["PIN101", "PIN102"]


def test_the_platforms_that_are_required_are_asked_for_among_many(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text('platforms = ["linux/amd64"]\n')
    serving, text = many_indexes(10)
    assert [one["rule"] for one in findings(tmp_path, text, serving)] == ["PIN104"]
    assert asked_for_manifests(serving) == 10


def test_a_manifest_that_cannot_be_told_is_unknown(tmp_path: Path) -> None:
    serving = Down({f"{INDEX}@{NEW}": images()[f"{REPOSITORY}@{NEW}"]}, {f"{INDEX}:1": NEW})
    outcome = check(tmp_path, f"FROM {INDEX}:1@{NEW}", serving=serving)
    assert (outcome.status, "it is down" in outcome.stderr) == (3, True)


@pytest.mark.parametrize(("platform", "rules"), [("linux/s390x", ["PIN104"]), ("linux/arm64", []), ("bsd", [])])
def test_the_platform_of_a_reference_is_required_of_its_digest(tmp_path: Path, platform: str, rules: list[str]) -> None:
    found = findings(tmp_path, f"FROM --platform={platform} {INDEX}:1@{NEW}", serving_index())
    assert [one["rule"] for one in found] == rules


def test_what_a_comment_or_the_settings_silence_is_not_asked(tmp_path: Path) -> None:
    text = f"# pinner: ignore\nFROM nginx:1.27@{OLD}\n# pinner: ignore\nFROM redis:8\n"
    serving = registry()
    assert check(tmp_path, text, serving=serving).status == 0
    assert (serving.asked, serving.described) == ([], [])
    (tmp_path / "pinner.toml").write_text('[rules]\nPIN001 = "off"\n')
    serving = registry()
    check(tmp_path, f"FROM redis:8\nFROM nginx:1.27@{NEW}", serving=serving)
    assert serving.asked == [f"{REPOSITORY}:1.27"]
    # One rule that is not silenced is reason enough.
    serving = registry()
    check(tmp_path, f"# pinner: ignore[PIN101]\nFROM nginx:1.27@{OLD}", serving=serving)
    assert serving.asked == [f"{REPOSITORY}:1.27"]
