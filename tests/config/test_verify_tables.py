"""``[[verify]]`` tables that are refused, each with what the message says, and those that get a note."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pinner.config.table import Table
from pinner.config.verify import SignaturePolicy, parse_policies
from pinner.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYLESS = {"by": "keyless", "identity": "me@acme.test", "issuer": "https://acme.test"}
GITHUB = {"by": "keyless", "github": "acme/app"}
DCT = {"by": "dct", "server": "https://notary.acme.test"}
KEY = {"by": "key", "key": "cosign.pub"}


def parsed(value: object) -> tuple[tuple[SignaturePolicy, ...], tuple[str, ...]]:
    return parse_policies(Table({"verify": value}, "pinner.toml", ""))


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ({"by": "key"}, "`verify` must be written as [[verify]]", "trust on first use is `[signatures]`"),
        (["key"], "`verify` must be written as [[verify]]", "trust on first use is `[signatures]`"),
        ([{}], "`verify.by` is missing: who may sign?", "write keyless, key, notation, dct or none"),
        ([{"by": "x"}], "`verify.by` is not a scheme: `x`", "write keyless, key, notation, dct or none"),
        ([{"by": "keyles"}], "`verify.by` is not a scheme: `keyles`", "did you mean `keyless`?"),
        ([{**DCT, "key": "a.pub"}], "unknown key `verify.key`", None),
        ([{**KEY, "mode": "ask"}], "`verify.mode` is wrong: `ask`", "write enforce or warn"),
        ([{"by": "key"}], "`verify.key` is missing: the public key's file, or a list of them", None),
        ([{"by": "key", "key": []}], "`verify.key` is missing: the public key's file, or a list of them", None),
        ([{"by": "keyless"}], "give one of identity, identity-regex and github", None),
        ([{**KEYLESS, "github": "acme/app"}], "give one of identity, identity-regex and github", None),
        ([{"by": "keyless", "identity": "a"}], "`verify.issuer` is missing: an identity means nothing", None),
        ([{**GITHUB, "issuer": "https://a.test"}], "`verify.issuer` is given by `github` already", None),
        ([{"by": "keyless", "github": "acme"}], "`verify.github` is not a repository: `acme`", "write owner/name"),
        ([{**KEYLESS, "workflow": "ci.yml"}], "`verify.workflow` stands without `github`", None),
        (
            [{**GITHUB, "claims": {"source-reff": "x"}}],
            "`verify.claims` is wrong: there is no claim `source-reff`",
            "did you mean `source-ref`?",
        ),
        ([{**GITHUB, "claims": {"q": "x"}}], "there is no claim `q`", "the claims are workflow-trigger, "),
        ([{**GITHUB, "claims": {"source-ref": 1}}], "`verify.claims.source-ref` must be text", None),
        (
            [{"by": "keyless", "identity-regex": "(", "issuer": "i"}],
            "`verify.identity-regex` is wrong: the `(` at 0 is not closed",
            None,
        ),
        *(
            ([{"by": "keyless", "identity-regex": text, "issuer": "i"}], "`verify.identity-regex` is wrong: ", None)
            for text in ("(?s).*", r"(a)\1", "a(?=b)")
        ),
        *(
            ([{"by": "keyless", "identity-regex": text, "issuer": "i"}], "accepts anybody", "say who may sign")
            for text in (".*", "^.+$", "(.*)", "^(.*)$", r"[\s\S]*", ".{0,}", "a|.*", ".*@.*")
        ),
        (
            [{**KEY, "signatures-in": "Acme//x"}],
            "`verify.signatures-in` is not a repository: `Acme//x`",
            "write its path, or host and path",
        ),
        ([{"by": "dct"}], "`verify.server` is missing: the notary server's address", None),
        ([{"by": "dct", "server": "ftp://a.test"}], "`verify.server` is not an address", "write https://host"),
        ([{"by": "dct", "server": "https://a.test/?q"}], "`verify.server` is not an address", "write https://host"),
        ([{**DCT, "root-keys": ["ab"]}], "`verify.root-keys` is wrong: `ab` is no key id", "write 64 hex digits"),
        *(
            ([{**DCT, "min-version": value}], "`verify.min-version` must be a whole number from 1 on", None)
            for value in (0, -1, True, "1", 1.5)
        ),
    ],
)
def test_refused(value: object, message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(value)
    assert caught.value.message.startswith("pinner.toml: ")
    assert message in caught.value.message
    if hint is not None:
        assert hint in (caught.value.hint or "")


def test_a_password_in_an_address_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        parsed([{"by": "dct", "server": "https://me:geheim@a.test"}])
    assert "is not an address" in caught.value.message
    assert "geheim" not in caught.value.message


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (KEY, {"key": ("cosign.pub",), "name": "policy 1", "where": "pinner.toml: [[verify]] 1", "log": None}),
        ({**KEY, "key": ["a", "b"], "log": False, "mode": "warn"}, {"key": ("a", "b"), "log": False, "mode": "warn"}),
        ({**KEY, "name": "n"}, {"name": "n", "where": "pinner.toml: [[verify]] n"}),
        ({**GITHUB, "workflow": "/ci.yml"}, {"github": "acme/app", "workflow": "ci.yml", "issuer": None}),
        ({**GITHUB, "claims": {"source-ref": "v"}}, {"claims": (("source-ref", "v"),)}),
        ({**KEY, "annotations": {"a": "b"}}, {"annotations": (("a", "b"),)}),
        ({**KEY, "signatures-in": "acme/signatures"}, {"signatures_in": "acme/signatures"}),
        ({**DCT, "min-version": 3, "root-keys": ["0" * 64]}, {"min_version": 3, "root_keys": ("0" * 64,)}),
        ({"by": "dct", "server": "copies"}, {"server": "copies"}),
        ({"by": "none"}, {"by": "none", "key": (), "server": None}),
    ],
)
def test_accepted(item: Mapping[str, object], expected: Mapping[str, object]) -> None:
    (policy,), notes = parsed([item])
    assert {name: getattr(policy, name) for name in expected} == expected
    assert notes == ()


@pytest.mark.parametrize(
    ("pattern", "is_noted"),
    [("https://github.com/acme/.*", True), (r"https://github\.com/acme/.*", False), (".*@acme.test", False)],
)
def test_a_dot_that_any_character_fits_is_noted(pattern: str, *, is_noted: bool) -> None:
    _, notes = parsed([{"by": "keyless", "identity-regex": pattern, "issuer": "i"}])
    note = "pinner.toml: [[verify]] 1: `identity-regex` has a `.` that any character fits; write `\\.`"
    assert notes == ((note,) if is_noted else ())


@pytest.mark.parametrize("name", ["signatures", "verify"])
def test_the_first_signer_is_remembered_for_what_no_other_policy_fits(name: str) -> None:
    (policy,), notes = parse_policies(Table({name: {"remember": True, "trusted-root": "root.json"}}, "pinner.toml", ""))
    assert (policy.remembers, policy.by, policy.images, policy.trusted_root) == (True, "keyless", (), "root.json")
    assert policy.where == f"pinner.toml: [{name}]"
    assert notes == ()


def test_what_is_remembered_comes_after_every_policy() -> None:
    table = Table({"verify": [KEYLESS], "signatures": {"remember": True}}, "pinner.toml", "")
    policies, _ = parse_policies(table)
    assert [policy.remembers for policy in policies] == [False, True]


@pytest.mark.parametrize(
    "values", [{"signatures": {"remember": False}}, {"verify": {}}, {"verify": {"remember": False}}]
)
def test_nothing_is_remembered_where_that_is_not_asked_for(values: Mapping[str, object]) -> None:
    assert parse_policies(Table(values, "pinner.toml", "")) == ((), ())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"signatures": {"remember": "yes"}}, "`signatures.remember` must be true or false"),
        ({"signatures": {"remembers": True}}, "unknown key `signatures.remembers`"),
        ({"verify": {"remember": 1}}, "`verify.remember` must be true or false"),
        ({"verify": {"remember": True, "by": "key"}}, "`verify` must be written as [[verify]]"),
    ],
)
def test_what_is_remembered_is_said_in_two_words(values: Mapping[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse_policies(Table(values, "pinner.toml", ""))
