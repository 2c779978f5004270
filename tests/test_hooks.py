"""The hooks are for the files that the formats claim, and do their work under pre-commit and under prek."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats import claims

MANIFEST = Path(__file__).parent.parent / ".pre-commit-hooks.yaml"
HOOKS = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text("utf-8"))}

FOLDERS = st.sampled_from(
    ("", "deploy/", "a.b/", "Dockerfile/", "x.py/", ".github/", "a b/", "a.container.d/", "volume.d/")
)
PIECES = st.sampled_from(
    (
        *("Dockerfile", "dockerfile", "DOCKERFILE", "Containerfile", "containerfile", "docker", "container", "file"),
        *("compose", "cloudbuild", "taskdef", "ecs", "Stack", "bake", "Deployment", "job"),
        *("values", "web", "app", "x", "é", "ignore", "-checkpoint", " "),
        *(".", "-", "_", ".dev", "-alpine", ".dockerignore", ".containerignore"),
        *(".yml", ".yaml", ".json", ".template", ".md", ".py", ".pyw", ".pyi", ".pyc", ".ipynb", ".js", ".ts", ".go"),
        *(".sh", ".tf", ".env"),
        *(".tofu", ".tfvars", ".nomad", ".hcl", ".container", ".image", ".volume", ".d", ".conf", ".kube", ".build"),
    )
)
PATHS = st.builds(lambda folder, pieces: folder + "".join(pieces), FOLDERS, st.lists(PIECES, min_size=1, max_size=4))


@pytest.mark.parametrize("hook", HOOKS)
@given(path=PATHS)
def test_a_hook_is_given_what_a_format_claims_and_nothing_else(hook: str, path: str) -> None:
    assert (re.search(HOOKS[hook]["files"], path) is not None) == claims(path)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("Dockerfile", True),
        ("web/Dockerfile.dev", True),
        ("web.dockerfile", True),
        ("Containerfile", True),
        ("compose.yaml", True),
        ("k8s/deployment.yml", True),
        ("tests/test_database.py", True),
        ("analysis.ipynb", True),
        ("main.tf", True),
        ("infra/web.tofu", True),
        ("jobs/web.nomad", True),
        ("jobs/web.nomad.hcl", True),
        ("systemd/web.container", True),
        ("systemd/web.container.d/10-image.conf", True),
        ("docker-bake.hcl", True),
        ("docker-bake.override.json", True),
        ("main.tf.json", True),
        ("terragrunt.hcl", False),
        ("nginx/web.conf", False),
        ("web.container.d/image.txt", False),
        ("terraform.tfstate", False),
        ("Dockerfile.dockerignore", False),
        (".ipynb_checkpoints/analysis-checkpoint.ipynb", False),
        ("stubs/docker.pyi", False),
        (".env", True),
        (".env.example", False),
        ("prod.env", False),
        ("README.md", False),
        ("package.json", False),
        ("ci/cloudbuild.json", True),
        (".github/workflows/ci.yml", True),
        ("pinner.lock", False),
    ],
)
def test_names_in_practice(path: str, *, wanted: bool) -> None:
    for hook in HOOKS.values():
        assert (re.search(hook["files"], path) is not None) is wanted


def test_hooks_run_as_one_process_over_text() -> None:
    assert set(HOOKS) == {"pinner-pin", "pinner-check"}
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["require_serial"] is True
        assert hook["types"] == ["text"]
