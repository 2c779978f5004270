"""``pinner export``: what it writes, what it says, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from exporting import ARM64, OTHER, digest, lock_of
from fakes import FakeResolver
from world import Outcome, pinner

from pinner.lockfile.render import render_lock

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.model import Resolved
    from pinner.reference import ImageReference, Platform

POLICY = "1 image held to what pinner.lock says"


class Nobody(FakeResolver):
    """Fails when it is asked."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        raise AssertionError(f"asked for {reference} ({platform})")


def project(folder: Path, files: dict[str, str], *locked: str) -> None:
    """Write ``files``, and a lock of the images ``locked``."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "pinner.lock").write_bytes(render_lock(lock_of(locked)))


def export(folder: Path, *arguments: str) -> Outcome:
    return pinner(folder, "export", *arguments, resolver=Nobody())


def test_the_file_goes_to_stdout_and_the_sentence_to_stderr_and_nobody_is_asked(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": "FROM nginx:1\n"}, "nginx:1")
    done = export(tmp_path, "source-policy")
    assert (done.status, done.stderr) == (0, f"{POLICY}\n")
    [rule] = json.loads(done.stdout)["rules"]
    assert rule["updates"]["identifier"] == f"docker-image://docker.io/library/nginx:1@{digest('nginx:1')}"
    assert (tmp_path / "Dockerfile").read_text("utf-8") == "FROM nginx:1\n"


def test_with_output_the_file_is_written_and_stdout_stays_empty(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": "FROM nginx:1\n"}, "nginx:1")
    shown = export(tmp_path, "source-policy").raw
    done = export(tmp_path, "source-policy", "--output", "policy.json")
    assert (done.status, done.stdout, done.stderr) == (0, "", f"{POLICY} in policy.json\n")
    assert (tmp_path / "policy.json").read_bytes() == shown
    (tmp_path / "policy.json").write_text("old", "utf-8")
    assert export(tmp_path, "source-policy", "-o", "policy.json", "--quiet").stderr == ""
    assert (tmp_path / "policy.json").read_bytes() == shown


def test_without_a_lock_there_is_nothing_to_export(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM nginx:1\n", "utf-8")
    done = export(tmp_path, "source-policy")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == "error: there is no pinner.lock to export\n  hint: run `pinner lock` first\n"


def test_a_broken_lock_is_said_with_its_place(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": "FROM nginx:1\n"}, "nginx:1")
    (tmp_path / "pinner.lock").write_text("{\n", "utf-8")
    done = export(tmp_path, "source-policy")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("error: pinner.lock:2:1: ends too early\n")


def test_what_the_lock_lacks_is_named_the_others_are_exported_and_the_status_is_3(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": "FROM nginx:1\nFROM redis:7\n"}, "nginx:1")
    done = export(tmp_path, "source-policy")
    assert done.status == 3
    assert len(json.loads(done.stdout)["rules"]) == 1
    assert done.stderr == (
        "Dockerfile:2:6: error: `redis:7` is not in pinner.lock\n  hint: run `pinner lock`\n"
        "1 image held to what pinner.lock says, 1 problem\n"
    )


def test_problems_are_named_even_where_quiet_is_wanted(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": "FROM redis:7\n"})
    assert "`redis:7` is not in pinner.lock" in export(tmp_path, "source-policy", "--quiet").stderr


def test_a_digest_that_the_export_overrules_is_warned_about(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": f"FROM nginx:1@{OTHER}\n"}, "nginx:1")
    done = export(tmp_path, "source-policy")
    assert done.status == 0
    assert done.stderr == (
        "Dockerfile:1:6: warning: `nginx:1` has another digest here than in pinner.lock, which is what is exported\n"
        f"  hint: `pinner check` says how to mend it\n{POLICY}\n"
    )


def test_references_that_nobody_can_hold_are_warned_about_where_the_export_is_about_them(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "ARG X\nFROM nginx:$X\n",
        "compose.yaml": "services: {a: {image: 'redis:${X}'}}\n",
        "k/kustomization.yaml": "images:\n- {name: a, newName: b}\n",
    }
    project(tmp_path, files)
    for target, where in (
        ("source-policy", "Dockerfile:2"),
        ("compose-override", "compose.yaml:1"),
        ("kustomize", "k/"),
    ):
        done = export(tmp_path, target)
        warnings = [line for line in done.stderr.splitlines() if "warning" in line]
        assert (done.status, len(warnings), warnings[0].startswith(where)) == (0, 1, True), target


def test_a_file_that_cannot_be_read_is_no_success(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": "FROM nginx:1\n", "b.dockerfile": "FROM a\0\n"}, "nginx:1")
    done = export(tmp_path, "source-policy")
    assert (done.status, len(json.loads(done.stdout)["rules"])) == (3, 1)


def test_paths_narrow_what_is_exported(tmp_path: Path) -> None:
    project(tmp_path, {"a/Dockerfile": "FROM nginx:1\n", "b/Dockerfile": "FROM redis:7\n"}, "nginx:1", "redis:7")
    [rule] = json.loads(export(tmp_path, "source-policy", "b").stdout)["rules"]
    assert rule["selector"]["identifier"] == "docker-image://docker.io/library/redis:7"


def test_platform_means_that_platforms_manifest(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": "FROM nginx:1\n"}, "nginx:1")
    done = export(tmp_path, "source-policy", "--platform", "linux/arm64")
    [rule] = json.loads(done.stdout)["rules"]
    assert rule["updates"]["identifier"].endswith(f"@{digest('nginx:1', ARM64)}")


@pytest.mark.parametrize("name", ["compose.pinned.yaml", "compose.override.yaml"])
def test_what_was_exported_before_is_not_exported_again(tmp_path: Path, name: str) -> None:
    project(tmp_path, {"compose.yaml": "services: {a: {image: nginx:1}}\n"}, "nginx:1")
    first = export(tmp_path, "compose-override", "--output", name)
    data = (tmp_path / name).read_bytes()
    again = export(tmp_path, "compose-override", "--output", name)
    assert (first, (tmp_path / name).read_bytes()) == (again, data)
    assert yaml.safe_load(data) == {"services": {"a": {"image": f"nginx:1@{digest('nginx:1')}"}}}


def test_compose_files_are_taken_in_the_order_given(tmp_path: Path) -> None:
    files = {"b.yaml": "services: {a: {image: nginx:1}}\n", "a.yaml": "services: {a: {image: nginx:2}}\n"}
    project(tmp_path, files, "nginx:1", "nginx:2")
    for paths, winner in ((("a.yaml", "b.yaml"), "nginx:1"), (("b.yaml", "./a.yaml", "b.yaml"), "nginx:2")):
        done = export(tmp_path, "compose-override", *paths)
        assert yaml.safe_load(done.stdout)["services"]["a"]["image"] == f"{winner}@{digest(winner)}"


def test_several_compose_projects_are_refused(tmp_path: Path) -> None:
    body = "services: {a: {image: nginx:1}}\n"
    project(tmp_path, {"a/compose.yaml": body, "b/compose.yaml": body}, "nginx:1")
    done = export(tmp_path, "compose-override", "--output", "out.yaml")
    assert (done.status, (tmp_path / "out.yaml").exists()) == (2, False)
    assert done.stderr == (
        "error: there are 2 compose projects, and an override is for one: `a/compose.yaml`, `b/compose.yaml`\n"
        "  hint: name its file or folder: `pinner export compose-override a/compose.yaml`\n"
    )
    assert export(tmp_path, "compose-override", "a").status == 0


def test_compose_files_beside_the_project_are_noted(tmp_path: Path) -> None:
    body = "services: {a: {image: nginx:1}}\n"
    project(tmp_path, {"compose.yaml": body, "compose.ci.yaml": body}, "nginx:1")
    done = export(tmp_path, "compose-override")
    assert done.status == 0
    assert done.stderr.startswith("note: compose.ci.yaml is not part of this project: ")


def test_the_lock_is_found_from_a_folder_below(tmp_path: Path) -> None:
    project(tmp_path, {"d/x.yaml": "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: nginx:1}]}\n"}, "nginx:1")
    (tmp_path / ".git").mkdir()
    done = export(tmp_path / "d", "kustomize", ".")
    assert (done.status, done.stderr) == (0, "1 image name held to what pinner.lock says\n")
    assert yaml.safe_load(done.stdout)["images"] == [{"name": "nginx", "newTag": "1", "digest": str(digest("nginx:1"))}]


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (".", "error: --output: `.` is no file\n  hint: give the name of a file\n"),
        ("", "error: --output: `` is no file\n  hint: give the name of a file\n"),
        ("gone/x", "error: --output: the folder of `gone/x` does not exist\n  hint: make it first\n"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_the_work(tmp_path: Path, output: str, complaint: str) -> None:
    project(tmp_path, {"Dockerfile": "FROM redis:7\n"})
    done = export(tmp_path, "source-policy", "--output", output)
    assert (done.status, done.stdout, done.stderr) == (2, "", complaint)


def test_an_output_that_is_read_only_is_said_and_the_status_is_3(tmp_path: Path) -> None:
    project(tmp_path, {"Dockerfile": "FROM nginx:1\n"}, "nginx:1")
    (tmp_path / "policy.json").write_text("old", "utf-8")
    (tmp_path / "policy.json").chmod(0o444)
    done = export(tmp_path, "source-policy", "--output", "policy.json")
    assert done.status == 3
    assert "policy.json: error: is read-only" in done.stderr
    assert (tmp_path / "policy.json").read_text("utf-8") == "old"


@pytest.mark.parametrize("arguments", [(), ("helm",)])
def test_a_target_is_needed_and_known(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = export(tmp_path, *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert "source-policy" in done.stderr


@pytest.mark.parametrize(
    ("target", "thing"), [("source-policy", "image"), ("compose-override", "service"), ("kustomize", "image name")]
)
def test_where_there_is_nothing_to_hold_it_says_so(tmp_path: Path, target: str, thing: str) -> None:
    project(tmp_path, {"Dockerfile": f"FROM nginx:1@{digest('nginx:1')}\n"}, "nginx:1")
    done = export(tmp_path, target)
    assert (done.status, done.stderr) == (0, f"nothing to hold: no {thing} here is without a digest\n")
