"""Corners of verification: revocation, what is asked beside the registry, trusted roots, policies on a base branch."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botplace import nginx_place
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from securesystemslib.signer._crypto_signer import CryptoSigner
from signingkit import NOW, Sigstore, b64, ca, issue, name, oid, p256, pem, spki
from tuf.api._payload import Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.metadata import Metadata

from pinner.bot.git.clone import Clone, clone
from pinner.bot.git.program import open_git
from pinner.bot.signatures import _below, _Files, _files, _named
from pinner.config import Settings
from pinner.config.verify import SignaturePolicy
from pinner.errors import ConfigError, ResolveError, UnavailableError
from pinner.verify import remote as remote_module
from pinner.verify.remote import Remote
from pinner.verify.revocation import certificate_id, revocation_of
from pinner.verify.strict_decoding import MalformedError
from pinner.verify.trust import load_trust, packaged_root
from pinner.verify.trusted_root import (
    Window,
    data_folder,
    fetch_root,
    first_metadata,
    keep_root,
    kept_root,
    read_trusted_roots,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from signingkit import Issued

HOUR = timedelta(hours=1)


@dataclass
class Served:
    """A server on a free port of the loopback interface: what it answers by path, and what it was asked."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    delay: float = 0.0
    address: str = ""


@pytest.fixture
def served() -> Iterator[Served]:
    there = Served()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            there.asked.append((self.command, self.headers.get("Content-Type") or "", body))
            time.sleep(there.delay)
            status, data = there.answers.get(self.path, (404, b"none"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - as http.server wants it

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    there.address = f"http://127.0.0.1:{server.server_port}"
    yield there
    server.shutdown()
    thread.join()
    server.server_close()


ROOT = ca("root")
STRANGER = ca("root")


def leaf(responder: str = "", listed: str = "") -> Issued:
    """Return a certificate that names a responder and a list where they are given."""
    more: list[tuple[x509.ExtensionType, bool]] = []
    if responder:
        place = x509.UniformResourceIdentifier(responder)
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
        other = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        more.append((x509.AuthorityInformationAccess([other, access]), False))
    if listed:
        names = [x509.UniformResourceIdentifier(listed)]
        more.append((x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)]), False))
    return issue(name("CN=leaf"), p256(), ROOT, more)


def responder(
    by: Issued = ROOT, purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.OCSP_SIGNING, **more: Any
) -> Issued:
    key = more.pop("key", None) or p256()
    return issue(name("CN=responder"), key, by, [(x509.ExtendedKeyUsage([purpose]), False)], **more)


def by_an_unknown_algorithm(data: bytes) -> bytes:
    """Return ``data`` with another object identifier where ecdsa-with-SHA256 stood."""
    known = oid("1.2.840.10045.4.3.2")
    assert known in data
    return data.replace(known, oid("1.2.840.10045.4.3.9"))


def scope(**more: Any) -> tuple[x509.ExtensionType, bool]:
    flags = ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs")
    given = {flag: more.get(flag, False) for flag in flags}
    return x509.IssuingDistributionPoint(None, None, only_some_reasons=more.get("only_some_reasons"), **given), True


def answer(
    about: Issued,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    by: Issued = ROOT,
    window: tuple[datetime, datetime | None] = (NOW - HOUR, NOW + HOUR),
) -> bytes:
    key = by.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    revoked = NOW - HOUR if status is ocsp.OCSPCertStatus.REVOKED else None
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            about.certificate,
            ROOT.certificate,
            hashes.SHA1(),  # noqa: S303 - RFC 6960
            status,
            window[0],
            window[1],
            revoked,
            None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate)
    )
    if by is not ROOT:
        builder = builder.certificates([by.certificate])
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def listing(
    *revoked: Issued,
    by: Issued = ROOT,
    end: datetime = NOW + HOUR,
    more: tuple[x509.ExtensionType, bool] | None = None,
    encoding: Encoding = Encoding.DER,
) -> bytes:
    key = by.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(end - 2 * HOUR)
        .next_update(end)
    )
    for one in revoked:
        entry = (
            x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(NOW - HOUR)
        )
        builder = builder.add_revoked_certificate(entry.build())
    if more is not None:
        builder = builder.add_extension(*more)
    return builder.sign(key, hashes.SHA256()).public_bytes(encoding)


