"""What lies beside an image: listed by the registry, kept under a tag, or under cosign's tags; and nothing invented."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from images import Blob, Image, make_image, make_multi_platform, push, to_json, write_layout
from registry_server import RealRegistry
from scripted_registry import OCI_INDEX, OCI_MANIFEST, Answer, ScriptedRegistry, manifest_answer, resolver, tag_answer

from pinner.config import Settings
from pinner.errors import IntegrityError, NotFoundError, ResolveError, UnavailableError, UnsupportedError
from pinner.oci.resolver import Listener
from pinner.oci.types import Attachment
from pinner.reference import Digest, ImageReference
from pinner.registry.client import RegistryResolver
from pinner.registry.referrers import MAX_PAGES

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = make_multi_platform("app")
SUBJECT = Digest.parse(IMAGE.digest)
NAME = f"registry.example/team/app@{SUBJECT}"
ROOT = "https://registry.example/v2/team/app"
LIST = f"{ROOT}/referrers/{SUBJECT}"
FALLBACK = f"{ROOT}/manifests/sha256-{SUBJECT.hex}"
SELF = f"{ROOT}/manifests/{SUBJECT}"
COSIGN = tuple(f"{FALLBACK}{suffix}" for suffix in (".sig", ".att", ".sbom"))
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
NOTATION = "application/vnd.cncf.notary.signature"
MISSING = Answer(404, (("Content-Type", "application/json"),), b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')


def artifact(kind: str | None, subject: str | None = IMAGE.digest, config: str = "application/x.config+json") -> bytes:
    """Return the manifest of something beside an image."""
    body: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": Blob(config, b"{}").descriptor(),
        "layers": [],
    }
    if kind is not None:
        body["artifactType"] = kind
    if subject is not None:
        body["subject"] = {"mediaType": OCI_INDEX, "digest": subject, "size": 1}
    return to_json(body)


def digest(body: bytes) -> Digest:
    return Digest.parse(Blob("", body).digest)


def listing(*bodies: bytes, kind: str | None = BUNDLE) -> bytes:
    more = {} if kind is None else {"artifactType": kind}
    entries = [Blob(OCI_MANIFEST, body).descriptor(**more) for body in bodies]
    return to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})


def page(body: bytes, content_type: str = OCI_INDEX, **more: str) -> Answer:
    return Answer(200, (("Content-Type", content_type), *more.items()), body)


def scripted(*first: Answer, cosign: bool = False) -> ScriptedRegistry:
    """Return a registry that answers ``first`` when asked for its list, and has nothing under cosign's tags."""
    registry = ScriptedRegistry()
    registry.on("HEAD", SELF, tag_answer(str(SUBJECT)))
    registry.on("GET", LIST, *first)
    for url in () if cosign else COSIGN:
        registry.on("HEAD", url, MISSING)
    return registry


def under_fallback(registry: ScriptedRegistry, body: bytes, media_type: str = OCI_INDEX) -> None:
    registry.on("HEAD", FALLBACK, tag_answer(str(digest(body)), media_type))
    registry.on("GET", f"{ROOT}/manifests/{digest(body)}", manifest_answer(body, media_type))


def look(asked: RegistryResolver, *names: str) -> list[tuple[Attachment, ...] | ResolveError]:
    async def one(name: str) -> tuple[Attachment, ...] | ResolveError:
        try:
            return await asked.attachments(ImageReference.parse(name))
        except ResolveError as error:
            return error

    async def everything() -> list[tuple[Attachment, ...] | ResolveError]:
        async with asked:
            return [await one(name) for name in names]

    return asyncio.run(everything())


def found(registry: ScriptedRegistry, name: str = NAME) -> tuple[Attachment, ...]:
    [answer] = look(resolver(registry), name)
    assert isinstance(answer, tuple), answer
    registry.assert_used_up()
    return answer


def error(registry: ScriptedRegistry, name: str = NAME) -> ResolveError:
    [answer] = look(resolver(registry), name)
    assert isinstance(answer, ResolveError), answer
    return answer


ONE, TWO = artifact(BUNDLE), artifact(NOTATION)


def test_what_the_registry_lists_is_found_with_its_type() -> None:
    registry = scripted(page(listing(ONE, TWO)))
    assert found(registry) == (Attachment(digest(ONE), BUNDLE, SUBJECT), Attachment(digest(TWO), BUNDLE, SUBJECT))


def test_an_empty_list_means_none_and_no_other_place_but_cosigns_is_looked_at() -> None:
    assert found(scripted(page(listing()))) == ()


