"""Webhooks of forges and registries: who may send them, and what they hint at.

A hook is a hint and never an answer: it has an image be asked about, or a repository be looked at. Sources: the
senders' own pages on webhooks (GitHub, GitLab, Gitea, Docker Hub, Harbor, Quay, Azure, JFrog, Amazon EventBridge,
Google Pub/Sub).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pinner.formats import claims
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST_BYTES = 5 << 20
"""Of a hook; what is larger tells of more commits than anybody makes by hand."""
_MOST_IMAGES = 100
_OWN_BRANCHES = "refs/heads/pinner/"
_READ_BESIDES = frozenset({"pinner.toml", "pyproject.toml", "pinner.lock"})
_TOLD_COMMITS = 20
"""Forges tell of no more commits than that: of others the files are not known."""


class Hook(NamedTuple):
    """One request of a sender."""

    sender: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    path_secret: str = ""
    """What follows the sender's name in the address."""


class Hints(NamedTuple):
    """What a hook speaks of."""

    delivery: str
    """What tells it from another; the same again is a replay. Empty where its sender says the same of every push."""
    repositories: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    """Canonical names."""


class ForgedError(Exception):
    """Whoever sent it does not know the secret."""


class NonsenseError(Exception):
    """It is no JSON, or not of the form that the sender has."""


def read_hook(hook: Hook, secret: str) -> Hints:
    """Return what a hook speaks of; nothing where it speaks of something else.

    Raises `ForgedError` where it is not signed with ``secret``, `NonsenseError` where it cannot be understood.
    """
    known = SENDERS[hook.sender]
    if not known.is_signed(hook, secret):
        raise ForgedError
    try:
        value = json.loads(hook.body)
    except (ValueError, RecursionError) as error:
        raise NonsenseError from error
    number = hook.headers.get(known.delivery) or (hashlib.sha256(hook.body).hexdigest() if known.is_dated else "")
    try:
        hints = known.read(hook.headers, value)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise NonsenseError from error
    if not all(isinstance(name, str) for name in hints.repositories):
        raise NonsenseError
    return hints._replace(delivery=number[:200])


# Signatures


def _by_hmac(header: str, lead: str = "") -> Callable[[Hook, str], bool]:
    def is_signed(hook: Hook, secret: str) -> bool:
        wanted = lead + hmac.new(secret.encode(), hook.body, hashlib.sha256).hexdigest()
        return _same(hook.headers.get(header, ""), wanted)

    return is_signed


def _by_header(header: str) -> Callable[[Hook, str], bool]:
    return lambda hook, secret: _same(hook.headers.get(header, "").removeprefix("Bearer "), secret)


def _by_path(hook: Hook, secret: str) -> bool:
    return _same(hook.path_secret, secret)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


# What forges say


