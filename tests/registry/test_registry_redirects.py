"""Where redirects may lead, and what goes along."""

from __future__ import annotations

import base64
import json

import pytest
from scripted_registry import OCI_INDEX, A, Answer, ScriptedRegistry, ask, challenge, resolver, tag_answer, token
from virtual_time import run_virtually

from pinner.config import RegistryOptions, Settings
from pinner.errors import NotFoundError, ResolveError, UnauthorizedError, UnavailableError
from pinner.model import Resolved
from pinner.reference import Digest, ImageReference

ANSWER = Resolved(Digest.parse(A), OCI_INDEX)
URL = "https://registry.example/v2/team/app/manifests/1"
BASIC = f"Basic {base64.b64encode(b'alice:secret').decode()}"
ENVIRONMENT = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {"registry.example": {"auth": BASIC[6:]}}})}


def to(location: str, status: int = 307) -> Answer:
    return Answer(status, (("Location", location),))


@pytest.fixture
def registry() -> ScriptedRegistry:
    return ScriptedRegistry()


def resolve(registry: ScriptedRegistry, name: str = "registry.example/team/app:1") -> Resolved | ResolveError:
    answer = ask(resolver(registry, environment=ENVIRONMENT), name)[0]
    registry.assert_used_up()
    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/v2/moved/manifests/1", "https://registry.example:443/v2/moved/manifests/1"])
def test_the_same_origin_keeps_the_method_and_the_authorization(
    registry: ScriptedRegistry, status: int, location: str
) -> None:
    registry.on("TAG", URL, challenge("Basic"))
    registry.on("TAG", URL, to(location, status), authorization=BASIC)
    registry.on("TAG", "https://registry.example/v2/moved/manifests/1", tag_answer(A), authorization=BASIC)
    assert resolve(registry) == ANSWER


@pytest.mark.parametrize("host", ["other.example", "registry.example:8443", "sub.registry.example"])
def test_another_origin_gets_no_authorization(registry: ScriptedRegistry, host: str) -> None:
    registry.on("TAG", URL, challenge("Basic"))
    registry.on("TAG", URL, to(f"https://{host}/v2/x/manifests/1"), authorization=BASIC)
    registry.on("TAG", f"https://{host}/v2/x/manifests/1", tag_answer(A))
    assert resolve(registry) == ANSWER


def test_another_origin_that_asks_for_credentials_gets_none(registry: ScriptedRegistry) -> None:
    registry.on("TAG", URL, challenge("Basic"))
    registry.on("TAG", URL, to("https://other.example/v2/x/manifests/1"), authorization=BASIC)
    registry.on("TAG", "https://other.example/v2/x/manifests/1", challenge("Basic"))
    answer = resolve(registry)
    assert isinstance(answer, UnauthorizedError)
    assert "other.example wants credentials" in answer.message


def test_a_way_back_home_gets_none_either(registry: ScriptedRegistry) -> None:
    registry.on("TAG", URL, challenge("Basic"))
    registry.on("TAG", URL, to("https://other.example/x"), authorization=BASIC)
    registry.on("TAG", "https://other.example/x", to("https://registry.example/v2/admin/manifests/1"))
    registry.on("TAG", "https://registry.example/v2/admin/manifests/1", tag_answer(A))
    assert resolve(registry) == ANSWER


def test_a_registry_that_redirects_everything_is_followed_with_an_anonymous_token(registry: ScriptedRegistry) -> None:
    """As registry.k8s.io does to regional Artifact Registries: the second image there costs no second challenge."""
    realm = "https://west.pkg.dev/v2/token"
    base = "https://west.pkg.dev/v2/k8s/images"
    registry.on("TAG", f"{base}/pause/manifests/1", challenge(f'Bearer realm="{realm}",scope="repository:k8s/images/pause:pull"'))  # fmt: skip # noqa: E501
    for name in ("pause", "proxy"):
        registry.on("TAG", f"https://registry.k8s.io/v2/{name}/manifests/1", to(f"{base}/{name}/manifests/1"))
        registry.on("GET", f"{realm}?scope=repository%3Ak8s%2Fimages%2F{name}%3Apull", token(name))
        registry.on("TAG", f"{base}/{name}/manifests/1", tag_answer(A), authorization=f"Bearer {name}")
    asked = resolver(registry)

    async def in_turn() -> list[Resolved]:
        async with asked:
            return [
                await asked.resolve(ImageReference.parse(f"registry.k8s.io/{name}:1"), None)
                for name in ("pause", "proxy")
            ]

    assert run_virtually(in_turn()) == [ANSWER, ANSWER]
    registry.assert_used_up()


