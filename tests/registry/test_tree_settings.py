"""What a configuration found in the tree may do to a login that the user has: docs/security.md, row by row."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import certifi
import pytest
from scripted_registry import A, ScriptedRegistry, challenge, resolver, tag_answer, token
from virtual_time import run_virtually

from pinner.bot.forges import token_for
from pinner.config.load import load_settings
from pinner.errors import ConfigError
from pinner.http.addresses import endpoint_for
from pinner.reference import Digest, ImageReference

PAGE = (Path(__file__).parent.parent.parent / "docs" / "security.md").read_text("utf-8")
NAME = "registry.example/team/app:1"
LOGIN = base64.b64encode(b"alice:correct horse").decode()


class Row(NamedTuple):
    settings: str
    in_tree: str
    named: str


def rows() -> list[Row]:
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[2] in ("refused", "used"):
            found.append(Row("\n".join(re.findall(r"`([^`]*)`", cells[0])), cells[2], cells[3]))
    return found


ROWS = rows()


def write(folder: Path, row: Row) -> None:
    (folder / ".git").mkdir(parents=True)
    (folder / "pinner.toml").write_text(f'[registries."registry.example"]\n{row.settings}\n', "utf-8")
    # Any file of certificates will do: no connection is made.
    shutil.copyfile(certifi.where(), folder / "ca.pem")


def run(
    folder: Path, config: str | None, *, has_login: bool, paths: tuple[str, ...] | None = ()
) -> tuple[str, list[str | None]]:
    """Return what came of one question, and the Authorization headers that were sent."""
    settings = load_settings(str(folder), config, paths)
    base = str(endpoint_for("registry.example", settings.registries).base)
    host = endpoint_for("registry.example", settings.registries).login
    registry = ScriptedRegistry()
    address = f"{base}team/app/manifests/1"
    if settings.registries["registry.example"].token_server is not None:
        registry.on("GET", address, challenge('Bearer realm="https://auth.example.net/token",service="s"'))
        registry.on("GET", address, tag_answer(A), authorization="Bearer t")
        account = "&account=alice" if has_login else ""
        realm = f"https://auth.example.net/token?service=s{account}&scope=repository%3Ateam%2Fapp%3Apull"
        registry.on("GET", realm, token("t"))
        registry.on("GET", realm, token("t"), authorization=f"Basic {LOGIN}")
    else:
        answers = (challenge('Basic realm="r"'),) if has_login else (tag_answer(A),)
        registry.on("GET", address, *answers)
        registry.on("GET", address, tag_answer(A), authorization=f"Basic {LOGIN}")
    auths = {"auths": {host: {"auth": LOGIN}}} if has_login else {}
    asked = resolver(registry, settings=settings, environment={"DOCKER_AUTH_CONFIG": json.dumps(auths)})

    async def ask() -> Digest:
        async with asked:
            return (await asked.resolve(ImageReference.parse(NAME), None)).digest

    try:
        outcome = "used" if run_virtually(ask()) == Digest.parse(A) else "wrong"
    except ConfigError as error:
        outcome = f"refused {error.message} {error.hint}"
    return outcome, [authorization for _, _, authorization in registry.asked]


def test_the_page_has_rows() -> None:
    assert len(ROWS) == 10
    assert {row.in_tree for row in ROWS} == {"refused", "used"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.settings.replace("\n", " "))
def test_a_row_holds(row: Row, tmp_path: Path) -> None:
    write(tmp_path / "tree", row)
    (tmp_path / "link.toml").symlink_to(tmp_path / "tree" / "pinner.toml")
    shutil.copyfile(certifi.where(), tmp_path / "ca.pem")
    outcome, sent = run(tmp_path / "tree", None, has_login=True)
    assert outcome.partition(" ")[0] == row.in_tree
    assert any(sent) is (outcome == "used")
    if row.in_tree == "refused":
        assert "there is a login for" in outcome
        assert "--config" in outcome
    # Who names a file of the tree has not made it his own.
    for name in ("pinner.toml", str(tmp_path / "tree" / "pinner.toml"), "../link.toml"):
        assert run(tmp_path / "tree", name, has_login=True)[0].partition(" ")[0] == row.in_tree
    outside = tmp_path / "outside"
    write(outside, row)
    assert run(tmp_path / "tree", "../outside/pinner.toml", has_login=True)[0] == row.named
    # The trees that a run is about are those, whichever folder it starts in.
    told = run(tmp_path / "tree", "../outside/pinner.toml", has_login=True, paths=("../outside/sub/Dockerfile",))
    assert told[0].partition(" ")[0] == row.in_tree
    assert run(tmp_path / "tree", "pinner.toml", has_login=True, paths=None)[0] == row.named
    # Where there is nothing to lose, the setting holds.
    assert run(tmp_path / "tree", None, has_login=False)[0] == "used"


@pytest.mark.parametrize(
    ("forge", "host", "is_named", "expected"),
    [
        ("github", "github.com", False, "hub"),
        ("github", "acme.ghe.com", False, "hub"),
        ("github", "git.evil.example", False, None),
        ("github", "git.acme.example", False, "enterprise"),
        ("github", "git.other.example", True, "enterprise"),
        ("gitlab", "git.acme.example", False, None),
        ("gitlab", "gitlab.com", False, "lab"),
        ("gitlab", "git.evil.example", False, None),
        ("gitlab", "git.acme.example", True, "lab"),
        ("gitea", "codeberg.org", False, "tea"),
        ("gitea", "git.evil.example", False, None),
        ("gitea", "git.acme.example", True, "tea"),
    ],
)
def test_a_token_goes_to_the_hosts_that_it_is_for(
    forge: str, host: str, expected: str | None, *, is_named: bool
) -> None:
    environment = {
        "GITHUB_TOKEN": "hub",
        "GH_ENTERPRISE_TOKEN": "enterprise",
        "GH_HOST": "git.acme.example",
        "GITLAB_TOKEN": "lab",
        "FORGEJO_TOKEN": "tea",
    }
    assert token_for(forge, host, environment, is_named=is_named) == expected
    assert token_for(forge, host, {**environment, "PINNER_TOKEN": "mine"}, is_named=is_named) == "mine"