def test_the_digest_of_a_tag_is_asked_for_first() -> None:
    registry = scripted(page(listing(ONE)))
    registry.on("GET", f"{ROOT}/manifests/1", manifest_answer(IMAGE.top.data, IMAGE.top.media_type))
    assert found(registry, "registry.example/team/app:1") == (Attachment(digest(ONE), BUNDLE, SUBJECT),)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(404, (), b"404 page not found"), id="distribution 2.8 and 3.1"),
        pytest.param(Answer(400), id="400"),
        pytest.param(Answer(405), id="405"),
        pytest.param(Answer(406), id="406"),
        pytest.param(Answer(200, (("Content-Type", "text/html"),), b"<html>"), id="a web page"),
        pytest.param(page(listing(ONE), "application/vnd.docker.distribution.manifest.list.v2+json"), id="wrong type"),
        pytest.param(manifest_answer(ONE, OCI_MANIFEST), id="a manifest"),
    ],
)
def test_a_registry_that_keeps_no_list_may_have_it_under_a_tag(answer: Answer) -> None:
    registry = scripted(answer)
    under_fallback(registry, listing(TWO, kind=NOTATION))
    assert found(registry) == (Attachment(digest(TWO), NOTATION, SUBJECT),)


def test_no_list_and_no_tag_is_nothing() -> None:
    registry = scripted(Answer(404))
    registry.on("HEAD", FALLBACK, MISSING)
    assert found(registry) == ()


def test_an_image_under_the_fallback_tag_lists_nothing() -> None:
    registry = scripted(Answer(404))
    under_fallback(registry, ONE, OCI_MANIFEST)
    assert found(registry) == ()


def test_that_a_registry_keeps_no_lists_is_learned_once() -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", SELF, tag_answer(str(SUBJECT)))
    registry.on("GET", LIST, Answer(404))
    for url in (FALLBACK, *COSIGN):
        registry.on("HEAD", url, MISSING, MISSING)
    assert look(resolver(registry), NAME, NAME) == [(), ()]
    registry.assert_used_up()


def test_nothing_that_docker_hub_counts_is_asked_for_what_is_not_there() -> None:
    registry = scripted(Answer(404))
    registry.on("HEAD", FALLBACK, MISSING)
    assert found(registry) == ()
    assert [url for method, url, _ in registry.asked if method == "GET"] == [LIST]


def test_where_a_head_tells_nothing_it_is_got() -> None:
    signature, table = artifact(None, None), listing(TWO, kind=NOTATION)
    registry = ScriptedRegistry()
    registry.on("HEAD", SELF, MISSING)
    registry.on("GET", LIST, Answer(404))
    registry.on("GET", FALLBACK, manifest_answer(table))
    registry.on("GET", f"{ROOT}/manifests/{digest(table)}", manifest_answer(table))
    registry.on("GET", COSIGN[0], manifest_answer(signature, OCI_MANIFEST))
    registry.on("GET", COSIGN[1], MISSING)
    registry.on("GET", COSIGN[2], MISSING)
    assert found(registry) == (
        Attachment(digest(TWO), NOTATION, SUBJECT),
        Attachment(digest(signature), ".sig", SUBJECT),
    )


@pytest.mark.parametrize("status", [500, 503])
def test_a_list_that_cannot_be_had_is_an_error_and_not_an_empty_one(status: int) -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", SELF, tag_answer(str(SUBJECT)))
    registry.on("GET", LIST, Answer(status), forever=True)
    assert isinstance(error(registry), UnavailableError)


def test_cosigns_tags_are_found_beside_the_list() -> None:
    signature, attestation = artifact(None, None), artifact(None, None, "application/y")
    registry = scripted(page(listing()), cosign=True)
    registry.on("HEAD", COSIGN[0], tag_answer(str(digest(signature)), OCI_MANIFEST))
    registry.on("HEAD", COSIGN[1], tag_answer(str(digest(attestation)), OCI_MANIFEST))
    registry.on("HEAD", COSIGN[2], MISSING)
    assert found(registry) == (
        Attachment(digest(signature), ".sig", SUBJECT),
        Attachment(digest(attestation), ".att", SUBJECT),
    )


def test_a_list_under_a_tag_that_is_not_what_its_digest_says_is_an_error() -> None:
    registry = scripted(Answer(404))
    registry.on("HEAD", FALLBACK, tag_answer(str(digest(ONE))))
    registry.on(
        "GET",
        f"{ROOT}/manifests/{digest(ONE)}",
        manifest_answer(ONE, OCI_MANIFEST, **{"Docker-Content-Digest": f"sha256:{'0' * 64}"}),
    )
    assert isinstance(error(registry), IntegrityError)


