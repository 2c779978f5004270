from __future__ import annotations

import pytest

from pinner.formats.ci import DIALECTS
from pinner.formats.ci.walk import Hit, compiled, find
from pinner.formats.yaml import Budget, Scalar, load, parse
from pinner.formats.yaml.lookup import KeyLookup


def hits(text: str, path: str, transparent: str = "") -> list[Hit]:
    [part] = load(text.encode())
    [root] = parse(part, Budget()).roots
    return list(find(root, path, KeyLookup(), transparent))


def values(text: str, path: str, transparent: str = "") -> list[str]:
    return [hit.node.value if type(hit.node) is Scalar else "…" for hit in hits(text, path, transparent)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", ["1"]),
        ("*", ["1", "…", "…"]),
        ("b/c", ["2"]),
        ("b/{c,d}", ["2", "3"]),
        ("b/!{c}", ["3"]),
        ("b/~^D$", ["3"]),
        ("e/[]", ["4", "…"]),
        ("e/[]/f", ["5"]),
        ("**/f", ["5"]),
        ("e/**", ["…", "…", "5", "4"]),
        ("b/**/c", ["2"]),
        ("@/e/[]@/f", ["5"]),
        ("b/[]", []),
        ("e/*", []),
        ("a/b", []),
        ("g", []),
    ],
)
def test_a_path_leads_to_what_it_says(path: str, expected: list[str]) -> None:
    assert sorted(values("{a: 1, b: {c: 2, d: 3}, e: [4, {f: 5}]}", path)) == sorted(expected)


def test_any_depth_ends_where_texts_are_and_goes_through_what_is_merged() -> None:
    text = "a: &a {image: 1, x: {image: 2}}\nb: {<<: *a, image: {c: 3}}\nc: [&d 4, *d, {image: 5}]\n"
    assert sorted(values(text, "**/image")) == ["1", "2", "5", "…"]
    assert sorted(values(text, "c/**")) == ["4", "4", "5", "…", "…"]
    assert sorted(values(text, "b/**/c")) == ["3"]


def test_keys_are_those_that_yaml_merges_and_repeats() -> None:
    text = "x: &x {i: 1, j: 2}\ny: {<<: *x, j: 3}\nz: {i: 4, i: 5}\nw: *x\n"
    assert sorted(values(text, "y/*")) == ["1", "3"]
    assert values(text, "z/i") == ["5"]
    [hit] = hits(text, "w/i")
    assert hit.via == ("&x",)
    [merged] = hits(text, "y/i")
    assert merged.via == ("<<", "&x")


def test_the_owner_is_the_key_that_an_open_step_found() -> None:
    assert [hit.owner for hit in hits("{jobs: {a: {i: 1}, b: {i: 2}}}", "jobs/*/i")] == ["a", "b"]


def test_conditions_stand_for_what_is_under_them() -> None:
    text = (
        "jobs:\n- a: 1\n- ${{ if }}:\n  - a: 2\n  - ${{ else }}:\n    - a: 3\n- ${{ no }}: {a: 4}\n"
        "k:\n  ${{ x }}: {a: 5}\n"
    )
    assert sorted(values(text, "jobs/[]/a", r"^\$\{\{")) == ["1", "2", "3", "4"]
    assert values(text, "jobs/[]/a") == ["1"]
    assert values(text, "k/a", r"^\$\{\{") == ["5"]
    assert values(text, "k/a") == []


def test_what_has_a_tag_of_its_own_is_not_entered() -> None:
    text = "{a: !reference [b], d: !other {e: 1}, f: ! [2], g: !!seq [3]}"
    assert [values(text, path) for path in ("a/[]", "d/e", "f/[]", "g/[]")] == [[], [], ["2"], ["3"]]


def test_a_cycle_and_many_ways_end() -> None:
    assert values("a: &a {b: *a, i: 1}\n", "**/i") == ["1"]
    doubled = "a0: &a0 {i: 1}\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert values(doubled, "**/i") == ["1"]


@pytest.mark.parametrize("path", ["a/~(", "~["])
def test_a_wrong_expression_is_an_error(path: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compiled(path)


def test_the_paths_of_the_table_are_paths() -> None:
    for dialect in DIALECTS:
        for position in dialect.positions:
            assert compiled(position.path.removeprefix("@/"))
        for path in (path for shape in (*dialect.shapes, *dialect.anywhere) for path in shape):
            assert compiled(path.partition("=")[0])
