"""Names, texts of files and words of registries in every output: no runner obeys them, no terminal either."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fakes import FakeRegistry, FakeResolver
from hostiletree import COMPOSE, NAMES
from world import Outcome, outcome, world

from pinner.__main__ import main
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Digest, Platform
from pinner.report import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names that Windows does not allow")

UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    for name in NAMES:
        folder = tmp_path / "tree" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text("FROM nginx:1.27\nFROM \u202e##[x]\n")
        (folder / "broken.Dockerfile").write_bytes(b"FROM a\0")
        (folder / "compose.yaml").write_text(COMPOSE)
        (folder / "pod.yaml").write_text(f"image: [\n# {name!r}")
    return tmp_path / "tree"


def harmless(said: Outcome, *, commands: bool = False) -> None:
    for text in (said.stdout, said.stderr):
        assert UNSAFE.search(text) is None
        for line in text.split("\n"):
            assert re.search(r"##[a-z]*\[", line, re.IGNORECASE) is None
            ours = commands and line.startswith(("::error file=", "::warning file=", "::notice file="))
            assert ours or not line.lstrip().startswith("::"), line


@pytest.mark.parametrize("format_", FORMATS)
def test_no_report_of_check_holds_a_command(hostile: Path, format_: str) -> None:
    said = outcome(world(hostile), "check", "--format", format_)
    harmless(said, commands=format_ == "github")
    assert said.status == 1
    if format_ in ("json", "sarif", "gitlab"):
        assert "stop-commands" in json.dumps(json.loads(said.stdout))


@pytest.mark.parametrize("format_", FORMATS)
def test_files_hold_none_either(hostile: Path, format_: str, tmp_path: Path) -> None:
    outcome(world(hostile), "check", "--format", format_, "--output", str(tmp_path / "report"))
    text = (tmp_path / "report").read_text("utf-8")
    harmless(Outcome(0, text, "", b""), commands=format_ == "github")


@pytest.mark.parametrize(
    "command",
    [
        ("check", "-v"),
        ("check", "--color=always"),
        ("list",),
        ("list", "--format=json"),
        ("pin",),
        ("pin", "-v"),
        ("update",),
        ("unpin",),
        ("lock",),
        ("check", "::no-such::x"),
        ("pin", "--only", "##vso[x]"),
        ("##[x]",),
        ("check", "--format=\x1b[2J"),
        ("check", "--output=##vso[x"),
    ],
)
def test_no_command_says_one(hostile: Path, command: tuple[str, ...]) -> None:
    said = outcome(world(hostile, FakeResolver()), *command)
    if "--color=always" in command:
        strip = re.compile(r"\x1b\[[0-9;]*m")
        said = said._replace(stdout=strip.sub("", said.stdout), stderr=strip.sub("", said.stderr))
    harmless(said)


def test_on_github_the_annotations_are_ours_alone(hostile: Path, tmp_path: Path) -> None:
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    said = outcome(world(hostile, environment=environment), "check")
    harmless(said, commands=True)
    assert said.stderr.count("::error file=") == 10
    harmless(Outcome(0, (tmp_path / "summary").read_text("utf-8"), "", b""))


TYPE = "application/vnd.oci.image.manifest.v1+json"
EVIL = "::add-mask::x\n::x::y\x1b]0;t\x07\u202e##vso[x]"


@pytest.mark.parametrize("format_", ["text", "tree", "json"])
@pytest.mark.parametrize("columns", ["80", "200"])
@pytest.mark.parametrize("is_artifact", [True, False])
def test_what_a_registry_says_of_an_image_is_text(
    tmp_path: Path, format_: str, columns: str, *, is_artifact: bool
) -> None:
    digest = Digest("sha256", "a" * 64)
    platform = None if is_artifact else Platform(EVIL, EVIL, EVIL)
    artifact = EVIL if is_artifact else None
    one = PlatformImage(platform, digest, TYPE, digest, 1, artifact=artifact, created=EVIL, labels={EVIL: EVIL})
    registry = FakeRegistry({f"ghcr.io/a/b@{digest}": Image(digest, TYPE, (one,))}, {"ghcr.io/a/b:1": digest})
    there = world(tmp_path, registry, environment={"COLUMNS": columns})
    said = outcome(there, "inspect", "--format", format_, "ghcr.io/a/b:1")
    assert said.status == 0
    assert "add-mask" in said.stdout
    harmless(said)


def patched(folder: Path) -> Path:
    (folder / "##[x]\x1b").mkdir(parents=True)
    file = folder / "##[x]\x1b" / "Dockerfile"
    file.write_text("# ##vso[x]\x1b[2J\nFROM nginx:1.27\n")
    return file


def test_a_patch_is_exact_where_it_may_be_applied(tmp_path: Path) -> None:
    file = patched(tmp_path)
    said = outcome(world(tmp_path), "pin", "--diff")
    assert b"# ##vso[x]\x1b[2J\n" in said.raw
    subprocess.run(("git", "apply"), input=said.raw, cwd=tmp_path, check=True)
    assert "@sha256:" in file.read_text()


def test_a_patch_on_a_terminal_is_text(tmp_path: Path) -> None:
    patched(tmp_path)
    said = outcome(world(tmp_path, terminal=True), "pin", "--diff", "--color=never")
    harmless(said)
    assert r" # \x23#vso[x]\x1b[2J" in said.stdout
    painted = outcome(world(tmp_path, terminal=True, environment={"TERM": "xterm"}), "pin", "--diff").stdout
    assert "\x1b[32m+FROM nginx:1.27@sha256:" in painted
    assert "\x1b[2J" not in painted


@pytest.mark.parametrize("runner", ["CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"])
def test_a_patch_with_a_command_does_not_go_into_the_log_of_a_runner(tmp_path: Path, runner: str) -> None:
    patched(tmp_path)
    said = outcome(world(tmp_path, environment={runner: "true"}), "pin", "--diff")
    assert said.status == 3
    assert said.stdout == ""
    assert said.stderr.startswith("error: the patch was not written: a line of it is a command to the CI system")
    harmless(said)


def test_in_a_job_it_goes_into_a_file_and_a_harmless_one_anywhere(tmp_path: Path) -> None:
    file = patched(tmp_path)
    there = world(tmp_path, environment={"CI": "true"})
    with (tmp_path / "patch").open("w+b", buffering=0) as stream:
        into_file = there._replace(stdout=there.stdout._replace(raw=io.BufferedWriter(stream)))
        assert main(["pin", "--diff"], context=into_file) == 0
    assert b"##vso[x]" in (tmp_path / "patch").read_bytes()
    file.write_text("FROM nginx:1.27\n")
    assert "+FROM nginx:1.27@" in outcome(world(tmp_path, environment={"CI": "true"}), "pin", "--diff").stdout