def state(of: Issued) -> str:
    """Return what is told of ``of``, asked for over HTTP."""

    async def run() -> dict[str, str]:
        asks = Remote({})
        try:
            return await revocation_of([of.certificate, ROOT.certificate], asks.get, NOW)
        finally:
            await asks.aclose()

    found = asyncio.run(run())
    assert list(found) == [certificate_id(of.certificate)]
    return found[certificate_id(of.certificate)]


def test_one_that_names_no_address_is_good() -> None:
    assert state(leaf()) == "good"


GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
OTHER_SCOPE = "the list is not about such certificates"
NOT_SIGNED, OTHER_TIME = "the answer is not signed by who may", "the answer is of another time"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (answer, "good"),
        (lambda one: answer(one, REVOKED), "revoked"),
        (lambda one: answer(one, REVOKED, responder()), "revoked"),
        (lambda one: answer(one, window=(NOW - HOUR, None)), "good"),
        (lambda one: answer(one, UNKNOWN), "the responder does not know the certificate"),
        (lambda one: answer(one, window=(NOW - 2 * HOUR, NOW - HOUR)), OTHER_TIME),
        (lambda one: answer(one, window=(NOW + HOUR, NOW + 2 * HOUR)), OTHER_TIME),
        (lambda _: answer(leaf()), NOT_SIGNED),
        (lambda one: answer(one, by=STRANGER), NOT_SIGNED),
        (lambda one: answer(one, by=responder(STRANGER)), NOT_SIGNED),
        (lambda one: answer(one, by=responder(purpose=ExtendedKeyUsageOID.CODE_SIGNING)), NOT_SIGNED),
        (
            lambda _: ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
                Encoding.DER
            ),
            "the responder does not tell",
        ),
        (lambda _: b"<html>", "error parsing asn1 value"),
        (lambda one: answer(one, by=responder(window=(NOW - 3 * HOUR, NOW - 2 * HOUR))), NOT_SIGNED),
        (
            lambda one: answer(one, by=responder(key=ec.generate_private_key(ec.SECP256K1()))),
            "keys on the curve secp256k1 are not supported",
        ),
        (lambda one: by_an_unknown_algorithm(answer(one)), "Signature algorithm OID: 1.2.840.10045.4.3.9"),
    ],
)
def test_responders(served: Served, made: Callable[[Issued], bytes], expected: str) -> None:
    one = leaf(f"{served.address}/ocsp")
    served.answers["/ocsp"] = (200, made(one))
    found = state(one)
    if expected in ("good", "revoked"):
        assert found == expected
    else:
        assert found.startswith(f"revocation status is unknown: {served.address}/ocsp: {expected}")
    ((method, kind, body),) = served.asked
    assert (method, kind) == ("POST", "application/ocsp-request")
    assert ocsp.load_der_ocsp_request(body).serial_number == one.certificate.serial_number


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda _: listing(leaf()), "good"),
        (listing, "revoked"),
        (lambda one: listing(one, encoding=Encoding.PEM), "revoked"),
        (lambda one: listing(one, more=(x509.CRLNumber(1), False)), "revoked"),
        (lambda _: listing(more=(x509.CRLNumber(1), False)), "good"),
        (lambda one: listing(one, by=STRANGER), "the list is not signed by the issuer"),
        (lambda one: listing(one, by=ca("other")), "the list is not signed by the issuer"),
        (lambda one: listing(one, end=NOW - HOUR), "the list has ended"),
        (lambda one: listing(one, end=NOW + 3 * HOUR), "the list is of a time to come"),
        (
            lambda one: listing(one, more=(x509.DeltaCRLIndicator(1), True)),
            "the list has a critical extension that is not known",
        ),
        (lambda _: b"-----BEGIN X509 CRL-----\n", ""),
        (lambda _: by_an_unknown_algorithm(listing()), "the list is not signed by the issuer"),
        (lambda _: listing(more=scope(only_contains_user_certs=True)), "good"),
        (lambda one: listing(one, more=scope(only_contains_user_certs=True)), "revoked"),
        (lambda _: listing(more=scope(only_contains_ca_certs=True)), OTHER_SCOPE),
        (lambda _: listing(more=scope(only_contains_attribute_certs=True)), OTHER_SCOPE),
        (lambda _: listing(more=scope(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}))), OTHER_SCOPE),
    ],
)
def test_lists(served: Served, made: Callable[[Issued], bytes], expected: str) -> None:
    one = leaf(listed=f"{served.address}/list")
    served.answers["/list"] = (200, made(one))
    found = state(one)
    if expected in ("good", "revoked"):
        assert found == expected
    else:
        assert found.startswith(f"revocation status is unknown: {served.address}/list: {expected}")
    assert [method for method, _, _ in served.asked] == ["GET"]


