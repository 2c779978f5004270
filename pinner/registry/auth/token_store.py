"""Token store of a run: one token for many repositories where the server allows it.

A token may carry many scopes (distribution, docs/spec/auth/token.md), but a server may grant fewer than were asked for
and that is no error: whether a shared token opens a repository shows when it is used. One that does not is replaced by
a token for that repository alone, and unless sharing has been seen to work, its server gets no such request again.
"""

from __future__ import annotations

import asyncio
import binascii
import json
from base64 import urlsafe_b64decode
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import quote

from pinner.errors import RateLimitedError, ResolveError, UnauthorizedError
from pinner.http.errors import fresh_copy
from pinner.http.network_failures import UnreachedError
from pinner.registry.auth.token_requests import RejectedError, token_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from pinner.http.library import httpx
    from pinner.http.retry import Clock
    from pinner.registry.auth.token_requests import Token, TokenKey

MAX_SCOPES = 32
"""Each scope makes the token longer, and servers bound the header it comes back in: nginx at 8 KB."""
_MAX_ADDRESS = 4096
_LONGEST_SHARED = 7 * 1024
_SCOPE_PARAMETER = len("&scope=")


class Tokens:
    """Who waits for which token, and what token servers have taught."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[TokenKey, Token | UnauthorizedError] = {}
        self._pending: dict[TokenKey, asyncio.Event] = {}
        self._sizes: dict[httpx.URL, int] = {}
        """How many scopes a realm may be asked for at once, where that is less than the most."""
        self._alone: set[TokenKey] = set()
        """What a shared token did not open."""
        self._left: dict[TokenKey, None] = {}
        """Those that waited for a shared token in which there was no room for them: they share the next one."""
        self._first_opened: dict[str, TokenKey] = {}
        self._unreached: dict[httpx.URL, UnreachedError] = {}
        """Why a token server need not be tried again: nobody could connect to it."""
        self._shares: set[httpx.URL] = set()
        """The realms of which one token has opened two repositories."""

    def is_served(self, key: TokenKey) -> bool:
        """Say whether `get` would fetch nothing for ``key`` now."""
        return key in self._pending or self._current(key, None) is not None

    def room(self, key: TokenKey) -> int | None:
        """Return how many a token for ``key`` may be asked for; None until its realm has been seen to share one.

        Until then all that wait hear of the first one whether it does. After that nobody waits for a token that has no
        room for him: that all look at all, once a token, takes seconds of a processor for some thousand repositories.
        """
        return MAX_SCOPES if key.realm in self._shares else None

    def may_share(self, mate: TokenKey) -> bool:
        """Say whether ``mate`` needs a token, and one that others have, too, may do."""
        return mate not in self._alone and not self.is_served(mate)

    async def get(
        self,
        key: TokenKey,
        stale: Token | None,
        mates: Iterable[TokenKey],
        fetch: Callable[[TokenKey], Awaitable[Token]],
    ) -> tuple[Token, bool]:
        """Return a token for ``key``, another one than ``stale``, and whether it was fetched for it alone, just now.

        ``mates`` will be asked for soon: they may share what is fetched. Raises `UnauthorizedError`, the same again
        for the same key, and what ``fetch`` raises.
        """
        while (pending := self._pending.get(key)) is not None:
            await pending.wait()
        token = self._current(key, stale)
        if isinstance(token, UnauthorizedError):
            raise fresh_copy(token)
        if token is None and (failure := self._unreached.get(key.realm)) is not None:
            raise fresh_copy(failure)
        if token is not None:
            return token, False
        if stale is not None:
            self._distrust(key, stale)
        # Nothing is awaited between the look at what is pending and the entry there.
        claimed = [key] if key in self._alone else self._claimed(key, mates)
        with self._waited_for(claimed):
            token = await self._fetch(claimed, fetch)
        return token, token.scopes == key.scopes

    def opened(self, key: TokenKey, token: Token) -> None:
        """Learn that ``token`` opened the repository of ``key``."""
        if token.scopes != key.scopes and self._first_opened.setdefault(token.text, key) != key:
            self._shares.add(key.realm)

    @contextmanager
    def _waited_for(self, claimed: list[TokenKey]) -> Iterator[None]:
        """Have those who need one of ``claimed`` wait until the block ends; who got none then is left for the next."""
        done = asyncio.Event()
        self._pending.update(dict.fromkeys(claimed, done))
        try:
            yield
        finally:
            for one in claimed:
                del self._pending[one]
                self._left.pop(one, None)
            done.set()
            self._left.update(dict.fromkeys(filter(self.may_share, claimed[1:])))

    def _current(self, key: TokenKey, stale: Token | None) -> Token | UnauthorizedError | None:
        known = self._known.get(key)
        if known is None or isinstance(known, UnauthorizedError):
            return known
        return known if known is not stale and known.is_good(self._clock.now()) else None

    def _claimed(self, key: TokenKey, mates: Iterable[TokenKey]) -> list[TokenKey]:
        claimed = {key: None}
        room = self.room(key)
        for mate in chain(mates, self._left if key in self._left else ()):
            if len(claimed) == room:
                break
            if self.may_share(mate):
                claimed[mate] = None
        return [*claimed]

    def _distrust(self, key: TokenKey, stale: Token) -> None:
        if stale.scopes == key.scopes:
            return
        self._alone.add(key)
        if key.realm not in self._shares:
            self._sizes[key.realm] = 1
            self._known = {one: known for one, known in self._known.items() if known is not stale}

    async def _fetch(self, claimed: list[TokenKey], fetch: Callable[[TokenKey], Awaitable[Token]]) -> Token:
        key = claimed[0]
        while True:
            batch = _bounded(claimed, self._sizes.get(key.realm, MAX_SCOPES))
            is_shared = len(batch) > 1
            try:
                token = await fetch(replace(key, scopes=tuple(one.scopes[0] for one in batch)) if is_shared else key)
            except (UnreachedError, RateLimitedError) as error:
                if isinstance(error, UnreachedError) and error.of_host:
                    self._unreached[key.realm] = error
                raise
            except ResolveError as error:
                if is_shared:
                    # Refused for the sake of one repository, or an address too long for somebody. Credentials that
                    # may be wrong are tried once more and not twice, lest the account be locked.
                    self._sizes[key.realm] = 1 if isinstance(error, RejectedError) else len(batch) // 4 or 1
                    continue
                if isinstance(error, UnauthorizedError) and not isinstance(error, RejectedError):
                    self._known[key] = error
                raise
            if is_shared and len(token.text) > _LONGEST_SHARED:
                self._sizes[key.realm] = len(batch) // 4 or 1
                continue
            self._known.update(dict.fromkeys(self._granted(token, batch) if is_shared else batch, token))
            return token

    def _granted(self, token: Token, batch: list[TokenKey]) -> list[TokenKey]:
        """Return which of ``batch`` a shared token may open, as far as it says so itself; its first one always."""
        names = granted_repositories(token.text)
        if names is None or repository_of(batch[0]) not in names:
            return batch
        granted = [key for key in batch if repository_of(key) in names]
        if len(granted) > 1:
            self._shares.add(batch[0].realm)
        else:
            self._sizes[batch[0].realm] = 1
        self._alone.update(set(batch).difference(granted))
        return granted


def repository_of(key: TokenKey) -> str:
    """Return the repository of a key whose one scope is ``repository:NAME:pull``."""
    return key.scopes[0].removeprefix("repository:").removesuffix(":pull")


def granted_repositories(token: str) -> frozenset[str] | None:
    """Return the repositories that a token in distribution's form (jwt.md, ``access``) opens; None for other forms.

    A hint that saves requests: nothing is believed because of it.
    """
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return None
    try:
        access = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))["access"]
        return frozenset(str(entry["name"]) for entry in access if "pull" in entry["actions"])
    except (binascii.Error, ValueError, RecursionError, TypeError, KeyError):
        return None


def _bounded(claimed: list[TokenKey], most: int) -> list[TokenKey]:
    """Return the head of ``claimed``, at least its first, that makes an address of bounded length."""
    length = len(str(token_url(claimed[0])))
    batch = claimed[:1]
    for key in claimed[1:most]:
        length += _SCOPE_PARAMETER + len(quote(key.scopes[0], safe=""))
        if length > _MAX_ADDRESS:
            break
        batch.append(key)
    return batch
