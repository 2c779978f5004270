"""A signed image over time as the bot sees it, on a forge: held back, told, and allowed on the base branch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botforge import DAY, Site, picture
from forge_double import ForgeDouble
from images import make_image, write_layout
from signed import REPOSITORY, beside, bundle_referrer, toml
from signingkit import IDENTITY, ISSUER, Sigstore, keyless_bundle
from world import outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from images import Image
    from world import Outcome

AT = Sigstore()
FIRST, SECOND, THIRD = make_image("app one"), make_image("app two"), make_image("app three")
NAME, NEXT, MAJOR = f"{REPOSITORY}:1.0", f"{REPOSITORY}:1.1", f"{REPOSITORY}:2.0"
BASE = "docker.io/library/nginx:1"
OTHER = IDENTITY.replace("release.yml", "nightly.yml")
STRICT = {"by": "keyless", "github": "acme/app", "trusted-root": "root.json", "name": "acme", "images": [REPOSITORY]}
WIDE = {**STRICT, "github": "", "identity-regex": f"{IDENTITY}|{OTHER}", "issuer": ISSUER}
BRANCH = "pinner/digests"
SIGNED_AT = 1_793_534_400.0


def policy(table: dict[str, Any], more: str = "") -> str:
    return toml({name: value for name, value in table.items() if value}) + more


class Story:
    """A repository with a signed image and another one, on a forge."""

    def __init__(self, folder: Path, forge: ForgeDouble) -> None:
        self.site = Site(folder, forge)
        self.forge = forge
        self.there: dict[str, Image] = {}
        self.have(FIRST, IDENTITY)
        work = folder / "work"
        work.mkdir()
        (work / ".git").mkdir()
        (work / "root.json").write_text(json.dumps(AT.trusted_root()))
        (work / "pinner.toml").write_text(policy(STRICT))
        (work / "Dockerfile").write_text(f"FROM {NAME}@{FIRST.digest}\nFROM {BASE}@{picture('old').digest}\n")
        self.work = work
        locked = self.local("lock")
        assert locked.status == 0, locked.stderr
        files = {path.name: path.read_bytes() for path in work.iterdir() if path.is_file()}
        forge.add_repository("acme/app", files)

    def have(self, image: Image, *identities: str, nginx: str = "old", tag: str = NAME) -> None:
        """Have the tag of the signed image mean ``image`` from now on, signed by ``identities``."""
        bundles = [keyless_bundle(AT, image.digest, AT.leaf(one)) for one in identities]
        self.there |= {f"{REPOSITORY}:{image.digest[7:19]}": image, tag: image, BASE: picture(nginx)}
        if bundles:
            self.there |= beside(image, [bundle_referrer(image, one) for one in bundles])
        write_layout(self.site.layout, self.there)

    def local(self, *arguments: str) -> Outcome:
        context = world(self.work, now=SIGNED_AT)._replace(connect=connect_to_registries)
        return outcome(context, *arguments, "--layout", str(self.site.layout), "--no-cache")

    def run(self, *more: str) -> Outcome:
        context = world(self.site.folder, environment=self.site.environment, now=SIGNED_AT)
        context = context._replace(connect=connect_to_registries)
        return outcome(context, *self.site.arguments(*more))

    def check(self, branch: str) -> Outcome:
        for path, data in self.forge.repository("acme/app").files(branch).items():
            (self.work / path).write_bytes(data)
        return self.local("check")

    def dockerfile(self, branch: str) -> str:
        return self.forge.repository("acme/app").files(branch)["Dockerfile"].decode()


@pytest.fixture(params=["github", "gitlab", "gitea"])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    with ForgeDouble(tmp_path, request.param) as forge:
        yield Story(tmp_path, forge)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Story]:
    with ForgeDouble(tmp_path) as forge:
        yield Story(tmp_path, forge)


def test_a_signed_image_over_time(story: Story) -> None:
    pulls = story.forge.repository("acme/app").pulls
    assert story.check("main").status == 0

    story.have(SECOND, nginx="new")
    held = story.run()
    assert held.status == 1, held.stderr
    (pull,) = pulls.values()
    assert "PIN106 unsigned" in pull.body
    assert "signer-changed" in str(pull.labels) or any("signer-changed" in str(label) for label in pull.labels)
    assert (FIRST.digest in story.dockerfile(BRANCH), SECOND.digest in story.dockerfile(BRANCH)) == (True, False)
    assert picture("new").digest in story.dockerfile(BRANCH)
    assert story.check("main").status == 0
    assert story.check(BRANCH).status == 0

    story.have(SECOND, OTHER, nginx="new")
    held = story.run()
    assert held.status == 1
    assert "PIN108 signer-changed" in pull.body
    assert OTHER in pull.body
    assert SECOND.digest not in story.dockerfile(BRANCH)

    # A policy that comes along in the pull request does not count: only that of the base branch does.
    story.forge.commit("acme/app", "main", {"pinner.toml": policy(WIDE)}, "Widen")
    moved = story.run()
    assert moved.status == 0, moved.stderr
    assert SECOND.digest in story.dockerfile(BRANCH)
    assert f"signed by {OTHER}" in pull.body.replace("\\", "").replace("`", "")
    assert "PIN108" not in pull.body
    assert story.check(BRANCH).status == 0


def test_a_policy_in_a_pull_request_is_nobodys(hub: Story) -> None:
    hub.have(SECOND, nginx="new")
    assert hub.run().status == 1
    hub.forge.commit("acme/app", BRANCH, {"pinner.toml": policy({"by": "none"})}, "Let me")
    assert hub.run().status in (1, 3)
    assert SECOND.digest not in hub.dockerfile(BRANCH)


def test_where_nothing_else_moves_there_is_no_pull_request(hub: Story) -> None:
    hub.have(SECOND)
    held = hub.run()
    assert held.status == 1
    assert "1 image held back" in held.stdout
    assert hub.forge.repository("acme/app").pulls == {}


@pytest.mark.parametrize("tag", [NEXT, MAJOR])
def test_a_tag_that_another_signed_is_told_and_not_raised(hub: Story, tag: str) -> None:
    (hub.work / "pinner.toml").write_text(policy(WIDE, '[update]\ntags = "major"\n'))
    (hub.work / "pinner.lock").unlink()
    assert hub.local("lock").status == 0
    files = {name: (hub.work / name).read_bytes() for name in ("pinner.toml", "pinner.lock")}
    hub.forge.commit("acme/app", "main", files, "Raise")
    hub.have(THIRD, OTHER, nginx="new", tag=tag)
    held = hub.run()
    assert held.status == 1, held.stderr
    pulls = hub.forge.repository("acme/app").pulls
    (pull,) = pulls.values()
    assert "PIN108 signer-changed" in pull.body
    assert THIRD.digest not in hub.dockerfile(BRANCH)
    hub.have(THIRD, IDENTITY, nginx="new", tag=tag)
    raised = hub.run()
    assert raised.status == 0, raised.stderr
    branches = [one.head for one in pulls.values() if one.state == "open"]
    assert any(THIRD.digest in hub.dockerfile(branch) for branch in branches)


assert DAY < SIGNED_AT
