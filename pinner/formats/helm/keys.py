"""Key names of images and their tags in Helm values, and the tags that templates print otherwise."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from pinner.formats.yaml import Scalar

TAGS, DIGESTS = ("tag", "version"), ("digest", "sha")
NAME_OF_IMAGE = re.compile(r"(?<=image)(?:repository|repo|name)$", re.IGNORECASE)
"""What ends a key that holds a name alone, its tag under a key that begins alike: ``imageName`` and ``imageTag``."""
# What charts put before a name that has no folder of its own: Istio's `hub`, `org`, and their like.
LEADS = ("hub", "org", "organization", "imageRegistry", "imagePrefix", "registryPrefix")
# What charts put behind a tag: the digest of the tag alone is that of another image.
TAILS = ("suffix", "tagSuffix", "versionSuffix", "rootless")
# Of a chart's sources and of git repositories, which are called `repository`, too.
NO_REPOSITORY = re.compile(r"://|^git@|^@|\.git$")
# A picture, a disk, a piece of text: what stands under `backgroundImage` and its like.
NO_IMAGE = re.compile(
    r"://|\s|^[./~]|^(?:data:|url\()|\.(?:png|jpe?g|gif|svg|ico|webp|bmp|avif|iso|img|raw|qcow2|vmdk|ova|vhdx?)$",
    re.IGNORECASE,
)
UNPUBLISHED = re.compile(r"set[-.]by[-.]chartpress")
"""What chartpress puts its version in place of, when it publishes a chart (jupyterhub, binderhub, dask)."""
_MAP_OF_IMAGES = re.compile(r"(?:^|\.)images(?:\.tags)?$")
_BEFORE_ALL = (*LEADS, "registry", "repository", "prefix", "tag", "version")
# go-yaml's numbers, and what JSON makes of them: a template prints `1.10` as 1.1 (sigs.k8s.io/yaml goes by JSON).
_NUMBER = re.compile(
    r"[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|[0-9][0-9_]*"
    r"|(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?)|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_PRINTED_ALIKE = re.compile(r"0|[1-9][0-9]{0,17}|(?:0|[1-9][0-9]{0,8})\.[0-9]{0,6}[1-9]")


def tag_keys(key: str) -> tuple[str, ...]:
    """Return the keys of which one may hold the tag of the image under ``key``, which ends in ``image``."""
    if key == "image":
        return ("tag", "imageTag", "image_tag")
    stem = key[: -len("image")]
    return (f"{key}_tag", f"{stem}tag") if stem.endswith("_") else (f"{key}Tag", f"{stem}Tag")


def version_keys(key: str) -> tuple[str, ...]:
    """Return the keys of which one may hold the version that templates put behind the image under ``key``."""
    if key == "image":
        return ("version", "imageVersion", "image_version")
    return (f"{key}Version", f"{key[: -len('image')]}Version")


def is_map_of_images(path: str, keys: frozenset[str]) -> bool:
    """Tell whether every text under ``path`` is an image: ``images``, and openstack-helm's ``images.tags``.

    ``keys`` are those of the mapping: not where one says what comes before or behind all of them.
    """
    return _MAP_OF_IMAGES.search(path) is not None and keys.isdisjoint(_BEFORE_ALL)


def has_tag(name: str) -> bool:
    """Tell whether the text ``name`` has a tag or a digest of its own."""
    return ":" in name.rpartition("/")[2] or "@" in name


def is_tagged_image(text: str) -> bool:
    """Tell whether ``text`` is a reference with a tag or a digest, and not a host and its port."""
    reference = ImageReference.try_parse(text)
    if reference is None or (reference.tag is None and reference.digest is None):
        return False
    return "/" in text or "." not in text.partition(":")[0]


def is_printed_otherwise(scalar: Scalar) -> bool:
    """Tell whether a template prints the plain ``scalar`` in other words than it is written in."""
    if scalar.style or scalar.tag is not None:
        return False
    return _NUMBER.fullmatch(scalar.value) is not None and _PRINTED_ALIKE.fullmatch(scalar.value) is None
