"""What tests of every forge begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .double import ForgeDouble

APP, BRANCH = "acme/app", "pinner/digests"


def prepare(forge: ForgeDouble) -> None:
    """Make a repository that has the bot's branch, one commit ahead, and no pull request."""
    forge.add_repository(APP, {"Dockerfile": b"FROM nginx:1\n"})
    forge.commit(APP, BRANCH, {"Dockerfile": b"FROM nginx:1@sha256:a\n"}, "Pin")
