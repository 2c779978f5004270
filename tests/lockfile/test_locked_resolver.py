from __future__ import annotations

import asyncio

import pytest
from locks import INDEX, MANIFEST, NGINX, NOON, digest, entry, lock, record, reference

from pinner.errors import NotFoundError, UnavailableError
from pinner.lockfile.model import Entry, LockedDigest, LockedPlatform
from pinner.lockfile.resolver import LockedResolver, digest_kind_by
from pinner.model import Resolved
from pinner.oci.digest_kind import DigestKind
from pinner.reference import Platform

AMD = Platform("linux", "amd64")
ARM = Platform("linux", "arm64")
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
HELD = lock({NGINX: entry("n", record("c"))})


def ask(resolver: LockedResolver, text: str, platform: Platform | None = None) -> Resolved:
    return asyncio.run(resolver.resolve(reference(text), platform))


def test_a_tag_is_what_the_lock_holds_it_to() -> None:
    assert ask(LockedResolver(HELD), "nginx:1.27") == Resolved(digest("n"), INDEX)
    assert ask(LockedResolver(HELD), f"docker.io/library/nginx:1.27@{digest('x')}") == Resolved(digest("n"), INDEX)


def test_a_platform_is_that_of_the_locked_index() -> None:
    assert ask(LockedResolver(HELD), "nginx:1.27", AMD) == Resolved(digest("n linux/amd64"), MANIFEST)
    docker = lock({NGINX: Entry(record("n")._replace(media_type=DOCKER_LIST))})
    assert ask(LockedResolver(docker), "nginx:1.27", AMD).media_type == DOCKER_MANIFEST


def test_a_single_manifest_is_its_own_platform() -> None:
    alone = LockedDigest(digest("n"), MANIFEST, NOON, {AMD: LockedPlatform(digest("n"), None, None)})
    assert ask(LockedResolver(lock({NGINX: Entry(alone)})), "nginx:1.27", AMD) == Resolved(digest("n"), MANIFEST)


def test_what_the_lock_lacks_is_said_with_what_to_do() -> None:
    with pytest.raises(NotFoundError, match=r"^`nginx` is not in pinner.lock$") as caught:
        ask(LockedResolver(HELD), f"nginx@{digest('n')}")
    assert caught.value.hint == "run `pinner lock`, which adds it"


@pytest.mark.parametrize(
    ("platforms", "hint"),
    [
        (("linux/amd64", "linux/s390x"), "it is there for linux/amd64, linux/s390x"),
        ((), "pinner.lock knows of no platform of it"),
    ],
)
def test_a_platform_that_the_lock_lacks(platforms: tuple[str, ...], hint: str) -> None:
    resolver = LockedResolver(lock({NGINX: Entry(record("n", platforms=platforms))}))
    with pytest.raises(NotFoundError, match=r"^`nginx:1.27` is in pinner.lock, but not for linux/arm64$") as caught:
        ask(resolver, "nginx:1.27", ARM)
    assert caught.value.hint == hint


def test_a_failure_comes_first() -> None:
    with pytest.raises(UnavailableError, match="no line"):
        ask(LockedResolver(HELD, {NGINX: UnavailableError("no line")}), "nginx:1.27")


def test_the_lock_tells_what_stands_behind_the_digests_it_knows() -> None:
    texts = {
        "index": f"nginx:1.27@{digest('n')}",
        "platform": f"nginx:1.27@{digest('n linux/amd64')}",
        "candidate": f"nginx:1.27@{digest('c')}",
        "candidate's": f"nginx:1.27@{digest('c linux/amd64')}",
        "unknown": f"nginx:1.27@{digest('x')}",
        "other tag": f"nginx:1.28@{digest('n')}",
        "unpinned": "nginx:1.27",
    }
    found = digest_kind_by(HELD, [reference(text) for text in texts.values()])
    repository = "docker.io/library/nginx"
    assert found == {
        (repository, digest("n")): DigestKind(INDEX),
        (repository, digest("n linux/amd64")): DigestKind(MANIFEST, AMD),
        (repository, digest("c")): DigestKind(INDEX),
        (repository, digest("c linux/amd64")): DigestKind(MANIFEST, AMD),
    }


def test_a_single_manifest_tells_its_platform() -> None:
    alone = LockedDigest(digest("n"), MANIFEST, NOON, {AMD: LockedPlatform(digest("n"), None, None)})
    found = digest_kind_by(lock({NGINX: Entry(alone)}), [reference(f"nginx:1.27@{digest('n')}")])
    assert list(found.values()) == [DigestKind(MANIFEST, AMD)]