def test_a_list_is_asked_for_where_the_responder_says_nothing(served: Served) -> None:
    one = leaf(f"{served.address}/ocsp", f"{served.address}/list")
    served.answers["/list"] = (200, listing(one))
    assert state(one) == "revoked"
    assert [method for method, _, _ in served.asked] == ["POST", "GET"]
    del served.answers["/list"]
    assert state(one) == f"revocation status is unknown: {served.address}/list: it answers with status 404"


def ask(url: str, *, offline: bool = False, times: int = 1) -> bytes:
    async def run() -> bytes:
        asks = Remote({}, offline=offline)
        try:
            return [await asks.get(url) for _ in range(times)][-1]
        finally:
            await asks.aclose()

    return asyncio.run(run())


def test_what_was_answered_is_asked_for_once(served: Served) -> None:
    served.answers["/a"] = (200, b"data")
    assert ask(f"{served.address}/a", times=3) == b"data"
    assert served.asked == [("GET", "", b"")]


@pytest.mark.parametrize(
    ("url", "offline", "says"),
    [
        ("ldap://acme.test/list", False, "it is no web address"),
        ("http://127.0.0.1:port/", False, "it is no web address"),
        ("http://127.0.0.1/list", True, "--offline forbids to ask"),
        ("{}/none", False, "it answers with status 404"),
        ("{}/secret", False, "127.0.0.1 denies access"),
    ],
)
def test_what_is_not_told(served: Served, url: str, says: str, *, offline: bool) -> None:
    served.answers["/secret"] = (403, b"")
    with pytest.raises(ResolveError) as caught:
        ask(url.replace("{}", served.address), offline=offline)
    assert says in caught.value.message


def test_nobody_waits_for_ever(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "_DEADLINE", 0.05)
    served.delay = 0.3
    with pytest.raises(UnavailableError, match=r"it gave no answer within 0\.05 seconds"):
        ask(f"{served.address}/slow")


def metadata(server: str) -> dict[str, bytes | None]:
    async def run() -> dict[str, bytes | None]:
        asks = Remote({})
        try:
            return await asks.metadata(server, "docker.io/acme/app")
        finally:
            await asks.aclose()

    return asyncio.run(run())


def test_metadata_of_a_server_and_of_a_folder(served: Served, tmp_path: Path) -> None:
    served.answers["/v2/docker.io/acme/app/_trust/tuf/root.json"] = (200, b"{}")
    served.answers["/v2/docker.io/acme/app/_trust/tuf/targets/releases.json"] = (200, b"[]")
    (tmp_path / "root.json").write_bytes(b"{}")
    (tmp_path / "targets_releases.json").write_bytes(b"[]")
    expected = {"root": b"{}", "targets/releases": b"[]"}
    for server in (f"{served.address}/", str(tmp_path)):
        found = metadata(server)
        assert {role: data for role, data in found.items() if data is not None} == expected
        assert found["timestamp"] is None


