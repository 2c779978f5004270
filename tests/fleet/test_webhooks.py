"""Hooks: each sender's own form, signed as it signs, and nothing but one hint from whoever does not."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from fleethooks import PUSH, SECRET, hook

from pinner.fleet.events import record_event
from pinner.fleet.store import open_empty
from pinner.fleet.webhooks import ForgedError, Hints, Hook, NonsenseError, read_hook

if TYPE_CHECKING:
    from collections.abc import Iterator

NGINX = "docker.io/library/nginx:1.27"


def changed(value: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**value, **more}


GITHUB = [
    ("push", PUSH, ("acme/app",), ()),
    ("push", changed(PUSH, commits=[{"modified": ["src/a.go"]}]), (), ()),
    ("push", changed(PUSH, commits=[{"removed": ["pinner.toml"]}]), ("acme/app",), ()),
    ("push", changed(PUSH, commits=[]), ("acme/app",), ()),
    ("push", changed(PUSH, commits=[{"modified": ["src/a.go"]}] * 20), ("acme/app",), ()),
    ("push", changed(PUSH, ref="refs/heads/pinner/digests"), (), ()),
    ("pull_request", {"action": "closed", "repository": {"full_name": "acme/app"}}, ("acme/app",), ()),
    ("pull_request", {"action": "opened", "repository": {"full_name": "acme/app"}}, (), ()),
    ("repository", {"action": "created", "repository": {"full_name": "acme/new"}}, ("acme/new",), ()),
    ("ping", {"zen": "x", "repository": {"full_name": "acme/app"}}, (), ()),
    (
        "registry_package",
        {
            "registry_package": {
                "namespace": "Acme",
                "name": "base",
                "package_version": {"container_metadata": {"tag": {"name": "2", "digest": "sha256:x"}}},
            }
        },
        (),
        ("ghcr.io/acme/base:2",),
    ),
    ("registry_package", {"registry_package": {"namespace": "acme", "name": "base"}}, (), ()),
]


@pytest.mark.parametrize(("event", "value", "repositories", "images"), GITHUB)
def test_github_speaks_of_repositories_and_images(
    event: str, value: Any, repositories: tuple[str, ...], images: tuple[str, ...]
) -> None:
    found = read_hook(hook("github", value, {"x-github-event": event, "x-github-delivery": "7"}), SECRET)
    # Its number is not signed: a replay could have another.
    assert found == Hints(found.delivery, repositories, images)
    again = read_hook(hook("github", value, {"x-github-event": event, "x-github-delivery": "8"}), SECRET)
    assert (again.delivery, len(again.delivery)) == (found.delivery, 64)


def test_gitea_and_gitlab_speak_of_repositories() -> None:
    found = read_hook(hook("gitea", PUSH, {"x-gitea-event": "push", "x-gitea-delivery": "8"}), SECRET)
    assert found == Hints(found.delivery, ("acme/app",))
    project = {"project": {"path_with_namespace": "acme/sub/app"}}
    push = {**PUSH, **project}
    assert read_hook(hook("gitlab", push, {"x-gitlab-event": "Push Hook"}), SECRET).repositories == ("acme/sub/app",)
    for action, is_news in (("merge", True), ("close", True), ("open", False)):
        value = {**project, "object_attributes": {"action": action}}
        found = read_hook(hook("gitlab", value, {"x-gitlab-event": "Merge Request Hook"}), SECRET)
        assert bool(found.repositories) is is_news
    assert read_hook(hook("gitlab", project, {"x-gitlab-event": "Note Hook"}), SECRET).repositories == ()


def pubsub(value: Any) -> dict[str, Any]:
    return {"message": {"data": base64.b64encode(json.dumps(value).encode()).decode()}}


ECR = {
    "account": "123456789012",
    "region": "eu-west-1",
    "detail": {"action-type": "PUSH", "result": "SUCCESS", "repository-name": "app", "image-tag": "1"},
}
ACR = {"action": "push", "target": {"repository": "app", "tag": "1"}, "request": {"host": "acme.azurecr.io"}}
JFROG = {
    "domain": "docker",
    "event_type": "pushed",
    "jpd_origin": "https://acme.jfrog.io",
    "data": {"repo_key": "docker", "image_name": "app", "tag": "1"},
}
HARBOR = {
    "type": "PUSH_ARTIFACT",
    "event_data": {"resources": [{"tag": "1", "resource_url": "harbor.example/a/b:1"}, {"resource_url": "x@sha256:y"}]},
}
REGISTRIES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("dockerhub", {"repository": {"repo_name": "library/nginx"}, "push_data": {"tag": "1.27"}}, (NGINX,)),
    ("dockerhub", {"repository": {"repo_name": "UPPER!"}, "push_data": {"tag": "1"}}, ()),
    ("harbor", HARBOR, ("harbor.example/a/b:1",)),
    ("harbor", changed(HARBOR, type="DELETE_ARTIFACT"), ()),
    ("quay", {"docker_url": "quay.io/a/b", "updated_tags": ["1", "2"]}, ("quay.io/a/b:1", "quay.io/a/b:2")),
    ("acr", ACR, ("acme.azurecr.io/app:1",)),
    ("acr", changed(ACR, action="delete"), ()),
    ("acr", changed(ACR, target={"repository": "app"}), ()),
    ("artifactory", JFROG, ("acme.jfrog.io/docker/app:1",)),
    ("artifactory", changed(JFROG, event_type="deleted"), ()),
    ("ecr", ECR, ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",)),
    ("ecr", changed(ECR, detail={"action-type": "DELETE", "result": "SUCCESS"}), ()),
    ("gar", pubsub({"action": "INSERT", "tag": "eu-docker.pkg.dev/p/r/app:1"}), ("eu-docker.pkg.dev/p/r/app:1",)),
    ("gar", pubsub({"action": "DELETE", "tag": "eu-docker.pkg.dev/p/r/app:1"}), ()),
]


@pytest.mark.parametrize(("sender", "value", "images"), REGISTRIES)
def test_registries_speak_of_images(sender: str, value: Any, images: tuple[str, ...]) -> None:
    found = read_hook(hook(sender, value), SECRET)
    assert found.images == images
    # Without a number of its own, what it says tells it from another; Quay says the same of every push.
    assert len(found.delivery) == (0 if sender == "quay" else 64)


@pytest.mark.parametrize("sender", sorted({sender for sender, *_ in REGISTRIES} | {"github", "gitlab", "gitea"}))
def test_whoever_does_not_know_the_secret_is_refused(sender: str) -> None:
    with pytest.raises(ForgedError):
        read_hook(hook(sender, PUSH, secret="another-secret"), SECRET)
    with pytest.raises(ForgedError):
        read_hook(Hook(sender, {}, b"{}"), SECRET)


NONSENSE = [b"", b"\xff", b"[" * 100_000, b"[]", b"1", b"null", b'{"repository": 5}', b'{"message": {"data": "%"}}']


@pytest.mark.parametrize("body", NONSENSE)
@pytest.mark.parametrize("sender", ["github", "gitlab", "gar", "ecr", "dockerhub"])
def test_what_is_no_such_hook_is_refused(sender: str, body: bytes) -> None:
    with pytest.raises(NonsenseError):
        read_hook(hook(sender, body, {"x-github-event": "push"}), SECRET)


STRANGE: list[Any] = [None, True, -1.5, "", "\0\ud800", [], {}, [None], {"a": 1}, "a:b:c@sha256:z"]


def places(value: Any, lead: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield lead
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from places(inner, (*lead, key))


def put(value: Any, place: tuple[Any, ...], strange: Any) -> Any:
    """Return ``value`` with something ``strange`` at one place."""
    if not place:
        return strange
    made = value.copy()
    made[place[0]] = put(value[place[0]], place[1:], strange)
    return made


PROJECT = {"project": {"path_with_namespace": "acme/app"}}
FORMS: list[tuple[str, Any, dict[str, str]]] = [
    *(("github", value, {"x-github-event": event}) for event, value, *_ in GITHUB),
    *((sender, value, {}) for sender, value, _ in REGISTRIES),
    ("gitea", PUSH, {"x-gitea-event": "push"}),
    ("gitlab", {**PUSH, **PROJECT}, {"x-gitlab-event": "Push Hook"}),
    ("gitlab", {**PROJECT, "object_attributes": {"action": "merge"}}, {"x-gitlab-event": "Merge Request Hook"}),
]


def test_whatever_stands_where_something_else_belongs_is_nonsense_or_nothing() -> None:
    """Whoever knows the secret may still be wrong, and what is kept of it is text."""
    with open_empty() as store:
        for sender, value, headers in FORMS:
            for place in places(value):
                for strange in STRANGE:
                    with contextlib.suppress(NonsenseError):
                        hints = read_hook(hook(sender, put(value, place, strange), headers), SECRET)
                        assert not record_event(store, sender, ("https://f",), hints, 1.0)
