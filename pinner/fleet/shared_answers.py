"""Answers of registries that every process shares: asked once, however many need them at that moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pinner.oci.types import Attachment, Image, PlatformImage
from pinner.reference import Digest, Platform

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pinner.fleet.store import Store
    from pinner.http.retry import Clock

T = TypeVar("T")

_LOOK = 0.25
"""Seconds after which is looked again whether somebody else has an answer."""
_MONTH = 30 * 24 * 3600.0


class Answers(NamedTuple):
    """What is kept in the table ``answer``: a document by its digest, or a claim of whoever asks just now."""

    store: Store
    clock: Clock
    patience: float
    """Seconds after which whoever has begun to ask is given up."""

    async def once(
        self, key: str, known: Callable[[], T | None], ask: Callable[[], Awaitable[T]], keep: Callable[[T], None]
    ) -> T:
        """Return what is ``known``; or else have one process ``ask`` and ``keep``, while the others wait for that."""
        store = self.store
        for _ in range(int(self.patience / _LOOK) + 2):
            found = await store.aside(known)
            if found is not None:
                return found
            if await store.aside(lambda: self._claim(key)):
                break
            await self.clock.sleep(_LOOK)
        try:
            # Somebody may have kept it just before.
            found = await store.aside(known)
            if found is None:
                found = await ask()
                answer = found
                await store.aside(lambda: keep(answer))
        finally:
            await store.aside(lambda: self._release(key))
        return found

    def _claim(self, key: str) -> bool:
        now = self.clock.wall()
        sql = """insert into answer (key, at) values (?, ?) on conflict (key) do update set at = excluded.at
            where answer.body is null and answer.at <= ? returning key"""
        return bool(self.store.read(sql, key, now, now - self.patience))

    def _release(self, key: str) -> None:
        self.store.read("delete from answer where key = ? and body is null returning key", key)

    async def image(self, key: str, ask: Callable[[], Awaitable[Image]]) -> Image:
        """Return the image that a digest stands for, by a ``key`` that holds the digest: it is never another."""

        def known() -> Image | None:
            rows = self.store.read("select body from answer where key = ? and body is not null", key)
            return image_of(rows[0][0]) if rows else None

        def keep(image: Image) -> None:
            sql = "update answer set body = ?, at = ? where key = ? returning key"
            self.store.read(sql, body_of(image), self.clock.wall(), key)

        return await self.once(key, known, ask, keep)


def forget_answers(store: Store, now: float) -> None:
    """Forget what was asked more than a month ago: whoever needs it again asks again."""
    store.run(lambda session: session.execute("delete from answer where at < ?", (now - _MONTH,)))


def body_of(image: Image) -> str:
    """Return ``image`` as text."""
    return json.dumps(image, default=_plain, separators=(",", ":"))


def _plain(value: Mapping[str, str]) -> dict[str, str]:
    """Return labels or annotations as JSON takes them: all else in an image is texts, numbers and tuples."""
    return dict(value)


def image_of(body: str) -> Image:
    """Return what `body_of` was made of."""
    image = Image(*json.loads(body))
    return image._replace(
        digest=Digest(*image.digest),
        platforms=tuple(_platform_image(PlatformImage(*one)) for one in image.platforms),
        attachments=tuple(_attachment(Attachment(*one)) for one in image.attachments),
    )


def _platform_image(one: PlatformImage) -> PlatformImage:
    return one._replace(
        platform=one.platform and Platform(*one.platform),
        digest=Digest(*one.digest),
        config=one.config and Digest(*one.config),
        layers=tuple(Digest(*layer) for layer in one.layers),
        diff_ids=tuple(one.diff_ids),
    )


def _attachment(one: Attachment) -> Attachment:
    return one._replace(digest=Digest(*one.digest), subject=one.subject and Digest(*one.subject))