def test_copies_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "root.json").write_bytes(b" " * (4 * 1024 * 1024 + 1))
    with pytest.raises(ResolveError, match="the root metadata is larger than 4 MB"):
        metadata(str(tmp_path / "big"))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnavailableError, match="file: not a directory"):
        metadata(str(tmp_path / "file"))


SIGSTORE = Sigstore()
TRUSTED = json.dumps(SIGSTORE.trusted_root()).encode()


def altered(**more: Any) -> bytes:
    return json.dumps(SIGSTORE.trusted_root(**more)).encode()


def authority(*certificates: bytes) -> dict[str, Any]:
    chain = {"certificates": [{"rawBytes": b64(one)} for one in certificates]}
    return {"certChain": chain, "validFor": {"start": "2026-01-01T00:00:00Z"}}


def log(key: bytes) -> dict[str, Any]:
    public = {"rawBytes": b64(key), "validFor": {"start": "2026-01-01T00:00:00Z"}}
    return {"publicKey": public, "logId": {"keyId": b64(b"id")}}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (altered(mediaType="application/json"), "the trusted root is of an unknown kind"),
        (altered(certificateAuthorities=[authority(b"none")]), "the trusted root holds a certificate that is none"),
        (altered(certificateAuthorities=[authority()]), "the trusted root holds an authority without certificates"),
        (altered(tlogs=[log(b"none")]), "there is no public key in DER"),
        (b"{}\n[]", "the trusted root is not proper JSON"),
        (b"{}\n{}", "`mediaType` is not a text"),
    ],
)
def test_roots_that_are_none(data: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedError) as caught:
        read_trusted_roots(data)
    assert says in caught.value.detail
    home = {"XDG_DATA_HOME": str(tmp_path)}
    with pytest.raises(UnavailableError) as fetched:
        keep_root(home, data)
    assert fetched.value.message == f"what was fetched is no trusted root: {caught.value.detail}"
    assert kept_root(home) is None
    policy = SignaturePolicy("key", where="pinner.toml: [[verify]] 1", trusted_root="root.json")
    with pytest.raises(ConfigError) as configured:
        load_trust(policy, {"root.json": data}.__getitem__)
    assert configured.value.message == (
        f"pinner.toml: [[verify]] 1: root.json is no trusted root: {caught.value.detail}"
    )


def test_a_log_whose_key_nobody_can_use_is_left_out() -> None:
    odd = spki_of_another_curve()
    (root,) = read_trusted_roots(altered(tlogs=[log(odd), log(spki(p256()))]))
    assert len(root.logs) == 1
    assert root.logs[0].key_id == b"id"


def spki_of_another_curve() -> bytes:
    return spki(ec.generate_private_key(ec.SECP256K1()))


def test_several_roots_by_line_and_windows() -> None:
    assert len(read_trusted_roots(TRUSTED + b"\n\n" + TRUSTED)) == 2
    window = Window(NOW, NOW + HOUR)
    assert [window.holds(NOW + hours * HOUR) for hours in (-1, 0, 1, 2)] == [False, True, True, False]
    assert Window(NOW).holds(NOW + 9999 * HOUR)


def read(name_: str) -> bytes:
    files = {"a.pub": pem(p256()), "odd.pub": b"none", "root.json": TRUSTED}
    if name_ not in files:
        raise FileNotFoundError(2, "No such file or directory", name_)
    return files[name_]


