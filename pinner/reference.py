"""Image reference grammar and parser, a port of distribution/reference's ``ParseNormalizedNamed``.

Source of every rule: github.com/distribution/reference v0.6 (``regexp.go``, ``normalize.go``) and
opencontainers/go-digest (``algorithm.go``) for the lengths.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pinner._typing import NamedTuple
from pinner.errors import InvalidReferenceError

_HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_MAX_PATH = 255
DOCKER_HUB = "docker.io"
"""The registry of names without one; its own name in references."""

# Explicit ASCII classes and `fullmatch`: Python's `\w` is Unicode, and its `$` accepts a trailing newline.
_COMPONENT = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
# A slash joins letters and digits as the other separators do.
_NAME = re.compile(rf"([a-z0-9]+(?:(?:[/._]|__|-+)[a-z0-9]+)*)(?::({_TAG}))?")
_LOWER_HEX = "0123456789abcdef"
_ID_LENGTH = 64
_ID = "sha256:"


class Digest(NamedTuple):
    """``algorithm:hex`` of a manifest or an index: sha256, sha384 or sha512, lower-case, of the right length."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Return the digest that ``text`` spells, or raise `InvalidReferenceError`."""
        algorithm, _, hexadecimal = text.partition(":")
        length = _HEX_LENGTHS.get(algorithm)
        if length is None:
            raise InvalidReferenceError(f"unsupported digest algorithm in `{text}`", hint="use sha256 or sha512")
        if len(hexadecimal) != length or hexadecimal.strip(_LOWER_HEX):
            raise InvalidReferenceError(f"`{text}` is not a digest: {algorithm} has {length} lower-case hex digits")
        return cls(algorithm, hexadecimal)

    @classmethod
    def try_parse(cls, text: str) -> Digest | None:
        """Return the digest that ``text`` spells; None where it spells none."""
        try:
            return cls.parse(text)
        except InvalidReferenceError:
            return None

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    @property
    def short(self) -> str:
        """The beginning of it, as messages show it: enough to tell it from another."""
        return f"{self.algorithm}:{self.hex[:12]}…"


class Platform(NamedTuple):
    """``os/architecture[/variant]``, as in an index's descriptors (image-spec, image-index.md)."""

    os: str
    architecture: str
    variant: str | None = None

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Return the platform that ``text`` spells, or raise `InvalidReferenceError`."""
        parts = text.split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise InvalidReferenceError(f"`{text}` is not a platform", hint="write os/architecture, as in linux/amd64")
        return cls(*parts)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


class ImageReference(NamedTuple):
    """An image's name: what was written, and what a registry makes of it. Tag and digest are independent."""

    written: str
    domain: str
    """The registry; empty for the few names that the grammar accepts and no registry can serve."""
    path: str
    tag: str | None
    digest: Digest | None

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Return the reference that ``text`` spells, or raise `InvalidReferenceError`."""
        return _parse(text)

    @classmethod
    def try_parse(cls, text: str) -> ImageReference | None:
        """Return the reference that ``text`` spells; None where it spells none."""
        try:
            return _parse(text)
        except InvalidReferenceError:
            return None

    def __str__(self) -> str:
        return self.written

    @property
    def repository(self) -> str:
        """The full repository name, ``docker.io/library/nginx``."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def canonical(self) -> str:
        """The registry's full name of the tag that is followed, ``docker.io/library/nginx:latest``; no digest."""
        return f"{self.repository}:{self.tag or 'latest'}"

    @property
    def familiar(self) -> str:
        """The text as written, without its digest."""
        return self.written if self.digest is None else self.written.rpartition("@")[0]

    @property
    def tail(self) -> str:
        """The tag and the digest as written, ``1.27@sha256:…``."""
        return (self.tag or "") if self.digest is None else f"{self.tag or ''}@{self.digest}"

    def with_tag(self, tag: str) -> ImageReference:
        """Return this reference with ``tag`` in the place of its own; the digest stays."""
        name = self.familiar.removesuffix(f":{self.tag}")
        digest = "" if self.digest is None else f"@{self.digest}"
        return self._replace(written=f"{name}:{tag}{digest}", tag=tag)

    def at(self, digest: Digest) -> ImageReference:
        """Return this reference held to ``digest``, whatever it is held to now."""
        return self._replace(written=f"{self.familiar}@{digest}", digest=digest)


def comparable(name: str) -> str:
    """Return ``name`` in the form in which two spellings of the same image are equal."""
    reference = ImageReference.try_parse(name)
    return name if reference is None else reference.canonical


def repository_of(name: str) -> str:
    """Return the registry's full name of the repository of ``name``; ``name`` where it is no reference."""
    reference = ImageReference.try_parse(name)
    return name if reference is None else reference.repository


@lru_cache(maxsize=4096)
def _parse(text: str) -> ImageReference:
    if len(text) == _ID_LENGTH and not text.strip(_LOWER_HEX):
        raise InvalidReferenceError(
            f"`{text}` is 64 hex digits: an ID and not a name", hint="write the name, and the hash after `@sha256:`"
        )
    if text.startswith(_ID) and len(text) == len(_ID) + _ID_LENGTH and not text[len(_ID) :].strip(_LOWER_HEX):
        # The grammar would have it that this is a tag of an image `sha256`; engines take it for their ID of an image.
        raise InvalidReferenceError(
            "this is an image ID and names nothing that a registry has", hint="`pinner identify` tells what it is of"
        )
    domain, remainder = _split_domain(text)
    name = remainder.partition(":")[0]
    if name != name.lower():
        raise InvalidReferenceError(f"`{text}` is not an image reference: a repository name is lower-case")
    # Docker Hub's names need no further pattern, which would take longer to compile than to read a hundred files.
    if domain != DOCKER_HUB and re.fullmatch(_DOMAIN, domain) is None:
        # `my_host.example/app`: an underscore is no host name, yet the grammar reads it all as a path without a domain.
        domain, remainder = "", f"{domain}/{remainder}"
    name, at, digest = remainder.partition("@")
    match = _NAME.fullmatch(name)
    if match is None or (at and not _may_be_digest(digest)):
        raise InvalidReferenceError(f"`{text}` is not an image reference")
    path, tag = match.groups()
    if len(path) > _MAX_PATH:
        raise InvalidReferenceError(f"`{text[:60]}…` is no image reference: its name is over {_MAX_PATH} characters")
    return ImageReference(text, domain, path, tag, Digest.parse(digest) if at else None)


def _may_be_digest(text: str) -> bool:
    """Tell whether ``text`` fits the grammar of digests, whose algorithms are open and lengths are not."""
    algorithm, _, hexadecimal = text.partition(":")
    if _HEX_LENGTHS.get(algorithm) == len(hexadecimal) and not hexadecimal.strip(_LOWER_HEX):
        return True
    return re.fullmatch(_DIGEST, text) is not None


def _split_domain(text: str) -> tuple[str, str]:
    """Split off the registry as ``splitDockerDomain`` (normalize.go) does."""
    first, slash, rest = text.partition("/")
    if not slash:
        return DOCKER_HUB, f"library/{text}"
    if first == "index.docker.io":
        first = DOCKER_HUB
    elif first != "localhost" and "." not in first and ":" not in first and first == first.lower():
        return DOCKER_HUB, text
    if first == DOCKER_HUB and "/" not in rest:
        rest = f"library/{rest}"
    return first, rest