@pytest.mark.parametrize(
    ("location", "clause"),
    [
        ("http://registry.example/x", "plain HTTP"),
        ("http://other.example/x", "plain HTTP"),
        ("ftp://other.example/x", "no address"),
        ("file:///etc/passwd", "no address"),
        ("https://other.example:port/x", "no address"),
        ("https://127.0.0.1/x", "private network"),
        ("https://localhost:5000/x", "private network"),
        ("https://10.0.0.1/x", "private network"),
        ("https://[fd00:ec2::254]/x", "private network"),
        ("https://169.254.169.254/latest/meta-data", "private network"),
        ("https://0x7f.1/x", "private network"),
        ("//192.168.0.1/x", "private network"),
    ],
)
def test_a_redirect_that_must_not_be_followed_is_not(registry: ScriptedRegistry, location: str, clause: str) -> None:
    registry.on("TAG", URL, to(location))
    answer = resolve(registry)
    assert isinstance(answer, UnavailableError)
    assert clause in answer.message
    assert len(registry.asked) == 1


def test_a_user_name_in_a_redirect_is_dropped_and_not_told(registry: ScriptedRegistry) -> None:
    registry.on("TAG", URL, to("https://user:pass@other.example/x#part"))
    registry.on("TAG", "https://other.example/x", tag_answer(A))
    assert resolve(registry) == ANSWER
    registry.on("TAG", URL, to("http://user:pass@other.example/x"))
    assert "pass@" not in str(resolve(registry))


def test_a_loopback_registry_may_stay_on_this_machine_but_not_read_its_metadata(registry: ScriptedRegistry) -> None:
    base = "http://127.0.0.1:5000/v2/a/manifests"
    registry.on("TAG", f"{base}/1", to("http://127.0.0.1:5001/x"))
    registry.on("TAG", "http://127.0.0.1:5001/x", tag_answer(A))
    assert resolve(registry, "127.0.0.1:5000/a:1") == ANSWER
    registry.on("TAG", f"{base}/2", to("http://169.254.169.254/x"))
    assert "private network" in str(resolve(registry, "127.0.0.1:5000/a:2"))


def test_five_hops_are_followed_and_no_more(registry: ScriptedRegistry) -> None:
    registry.on("TAG", URL, *[to(URL)] * 5, tag_answer(A))
    assert resolve(registry) == ANSWER
    registry.on("TAG", URL, *[to(URL)] * 6)
    assert "redirects more than 5 times" in str(resolve(registry))


def test_a_redirected_get_is_hashed_like_any_other(registry: ScriptedRegistry) -> None:
    registry.on("TAG", URL, Answer(405))
    registry.on("GET", URL, to("https://other.example/x"))
    registry.on("GET", "https://other.example/x", Answer(200, tag_answer(A).headers, b"{}"))
    assert "sent something else" in str(resolve(registry))


def test_a_host_that_answers_for_a_redirect_may_lack_the_image(registry: ScriptedRegistry) -> None:
    registry.on("TAG", URL, Answer(404))
    registry.on("GET", URL, to("https://other.example/x"))
    registry.on("GET", "https://other.example/x", Answer(404))
    assert isinstance(resolve(registry), NotFoundError)


def test_plain_http_where_asked_may_go_to_plain_http(registry: ScriptedRegistry) -> None:
    settings = Settings(registries={"intern.example": RegistryOptions(plain_http=True)})
    registry.on("TAG", "http://intern.example/v2/a/manifests/1", to("http://store.example/x"))
    registry.on("TAG", "http://store.example/x", tag_answer(A))
    assert ask(resolver(registry, settings=settings), "intern.example/a:1") == [ANSWER]