def test_what_a_policy_is_judged_by() -> None:
    trust = load_trust(SignaturePolicy("key", key=("a.pub",), trusted_root="root.json"), read)
    assert ([key for key, _ in trust.keys], trust.root_name, len(trust.roots)) == (["a.pub"], "root.json", 1)
    trust = load_trust(SignaturePolicy("keyless"), read, TRUSTED)
    assert (trust.roots[0].source, trust.root_name) == (
        TRUSTED,
        "the trusted root of the last `pinner trust update`",
    )
    trust = load_trust(SignaturePolicy("keyless"), read)
    assert (trust.roots[0].source, trust.root_name) == (packaged_root(), "the trusted root that comes with pinner")
    assert load_trust(SignaturePolicy("notation"), read).roots == ()


@pytest.mark.parametrize(
    ("policy", "says", "hint"),
    [
        (SignaturePolicy("key", key=("b.pub",)), "cannot read `b.pub`: no such file or directory", None),
        (SignaturePolicy("key", key=("odd.pub",)), "`odd.pub` is no public key: there is no public", "cosign.pub"),
        (SignaturePolicy("keyless", trusted_root="x"), "cannot read `x`: no such file or directory", None),
    ],
)
def test_what_a_policy_names_and_is_not_there(policy: SignaturePolicy, says: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        load_trust(policy._replace(where="here"), read)
    assert caught.value.message.startswith(f"here: {says}")
    assert (hint or "") in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({"XDG_DATA_HOME": "/d", "HOME": "/h"}, "/d/pinner"), ({"HOME": "/h"}, "/h/.local/share/pinner")],
)
@pytest.mark.skipif(os.name == "nt", reason="the folders of POSIX")
def test_where_what_is_no_cache_is_kept(environment: Mapping[str, str], expected: str) -> None:
    assert data_folder(environment) == expected


def test_where_it_is_kept_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "name", "nt")
        found = data_folder({"LOCALAPPDATA": "local", "XDG_DATA_HOME": "other"})
    assert os.path.split(found) == ("local", "pinner")


def tuf_repository(served: Served, target: bytes | None) -> bytes:
    """Serve a TUF repository that has ``target`` as its trusted root; return its first root metadata."""
    signer = CryptoSigner.generate_ed25519()
    expires = datetime.now().astimezone() + timedelta(days=1)
    root, targets = Root(expires=expires, consistent_snapshot=False), Targets(expires=expires)
    for role in ("root", "timestamp", "snapshot", "targets"):
        root.add_key(signer.public_key, role)
    if target is not None:
        targets.targets["trusted_root.json"] = TargetFile.from_data("trusted_root.json", target)
        served.answers["/targets/trusted_root.json"] = (200, target)
    parts = {"timestamp": Timestamp(expires=expires), "snapshot": Snapshot(expires=expires), "targets": targets}
    for role, signed in parts.items():
        metadata_: Metadata[Any] = Metadata(signed)
        metadata_.sign(signer)
        served.answers[f"/{role}.json"] = (200, metadata_.to_bytes())
    first = Metadata(root)
    first.sign(signer)
    return first.to_bytes()


def test_a_root_is_kept_where_it_is_found_again(tmp_path: Path) -> None:
    home = {"XDG_DATA_HOME": str(tmp_path / "data")}
    assert keep_root(home, TRUSTED) == str(tmp_path / "data" / "pinner" / "trusted_root.json")
    assert kept_root(home) == TRUSTED


def test_a_root_is_fetched_and_checked(served: Served) -> None:
    first = tuf_repository(served, TRUSTED)
    assert fetch_root(first, served.address) == TRUSTED
    served.answers["/targets/trusted_root.json"] = (200, TRUSTED[:-1] + b" ")
    with pytest.raises(UnavailableError, match="gave no trusted root: "):
        fetch_root(first, served.address)


