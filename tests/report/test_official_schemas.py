"""The outputs against what others publish: `make schemas` fetches it and sets PINNER_SCHEMAS; skipped without.

Once that is set, nothing is skipped: what is missing is a failure.

SARIF's schema and Microsoft's validator come from npm, as does the validator of reviewdog's format; the XML schema of
Jenkins' xunit plug-in is in pytest's source archive. GitLab publishes its fields as a page
alone: tests/support/shapes.py.
"""

from __future__ import annotations

import json
import os
import subprocess
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from world import pinner

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(os.environ.get("PINNER_SCHEMAS", "none"))
MODULES = FOLDER / "node_modules"
MULTITOOL = MODULES / "@microsoft" / "sarif-multitool-linux"
pytestmark = pytest.mark.skipif("PINNER_SCHEMAS" not in os.environ, reason="`make schemas` fetches what this needs")

FILES = {
    "Dockerfile": "ARG TAG=3.20\nFROM nginx:${TAG} AS b\nFROM \\\n  alpine:3 AS c\nCOPY --from=redis a b\n",
    "a b/D\u00f6ckerfile.#1.dockerfile": f"FROM caf\u00e9/x:1\nFROM nginx@sha256:{'0' * 64}\nFROM ${{X}}\n",
    "compose.yaml": 'services: {a: {image: &x "redis:7"}, b: {image: *x}, c: {image: "x{{ y }}:1"}}\n',
    "broken.yaml": "kind: Pod\napiVersion: v1\nspec: {containers: [{image: a}\n",
    "binary.yaml": "image: a\0\n",
}
CALLS: list[tuple[str, ...]] = [("check",), ("pin", "--diff"), ("update", "--diff")]
every_call = pytest.mark.parametrize("call", CALLS, ids=" ".join)


@pytest.fixture(params=["full", "clean", "empty"])
def info(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Return a function that runs pinner in a project and returns what it said in a format."""
    files = {"full": FILES, "clean": {"Dockerfile": "FROM scratch\n"}, "empty": {}}[request.param]
    for name, text in files.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "project").mkdir(exist_ok=True)
    return lambda call, format_: pinner(tmp_path / "project", *call, "--format", format_).stdout


@every_call
def test_sarif_fits_its_schema(info: Callable[..., str], call: tuple[str, ...]) -> None:
    fits = import_module("fastjsonschema").compile(json.loads((MULTITOOL / "sarif-2.1.0.json").read_text("utf-8-sig")))
    fits(json.loads(info(call, "sarif")))


@every_call
def test_sarif_passes_the_validator(info: Callable[..., str], call: tuple[str, ...], tmp_path: Path) -> None:
    """No error and no warning, by the rules of the format and by GitHub's; notes are proposals."""
    file = tmp_path / "out.sarif"
    file.write_text(info(call, "sarif"), "utf-8")
    done = validated(file)
    assert done["notes"] == []
    assert done["status"] == 0


def validated(file: Path) -> dict[str, Any]:
    report = file.with_name("report.sarif")
    command = (MULTITOOL / "Sarif.Multitool", "validate", file, "--rule-kind", "Sarif;Ghas", "--output", report)
    levels = ("--level", "Error;Warning", "--log", "ForceOverwrite")
    done = subprocess.run((*command, *levels), capture_output=True, text=True, check=False)
    results = json.loads(report.read_text("utf-8-sig"))["runs"][0].get("results", [])
    notes = [(one["ruleId"], one.get("level", "warning")) for one in results if one.get("level") != "note"]
    return {"status": done.returncode, "notes": notes}


def test_the_validator_would_tell(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM nginx\n", "utf-8")
    log = json.loads(pinner(tmp_path, "check", "--format", "sarif").stdout)
    del log["runs"][0]["results"][0]["message"]
    log["runs"][0]["results"][0]["ruleIndex"] = 99
    file = tmp_path / "out.sarif"
    file.write_text(json.dumps(log), "utf-8")
    assert validated(file)["notes"] != []


@every_call
def test_junit_fits_its_schema(info: Callable[..., str], call: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "out.xml"
    file.write_text(info(call, "junit"), "utf-8")
    import_module("xmlschema").XMLSchema(str(FOLDER / "junit-10.xsd")).validate(str(file))


@every_call
def test_rdjsonl_passes_the_validator(info: Callable[..., str], call: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    diagnostics = [json.loads(line) for line in info(call, "rdjsonl").splitlines()]
    file.write_text(json.dumps({"diagnostics": diagnostics}), "utf-8")
    program = MODULES / "@umbrelladocs" / "rdformat-validator" / "bin" / "rdformat-validator.js"
    command = ("node", program, "--strict", "--no-extra-fields", file)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_cyclonedx_fits_its_schema(tmp_path: Path, info: Callable[..., str]) -> None:  # noqa: ARG001 - makes the project
    made = pinner(tmp_path / "project", "export", "cyclonedx").stdout
    schema = import_module("cyclonedx.schema")
    validator = import_module("cyclonedx.validation.json").JsonStrictValidator(schema.SchemaVersion.V1_6)
    assert validator.validate_str(made) is None
    broken = json.loads(made)
    broken["components"].append({"type": "container", "name": "x", "digest": "sha256:0"})
    assert validator.validate_str(json.dumps(broken)) is not None
    parse = import_module("packageurl").PackageURL.from_string
    for one in json.loads(made)["components"]:
        if "purl" in one:
            read = parse(one["purl"])
            assert (read.type, read.qualifiers["repository_url"]) == ("oci", one["name"])
            assert read.version == f"sha256:{one['hashes'][0]['content']}"
