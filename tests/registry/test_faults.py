"""The fault list, a case for each row: what a registry does wrong, the whole sentence it earns; others are pinned.

A case's name begins with its section and number. Faults below HTTP are in test_faults_wire.py; mirrors' in
test_registry_mirrors.py.
"""
# ruff: noqa: E501 - a message is one line, as it is on the terminal

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, NamedTuple

import pytest
from images import make_image, make_multi_platform
from scripted_registry import (
    OCI_INDEX,
    OCI_MANIFEST,
    A,
    Answer,
    B,
    ScriptedRegistry,
    ask,
    challenge,
    digest_of,
    manifest_answer,
    refusal,
    resolver,
    token,
)
from world import outcome, world

from pinner.errors import (
    IntegrityError,
    NotFoundError,
    RateLimitedError,
    ResolveError,
    UnauthorizedError,
    UnavailableError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pinner.model import Resolved

    Script = Callable[[ScriptedRegistry], None]

HOST = "reg.example"
NAME = f"{HOST}/team/bad:1"
V2 = f"https://{HOST}/v2/"
TAG = f"{V2}team/bad/manifests/1"
REALM = f"https://{HOST}/token"
SCOPE = "repository:team/bad:pull"
TOKEN_URL = f"{REALM}?service=s&scope=repository%3Ateam%2Fbad%3Apull"
BEARER = f'Bearer realm="{REALM}",service="s",scope="{SCOPE}"'
PASSWORD = "correct-horse"
PAIR = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
LOGIN = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {HOST: {"auth": PAIR}}})}
BASIC = f"Basic {PAIR}"
USER_URL = f"{REALM}?service=s&account=alice&scope=repository%3Ateam%2Fbad%3Apull"
IMAGE = make_multi_platform("app")
SINGLE = make_image("app")
GOOD = make_multi_platform("good", ("linux/amd64", "windows/amd64"))
JSON = (("Content-Type", "application/json"),)

SECRETS = (PASSWORD, PAIR, "hunter2", "tok-9f2")


class Fault(NamedTuple):
    row: str
    script: Script
    kind: type[ResolveError]
    message: str
    hint: str | None = None
    platform: str | None = None
    environment: Mapping[str, str] = {}


def on(method: str, url: str, answer: Answer, authorization: str | None = None) -> Script:
    """One request has this answer."""
    return lambda registry: registry.on(method, url, answer, authorization=authorization)


def each(*scripts: Script) -> Script:
    """All of these."""

    def script(registry: ScriptedRegistry) -> None:
        for part in scripts:
            part(registry)

    return script


def asks(*headers: str, body: bytes = b"") -> Script:
    """The registry answers 401, with these challenges."""
    return lambda registry: registry.on("GET", TAG, challenge(*headers, body=body))


def realm(address: str) -> Script:
    return asks(f'Bearer realm="{address}",service="s",scope="{SCOPE}"')


def tokens(*answers: Answer, url: str = TOKEN_URL, basic: str | None = None) -> Script:
    """The registry wants a token; its token server answers so."""

    def script(registry: ScriptedRegistry) -> None:
        registry.on("GET", TAG, challenge(BEARER))
        registry.on("GET", url, *answers, authorization=basic)

    return script


def with_token(*heads: Answer) -> Script:
    """The registry gives a token, and answers so to who brings it."""

    def script(registry: ScriptedRegistry) -> None:
        tokens(token("tok-9f2"))(registry)
        registry.on("GET", TAG, *heads, authorization="Bearer tok-9f2")

    return script


def answers(reply: Answer, times: int = 1) -> Script:
    """The tag is answered so."""
    return lambda registry: registry.on("GET", TAG, *[reply] * times)


def redirects(location: str) -> Script:
    return answers(Answer(307, (("Location", location),)))


def sends(body: bytes, media_type: str = OCI_INDEX, **headers: str) -> Script:
    """GET answers with a body and no digest."""
    return answers(Answer(200, (("Content-Type", media_type), *headers.items()), body))


