"""The registries in use, one after another: how each lets people in, and how each says no.

The challenges and refusals are those of the vendors' documentation.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import pytest
from scripted_registry import (
    OCI_INDEX,
    A,
    Answer,
    ScriptedRegistry,
    ask,
    challenge,
    refusal,
    resolver,
    tag_answer,
    token,
)

from pinner.config import RegistryOptions, Settings
from pinner.errors import NotFoundError, ResolveError, UnauthorizedError
from pinner.model import Resolved
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ANSWER = Resolved(Digest.parse(A), OCI_INDEX)
SECRET = "s3cret:with/colon+plus="
GCLOUD_KEY = json.dumps({"type": "service_account", "private_key": "-----BEGIN\nKEY\n", "client_email": "a@b.example"})
GUID = "00000000-0000-0000-0000-000000000000"


def basic(username: str, password: str = SECRET) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def login(key: str, username: str, password: str = SECRET, **more: str) -> dict[str, str]:
    """What `docker login` leaves behind."""
    entry = {"auth": base64.b64encode(f"{username}:{password}".encode()).decode(), **more}
    return {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {key: entry}})}


class Cloud(NamedTuple):
    """How a registry with token servers wants to be asked."""

    registry: str
    repository: str
    realm: str
    service: str
    scope: str
    host: str = ""
    """The one that is asked, where that is another one."""

    @property
    def image(self) -> str:
        return f"{self.registry}/{self.repository}:1"

    @property
    def manifest(self) -> str:
        return f"https://{self.host or self.registry}/v2/{self.repository}/manifests/1"

    @property
    def challenge(self) -> Answer:
        return challenge(f'Bearer realm="{self.realm}",service="{self.service}",scope="{self.scope}"')

    def token_url(self, account: str | None = None) -> str:
        asked = [("service", self.service), ("account", account), ("scope", self.scope)]
        return f"{self.realm}?{urlencode([(name, value) for name, value in asked if value is not None])}"


def pull(repository: str) -> str:
    return f"repository:{repository}:pull"


HUB = Cloud(
    "docker.io",
    "team/app",
    "https://auth.docker.io/token",
    "registry.docker.io",
    pull("team/app"),
    "registry-1.docker.io",
)
ECR_PUBLIC = Cloud("public.ecr.aws", "nginx/nginx", "https://public.ecr.aws/token/", "public.ecr.aws", "aws")
GCR = Cloud("gcr.io", "project/app", "https://gcr.io/v2/token", "gcr.io", pull("project/app"))
ARTIFACT_REGISTRY = Cloud(
    "europe-docker.pkg.dev",
    "project/repo/app",
    "https://europe-docker.pkg.dev/v2/token",
    "europe-docker.pkg.dev",
    pull("project/repo/app"),
)
ACR = Cloud("corp.azurecr.io", "app", "https://corp.azurecr.io/oauth2/token", "corp.azurecr.io", pull("app"))
GHCR = Cloud("ghcr.io", "org/app", "https://ghcr.io/token", "ghcr.io", pull("org/app"))
GITLAB = Cloud(
    "registry.gitlab.com", "group/app", "https://gitlab.com/jwt/auth", "container_registry", pull("group/app")
)
OWN_GITLAB = Cloud(
    "git.corp.example:5050", "group/app", "https://git.corp.example/jwt/auth", "container_registry", pull("group/app")
)
QUAY = Cloud("quay.io", "org/app", "https://quay.io/v2/auth", "quay.io", pull("org/app"))
HARBOR = Cloud(
    "harbor.example",
    "project/app",
    "https://harbor.example/service/token",
    "harbor-registry",
    pull("project/app"),
)
REDHAT = Cloud(
    "registry.redhat.io",
    "ubi9",
    "https://registry.redhat.io/auth/realms/rhcc/protocol/redhat-docker-v2/auth",
    "docker-registry",
    pull("ubi9"),
)
DIGITALOCEAN = Cloud(
    "registry.digitalocean.com",
    "corp/app",
    "https://api.digitalocean.com/v2/registry/auth",
    "registry.digitalocean.com",
    pull("corp/app"),
)
ALIBABA = Cloud(
    "registry.cn-hangzhou.aliyuncs.com",
    "corp/app",
    "https://dockerauth.cn-hangzhou.aliyuncs.com/auth",
    "registry.aliyuncs.com:cn-hangzhou:26842",
    pull("corp/app"),
)


@pytest.fixture
def registry() -> ScriptedRegistry:
    return ScriptedRegistry()


def resolve(registry: ScriptedRegistry, name: str, environment: Mapping[str, str] | None = None) -> object:
    answer = ask(resolver(registry, environment=environment), name)[0]
    registry.assert_used_up()
    return answer


def refused(
    registry: ScriptedRegistry, name: str, kind: type[ResolveError], environment: Mapping[str, str] | None = None
) -> tuple[str, str | None]:
    """Return clause and hint of the answer, which is an error of this very kind."""
    answer = resolve(registry, name, environment)
    assert type(answer) is kind, repr(answer)
    beginning = f"cannot resolve `{name}`: "
    assert answer.message.startswith(beginning)
    return answer.message.removeprefix(beginning), answer.hint


CLOUDS = (HUB, ECR_PUBLIC, GCR, ARTIFACT_REGISTRY, GHCR, GITLAB, OWN_GITLAB, QUAY, HARBOR, DIGITALOCEAN)


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.registry)
def test_a_public_image_costs_a_challenge_an_anonymous_token_and_a_head(
    registry: ScriptedRegistry, cloud: Cloud
) -> None:
    registry.on("TAG", cloud.manifest, cloud.challenge)
    registry.on("GET", cloud.token_url(), token("t1"))
    registry.on("TAG", cloud.manifest, tag_answer(A), authorization="Bearer t1")
    assert resolve(registry, cloud.image) == ANSWER


@pytest.mark.parametrize(
    ("cloud", "key", "username", "password"),
    [
        (HUB, "https://index.docker.io/v1/", "alice", "dckr_pat_x"),
        (ECR_PUBLIC, "public.ecr.aws", "AWS", SECRET),
        (GCR, "https://gcr.io", "oauth2accesstoken", "ya29.x"),
        (GCR, "gcr.io", "_json_key", GCLOUD_KEY),
        (ARTIFACT_REGISTRY, "europe-docker.pkg.dev", "oauth2accesstoken", "ya29.x"),
        (ARTIFACT_REGISTRY, "https://europe-docker.pkg.dev", "_json_key", GCLOUD_KEY),
        (
            ARTIFACT_REGISTRY,
            "europe-docker.pkg.dev",
            "_json_key_base64",
            base64.b64encode(GCLOUD_KEY.encode()).decode(),
        ),
        (ACR, "corp.azurecr.io", "b2f1a0c4-service-principal", SECRET),
        (GHCR, "ghcr.io", "alice", "ghp_x"),
        (GITLAB, "registry.gitlab.com", "gitlab+deploy-token-1", "gldt-x"),
        (OWN_GITLAB, "git.corp.example:5050", "gitlab-ci-token", "glcbt-x"),
        (QUAY, "quay.io", "org+robot", SECRET),
        (HARBOR, "harbor.example", "robot$project+ci", SECRET),
        (REDHAT, "registry.redhat.io", "12345678|name", SECRET),
        (DIGITALOCEAN, "registry.digitalocean.com", "alice@corp.example", SECRET),
        (ALIBABA, "registry.cn-hangzhou.aliyuncs.com", "alice@corp", SECRET),
    ],
    ids=lambda value: value.registry if isinstance(value, Cloud) else None,
)
def test_a_user_gets_a_token_for_it(
    registry: ScriptedRegistry, cloud: Cloud, key: str, username: str, password: str
) -> None:
    registry.on("TAG", cloud.manifest, cloud.challenge)
    registry.on("GET", cloud.token_url(username), token("t1"), authorization=basic(username, password))
    registry.on("TAG", cloud.manifest, tag_answer(A), authorization="Bearer t1")
    assert resolve(registry, cloud.image, login(key, username, password)) == ANSWER


# Docker Hub


def test_docker_hub_says_401_of_a_repository_that_is_not_there(registry: ScriptedRegistry) -> None:
    no = Answer(401, HUB.challenge.headers, refusal(401, "UNAUTHORIZED", "authentication required").body)
    registry.on("TAG", HUB.manifest, HUB.challenge)
    registry.on("GET", HUB.token_url(), token("t1"))
    registry.on("TAG", HUB.manifest, no, authorization="Bearer t1")
    message, hint = refused(registry, HUB.image, UnauthorizedError)
    assert message == "docker.io wants credentials"
    assert hint == (
        "is the name right? Docker Hub answers 401 for repositories that do not exist; "
        "if it is private, log in with `docker login`"
    )


def test_docker_hub_says_401_to_a_user_too(registry: ScriptedRegistry) -> None:
    registry.on("TAG", HUB.manifest, HUB.challenge)
    registry.on("GET", HUB.token_url("alice"), token("t1"), authorization=basic("alice"))
    registry.on("TAG", HUB.manifest, HUB.challenge, authorization="Bearer t1")
    message, hint = refused(registry, HUB.image, UnauthorizedError, login("https://index.docker.io/v1/", "alice"))
    assert message == "docker.io does not let these credentials see it"
    assert hint == (
        "is the name right? Docker Hub answers 401 for repositories that do not exist; "
        "if it is right, log in with an account that may pull it: `docker login`"
    )


# Amazon ECR

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
ECR_MANIFEST = f"https://{ECR}/v2/app/manifests/1"
ECR_CHALLENGE = challenge(f'Basic realm="https://{ECR}/",service="ecr.amazonaws.com"')


def helper(folder: Path, name: str, servers: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Install a credential helper that knows ``servers``; return the environment."""
    program = folder / f"docker-credential-{name}"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, sys\n"
        f"found = {dict(servers)!r}.get(sys.stdin.read())\n"
        "if found is None:\n"
        "    sys.exit('credentials not found in native keychain')\n"
        "print(json.dumps({'ServerURL': '', 'Username': found[0], 'Secret': found[1]}))\n"
    )
    program.chmod(0o700)
    return {"PATH": str(folder)}


needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")


def test_ecr_takes_basic_and_its_realm_is_not_asked(registry: ScriptedRegistry) -> None:
    registry.on("TAG", ECR_MANIFEST, ECR_CHALLENGE)
    registry.on("TAG", ECR_MANIFEST, tag_answer(A), authorization=basic("AWS"))
    assert resolve(registry, f"{ECR}/app:1", login(ECR, "AWS")) == ANSWER


@needs_scripts
def test_ecr_by_its_helper(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", ECR_MANIFEST, ECR_CHALLENGE)
    registry.on("TAG", ECR_MANIFEST, tag_answer(A), authorization=basic("AWS"))
    environment = helper(tmp_path, "ecr-login", {ECR: ("AWS", SECRET)})
    environment["DOCKER_AUTH_CONFIG"] = json.dumps({"credHelpers": {ECR: "ecr-login"}})
    assert resolve(registry, f"{ECR}/app:1", environment) == ANSWER


def test_ecr_says_403_when_the_twelve_hours_of_its_token_are_over(registry: ScriptedRegistry) -> None:
    said = "Your authorization token has expired. Reauthenticate and try again."
    registry.on("TAG", ECR_MANIFEST, ECR_CHALLENGE)
    registry.on("TAG", ECR_MANIFEST, Answer(403), authorization=basic("AWS"))
    registry.on("GET", ECR_MANIFEST, refusal(403, "DENIED", said), authorization=basic("AWS"))
    message, hint = refused(registry, f"{ECR}/app:1", UnauthorizedError, login(ECR, "AWS"))
    assert message == f"{ECR} does not let these credentials see it ({said})"
    assert hint == (
        "is the name right? If so, log in with an account that may pull it: "
        f"`aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin {ECR}`"
    )


def test_ecr_has_no_such_repository(registry: ScriptedRegistry) -> None:
    said = "The repository with name 'app' does not exist in the registry with id '123456789012'"
    registry.on("TAG", ECR_MANIFEST, ECR_CHALLENGE)
    registry.on("TAG", ECR_MANIFEST, Answer(404), authorization=basic("AWS"))
    registry.on("GET", ECR_MANIFEST, refusal(404, "NAME_UNKNOWN", said), authorization=basic("AWS"))
    message, _ = refused(registry, f"{ECR}/app:1", NotFoundError, login(ECR, "AWS"))
    assert message == f"{ECR} has no such image ({said})"


def test_ecr_publics_one_token_opens_every_repository(registry: ScriptedRegistry) -> None:
    other = ECR_PUBLIC._replace(repository="bitnami/redis")
    registry.on("TAG", ECR_PUBLIC.manifest, ECR_PUBLIC.challenge)
    registry.on("GET", ECR_PUBLIC.token_url(), token("t1"))
    for cloud in (ECR_PUBLIC, other):
        registry.on("TAG", cloud.manifest, tag_answer(A), authorization="Bearer t1")
    answers = ask(resolver(registry), ECR_PUBLIC.image, other.image)
    registry.assert_used_up()
    assert answers == [ANSWER, ANSWER]


# Google


def test_gcr_without_a_challenge_says_it_at_its_front_door(registry: ScriptedRegistry) -> None:
    registry.on("TAG", GCR.manifest, Answer(401))
    registry.on("GET", "https://gcr.io/v2/", challenge('Bearer realm="https://gcr.io/v2/token",service="gcr.io"'))
    registry.on("GET", GCR.token_url(), token("t1"))
    registry.on("TAG", GCR.manifest, tag_answer(A), authorization="Bearer t1")
    assert resolve(registry, GCR.image) == ANSWER


@needs_scripts
def test_artifact_registry_by_gclouds_helper(registry: ScriptedRegistry, tmp_path: Path) -> None:
    cloud = ARTIFACT_REGISTRY
    environment = helper(tmp_path, "gcloud", {cloud.registry: ("_dcgcloud_token", "ya29.x")})
    environment["DOCKER_AUTH_CONFIG"] = json.dumps({"credHelpers": {cloud.registry: "gcloud"}})
    registry.on("TAG", cloud.manifest, cloud.challenge)
    url = cloud.token_url("_dcgcloud_token")
    registry.on("GET", url, token("t1"), authorization=basic("_dcgcloud_token", "ya29.x"))
    registry.on("TAG", cloud.manifest, tag_answer(A), authorization="Bearer t1")
    assert resolve(registry, cloud.image, environment) == ANSWER


def test_artifact_registry_denies_what_may_not_exist(registry: ScriptedRegistry) -> None:
    said = 'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource (or it may not exist)'
    cloud = ARTIFACT_REGISTRY
    registry.on("TAG", cloud.manifest, cloud.challenge)
    registry.on("GET", cloud.token_url(), token("t1"))
    registry.on("TAG", cloud.manifest, Answer(403), authorization="Bearer t1")
    registry.on("GET", cloud.manifest, refusal(403, "DENIED", said), authorization="Bearer t1")
    message, hint = refused(registry, cloud.image, UnauthorizedError)
    assert message == f"{cloud.registry} denies access ({said})"
    assert hint == (
        f"is the name right? If the image is private, log in with `gcloud auth configure-docker {cloud.registry}`"
    )


def test_kubernetes_registry_sends_everybody_to_artifact_registry(registry: ScriptedRegistry) -> None:
    there = "https://europe-west1-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/3.9"
    registry.on("TAG", "https://registry.k8s.io/v2/pause/manifests/3.9", Answer(307, (("Location", there),)))
    registry.on("TAG", there, tag_answer(A))
    environment = login("europe-west1-docker.pkg.dev", "oauth2accesstoken")
    assert resolve(registry, "registry.k8s.io/pause:3.9", environment) == ANSWER


# Azure


def acr_form(refresh_token: str) -> bytes:
    fields = {
        "grant_type": "refresh_token",
        "service": ACR.service,
        "client_id": "pinner",
        "scope": ACR.scope,
        "refresh_token": refresh_token,
    }
    return urlencode(fields).encode()


def acr_access_token(text: str) -> Answer:
    return Answer(200, (("Content-Type", "application/json"),), json.dumps({"access_token": text}).encode())


def test_acr_takes_the_identity_token_that_az_acr_login_leaves(registry: ScriptedRegistry) -> None:
    registry.on("TAG", ACR.manifest, ACR.challenge)
    registry.on("POST", ACR.realm, acr_access_token("t1"))
    registry.on("TAG", ACR.manifest, tag_answer(A), authorization="Bearer t1")
    environment = login(ACR.registry, GUID, "", identitytoken="eyJ.refresh.x")
    assert resolve(registry, ACR.image, environment) == ANSWER
    posted = registry.requests[1]
    assert posted.content == acr_form("eyJ.refresh.x")
    assert posted.headers["content-type"] == "application/x-www-form-urlencoded"


@needs_scripts
def test_acr_by_a_helper_that_keeps_an_identity_token(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", ACR.manifest, ACR.challenge)
    registry.on("POST", ACR.realm, acr_access_token("t1"))
    registry.on("TAG", ACR.manifest, tag_answer(A), authorization="Bearer t1")
    environment = helper(tmp_path, "acr-env", {ACR.registry: ("<token>", "eyJ.refresh.x")})
    environment["DOCKER_AUTH_CONFIG"] = json.dumps({"credHelpers": {ACR.registry: "acr-env"}})
    assert resolve(registry, ACR.image, environment) == ANSWER
    assert registry.requests[1].content == acr_form("eyJ.refresh.x")


@needs_scripts
def test_acr_by_a_helper_that_keeps_the_refresh_token_as_a_password(registry: ScriptedRegistry, tmp_path: Path) -> None:
    registry.on("TAG", ACR.manifest, ACR.challenge)
    registry.on("GET", ACR.token_url(GUID), acr_access_token("t1"), authorization=basic(GUID, "eyJ.refresh.x"))
    registry.on("TAG", ACR.manifest, tag_answer(A), authorization="Bearer t1")
    environment = helper(tmp_path, "acr", {ACR.registry: (GUID, "eyJ.refresh.x")})
    environment["DOCKER_AUTH_CONFIG"] = json.dumps({"credsStore": "acr"})
    assert resolve(registry, ACR.image, environment) == ANSWER


def test_acr_wants_a_login_after_three_hours(registry: ScriptedRegistry) -> None:
    registry.on("TAG", ACR.manifest, ACR.challenge)
    registry.on("POST", ACR.realm, refusal(401, "UNAUTHORIZED", "authentication required"))
    environment = login(ACR.registry, GUID, "", identitytoken="eyJ.refresh.x")
    message, hint = refused(registry, ACR.image, UnauthorizedError, environment)
    assert message == f"corp.azurecr.io rejects the credentials of `{GUID}` (authentication required)"
    assert hint == "log in again: `az acr login --name corp`"


# GitHub


def test_ghcr_has_no_anonymous_token_for_what_is_private_or_is_not(registry: ScriptedRegistry) -> None:
    registry.on("TAG", GHCR.manifest, GHCR.challenge)
    registry.on("GET", GHCR.token_url(), refusal(403, "DENIED", "requested access to the resource is denied"))
    message, hint = refused(registry, GHCR.image, UnauthorizedError)
    assert message == "ghcr.io wants credentials (requested access to the resource is denied)"
    assert hint == "is the name right? If the image is private, log in with `docker login ghcr.io`"


def test_ghcr_rejects_a_token_that_has_been_withdrawn(registry: ScriptedRegistry) -> None:
    registry.on("TAG", GHCR.manifest, GHCR.challenge)
    no = refusal(401, "UNAUTHORIZED", "bad credentials")
    registry.on("GET", GHCR.token_url("alice"), no, authorization=basic("alice"))
    message, hint = refused(registry, GHCR.image, UnauthorizedError, login("ghcr.io", "alice"))
    assert message == "ghcr.io rejects the credentials of `alice` (bad credentials)"
    assert hint == "log in again: `docker login ghcr.io`"


# GitLab


def test_gitlab_of_another_house_gets_no_credentials_and_says_so(registry: ScriptedRegistry) -> None:
    cloud = OWN_GITLAB._replace(registry="registry.other.example")
    registry.on("TAG", cloud.manifest, cloud.challenge)
    registry.on("GET", cloud.token_url(), refusal(403, "DENIED", "access forbidden"))
    message, hint = refused(registry, cloud.image, UnauthorizedError, login(cloud.registry, "alice"))
    assert message == (
        "registry.other.example wants credentials (access forbidden); credentials were kept from its token server "
        "git.corp.example, which is of another domain"
    )
    assert hint == (
        'if that is its own, set token-server = "git.corp.example" in [registries."registry.other.example"]'
    )


def test_gitlab_of_another_house_gets_them_where_the_settings_say_so(registry: ScriptedRegistry) -> None:
    cloud = OWN_GITLAB._replace(registry="registry.other.example")
    registry.on("TAG", cloud.manifest, cloud.challenge)
    registry.on("GET", cloud.token_url("alice"), token("t1"), authorization=basic("alice"))
    registry.on("TAG", cloud.manifest, tag_answer(A), authorization="Bearer t1")
    options = RegistryOptions(token_server="git.corp.example")
    settings = Settings(registries={cloud.registry: options})
    asked = resolver(registry, settings=settings, environment=login(cloud.registry, "alice"))
    assert ask(asked, cloud.image) == [ANSWER]
    registry.assert_used_up()


# Quay


def test_quay_says_401_without_a_challenge_to_a_shared_token(registry: ScriptedRegistry) -> None:
    private = QUAY._replace(repository="org/private", scope=pull("org/private"))
    registry.pause = 0.01
    registry.on("TAG", QUAY.manifest, QUAY.challenge)
    both = f"{QUAY.token_url()}&{urlencode({'scope': private.scope})}"
    registry.on("GET", both, token("both"))
    registry.on("TAG", QUAY.manifest, tag_answer(A), authorization="Bearer both")
    registry.on("TAG", private.manifest, Answer(401), authorization="Bearer both")
    registry.on("GET", private.token_url(), token("own"))
    registry.on("TAG", private.manifest, tag_answer(A), authorization="Bearer own")
    answers = ask(resolver(registry), QUAY.image, private.image)
    registry.assert_used_up()
    assert answers == [ANSWER, ANSWER]


def test_quay_says_401_without_a_challenge_to_a_token_for_it_alone(registry: ScriptedRegistry) -> None:
    said = "access to the requested resource is not authorized"
    registry.on("TAG", QUAY.manifest, QUAY.challenge)
    registry.on("GET", QUAY.token_url("org+robot"), token("t1"), authorization=basic("org+robot"))
    no = refusal(401, "UNAUTHORIZED", said)
    registry.on("TAG", QUAY.manifest, no, authorization="Bearer t1")
    message, _ = refused(registry, QUAY.image, UnauthorizedError, login("quay.io", "org+robot"))
    assert message.startswith("quay.io does not let these credentials see it")


# Harbor


def test_harbor_says_401_to_nobody_of_a_private_project(registry: ScriptedRegistry) -> None:
    said = "unauthorized to access repository: project/app, action: pull: unauthorized to access repository"
    registry.on("TAG", HARBOR.manifest, HARBOR.challenge)
    registry.on("GET", HARBOR.token_url(), token("t1"))
    registry.on(
        "TAG",
        HARBOR.manifest,
        Answer(401, HARBOR.challenge.headers, refusal(401, "UNAUTHORIZED", said).body),
        authorization="Bearer t1",
    )
    message, hint = refused(registry, HARBOR.image, UnauthorizedError)
    assert message == f"harbor.example wants credentials ({said})"
    assert hint == "is the name right? If the image is private, log in with `docker login harbor.example`"


@pytest.mark.parametrize("code", ["NOT_FOUND", "UNKNOWN"])
def test_harbor_says_404_with_a_code_of_its_own(registry: ScriptedRegistry, code: str) -> None:
    said = "artifact project/app:1 not found"
    registry.on("TAG", HARBOR.manifest, HARBOR.challenge)
    registry.on("GET", HARBOR.token_url("robot$ci"), token("t1"), authorization=basic("robot$ci"))
    registry.on("TAG", HARBOR.manifest, Answer(404), authorization="Bearer t1")
    registry.on("GET", HARBOR.manifest, refusal(404, code, said), authorization="Bearer t1")
    message, _ = refused(registry, HARBOR.image, NotFoundError, login("harbor.example", "robot$ci"))
    assert message == f"harbor.example has no such image ({said})"
