"""Every bad input gets one clear message and a hint where there is one, and loses nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver, digest_of
from world import outcome, pinner, world

from pinner.cli.commands import COMMANDS
from pinner.errors import ConfigError, RateLimitedError, UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.model import Resolved
    from pinner.reference import ImageReference, Platform

NO_FILES = "nothing to look at: no Dockerfile, YAML or Python file that is not ignored or excluded\n"
FAIL_ON, SEVERITIES = "invalid value for `--fail-on`", "`error`, `warning`, `note`"
PINNED = "FROM alpine:3.20@" + str(digest_of("docker.io/library/alpine:3.20")) + "\n"
TOO_BIG = "  hint: where it is no file of yours to pin, name it under `exclude` in pinner.toml\n"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"FROM a\0b\n", "bad.dockerfile: error: is binary: there is a NUL byte at offset 6\n"),
        ("FROM a\n".encode("utf-16"), "bad.dockerfile: error: is UTF-16\n  hint: save it as UTF-8\n"),
        (b"#" * (10 * 1024 * 1024 + 1), "bad.dockerfile: error: is larger than 10 MB and was not read\n" + TOO_BIG),
    ],
    ids=["binary", "utf-16", "big"],
)
def test_a_file_that_cannot_be_told_is_named_and_the_others_go_on(tmp_path: Path, data: bytes, complaint: str) -> None:
    (tmp_path / "bad.dockerfile").write_bytes(data)
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    found = "Dockerfile:1:6: error: `alpine:3.20` has no digest [PIN001]\n"
    closing = "0 of 1 reference pinned, 1 to pin (1 file); 1 file could not be read\n"
    hint = "  hint: `pinner pin` adds the digests\n"
    assert pinner(tmp_path, "check")[:3] == (1, found, f"{complaint}found 1 error; {closing}{hint}")
    assert pinner(tmp_path, "check", "--exit-zero").status == 3
    assert pinner(tmp_path, "check", "-q")[:3] == (1, found, complaint)
    listed = "Dockerfile:1:6  from  unpinned  alpine:3.20\n"
    assert pinner(tmp_path, "list")[:3] == (3, listed, f"{complaint}{closing}")
    pinned = pinner(tmp_path, "pin")
    assert (pinned.status, pinned.stderr) == (3, f"{complaint}pinned 1 reference in 1 file; 1 file could not be read\n")
    assert (tmp_path / "Dockerfile").read_text("utf-8") == PINNED
    assert (tmp_path / "bad.dockerfile").read_bytes() == data


@pytest.mark.skipif(sys.platform == "win32", reason="pipes, and files that even root cannot read")
def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Dockerfile")
    complaint = "Dockerfile: error: is not a regular file but a pipe, socket or device\n"
    closing = "1 file could not be read\n"
    assert pinner(tmp_path, "check", "Dockerfile")[:3] == (3, "", complaint + closing)
    if os.path.exists("/proc/self/mem"):  # noqa: PTH110 - a name, not a file of ours
        (tmp_path / "mem").symlink_to("/proc/self/mem")
        complaint = "mem: error: cannot be read: input/output error\n"
        assert pinner(tmp_path, "check", "mem")[:3] == (3, "", complaint + closing)
        assert pinner(tmp_path, "pin", "mem")[:3] == (3, "", f"{complaint}nothing to pin; 1 file could not be read\n")


def test_a_file_that_may_not_be_written_keeps_its_bytes_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    (tmp_path / "z.dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    (tmp_path / "Dockerfile").chmod(0o444)
    digest = str(digest_of("docker.io/library/alpine:3.20"))[: len("sha256:") + 12]
    assert pinner(tmp_path, "pin", "--exit-non-zero-on-change")[:3] == (
        1,
        f"z.dockerfile:1:6: pinned alpine:3.20 → {digest}…\n",
        (
            "Dockerfile: error: is read-only and was not changed\n"
            "  hint: make it writable and run pinner again\n"
            "pinned 1 reference in 1 file; 1 file could not be written\n"
        ),
    )
    assert pinner(tmp_path, "pin").status == 3
    assert (tmp_path / "Dockerfile").read_text("utf-8") == "FROM alpine:3.20\n"


@pytest.mark.parametrize("command", ["check", "list", "pin", "update", "unpin"])
@pytest.mark.parametrize("before", [(), ("--color", "never")], ids=["plain", "an option"])
def test_a_path_that_is_not_there_is_misuse(tmp_path: Path, command: str, before: tuple[str, ...]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    message = "error: there is no file or folder `nix`\n  hint: paths are relative to the current folder\n"
    assert pinner(tmp_path, *before, command, "Dockerfile", "nix")[:3] == (2, "", message)
    assert (tmp_path / "Dockerfile").read_text("utf-8") == "FROM alpine:3.20\n"


@pytest.mark.parametrize("command", ["check", "list", "pin", "update", "unpin"])
def test_a_configuration_in_trouble_is_misuse(tmp_path: Path, command: str) -> None:
    (tmp_path / "pinner.toml").write_text("exlude = []\n", "utf-8")
    message = "error: pinner.toml: unknown key `exlude`\n  hint: did you mean `exclude`?\n"
    assert pinner(tmp_path, command)[:3] == (2, "", message)
    (tmp_path / "other.toml").write_text("", "utf-8")
    assert pinner(tmp_path, command, "--config", "other.toml").status == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("chekc", "there is no command `chekc`\n  hint: did you mean `check`?"),
        ("frobnicate", f"there is no command `frobnicate`\n  hint: the commands are {', '.join(COMMANDS)}"),
        ("check --fromat json", "no such option `--fromat`\n  hint: did you mean one of: `--format`, `--formats`?"),
        ("pin --min-age 3d", "no such option: --min-age\n  hint: `pinner update` has it"),
        ("check -z", "no such option `-z`\n  hint: see `pinner check --help`"),
        ("--zz check", "no such option `--zz`\n  hint: see `pinner --help`"),
        (
            "check --format xml",
            (
                "invalid value for `--format`: `xml` is not one of `text`, `json`, `jsonl`, `sarif`, `github`, "
                "`gitlab`, `junit`, `rdjsonl`, `markdown`\n"
                "  hint: see `pinner check --help`"
            ),
        ),
        ("pin --jobs 0", "invalid value for `--jobs`: 0 is not in the range x>=1\n  hint: see `pinner pin --help`"),
        ("pin --config", "option `--config` requires an argument\n  hint: see `pinner pin --help`"),
        ("check --fail-on warn", f"{FAIL_ON}: `warn` is not one of {SEVERITIES}\n  hint: did you mean `warning`?"),
        ("check --fail-on x", f"{FAIL_ON}: `x` is not one of {SEVERITIES}\n  hint: see `pinner check --help`"),
        ("help pin", "there is no command `help`\n  hint: `pinner --help` does that"),
        ("baseline", "there is no command `baseline`\n  hint: `pinner check --write-baseline FILE` does that"),
        (
            "pin --platform arm64",
            "--platform: `arm64` is not a platform\n  hint: write os/architecture, as in linux/amd64",
        ),
        ("--config nix check", "--config: there is no file `nix`"),
        (
            "pin --offline --no-cache",
            (
                "`pinner pin` has to ask what tags mean, and --offline with --no-cache forbids it\n"
                "  hint: without --no-cache, remembered answers are used; with --layout DIR an OCI layout answers"
            ),
        ),
        (
            "--offline update --no-cache",
            (
                "`pinner update` has to ask what tags mean, and --offline with --no-cache forbids it\n"
                "  hint: without --no-cache, remembered answers are used; with --layout DIR an OCI layout answers"
            ),
        ),
    ],
)
def test_a_command_line_that_makes_no_sense(tmp_path: Path, arguments: str, message: str) -> None:
    assert pinner(tmp_path, *arguments.split())[:3] == (2, "", f"error: {message}\n")


@pytest.mark.parametrize(
    "arguments",
    ["--offline check", "list --offline", "unpin --offline", "pin --offline", "pin --offline --no-cache --layout x"],
)
def test_offline_is_fine_where_nobody_needs_to_be_asked(tmp_path: Path, arguments: str) -> None:
    assert pinner(tmp_path, *arguments.split())[:3] == (0, "", NO_FILES)


class Failing(FakeResolver):
    """Raises what it is given, at every question."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        await super().resolve(reference, platform)
        raise self.error