def test_another_signer_and_a_server_without_a_root(served: Served) -> None:
    other = tuf_repository(served, TRUSTED)
    first = tuf_repository(served, None)
    with pytest.raises(UnavailableError, match="gave no trusted root: "):
        fetch_root(other, served.address)
    with pytest.raises(UnavailableError, match=r"has no trusted_root\.json"):
        fetch_root(first, served.address)


def test_the_first_metadata_is_of_a_root() -> None:
    assert json.loads(first_metadata())["signed"]["_type"] == "root"


def test_without_tuf_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tuf.ngclient.updater", None)
    with pytest.raises(UnavailableError, match="fetched by TUF, which is not installed") as caught:
        fetch_root(b"", "http://127.0.0.1:9")
    assert caught.value.hint == "pip install 'image-pinner[verify]'"


def test_files_of_the_base_branch() -> None:
    files = _Files({"keys/a.pub": b"a", "trust/x/b": b"b", "trust/c": b"c"})
    assert files.read("./keys/../keys/a.pub") == b"a"
    assert files.names("trust/") == ("c",)
    assert files.names("none") == ()
    with pytest.raises(FileNotFoundError, match="it is not on the base branch"):
        files.read("keys/b.pub")


@pytest.mark.parametrize(("root", "expected"), [("r", ""), ("r/a", "a/"), ("r/a/b", "a/b/")])
def test_what_stands_before_a_path(tmp_path: Path, root: str, expected: str) -> None:
    assert _below(str(tmp_path / root), str(tmp_path / "r")) == expected


def test_what_policies_name_is_told_by_path() -> None:
    policies = (
        SignaturePolicy("key", key=("k/a.pub", "../up.pub", "none.pub"), trusted_root="root.json"),
        SignaturePolicy("notation", config="./trust"),
    )
    files = ("d/k/a.pub", "up.pub", "d/root.json", "d/trust/policy.json", "d/trusted", "k/a.pub")
    named = set(_named(Settings(verify=policies), dict.fromkeys(files), "d/"))
    assert named == {"d/k/a.pub", "up.pub", "d/root.json", "d/trust/policy.json"}


def test_bytes_are_of_the_commit_that_was_cloned(tmp_path: Path) -> None:
    there = nginx_place(tmp_path)

    async def run() -> tuple[Clone, dict[str, bytes]]:
        address = f"file://{there.bare}"
        cloned = await clone(open_git(tmp_path / "clone", os.environ, address, None), address, "main", lambda _: True)
        (cloned.folder / "README.md").write_bytes(b"changed\n")
        gone = cloned.files["README.md"]._replace(object="0" * 40)
        cloned = cloned._replace(files={**cloned.files, "gone": gone})
        return cloned, await _files(cloned, ["README.md", "gone"])

    _, found = asyncio.run(run())
    assert found == {"README.md": b"hello\n"}


def test_the_bot_refuses_what_the_policy_on_the_base_branch_does(tmp_path: Path) -> None:
    there = nginx_place(tmp_path)
    policy = b'[[verify]]\nby = "key"\nkey = "keys/a.pub"\nlog = false\n'
    there.commit({"pinner.toml": policy, "keys/a.pub": pem(p256())})
    published = there.run()
    assert [step for step in published.steps if step.url is not None] == []
    (held,) = next(step.held_back for step in published.steps if step.held_back)
    assert held.name == "nginx:1.27"
    assert "could not be determined; nobody has the signatures of nginx:1.27@sha256:" in held.reason
    assert list(there.heads()) == ["main"]


def test_the_bot_stops_at_a_key_that_is_not_there(tmp_path: Path) -> None:
    there = nginx_place(tmp_path)
    there.commit({"pinner.toml": b'[[verify]]\nby = "key"\nkey = "keys/a.pub"\n'})
    with pytest.raises(ExceptionGroup) as caught:
        there.run()
    (error,) = caught.value.exceptions
    assert isinstance(error, ConfigError)
    assert error.message == "pinner.toml: [[verify]] 1: cannot read `keys/a.pub`: it is not on the base branch"
