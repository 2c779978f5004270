"""Certificates: whose are believed, which are shown, and what is said of those that are not."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from registry_server import require
from scripted_registry import BODIES, A

from pinner.config import RegistryOptions, Settings
from pinner.errors import ResolveError, UnavailableError
from pinner.http.connections import Certificates, Contexts, read_certificates
from pinner.http.network_failures import network_error
from pinner.http.retry import RetryPolicy
from pinner.model import Resolved
from pinner.reference import ImageReference
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

UNHURRIED = RetryPolicy(attempts=1, deadline=300, connect=300, read=300)
"""No limit is reached, however busy the machine is."""
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.index.v1+json\r\n"
    b"Docker-Content-Digest: " + A.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(BODIES[A]) + BODIES[A]
)
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments: str) -> None:
    subprocess.run([require("openssl"), *arguments], check=True, capture_output=True)


class Authority:
    """A certificate authority in a folder, and what it has signed: NAME.crt with NAME.key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "ca.crt"
        openssl("req", "-x509", *KEY, "-keyout", str(folder / "ca.key"), "-out", str(self.file), "-days", "2",
                "-subj", "/CN=Test Authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip

    def sign(self, name: str, alternative: str = "IP:127.0.0.1", days: str = "2") -> tuple[Path, Path]:
        certificate, key, request = (self.folder / f"{name}.{ending}" for ending in ("crt", "key", "csr"))
        openssl("req", *KEY, "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}")
        extensions = self.folder / f"{name}.cnf"
        # Since 3.13 Python wants all that RFC 5280 wants.
        extensions.write_text(
            f"subjectAltName={alternative}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        openssl("x509", "-req", "-in", str(request), "-CA", str(self.file), "-CAkey", str(self.folder / "ca.key"),
                "-CAcreateserial", "-days", days, "-extfile", str(extensions), "-out", str(certificate))  # fmt: skip
        return certificate, key


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server_pair(authority: Authority) -> tuple[Path, Path]:
    return authority.sign("server")


def server_context(pair: tuple[Path, Path], wants: Path | None = None) -> ssl.SSLContext:
    """Return a server's context; ``wants`` is the authority of the certificates it demands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    if wants is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(wants)
    return context


@asynccontextmanager
async def serving(context: ssl.SSLContext) -> AsyncIterator[str]:
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)


def put(folder: Path, host: str, files: Mapping[str, Path]) -> None:
    """Copy ``files`` (by their new names) into the user's certs.d for ``host``."""
    place = folder / "containers" / "certs.d" / host
    place.mkdir(parents=True)
    for name, source in files.items():
        (place / name).write_bytes(source.read_bytes())


def ask(
    context: ssl.SSLContext,
    *,
    environment: Mapping[str, str] | None = None,
    home: Path | None = None,
    files: Mapping[str, Path] | None = None,
    ca: Path | None = None,
) -> tuple[Resolved | ResolveError, tuple[str, ...], str]:
    """Return the answer of a server with ``context``, the warnings, and the server's host."""

    async def main() -> tuple[Resolved | ResolveError, tuple[str, ...], str]:
        async with serving(context) as host:
            if home is not None:
                put(home, host, files or {})
            options = RegistryOptions(endpoint=f"https://{host}", ca=None if ca is None else str(ca))
            everything = {**(environment or {}), **({} if home is None else {"XDG_CONFIG_HOME": str(home)})}
            asked = RegistryResolver(
                Settings(registries={"r.example": options}, use_cache=False),
                environment=everything,
                retry_policy=UNHURRIED,
            )
            async with asked:
                try:
                    answer: Resolved | ResolveError = await asked.resolve(ImageReference.parse("r.example/a:1"), None)
                except ResolveError as error:
                    answer = error
            return answer, asked.warnings, host

    return asyncio.run(main())


def test_an_authority_in_certs_d_is_believed(
    tmp_path: Path, authority: Authority, server_pair: tuple[Path, Path]
) -> None:
    answer, warnings, _ = ask(server_context(server_pair), home=tmp_path, files={"any.crt": authority.file})
    assert isinstance(answer, Resolved)
    assert warnings == ()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_openssls_variables_name_authorities(
    tmp_path: Path, authority: Authority, server_pair: tuple[Path, Path], variable: str
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.file.read_bytes())
    openssl("rehash", str(tmp_path))
    place = tmp_path if variable == "SSL_CERT_DIR" else authority.file
    answer, _, _ = ask(server_context(server_pair), environment={variable: str(place)})
    assert isinstance(answer, Resolved)


def test_a_variable_that_names_nothing_is_a_warning(authority: Authority, server_pair: tuple[Path, Path]) -> None:
    answer, warnings, _ = ask(
        server_context(server_pair), environment={"SSL_CERT_FILE": "/no/such/file"}, ca=authority.file
    )
    assert isinstance(answer, Resolved)
    assert warnings == ("SSL_CERT_FILE has no certificates that can be read: the system's are used",)


def test_a_certificate_is_shown_to_who_wants_one(
    tmp_path: Path, authority: Authority, server_pair: tuple[Path, Path]
) -> None:
    certificate, key = authority.sign("client")
    files = {"ca.crt": authority.file, "client.cert": certificate, "client.key": key}
    answer, warnings, _ = ask(server_context(server_pair, authority.file), home=tmp_path, files=files)
    assert isinstance(answer, Resolved)
    assert warnings == ()


def test_who_wants_a_certificate_gets_none_that_was_not_put_there(
    authority: Authority, server_pair: tuple[Path, Path]
) -> None:
    answer, _, _ = ask(server_context(server_pair, authority.file), ca=authority.file)
    assert isinstance(answer, UnavailableError)


def test_another_hosts_certificates_are_not_used(tmp_path: Path, authority: Authority) -> None:
    put(tmp_path, "127.0.0.1:1", {"ca.crt": authority.file})
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    for address in ("https://127.0.0.1/", "https://127.0.0.1:2/", "https://127.0.0.2:1/", "https://../"):
        assert read_certificates(httpx.URL(address), environment, print) == Certificates()
    assert read_certificates(httpx.URL("https://127.0.0.1:1/x"), environment, print).authorities


@pytest.mark.parametrize(
    ("folder", "address"),
    [
        ("reg.example", "https://reg.example/"),
        ("reg.example", "https://reg.example:443/"),
        ("reg.example:443", "https://reg.example/"),
        ("reg.example:5000", "https://reg.example:5000/"),
        ("[::1]:5000", "https://[::1]:5000/"),
        ("docker.io", "https://registry-1.docker.io/"),
    ],
)
def test_a_folder_is_found_however_the_port_is_written(
    tmp_path: Path, authority: Authority, folder: str, address: str
) -> None:
    put(tmp_path / ".config", folder, {"a.crt": authority.file, "b.cert": authority.file, "b.key": authority.file})
    found = read_certificates(httpx.URL(address), {"HOME": str(tmp_path)}, print)
    assert [Path(path).name for path in found.authorities] == ["a.crt"]
    assert [(Path(one).name, Path(other).name) for one, other in found.pairs] == [("b.cert", "b.key")]


def test_half_a_pair_is_a_warning(tmp_path: Path, authority: Authority) -> None:
    put(tmp_path, "a.example", {"one.cert": authority.file, "two.key": authority.file, "readme.txt": authority.file})
    place = tmp_path / "containers" / "certs.d" / "a.example"
    warnings: list[str] = []
    found = read_certificates(httpx.URL("https://a.example/"), {"XDG_CONFIG_HOME": str(tmp_path)}, warnings.append)
    assert found == Certificates()
    assert warnings == [
        f"{place / 'one.cert'} lacks its one.key: it is not used",
        f"{place / 'two.key'} lacks its two.cert: it is not used",
    ]


def test_a_folder_that_is_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "containers").mkdir()
    (tmp_path / "containers" / "certs.d").write_text("")
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert read_certificates(httpx.URL("https://a.example/"), environment, print) == Certificates()