def test_what_the_list_does_not_name_is_told_from_its_manifest() -> None:
    typed, untyped = artifact(NOTATION), artifact(None, config="application/vnd.example.sbom")
    registry = scripted(page(listing(typed, untyped, kind=None)))
    registry.on("GET", f"{ROOT}/manifests/{digest(typed)}", manifest_answer(typed, OCI_MANIFEST))
    registry.on("GET", f"{ROOT}/manifests/{digest(untyped)}", manifest_answer(untyped, OCI_MANIFEST))
    assert [one.kind for one in found(registry)] == [NOTATION, "application/vnd.example.sbom"]


def test_what_speaks_of_something_else_or_is_not_there_is_left_out() -> None:
    foreign, gone = artifact(NOTATION, f"sha256:{'1' * 64}"), artifact(NOTATION, None)
    registry = scripted(page(listing(foreign, gone, kind=None)))
    registry.on("GET", f"{ROOT}/manifests/{digest(foreign)}", manifest_answer(foreign, OCI_MANIFEST))
    registry.on("GET", f"{ROOT}/manifests/{digest(gone)}", MISSING)
    assert found(registry) == ()


@pytest.mark.parametrize("subject", ["sha256:../../x", "", None])
def test_a_manifest_that_does_not_properly_say_what_it_speaks_of_is_kept_where_it_was_listed(
    subject: str | None,
) -> None:
    vague = artifact(NOTATION, subject)
    registry = scripted(page(listing(vague, kind=None)))
    registry.on("GET", f"{ROOT}/manifests/{digest(vague)}", manifest_answer(vague, OCI_MANIFEST))
    assert [one.kind for one in found(registry)] == [NOTATION]


def test_an_index_beside_an_image_is_told_by_its_media_type() -> None:
    inner = listing()
    registry = scripted(page(listing(inner, kind=None)))
    registry.on("GET", f"{ROOT}/manifests/{digest(inner)}", manifest_answer(inner))
    assert [one.kind for one in found(registry)] == [OCI_INDEX]


def test_only_so_many_are_fetched_to_learn_what_they_are() -> None:
    bodies = [artifact(f"application/x.{number}") for number in range(25)]
    registry = scripted(page(listing(*bodies, kind=None)))
    for body in bodies[:20]:
        registry.on("GET", f"{ROOT}/manifests/{digest(body)}", manifest_answer(body, OCI_MANIFEST))
    kinds = [one.kind for one in found(registry)]
    assert (len(kinds), kinds[19], kinds[20]) == (25, "application/x.19", OCI_MANIFEST)


def test_the_text_of_a_type_is_made_fit_for_a_terminal() -> None:
    [only] = found(scripted(page(listing(ONE, kind="\x1b[31mtype\n"))))
    assert only.kind == "[31mtype"


@pytest.mark.parametrize(
    "link",
    [
        '</v2/team/app/referrers/x?last=a&n=1>; rel="next"',
        '<?last=a&n=1>; rel="next"',
        "<https://evil.example/v2/team/app/referrers/x?last=a&n=1>; rel=next",
        '</elsewhere?x>; rel="prev", </virtual/team/app?last=a&n=1#there>; title="b"; rel="next"',
    ],
)
def test_the_list_goes_on_where_it_began_whatever_the_link_says(link: str) -> None:
    registry = scripted(page(listing(ONE), Link=link))
    registry.on("GET", f"{LIST}?last=a&n=1", page(listing(TWO)))
    assert [one.digest for one in found(registry)] == [digest(ONE), digest(TWO)]


def test_a_list_that_leads_back_to_itself_is_read_once() -> None:
    warnings: list[str] = []
    registry = scripted(page(listing(ONE), Link='<?last=a>; rel="next"'))
    registry.on("GET", f"{LIST}?last=a", page(listing(TWO), Link='<?last=a>; rel="next"'))
    [answer] = look(resolver(registry, listener=Listener(warnings.append, warnings.append)), NAME)
    assert isinstance(answer, tuple)
    assert len(answer) == 2
    assert ["list without end" in warning for warning in warnings] == [True]


def test_a_list_without_end_is_left_after_its_beginning() -> None:
    registry = scripted(page(listing(ONE), Link='<?last=0>; rel="next"'))
    for number in range(MAX_PAGES - 1):
        registry.on("GET", f"{LIST}?last={number}", page(listing(), Link=f'<?last={number + 1}>; rel="next"'))
    assert [one.digest for one in found(registry)] == [digest(ONE)]


