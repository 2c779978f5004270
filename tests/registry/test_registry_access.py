"""Being let in: what challenges cost, what they may ask for, and who gets to see credentials."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from scripted_registry import (
    HUB,
    OCI_INDEX,
    A,
    Answer,
    FakeClock,
    ScriptedRegistry,
    ask,
    bearer,
    challenge,
    refusal,
    resolver,
    tag_answer,
    token,
)
from virtual_time import run_virtually

from pinner.config import RegistryOptions, Settings
from pinner.errors import ResolveError, UnauthorizedError, UnavailableError
from pinner.model import Resolved
from pinner.reference import Digest, ImageReference

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER = Resolved(Digest.parse(A), OCI_INDEX)
REALM = "https://auth.docker.io/token"
NGINX = f"{HUB}library/nginx/manifests/1"
NGINX_TOKEN = f"{REALM}?service=registry.docker.io&scope=repository%3Alibrary%2Fnginx%3Apull"
APP = "https://registry.example/v2/team/app/manifests/1"
APP_SCOPE = "scope=repository%3Ateam%2Fapp%3Apull"
SECRET = "correct horse"


@pytest.fixture
def registry() -> ScriptedRegistry:
    return ScriptedRegistry()


def login(host: str, username: str = "alice", password: str = SECRET, **more: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {host: {"auth": encoded, **more}}})}


def basic(username: str = "alice", password: str = SECRET) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def resolve(
    registry: ScriptedRegistry,
    *names: str,
    environment: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> list[Resolved | ResolveError]:
    answers = ask(resolver(registry, environment=environment, settings=settings), *names)
    registry.assert_used_up()
    return answers


def refused(registry: ScriptedRegistry, name: str, environment: Mapping[str, str] | None = None) -> UnauthorizedError:
    answer = resolve(registry, name, environment=environment)[0]
    assert type(answer) is UnauthorizedError, repr(answer)
    return answer


def token_address(base: str, *names: str) -> str:
    return base + "".join(f"&scope=repository%3A{name.replace('/', '%2F')}%3Apull" for name in names)


def hub_image(registry: ScriptedRegistry, name: str, text: str) -> None:
    scope = f"repository%3Alibrary%2F{name}%3Apull"
    registry.on("GET", f"{REALM}?service=registry.docker.io&scope={scope}", token(text))
    registry.on("TAG", f"{HUB}library/{name}/manifests/1", tag_answer(A), authorization=f"Bearer {text}")


def test_a_challenge_costs_one_token_and_one_more_request(registry: ScriptedRegistry) -> None:
    registry.on("TAG", NGINX, bearer("library/nginx"))
    hub_image(registry, "nginx", "t1")
    assert resolve(registry, "nginx:1") == [ANSWER]
    assert len(registry.asked) == 3


def test_one_after_another_costs_one_challenge_and_a_token_each(registry: ScriptedRegistry) -> None:
    names = [f"image{number}" for number in range(20)]
    registry.on("TAG", f"{HUB}library/image0/manifests/1", bearer("library/image0"))
    for name in names:
        hub_image(registry, name, f"token-{name}")

    async def one_after_another() -> None:
        async with resolver(registry) as asked:
            for name in names:
                assert (await asked.resolve(ImageReference.parse(f"{name}:1"), None)).digest == ANSWER.digest

    run_virtually(one_after_another())
    assert len(registry.asked) == 1 + 20 + 20


def test_tags_of_one_repository_share_one_token(registry: ScriptedRegistry) -> None:
    registry.pause = 0.001
    registry.on("TAG", NGINX, bearer("library/nginx"))
    registry.on("GET", NGINX_TOKEN, token("t1"))
    for tag in range(1, 11):
        registry.on("TAG", f"{HUB}library/nginx/manifests/{tag}", tag_answer(A), authorization="Bearer t1")
    assert resolve(registry, *(f"nginx:{tag}" for tag in range(1, 11))) == [ANSWER] * 10


def test_a_registry_without_a_door_is_asked_once_for_each_name(registry: ScriptedRegistry) -> None:
    for tag in "123":
        registry.on("TAG", f"https://mcr.microsoft.com/v2/x/manifests/{tag}", tag_answer(A))
    assert resolve(registry, *(f"mcr.microsoft.com/x:{tag}" for tag in "123")) == [ANSWER] * 3


def test_a_scope_that_names_no_repository_is_used_for_all(registry: ScriptedRegistry) -> None:
    base = "https://public.ecr.aws"
    registry.on("TAG", f"{base}/v2/a/b/manifests/1", challenge(f'Bearer realm="{base}/token/",service="s",scope="aws"'))
    registry.on("GET", f"{base}/token/?service=s&scope=aws", token("t"))
    for name in "bc":
        registry.on("TAG", f"{base}/v2/a/{name}/manifests/1", tag_answer(A), authorization="Bearer t")
    assert resolve(registry, "public.ecr.aws/a/b:1", "public.ecr.aws/a/c:1") == [ANSWER] * 2


def test_a_scope_under_a_prefix_is_foretold_with_the_prefix(registry: ScriptedRegistry) -> None:
    base = "https://mirror.example"
    settings = Settings(registries={"docker.io": RegistryOptions(endpoint=f"{base}/hub")})

    def url(name: str) -> str:
        return f"{base}/hub/v2/library/{name}/manifests/1"

    scope = 'scope="repository:hub/library/a:pull"'
    registry.on("HEAD", url("a"), challenge(f'Bearer realm="{base}/token",{scope}'))
    for name in "ab":
        registry.on("GET", f"{base}/token?scope=repository%3Ahub%2Flibrary%2F{name}%3Apull", token(name))
        registry.on("MIRROR", url(name), tag_answer(A), authorization=f"Bearer {name}")
    assert resolve(registry, "a:1", "b:1", settings=settings) == [ANSWER] * 2


def test_scopes_that_cannot_be_foretold_are_asked_for_again(registry: ScriptedRegistry) -> None:
    base = "https://odd.example"
    for name in "ab":
        url = f"{base}/v2/{name}/manifests/1"
        registry.on("TAG", url, challenge(f'Bearer realm="{base}/t",scope="repository:id-of-{name}-7:pull"'))
        registry.on("GET", f"{base}/t?scope=repository%3Aid-of-{name}-7%3Apull", token(name))
        registry.on("TAG", url, tag_answer(A), authorization=f"Bearer {name}")
    assert resolve(registry, "odd.example/a:1", "odd.example/b:1") == [ANSWER] * 2


def test_a_token_is_never_asked_for_that_could_write(registry: ScriptedRegistry) -> None:
    scope = "repository:team/app:pull,push,delete"
    registry.on("TAG", APP, challenge(f'Bearer realm="https://registry.example/token",scope="{scope}"'))
    url = "https://registry.example/token?scope=repository%3Ateam%2Fapp%3Apull"
    registry.on("GET", url, token("t"))
    registry.on("TAG", APP, tag_answer(A), authorization="Bearer t")
    assert resolve(registry, "registry.example/team/app:1") == [ANSWER]


def test_the_realms_own_parameters_are_kept(registry: ScriptedRegistry) -> None:
    registry.on("TAG", APP, challenge('Bearer realm="https://registry.example/token?a=b",service="s"'))
    registry.on("GET", "https://registry.example/token?a=b&service=s&scope=repository%3Ateam%2Fapp%3Apull", token("t"))
    registry.on("TAG", APP, tag_answer(A), authorization="Bearer t")
    assert resolve(registry, "registry.example/team/app:1") == [ANSWER]


def test_an_expired_token_is_fetched_anew_once_for_all_who_wait() -> None:
    registry, clock = ScriptedRegistry(pause=0.001), FakeClock()
    tags = [str(tag) for tag in range(50)]
    registry.on("TAG", f"{HUB}library/nginx/manifests/0", bearer("library/nginx"))
    registry.on("GET", NGINX_TOKEN, token("old", expires_in=300), token("new", expires_in=300))
    for tag in tags:
        url = f"{HUB}library/nginx/manifests/{tag}"
        registry.on("TAG", url, bearer("library/nginx") if tag != "0" else tag_answer(A), authorization="Bearer old")
        if tag != "0":
            registry.on("TAG", url, tag_answer(A), authorization="Bearer new")
    answers = ask(resolver(registry, clock=clock), *(f"nginx:{tag}" for tag in tags))
    assert answers == [ANSWER] * 50
    assert registry.count("GET", NGINX_TOKEN) == 2


def test_a_token_past_its_time_is_not_sent() -> None:
    registry, clock = ScriptedRegistry(), FakeClock()
    registry.on("TAG", NGINX, bearer("library/nginx"))
    registry.on("GET", NGINX_TOKEN, token("t1", expires_in=1), token("t2"))
    for tag, text in (("1", "t1"), ("2", "t1"), ("3", "t2")):
        registry.on("TAG", f"{HUB}library/nginx/manifests/{tag}", tag_answer(A), authorization=f"Bearer {text}")

    async def one_after_another() -> None:
        async with resolver(registry, clock=clock) as asked:
            # The second is asked when 54 of the 60 seconds are over that every token is given, the third at 56.
            for tag, time in (("1", 1000), ("2", 1054), ("3", 1056)):
                clock.time = time
                assert (await asked.resolve(ImageReference.parse(f"nginx:{tag}"), None)).digest == ANSWER.digest

    run_virtually(one_after_another())
    registry.assert_used_up()


def test_a_second_401_is_the_end(registry: ScriptedRegistry) -> None:
    registry.on("TAG", NGINX, bearer("library/nginx"))
    registry.on("GET", NGINX_TOKEN, token("t1"))
    registry.on("TAG", NGINX, bearer("library/nginx"), authorization="Bearer t1")
    error = refused(registry, "nginx:1")
    assert error.message == "cannot resolve `nginx:1`: docker.io wants credentials"
    assert "Docker Hub answers 401 for repositories that do not exist" in str(error.hint)


def test_a_registry_may_insist_on_this_repositorys_scope_once(registry: ScriptedRegistry) -> None:
    base = "https://registry.example"
    registry.on("TAG", APP, challenge(f'Bearer realm="{base}/token",scope="aws"'))
    registry.on("GET", f"{base}/token?scope=aws", token("weak"))
    insists = f'Bearer realm="{base}/token",scope="repository:team/app:pull",error="insufficient_scope"'
    registry.on("TAG", APP, challenge(insists), authorization="Bearer weak")
    registry.on("GET", f"{base}/token?scope=repository%3Ateam%2Fapp%3Apull", token("strong"))
    registry.on("TAG", APP, tag_answer(A), authorization="Bearer strong")
    assert resolve(registry, "registry.example/team/app:1") == [ANSWER]


def test_a_registry_may_not_insist_on_another_repositorys_scope(registry: ScriptedRegistry) -> None:
    base = "https://registry.example"
    registry.on("TAG", APP, challenge(f'Bearer realm="{base}/token",scope="aws"'))
    registry.on("GET", f"{base}/token?scope=aws", token("weak"))
    insists = f'Bearer realm="{base}/token",scope="repository:other/thing:pull",error="insufficient_scope"'
    registry.on("TAG", APP, challenge(insists), authorization="Bearer weak")
    refused(registry, "registry.example/team/app:1")


def test_realms_that_keep_changing_are_given_up(registry: ScriptedRegistry) -> None:
    base, scope = "https://registry.example", 'scope="repository:team/app:pull"'
    registry.on("TAG", APP, challenge(f'Bearer realm="{base}/0",{scope}'))
    for number in range(3):
        registry.on("GET", f"{base}/{number}?scope=repository%3Ateam%2Fapp%3Apull", token(f"t{number}"))
        again = challenge(f'Bearer realm="{base}/{number + 1}",{scope}')
        registry.on("TAG", APP, again, authorization=f"Bearer t{number}")
    registry.on("GET", f"{base}/3?scope=repository%3Ateam%2Fapp%3Apull", token("t3"))
    refused(registry, "registry.example/team/app:1")


def test_a_401_without_a_challenge_is_answered_by_the_front_door(registry: ScriptedRegistry) -> None:
    url, base = "https://gcr.io/v2/p/a/manifests/1", "https://gcr.io/v2/"
    registry.on("TAG", url, Answer(401))
    registry.on("GET", base, challenge('Bearer realm="https://gcr.io/v2/token",service="gcr.io"'))
    registry.on("GET", "https://gcr.io/v2/token?service=gcr.io&scope=repository%3Ap%2Fa%3Apull", token("t"))
    registry.on("TAG", url, tag_answer(A), authorization="Bearer t")
    assert resolve(registry, "gcr.io/p/a:1") == [ANSWER]


@pytest.mark.parametrize("door", [Answer(200), Answer(401), challenge("Negotiate abc=")])
def test_a_401_without_any_challenge_is_an_error(registry: ScriptedRegistry, door: Answer) -> None:
    registry.on("TAG", APP, Answer(401))
    registry.on("GET", "https://registry.example/v2/", door)
    error = refused(registry, "registry.example/team/app:1")
    assert "docker login registry.example" in str(error.hint)


def test_a_401_without_a_challenge_to_a_token_is_the_end(registry: ScriptedRegistry) -> None:
    registry.on("TAG", NGINX, bearer("library/nginx"))
    registry.on("GET", NGINX_TOKEN, token("t1"))
    registry.on("TAG", NGINX, Answer(401), authorization="Bearer t1")
    refused(registry, "nginx:1")


# --- credentials ---


def test_basic_is_learned_once_for_a_host(registry: ScriptedRegistry) -> None:
    registry.on("TAG", "https://registry.example/v2/a/manifests/1", challenge('Basic realm="x"'))
    for name in "abc":
        url = f"https://registry.example/v2/{name}/manifests/1"
        registry.on("TAG", url, tag_answer(A), authorization=basic())
    names = [f"registry.example/{name}:1" for name in "abc"]
    assert resolve(registry, *names, environment=login("registry.example")) == [ANSWER] * 3


def test_basic_without_credentials_says_how_to_log_in(registry: ScriptedRegistry) -> None:
    registry.on("TAG", APP, challenge('Basic realm="x"', body=b'{"errors":[{"message":"authentication required"}]}'))
    error = refused(registry, "registry.example/team/app:1", login("other.example"))
    assert "docker login registry.example" in str(error.hint)


def test_rejected_credentials_are_not_sent_again(registry: ScriptedRegistry) -> None:
    registry.pause = 0.001
    urls = [f"https://registry.example/v2/{name}/manifests/1" for name in "abcdef"]
    registry.on("TAG", urls[0], challenge('Basic realm="x"'))
    registry.on("TAG", urls[0], challenge('Basic realm="x"'), authorization=basic())
    names = [f"registry.example/{name}:1" for name in "abcdef"]
    answers = resolve(registry, *names, environment=login("registry.example"))
    assert all("rejects the credentials of `alice`" in str(answer) for answer in answers)
    assert len(registry.asked) == 2


def test_credentials_that_a_token_server_rejects_are_not_sent_again(registry: ScriptedRegistry) -> None:
    registry.pause = 0.001
    registry.on("TAG", f"{HUB}library/a/manifests/1", bearer("library/a"))
    url = f"{REALM}?service=registry.docker.io&account=alice&scope=repository%3Alibrary%2Fa%3Apull"
    wrong = refusal(401, "UNAUTHORIZED", "incorrect username or password")
    # Once for all six: it might be one of them that is not theirs. Once for the first, and then never again.
    shared = token_address(f"{REALM}?service=registry.docker.io&account=alice", *(f"library/{x}" for x in "abcdef"))
    registry.on("GET", shared, wrong, authorization=basic())
    registry.on("GET", url, wrong, authorization=basic())
    answers = resolve(registry, *(f"{name}:1" for name in "abcdef"), environment=login("https://index.docker.io/v1/"))
    assert all("rejects the credentials of `alice` (incorrect" in str(answer) for answer in answers)
    assert len(registry.asked) == 3


def test_credentials_that_were_good_before_are_not_given_up_for_one_repository(registry: ScriptedRegistry) -> None:
    def url(name: str) -> str:
        return f"https://registry.example/v2/{name}/manifests/1"

    registry.on("TAG", url("a"), challenge("Basic"))
    registry.on("TAG", url("a"), tag_answer(A), authorization=basic())
    registry.on("TAG", url("b"), challenge("Basic"), authorization=basic())
    registry.on("TAG", url("c"), tag_answer(A), authorization=basic())
    environment, settings = login("registry.example"), Settings(jobs=1)
    names = [f"registry.example/{name}:1" for name in "abc"]
    first, second, third = resolve(registry, *names, environment=environment, settings=settings)
    assert (first, third) == (ANSWER, ANSWER)
    assert isinstance(second, UnauthorizedError)


def test_a_token_server_that_rejects_for_one_repository_is_asked_for_the_next(registry: ScriptedRegistry) -> None:
    base = "https://registry.example"
    registry.on("TAG", f"{base}/v2/a/manifests/1", bearer("a", f"{base}/token", "s"))
    shared = token_address(f"{base}/token?service=s&account=alice", *"abc")
    registry.on("GET", shared, refusal(401), authorization=basic())
    for name, answer in (("a", token("ta")), ("b", refusal(401)), ("c", token("tc"))):
        url = f"{base}/token?service=s&account=alice&scope=repository%3A{name}%3Apull"
        registry.on("GET", url, answer, authorization=basic())
    for name in "ac":
        registry.on("TAG", f"{base}/v2/{name}/manifests/1", tag_answer(A), authorization=f"Bearer t{name}")
    environment, settings = login("registry.example"), Settings(jobs=1)
    names = [f"registry.example/{name}:1" for name in "abc"]
    first, second, third = resolve(registry, *names, environment=environment, settings=settings)
    assert (first, third) == (ANSWER, ANSWER)
    assert isinstance(second, UnauthorizedError)


def test_credentials_that_do_not_suffice_say_so(registry: ScriptedRegistry) -> None:
    registry.on("TAG", APP, bearer("team/app", "https://registry.example/token", "s"))
    url = "https://registry.example/token?service=s&account=alice&scope=repository%3Ateam%2Fapp%3Apull"
    registry.on("GET", url, token("t"), authorization=basic())
    registry.on("TAG", APP, challenge('Bearer realm="https://registry.example/token",service="s",scope="repository:team/app:pull"'), authorization="Bearer t")  # fmt: skip # noqa: E501
    error = refused(registry, "registry.example/team/app:1", login("registry.example"))
    assert "does not let these credentials see it" in error.message


def test_a_denied_token_is_not_asked_for_again(registry: ScriptedRegistry) -> None:
    registry.pause = 0.001
    registry.on("TAG", "https://ghcr.io/v2/a/b/manifests/1", bearer("a/b", "https://ghcr.io/token", "ghcr.io"))
    url = "https://ghcr.io/token?service=ghcr.io&scope=repository%3Aa%2Fb%3Apull"
    registry.on("GET", url, refusal(403, "DENIED", "requested access to the resource is denied"))
    answers = resolve(registry, *(f"ghcr.io/a/b:{tag}" for tag in "12345"))
    assert all("access to the resource is denied" in str(answer) for answer in answers)
    assert all(isinstance(answer, UnauthorizedError) for answer in answers)


def test_an_identity_token_is_posted(registry: ScriptedRegistry) -> None:
    registry.on("TAG", APP, bearer("team/app", "https://registry.example/oauth2/token", "s"))
    registry.on("POST", "https://registry.example/oauth2/token", token("t"))
    registry.on("TAG", APP, tag_answer(A), authorization="Bearer t")
    environment = login("registry.example", "00000000-0000-0000-0000-000000000000", "", identitytoken="refresh me")
    assert resolve(registry, "registry.example/team/app:1", environment=environment) == [ANSWER]
    form = parse_qs(next(request for request in registry.requests if request.method == "POST").content.decode())
    assert form == {
        "grant_type": ["refresh_token"],
        "service": ["s"],
        "client_id": ["pinner"],
        "scope": ["repository:team/app:pull"],
        "refresh_token": ["refresh me"],
    }


@pytest.mark.parametrize("status", [404, 405])
def test_a_token_server_without_oauth_is_asked_by_get(registry: ScriptedRegistry, status: int) -> None:
    registry.on("TAG", APP, bearer("team/app", "https://registry.example/token", "s"))
    registry.on("POST", "https://registry.example/token", Answer(status))
    url = "https://registry.example/token?service=s&account=alice&scope=repository%3Ateam%2Fapp%3Apull"
    registry.on("GET", url, token("t"), authorization=basic("alice", "refresh me"))
    registry.on("TAG", APP, tag_answer(A), authorization="Bearer t")
    environment = login("registry.example", identitytoken="refresh me")
    assert resolve(registry, "registry.example/team/app:1", environment=environment) == [ANSWER]


def test_a_posted_identity_token_is_never_redirected(registry: ScriptedRegistry) -> None:
    registry.on("TAG", APP, bearer("team/app", "https://registry.example/token", "s"))
    registry.on("POST", "https://registry.example/token", Answer(307, (("Location", "https://evil.example/"),)))
    environment = login("registry.example", identitytoken="refresh me")
    assert isinstance(resolve(registry, "registry.example/team/app:1", environment=environment)[0], ResolveError)


def test_credentials_are_kept_from_a_token_server_of_another_domain(registry: ScriptedRegistry) -> None:
    registry.on("TAG", APP, bearer("team/app", "https://evil.example.net/token", "s"))
    url = "https://evil.example.net/token?service=s&scope=repository%3Ateam%2Fapp%3Apull"
    registry.on("GET", url, token("anonymous"))
    registry.on("TAG", APP, bearer("team/app", "https://evil.example.net/token", "s"), authorization="Bearer anonymous")
    error = refused(registry, "registry.example/team/app:1", login("registry.example"))
    assert "credentials were kept from its token server evil.example.net" in error.message


def test_an_endpoint_gets_its_own_credentials_and_not_the_registrys(registry: ScriptedRegistry) -> None:
    settings = Settings(registries={"docker.io": RegistryOptions(endpoint="https://mirror.example:8443/hub")})
    url = "https://mirror.example:8443/hub/v2/library/nginx/manifests/1"
    registry.on("HEAD", url, challenge("Basic"))
    answer = resolve(registry, "nginx:1", environment=login("https://index.docker.io/v1/"), settings=settings)[0]
    assert isinstance(answer, UnauthorizedError)
    registry.on("HEAD", url, challenge("Basic"))
    registry.on("MIRROR", url, tag_answer(A), authorization=basic())
    environment = login("mirror.example:8443")
    assert resolve(registry, "nginx:1", environment=environment, settings=settings) == [ANSWER]


@pytest.mark.parametrize(
    "realm",
    [
        "http://auth.example/token",
        "/token",
        "ftp://auth.example/",
        "https://169.254.169.254/token",
        "https://2130706433/token",
        "https://127.1/token",
        "https://[::ffff:127.0.0.1]/token",
        "https://0.0.0.0/",
        "https://10.1.2.3/token",
        "https://localhost/token",
        "https://user:pass@registry.example/token",
        "https://registry.example/token#fragment",
        "https://registry.example:99999x/",
        "https://" + "x" * 1100,
    ],
)
def test_a_realm_that_must_not_be_asked_is_not(registry: ScriptedRegistry, realm: str) -> None:
    registry.on("TAG", APP, challenge(f'Bearer realm="{realm}",service="s"'))
    error = refused(registry, "registry.example/team/app:1", login("registry.example"))
    assert "for a token to" in error.message
    assert "pass" not in error.message
    assert len(registry.asked) == 1


@pytest.mark.parametrize("parameter", ["service", "scope"])
def test_parameters_that_are_too_long_are_refused(registry: ScriptedRegistry, parameter: str) -> None:
    registry.on("TAG", APP, challenge(f'Bearer realm="https://registry.example/token",{parameter}="{"x" * 1100}"'))
    assert f"unusable `{parameter}`" in refused(registry, "registry.example/team/app:1").message


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"token": 7}',
        b'{"token": ""}',
        b'{"token": "a\\r\\nX-Evil: 1"}',
        b'{"token": "' + b"x" * 40000 + b'"}',
        b"[" * 100000,
    ],
    ids=range(8),
)
def test_a_token_that_is_none_is_an_error(registry: ScriptedRegistry, body: bytes) -> None:
    registry.on("TAG", NGINX, bearer("library/nginx"))
    registry.on("GET", NGINX_TOKEN, Answer(200, (), body[:60000]))
    assert "sent no token" in refused(registry, "nginx:1").message


def test_an_access_token_is_a_token(registry: ScriptedRegistry) -> None:
    registry.on("TAG", NGINX, bearer("library/nginx"))
    registry.on("GET", NGINX_TOKEN, Answer(200, (), b'{"access_token":"t9","expires_in":1e400}'))
    registry.on("TAG", NGINX, tag_answer(A), authorization="Bearer t9")
    assert resolve(registry, "nginx:1") == [ANSWER]


def test_a_token_server_that_fails_is_named(registry: ScriptedRegistry) -> None:
    registry.on("TAG", NGINX, bearer("library/nginx"))
    registry.on("GET", NGINX_TOKEN, *[refusal(503)] * 4)
    answer = resolve(registry, "nginx:1")[0]
    assert isinstance(answer, UnavailableError)
    assert "docker.io's token server auth.docker.io failed with status 503" in answer.message


def test_a_token_servers_redirect_keeps_credentials_on_its_own_origin_only(registry: ScriptedRegistry) -> None:
    base = "https://registry.example"
    registry.on("TAG", APP, challenge(f'Bearer realm="{base}/token"'))
    registry.on(
        "GET",
        f"{base}/token?account=alice&scope=repository%3Ateam%2Fapp%3Apull",
        Answer(307, (("Location", "/t2"),)),
        authorization=basic(),
    )
    registry.on("GET", f"{base}/t2", Answer(307, (("Location", "https://else.example/t3"),)), authorization=basic())
    registry.on("GET", "https://else.example/t3", token("t"))
    registry.on("TAG", APP, tag_answer(A), authorization="Bearer t")
    assert resolve(registry, "registry.example/team/app:1", environment=login("registry.example")) == [ANSWER]


@pytest.mark.parametrize("target", ["http://registry.example/t", "https://127.0.0.1/t", "https://10.0.0.1/t"])
def test_a_token_servers_redirect_is_judged(registry: ScriptedRegistry, target: str) -> None:
    registry.on("TAG", APP, challenge('Bearer realm="https://registry.example/token"'))
    registry.on(
        "GET",
        "https://registry.example/token?scope=repository%3Ateam%2Fapp%3Apull",
        Answer(307, (("Location", target),)),
    )
    assert isinstance(resolve(registry, "registry.example/team/app:1")[0], UnavailableError)
    assert len(registry.asked) == 2


def test_a_token_server_that_redirects_without_end_is_left(registry: ScriptedRegistry) -> None:
    registry.on("TAG", APP, challenge('Bearer realm="https://registry.example/token"'))
    registry.on(
        "GET",
        "https://registry.example/token?scope=repository%3Ateam%2Fapp%3Apull",
        *[Answer(307, (("Location", f"/token?{APP_SCOPE}"),))] * 6,
    )
    assert "without end" in str(resolve(registry, "registry.example/team/app:1")[0])


def test_a_helper_that_fails_is_asked_once_and_named(registry: ScriptedRegistry, tmp_path: object) -> None:
    environment = {"DOCKER_AUTH_CONFIG": '{"credsStore": "gone"}', "PATH": str(tmp_path)}
    registry.on("TAG", f"{HUB}library/a/manifests/1", bearer("library/a"))
    registry.on("TAG", f"{HUB}library/b/manifests/1", bearer("library/b"))
    answers = resolve(registry, "a:1", "b:1", environment=environment)
    assert all("`docker-credential-gone`, which is not in PATH" in str(answer) for answer in answers)


def test_secrets_are_in_no_message_repr_log_or_traceback(
    registry: ScriptedRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    registry.on("TAG", APP, bearer("team/app", "https://registry.example/token", "s"))
    url = "https://registry.example/token?service=s&account=alice&scope=repository%3Ateam%2Fapp%3Apull"
    registry.on("GET", url, token("bearer-secret"), authorization=basic())
    registry.on("TAG", APP, Answer(401), authorization="Bearer bearer-secret")
    asked = resolver(registry, environment=login("registry.example"))
    error = ask(asked, "registry.example/team/app:1")[0]
    assert isinstance(error, ResolveError)
    said = [str(error), repr(error), str(error.hint), caplog.text, *traceback.format_exception(error)]
    assert not [text for text in said for secret in (SECRET, "bearer-secret", basic()[6:]) if secret in text]


@pytest.mark.parametrize("secret", [SECRET, basic()[6:], json.dumps(SECRET)[1:-1]])
def test_a_host_that_repeats_the_password_is_not_quoted(registry: ScriptedRegistry, secret: str) -> None:
    said = f"the pair {secret} is wrong"
    registry.on("TAG", APP, challenge("Basic"))
    warning = ("Warning", f'299 - "you sent {secret}"')
    denied = refusal(403, "DENIED", said)
    registry.on("TAG", APP, Answer(403, (*denied.headers, warning), denied.body), authorization=basic())
    asked = resolver(registry, environment=login("registry.example"))
    error = ask(asked, "registry.example/team/app:1")[0]
    assert isinstance(error, UnauthorizedError)
    assert "(the pair *** is wrong)" in error.message
    assert asked.warnings == ("registry.example warns: you sent ***",)


def test_a_token_server_that_repeats_the_identity_token_is_not_quoted(registry: ScriptedRegistry) -> None:
    registry.on("TAG", APP, bearer("team/app", "https://registry.example/token", "s"))
    registry.on("POST", "https://registry.example/token", refusal(400, "X", "bad refresh token eyJ.identity"))
    entry = {"registry.example": {"identitytoken": "eyJ.identity"}}
    environment = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": entry})}
    assert "(bad refresh token ***)" in refused(registry, "registry.example/team/app:1", environment).message


def test_a_password_that_is_a_word_of_an_address_hinders_nothing(registry: ScriptedRegistry) -> None:
    environment = {
        "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"registry.example": {"username": "a", "password": "token"}}})
    }
    header = "Basic YTp0b2tlbg=="
    registry.on("TAG", APP, challenge("Basic"))
    challenged = bearer("team/app", "https://registry.example/token", "s")
    registry.on("TAG", APP, challenged, authorization=header)
    url = "https://registry.example/token?service=s&account=a&scope=repository%3Ateam%2Fapp%3Apull"
    registry.on("GET", url, token("t1"), authorization=header)
    registry.on("TAG", APP, tag_answer(A), authorization="Bearer t1")
    assert resolve(registry, "registry.example/team/app:1", environment=environment) == [ANSWER]