def test_a_registry_in_trouble_is_said_once_with_its_hint(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nFROM b\nFROM b\nFROM a\nFROM a\nFROM a\nFROM a\n", "utf-8")
    error = UnavailableError("registry-1.docker.io: no route to host", hint="is there a proxy to set?")
    assert pinner(tmp_path, "pin", resolver=Failing(error))[:3] == (
        3,
        "",
        (
            "Dockerfile:1:6: error: `a`: registry-1.docker.io: no route to host\n"
            "  also at Dockerfile:2:6, Dockerfile:3:6, Dockerfile:4:6 and 3 more places\n"
            "  hint: is there a proxy to set?\n"
            "7 references could not be resolved\n"
        ),
    )


def test_a_limit_is_an_answer_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n", "utf-8")
    error = RateLimitedError("`docker.io/library/a:latest`: too many requests", retry_after=60.0)
    assert pinner(tmp_path, "update", resolver=Failing(error))[:3] == (
        3,
        "",
        "Dockerfile:1:6: error: `docker.io/library/a:latest`: too many requests\n1 reference could not be resolved\n",
    )


def test_a_setting_that_only_the_resolver_can_judge_is_misuse(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nFROM b\n", "utf-8")
    error = ConfigError("--layout: `x` is no OCI layout", hint="there is no `oci-layout` in it")
    assert pinner(tmp_path, "pin", resolver=Failing(error))[:3] == (
        2,
        "",
        "error: --layout: `x` is no OCI layout\n  hint: there is no `oci-layout` in it\n",
    )


def test_a_mistake_of_our_own_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n", "utf-8")
    hint = "  hint: run again with --debug and report what it says\n"
    failing = Failing(ZeroDivisionError("division by zero"))
    said = f"error: internal error: ZeroDivisionError: division by zero\n{hint}"
    assert pinner(tmp_path, "pin", resolver=failing)[:3] == (3, "", said)
    assert pinner(tmp_path, "pin", resolver=Failing(AssertionError())).stderr == (
        f"error: internal error: AssertionError\n{hint}"
    )
    debugged = pinner(tmp_path, "pin", "--debug", resolver=failing)
    assert debugged.stderr.startswith("Traceback (most recent call last):\n")
    assert debugged.stderr.endswith(f"ZeroDivisionError: division by zero\n{said}")
    assert pinner(tmp_path, "--debug", "check", "nix").stderr.startswith("Traceback (most recent call last):\n")


class Interrupting(FakeResolver):
    """Has somebody press Ctrl-C at the first question."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(10)
        return await super().resolve(reference, platform)


def test_an_interruption_is_answered_and_leaves_the_files(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n", "utf-8")
    message = "interrupted; every file is either as it was or fully written\n"
    assert pinner(tmp_path, "pin", resolver=Interrupting())[:3] == (130, "", message)
    assert (tmp_path / "Dockerfile").read_text("utf-8") == "FROM a\n"


def test_a_folder_that_is_gone_is_said_so(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    message = f"error: there is no file or folder `{gone}`\n  hint: paths are relative to the current folder\n"
    assert outcome(world(gone), "check")[:3] == (2, "", message)


def test_a_path_that_is_empty_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    complaint = "error: a path is empty\n  hint: is a variable of the shell unset?\n"
    assert pinner(tmp_path, "pin", "")[:3] == (2, "", complaint)


def test_json_names_what_could_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM a\0b\n")
    outcome = pinner(tmp_path, "check", "--format", "json")
    assert outcome.status == 3
    assert json.loads(outcome.stdout)["unreadable"] == [
        {"path": "Dockerfile", "message": "is binary: there is a NUL byte at offset 6", "hint": None}
    ]


def test_what_the_resolver_warns_of_is_said(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    outcome = pinner(tmp_path, "pin", warnings=("config.json is not JSON",))
    assert outcome.stderr == "warning: config.json is not JSON\npinned 1 reference in 1 file\n"


def test_settings_of_pull_requests_are_no_other_commands_business_unless_they_are_wrong(tmp_path: Path) -> None:
    settings = tmp_path / "pinner.toml"
    settings.write_text('[bot]\nschedule = ["sat"]\n[[group]]\nname = "a"\nimages = ["*"]\n', "utf-8")
    assert pinner(tmp_path, "check").stderr.startswith("nothing to look at: ")
    settings.write_text('[bot]\nschedule = ["saturday"]\n', "utf-8")
    outcome = pinner(tmp_path, "check")
    assert outcome.status == 2
    assert outcome.stderr.startswith(
        "error: pinner.toml: `bot.schedule` is wrong: `saturday` in `saturday` is no day\n"
    )


def test_choices_are_named_on_one_line(tmp_path: Path) -> None:
    said = pinner(tmp_path, "export").stderr
    assert said.startswith("error: missing argument `TARGET`: source-policy, compose-override, kustomize, cyclonedx")
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize("command", ["check", "list", "pin", "unpin", "lock"])
def test_files_that_name_no_image_were_looked_at_all_the_same(tmp_path: Path, command: str) -> None:
    (tmp_path / "broken.yaml").write_text("a: [b\nc: }\n")
    (tmp_path / "notes.yaml").write_text("a: b\n")
    assert pinner(tmp_path, command, "broken.yaml")[:3] == (0, "", "no image is named in 1 file\n")
    assert pinner(tmp_path, command)[:3] == (0, "", "no image is named in 2 files\n")


@pytest.mark.parametrize("command", ["check", "list", "pin", "unpin", "lock"])
def test_a_named_file_that_no_format_knows_is_an_error_of_usage(tmp_path: Path, command: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "Jenkinsfile").write_text("pipeline { agent { docker { image 'maven:3' } } }\n")
    (tmp_path / "notes.txt").write_text("nothing\n")
    done = pinner(tmp_path, command, "Dockerfile", "Jenkinsfile", "notes.txt")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "error: no format knows `Jenkinsfile`, nor 1 more: nothing can be said of the images in it\n"
    )


@pytest.mark.parametrize("command", ["check", "list", "pin", "unpin"])
def test_what_a_hook_hands_over_is_no_error(tmp_path: Path, command: str) -> None:
    # By their names they are of a format; what is in them the hook does not know.
    for name in ("mkdocs.yml", ".pre-commit-config.yaml", "setup.py", "Dockerfile.empty"):
        (tmp_path / name).write_text("")
    assert (
        pinner(tmp_path, command, "mkdocs.yml", ".pre-commit-config.yaml", "setup.py", "Dockerfile.empty").status == 0
    )


def test_a_named_file_is_tried_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "build.txt").write_text("FROM nginx:1.27\n")
    assert pinner(tmp_path, "check", "build.txt").status == 1


def test_the_last_line_names_what_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "Jenkinsfile").write_text("")
    assert pinner(tmp_path, "check").stderr == "no image is named in 1 file; not read: 3 Jenkinsfiles\n"
    assert pinner(tmp_path, "list").stderr == "no image is named in 1 file; not read: 3 Jenkinsfiles\n"
