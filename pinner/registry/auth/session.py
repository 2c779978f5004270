"""Authentication session: tokens and credentials each asked for once, and given to nobody else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pinner.errors import ConfigError, UnauthorizedError, UnavailableError
from pinner.http.client import Call
from pinner.http.errors import access_denied, detail, fresh_copy
from pinner.registry.auth.challenges import Challenge, choose_challenge, may_see_credentials, parse_challenges
from pinner.registry.auth.token_requests import (
    MAX_TOKEN_BODY,
    ChallengeTemplate,
    RejectedError,
    Token,
    TokenKey,
    credentials_rejected,
    repository_in,
    template_of,
    token_flow,
)
from pinner.registry.auth.token_store import Tokens
from pinner.registry.retries import is_same_origin, redirect_target

if TYPE_CHECKING:
    from pinner.http.addresses import Endpoint
    from pinner.http.errors import Reply
    from pinner.http.library import httpx
    from pinner.http.retry import Clock
    from pinner.registry.auth.credentials import CredentialFinder, Credentials
    from pinner.registry.auth.token_requests import TokenRequest
    from pinner.registry.retries import HostState, Question, RequestSender

MAX_REDIRECTS = 5
_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403
_MAX_GRANTS = 4
"""None or a guess, a token shared with others, the repository's own, and one for a scope the registry insists on."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a request is sent with."""

    authorization: str | None = field(default=None, repr=False)
    credentials: Credentials | None = None
    """Set where they go to the host itself: Basic."""
    key: TokenKey | None = None
    token: Token | None = None
    is_fresh: bool = False
    """The token was fetched for this very request alone: another one would be no better."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request at the door of one host."""

    question: Question
    host: HostState
    call: Call
    url: httpx.URL
    repository: str
    """As the address has it; it names the token's scope."""


