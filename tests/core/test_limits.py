"""Beyond each limit there is one finding or error that names the file, and the other files go on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from limitspage import page
from world import pinner

from pinner import limits
from pinner.config.table import read_toml
from pinner.errors import ConfigError
from pinner.limits import LIMITS, MIB

PAGE = Path(__file__).parent.parent.parent / "docs" / "limits.md"
GOOD = "good.Dockerfile:1:6: error: `redis:7` has no digest [PIN001]\n"


def test_the_page_is_that_of_the_table(*, update_golden: bool) -> None:
    text = "".join(f"{line}\n" for line in page(LIMITS))
    if update_golden:
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text


def test_every_limit_is_in_the_table() -> None:
    names = {name for name in vars(limits) if name.isupper() and name not in ("LIMITS", "MIB") and name[0] != "_"}
    assert {vars(limits)[name] for name in names} == {limit.value for limit in LIMITS}
    assert all(limit.reason and limit.answer and limit.value > 0 for limit in LIMITS)


def plant(folder: Path, name: str, data: bytes) -> None:
    (folder / "good.Dockerfile").write_text("FROM redis:7\n")
    (folder / name).write_bytes(data)


INLINE = "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM redis:7\n"
DEEP_YAML = (
    "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: redis:7\n    x: " + "[" * 201 + "]" * 201 + "\n"
)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("Dockerfile", "FROM a\nRUN " + "x" * 65_536, "line is longer than 65,535 bytes"),
        ("a.py", "import docker\ndocker.from_env().images.pull('a')\n#" + "x" * (2 * MIB), "larger than 2 MB"),
        ("compose.yaml", INLINE + "        # x\n" * (MIB // 4 + 10), "a Dockerfile of over 1 MB"),
        ("pod.yaml", DEEP_YAML, "nested over 200 levels deep"),
    ],
)
def test_a_finding_takes_nothing_from_others(tmp_path: Path, name: str, data: str, said: str) -> None:
    plant(tmp_path, name, data.encode())
    done = pinner(tmp_path, "check")
    assert (done.status, done.stderr.count("internal")) == (1, 0)
    [line] = [line for line in done.stdout.splitlines() if line.startswith(name)]
    assert said in line
    assert "[PIN005]" in line
    assert GOOD in done.stdout


def test_a_file_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, "Dockerfile", b"#" * (10 * MIB + 1))
    done = pinner(tmp_path, "check")
    assert "Dockerfile: error: is larger than 10 MB and was not read\n" in done.stderr
    assert GOOD in done.stdout


@pytest.mark.parametrize("data", [b"a\n" * 10_001, b"#" * (MIB + 1)], ids=["patterns", "bytes"])
def test_a_list_of_patterns_without_end_is_told(tmp_path: Path, data: bytes) -> None:
    plant(tmp_path, ".gitignore", data)
    done = pinner(tmp_path, "check")
    assert done.stdout == GOOD
    if len(data) > MIB:
        assert ".gitignore: error: is larger than 1 MB and was not read\n" in done.stderr
    (tmp_path / "pinner.toml").write_text("exclude = [" + '"a",' * 10_001 + "]")
    assert pinner(tmp_path, "check")[:3] == (2, "", "error: pinner.toml: `exclude` has over 10,000 patterns\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a" + ".a" * 20_000 + " = 1\n", "pinner.toml:1: a key has over 50 parts: `a.a.a"),
        ("\n[a" + " . 'a'" * 60 + "]\n", "pinner.toml:2: a key has over 50 parts: `a . 'a'"),
        ("a = " + "[" * 5_000 + "]" * 5_000, "pinner.toml: nested too deeply: over 50 levels"),
        ("a = " + "{a=" * 5_000 + "1" + "}" * 5_000, "pinner.toml: nested too deeply: over 50 levels"),
        ("#" * (MIB + 1), "pinner.toml: is larger than 1 MB and was not read"),
    ],
    ids=["dotted", "table", "arrays", "inline", "bytes"],
)
def test_a_configuration_beyond_reason_is_misuse(tmp_path: Path, text: str, said: str) -> None:
    plant(tmp_path, "pinner.toml", text.encode())
    done = pinner(tmp_path, "check")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {said}")


def test_a_key_of_many_parts_is_found_in_one_look() -> None:
    assert read_toml(("a" * 400_000 + " = 1\n" + "b.c = '" + "x." * 10 + "'\n").encode(), "x")["b"]
    with pytest.raises(ConfigError, match="over 50 parts"):
        read_toml(b"a = 1\n" + b"'" + b'"' * 100_000 + b"'" + b" . b" * 50 + b" = 1", "x")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes")
@pytest.mark.parametrize("name", ["pinner.toml", ".gitignore", "ca.pem", "pinner.lock"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    plant(tmp_path, "Dockerfile", b"FROM scratch\n")
    os.mkfifo(tmp_path / name)
    if name == "ca.pem":
        (tmp_path / "pinner.toml").write_text('registries."ghcr.io".ca = "ca.pem"\n')
    arguments = ("check",) if name != "pinner.toml" else ("check", "--config", "pinner.toml")
    assert pinner(tmp_path, *arguments).status in (1, 2)
