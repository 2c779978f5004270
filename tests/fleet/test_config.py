"""``fleet.toml``: what it may say, and one clear sentence for what it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pinner.errors import ConfigError
from pinner.fleet.config import App, load_fleet, parse_fleet, read_secret
from pinner.fleet.sources import owner_at

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = b"""
store = "sqlite:///var/lib/pinner/fleet.db"
every = "30m"; full-every = "12h"; settle = "90s"; openings-per-hour = 100; concurrency = 2
"""
WHOLE = (
    WHOLE.replace(b"; ", b"\n")
    + b"""
[[source]]
org = "https://github.com/acme/"
token = "env:PINNER_TOKEN"
skip = ["acme/archive-*"]
own = ["ghcr.io/acme/*", "harbor.example/*"]
[[source]]
org = "https://git.example/team/sub"
forge = "gitlab"
app = {id = 12, key = "file:app.pem"}
[hooks]
github = "env:HOOK_GITHUB"
[serve]
token = "env:LOOK"
user-header = "X-User"
"""
)
SOURCE = '[[source]]\norg = "https://github.com/acme"\n'
PLAIN = f'store = "sqlite:fleet.db"\n{SOURCE}'


def test_all_that_it_may_say_is_understood() -> None:
    found = parse_fleet(WHOLE, "fleet.toml", "/etc/pinner")
    assert found.store == "sqlite:///var/lib/pinner/fleet.db"
    assert (found.every, found.full_every, found.settle) == (1800.0, 43200.0, 90.0)
    assert (found.openings_per_hour, found.concurrency) == (100, 2)
    first, second = found.sources
    assert first.org == "https://github.com/acme"
    assert (first.token, first.token_id, first.skip) == ("env:PINNER_TOKEN", "env:PINNER_TOKEN", ("acme/archive-*",))
    assert (second.app, second.token_id, second.forge) == (App("12", "file:app.pem"), "app:12/team", "gitlab")
    assert dict(found.hooks) == {"github": "env:HOOK_GITHUB"}
    assert dict(found.serve) == {"token": "env:LOOK", "user-header": "X-User"}


def test_what_it_does_not_say_has_a_default() -> None:
    found = parse_fleet(PLAIN.encode(), "fleet.toml", "/")
    assert (found.every, found.full_every, found.settle) == (3600.0, 86400.0, 7200.0)
    assert (found.openings_per_hour, found.concurrency) == (200, 4)
    assert found.sources[0].token_id == "nobody"


@pytest.mark.parametrize(
    ("image", "seconds"),
    [("ghcr.io/acme/base:2", 0), ("harbor.example/a/b:1", 0), ("ghcr.io/acme/x", 0), ("docker.io/library/a:1", 90)],
)
def test_an_owners_own_images_have_settled_at_once(image: str, seconds: float) -> None:
    assert parse_fleet(WHOLE, "fleet.toml", "/").settle_of(image) == seconds


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (SOURCE, "`store` is missing", "sqlite:///"),
        ('store = "x"', "`source` must be written as [[source]]", None),
        ('store = "x"\nsource = []', "`source` must be written as [[source]]", None),
        (f"evry = '1h'\n{PLAIN}", "unknown key `evry`", "did you mean `every`?"),
        (f"{PLAIN}tokn = 'x'", "unknown key `source.tokn`", "did you mean `token`?"),
        (f"every = '1y'\n{PLAIN}", "`every` is not a duration: `1y`", "as in 1h"),
        (f"every = 5\n{PLAIN}", "`every` must be text, not a number", None),
        (f"openings-per-hour = '5'\n{PLAIN}", "`openings-per-hour` must be a number, not text", None),
        (f"openings-per-hour = true\n{PLAIN}", "`openings-per-hour` must be a number", None),
        (f"concurrency = 0\n{PLAIN}", "`concurrency` must be 1 at least", None),
        ('store = "x"\n[[source]]\norg = "acme"', "`source.org` must be an address", None),
        ('store = "x"\n[[source]]\n', "`source.org` must be an address", None),
        (f"{PLAIN}forge = 'githib'", "`source.forge` is none: `githib`", "did you mean `github`?"),
        (f"{PLAIN}forge = 'svn'", "`source.forge` is none: `svn`", "known: github"),
        (f"{PLAIN}token = 'ghp_secret'", "`source.token` must say where the secret is", "env:NAME or file:PATH"),
        (f"{PLAIN}token = 'env:A'\napp = {{id = 1, key = 'env:K'}}", "and `token` cannot both be given", None),
        (f"{PLAIN}app = {{id = 1}}", "`source.app` needs an `id` and a `key`", "app.pem"),
        (f"{PLAIN}app = {{id = true, key = 'env:A'}}", "needs an `id` and a `key`", None),
        (f"{PLAIN}app = {{id = 1, key = 'x'}}", "`source.app.key` must say where", None),
        (f"{PLAIN}app = 'x'", "`source.app` must be a table", None),
        (f"{PLAIN}[hooks]\ngithib = 'env:A'", "unknown key `hooks.githib`", "did you mean `github`?"),
        (f"{PLAIN}[hooks]\ngithub = 'abc'", "`hooks.github` must say where", None),
        (f"{PLAIN}[serve]\ntoken = 'abc'", "`serve.token` must say where", None),
        (f"{PLAIN}[serve]\nuser-header = ''", "`serve.user-header` is empty", None),
        (f"every = '0s'\n{PLAIN}", "`every` must be 1s at least", None),
        (f"{PLAIN}[serve]\nuser = 'abc'", "unknown key `serve.user`", "user-header"),
        ("store = ", "not valid TOML", None),
    ],
)
def test_what_it_may_not_say_is_told_with_what_to_do(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text.encode(), "fleet.toml", "/")
    assert message in caught.value.message
    assert caught.value.message.startswith("fleet.toml:")
    assert hint is None or hint in (caught.value.hint or "")
    assert "secret" not in text or "ghp_secret" not in str(caught.value)


def test_the_file_is_found_beside_the_run_or_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text(PLAIN)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/other.toml").write_text(f"every = '5m'\n{PLAIN}")
    assert load_fleet(str(tmp_path)).folder == str(tmp_path)
    found = load_fleet(str(tmp_path), "etc/other.toml")
    assert (found.every, found.folder) == (300.0, str(tmp_path / "etc"))
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: no such file"):
        load_fleet(str(tmp_path), "none.toml")
    (tmp_path / "large.toml").write_text("#" * (2 << 20))
    with pytest.raises(ConfigError, match="larger than"):
        load_fleet(str(tmp_path), "large.toml")


def test_secrets_are_read_where_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    assert read_secret("file:token", {}, str(tmp_path)) == "abc"
    assert read_secret("env:TOKEN", {"TOKEN": " abc "}, "/") == "abc"
    with pytest.raises(ConfigError, match="TOKEN is not set"):
        read_secret("env:TOKEN", {}, "/")
    with pytest.raises(ConfigError, match="`none` cannot be read"):
        read_secret("file:none", {}, str(tmp_path))
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError, match="`empty` is empty"):
        read_secret("file:empty", {}, str(tmp_path))
    with pytest.raises(ConfigError, match="TOKEN is not set"):
        read_secret("env:TOKEN", {"TOKEN": " "}, "/")


def test_an_owner_has_an_address() -> None:
    assert owner_at("https://git.example/a/b")[:3] == ("https://git.example", "git.example", "a/b")
    with pytest.raises(ConfigError, match="`org`"):
        owner_at("ftp://x")
