"""The conversation with a token server, without a network: what it sends, given what it is told."""

from __future__ import annotations

import httpx
import pytest

from pinner.errors import RateLimitedError, UnauthorizedError, UnavailableError
from pinner.http.addresses import NetworkZone
from pinner.http.errors import Reply
from pinner.registry.auth.challenges import Challenge
from pinner.registry.auth.credentials import Credentials
from pinner.registry.auth.token_requests import (
    ChallengeTemplate,
    RejectedError,
    Token,
    TokenKey,
    TokenRequest,
    template_of,
    token_flow,
)

REALM = httpx.URL("https://auth.example/token")
ALICE = Credentials("alice", "secret")
IDENTITY = Credentials("alice", identity_token="refresh")


def key(credentials: Credentials | None = None, scopes: tuple[str, ...] = ("repository:a/b:pull",)) -> TokenKey:
    return TokenKey(REALM, "s", scopes, credentials)


def reply(status: int = 200, body: bytes = b'{"token":"t"}') -> Reply:
    return Reply(status, httpx.Headers(), body, REALM)


def finish(wanted: TokenKey, *replies: Reply) -> tuple[list[TokenRequest], Token]:
    flow = token_flow(wanted, "registry.example", 1000.0)
    requests = [next(flow), *map(flow.send, replies[:-1])]
    with pytest.raises(StopIteration) as end:
        flow.send(replies[-1])
    token: Token = end.value.value
    return requests, token


def test_nobody_asks_without_an_authorization() -> None:
    (request,), token = finish(key(), reply())
    assert (request.method, request.authorization, request.form) == ("GET", None, None)
    assert str(request.url) == "https://auth.example/token?service=s&scope=repository%3Aa%2Fb%3Apull"
    assert token.authorization == "Bearer t"


def test_somebody_asks_with_basic_and_says_who() -> None:
    (request,), _ = finish(key(ALICE), reply())
    assert request.authorization == ALICE.basic
    assert request.url.params["account"] == "alice"


def test_several_scopes_are_several_parameters() -> None:
    (request,), _ = finish(key(scopes=("x", "y")), reply())
    assert request.url.params.get_list("scope") == ["x", "y"]


def test_an_identity_token_goes_into_the_form_and_nowhere_else() -> None:
    (request,), _ = finish(key(IDENTITY, ("x", "y")), reply())
    assert (request.method, request.authorization, request.url) == ("POST", None, REALM)
    assert dict(request.form or ())["scope"] == "x y"
    assert "refresh" not in repr(request)


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_oauth_is_asked_by_get(status: int) -> None:
    requests, _ = finish(key(IDENTITY), reply(status), reply())
    assert [request.method for request in requests] == ["POST", "GET"]
    assert requests[1].authorization == IDENTITY.basic


@pytest.mark.parametrize(
    ("body", "expires"),
    [
        (b'{"token":"t"}', 1060.0),
        (b'{"token":"t","expires_in":300}', 1300.0),
        (b'{"token":"t","expires_in":0}', 1060.0),
        (b'{"token":"t","expires_in":-5}', 1060.0),
        (b'{"token":"t","expires_in":1e9}', 4600.0),
        (b'{"token":"t","expires_in":99999999999999999999999}', 4600.0),
        (b'{"token":"t","expires_in":NaN}', 1060.0),
        (b'{"token":"t","expires_in":"300"}', 1060.0),
        (b'{"token":"t","expires_in":300,"issued_at":"1999-01-01T00:00:00Z"}', 1300.0),
    ],
)
def test_a_tokens_life_is_between_a_minute_and_an_hour(body: bytes, expires: float) -> None:
    _, token = finish(key(), reply(200, body))
    assert token.expires == expires
    assert token.is_good(expires - 6)
    assert not token.is_good(expires - 4)


def test_token_comes_before_access_token() -> None:
    assert finish(key(), reply(200, b'{"token":"t","access_token":"u"}'))[1].text == "t"


@pytest.mark.parametrize(
    ("credentials", "status", "error"),
    [
        (None, 401, UnauthorizedError),
        (None, 403, UnauthorizedError),
        (ALICE, 401, RejectedError),
        (ALICE, 403, UnauthorizedError),
        (IDENTITY, 401, RejectedError),
        (None, 429, RateLimitedError),
        (None, 500, UnavailableError),
    ],
)
def test_a_refusal_ends_the_conversation(
    credentials: Credentials | None, status: int, error: type[UnauthorizedError]
) -> None:
    flow = token_flow(key(credentials), "registry.example", 0.0)
    next(flow)
    with pytest.raises(error) as caught:
        flow.send(reply(status, b'{"details":"no"}'))
    assert type(caught.value) is error


def test_secrets_are_in_no_repr() -> None:
    (request,), token = finish(key(ALICE), reply())
    assert not [text for text in (repr(request), repr(token), repr(key(IDENTITY))) if "secret" in text or "'t'" in text]


@pytest.mark.parametrize(
    ("scopes", "taught_by", "asked_for", "foretold"),
    [
        (("repository:a/b:pull",), "a/b", "c/d", ("repository:c/d:pull",)),
        (("repository:x/a/b:pull",), "a/b", "c/d", ("repository:x/c/d:pull",)),
        (("repository:a/b:pull",), "a/b", "a/b", ("repository:a/b:pull",)),
        (("aws",), "a/b", "c/d", ("aws",)),
        ((), "a/b", "c/d", ()),
        (("repository:xa/b:pull",), "a/b", "c/d", None),
        (("repository:a/b:pull", "repository:y:pull"), "a/b", "c/d", None),
        (("repository:a/b:pull",), "", "c/d", None),
    ],
)
def test_a_lesson_foretells_the_next_repositorys_scope(
    scopes: tuple[str, ...], taught_by: str, asked_for: str, foretold: tuple[str, ...] | None
) -> None:
    found = ChallengeTemplate(REALM, "s", scopes, taught_by).key(asked_for, None)
    assert (None if found is None else found.scopes) == foretold


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("repository:a/b:pull,push", ("repository:a/b:pull",)),
        ("repository:a/b:*", ("repository:a/b:pull",)),
        ("repository:host:5000/a/b:delete", ("repository:host:5000/a/b:pull",)),
        ("registry:catalog:* aws", ("aws",)),
        ("aws", ("aws",)),
        (" x  y ", ("x", "y")),
        ("", ("repository:a/b:pull",)),
        ("registry:catalog:*", ("repository:a/b:pull",)),
    ],
)
def test_no_scope_is_learned_that_could_write(scope: str, scopes: tuple[str, ...]) -> None:
    challenge = Challenge("bearer", {"realm": str(REALM), "scope": scope})
    assert template_of(challenge, httpx.URL("https://auth.example/"), NetworkZone.PUBLIC, "a/b").scopes == scopes
