"""Tag list of a repository: every page of it, in no order that is trusted, within caps.

Source: distribution-spec 1.1, "Listing Tags", and what registries make of it: Nexus breaks off without a ``Link``,
Artifactory's leads to another repository, ECR takes no ``n`` over 1,000, and some fail where a page is large.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import TagListTooLongError, UnavailableError, UnsupportedError
from pinner.http.client import Call
from pinner.http.errors import OversizeError, reply_error, safe_text
from pinner.http.network_failures import UnreachedError
from pinner.registry.cache import TagKey
from pinner.registry.referrers import next_page

if TYPE_CHECKING:
    from pinner.http.errors import Reply
    from pinner.http.library import httpx
    from pinner.registry.auth.credentials import Credentials
    from pinner.registry.cache import Cache, RememberedTags
    from pinner.registry.mirrors import Source
    from pinner.registry.session import Session

MAX_PAGES = 200
MAX_BYTES = 32 * 1024 * 1024
PAGE = 1000
SMALL_PAGE = 100
"""Asked for where a registry fails to make a large one."""
_JUMP_AFTER = 10
"""Pages of a list in order, after which what nobody wants of it is left out."""
_OK, _NOT_MODIFIED, _BAD = 200, 304, 400


class Listed(NamedTuple):
    """What a registry listed."""

    tags: tuple[str, ...] | None
    """None for what was known before: the registry says that it is still the same."""
    etag: str | None = None
    """Of the list, where one page held it."""
    credentials: Credentials | None = None
    """Those that opened the door."""
    is_whole: bool = True
    """False where only the tags that begin as wanted are there."""


class _PageRefusedError(UnsupportedError):
    """A registry takes no page of this size, as distribution's settings may have it."""


