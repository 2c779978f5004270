"""What a server repeats of what we sent is masked, however it writes it, and nothing else."""

from __future__ import annotations

import base64

import httpx
import pytest

from pinner.http.errors import Reply, error_text, safe_address
from pinner.http.redaction import mask, mask_in_json, redacted, secrets_in


def masked(text: str, authorization: str | None = None, form: tuple[tuple[str, str], ...] | None = None) -> str:
    return mask(secrets_in(authorization, form), text)


def basic(password: str) -> str:
    return f"Basic {base64.b64encode(f'alice:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('no "pa:ss/wörd" here', 'no "***" here'),
        (r'{"message":"pa:ss\/wörd"}', '{"message":"***"}'),
        (r'{"message":"pa:ss\/w\u00f6rd"}', '{"message":"***"}'),
        (r'{"message":"pa:ss/w\u00f6rd"}', '{"message":"***"}'),
        ("https://a.example/?p=pa%3Ass%2Fw%C3%B6rd", "https://a.example/?p=***"),
        ("pa:ss/wörd pa:ss/wörd", "*** ***"),
        ("alice may not", "alice may not"),
        ("", ""),
    ],
)
def test_a_password_is_masked_in_each_of_its_spellings(text: str, seen: str) -> None:
    assert masked(text, basic("pa:ss/wörd")) == seen


@pytest.mark.parametrize(
    "body",
    [
        # Go's encoding/json escapes what HTML knows, in whichever case.
        rb'{"errors":[{"message":"no p\u0026ss\u003cW0rd\u003e9 here"}]}',
        rb'{"errors":[{"message":"no p\u0026ss\u003CW0rd\u003E9 here"}]}',
        rb'{"errors":[{"message":"no \u0070&ss<W0rd>9 here"}]}',
        rb'{"errors":[{"message":"no p&amp;ss&lt;W0rd&gt;9 here"}]}',
        rb'{"errors":[{"message":"no p\\u0026ss\\u003cW0rd\\u003e9 here"}]}',
        b"no p&ss<W0rd>9 here",
        b"no p%26ss%3CW0rd%3E9 here",
        b"no p%26ss%3cW0rd%3e9 here",
        b"no p%2526ss%253CW0rd%253E9 here",
        b"no p&ss%3CW0rd&gt;9 here",
        b"no p&#38;ss&#060;W0rd&#x3e;9 here",
        b"no p&amp;amp;ss&amp;lt;W0rd&amp;gt;9 here",
        rb"no p\u0026ss\u003CW0rd\u003e9 here",
    ],
)
def test_what_is_shown_of_a_refusal_is_masked_after_decoding(body: bytes) -> None:
    url = httpx.URL("https://registry.example/v2/a/manifests/1")
    reply = redacted(Reply(400, httpx.Headers(), body, url), secrets_in(basic("p&ss<W0rd>9"), None))
    assert error_text(reply) == "no *** here"
    assert mask_in_json(reply.secrets, body).decode().count("***") == 1


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("https://a.example/login/pa%3Ass%2Fw%C3%B6rd", "https://a.example/login/***"),
        ("https://a.example/login/pa:ss/wörd/x", "https://a.example/login/***/x"),
        ("https://alice:pa:ss/wörd@a.example/", "https://a.example/"),
        ("ftp://pa:ss/wörd", "ftp://***"),
        ("https://a.example/%41", "https://a.example/%41"),
    ],
)
def test_a_password_in_an_address_is_masked(address: str, seen: str) -> None:
    assert safe_address(address, secrets_in(basic("pa:ss/wörd"), None)) == seen


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("a+b%2bc%20d", "a b+c d"),
        (r"d\ud83d\ude00f %F0%9F%98%80", "d😀f 😀"),
        (r"it\'s &apos;&quot;\"", "it's '\"\""),
        ("C:\\\\x\\y%5cz", "C:\\x\\y\\z"),
        ("a.b*c$", "a.b*c$"),
    ],
)
def test_each_character_may_be_spelled_in_its_own_way(text: str, password: str) -> None:
    assert masked(f"<{text}>", basic(password)) == "<***>"
    assert masked("a-b*c$ axb*c$ d", basic(password)) == "a-b*c$ axb*c$ d"


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("https://u:s3cret@h.example/a//b", "https://h.example/a//b"),
        ("https://u:s3cret%40@h.example:5000/", "https://h.example:5000/"),
        ("https://u:s3/cret@h.example/x", "https://u:…"),
        ("https://u:s3?cret@h.example/x", "https://u:…"),
        ("https://u:s3cret", "https://u:…"),
        ("https:////u:s3cret@h/x", "https:////h/x"),
        ("https:/u:s3cret@h/x", "https:/h/x"),
        ("\\\\u:s3cret@h", "\\\\h"),
        ("u:s3cret@h", "u:…"),
        ("https//u:s3cret@h/x", "…"),
        ("ftp://h/x#access_token=s3cret", "ftp://h/x#…"),
        ("ftp://h/x?X-Amz-Signature=s3cret#f", "ftp://h/x?…"),
        ("https://[::1]:5000/v2/", "https://[::1]:5000/v2/"),
        ("localhost:5000/x", "localhost:5000/x"),
        ("/v2/a/manifests/1@sha256:0", "/v2/a/manifests/1@sha256:0"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_what_lets_somebody_in(address: str, seen: str) -> None:
    assert safe_address(address) == seen


def test_the_whole_header_is_masked_too() -> None:
    header = basic("pa:ss")
    assert masked(f"Authorization: {header} is wrong", header) == "Authorization: Basic *** is wrong"


def test_a_bearer_token_is_masked() -> None:
    assert masked("token eyJ.abc.def expired", "Bearer eyJ.abc.def") == "token *** expired"


def test_a_posted_token_is_masked_and_the_rest_of_the_form_is_not() -> None:
    form = (("grant_type", "refresh_token"), ("service", "reg.example"), ("refresh_token", "eyJ.refresh"))
    text = "refresh_token eyJ.refresh of reg.example"
    assert masked(text, None, form) == "refresh_token *** of reg.example"


def test_a_secret_that_holds_another_is_masked_whole() -> None:
    assert masked("eyJ.abc.def and eyJ.abc", "Bearer eyJ.abc", (("refresh_token", "eyJ.abc.def"),)) == "*** and ***"


@pytest.mark.parametrize("password", ["", "a", "abc"])
def test_a_password_that_is_in_every_word_is_not_looked_for(password: str) -> None:
    assert masked("abc is a word", basic(password)) == "abc is a word"


def test_who_sent_nothing_has_nothing_masked() -> None:
    assert secrets_in(None, None) == ()
    assert masked("anything", None) == "anything"
