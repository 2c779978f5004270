"""Being let in: challenges answered, tokens and credentials each asked for once, and given to nobody else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pinner.errors import UnauthorizedError, UnavailableError
from pinner.registry.auth import MAX_TOKEN_BODY, Lesson, RejectedError, Token, TokenKey, learn, rejected, token_flow
from pinner.registry.challenges import Challenge, choose_challenge, parse_challenges
from pinner.registry.failures import again, denied, detail
from pinner.registry.line import is_same_house, redirect_target
from pinner.registry.realms import may_see_credentials
from pinner.registry.tokens import Tokens
from pinner.registry.wire import Call

if TYPE_CHECKING:
    import httpx

    from pinner.registry.auth import TokenRequest
    from pinner.registry.credentials import CredentialFinder, Credentials
    from pinner.registry.failures import Reply
    from pinner.registry.line import Host, Line, Question
    from pinner.registry.retry import Clock

MAX_REDIRECTS = 5
_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403
_MAX_GRANTS = 4
"""None or a guess, a token shared with others, the repository's own, and one for a scope the registry insists on."""
_REPOSITORY = re.compile(r"/v2/(?P<name>.+)/(?:manifests|blobs|referrers)/[^/]+\Z")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a request is sent with."""

    authorization: str | None = field(default=None, repr=False)
    credentials: Credentials | None = None
    """Set where they go to the host itself: Basic."""
    key: TokenKey | None = None
    token: Token | None = None
    is_fresh: bool = False
    """The token was fetched for this very request alone: another one would be no better."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request at the door of one host."""

    question: Question
    host: Host
    call: Call
    url: httpx.URL
    repository: str
    """As the address has it; it names the token's scope."""


