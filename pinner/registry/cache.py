"""Registry response cache on disk: content by digest for ever, answers for tags with their time.

Content is hashed again whenever it is read. A tag's answer is used only where nobody may be asked: what it means now,
the registry alone knows. Several runs may use the folder at once: every file is complete or not there. Nothing here is
an error: a cache that cannot be read or written is an empty one.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pinner.cache import cache_folder
from pinner.errors import InvalidReferenceError
from pinner.files.atomic import read_regular, write_atomically
from pinner.model import Resolved
from pinner.oci.manifests import MANIFEST_TYPES
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TypeVar

    from pinner.config import Settings
    from pinner.http.retry import Clock
    from pinner.registry.auth.credentials import CredentialFinder, Credentials
    from pinner.registry.mirrors import Source

    _T = TypeVar("_T")

MAX_BYTES = 256 * 1024 * 1024
_VERSION = "registry-1"
_MAX_ANSWER = 4096
_TRIM_EVERY = 24 * 60 * 60.0
_MAX_LIST = 8 * 1024 * 1024
_BLOCK = 4096
"""What the smallest file takes on a disk."""
_ROUNDS = 20_000
"""Of hashing a secret: its fingerprint lies on a disk, and must be no short way to a password."""


class TagKey(NamedTuple):
    """What an answer is the answer to."""

    base: str
    """The address that was asked, up to ``/v2/``."""
    repository: str
    tag: str
    platform: str | None


class Remembered(NamedTuple):
    """An answer for a tag, and when the registry gave it, in seconds since the epoch."""

    resolved: Resolved
    time: float


class RememberedTags(NamedTuple):
    """A list of tags, what the registry calls this state of it, and when it was sent, in seconds since the epoch."""

    tags: tuple[str, ...]
    etag: str | None
    time: float


class Cache:
    """The folder below ``directory``, which is made when something is kept; readable by its owner alone."""

    def __init__(self, directory: Path, wall: Callable[[], float], max_bytes: int = MAX_BYTES) -> None:
        self._folder = directory / _VERSION
        self._wall = wall
        self._max_bytes = max_bytes
        self._fingerprints: dict[Credentials, str] = {}

    def content(self, digest: Digest, limit: int) -> tuple[str, bytes] | None:
        """Return the Content-Type and the bytes of ``digest``, hashed, at most ``limit`` of them; None if unknown."""
        path = self._content_path(digest)
        data = _read(path, limit + _MAX_ANSWER)
        if data is None:
            return None
        content_type, separator, body = data.partition(b"\n")
        if not separator or hashlib.new(digest.algorithm, body).hexdigest() != digest.hex:
            _remove(path)
            return None
        with suppress(OSError):
            os.utime(path)  # what is in use is not among the oldest
        return content_type.decode("ascii", "replace"), body

    def keep_content(self, digest: Digest, content_type: str, body: bytes) -> None:
        """Keep ``body``, which hashes to ``digest``."""
        if content_type.isascii() and "\n" not in content_type and len(content_type) < _MAX_ANSWER:
            self._write(self._content_path(digest), content_type.encode("ascii") + b"\n" + body)

    def answer(self, key: TagKey, credentials: Credentials | None) -> Remembered | None:
        """Return what was answered to somebody with the same ``credentials``; None if nothing was, or it is broken."""
        path = self._answer_path(key, credentials)
        data = _read(path, _MAX_ANSWER)
        if data is None:
            return None
        remembered = _parse(data)
        if remembered is None:
            _remove(path)
        return remembered

    def keep_answer(self, key: TagKey, credentials: Credentials | None, resolved: Resolved) -> None:
        """Keep what the registry answers to somebody with ``credentials``."""
        document = {"digest": str(resolved.digest), "mediaType": resolved.media_type, "time": self._wall()}
        self._write(self._answer_path(key, credentials), json.dumps(document).encode())

    def tags(self, key: TagKey, credentials: Credentials | None) -> RememberedTags | None:
        """Return the list of tags that was sent to somebody with the same ``credentials``; ``key`` names no tag."""
        path = self._answer_path(key, credentials)
        data = _read(path, _MAX_LIST)
        if data is None:
            return None
        head, _, rest = data.partition(b"\n")
        try:
            time, etag = json.loads(head)
            return RememberedTags(tuple(rest.decode("ascii").split()), etag and str(etag), float(time))
        except (ValueError, TypeError, RecursionError, OverflowError):
            _remove(path)
            return None

    def keep_tags(
        self, key: TagKey, credentials: Credentials | None, tags: Iterable[str], etag: str | None = None
    ) -> None:
        """Keep a list of tags that was sent, or found unchanged, just now; one that is over 8 MB is not kept."""
        data = "\n".join([json.dumps([self._wall(), etag]), *tags]).encode("ascii", "ignore")
        if len(data) <= _MAX_LIST:
            self._write(self._answer_path(key, credentials), data)

    def last_seen(self, key: TagKey) -> Digest | None:
        """Return what the tag of ``key`` meant when anybody asked last: no answer, but worth asking about."""
        data = _read(self._seen_path(key), _MAX_ANSWER)
        return None if data is None else Digest.try_parse(data.decode("ascii", "replace"))

    def keep_seen(self, key: TagKey, digest: Digest) -> None:
        """Keep what the tag of ``key`` means."""
        if self.last_seen(key) != digest:
            self._write(self._seen_path(key), str(digest).encode())

    def trim(self) -> None:
        """Remove the oldest files until the rest is within bounds: once a day, for there may be many to look at."""
        mark = self._folder / "trimmed"
        with suppress(OSError):
            if abs(self._wall() - mark.stat().st_mtime) < _TRIM_EVERY:
                return
        if not self._folder.is_dir():
            return
        total = 0
        for _, size, path in sorted(_files(self._folder), reverse=True):
            total += max(size, _BLOCK)
            if total > self._max_bytes:
                _remove(path)
        self._write(mark, b"")
        with suppress(OSError):
            os.utime(mark, (self._wall(), self._wall()))

    def _content_path(self, digest: Digest) -> Path:
        return self._folder / "content" / digest.algorithm / digest.hex[:2] / digest.hex

    def _answer_path(self, key: TagKey, credentials: Credentials | None) -> Path:
        text = json.dumps([*key, self._fingerprint(credentials)])
        return self._folder / "answers" / hashlib.sha256(text.encode()).hexdigest()

    def _seen_path(self, key: TagKey) -> Path:
        return self._folder / "seen" / hashlib.sha256(json.dumps(key).encode()).hexdigest()

    def _fingerprint(self, credentials: Credentials | None) -> str:
        """Return what tells users apart, and says nothing about their secrets."""
        if credentials is None:
            return ""
        if credentials not in self._fingerprints:
            secret = json.dumps([credentials.password, credentials.identity_token]).encode()
            key = hashlib.pbkdf2_hmac("sha256", secret, credentials.username.encode(), _ROUNDS)
            self._fingerprints[credentials] = key.hex()
        return self._fingerprints[credentials]

    def _write(self, path: Path, data: bytes) -> None:
        try:
            top = self._folder.parent
            top.mkdir(mode=0o700, parents=True, exist_ok=True)
            # One by one: `parents=True` would give the folders between everybody's rights.
            for folder in reversed(path.relative_to(top).parents[:-1]):
                (top / folder).mkdir(mode=0o700, exist_ok=True)
            write_atomically(path, data)
        except OSError:
            return


def _parse(data: bytes) -> Remembered | None:
    try:
        document: Mapping[str, object] = json.loads(data)
        digest, media_type, time = (document[name] for name in ("digest", "mediaType", "time"))
        if isinstance(time, int | float) and media_type in MANIFEST_TYPES:
            return Remembered(Resolved(Digest.parse(str(digest)), str(media_type)), float(time))
    except (ValueError, RecursionError, TypeError, KeyError, OverflowError, InvalidReferenceError):
        pass
    return None


def _read(path: Path, limit: int) -> bytes | None:
    try:
        data = read_regular(path, limit)
    except OSError:
        return None
    return data if len(data) <= limit else None


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield time, size and path of every file below ``folder``; another run may remove some meanwhile."""
    for path in folder.rglob("*"):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield status.st_mtime, status.st_size, path


def age(seconds: float) -> str:
    """Return how long ago something was, in words."""
    minutes = max(0, int(seconds // 60))
    for size, unit in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "less than a minute ago"


def cache_of(settings: Settings, environment: Mapping[str, str], clock: Clock) -> Cache | None:
    """Return what remembers answers; None where ``settings`` forbid it, or a layout needs none."""
    folder = cache_folder(environment) if settings.use_cache and settings.layout is None else None
    return None if folder is None else Cache(Path(folder), clock.wall)


async def remembered_for(
    cache: Cache | None,
    finder: CredentialFinder,
    source: Source,
    look: Callable[[Cache, Credentials | None], _T | None],
) -> _T | None:
    """Return what ``look`` finds that was sent to anybody, or to somebody with the credentials that we have."""
    if cache is None:
        return None
    found = look(cache, None)
    if found is None:
        credentials = await finder.find(source.endpoint.login, source.repository)
        found = None if credentials is None else look(cache, credentials)
    return found
