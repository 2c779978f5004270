"""Table of Terraform's image attributes: which attribute of which resource is a container image.

Sources: the schemas of the providers kreuzwerker/docker, hashicorp/kubernetes, google, azurerm and aws. There is no
rule for an attribute called ``image``: as many resources mean a machine's. Left out, though their values look alike:
``google_compute_instance`` (``debian-cloud/debian-11``), ``digitalocean_droplet``, ``hcloud_server`` and so on; the
resource ``docker_registry_image`` (a push), ``aws_codebuild_project`` (AWS's own), ``aws_lambda_function``
(refuses a tag beside a digest).
"""

from __future__ import annotations

from pinner._typing import NamedTuple


class Position(NamedTuple):
    """One attribute that is an image, or holds some."""

    kind: str
    """``resource`` or ``data``."""
    type: str
    """The resource's type; where it ends in ``*`` every type that begins so."""
    path: tuple[str, ...]
    """The blocks down to the attribute's; ``**`` is any number of them. A ``dynamic`` block goes by its label."""
    attributes: tuple[str, ...]
    inside: tuple[str, ...] = ()
    """Where the attribute's value is no image itself: the keys down to it, ``[]`` for the elements of a list and ``**``
    for anything. The value may be an object, JSON, or a call of ``jsonencode``."""


_CONTAINERS = ("**", "containers", "[]", "image")

POSITIONS = (
    Position("resource", "docker_image", (), ("name",)),
    Position("resource", "docker_container", (), ("image",)),
    Position("resource", "docker_service", ("task_spec", "container_spec"), ("image",)),
    Position("resource", "docker_buildx_builder", ("docker_container",), ("image",)),
    Position("resource", "docker_buildx_builder", ("kubernetes",), ("image",)),
    Position("data", "docker_image", (), ("name",)),
    Position("data", "docker_registry_image", (), ("name",)),
    Position("resource", "kubernetes_*", ("**", "container"), ("image",)),
    Position("resource", "kubernetes_*", ("**", "init_container"), ("image",)),
    Position("resource", "kubernetes_manifest", (), ("manifest",), ("**", "containers", "[]", "image")),
    Position("resource", "kubernetes_manifest", (), ("manifest",), ("**", "initContainers", "[]", "image")),
    Position("resource", "kubernetes_manifest", (), ("manifest",), ("**", "ephemeralContainers", "[]", "image")),
    Position("resource", "google_cloud_run_*", ("**", "containers"), ("image",)),
    Position("resource", "azurerm_container_*", ("**", "container"), ("image",)),
    Position("resource", "azurerm_container_*", ("**", "init_container"), ("image",)),
    Position("resource", "aws_ecs_task_definition", (), ("container_definitions",), ("[]", "image")),
    Position("resource", "aws_batch_job_definition", (), ("container_properties",), ("image",)),
    Position("resource", "aws_batch_job_definition", (), ("node_properties",), ("**", "image")),
    Position("resource", "aws_batch_job_definition", (), ("ecs_properties",), ("**", "containers", "[]", "image")),
    Position("resource", "aws_batch_job_definition", ("eks_properties", "**", "containers"), ("image",)),
    Position("resource", "aws_batch_job_definition", ("eks_properties", "**", "init_containers"), ("image",)),
)


def positions_of(kind: str, type_: str) -> tuple[Position, ...]:
    """Return the positions in a block of ``kind`` (``resource``, ``data``) and ``type_``."""
    return tuple(one for one in POSITIONS if one.kind == kind and _fits(one.type, type_))


def _fits(pattern: str, type_: str) -> bool:
    return type_.startswith(pattern[:-1]) if pattern.endswith("*") else type_ == pattern