def _github(headers: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    event = headers.get("x-github-event", "")
    if event == "registry_package":
        package = value["registry_package"]
        version = package.get("package_version") or {}
        tag = ((version.get("container_metadata") or {}).get("tag") or {}).get("name")
        # An owner's name may have capital letters, and an image's has none.
        name = f"ghcr.io/{package['namespace']}/{package['name']}".lower()
        return _images([f"{name}:{tag}"] if tag else [])
    return _of_forge(event, value, value["repository"]["full_name"])


def _gitea(headers: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    return _of_forge(headers.get("x-gitea-event", ""), value, value["repository"]["full_name"])


def _gitlab(headers: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    name = value["project"]["path_with_namespace"]
    event = {"Push Hook": "push", "Merge Request Hook": "pull_request"}.get(headers.get("x-gitlab-event", ""), "")
    if event == "pull_request":
        action = value["object_attributes"].get("action")
        return Hints("", (name,)) if action in ("close", "merge", "reopen") else Hints("")
    return _of_forge(event, value, name)


def _of_forge(event: str, value: Any, name: str) -> Hints:  # noqa: ANN401 - JSON
    """Return whose repository a push or a pull request is, where it may change what the bot has to do."""
    is_news = (event == "push" and _is_read(value)) or (
        event == "pull_request" and value.get("action") in ("closed", "reopened")
    )
    return Hints("", (name,)) if is_news or event == "repository" else Hints("")


def _is_read(value: Any) -> bool:  # noqa: ANN401 - JSON
    """Tell whether a push touches a file that a run reads; the bot's own pushes are no news."""
    if str(value.get("ref", "")).startswith(_OWN_BRANCHES):
        return False
    commits = value.get("commits") or []
    if not commits or len(commits) >= _TOLD_COMMITS:
        return True
    paths = {path for one in commits for key in ("added", "modified", "removed") for path in one.get(key) or ()}
    return any(claims(path) or path in _READ_BESIDES for path in paths)


# What registries say


def _images(names: list[str]) -> Hints:
    return Hints("", images=tuple(_canonical(names[:_MOST_IMAGES])))


def _canonical(names: list[str]) -> Iterator[str]:
    for reference in map(ImageReference.try_parse, names):
        if reference is not None:
            yield reference.canonical


def _dockerhub(_: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    return _images([f"docker.io/{value['repository']['repo_name']}:{value['push_data']['tag']}"])


def _harbor(_: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    if value["type"] != "PUSH_ARTIFACT":
        return Hints("")
    resources = [one for one in value["event_data"]["resources"] if one.get("tag")]
    return _images([one["resource_url"].partition("@")[0] for one in resources])


def _quay(_: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    return _images([f"{value['docker_url']}:{tag}" for tag in value["updated_tags"]])


def _acr(_: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    if value["action"] != "push":
        return Hints("")
    target = value["target"]
    return _images([f"{value['request']['host']}/{target['repository']}:{target['tag']}"] if target.get("tag") else [])


def _artifactory(_: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    if (value["domain"], value["event_type"]) != ("docker", "pushed"):
        return Hints("")
    host, data = urlsplit(value["jpd_origin"]).netloc, value["data"]
    return _images([f"{host}/{data['repo_key']}/{data['image_name']}:{data['tag']}"])


def _ecr(_: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    detail = value["detail"]
    if (detail["action-type"], detail["result"]) != ("PUSH", "SUCCESS") or not detail.get("image-tag"):
        return Hints("")
    host = f"{value['account']}.dkr.ecr.{value['region']}.amazonaws.com"
    return _images([f"{host}/{detail['repository-name']}:{detail['image-tag']}"])


def _gar(_: Mapping[str, str], value: Any) -> Hints:  # noqa: ANN401 - JSON
    try:
        data = json.loads(base64.b64decode(value["message"]["data"], validate=True))
    except binascii.Error as error:
        raise NonsenseError from error
    return _images([data["tag"]] if data["action"] == "INSERT" and data.get("tag") else [])


class _Sender(NamedTuple):
    """How a sender signs, and what it says."""

    is_signed: Callable[[Hook, str], bool]
    read: Callable[[Mapping[str, str], Any], Hints]
    delivery: str = ""
    """The header that numbers its hooks; none where the body alone is signed: a replay could have another number."""
    is_dated: bool = True
    """Whether what it says tells one push from the next: Quay names the tag, and no time and no digest."""


SENDERS: Mapping[str, _Sender] = {
    "github": _Sender(_by_hmac("x-hub-signature-256", "sha256="), _github),
    "gitlab": _Sender(_by_header("x-gitlab-token"), _gitlab, "x-gitlab-event-uuid"),
    "gitea": _Sender(_by_hmac("x-gitea-signature"), _gitea),
    "dockerhub": _Sender(_by_path, _dockerhub),
    "harbor": _Sender(_by_header("authorization"), _harbor),
    "quay": _Sender(_by_path, _quay, is_dated=False),
    "acr": _Sender(_by_header("authorization"), _acr),
    "artifactory": _Sender(_by_header("x-jfrog-event-auth"), _artifactory),
    "ecr": _Sender(_by_header("authorization"), _ecr),
    "gar": _Sender(_by_path, _gar),
}
"""Who may send hooks."""