def test_a_list_that_breaks_off_is_an_error() -> None:
    registry = scripted(page(listing(ONE), Link='<?last=a>; rel="next"'))
    registry.on("GET", f"{LIST}?last=a", Answer(404))
    assert isinstance(error(registry), UnsupportedError)


def test_something_that_is_no_digest_in_the_list_is_never_asked_for() -> None:
    body = json.loads(listing(ONE))
    body["manifests"][0]["digest"] = "sha256:../../../etc/passwd"
    registry = scripted(page(to_json(body)))
    assert isinstance(error(registry), IntegrityError)
    assert [entry[1] for entry in registry.asked] == [SELF, LIST]


def test_a_token_for_the_repository_opens_its_list() -> None:
    registry = ScriptedRegistry()
    scope = 'Bearer realm="https://registry.example/token",service="s",scope="repository:team/app:pull"'
    registry.on("HEAD", SELF, Answer(401, (("WWW-Authenticate", scope),)))
    registry.on(
        "GET",
        "https://registry.example/token?service=s&scope=repository%3Ateam%2Fapp%3Apull",
        Answer(200, (), b'{"token":"t"}'),
    )
    registry.on("HEAD", SELF, tag_answer(str(SUBJECT)), authorization="Bearer t")
    registry.on("GET", LIST, page(listing(ONE)), authorization="Bearer t")
    for url in COSIGN:
        registry.on("HEAD", url, MISSING, authorization="Bearer t")
    assert [one.digest for one in found(registry)] == [digest(ONE)]


def test_nobody_is_asked_offline(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    asked = resolver(registry, settings=Settings(offline=True), environment={"XDG_CACHE_HOME": str(tmp_path)})
    [answer] = look(asked, NAME)
    assert isinstance(answer, ResolveError)
    assert registry.asked == []


def test_a_name_without_a_registry_is_refused() -> None:
    [answer] = look(resolver(ScriptedRegistry()), f"my_host.example/app@{SUBJECT}")
    assert isinstance(answer, NotFoundError)


def test_a_layout_has_cosigns_tags_too(tmp_path: Path) -> None:
    signature = make_image("signature")
    write_layout(
        tmp_path,
        {"registry.example/team/app:1": IMAGE, f"registry.example/team/app:sha256-{SUBJECT.hex}.sig": signature},
    )
    [answer] = look(RegistryResolver(Settings(layout=str(tmp_path)), environment={}), NAME)
    assert answer == (Attachment(Digest.parse(signature.digest), ".sig", SUBJECT),)


@pytest.mark.registry
def test_a_real_registry_without_the_list_has_the_tags(tmp_path: Path) -> None:
    bundle = Image(Blob(OCI_MANIFEST, ONE), (Blob("application/x.config+json", b"{}"),))
    signature = Image(Blob(OCI_MANIFEST, artifact(None, None)), bundle.blobs)
    fallback = Image(Blob(OCI_INDEX, listing(ONE)), (), (bundle,))
    with RealRegistry(tmp_path) as registry:
        push(registry.url, {"team/app:1": IMAGE, f"team/app:sha256-{SUBJECT.hex}": fallback})
        push(registry.url, {f"team/app:sha256-{SUBJECT.hex}.sig": signature})
        [answer] = look(RegistryResolver(Settings(), environment={}), f"{registry.host}/team/app:1")
    assert answer == (
        Attachment(digest(ONE), BUNDLE, SUBJECT),
        Attachment(digest(artifact(None, None)), ".sig", SUBJECT),
    )


EMPTY = "application/vnd.oci.empty.v1+json"


@pytest.mark.parametrize(
    ("kind", "config", "layers", "seen"),
    [
        (None, EMPTY, [BUNDLE], BUNDLE),
        (EMPTY, EMPTY, [BUNDLE], BUNDLE),
        (None, EMPTY, [EMPTY, "application/x.sbom"], "application/x.sbom"),
        (NOTATION, EMPTY, [BUNDLE], NOTATION),
        (None, EMPTY, [], EMPTY),
    ],
)
def test_a_list_that_has_the_type_of_an_empty_config_is_not_believed(
    kind: str | None, config: str, layers: list[str], seen: str
) -> None:
    body = json.loads(artifact(kind, config=config))
    body["layers"] = [Blob(layer, layer.encode()).descriptor() for layer in layers]
    bundle = to_json(body)
    registry = scripted(page(listing(bundle, kind=EMPTY)))
    registry.on("GET", f"{ROOT}/manifests/{digest(bundle)}", manifest_answer(bundle, OCI_MANIFEST))
    assert [one.kind for one in found(registry)] == [seen]