def holds(top: bytes, *others: bytes, media_type: str = OCI_INDEX) -> Script:
    """The tag has ``top``; ``others`` are there by digest, manifests and blobs alike."""

    def script(registry: ScriptedRegistry) -> None:
        registry.on("GET", TAG, manifest_answer(top, media_type))
        for body in others:
            kind = "manifests" if b"schemaVersion" in body else "blobs"
            answer = (
                manifest_answer(body, json.loads(body).get("mediaType", OCI_INDEX))
                if kind == "manifests"
                else Answer(200, (), body)
            )
            registry.on("GET", f"{V2}team/bad/{kind}/{digest_of(body)}", answer)

    return script


def index(*children: object, **more: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children, **more}).encode()


def child(body: bytes, media_type: str = OCI_MANIFEST, **more: object) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(body), "size": len(body), **more}


def nested(depth: int) -> list[bytes]:
    """Return indexes, the outermost first, each of which holds the next."""
    bodies = [index()]
    for _ in range(depth):
        bodies.insert(0, index(child(bodies[0], OCI_INDEX)))
    return bodies


CONFIG = SINGLE.blobs[0].data
WRONG_CONFIG_SIZE = json.dumps(
    {**json.loads(SINGLE.top.data), "config": {**json.loads(SINGLE.top.data)["config"], "size": 1}}
).encode()
ARTIFACT = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": child(b"{}", "application/vnd.cncf.helm.config.v1+json"),
        "layers": [],
    }
).encode()

LOG_IN = f"is the name right? If the image is private, log in with `docker login {HOST}`"
OTHER_ACCOUNT = f"is the name right? If so, log in with an account that may pull it: `docker login {HOST}`"
MISSING = "is the name right, and the tag still there?"