class Access:
    """Holds the tokens of a run."""

    def __init__(self, line: Line, finder: CredentialFinder, clock: Clock) -> None:
        self._line = line
        self._finder = finder
        self._clock = clock
        self._tokens = Tokens(clock)
        self._rejected: dict[tuple[str, Credentials], UnauthorizedError] = {}
        self._accepted: set[tuple[str, Credentials]] = set()

    async def send(self, question: Question, host: Host, call: Call, url: httpx.URL) -> Reply:
        """Return the reply to ``call``, its challenge answered; never a 401. Raises `UnauthorizedError` instead."""
        visit = Visit(question, host, call, url, repository_in(url))
        grant = await self._foreseen(visit)
        for _ in range(_MAX_GRANTS):
            reply = await self._present(visit, grant)
            if grant.key and grant.token and _refuses_shared(reply, grant.key, grant.token):
                grant = await self._with_token(visit, grant.key, grant.token)
            elif reply.status == _UNAUTHORIZED:
                grant = await self._answer(visit, reply, grant)
            else:
                self._note_success(visit, grant)
                visit.question.host.has_let_in |= reply.status == _OK
                return reply
        raise denied(host.name, detail(reply), has_credentials=False)

    def _note_success(self, visit: Visit, grant: Grant) -> None:
        used = grant.credentials
        if used is not None:
            self._accepted.add((visit.host.name, used))
        if grant.key is not None and grant.token is not None:
            self._tokens.opened(grant.key, grant.token)
            used = grant.key.credentials
        if used is not None:
            visit.question.credentials = used
        visit.host.gate.open()

    async def _present(self, visit: Visit, grant: Grant) -> Reply:
        call = visit.call
        if grant.authorization is not None:
            call = replace(call, headers={**call.headers, "Authorization": grant.authorization})
        return await self._line.send(visit.question, visit.host, call, visit.url)

    async def _foreseen(self, visit: Visit) -> Grant:
        """Return what the host will want, as far as it has taught us: the challenge is saved."""
        host = visit.host
        if host.asks_basic and (credentials := await self._credentials(visit)) is not None:
            return Grant(credentials.basic, credentials)
        if host.lesson is not None:
            credentials = await self._credentials(visit, host.lesson)
            key = host.lesson.key(visit.repository, credentials)
            if key is not None:
                return await self._with_token(visit, key, None)
        return Grant()

    async def _answer(self, visit: Visit, reply: Reply, grant: Grant) -> Grant:
        """Return what the 401 ``reply`` to ``grant`` asks for, or raise `UnauthorizedError`."""
        challenge = await self._challenge(visit, reply, grant)
        if challenge.scheme == "basic":
            return await self._answer_basic(visit, reply, grant)
        lesson = learn(challenge, visit.url, self._line.wire.reach(visit.url), visit.repository)
        credentials = await self._credentials(visit, lesson)
        key = TokenKey(lesson.realm, lesson.service, lesson.scopes, credentials)
        insists = f"repository:{visit.repository}:pull" in key.scopes
        if grant.is_fresh and (key == grant.key or not insists):
            raise await self._denied(visit, reply, lesson)
        visit.host.lesson = lesson
        if credentials is None:
            self._open_early(visit)
        result = await self._with_token(visit, key, grant.token if key == grant.key else None)
        self._open_early(visit)
        return result

    @staticmethod
    def _open_early(visit: Visit) -> None:
        """Let the others through as soon as it is known how; but where fetching is counted, first hear what is left."""
        endpoint = visit.question.endpoint
        if not endpoint.may_count and (visit.call.method != "GET" or not endpoint.is_docker_hub):
            visit.host.gate.open()

    async def _answer_basic(self, visit: Visit, reply: Reply, grant: Grant) -> Grant:
        host = visit.host
        credentials = await self._credentials(visit)
        if credentials is None:
            raise denied(host.name, detail(reply), has_credentials=False)
        if grant.credentials == credentials:
            error = rejected(host.name, credentials, detail(reply))
            self._note_rejection(host, credentials, error)
            raise error
        host.asks_basic = True
        return Grant(credentials.basic, credentials)

    def _note_rejection(self, host: Host, credentials: Credentials | None, error: RejectedError) -> None:
        """Have the credentials not be tried again, lest the account be locked, unless they were good before.

        Then it is this repository that they do not open, and the host has an odd way of saying so.
        """
        if credentials is not None and (host.name, credentials) not in self._accepted:
            self._rejected[host.name, credentials] = error

    async def _challenge(self, visit: Visit, reply: Reply, grant: Grant) -> Challenge:
        challenge = choose_challenge(parse_challenges(reply.headers.get_list("www-authenticate")))
        if challenge is None and grant.authorization is None:
            # gcr.io has been seen to refuse without saying how to be let in; its front door says it.
            ping = replace(visit.call, method="GET", headers={}, limit=MAX_TOKEN_BODY, expected=None)
            answer = await self._line.send(visit.question, visit.host, ping, visit.host.base)
            if answer.status == _UNAUTHORIZED:
                challenge = choose_challenge(parse_challenges(answer.headers.get_list("www-authenticate")))
        if challenge is None:
            raise denied(visit.host.name, detail(reply), has_credentials=grant.authorization is not None)
        return challenge

    async def _credentials(self, visit: Visit, lesson: Lesson | None = None) -> Credentials | None:
        """Return the host's credentials, for the host itself or for the token server of ``lesson``."""
        login = visit.host.login
        if login is None or (lesson is not None and not _is_trusted(lesson.realm, visit)):
            return None
        credentials = await self._finder.find(login, visit.repository)
        if credentials is not None and (error := self._rejected.get((visit.host.name, credentials))) is not None:
            raise again(error)
        return credentials

    async def _denied(self, visit: Visit, reply: Reply, lesson: Lesson) -> UnauthorizedError:
        used = await self._credentials(visit, lesson)
        error = denied(visit.host.name, detail(reply), has_credentials=used is not None)
        return await self._explained(visit, lesson.realm, error) if used is None else error

    async def _explained(self, visit: Visit, realm: httpx.URL, error: UnauthorizedError) -> UnauthorizedError:
        """Return the error for somebody without credentials, who may have some that were not used."""
        if _is_trusted(realm, visit) or await self._credentials(visit) is None:
            return error
        login = visit.question.endpoint.login
        return UnauthorizedError(
            f"{error.message}; credentials were kept from its token server {realm.host}, which is of another domain",
            hint=f'if that is its own, set token-server = "{realm.host}" in [registries."{login}"]',
        )

    async def _with_token(self, visit: Visit, key: TokenKey, stale: Token | None) -> Grant:
        """Return the token for ``key``, another one than ``stale``: whoever asks first fetches it for all."""
        mates = [] if self._tokens.is_served(key) else await self._mates(visit, key)
        try:
            token, is_fresh = await self._tokens.get(key, stale, mates, partial(self._fetch, visit))
        except RejectedError as error:
            self._note_rejection(visit.host, key.credentials, error)
            raise
        except UnauthorizedError as error:
            raise await self._explained(visit, key.realm, error) from None
        if key.credentials is not None:
            self._accepted.add((visit.host.name, key.credentials))
        return Grant(token.authorization, None, key, token, is_fresh=is_fresh)

    async def _mates(self, visit: Visit, key: TokenKey) -> list[TokenKey]:
        """Return the tokens that the host's other open questions need and that may come with the one for ``key``.

        None unless the scope is that of the repository itself, and only those that the same credentials are for.
        """
        if key.scopes != (f"repository:{visit.repository}:pull",):
            return []
        login = visit.host.login if _is_trusted(key.realm, visit) else None
        mates = []
        for repository in [*visit.host.waiting]:
            credentials = None if login is None else await self._finder.find(login, repository)
            if repository != visit.repository and credentials == key.credentials:
                mates.append(replace(key, scopes=(f"repository:{repository}:pull",)))
        return mates

    async def _fetch(self, visit: Visit, key: TokenKey) -> Token:
        flow = token_flow(key, visit.host.name, self._clock.now())
        request = next(flow)
        while True:
            reply = await self._ask_token_server(visit, request)
            try:
                request = flow.send(reply)
            except StopIteration as end:
                token: Token = end.value
                return token

    async def _ask_token_server(self, visit: Visit, request: TokenRequest) -> Reply:
        floor = self._line.wire.reach(visit.url)
        headers = {} if request.authorization is None else {"Authorization": request.authorization}
        call = Call(request.method, headers, MAX_TOKEN_BODY, floor, request.form)
        url = request.url
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self._line.send(visit.question, visit.host, call, url)
            target = redirect_target(reply) if request.method == "GET" else None
            if target is None:
                return reply
            if not is_same_house(target, url):
                call = replace(call, headers={})
            url = target
        raise UnavailableError(f"{visit.host.name}'s token server redirects without end")


def _refuses_shared(reply: Reply, key: TokenKey, token: Token) -> bool:
    """Say whether ``reply`` refuses a shared token: whatever else it names, the repository's own may do."""
    return token.scopes != key.scopes and reply.status in (_UNAUTHORIZED, _FORBIDDEN)


def _is_trusted(realm: httpx.URL, visit: Visit) -> bool:
    """Say whether the token server ``realm`` may see the credentials: the host's own house, or the user says so."""
    named = visit.question.endpoint.token_server
    return may_see_credentials(realm, visit.url) or named in (realm.host, realm.netloc.decode("ascii"))


def repository_in(url: httpx.URL) -> str:
    """Return the repository that an address of the distribution API is about; empty where it is none."""
    match = _REPOSITORY.search(url.path)
    return "" if match is None else match["name"]
