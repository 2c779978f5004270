"""Pasted text that stands for an image: a web address, a line of a command, a Dockerfile or YAML.

People copy what they see. Each address is read as its registry writes it; nothing is fetched.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.errors import ConfigError, public_address
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CLIENTS = frozenset({"docker", "podman", "nerdctl", "crane", "skopeo", "buildah", "ctr", "crictl", "oras", "cosign"})
_VERBS = frozenset({"pull", "run", "create", "image", "images", "container", "inspect", "digest", "manifest", "copy"})
_PROMPTS = frozenset({"$", "#", "sudo", "-"})
_LABELS = frozenset({"from", "image:", "uses:"})
_TRANSPORT = re.compile(r"(?:docker|docker-image|oci|registry)://(?=[^/])")
_ELLIPSIS = re.compile(r"(?:…|\.\.\.)$")
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_SHORTENED = re.compile(r"([^@\s]+)@sha256:([0-9a-f]{0,63})(?:…|\.\.\.)")
_NAME = r"[a-z0-9][a-z0-9._/-]*"
_API = re.compile(rf"v2/(?P<name>{_NAME})/(?:(?:manifests|blobs)/(?P<what>[\w.:-]+)|tags/list)")
_SHOWN = re.compile(
    r"(?P<name>\S+)[ \t]+(?P<tag>\S+)(?:[ \t]+(?P<digest>sha256:[0-9a-f]{64}|<none>))?[ \t]+(?P<id>[0-9a-f]{12})"
    r"(?:[ \t].*)?"
)
"""A line of `docker images`, of `podman images`, and of both with `--digests`."""


def images_of(words: Sequence[str]) -> tuple[str, ...]:
    """Return the images that ``words``, as they stand on a command line, mean, in their order.

    A command that was pasted (``docker pull NAME``) is its image; anything else stands for itself. Raises `ConfigError`
    for a web address that names no image, and for a command with options, whose image cannot be told from their values.
    """
    texts = [part for word in words for part in (word.split() if _is_line(word) else [word])]
    if len(texts) > 1 and texts[0] in _PROMPTS:
        texts = texts[1:]
    if len(texts) > 1 and texts[0] in _CLIENTS and texts[1] in _VERBS:
        return (image_of(_of_command(texts)),)
    if len(texts) > 1 and texts[0].lower() in _LABELS:
        # What follows an image in a Dockerfile is the name of a stage.
        return (image_of(next((text for text in texts[1:] if not text.startswith("-")), texts[1])),)
    return tuple(map(image_of, texts))


def _is_line(word: str) -> bool:
    """Tell whether ``word`` is several of a command or a file, quoted as one."""
    first, _, rest = word.strip().partition(" ")
    return bool(rest) and (first in _CLIENTS or first in _PROMPTS or first.lower() in _LABELS)


def _of_command(texts: Sequence[str]) -> str:
    rest = [text for text in texts[1:] if text not in _VERBS]
    options = [text for text in rest if text.startswith("-")]
    if options or not rest:
        raise ConfigError(
            f"which word of `{printable(' '.join(texts))}` is the image?", hint="give the image alone: NAME:TAG"
        )
    return rest[0]


def image_of(text: str) -> str:
    """Return the image that one pasted word means: its web address read, quotes and transports taken off."""
    text = text.strip().strip("\"'`,;")
    if (short := _SHORTENED.fullmatch(text)) is not None:
        name, digits = short.groups()
        raise ConfigError(
            f"`{printable(text)}` is shortened: it has {len(digits)} of 64 digits",
            hint=f"`pinner identify {digits} --image {printable(name)}` finds the whole, given 12 or more",
        )
    if re.fullmatch(r"sha256:[0-9a-fA-F]{12,64}", text):
        raise ConfigError(
            "a hash alone names no image: registries are asked for NAME@sha256:…",
            hint=f"write NAME@{text}, or see what it is of: `pinner identify {text}`",
        )
    if re.match(r"https?://", text):
        return _of_address(text)
    if text.startswith(_PAGES):
        return _of_address(f"https://{text}")
    return _TRANSPORT.sub("", text, count=1)


def hash_shown(line: str) -> tuple[str, str] | None:
    """Return the hash and the name in a ``line`` of `docker images`; None for anything else."""
    match = _SHOWN.fullmatch(line.strip())
    if match is None or match["name"] in _CLIENTS:
        return None
    name = "" if "<none>" in (match["name"], match["tag"]) else f"{match['name']}:{match['tag']}"
    digest = match["digest"]
    return (match["id"] if digest in (None, "<none>") else digest), name


def hash_of(text: str) -> str:
    """Return a hash as it was shown, without the ``…`` that stands for the digits that were left out."""
    return _ELLIPSIS.sub("", text.strip().strip("\"'`"))


def _of_address(address: str) -> str:
    from urllib.parse import parse_qs, unquote, urlsplit  # noqa: PLC0415 - only for an address

    parts = urlsplit(address)
    path = unquote(parts.path).strip("/")
    host = (parts.hostname or "").removeprefix("www.")
    read = _SITES.get(host)
    name = None if read is None else read(path)
    if (asked := _API.fullmatch(path)) is not None:
        sign = "@" if ":" in (asked["what"] or "") else ":"
        return f"{parts.netloc.rpartition('@')[2]}/{asked['name']}" + (
            f"{sign}{asked['what']}" if asked["what"] else ""
        )
    if name is None and read is None and re.fullmatch(_NAME, path) and parts.hostname and "." in parts.hostname:
        # A registry that shows its images under the names that they are pulled by.
        name = f"{parts.netloc.rpartition('@')[2]}/{re.sub('^v2/', '', path)}"
    if name is None:
        raise ConfigError(
            f"no image is named by `{printable(public_address(address))}`",
            hint="give the name that `docker pull` takes: NAME:TAG",
        )
    return _with_selection(name, path, {key: values[0] for key, values in parse_qs(parts.query).items()})


def _with_selection(name: str, path: str, query: dict[str, str]) -> str:
    """Return ``name`` with the tag that ``query`` selects and the digest that the page is of."""
    tag = query.get("tag") or (query.get("name") if "/tags" in path else None)
    if tag and ":" not in name.rpartition("/")[2] and re.fullmatch(r"[\w][\w.-]{0,127}", tag):
        name += f":{tag}"
    digest = _DIGEST.search(path)
    return f"{name}@sha256:{digest[1]}" if digest and "@" not in name else name


def _docker_hub(path: str) -> str | None:
    """``_/NAME``, ``r/OWNER/NAME``, ``layers/OWNER/NAME/TAG/images/sha256-…``, ``repository/docker/OWNER/NAME``."""
    match = re.match(rf"(?:_/|r/|hardened-images/catalog/)(?P<name>{_NAME}?)(?:/tags.*|/builds.*)?$", path)
    if match is not None:
        return match["name"]
    match = re.match(r"(?:layers|repository/docker)/(?P<owner>[^/]+)/(?P<name>[^/]+)(?:/(?P<tag>[^/]+)/images)?", path)
    if match is None:
        return None
    name = match["name"] if match["owner"] == "library" else f"{match['owner']}/{match['name']}"
    return f"{name}:{match['tag']}" if match["tag"] else name


def _github(path: str) -> str | None:
    """``OWNER/REPO/pkgs/container/NAME``, ``orgs|users/OWNER/packages/container/package/NAME``, each ``/ID?tag=…``."""
    match = re.match(r"(?P<owner>[^/]+)/[^/]+/pkgs/container/(?P<name>.+?)(?:/\d+|/versions)?$", path) or re.match(
        r"(?:orgs|users)/(?P<owner>[^/]+)/packages/container/(?:package/)?(?P<name>.+?)(?:/\d+|/versions)?$", path
    )
    return None if match is None else f"ghcr.io/{match['owner']}/{match['name']}".lower()


def _quay(path: str) -> str | None:
    """``repository/OWNER/NAME``, ``repository/OWNER/NAME/manifest/sha256:…``."""
    match = re.match(r"repository/(?P<name>[^/]+/[^/]+)", path)
    return None if match is None else f"quay.io/{match['name']}"


def _ecr(path: str) -> str | None:
    match = re.match(rf"(?P<name>{_NAME})$", path)
    return None if match is None else f"public.ecr.aws/{match['name']}"


def _microsoft(path: str) -> str | None:
    """``en-us/product/dotnet/sdk/about``, ``artifact/mar/dotnet/sdk/tags``."""
    match = re.match(rf"(?:[a-z-]+/)?(?:product|artifact/mar)/(?P<name>{_NAME}?)(?:/(?:about|tags|tag/.*))?$", path)
    return None if match is None else f"mcr.microsoft.com/{match['name']}"


def _google(path: str) -> str | None:
    """``artifacts/docker/PROJECT/REGION/REPOSITORY/NAME/sha256:…``, as the console has it."""
    match = re.match(
        r"artifacts/docker/(?P<project>[^/]+)/(?P<region>[^/]+)/(?P<repository>[^/]+)/(?P<name>[^/]+)", path
    )
    if match is None:
        return None
    return f"{match['region']}-docker.pkg.dev/{match['project']}/{match['repository']}/{match['name']}"


def _chainguard(path: str) -> str | None:
    """``directory/image/NAME/versions``."""
    match = re.match(r"(?:directory/)?image/(?P<name>[^/]+)", path)
    return None if match is None else f"cgr.dev/chainguard/{match['name']}"


_SITES: dict[str, Callable[[str], str | None]] = {
    "hub.docker.com": _docker_hub,
    "github.com": _github,
    "quay.io": _quay,
    "gallery.ecr.aws": _ecr,
    "mcr.microsoft.com": _microsoft,
    "console.cloud.google.com": _google,
    "images.chainguard.dev": _chainguard,
}
"""By host, what reads the path of its pages; None for one that is about no image."""
_PAGES = (*[f"{host}/" for host in _SITES if host not in ("quay.io", "mcr.microsoft.com")], "quay.io/repository/")
"""What an address of a page begins with where its ``https://`` was left out; two hosts are registries as well."""