class TagPages:
    """One reading of one list."""

    def __init__(self, session: Session, source: Source, wanted: str = "") -> None:
        """``wanted`` is how the tags begin that are needed: the rest is left out where the list is too long."""
        self._session = session
        self._source = source
        self._wanted = wanted
        self._first = source.endpoint.tags(source.repository)
        self._tags: dict[str, None] = {}
        self._size = PAGE
        self._bytes = 0
        self._is_sorted = True
        self._jumped = False
        self._credentials: Credentials | None = None

    async def read(self, etag: str | None = None) -> Listed:
        """Return the list; with ``etag``, what it was is not sent again.

        Raises `ResolveError`, `TagListTooLongError` for a list beyond the caps.
        """
        reply = await self._begin({} if etag is None else {"If-None-Match": etag})
        if etag is not None and reply.status == _NOT_MODIFIED:
            return Listed(None, credentials=self._credentials)
        url = self._take(reply)
        asked = {self._first}
        while url is not None and url not in asked:
            if len(asked) >= MAX_PAGES:
                raise self._too_long()
            asked.add(url)
            url = self._take(await self._ask(url, {}))
        etag = reply.headers.get("etag") if len(asked) == 1 else None
        return Listed(tuple(self._tags), etag, self._credentials, is_whole=not self._jumped)

    async def _begin(self, headers: dict[str, str]) -> Reply:
        """Return the first page: a smaller one where the registry fails to make a large one."""
        try:
            return await self._ask(self._page(), headers)
        except _PageRefusedError:
            pass
        except UnavailableError as error:
            if isinstance(error, UnreachedError) and error.of_host:
                raise
        self._size = SMALL_PAGE
        return await self._ask(self._page(), headers)

    async def _ask(self, url: httpx.URL, headers: dict[str, str]) -> Reply:
        """Return one page. It is a question of its own: a long list may take longer than any one may."""
        source = self._source
        if self._bytes >= MAX_BYTES:
            raise self._too_long()
        async with self._session.question(source.endpoint, source.repository) as question:
            call = Call("GET", {"Accept": "application/json", **headers}, MAX_BYTES - self._bytes)
            try:
                reply = await self._session.ask(question, call, url)
            except OversizeError:
                raise self._too_long() from None
            self._credentials = question.credentials
            if reply.status == _BAD and self._size == PAGE and not self._tags:
                raise _PageRefusedError("so large a page is not made")
            if reply.status != _OK and not (reply.status == _NOT_MODIFIED and headers):
                is_known = question.credentials is not None
                raise reply_error(reply, question.host.name, "does it list its tags?", has_credentials=is_known)
            return reply

    def _take(self, reply: Reply) -> httpx.URL | None:
        """Keep the tags of a page; return where the list goes on, None where it ends."""
        self._bytes += len(reply.body)
        page = _tags_in(reply, self._source.endpoint.host)
        before = next(reversed(self._tags), "")
        fresh = [tag for tag in page if tag not in self._tags]
        self._is_sorted = self._is_sorted and all(map(str.__lt__, [before, *fresh], fresh))
        self._tags |= dict.fromkeys(fresh)
        self._keep_wanted()
        if not fresh and page:
            # The same again: a registry that goes in circles.
            return None
        if page and self._is_behind_wanted(page[-1]):
            return None
        url = next_page(reply, self._first)
        if url is None and len(page) == self._size:
            url = self._page(page[-1])
        return self._leapt() if url is not None and page and self._may_jump(page[-1]) else url

    def _keep_wanted(self) -> None:
        """Of more tags than pages would bring, sent at once, keep those that are wanted."""
        if len(self._tags) <= MAX_PAGES * PAGE:
            return
        wanted = {tag: None for tag in self._tags if self._wanted and tag.startswith(self._wanted)}
        if not wanted or len(wanted) > MAX_PAGES * PAGE:
            raise self._too_long()
        self._tags, self._jumped = wanted, True

    def _page(self, last: str | None = None) -> httpx.URL:
        parameters = {"n": str(self._size)} if last is None else {"n": str(self._size), "last": last}
        return self._first.copy_merge_params(parameters)

    def _may_jump(self, last: str) -> bool:
        is_long = len(self._tags) > _JUMP_AFTER * self._size
        return bool(self._wanted) and is_long and self._is_sorted and not self._jumped and last < self._wanted

    def _leapt(self) -> httpx.URL:
        """Return the page that begins just before the tags that are wanted: `last` is a text, and need be no tag."""
        self._jumped = True
        return self._page(f"{self._wanted[:-1]}{chr(ord(self._wanted[-1]) - 1)}~")

    def _is_behind_wanted(self, last: str) -> bool:
        return self._jumped and self._is_sorted and last > self._wanted and not last.startswith(self._wanted)

    def _too_long(self) -> TagListTooLongError:
        return TagListTooLongError(
            f"{self._source.endpoint.host} has a list of tags that is too long: {len(self._tags):,} were read",
            hint="set `allow` for this image to one major version, as in ==3.*: its tags alone are read then",
        )


def list_key(source: Source) -> TagKey:
    """Return under what the list of ``source`` is remembered."""
    return TagKey(str(source.endpoint.base), source.repository, "", None)


async def read_list(
    session: Session, source: Source, cache: Cache | None, known: RememberedTags | None, wanted: str
) -> tuple[str, ...]:
    """Return the tags that ``source`` lists, and have ``cache`` remember them.

    What is ``known`` is sent again only where it is another by now. Raises as `TagPages.read` does.
    """
    listed = await TagPages(session, source, wanted).read(None if known is None else known.etag)
    tags, etag = listed.tags, listed.etag
    if tags is None:
        tags, etag = (known.tags, known.etag) if known is not None else ((), None)
    if cache is not None and listed.is_whole:
        cache.keep_tags(list_key(source), listed.credentials, tags, etag)
    return tags


def _tags_in(reply: Reply, host: str) -> list[str]:
    """Return the tags of a page, each once, as it has them. Raises `UnsupportedError` for what is no list of tags."""
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        document = None
    tags = document.get("tags", document) if isinstance(document, dict) else document
    if tags is None and isinstance(document, dict) and "tags" in document:
        # Distribution, of a repository whose tags are all gone.
        return []
    if not isinstance(tags, list):
        raise UnsupportedError(f"{safe_text(host)} sends something else than a list of tags")
    return list(dict.fromkeys(tag for tag in tags if isinstance(tag, str)))
