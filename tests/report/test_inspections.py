"""The words of `pinner inspect` for what is odd: long, unknown, empty, many, hostile."""

from __future__ import annotations

import json

import pytest

from pinner.inspection import INSPECTION_FORMATS, inspection_renderer
from pinner.inspection.model import (
    ImageId,
    Inspection,
    artifact_name,
    attachment_name,
    common_entries,
    human_size,
    name_of,
    oci_labels,
    pin_text,
)
from pinner.oci.resolver import Allowance
from pinner.oci.types import Attachment, Config, Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform
from pinner.report.style import PLAIN

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
TITLE = "org.opencontainers.image.title"
REFERENCE = ImageReference.parse("registry.example/team/app:1")


def digest(number: int) -> Digest:
    return Digest("sha256", f"{number:064x}")


INDEX = digest(1000)


def platforms(number: int, **fields: object) -> tuple[PlatformImage, ...]:
    made = (
        PlatformImage(Platform("linux", f"cpu{one}"), digest(one), MANIFEST_TYPE, digest(100 + one))
        for one in range(number)
    )
    return tuple(one._replace(**fields) for one in made)  # type: ignore[arg-type] # the fields are the test's own


def index(*images: PlatformImage) -> Image:
    return Image(INDEX, INDEX_TYPE, images)


def text(*entries: Inspection | ImageId, name: str = "text") -> str:
    return "\n".join(inspection_renderer(name).render_inspections(entries, PLAIN))


def beside(number: int, kind: str = "attestation", each: int = 1) -> tuple[Attachment, ...]:
    return tuple(Attachment(digest(500 + one), kind, digest(one // each)) for one in range(number))


@pytest.mark.parametrize(
    ("number", "each", "images", "line"),
    [
        (4, 1, 4, "  BuildKit attestation: 4, one for each platform, listed by --format tree"),
        (8, 2, 4, "  BuildKit attestation: 8 of all platforms, listed by --format tree"),
        (4, 1, 5, "  BuildKit attestation: 4, listed by --format tree"),
        (3, 1, 3, "  BuildKit attestation of linux/cpu2\n         " + str(digest(502))),
    ],
)
def test_many_of_one_kind_are_summed_up(number: int, each: int, images: int, line: str) -> None:
    said = text(Inspection(REFERENCE, index(*platforms(images)), beside(number, each=each)))
    assert f"{line}\n" in said


def test_what_is_summed_up_is_listed_in_the_tree() -> None:
    said = text(Inspection(REFERENCE, index(*platforms(6)), beside(6)), name="tree")
    assert said.count("BuildKit attestation sha256:") == 6


def test_what_speaks_of_nothing_known_is_shown_all_the_same() -> None:
    stray = Attachment(digest(7), "application/vnd.example+json", digest(99))
    entry = Inspection(REFERENCE, index(*platforms(1)), (stray,))
    assert f"  application/vnd.example+json\n         {digest(7)}\n" in text(entry)
    assert f"application/vnd.example+json {digest(7)} (not verified)" in text(entry, name="tree")
    assert json.loads(text(entry, name="json"))["images"][0]["attachments"][0]["subject"] == str(digest(99))


def test_what_speaks_of_a_single_manifest_says_so() -> None:
    alone = Image(digest(0), MANIFEST_TYPE, platforms(1))
    said = text(Inspection(REFERENCE, alone, beside(1, ".sig")))
    assert f"  cosign signature of the manifest\n         {digest(500)}\n" in said


def test_an_empty_index_is_no_reason_to_fail() -> None:
    entry = Inspection(REFERENCE, index())
    assert "what     OCI index of 0 platforms\n" in text(entry)
    assert "which hash goes where" not in text(entry)
    assert "\n\n\n" not in text(entry)
    assert text(entry, name="tree")
    assert json.loads(text(entry, name="json"))["images"][0]["labels"] == {}


def test_what_is_not_known_is_not_made_up() -> None:
    [one] = platforms(1, platform=None, config=None)
    said = text(Inspection(REFERENCE, index(one)))
    assert f"no platform named  manifest {digest(0)}\n  size unknown\n" in said
    assert "image ID sha256" not in said
    assert "size unknown" in text(Inspection(REFERENCE, index(one)), name="tree")


def test_a_label_says_which_platforms_have_it() -> None:
    images = tuple(
        one._replace(labels={TITLE: "odd" if number % 2 else "even"} if number < 11 else {})
        for number, one in enumerate(platforms(12))
    )
    said = text(Inspection(REFERENCE, index(*images)))
    assert "      even  (linux/cpu0, linux/cpu2, linux/cpu4 and 3 more)\n" in said
    few = tuple(one._replace(labels={TITLE: "odd"} if number else {}) for number, one in enumerate(platforms(5)))
    assert "      odd  (linux/cpu1, linux/cpu2, linux/cpu3, linux/cpu4)\n" in text(Inspection(REFERENCE, index(*few)))


def test_hostile_text_neither_moves_the_cursor_nor_fills_the_screen() -> None:
    labels = {TITLE: "\x1b[2J" + "x" * 5000, "org.opencontainers.image.\x07": "bell"}
    [one] = platforms(1, labels=labels, created="\x1b]0;title\x07")
    entry = Inspection(REFERENCE, index(one), (Attachment(digest(1), "\x1b[31m", digest(0)),))
    for name in INSPECTION_FORMATS:
        assert "\x1b" not in text(entry, name=name)
        assert "\x07" not in text(entry, name=name)
    assert max(map(len, text(entry).splitlines())) < 400


def test_an_image_id_of_no_known_platform_is_told() -> None:
    entry = ImageId(ImageReference.parse(f"app@{digest(1)}"), Config(digest(1), None, None, {}, ()))
    assert "what     the config of an image, and no manifest: nothing can pull it\n" in text(entry)
    assert json.loads(text(entry, name="json"))["images"][0]["platform"] is None


def test_an_artifact_of_an_unknown_type_is_called_by_its_type() -> None:
    [one] = platforms(1, platform=None, config=None, artifact="application/vnd.example.thing")
    entry = Inspection(REFERENCE, Image(digest(0), MANIFEST_TYPE, (one,)))
    assert "what     something else than a container image\ntype     application/vnd.example.thing\n" in text(entry)
    assert "│  ├─ application/vnd.example.thing\n" in text(entry, name="tree")


@pytest.mark.parametrize(
    ("name", "repository", "pinned"),
    [
        ("nginx", "nginx", "nginx:latest@D"),
        ("nginx:1", "nginx", "nginx:1@D"),
        (f"nginx@{INDEX}", "nginx", "nginx@D"),
        (f"localhost:5000/a/b:1@{INDEX}", "localhost:5000/a/b", "localhost:5000/a/b:1@D"),
        ("localhost:5000/a/b", "localhost:5000/a/b", "localhost:5000/a/b:latest@D"),
    ],
)
def test_a_name_is_kept_as_it_was_written(name: str, repository: str, pinned: str) -> None:
    reference = ImageReference.parse(name)
    assert (name_of(reference), pin_text(reference, digest(5))) == (repository, pinned.replace("D", str(digest(5))))


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (71_234_567, "71.2 MB"), (1_500_000_000, "1.5 GB")],
)
def test_sizes_are_in_powers_of_1000(size: int, words: str) -> None:
    assert human_size(size) == words


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (".sig", "cosign signature"),
        (".att", "cosign attestation"),
        (".sbom", "cosign SBOM"),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", "Sigstore bundle"),
        ("application/vnd.dev.sigstore.bundle+json;version=0.2", "Sigstore bundle"),
        ("application/vnd.cncf.notary.signature", "Notation signature"),
        ("application/vnd.in-toto+json", "in-toto attestation"),
        ("application/spdx+json", "SPDX SBOM"),
        ("application/vnd.example", "application/vnd.example"),
    ],
)
def test_what_lies_beside_an_image_is_called_by_its_name(kind: str, name: str) -> None:
    assert attachment_name(kind) == name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/vnd.cncf.helm.config.v1+json", "Helm chart"),
        ("application/vnd.wasm.config.v0+json", "WebAssembly module"),
        ("application/vnd.cncf.notary.signature", "Notation signature"),
        (".sig", ".sig"),
    ],
)
def test_what_is_no_image_is_called_by_its_name(kind: str, name: str) -> None:
    assert artifact_name(kind) == name