class AuthSession:
    """Holds the tokens of a run."""

    def __init__(self, line: RequestSender, finder: CredentialFinder, clock: Clock) -> None:
        self._line = line
        self._finder = finder
        self._clock = clock
        self._tokens = Tokens(clock)
        self._rejected: dict[tuple[str, Credentials], UnauthorizedError] = {}
        self._accepted: set[tuple[str, Credentials]] = set()

    async def send(self, question: Question, host: HostState, call: Call, url: httpx.URL) -> Reply:
        """Return the reply to ``call``, its challenge answered; never a 401. Raises `UnauthorizedError` instead."""
        request_context = RequestContext(question, host, call, url, repository_in(url))
        authorized = await self._foreseen(request_context)
        for _ in range(_MAX_GRANTS):
            reply = await self._present(request_context, authorized)
            if authorized.key and authorized.token and _refuses_shared(reply, authorized.key, authorized.token):
                authorized = await self._with_token(request_context, authorized.key, authorized.token)
            elif reply.status == _UNAUTHORIZED:
                authorized = await self._answer(request_context, reply, authorized)
            else:
                self._note_success(request_context, authorized)
                request_context.question.host.has_let_in |= reply.status == _OK
                return reply
        raise access_denied(host.name, detail(reply), has_credentials=False)

    def _note_success(self, request_context: RequestContext, authorized: Authorization) -> None:
        used = authorized.credentials
        if used is not None:
            self._accepted.add((request_context.host.name, used))
        if authorized.key is not None and authorized.token is not None:
            self._tokens.opened(authorized.key, authorized.token)
            used = authorized.key.credentials
        if used is not None:
            request_context.question.credentials = used
        request_context.host.gate.open()

    async def _present(self, request_context: RequestContext, authorized: Authorization) -> Reply:
        call = request_context.call
        if authorized.authorization is not None:
            call = replace(call, headers={**call.headers, "Authorization": authorized.authorization})
        return await self._line.send(request_context.question, request_context.host, call, request_context.url)

    async def _foreseen(self, request_context: RequestContext) -> Authorization:
        """Return what the host will want, as far as it has taught us: the challenge is saved."""
        host = request_context.host
        if host.asks_basic and (credentials := await self._credentials(request_context)) is not None:
            return Authorization(credentials.basic, credentials)
        if host.challenge_template is not None:
            credentials = await self._credentials(request_context, host.challenge_template)
            key = host.challenge_template.key(request_context.repository, credentials)
            if key is not None:
                return await self._with_token(request_context, key, None)
        return Authorization()

    async def _answer(self, request_context: RequestContext, reply: Reply, authorized: Authorization) -> Authorization:
        """Return what the 401 ``reply`` to ``authorized`` asks for, or raise `UnauthorizedError`."""
        challenge = await self._challenge(request_context, reply, authorized)
        if challenge.scheme == "basic":
            return await self._answer_basic(request_context, reply, authorized)
        url = request_context.url
        zone = self._line.http_client.zone(url)
        challenge_template = template_of(challenge, url, zone, request_context.repository, reply.secrets)
        credentials = await self._credentials(request_context, challenge_template)
        key = TokenKey(challenge_template.realm, challenge_template.service, challenge_template.scopes, credentials)
        insists = f"repository:{request_context.repository}:pull" in key.scopes
        if authorized.is_fresh and (key == authorized.key or not insists):
            raise await self._denied(request_context, reply, challenge_template)
        request_context.host.challenge_template = challenge_template
        if credentials is None:
            self._open_early(request_context)
        result = await self._with_token(request_context, key, authorized.token if key == authorized.key else None)
        self._open_early(request_context)
        return result

    @staticmethod
    def _open_early(request_context: RequestContext) -> None:
        """Let the others through as soon as it is known how; but where fetching is counted, first hear what is left."""
        endpoint = request_context.question.endpoint
        if not endpoint.may_count and (request_context.call.method != "GET" or not endpoint.is_docker_hub):
            request_context.host.gate.open()

    async def _answer_basic(
        self, request_context: RequestContext, reply: Reply, authorized: Authorization
    ) -> Authorization:
        host = request_context.host
        credentials = await self._credentials(request_context)
        if credentials is None:
            raise access_denied(host.name, detail(reply), has_credentials=False)
        if authorized.credentials == credentials:
            error = credentials_rejected(host.name, credentials, detail(reply))
            self._note_rejection(host, credentials, error)
            raise error
        host.asks_basic = True
        return Authorization(credentials.basic, credentials)

    def _note_rejection(self, host: HostState, credentials: Credentials | None, error: RejectedError) -> None:
        """Have the credentials not be tried again, lest the account be locked, unless they were good before.

        Then it is this repository that they do not open, and the host has an odd way of saying so.
        """
        if credentials is not None and (host.name, credentials) not in self._accepted:
            self._rejected[host.name, credentials] = error

    async def _challenge(self, request_context: RequestContext, reply: Reply, authorized: Authorization) -> Challenge:
        host = request_context.host
        challenge = choose_challenge(parse_challenges(reply.headers.get_list("www-authenticate")))
        if challenge is None and authorized.authorization is None:
            # gcr.io has been seen to refuse without saying how to be let in; its front door says it.
            ping = replace(request_context.call, method="GET", headers={}, limit=MAX_TOKEN_BODY, expected=None)
            answer = await self._line.send(request_context.question, host, ping, host.base)
            if answer.status == _UNAUTHORIZED:
                challenge = choose_challenge(parse_challenges(answer.headers.get_list("www-authenticate")))
        if challenge is None:
            raise access_denied(host.name, detail(reply), has_credentials=authorized.authorization is not None)
        return challenge

    async def _credentials(
        self, request_context: RequestContext, challenge_template: ChallengeTemplate | None = None
    ) -> Credentials | None:
        """Return the host's credentials, for the host itself or for the token server of ``challenge_template``."""
        login = request_context.host.login
        if login is None or (
            challenge_template is not None and not _is_trusted(challenge_template.realm, request_context)
        ):
            return None
        credentials = await self._finder.find(login, request_context.repository)
        if credentials is None:
            return None
        if request_context.question.endpoint.unsafe:
            raise _unsafe_setting(request_context.question.endpoint)
        if (error := self._rejected.get((request_context.host.name, credentials))) is not None:
            raise fresh_copy(error)
        return credentials

    async def _denied(
        self, request_context: RequestContext, reply: Reply, challenge_template: ChallengeTemplate
    ) -> UnauthorizedError:
        used = await self._credentials(request_context, challenge_template)
        error = access_denied(request_context.host.name, detail(reply), has_credentials=used is not None)
        return await self._explained(request_context, challenge_template.realm, error) if used is None else error

    async def _explained(
        self, request_context: RequestContext, realm: httpx.URL, error: UnauthorizedError
    ) -> UnauthorizedError:
        """Return the error for somebody without credentials, who may have some that were not used."""
        if _is_trusted(realm, request_context) or await self._credentials(request_context) is None:
            return error
        login = request_context.question.endpoint.login
        return UnauthorizedError(
            f"{error.message}; credentials were kept from its token server {realm.host}, which is of another domain",
            hint=f'if that is its own, set token-server = "{realm.host}" in [registries."{login}"]',
        )

    async def _with_token(self, request_context: RequestContext, key: TokenKey, stale: Token | None) -> Authorization:
        """Return the token for ``key``, another one than ``stale``: whoever asks first fetches it for all."""
        mates = [] if self._tokens.is_served(key) else await self._mates(request_context, key)
        try:
            token, is_fresh = await self._tokens.get(key, stale, mates, partial(self._fetch, request_context))
        except RejectedError as error:
            self._note_rejection(request_context.host, key.credentials, error)
            raise
        except UnauthorizedError as error:
            raise await self._explained(request_context, key.realm, error) from None
        if key.credentials is not None:
            self._accepted.add((request_context.host.name, key.credentials))
        return Authorization(token.authorization, None, key, token, is_fresh=is_fresh)

    async def _mates(self, request_context: RequestContext, key: TokenKey) -> list[TokenKey]:
        """Return the tokens that the host's other open questions need and that may come with the one for ``key``.

        None unless the scope is that of the repository itself, and only those that the same credentials are for.
        """
        if key.scopes != (f"repository:{request_context.repository}:pull",):
            return []
        login = request_context.host.login if _is_trusted(key.realm, request_context) else None
        room = self._tokens.room(key)
        mates: list[TokenKey] = []
        for repository in [*request_context.host.waiting]:
            if len(mates) == room:
                break
            mate = replace(key, scopes=(f"repository:{repository}:pull",))
            if repository == request_context.repository or not self._tokens.may_share(mate):
                continue
            if key.credentials == (None if login is None else await self._finder.find(login, repository)):
                mates.append(mate)
        return mates

    async def _fetch(self, request_context: RequestContext, key: TokenKey) -> Token:
        flow = token_flow(key, request_context.host.name, self._clock.now())
        request = next(flow)
        while True:
            try:
                request = flow.send(await self._ask_token_server(request_context, request))
            except StopIteration as end:
                token: Token = end.value
                return token

    async def _ask_token_server(self, request_context: RequestContext, request: TokenRequest) -> Reply:
        floor = self._line.http_client.zone(request_context.url)
        headers = {} if request.authorization is None else {"Authorization": request.authorization}
        call = Call(request.method, headers, MAX_TOKEN_BODY, floor, request.form)
        url = request.url
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self._line.send(request_context.question, request_context.host, call, url)
            target = redirect_target(reply) if request.method == "GET" else None
            if target is None:
                return reply
            if not is_same_origin(target, url):
                call = replace(call, headers={})
            url = target
        raise UnavailableError(f"{request_context.host.name}'s token server redirects without end")


def _refuses_shared(reply: Reply, key: TokenKey, token: Token) -> bool:
    """Say whether ``reply`` refuses a shared token: whatever else it names, the repository's own may do."""
    return token.scopes != key.scopes and reply.status in (_UNAUTHORIZED, _FORBIDDEN)


def _unsafe_setting(endpoint: Endpoint) -> ConfigError:
    """Return the error for a setting of the tree that a stored login must not be used with."""
    return ConfigError(
        f"there is a login for {endpoint.login}, and a configuration file of this repository {endpoint.unsafe}",
        hint="where that is wanted, say so in a file outside of the repository, and name it with --config",
    )


def _is_trusted(realm: httpx.URL, request_context: RequestContext) -> bool:
    """Say whether the token server ``realm`` may see the credentials: the host's own house, or the user says so."""
    named = request_context.question.endpoint.token_server
    return may_see_credentials(realm, request_context.url) or named in (realm.host, realm.netloc.decode("ascii"))
