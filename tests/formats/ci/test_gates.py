from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats import yaml
from pinner.formats.ci import DIALECTS, locate, possible
from pinner.formats.yaml import load
from pinner.formats.yaml.roots import is_object
from pinner.model import Document

if TYPE_CHECKING:
    from pinner.formats.ci.position_types import Dialect

POD = b"apiVersion: v1\nkind: pipeline\nsteps:\n- {image: nginx:1}\n"
PIPELINE = b"kind: pipeline\nsteps:\n- {image: nginx:1}\n"


def parsed(path: str, data: bytes, name: str) -> tuple[bool, int]:
    """Return whether the dialect ``name`` takes a file for one of its own, and how many documents it had parsed."""
    yaml._parse.cache_clear()  # noqa: SLF001 - what it has remembered is what was parsed
    located = locate(Document(path, data), name)
    return located is not None, yaml._parse.cache_info().misses  # noqa: SLF001 - as above


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(PIPELINE, (True, 1), id="of-its-shape"),
        pytest.param(POD, (False, 0), id="an-object"),
        pytest.param(POD + b"---\n" + PIPELINE, (True, 1), id="behind-an-object"),
        pytest.param(b"kind: pipelines\nstep: []\n", (False, 0), id="without-its-keys"),
        pytest.param(b"kind: other\nsteps: []\n", (False, 0), id="without-its-text"),
        pytest.param(b"{kind: pipeline, steps: [{image: nginx:1}]}\n", (True, 1), id="in-one-line"),
        pytest.param(b"'kind': \"pipeline\"\n'steps':\n- {image: nginx:1}\n", (True, 1), id="in-quotes"),
        pytest.param(b"? kind\n: pipeline\n? steps\n: - {image: nginx:1}\n", (True, 1), id="after-question-marks"),
    ],
)
def test_a_file_of_any_name_is_parsed_where_it_may_be_of_the_shape(data: bytes, expected: tuple[bool, int]) -> None:
    assert parsed("ci/any.yaml", data, "drone") == expected


def test_a_file_of_the_dialects_own_name_is_always_looked_into() -> None:
    assert parsed(".drone.yml", POD, "drone") == (False, 1)
    assert parsed(".drone.yml", b"kind: other\nsteps: []\n", "drone") == (True, 1)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (POD, True),
        (b"# head\nkind: A\nx: 1\napiVersion: v1", True),
        (b"kind: A\n", False),
        (b"apiVersion: v1\nx:\n  kind: A\n", False),
        (b"apiVersion: v1\nkinds: A\n", False),
        (b"{apiVersion: v1, kind: A}\n", False),
        (b"x: |\n  a\n'apiVersion': v1\nkind: A\n", False),
        (b"<<: *a\napiVersion: v1\nkind: A\n", False),
    ],
)
def test_an_object_is_told_from_its_bytes(data: bytes, *, expected: bool) -> None:
    [document] = load(data)
    assert is_object(document) is expected


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("a.yaml", PIPELINE, {"cloudbuild", "drone", "gitlab"}),
        ("a.yaml", POD, set()),
        ("a.yaml", POD + b"---\n" + PIPELINE, {"cloudbuild", "drone"}),
        ("a.yaml", b"apiVersion: v1\nkind: Pod\nspec: {}\n", set()),
        (".drone.yml", b"apiVersion: v1\nkind: Pod\nspec: {}\n", {"drone"}),
        ("a.yaml", b"on: push\njobs: {}\n", {"github", "azure", "gitlab"}),
        (".gitlab-ci.yml", b"x: {image: a}\n", {"gitlab"}),
        ("gitlab/x.yml", b"x: {image: a}\n", {"gitlab"}),
        ("tasks/main.yml", b"- name: x\n", {"ansible"}),
        (".buildkite/pipeline.yml", b"- command: x\n", {"ansible", "buildkite"}),
        ("tasks/main.yml", b"name: x\n", {"gitlab"}),
        ("a.yaml", b"{a: b}\n", {dialect.name for dialect in DIALECTS}),
    ],
)
def test_one_look_tells_which_dialects_a_file_may_be_of(path: str, data: bytes, expected: set[str]) -> None:
    assert possible(path, data) == expected


@given(st.one_of([st.tuples(st.just(one), st.from_regex(one.names)) for one in DIALECTS if one.words]))
def test_every_path_of_a_dialect_has_one_of_its_words(found: tuple[Dialect, str]) -> None:
    dialect, path = found
    assert any(word in path for word in dialect.words)


def test_a_dialect_without_words_has_no_path() -> None:
    assert {one.names for one in DIALECTS if not one.words} == {"(?!)"}
