"""Severities by path: ``[[override]]``, and ``pinner.toml`` files of folders below."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'1' * 64}"
OVERRIDE = '[[override]]\npaths = ["tests/", "*.dev.Dockerfile"]\nrules = { PIN001 = "note", PIN002 = "off" }\n'


def fill(folder: Path, files: dict[str, str]) -> None:
    (folder / ".git").mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def severities(folder: Path, *arguments: str) -> dict[str, str]:
    told = json.loads(pinner(folder, "check", "--format", "json", *arguments).stdout)["findings"]
    return {f"{one['mention']['path']} {one['rule']}": one["severity"] for one in told}


def test_of_the_overrides_that_fit_the_last_wins(tmp_path: Path) -> None:
    more = '[[override]]\npaths = ["/tests/prod/**"]\nrules = { PIN001 = "warning" }\n'
    names = ("Dockerfile", "tests/Dockerfile", "a/tests/Dockerfile", "tests/prod/Dockerfile", "a/x.dev.Dockerfile")
    fill(tmp_path, {"pinner.toml": OVERRIDE + more, **dict.fromkeys(names, f"FROM a:1\nFROM b@{DIGEST}\n")})
    assert severities(tmp_path) == {
        "Dockerfile PIN001": "error",
        "Dockerfile PIN002": "note",
        "a/tests/Dockerfile PIN001": "note",
        "a/x.dev.Dockerfile PIN001": "note",
        "tests/Dockerfile PIN001": "note",
        "tests/prod/Dockerfile PIN001": "warning",
    }
    assert pinner(tmp_path, "check", "tests").status == 0
    # A run over one file says of it what a run over all says, and one from below too.
    assert severities(tmp_path, "tests/prod/Dockerfile") == {"tests/prod/Dockerfile PIN001": "warning"}
    assert severities(tmp_path / "tests", "Dockerfile") == {"Dockerfile PIN001": "note"}


def test_a_rule_that_is_off_can_be_on_for_some_paths(tmp_path: Path) -> None:
    text = '[rules]\nPIN001 = "off"\n[[override]]\npaths = ["prod/"]\nrules = { PIN001 = "error" }\n'
    fill(tmp_path, {"pinner.toml": text, "prod/Dockerfile": "FROM a:1\n", "Dockerfile": "FROM a:1\n"})
    assert severities(tmp_path) == {"prod/Dockerfile PIN001": "error"}


def test_strict_makes_no_difference_by_path(tmp_path: Path) -> None:
    text = '[[override]]\npaths = ["*"]\nrules = { PIN001 = "off", PIN003 = "off", PIN006 = "off" }\n'
    fill(tmp_path, {"pinner.toml": text, "Dockerfile": "FROM a:1\nARG X\nFROM $X\n"})
    assert severities(tmp_path) == {}
    assert severities(tmp_path, "--strict") == {"Dockerfile PIN001": "error", "Dockerfile PIN006": "error"}


def test_a_file_of_a_folder_below_counts_for_it(tmp_path: Path) -> None:
    nested = '[rules]\nPIN001 = "warning"\n[[override]]\npaths = ["x/"]\nrules = { PIN001 = "off" }\n'
    deeper = '[rules]\nPIN001 = "error"\n'
    fill(
        tmp_path,
        {
            "pinner.toml": OVERRIDE,
            "tests/pinner.toml": nested,
            "tests/y/pinner.toml": deeper,
            **dict.fromkeys(
                ("Dockerfile", "tests/Dockerfile", "tests/x/Dockerfile", "tests/y/Dockerfile"), "FROM a:1\n"
            ),
        },
    )
    expected = {
        "Dockerfile PIN001": "error",
        "tests/Dockerfile PIN001": "warning",
        "tests/y/Dockerfile PIN001": "error",
    }
    assert severities(tmp_path) == expected
    for name in ("tests/Dockerfile", "tests/x/Dockerfile", "tests/y/Dockerfile"):
        assert severities(tmp_path, name) == {
            key: level for key, level in expected.items() if key.startswith(f"{name} ")
        }


def test_without_a_configuration_above_a_folder_s_own_counts_too(tmp_path: Path) -> None:
    fill(tmp_path, {"a/pinner.toml": '[rules]\nPIN001 = "note"\n', "a/Dockerfile": "FROM a:1\n"})
    assert severities(tmp_path) == {"a/Dockerfile PIN001": "note"}


def test_a_folder_s_file_changes_nothing_about_registries(tmp_path: Path) -> None:
    text = '[registries."docker.io"]\nendpoint = "http://evil.example"\nplain-http = true\n'
    fill(tmp_path, {"a/pinner.toml": text, "a/Dockerfile": "FROM a:1\n"})
    assert severities(tmp_path) == {"a/Dockerfile PIN001": "error"}


def test_a_broken_file_below_is_told(tmp_path: Path) -> None:
    fill(tmp_path, {"a/pinner.toml": "rules = 1\n", "a/Dockerfile": "FROM a:1\n"})
    done = pinner(tmp_path, "check")
    assert done.status == 2
    assert done.stderr.startswith("error: a/pinner.toml: `rules` must be a table")


def test_what_is_off_for_a_path_pin_does_not_tell_either(tmp_path: Path) -> None:
    text = '[[override]]\npaths = ["x/"]\nrules = { PIN003 = "off" }\n'
    fill(
        tmp_path,
        {"pinner.toml": text, "x/Dockerfile": "ARG V=1\nFROM a:${V}-b\n", "Dockerfile": "ARG V=1\nFROM a:${V}-b\n"},
    )
    said = pinner(tmp_path, "pin").stderr
    assert "\nDockerfile:2:6" in f"\n{said}"
    assert "x/Dockerfile" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("override = 1\n", "`override` must be written as [[override]]"),
        ("[[override]]\nrules = {}\n", "`override.paths` is missing"),
        ('[[override]]\npaths = ["a"]\nrule = {}\n', "unknown key `override.rule`"),
        ('[[override]]\npaths = ["a"]\nrules = {PIN001 = "bad"}\n', "`override.rules.PIN001` is not a level: `bad`"),
        ('[[override]]\npaths = ["' + "a" * 5000 + '"]\n', "`override.paths` has a pattern that is none"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    fill(tmp_path, {"pinner.toml": text})
    done = pinner(tmp_path, "check")
    assert done.status == 2
    assert said in done.stderr


def levels(tmp_path: Path, path: str, configuration: str = "", *options: str) -> list[str]:
    """Return the severities of the findings in a Dockerfile at ``path``."""
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("FROM redis:7\nFROM ${X}-y:1\nFROM redis:7@sha256:1\n")
    if configuration:
        (tmp_path / "pinner.toml").write_text(configuration)
    findings = json.loads(pinner(tmp_path, "check", "--format", "json", *options).stdout)["findings"]
    return [f"{one['rule']} {one['severity']}" for one in findings if one["rule"] != "PIN006"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Dockerfile", ["PIN001 error", "PIN007 error"]),
        ("tests/Dockerfile", ["PIN001 note", "PIN007 error"]),
        ("docs/Examples/a/Dockerfile", ["PIN001 note", "PIN007 error"]),
        ("pkg/testdata/Dockerfile", ["PIN001 note", "PIN007 note"]),
        ("third_party/x/Dockerfile", ["PIN001 note", "PIN007 note"]),
        ("tests/fixtures/Dockerfile", ["PIN001 note", "PIN007 note"]),
        (".examples/Dockerfile", ["PIN001 note", "PIN007 error"]),
        ("src/_vendor/Dockerfile", ["PIN001 note", "PIN007 note"]),
        ("testing/Dockerfile", ["PIN001 error", "PIN007 error"]),
        ("dist/Dockerfile", ["PIN001 error", "PIN007 error"]),
        ("apps/overlays/test/Dockerfile", ["PIN001 error", "PIN007 error"]),
        ("environments/demo/web/Dockerfile", ["PIN001 error", "PIN007 error"]),
        ("tests/overlays/a/Dockerfile", ["PIN001 note", "PIN007 error"]),
    ],
)
def test_what_runs_nowhere_that_matters_is_a_note(tmp_path: Path, path: str, expected: list[str]) -> None:
    assert levels(tmp_path, path) == expected
    status = pinner(tmp_path, "check").status
    assert status == (1 if any(one.endswith("error") for one in expected) else 0)


def test_a_rule_that_is_set_is_for_every_file(tmp_path: Path) -> None:
    assert levels(tmp_path, "tests/Dockerfile", '[rules]\nPIN001 = "error"\n') == ["PIN001 error", "PIN007 error"]
    override = '[[override]]\npaths = ["tests/"]\nrules = {PIN001 = "warning"}\n'
    assert levels(tmp_path, "tests/Dockerfile", override) == ["PIN001 warning", "PIN007 error"]
    assert levels(tmp_path, "tests/Dockerfile", "", "--strict") == ["PIN001 error", "PIN007 error"]


def test_a_file_outside_of_the_repository_is_judged_as_any(tmp_path: Path) -> None:
    (tmp_path / "here" / ".git").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "Dockerfile").write_text("FROM redis:7\n")
    assert pinner(tmp_path / "here", "check", "../tests/Dockerfile").status == 1