def test_a_folder_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    place = tmp_path / "containers" / "certs.d" / "a.example"
    place.parent.mkdir(parents=True)
    place.symlink_to(place)
    warnings: list[str] = []
    read_certificates(httpx.URL("https://a.example/"), {"XDG_CONFIG_HOME": str(tmp_path)}, warnings.append)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{place} cannot be read (")


def test_files_that_hold_nothing_of_use_are_warnings_and_not_asked_about(tmp_path: Path, authority: Authority) -> None:
    certificate, key = authority.sign("locked")
    locked = tmp_path / "locked.key"
    openssl("pkey", "-in", str(key), "-aes256", "-passout", "pass:secret", "-out", str(locked))
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    put(tmp_path, "a.example", {"a.crt": empty, "b.cert": certificate, "b.key": locked})
    place = tmp_path / "containers" / "certs.d" / "a.example"
    warnings: list[str] = []
    Contexts({"XDG_CONFIG_HOME": str(tmp_path)}, warnings.append).context(httpx.URL("https://a.example/"), None)
    assert warnings == [
        f"{place / 'a.crt'} has no certificates that can be read: it is not used",
        f"{place / 'b.cert'} and its key are no pair that can be read: they are not used",
    ]


def test_hosts_with_the_same_certificates_share_a_context(tmp_path: Path, authority: Authority) -> None:
    put(tmp_path, "a.example", {"a.crt": authority.file})
    contexts = Contexts({"XDG_CONFIG_HOME": str(tmp_path)}, print)
    plain = contexts.context(httpx.URL("https://b.example/"), None)
    assert contexts.context(httpx.URL("https://c.example/"), None) is plain
    assert contexts.context(httpx.URL("https://a.example/"), None) is not plain
    assert contexts.context(httpx.URL("https://b.example/"), str(authority.file)) is not plain


def test_an_expired_certificate_is_told_apart(authority: Authority) -> None:
    answer, _, host = ask(server_context(authority.sign("expired", days="-1")), ca=authority.file)
    assert isinstance(answer, UnavailableError)
    assert answer.message == (
        f"cannot resolve `r.example/a:1`: {host} has a certificate that has expired: certificate has expired"
    )
    assert answer.hint == "it needs a new one; or is this machine's clock wrong?"


def test_a_certificate_for_another_name_is_told_apart(authority: Authority) -> None:
    answer, _, host = ask(server_context(authority.sign("other", "DNS:other.example")), ca=authority.file)
    assert isinstance(answer, UnavailableError)
    start = f"cannot resolve `r.example/a:1`: {host} has a certificate for another address: "
    assert answer.message.startswith(start)
    assert answer.hint == "is the registry's name right?"


def test_a_certificate_of_an_unknown_authority_is_told_apart(server_pair: tuple[Path, Path]) -> None:
    answer, _, host = ask(server_context(server_pair))
    assert isinstance(answer, UnavailableError)
    assert answer.message == (
        f"cannot resolve `r.example/a:1`: {host} has a certificate that is not trusted: "
        "unable to get local issuer certificate"
    )
    assert answer.hint == "name its authority with `ca` in [registries]"


@pytest.mark.parametrize(
    ("reason", "message", "hint"),
    [
        ("TLSV1_ALERT_PROTOCOL_VERSION", "speaks only a TLS that is too old", "it needs TLS 1.2"),
        ("UNSUPPORTED_PROTOCOL", "speaks only a TLS that is too old", "it needs TLS 1.2"),
        (
            "TLSV13_ALERT_CERTIFICATE_REQUIRED",
            "wants a client certificate",
            "put NAME.cert and NAME.key into /etc/docker/certs.d/a.example",
        ),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "could not be spoken to in TLS", None),
    ],
)
def test_other_failures_are_named(reason: str, message: str, hint: str | None) -> None:
    cause = ssl.SSLError(1, reason)
    cause.reason = reason
    error = httpx.ConnectError("failed")
    error.__cause__ = cause
    found = network_error(error, "a.example")
    assert (found.message, found.hint) == (f"a.example {message} ({reason})", hint)
