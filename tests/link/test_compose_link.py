"""Compose projects linked; the tables hold what compose-go v2 (cli.ProjectOptions.LoadProject) composes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yamlplaces import found, in_compose

from pinner.config import Settings
from pinner.link.compose import merged_pairs
from pinner.link.link import LinkInput, link
from pinner.model import Located, SkippedOccurrence
from pinner.pipeline import survey
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from pathlib import Path

BASE = "services:\n  web: {image: x:1}\n  db: {image: y:1}\n"
BUILDS_WEB = "services:\n  web: {build: .}\n"
TODAY = date(2026, 11, 1)


def linked(files: dict[str, str]) -> dict[str, Located]:
    located = {path: in_compose(text, path) for path, text in files.items()}
    changed = link(LinkInput(path, one.places, one.facts) for path, one in located.items())
    return {path: one._replace(places=changed.get(path, one.places)) for path, one in located.items()}


def together(files: dict[str, str]) -> dict[str, list[str]]:
    return {path: found(one) for path, one in linked(files).items()}


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
def test_a_service_that_an_override_or_its_base_builds_is_built_here(base: str, override: str) -> None:
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
        ("compose.yaml", "a/compose.override.yaml"),
    ],
)
def test_files_that_compose_does_not_merge_say_nothing_of_each_other(path: str, other: str) -> None:
    assert together({path: BASE, other: BUILDS_WEB})[path] == ["x:1", "y:1"]


PROD = "ghcr.io/acme/web:1.2"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {
                "compose.yaml": BUILDS_WEB,
                "compose.prod.yaml": f"services:\n  web: {{build: !reset null, image: {PROD}}}",
            },
            {"compose.prod.yaml": [PROD]},
            id="reset",
        ),
        pytest.param(
            {"compose.yaml": BUILDS_WEB, "compose.prod.yaml": f"services:\n  web: !override {{image: {PROD}}}"},
            {"compose.prod.yaml": [PROD]},
            id="override",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  web: {build: .}\n  db: {build: ., image: d:1}",
                "compose.prod.yaml": f"services:\n  web: {{image: {PROD}}}\n  db: !reset null\n  e: {{image: e:1}}",
            },
            {"compose.prod.yaml": [f"built-here: {PROD}", "e:1"]},
            id="a-service-reset",
        ),
        pytest.param(
            {
                "common.yaml": "services:\n  web: {build: ., image: z:1}",
                "compose.yaml": "services:\n  web: {extends: {file: common.yaml, service: web}, image: x:1}",
            },
            {"compose.yaml": ["built-here: x:1"]},
            id="extends-a-file-that-builds",
        ),
        pytest.param(
            {
                "a/common.yaml": "services:\n  b: {build: .}\n  w: {extends: b}",
                "compose.yaml": "services:\n  web: {extends: {file: ./a/common.yaml, service: w}, image: x:1}",
            },
            {"compose.yaml": ["built-here: x:1"]},
            id="extends-what-extends",
        ),
        pytest.param(
            {
                "common.yaml": "services:\n  web: {build: ., image: z:1}",
                "compose.yaml": "services:\n  web: {extends: {file: common.yaml, service: web}, build: !reset null, "
                "image: x:1}",
            },
            {"compose.yaml": ["x:1"]},
            id="extends-and-resets",
        ),
        pytest.param(
            {
                "common.yaml": "services:\n  web: {image: z:1}",
                "compose.yaml": "services:\n  web: {extends: {file: common.yaml, service: web}, build: .}",
            },
            {"common.yaml": ["built-here: z:1"]},
            id="extended-and-built",
        ),
        pytest.param(
            {
                "db.yaml": "services:\n  db: {image: d:1}\n  e: {image: e:1}",
                "local.yaml": "services:\n  db: {build: .}",
                "compose.yaml": "include: [{path: [db.yaml, local.yaml]}]\nservices: {w: {image: w:1}}",
            },
            {"db.yaml": ["built-here: d:1", "e:1"], "compose.yaml": ["w:1"]},
            id="include-with-an-override",
        ),
        pytest.param(
            {
                "x/db.yaml": "services:\n  db: {image: d:1}",
                "compose.yaml": "include: [x/db.yaml]\nservices: {w: {image: w:1}}",
                "compose.override.yaml": "services:\n  db: {build: .}",
            },
            {"x/db.yaml": ["built-here: d:1"]},
            id="included-and-overridden",
        ),
        pytest.param(
            {"compose.yaml": "x-b: &b {build: .}\nservices:\n  web: {<<: *b, build: !reset null, image: x:1}"},
            {"compose.yaml": ["built-here: x:1"]},
            id="reset-is-gone-before-merge-keys-are-merged",
        ),
        pytest.param(
            {"compose.yaml": 'services:\n  web: {build: "", image: x:1}\n  v: {build: null, image: y:1}'},
            {"compose.yaml": ["built-here: x:1", "y:1"]},
            id="an-empty-build-is-a-build",
        ),
        pytest.param(
            {
                "compose.yaml": "services:\n  web: {build: .}\n  db: {image: y:1}",
                "compose.dev.yaml": "services:\n  web: {image: '${WEB}', profiles: [dev]}",
            },
            {"compose.dev.yaml": ["built-here: ${WEB}"]},
            id="a-variable-that-names-a-result",
        ),
        pytest.param(
            {"compose.yaml": "services:\n  web: {image: scratch}\n  db: {image: y:1}"},
            {"compose.yaml": ["scratch: scratch", "y:1"]},
            id="scratch",
        ),
    ],
)
def test_what_is_built_is_what_compose_composes(files: dict[str, str], expected: dict[str, list[str]]) -> None:
    assert {path: places for path, places in together(files).items() if path in expected} == expected


def test_an_image_that_another_file_builds_under_its_name_is_built_elsewhere() -> None:
    override = "services:\n  other: {image: y:1, build: {context: ., tags: ['x:1']}}\n"
    assert together({"compose.yaml": BASE, "compose.dev.yaml": override}) == {
        "compose.yaml": ["built-elsewhere: x:1", "built-elsewhere: y:1"],
        "compose.dev.yaml": ["built-here: y:1"],
    }


def test_a_project_s_name_is_a_part_of_the_names_that_it_builds() -> None:
    base = "name: shop\nservices:\n  web: {image: shop-worker}\n"
    override = "services:\n  worker: {build: .}\n"
    assert together({"compose.yaml": base, "compose.dev.yaml": override})["compose.yaml"] == [
        "built-elsewhere: shop-worker"
    ]


def test_a_text_that_two_services_share_is_left_alone_where_another_file_builds_one_of_them() -> None:
    base = (
        "x-i: &i x:1\nservices:\n  web: {image: *i}\n  worker: {image: *i}\n"
        "  db: {image: y:1, pre_start: [{image: *i}]}\n"
    )
    assert together({"compose.yaml": base, "compose.dev.yaml": BUILDS_WEB})["compose.yaml"] == [
        "built-here: x:1",
        "built-elsewhere: x:1",
        "y:1",
        "arg-conflict: x:1",
    ]


def test_the_skip_names_the_file_and_the_line_that_decide() -> None:
    place = linked({"compose.yaml": BASE, "compose.dev.yaml": BUILDS_WEB})["compose.yaml"].places[0]
    assert isinstance(place, SkippedOccurrence)
    assert place.detail == "`compose.dev.yaml` builds the service `web`: this names the result"
    assert (place.line, place.decided_by) == (2, ("compose.dev.yaml:2",))


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


def test_files_that_extend_or_include_each_other_end() -> None:
    files = {
        "a.yaml": "include: [b.yaml, gone.yaml]\nservices:\n  w: {extends: {file: b.yaml, service: w}, image: x:1}",
        "b.yaml": "include: [a.yaml]\nservices:\n  w: {extends: {file: a.yaml, service: w}, image: y:1}",
        "c.yaml": "services:\n  w: {extends: {file: b.yaml, service: gone}, image: z:1}",
    }
    assert together(files) == {"a.yaml": ["x:1"], "b.yaml": ["y:1"], "c.yaml": ["z:1"]}


NAMES = st.lists(
    st.sampled_from(["compose", "docker-compose", "app", "override", "dev", ".", ".yaml", ".yml"]), max_size=6
)


def is_base(name: str, other: str) -> bool:
    """Tell of two names alone whether compose may lay ``other`` over ``name``."""
    base, *extension = name.split(".")
    override, *more = other.split(".")
    if extension not in (["yaml"], ["yml"]) or more[-1:] not in (["yaml"], ["yml"]) or len(more) < len(extension) + 1:
        return False
    defaults = ("compose", "docker-compose")
    return override == base or (base in defaults and override in defaults and more[:-1] == ["override"])


@given(st.sets(NAMES.map(lambda parts: f"folder/{''.join(parts)}.yaml"), max_size=8))
def test_bases_and_overrides_are_told_by_their_names_two_by_two(paths: set[str]) -> None:
    names = sorted(paths)
    pairs = [(one, other) for one in names for other in names if is_base(one.split("/")[1], other.split("/")[1])]
    assert merged_pairs(names) == pairs


@given(st.permutations(["compose.yaml", "compose.dev.yaml", "db.yaml", "other.yaml"]))
def test_the_order_of_the_files_does_not_matter(order: list[str]) -> None:
    files = {
        "compose.yaml": f"include: [db.yaml]\n{BASE}",
        "compose.dev.yaml": f"{BUILDS_WEB}  pg: {{build: .}}\n",
        "db.yaml": "services:\n  pg: {image: pg:1}\n",
        "other.yaml": "services:\n  o: {image: pg:1}\n",
    }
    assert together({path: files[path] for path in order}) == {
        "compose.yaml": ["built-here: x:1", "y:1"],
        "compose.dev.yaml": [],
        "db.yaml": ["built-here: pg:1"],
        "other.yaml": ["pg:1"],
    }


TREE = {
    "compose.yaml": "include: [more/db.yaml]\n"
    "services:\n  web: {extends: {file: more/common.yaml, service: b}, image: x:1}\n",
    "compose.override.yaml": "services:\n  pg: {build: .}\n",
    "more/common.yaml": "services:\n  b: {extends: {file: deep.yaml, service: b}}\n",
    "more/deep.yaml": "services:\n  b: {build: .}\n",
    "more/db.yaml": "services:\n  pg: {image: pg:1}\n  q: {image: q:1}\n",
}


def test_a_file_that_is_named_alone_is_judged_by_those_that_belong_to_it(tmp_path: Path) -> None:
    for path, text in TREE.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    targets = [Target(str(tmp_path / path), path, named=True) for path in TREE]
    whole = survey(targets, Settings(), today=TODAY)
    places = {source.document.path: source.located.places for source in whole.sources}
    alone = survey(targets[:1], Settings(), today=TODAY)
    assert [source.document.path for source in alone.sources] == ["compose.yaml"]
    assert [one.place for one in alone.sources[0].candidates] == [one.place for one in whole.sources[1].candidates]
    assert [getattr(one.place, "reason", "") for one in alone.sources[0].candidates] == ["built-here"]
    assert len(places) == len(TREE)


def test_nothing_outside_of_the_repository_is_read(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("services:\n  b: {build: .}\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    for written in ("../outside.yaml", str(tmp_path / "outside.yaml"), "gone.yaml", "$X.yaml"):
        text = f"services:\n  web: {{extends: {{file: '{written}', service: b}}, image: x:1}}\n"
        (inside / "compose.yaml").write_text(text)
        run = survey([Target(str(inside / "compose.yaml"), "compose.yaml")], Settings(), today=TODAY)
        assert [getattr(one.place, "reason", "") for one in run.sources[0].candidates] == [""]
