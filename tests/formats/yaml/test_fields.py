from __future__ import annotations

import pytest

from pinner.formats.yaml import Alias, Budget, Mapping, Scalar, load, parse
from pinner.formats.yaml.lookup import KeyLookup


def last_mapping(data: bytes) -> Mapping:
    """Return the value of the last key of the document."""
    (root,) = parse(load(data)[0], Budget()).roots
    assert type(root) is Mapping
    value = root.children[-1]
    assert type(value) is Mapping
    return value


@pytest.mark.parametrize(
    ("data", "value", "via"),
    [
        (b"m: {k: 1}", "1", ()),
        (b"m: {k: 1, k: 2}", "2", ()),
        (b"a: &x 1\nm: {k: *x}", "1", ("&x",)),
        (b"a: &b {k: 1}\nm: {<<: *b}", "1", ("<<", "&b")),
        (b"a: &b {k: 1}\nm: {<<: *b, k: 2}", "2", ()),
        (b"a: &b {k: 1}\nm: {k: 2, <<: *b}", "2", ()),
        (b"a: &b {k: 1}\nc: &d {k: 2}\nm: {<<: [*d, *b]}", "2", ("<<", "&d")),
        (b"a: &b {k: 1}\nc: &d {<<: *b}\nm: {<<: [*d, {k: 3}]}", "1", ("<<", "&d", "<<", "&b")),
        (b"v: &v 1\na: &b {k: *v}\nm: {<<: *b}", "1", ("<<", "&b", "&v")),
        (b"m: {<<: {k: 1}}", "1", ("<<",)),
        (b"l: &l [{k: 1}]\nm: {<<: *l}", "1", ("<<",)),
        (b"m: {!!merge <<: {k: 1}}", "1", ("<<",)),
    ],
)
def test_a_key_is_found_as_a_consumer_finds_it(data: bytes, value: str, via: tuple[str, ...]) -> None:
    field = KeyLookup().get(last_mapping(data), "k")
    assert field is not None
    assert type(field.node) is Scalar
    assert (field.node.value, field.via) == (value, via)


@pytest.mark.parametrize(
    "data",
    [
        b"m: {}",
        b"m: {j: 1}",
        b"m: {[k]: 1}",
        b"m: {<<: 5}",
        b"m: {<<: [5, [6]]}",
        b"m: {'': k}",
        b"m: {'<<': {k: 1}}",
        b'm: {"<<": {k: 1}}',
        b"m: {!!str <<: {k: 1}}",
    ],
)
def test_what_is_not_there_is_not_found(data: bytes) -> None:
    assert KeyLookup().get(last_mapping(data), "k") is None


def test_the_written_node_is_the_alias() -> None:
    field = KeyLookup().get(last_mapping(b"a: &x 1\nm: {k: *x}"), "k")
    assert field is not None
    assert type(field.written) is Alias


def test_merges_in_a_circle_end() -> None:
    mapping = last_mapping(b"m: &m {<<: [*m, &n {<<: *m, k: 1}]}")
    fields = KeyLookup()
    assert fields.scalar(mapping, "k") is not None
    assert fields.get(mapping, "j") is None


def test_keys_are_its_own_and_those_merged_in() -> None:
    assert KeyLookup().keys(last_mapping(b"a: &b {y: 1, z: 2}\nm: {x: 1, <<: *b, y: 3}")) == ["x", "y", "z"]


def test_a_chain_of_merges_is_followed_only_so_far() -> None:
    lines = [b"a0: &a0 {k: 1}"] + [b"a%d: &a%d {<<: *a%d}" % (n, n, n - 1) for n in range(1, 300)]
    assert KeyLookup().get(last_mapping(b"\n".join(lines)), "k") is None
    assert KeyLookup().get(last_mapping(b"\n".join(lines[:90])), "k") is not None


def test_a_collection_is_no_scalar() -> None:
    assert KeyLookup().scalar(last_mapping(b"m: {k: [1]}"), "k") is None