def test_labels_come_before_annotations_and_only_those_of_oci() -> None:
    [one] = platforms(1, labels={TITLE: "label", "maintainer": "me"}, annotations={TITLE: "annotation", "x": "y"})
    assert oci_labels(one) == {TITLE: "label"}
    [other] = platforms(1, annotations={TITLE: "annotation"})
    assert oci_labels(other) == {TITLE: "annotation"}


def test_only_what_all_have_alike_is_shared() -> None:
    assert common_entries([{"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "1"}]) == {"a": "1"}
    assert common_entries([]) == {}


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Allowance("r", None, 100, 7, 86_400), "7 of 100 left in 1 day (asked anonymously)"),
        (Allowance("r", "bob", None, 7, 172_800), "7 left in 2 days (asked as bob)"),
        (Allowance("r", None, 5, None, 90), "some of 5 left in 90 seconds (asked anonymously)"),
        (Allowance("r", None, 5, 0, 60), "0 of 5 left in 1 minute (asked anonymously)"),
        (Allowance("r", "\x1b", 5, 5, 1), "5 of 5 left in 1 second (asked as \\x1b)"),
        (Allowance("r", None), "says nothing of a limit (asked anonymously)"),
    ],
)
@pytest.mark.parametrize("name", ["text", "tree"])
def test_a_limit_is_told_as_far_as_it_is_known(limit: Allowance, words: str, name: str) -> None:
    assert list(inspection_renderer(name).render_allowances([limit], PLAIN)) == [f"r  {words}"]


def test_no_limits_are_no_lines() -> None:
    assert list(inspection_renderer("text").render_allowances([], PLAIN)) == []
