"""Registry session: bounded concurrency and time for each host."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pinner.errors import UnavailableError
from pinner.http.addresses import origin
from pinner.http.errors import fresh_copy
from pinner.http.network_failures import UnreachedError
from pinner.registry.auth.session import MAX_REDIRECTS, AuthSession
from pinner.registry.auth.token_requests import repository_in
from pinner.registry.retries import HostState, Question, RequestSender, is_same_origin, redirect_target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pinner.http.addresses import Endpoint
    from pinner.http.client import Call, HttpClient
    from pinner.http.errors import Reply
    from pinner.http.library import httpx
    from pinner.http.retry import Clock, RetryPolicy
    from pinner.reference import Digest
    from pinner.registry.auth.credentials import CredentialFinder


class Session:
    """Everything learned about hosts in one run, and the way to ask them."""

    def __init__(
        self,
        http_client: HttpClient,
        finder: CredentialFinder,
        retry_policy: RetryPolicy,
        clock: Clock,
        jobs: int,
        jobs_by_login: Mapping[str, int],
    ) -> None:
        """``jobs`` is how many questions a host gets at once, but for those in ``jobs_by_login``."""
        self._http_client = http_client
        self._retry_policy = retry_policy
        self._jobs = jobs
        self._jobs_by_login = jobs_by_login
        self._access = AuthSession(RequestSender(http_client, retry_policy, clock), finder, clock)
        self._hosts: dict[tuple[str, str | None], HostState] = {}
        self._run_end: float | None = None
        self.served: dict[tuple[str, str, Digest], bool] = {}
        """The manifests that this run has seen (base address, repository, digest), and whether by their digest."""

    @asynccontextmanager
    async def question(self, endpoint: Endpoint, repository: str) -> AsyncIterator[Question]:
        """Give a question about ``repository`` its turn at ``endpoint`` and its time; both end with the block.

        The first question to a host goes alone until it is known how the host lets people in. Raises `UnreachedError`
        when the time is over, and at once for a host that nobody could connect to.
        """
        host = self._host(endpoint)
        async with _waiting(host, repository_in(endpoint.manifest(repository, "latest"))), host.slots:
            is_first = await host.gate.enter()
            try:
                if host.failure is not None:
                    raise fresh_copy(host.failure)
                end = self._end()
                if asyncio.get_running_loop().time() >= end:
                    raise self._too_late(host)
                async with asyncio.timeout_at(min(self._deadline(), end)) as timer:
                    yield Question(endpoint, host, timer, end)
            except TimeoutError:
                if asyncio.get_running_loop().time() >= self._end():
                    raise self._too_late(host) from None
                raise UnreachedError(
                    f"{host.name} gave no answer within {self._retry_policy.deadline:g} seconds"
                ) from None
            except UnreachedError as error:
                if error.of_host and not host.has_answered:
                    host.failure = error
                raise
            finally:
                if is_first:
                    host.gate.open()

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._retry_policy.deadline

    def _end(self) -> float:
        """Return when the run's time is over, which begins with its first question."""
        if self._run_end is None:
            run = self._retry_policy.run
            self._run_end = math.inf if run is None else asyncio.get_running_loop().time() + run
        return self._run_end

    def _too_late(self, host: HostState) -> UnavailableError:
        return UnavailableError(
            f"{host.name} has not answered, and the time of this run, {self._retry_policy.run:g} s, is over",
            hint="give it more time: --timeout, or `timeout` in the settings",
        )

    def counts_pulls(self, question: Question) -> bool:
        """Tell whether a GET of a manifest may be counted as a pull where ``question`` is asked.

        Docker Hub counts them and says so, and so may who stands in its place, until it has said nothing of the kind.
        """
        endpoint = question.endpoint
        is_open = endpoint.may_count and not question.host.has_let_in
        return endpoint.is_docker_hub or is_open or self._http_client.notices.has_budget(endpoint.base.host)

    async def ask(self, question: Question, call: Call, url: httpx.URL) -> Reply:
        """Return the reply to ``call``, redirects followed: another host gets no credentials, nor the hosts after it.

        Raises `ResolveError` for everything that is no reply to the question; a refusing status is one, but for 401.
        """
        host = question.host
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self._access.send(question, host, call, url)
            target = redirect_target(reply)
            if target is None:
                return reply
            call = replace(call, floor=self._http_client.zone(question.endpoint.base))
            if not is_same_origin(target, url):
                host = self._stranger(target, question.host)
            url = target
        raise UnavailableError(f"{question.host.name} redirects more than {MAX_REDIRECTS} times")

    def _host(self, endpoint: Endpoint) -> HostState:
        key = (origin(endpoint.base), endpoint.login)
        if key not in self._hosts:
            slots = asyncio.Semaphore(self._jobs_by_login.get(endpoint.login, self._jobs))
            self._hosts[key] = HostState(endpoint.host, endpoint.base, endpoint.login, endpoint.ca, slots)
        return self._hosts[key]

    def _stranger(self, url: httpx.URL, sender: HostState) -> HostState:
        key = (origin(url), None)
        if key not in self._hosts:
            name = url.netloc.decode("ascii")
            self._hosts[key] = HostState(name, url.join("/v2/"), None, sender.ca, sender.slots)
        return self._hosts[key]


@asynccontextmanager
async def _waiting(host: HostState, repository: str) -> AsyncIterator[None]:
    """Have ``repository`` be known as one that a token will be needed for."""
    host.waiting[repository] = host.waiting.get(repository, 0) + 1
    try:
        yield
    finally:
        host.waiting[repository] -= 1
        if not host.waiting[repository]:
            del host.waiting[repository]
