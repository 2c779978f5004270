"""Terraform and OpenTofu format: images in resources, by the providers' schemas."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.model import Document, Located

_RESOURCES = re.compile(
    rb"docker_(?:image|container|service|buildx_builder|registry_image)|kubernetes_|google_cloud_run_"
    rb"|azurerm_container_|aws_ecs_task_definition|aws_batch_job_definition"
)
"""What every file has in it that names an image."""


def locate(document: Document) -> Located | None:
    """Return the images in ``document``; None where it has no resource of a kind that takes one."""
    if _RESOURCES.search(document.data) is None:
        return None
    from pinner.formats.terraform.extract import locate as locate_  # noqa: PLC0415 - few files name an image

    return locate_(document)
