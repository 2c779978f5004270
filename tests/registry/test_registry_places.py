"""Addresses: endpoints, how near a host is, token servers, proxies, and challenges' grammar."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.config import RegistryOptions
from pinner.errors import ConfigError, UnauthorizedError
from pinner.http.addresses import NetworkZone, endpoint_for, is_loopback, origin, zone_of
from pinner.http.proxies import proxy_for
from pinner.registry.auth.challenges import (
    Challenge,
    check_parameter,
    check_realm,
    choose_challenge,
    may_see_credentials,
    parse_challenges,
    registrable_domain,
)


@pytest.mark.parametrize(
    ("domain", "base", "login"),
    [
        ("docker.io", "https://registry-1.docker.io/v2/", "docker.io"),
        ("ghcr.io", "https://ghcr.io/v2/", "ghcr.io"),
        ("registry.example:8443", "https://registry.example:8443/v2/", "registry.example:8443"),
        ("localhost:5000", "http://localhost:5000/v2/", "localhost:5000"),
        ("LOCALHOST", "http://localhost/v2/", "localhost"),
        ("127.8.9.1:5000", "http://127.8.9.1:5000/v2/", "127.8.9.1:5000"),
        ("[::1]:5000", "http://[::1]:5000/v2/", "[::1]:5000"),
        ("10.0.0.1:5000", "https://10.0.0.1:5000/v2/", "10.0.0.1:5000"),
        ("x.localhost:5000", "https://x.localhost:5000/v2/", "x.localhost:5000"),
        ("127.1:5000", "https://127.1:5000/v2/", "127.1:5000"),
    ],
)
def test_https_for_all_but_this_machine(domain: str, base: str, login: str) -> None:
    endpoint = endpoint_for(domain, {})
    assert (str(endpoint.base), endpoint.login) == (base, login)


@pytest.mark.parametrize(
    ("options", "base"),
    [
        (RegistryOptions(plain_http=True), "http://intern.example/v2/"),
        (RegistryOptions(endpoint="https://mirror.example"), "https://mirror.example/v2/"),
        (RegistryOptions(endpoint="https://mirror.example/a/b/"), "https://mirror.example/a/b/v2/"),
        (RegistryOptions(endpoint="http://127.0.0.1:5000"), "http://127.0.0.1:5000/v2/"),
        (RegistryOptions(endpoint="127.0.0.1:5000"), "http://127.0.0.1:5000/v2/"),
        (RegistryOptions(endpoint="mirror.example:5000"), "https://mirror.example:5000/v2/"),
        (RegistryOptions(endpoint="mirror.example", plain_http=True), "http://mirror.example/v2/"),
        (RegistryOptions(endpoint="http://mirror.example", plain_http=True), "http://mirror.example/v2/"),
        (RegistryOptions(endpoint="https://mirror.example", plain_http=True), "https://mirror.example/v2/"),
    ],
)
def test_the_settings_say_where_a_registry_is_asked(options: RegistryOptions, base: str) -> None:
    assert str(endpoint_for("intern.example", {"intern.example": options}).base) == base
    assert str(endpoint_for("intern.example", {"*": options}).base) == base


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://mirror.example",
        "ftp://mirror.example",
        "https://",
        "https://a:b@mirror.example",
        "https://m.example?x=1",
        "https://m.example#x",
        "https://m.example:port",
        "https://\x00",
    ],
)
def test_an_endpoint_that_is_none_is_a_configuration_error(endpoint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        endpoint_for("x.example", {"*": RegistryOptions(endpoint=endpoint)})
    assert "a:b" not in caught.value.message


def test_an_endpoint_makes_addresses() -> None:
    endpoint = endpoint_for("docker.io", {"*": RegistryOptions(endpoint="https://m.example/p", ca="/ca.pem")})
    assert str(endpoint.manifest("library/nginx", "1.27")) == "https://m.example/p/v2/library/nginx/manifests/1.27"
    digest = f"sha256:{'a' * 64}"
    assert str(endpoint.blob("a/b", digest)) == f"https://m.example/p/v2/a/b/blobs/{digest}"
    assert endpoint.ca == "/ca.pem"
    assert endpoint.host == "m.example"


@pytest.mark.parametrize(
    ("host", "zone"),
    [
        ("docker.io", NetworkZone.PUBLIC),
        ("8.8.8.8", NetworkZone.PUBLIC),
        ("2606:4700::1111", NetworkZone.PUBLIC),
        ("face.example", NetworkZone.PUBLIC),
        ("localhost", NetworkZone.LOOPBACK),
        ("a.localhost.", NetworkZone.LOOPBACK),
        ("127.0.0.1", NetworkZone.LOOPBACK),
        ("127.1", NetworkZone.LOOPBACK),
        ("2130706433", NetworkZone.LOOPBACK),
        ("0x7f000001", NetworkZone.LOOPBACK),
        ("0177.0.0.1", NetworkZone.LOOPBACK),
        ("::1", NetworkZone.LOOPBACK),
        ("::ffff:127.0.0.1", NetworkZone.LOOPBACK),
        ("10.0.0.1", NetworkZone.PRIVATE),
        ("172.16.0.1", NetworkZone.PRIVATE),
        ("192.168.1.1", NetworkZone.PRIVATE),
        ("100.64.0.1", NetworkZone.PRIVATE),
        ("fd12::1", NetworkZone.PRIVATE),
        ("registry.corp.internal", NetworkZone.PRIVATE),
        ("printer.local", NetworkZone.PRIVATE),
        ("169.254.169.254", NetworkZone.LINK_LOCAL),
        ("::ffff:169.254.169.254", NetworkZone.LINK_LOCAL),
        ("fe80::1%eth0", NetworkZone.LINK_LOCAL),
        ("fd00:ec2::254", NetworkZone.LINK_LOCAL),
        ("100.100.100.200", NetworkZone.LINK_LOCAL),
        ("0.0.0.0", NetworkZone.LINK_LOCAL),  # noqa: S104 - not bound to
        ("0", NetworkZone.LINK_LOCAL),
        ("::", NetworkZone.LINK_LOCAL),
        ("224.0.0.1", NetworkZone.LINK_LOCAL),
        ("192.0.0.192", NetworkZone.LINK_LOCAL),
        ("168.63.129.16", NetworkZone.LINK_LOCAL),
        ("localhost.localdomain", NetworkZone.LOOPBACK),
        ("IP6-localhost", NetworkZone.LOOPBACK),
        ("::127.0.0.1", NetworkZone.LOOPBACK),
        ("::ffff:0:127.0.0.1", NetworkZone.LOOPBACK),
        ("64:ff9b::127.0.0.1", NetworkZone.LOOPBACK),
        ("64:ff9b:1::10.0.0.1", NetworkZone.PRIVATE),
        ("64:ff9b::169.254.169.254", NetworkZone.LINK_LOCAL),
        ("64:ff9b::8.8.8.8", NetworkZone.PUBLIC),
        ("2002:7f00:1::", NetworkZone.LOOPBACK),
        ("fec0::1", NetworkZone.PRIVATE),
        ("1.2.3.4.5", NetworkZone.PUBLIC),
    ],
)
def test_how_near_a_host_is(host: str, zone: NetworkZone) -> None:
    assert zone_of(host) is zone


def test_this_machine_is_told_by_plain_spellings_only() -> None:
    assert is_loopback("127.0.0.1")
    assert not any(map(is_loopback, ("127.1", "a.localhost", "10.0.0.1", "example.org")))


def test_an_origin_has_its_port() -> None:
    assert origin(httpx.URL("https://a.example/x")) == origin(httpx.URL("https://A.example:443"))
    assert origin(httpx.URL("http://a.example")) != origin(httpx.URL("https://a.example"))


@pytest.mark.parametrize(
    ("realm", "registry", "may"),
    [
        ("auth.docker.io", "registry-1.docker.io", True),
        ("ghcr.io", "ghcr.io", True),
        ("gitlab.com", "registry.gitlab.com", True),
        ("sso.redhat.com", "registry.redhat.com", True),
        ("auth.corp.co.uk", "registry.corp.co.uk", True),
        ("127.0.0.1", "localhost", True),
        ("iam.cloud.ibm.com", "de.icr.io", True),
        ("iam.cloud.ibm.com", "icr.io", True),
        ("api.scaleway.com", "rg.fr-par.scw.cloud", True),
        ("dockerauth.cn-hangzhou.aliyuncs.com", "registry.cn-hangzhou.aliyuncs.com", True),
        ("dockerauth-ee.cn-beijing.aliyuncs.com", "corp-registry.cn-beijing.cr.aliyuncs.com", True),
        ("bucket.oss-cn-hangzhou.aliyuncs.com", "registry.cn-hangzhou.aliyuncs.com", False),
        ("dockerauth.evil.example", "registry.cn-hangzhou.aliyuncs.com", False),
        ("dockerauth.cn-hangzhou.aliyuncs.com", "registry.example", False),
        ("evil.s3.fr-par.scw.cloud", "rg.fr-par.scw.cloud", False),
        ("api.scaleway.com", "evil.s3.fr-par.scw.cloud", False),
        ("iam.cloud.ibm.com", "evilicr.io", False),
        ("evil.example", "registry-1.docker.io", False),
        ("docker.io.evil.example", "registry-1.docker.io", False),
        ("evil.co.uk", "registry.co.uk", False),
        ("evil.azurecr.io", "corp.azurecr.io", False),
        ("evil.s3.amazonaws.com", "1.dkr.ecr.eu-west-1.amazonaws.com", False),
        ("10.0.0.2", "10.0.0.3", False),
        ("localhost", "registry.example", False),
        ("intranet", "registry", False),
    ],
)
def test_credentials_stay_in_the_registrys_house(realm: str, registry: str, may: bool) -> None:  # noqa: FBT001
    assert may_see_credentials(httpx.URL(f"https://{realm}/"), httpx.URL(f"https://{registry}/")) is may


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example", "b.example"),
        ("a.co.uk", "a.co.uk"),
        ("co.uk", None),
        ("x.pkg.dev", None),
        ("host", None),
        ("::1", None),
    ],
)
def test_the_registrable_domain(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("https://auth.example/t", "https://registry.example/"),
        ("http://127.0.0.1:5001/t", "http://127.0.0.1:5000/"),
        ("http://localhost:5001/t", "http://127.0.0.1:5000/"),
        ("https://auth.example/t", "http://127.0.0.1:5000/"),
        ("http://10.0.0.1/t", "http://10.0.0.1:5000/"),
        ("https://10.0.0.2/t", "https://10.0.0.1/"),
    ],
)
def test_a_realm_as_far_as_its_registry_is_asked(realm: str, registry: str) -> None:
    url = httpx.URL(registry)
    assert check_realm(realm, url, zone_of(url.host)) == httpx.URL(realm)


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("http://auth.example/t", "http://10.0.0.1:5000/"),
        ("http://registry.example/t", "https://registry.example/"),
        ("https://127.0.0.1/t", "https://10.0.0.1/"),
        ("https://169.254.169.254/t", "https://127.0.0.1:5000/"),
        ("https://a.example/\r\nX: 1", "https://registry.example/"),
        ("http://[", "https://registry.example/"),
    ],
)
def test_a_realm_nearer_or_plainer_than_its_registry_is_refused(realm: str, registry: str) -> None:
    url = httpx.URL(registry)
    with pytest.raises(UnauthorizedError):
        check_realm(realm, url, zone_of(url.host))


def test_parameters_have_no_control_characters() -> None:
    assert check_parameter("scope", "repository:a:pull") == "repository:a:pull"
    with pytest.raises(UnauthorizedError):
        check_parameter("scope", "a\r\nb")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (
            ['Bearer realm="https://a/t",service="s",scope="x"'],
            [("bearer", {"realm": "https://a/t", "service": "s", "scope": "x"})],
        ),
        (["bearer realm=https://a/t,service=s"], [("bearer", {"realm": "https://a/t", "service": "s"})]),
        (['BEARER Realm = "a" , Service = "b"'], [("bearer", {"realm": "a", "service": "b"})]),
        (['Bearer realm="a\\"b\\\\c"'], [("bearer", {"realm": 'a"b\\c'})]),
        (['Bearer realm="a",realm="evil"'], [("bearer", {"realm": "a"})]),
        (['Bearer realm="a, b", Basic realm="c"'], [("bearer", {"realm": "a, b"}), ("basic", {"realm": "c"})]),
        (['Basic realm="c"', 'Bearer realm="a"'], [("basic", {"realm": "c"}), ("bearer", {"realm": "a"})]),
        (["Basic"], [("basic", {})]),
        (["Negotiate, Basic realm=x"], [("negotiate", {}), ("basic", {"realm": "x"})]),
        (['realm="lost"'], []),
        ([""], []),
        ([" , ,, "], []),
        (["Bearer realm=" + "x" * 9000], []),
        (['Bearer realm="unclosed'], [("bearer", {"realm": ""}), ("unclosed", {})]),
    ],
)
def test_challenges_are_read_as_registries_write_them(
    headers: list[str], found: list[tuple[str, dict[str, str]]]
) -> None:
    assert [(challenge.scheme, dict(challenge.parameters)) for challenge in parse_challenges(headers)] == found


@given(st.lists(st.text(max_size=60)))
def test_any_header_is_read(headers: list[str]) -> None:
    parse_challenges(headers)


@pytest.mark.parametrize(
    ("schemes", "chosen"),
    [
        (["negotiate", "basic", "bearer"], "bearer"),
        (["bearer", "basic"], "bearer"),
        (["basic", "ntlm", "basic"], "basic"),
        (["negotiate"], None),
        ([], None),
    ],
)
def test_bearer_comes_before_basic(schemes: list[str], chosen: str | None) -> None:
    challenge = choose_challenge([Challenge(scheme, {"realm": "x"}) for scheme in schemes])
    assert (None if challenge is None else challenge.scheme) == chosen


def test_a_bearer_without_a_realm_is_none() -> None:
    assert choose_challenge([Challenge("bearer", {}), Challenge("basic", {})]) == Challenge("basic", {})


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://a.example", {}, None),
        ("https://a.example", {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("https://a.example", {"https_proxy": "proxy:3128", "HTTPS_PROXY": "http://other"}, "http://proxy:3128"),
        ("https://a.example", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("http://a.example", {"HTTP_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("http://a.example", {"ALL_PROXY": "socks5://proxy"}, "socks5://proxy"),
        ("http://127.0.0.1:5000", {"ALL_PROXY": "http://proxy"}, None),
        ("https://localhost", {"ALL_PROXY": "http://proxy"}, None),
        ("https://a.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": "*"}, None),
        ("https://a.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": "b.example, a.example"}, None),
        ("https://x.a.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": ".A.example"}, None),
        ("https://x.a.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": "*.a.example"}, None),
        ("https://xa.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": "a.example"}, "http://proxy"),
        ("https://a.example:8443", {"ALL_PROXY": "http://proxy", "NO_PROXY": "a.example:8443"}, None),
        ("https://a.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": "a.example:443"}, None),
        ("https://a.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": "a.example:80"}, "http://proxy"),
        ("https://10.1.2.3", {"ALL_PROXY": "http://proxy", "NO_PROXY": "10.0.0.0/8"}, None),
        ("https://11.1.2.3", {"ALL_PROXY": "http://proxy", "NO_PROXY": "10.0.0.0/8"}, "http://proxy"),
        ("https://a.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": "10.0.0.0/8,not/a/network"}, "http://proxy"),
        ("https://[fd00::1]", {"ALL_PROXY": "http://proxy", "NO_PROXY": "fd00::1"}, None),
        ("https://[fd00::1]:8443", {"ALL_PROXY": "http://proxy", "NO_PROXY": "[fd00::1]:8443"}, None),
        ("https://a.example", {"ALL_PROXY": "http://proxy", "NO_PROXY": " , "}, "http://proxy"),
    ],
)
def test_the_environment_names_a_proxy(url: str, environment: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(httpx.URL(url), environment) == proxy
