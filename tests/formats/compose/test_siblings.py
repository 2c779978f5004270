from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yamlplaces import found, in_compose

from pinner.formats.compose import family, reconcile
from pinner.formats.compose.siblings import _are_merged
from pinner.model import Document

BASE = "services:\n  web: {image: x:1}\n  db: {image: y:1}\n"
BUILDS_WEB = "services:\n  web: {build: .}\n"


def together(files: dict[str, str]) -> dict[str, list[str]]:
    documents = [(Document(path, text.encode()), in_compose(text, path)) for path, text in files.items()]
    results = reconcile(documents)
    return {document.path: found(result) for (document, _), result in zip(documents, results, strict=True)}


@pytest.mark.parametrize(
    ("base", "override"),
    [
        ("compose.yaml", "compose.override.yaml"),
        ("docker-compose.yml", "docker-compose.override.yml"),
        ("docker-compose.yml", "docker-compose.dev.yaml"),
        ("a/b/docker-compose.yml", "a/b/docker-compose.dev.yaml"),
        ("compose.yaml", "docker-compose.override.yml"),
        ("stack.yml", "stack.dev.yml"),
    ],
)
def test_a_service_that_a_sibling_builds_is_built_here(base: str, override: str) -> None:
    expected = ["built-here: x:1", "y:1"]
    assert together({base: BASE, override: BUILDS_WEB})[base] == expected
    assert together({override: BASE, base: BUILDS_WEB})[override] == expected


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("compose.yaml", "docker-compose.yml"),
        ("compose.yaml", "compose.yml"),
        ("compose.yaml", "compose-dev.yaml"),
        ("compose.yaml", "composer.dev.yaml"),
        ("compose.prod.yaml", "compose.dev.yaml"),
        ("stack.yml", "compose.override.yml"),
        ("shop.compose.yaml", "shop.compose.dev.yaml"),
    ],
)
def test_files_that_compose_does_not_merge_say_nothing_of_each_other(path: str, other: str) -> None:
    assert together({path: BASE, other: BUILDS_WEB})[path] == ["x:1", "y:1"]


def test_an_image_that_a_sibling_builds_under_its_name_is_built_elsewhere() -> None:
    override = "services:\n  other: {image: y:1, build: .}\n"
    assert together({"compose.yaml": BASE, "compose.dev.yaml": override}) == {
        "compose.yaml": ["x:1", "built-elsewhere: y:1"],
        "compose.dev.yaml": ["built-here: y:1"],
    }


def test_a_text_that_two_services_share_is_left_alone_where_a_sibling_builds_one_of_them() -> None:
    base = "x-i: &i x:1\nservices:\n  web: {image: *i}\n  worker: {image: *i}\n  db: {image: y:1}\n"
    assert together({"compose.yaml": base, "compose.dev.yaml": BUILDS_WEB})["compose.yaml"] == [
        "built-here: x:1",
        "arg-conflict: x:1",
        "y:1",
    ]


def test_the_detail_names_the_sibling() -> None:
    documents = [
        (Document(path, text.encode()), in_compose(text, path))
        for path, text in (("compose.yaml", BASE), ("compose.dev.yaml", BUILDS_WEB))
    ]
    place = reconcile(documents)[0].places[0]
    assert "`compose.dev.yaml`" in getattr(place, "detail", "")
    assert (place.line, place.span) == (2, documents[0][1].places[0].span)


def test_other_kinds_of_images_and_other_services_stay() -> None:
    base = (
        "services:\n  web:\n    build: {additional_contexts: {b: 'docker-image://x:1'}, dockerfile_inline: FROM x:1}\n"
        "    volumes: [{type: image, source: z:1}]\n    pre_start: [{image: q:1}]\n"
    )
    assert together({"compose.yaml": base, "compose.dev.yaml": BUILDS_WEB})["compose.yaml"] == [
        "x:1",
        "x:1",
        "z:1",
        "q:1",
    ]


def test_a_file_alone_is_as_it_was() -> None:
    document = Document("compose.yaml", BASE.encode())
    located = in_compose(BASE)
    assert reconcile([(document, located)]) == [located]
    assert reconcile([]) == []


NAMES = st.lists(
    st.sampled_from(["compose", "docker-compose", "app", "override", "dev", ".", ".yaml", ".yml"]), max_size=6
)


@given(NAMES, NAMES)
def test_whoever_is_merged_is_of_one_family(first: list[str], second: list[str]) -> None:
    path, other = (f"folder/{''.join(parts)}.yaml" for parts in (first, second))
    if _are_merged(path, other):
        assert family(path) == family(other)
    assert family(path) != family(f"elsewhere/{''.join(first)}.yaml")


@pytest.mark.parametrize(
    "default", ["compose.yaml", "docker-compose.yml", "docker-compose.override.yml", "compose.dev.yml"]
)
def test_the_default_names_are_one_family_and_no_other_name_is_of_it(default: str) -> None:
    assert family(f"shop/{default}") == family("shop/compose.yaml")
    assert family(default) == family("compose.yaml")
    for other in ("stack.yml", "compose-dev.yml", "my.compose.yml", "composer.yml", "None.yml", ".yml"):
        assert family(f"shop/{other}") != family(f"shop/{default}")


def test_every_other_base_has_a_family_of_its_own() -> None:
    bases = ("stack", "shop", "None", "docker", "override", "compose-dev")
    assert len({family(f"{base}.yml") for base in bases}) == len(bases)
    assert family("shop.dev.yml") == family("shop.yml") == family("shop.yaml")
