"""Make testdata/signed anew: a project, its lock and a layout with signed images, for pictures of who signed.

    PYTHONPATH=tests/support python tests/support/make_signed_project.py

Keys are made for this and thrown away; the signatures count by the trusted root beside them and by no other.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from images import make_multi_platform, write_layout
from signed import beside, bundle_referrer
from signingkit import IDENTITY, Sigstore, keyless_bundle
from world import outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from images import Image

FOLDER = Path(__file__).parent.parent.parent / "testdata" / "signed"
REPOSITORY = "ghcr.io/acme/app"
POLICY = f"""[[verify]]
images       = ["{REPOSITORY}"]
by           = "keyless"
github       = "acme/app"
trusted-root = "root.json"
name         = "acme"
"""


def main() -> None:
    """Write the folder."""
    at = Sigstore()
    platforms = ("linux/amd64", "linux/arm64/v8")
    first, second = (make_multi_platform(word, platforms) for word in ("app one", "app two"))
    with tempfile.TemporaryDirectory() as made:
        _make(Path(made), at, first, second)
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(made, FOLDER)


def _make(folder: Path, at: Sigstore, first: Image, second: Image) -> None:
    project = folder / "project"
    project.mkdir()
    (project / "pinner.toml").write_text(POLICY)
    (project / "root.json").write_text(json.dumps(at.trusted_root(), indent=1) + "\n")
    (project / "Dockerfile").write_text(f"FROM {REPOSITORY}:1.2\n")
    signed = {f"{REPOSITORY}:1.2": first, f"{REPOSITORY}:1.1": first}
    leaf = at.leaf(IDENTITY)
    signed |= beside(first, [bundle_referrer(first, keyless_bundle(at, first.digest, leaf))], repository=REPOSITORY)
    write_layout(folder / "layout", signed)
    for command in ("lock", "pin"):
        context = world(project)._replace(connect=connect_to_registries)
        ran = outcome(context, command, "--layout", str(folder / "layout"), "--no-cache")
        assert ran.status == 0, ran.stderr
    nightly = at.leaf(IDENTITY.replace("release.yml", "nightly.yml"))
    signed |= {f"{REPOSITORY}:1.2": second}
    signed |= beside(
        second, [bundle_referrer(second, keyless_bundle(at, second.digest, nightly))], repository=REPOSITORY
    )
    write_layout(folder / "layout", signed)


if __name__ == "__main__":
    main()