FAULTS = [
    Fault(
        "A02 basic, nobody known",
        asks('Basic realm="r"'),
        UnauthorizedError,
        "reg.example wants credentials",
        hint=LOG_IN,
    ),
    Fault(
        "A02 basic, wrong password",
        each(
            on("GET", TAG, challenge('Basic realm="r"')),
            on("GET", TAG, challenge('Basic realm="r"'), authorization=BASIC),
        ),
        UnauthorizedError,
        "reg.example rejects the credentials of `alice`",
        hint="log in again: `docker login reg.example`",
        environment=LOGIN,
    ),
    Fault(
        "A03 only a scheme that nobody here speaks",
        each(asks("Negotiate"), on("GET", V2, challenge("Negotiate"))),
        UnauthorizedError,
        "reg.example wants credentials",
        hint=LOG_IN,
    ),
    Fault(
        "A04 a header without an end",
        each(asks("Bearer " + "x" * 9000), on("GET", V2, Answer(200))),
        UnauthorizedError,
        "reg.example wants credentials",
        hint=LOG_IN,
    ),
    Fault(
        "A05 no challenge, here or at the front door",
        each(asks(), on("GET", V2, challenge())),
        UnauthorizedError,
        "reg.example wants credentials",
        hint=LOG_IN,
    ),
    Fault(
        "A06 a bearer without a realm",
        each(asks('Bearer service="s"'), on("GET", V2, challenge('Bearer service="s"'))),
        UnauthorizedError,
        "reg.example wants credentials",
        hint=LOG_IN,
    ),
    Fault(
        "A06 a relative realm",
        realm("/token"),
        UnauthorizedError,
        "reg.example sends us for a token to `/token`, which pinner refuses: no address",
    ),
    Fault(
        "A06 a realm that is no address",
        realm("https://reg.example:x/"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://reg.example:…`, which pinner refuses: no address",
    ),
    Fault(
        "A07 neither token nor access_token",
        tokens(Answer(200, JSON, b'{"expires_in": 60}')),
        UnauthorizedError,
        "reg.example's token server reg.example sent no token",
    ),
    Fault(
        "A10 a second 401 with a fresh token",
        with_token(challenge(BEARER)),
        UnauthorizedError,
        "reg.example wants credentials",
        hint=LOG_IN,
    ),
    Fault(
        "A11 a scope for another repository",
        with_token(challenge(BEARER.replace("team/bad", "team/other"))),
        UnauthorizedError,
        "reg.example wants credentials",
        hint=LOG_IN,
    ),
    Fault(
        "A12 the token server rejects the password",
        tokens(refusal(401, "UNAUTHORIZED", "incorrect username or password"), url=USER_URL, basic=BASIC),
        UnauthorizedError,
        "reg.example rejects the credentials of `alice` (incorrect username or password)",
        hint="log in again: `docker login reg.example`",
        environment=LOGIN,
    ),
    Fault(
        "A12 credentials that do not suffice",
        tokens(refusal(403, "DENIED", "no access"), url=USER_URL, basic=BASIC),
        UnauthorizedError,
        "reg.example does not let these credentials see it (no access)",
        hint=OTHER_ACCOUNT,
        environment=LOGIN,
    ),
    Fault(
        "A13 a token of 65 KB",
        tokens(token("t" * 65_536)),
        UnsupportedError,
        "reg.example sent more than 64 KB where so much is never needed",
    ),
    Fault(
        "A13 a token that is no JSON",
        tokens(Answer(200, JSON, b"token=abc")),
        UnauthorizedError,
        "reg.example's token server reg.example sent no token",
    ),
    Fault(
        "A13 a token that is a web page",
        tokens(Answer(200, (("Content-Type", "text/html"),), b"<html>log in</html>")),
        UnauthorizedError,
        "reg.example's token server reg.example sent no token",
    ),
    Fault(
        "A13 a token with a line break",
        tokens(token("abc\r\nX-Injected: 1")),
        UnauthorizedError,
        "reg.example's token server reg.example sent no token",
    ),
    Fault(
        "A13 a token server that is not there",
        tokens(Answer(404, (), b"<html>")),
        UnauthorizedError,
        "reg.example's token server reg.example gave no token: status 404 (it answers with a web page, not as a registry)",
    ),
    Fault(
        "B15 a realm in plain HTTP",
        realm("http://reg.example/token"),
        UnauthorizedError,
        "reg.example sends us for a token to `http://reg.example/token`, which pinner refuses: plain HTTP",
    ),
    Fault(
        "B16 credentials kept from another house",
        each(
            realm("https://auth.other.test/token"),
            on("GET", "https://auth.other.test/token?service=s&scope=repository%3Ateam%2Fbad%3Apull", token("tok-9f2")),
            on(
                "GET",
                TAG,
                challenge(BEARER.replace(REALM, "https://auth.other.test/token")),
                authorization="Bearer tok-9f2",
            ),
        ),
        UnauthorizedError,
        "reg.example wants credentials; credentials were kept from its token server auth.other.test, which is of another domain",
        hint='if that is its own, set token-server = "auth.other.test" in [registries."reg.example"]',
        environment=LOGIN,
    ),
    Fault(
        "B17 a realm on this machine",
        realm("https://127.0.0.1/token"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://127.0.0.1/token`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm on this machine, in IPv6",
        realm("https://[::1]/token"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://[::1]/token`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm on this machine, IPv4 in IPv6",
        realm("https://[::ffff:127.0.0.1]/token"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://[::ffff:127.0.0.1]/token`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm on this machine, as one number",
        realm("https://2130706433/token"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://2130706433/token`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm on this machine, with a dot at its end",
        realm("https://127.0.0.1./token"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://127.0.0.1./token`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm that reads a machine's metadata",
        realm("https://169.254.169.254/latest"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://169.254.169.254/latest`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm that reads a machine's metadata through NAT64",
        realm("https://[64:ff9b::a9fe:a9fe]/latest"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://[64:ff9b::a9fe:a9fe]/latest`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm that reads a machine's metadata through 6to4",
        realm("https://[2002:a9fe:a9fe::]/latest"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://[2002:a9fe:a9fe::]/latest`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm that reads Amazon's metadata in IPv6",
        realm("https://[fd00:ec2::254]/latest"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://[fd00:ec2::254]/latest`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm in a private network",
        realm("https://10.0.0.1/token"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://10.0.0.1/token`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B17 a realm nowhere",
        realm("https://0.0.0.0/token"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://0.0.0.0/token`, which pinner refuses: an address of a private network",
    ),
    Fault(
        "B19 the token server redirects to this machine",
        tokens(Answer(302, (("Location", "https://localhost/token"),))),
        UnavailableError,
        "the registry sends us to `localhost`, an address of a private network",
    ),
    Fault(
        "B19 the token server redirects to plain HTTP",
        tokens(Answer(302, (("Location", "http://reg.example/token"),))),
        UnavailableError,
        "reg.example redirects to `http://reg.example/token`, which pinner does not follow: plain HTTP",
    ),
    Fault(
        "B19 the token server redirects without end",
        tokens(*[Answer(302, (("Location", TOKEN_URL),))] * 6),
        UnavailableError,
        "reg.example's token server redirects without end",
    ),
    Fault(
        "B20 a realm with a password",
        realm("https://bob:hunter2@reg.example/token"),
        UnauthorizedError,
        "reg.example sends us for a token to an address with a user name or a fragment",
    ),
    Fault(
        "B20 a realm with a fragment",
        realm("https://reg.example/token#hunter2"),
        UnauthorizedError,
        "reg.example sends us for a token to an address with a user name or a fragment",
    ),
    Fault(
        "B20 a realm with a control character",
        realm("https://reg.example/token\x0bX"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://reg.example/token X`, which pinner refuses: no address",
    ),
    Fault(
        "B21 a service with a control character",
        asks(f'Bearer realm="{REALM}",service="s\x0bX"'),
        UnauthorizedError,
        "the registry's challenge has an unusable `service`",
    ),
    Fault(
        "B21 a scope over 1 KB",
        asks(f'Bearer realm="{REALM}",scope="{"x" * 1025}"'),
        UnauthorizedError,
        "the registry's challenge has an unusable `scope`",
    ),
    Fault(
        "C23 another host that wants credentials",
        each(
            redirects("https://store.other.test/x"),
            on("GET", "https://store.other.test/x", challenge('Basic realm="r"')),
        ),
        UnauthorizedError,
        "store.other.test wants credentials",
        hint="is the name right? If the image is private, log in with `docker login store.other.test`",
        environment=LOGIN,
    ),
    Fault(
        "B20 a realm that is no address, with a password",
        realm("https://bob:hunter2@reg.example:x/token?key=hunter2"),
        UnauthorizedError,
        "reg.example sends us for a token to `https://reg.example:…`, which pinner refuses: no address",
    ),
    Fault(
        "C27 a redirect to no address, with a password",
        redirects("https://bob:hunter2@reg.example:x/"),
        UnavailableError,
        "reg.example redirects to `https://reg.example:…`, which pinner does not follow: no address",
    ),
    Fault(
        "C24 a redirect to plain HTTP, signed",
        redirects("http://store.example/x?X-Amz-Signature=hunter2"),
        UnavailableError,
        "reg.example redirects to `http://store.example/x?…`, which pinner does not follow: plain HTTP",
    ),
    Fault(
        "C24 a redirect to plain HTTP",
        redirects("http://reg.example/x"),
        UnavailableError,
        "reg.example redirects to `http://reg.example/x`, which pinner does not follow: plain HTTP",
    ),
    Fault(
        "C25 a redirect to this machine",
        redirects("https://127.0.0.1/x"),
        UnavailableError,
        "the registry sends us to `127.0.0.1`, an address of a private network",
    ),
    Fault(
        "C25 a redirect to a private network",
        redirects("https://[fd12::1]/x"),
        UnavailableError,
        "the registry sends us to `fd12::1`, an address of a private network",
    ),
    Fault(
        "C26 six hops",
        answers(Answer(307, (("Location", TAG),)), 6),
        UnavailableError,
        "reg.example redirects more than 5 times",
    ),
    Fault(
        "C27 a redirect to a file",
        redirects("file:///etc/passwd"),
        UnavailableError,
        "reg.example redirects to `file:///etc/passwd`, which pinner does not follow: no address",
    ),
    Fault(
        "C27 a redirect with a password, to plain HTTP",
        redirects("http://bob:hunter2@reg.example/x"),
        UnavailableError,
        "reg.example redirects to an address on reg.example, which pinner does not follow: plain HTTP",
    ),
    Fault(
        "C27 a redirect to no address",
        redirects("https://reg.example:x/"),
        UnavailableError,
        "reg.example redirects to `https://reg.example:…`, which pinner does not follow: no address",
    ),
    Fault(
        "C27 a redirect to an escape sequence",
        redirects("ftp://x/\x1b[31mred"),
        UnavailableError,
        "reg.example redirects to `ftp://x/ [31mred`, which pinner does not follow: no address",
    ),
    Fault(
        "D31 the header is not the body's",
        answers(manifest_answer(IMAGE.top.data, **{"Docker-Content-Digest": A})),
        IntegrityError,
        f"reg.example sent something else than {A}",
    ),
    Fault(
        "D32 a child is not what its digest says",
        each(
            on("GET", TAG, manifest_answer(nested(1)[0])),
            on(
                "GET",
                f"{V2}team/bad/manifests/{digest_of(index())}",
                Answer(200, (("Content-Type", OCI_INDEX),), index(annotations={})),
            ),
        ),
        IntegrityError,
        "reg.example sent something else than sha256:0de3ff5142db66fc26e560dd9a0f9c7e44db177caa5632c534a536a2c9337c5b",
        platform="linux/amd64",
    ),
    Fault(
        "D33 a sha512 that is not the body's",
        answers(manifest_answer(IMAGE.top.data, **{"Docker-Content-Digest": "sha512:" + "a" * 128})),
        IntegrityError,
        "reg.example sent something else than sha512:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ),
    Fault(
        "D34 a digest of capitals in the header",
        answers(manifest_answer(IMAGE.top.data, **{"Docker-Content-Digest": A.upper()})),
        IntegrityError,
        "reg.example names a digest that is none",
    ),
    Fault(
        "D34 a digest of MD5 in the header",
        answers(manifest_answer(IMAGE.top.data, **{"Docker-Content-Digest": "md5:" + "a" * 32})),
        IntegrityError,
        "reg.example names a digest that is none",
    ),
    Fault(
        "D34 a digest that climbs out of its folder",
        holds(index({"mediaType": OCI_MANIFEST, "digest": "sha256:../../etc/passwd", "size": 1})),
        IntegrityError,
        "the registry sent a manifest with something that is no digest in it",
        platform="linux/amd64",
    ),
    Fault(
        "D34 a config without a digest",
        sends(json.dumps({"schemaVersion": 2, "config": {"mediaType": "x"}, "layers": []}).encode(), OCI_MANIFEST),
        IntegrityError,
        "the registry sent a manifest with something that is no digest in it",
    ),
    Fault(
        "D35 two digests that differ",
        answers(Answer(200, (("Docker-Content-Digest", A), ("Docker-Content-Digest", B), ("Content-Type", OCI_INDEX)))),
        IntegrityError,
        "reg.example claims two digests for one manifest",
    ),
    Fault(
        "D36 an ETag is no digest",
        answers(Answer(404, (("ETag", f'"{A}"'), ("Content-Type", OCI_INDEX)))),
        NotFoundError,
        "reg.example has no such image",
        hint=MISSING,
    ),
    Fault(
        "D38 a child of another size",
        holds(index(child(IMAGE.top.data, OCI_INDEX, size=1)), IMAGE.top.data),
        IntegrityError,
        "the registry sent a manifest that gives sha256:fb2e955e47b2aebac53a66939ca64e23d619d77f73ead21442d689a737480e10 another size than it has",
        platform="linux/amd64",
    ),
    Fault(
        "D38 a child of another type",
        holds(index(child(IMAGE.top.data, OCI_MANIFEST)), IMAGE.top.data),
        IntegrityError,
        "the registry sent an index that gives one of its manifests another type",
        platform="linux/amd64",
    ),
    Fault(
        "D38 a config of another size",
        holds(WRONG_CONFIG_SIZE, CONFIG, media_type=OCI_MANIFEST),
        IntegrityError,
        "the registry sent a manifest that gives sha256:7e1387e9bb60448d343921774d8e989832ba9b7dba50904b9a298444f77d4c3b another size than it has",
        platform="linux/amd64",
    ),
    Fault(
        "D38 a size that is none",
        sends(index(child(SINGLE.top.data, size=-1))),
        UnsupportedError,
        "the registry sent a manifest with a broken descriptor",
    ),
    Fault(
        "E40 the header says another type than the body",
        sends(IMAGE.top.data, OCI_MANIFEST),
        UnsupportedError,
        "the registry calls a manifest application/vnd.oci.image.manifest.v1+json which calls itself application/vnd.oci.image.index.v1+json",
    ),
    Fault(
        "E40 a type nobody knows",
        sends(json.dumps({"mediaType": "application/x", "manifests": []}).encode(), "application/octet-stream"),
        UnsupportedError,
        "the registry sent a manifest of an unknown type",
    ),
    Fault(
        "E41 an index that is an image as well",
        sends(index(config={}, layers=[])),
        UnsupportedError,
        "the registry sent a manifest that is an index as well (CVE-2021-41190)",
    ),
    Fault(
        "E42 a key twice",
        sends(b'{"manifests":[],"manifests":[]}'),
        UnsupportedError,
        "the registry sent a manifest that is not proper JSON",
    ),
    Fault(
        "E42 a byte-order mark",
        sends(b'\xef\xbb\xbf{"manifests":[]}'),
        UnsupportedError,
        "the registry sent a manifest that is not proper JSON",
    ),
    Fault(
        "E42 NaN",
        sends(b'{"manifests":[],"a":NaN}'),
        UnsupportedError,
        "the registry sent a manifest that is not proper JSON",
    ),
    Fault(
        "E42 not UTF-8",
        sends(b'{"manifests":[],"a":"\xff"}'),
        UnsupportedError,
        "the registry sent a manifest that is not proper JSON",
    ),
    Fault(
        "E42 nested deeper than 64 levels",
        sends(b'{"manifests":[],"a":' + b"[" * 64 + b"]" * 64 + b"}"),
        UnsupportedError,
        "the registry sent a manifest that is not proper JSON",
    ),
    Fault(
        "E42 nested without end",
        sends(b'{"a":' * 100_000),
        UnsupportedError,
        "the registry sent a manifest that is not proper JSON",
    ),
    Fault("E42 no object", sends(b"[]"), UnsupportedError, "the registry sent a manifest that is not a JSON object"),
    Fault("E42 empty", sends(b""), UnsupportedError, "the registry sent a manifest that is not proper JSON"),
    Fault(
        "E43 schema 1 by its type",
        answers(Answer(200, (("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),))),
        UnsupportedError,
        "the registry has it as a schema 1 manifest, which no digest can hold",
        hint="push the image again with a current client",
    ),
    Fault(
        "E43 schema 1 by its body",
        sends(b'{"schemaVersion":1,"fsLayers":[]}', "application/json"),
        UnsupportedError,
        "the registry has it as a schema 1 manifest, which no digest can hold",
        hint="push the image again with a current client",
    ),
    Fault(
        "E44 nested deeper than three",
        holds(*nested(4)[:4]),
        NotFoundError,
        "reg.example does not have it for linux/amd64",
        hint="it names no platform",
        platform="linux/amd64",
    ),
    Fault(
        "E44 more than 10,000 children",
        sends(index(*[child(b"x")] * 10_001)),
        UnsupportedError,
        "the registry sent an index of more than 10000 manifests",
    ),
    Fault(
        "E45 an empty index",
        holds(index()),
        NotFoundError,
        "reg.example does not have it for linux/amd64",
        hint="it names no platform",
        platform="linux/amd64",
    ),
    Fault(
        "E45 no such platform",
        holds(IMAGE.top.data),
        NotFoundError,
        "reg.example does not have it for windows/amd64",
        hint="there is linux/amd64, linux/arm64/v8",
        platform="windows/amd64",
    ),
    Fault(
        "E45 a platform with an escape sequence",
        holds(index(child(b"x", platform={"os": "\x1b[31mred", "architecture": "\u202ex"}))),
        NotFoundError,
        "reg.example does not have it for linux/amd64",
        hint="there is [31mred/ x",
        platform="linux/amd64",
    ),
    Fault(
        "E46 an artifact has no platform",
        holds(ARTIFACT, media_type=OCI_MANIFEST),
        NotFoundError,
        "reg.example does not have it for linux/amd64",
        hint="it names no platform",
        platform="linux/amd64",
    ),
    Fault(
        "E47 a manifest over 4 MiB",
        sends(b" " * (4 * 1024 * 1024 + 1)),
        UnsupportedError,
        "reg.example sent more than 4096 KB where so much is never needed",
    ),
    Fault(
        "E47 a manifest over 4 MiB that does not say so",
        answers(Answer(200, (("Content-Type", OCI_INDEX),), b" " * (4 * 1024 * 1024 + 1), undelimited=True)),
        UnsupportedError,
        "reg.example sent more than 4096 KB where so much is never needed",
    ),
    Fault(
        "E48 a config over 8 MiB",
        each(
            on("GET", TAG, manifest_answer(SINGLE.top.data, OCI_MANIFEST)),
            on("GET", f"{V2}team/bad/blobs/{digest_of(CONFIG)}", Answer(200, (), b" " * (8 * 1024 * 1024 + 1))),
        ),
        UnsupportedError,
        "reg.example sent more than 8192 KB where so much is never needed",
        platform="linux/amd64",
    ),
    Fault(
        "E49 encoded although asked not to",
        sends(gzip.compress(b" " * 10_000_000), **{"Content-Encoding": "gzip"}),
        UnsupportedError,
        "reg.example sent its answer encoded although it was asked not to",
    ),
    Fault(
        "E50 a body without an end",
        answers(Answer(200, (("Content-Type", OCI_INDEX),), IMAGE.top.data, undelimited=True)),
        IntegrityError,
        "reg.example does not say where its manifest ends",
    ),
    Fault(
        "E54 two lengths",
        answers(Answer(200, (("Content-Type", OCI_INDEX), ("Transfer-Encoding", "chunked")), IMAGE.top.data)),
        UnsupportedError,
        "reg.example gives its answer two lengths",
    ),
    Fault(
        "F57 no such tag",
        answers(refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")),
        NotFoundError,
        "reg.example has no such image (manifest unknown)",
        hint=MISSING,
    ),
    Fault(
        "F57 no such repository",
        answers(refusal(404, "NAME_UNKNOWN", "repository name not known to registry")),
        NotFoundError,
        "reg.example has no such image (repository name not known to registry)",
        hint=MISSING,
    ),
    Fault(
        "F57 no such page",
        answers(Answer(404, (("Content-Type", "text/plain"),), b"404 page not found\n")),
        NotFoundError,
        "reg.example has no such image (404 page not found)",
        hint=MISSING,
    ),
    Fault(
        "F57 a web page",
        answers(Answer(404, (("Content-Type", "text/html"),), b"<!doctype html><p>Not here")),
        NotFoundError,
        "reg.example has no such image (it answers with a web page, not as a registry)",
        hint=MISSING,
    ),
    Fault(
        "F57 a web page that says all is well",
        sends(b"\n<!doctype html><p>Log in to the guest network", "text/html"),
        UnsupportedError,
        "reg.example sent a web page and no manifest",
        hint="is its name right, or does the network want a login?",
    ),
    Fault(
        "F58 no HEAD, and no image either",
        answers(Answer(404)),
        NotFoundError,
        "reg.example has no such image",
        hint=MISSING,
    ),
    Fault(
        "F59 denied",
        answers(refusal(403, "DENIED", "requested access to the resource is denied")),
        UnauthorizedError,
        "reg.example denies access (requested access to the resource is denied)",
        hint=LOG_IN,
    ),
    Fault(
        "F60 a pause of a day",
        answers(refusal(429, Retry_After="86400")),
        RateLimitedError,
        "reg.example asks for a pause of 86400 seconds",
        hint="wait 86400 seconds, or log in for a higher limit",
    ),
    Fault(
        "F60 too many requests, and no pause named",
        answers(refusal(429, "TOOMANYREQUESTS", "slow down"), 4),
        RateLimitedError,
        "reg.example says too many requests (slow down)",
        hint="wait, or log in for a higher limit",
    ),
    Fault(
        "F61 Hub's pull limit",
        answers(refusal(429, "TOOMANYREQUESTS", "You have reached your pull rate limit."), 4),
        RateLimitedError,
        "reg.example says too many requests (You have reached your pull rate limit.)",
        hint="wait, or log in for a higher limit",
    ),
    Fault(
        "F62 a bad gateway that stays",
        answers(Answer(502, (), b"<html>"), 4),
        UnavailableError,
        "reg.example failed with status 502 (it answers with a web page, not as a registry)",
        hint="try again later",
    ),
    Fault(
        "F62 a timeout that stays",
        answers(Answer(408), 4),
        UnavailableError,
        "reg.example failed with status 408",
        hint="try again later",
    ),
    Fault(
        "F62 what no attempt mends",
        answers(Answer(501)),
        UnavailableError,
        "reg.example failed with status 501",
        hint="try again later",
    ),
    Fault(
        "F63 a name it does not take",
        answers(refusal(400, "NAME_INVALID", "invalid repository name")),
        NotFoundError,
        "reg.example has no such image (invalid repository name)",
        hint=MISSING,
    ),
    Fault("F63 not acceptable", answers(Answer(406)), UnsupportedError, "reg.example answered with status 406"),
    Fault(
        "F63 a range nobody asked for", answers(Answer(416)), UnsupportedError, "reg.example answered with status 416"
    ),
    Fault(
        "F63 not for legal reasons",
        answers(refusal(451, "DENIED", "blocked in your country")),
        NotFoundError,
        "reg.example has no such image (blocked in your country)",
        hint=MISSING,
    ),
    Fault(
        "F64 an error of 5 MB",
        answers(Answer(404, JSON, json.dumps({"errors": [{"message": "x" * 5_000_000}]}).encode())),
        NotFoundError,
        "reg.example has no such image",
        hint=MISSING,
    ),
    Fault(
        "F64 an error with escape sequences",
        answers(refusal(404, "X", "\x1b]0;title\x07\x1b[31mred\r\n\u202eevil")),
        NotFoundError,
        "reg.example has no such image (]0;title [31mred evil)",
        hint=MISSING,
    ),
    Fault(
        "F64 an error nested without end",
        answers(Answer(404, JSON, b"[" * 60_000)),
        NotFoundError,
        "reg.example has no such image",
        hint=MISSING,
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.row)
def test_a_fault_is_one_typed_error_with_one_clear_sentence_and_no_secret(fault: Fault) -> None:
    registry = ScriptedRegistry()
    fault.script(registry)
    asked = resolver(registry, environment=fault.environment)
    answer: Resolved | ResolveError = ask(asked, NAME, platform=fault.platform)[0]
    registry.assert_used_up()
    assert isinstance(answer, ResolveError), answer
    assert (type(answer), answer.message, answer.hint) == (
        fault.kind,
        f"cannot resolve `{NAME}`: {fault.message}",
        fault.hint,
    )
    text = f"{answer.message} {answer.hint} {asked.warnings}"
    assert text.isprintable()
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.row)
def test_a_fault_ends_in_status_3_its_image_as_it_was_and_the_others_pinned(fault: Fault, tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    fault.script(registry)
    good = "https://good.example/v2/app/manifests/1"
    registry.on("GET", good, manifest_answer(GOOD.top.data))
    file = tmp_path / "Dockerfile"
    file.write_bytes(f"FROM good.example/app:1\nFROM {NAME}\n".encode())
    platform = [] if fault.platform is None else ["--platform", fault.platform]
    run = outcome(world(tmp_path, resolver(registry, environment=fault.environment)), "pin", *platform)
    wanted = {None: GOOD, "linux/amd64": GOOD.children[0], "windows/amd64": GOOD.children[1]}[fault.platform]
    assert run.status == 3
    assert file.read_bytes() == f"FROM good.example/app:1@{wanted.digest}\nFROM {NAME}\n".encode()
    assert fault.message in run.stderr
    assert not [secret for secret in SECRETS if secret in run.stdout + run.stderr]
    assert "\x1b" not in run.stdout + run.stderr
