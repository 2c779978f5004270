"""A GitHub App: it signs who it is, gets tokens that end, and has them renewed before they do."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from botfleet import see_to
from botforge import Site, held
from botplace import NGINX
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fakes import FakeRegistry
from forge_double import ForgeDouble
from forge_double.app import APP_ID, LIFE, app_pem
from forge_talk import Waits, access
from locks import digest, image

from pinner.bot.forges.base import ForgeError
from pinner.bot.forges.github_api import App, InstallationTokens, app_in, sign_statement
from pinner.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from world import Outcome

    from pinner.bot.batch import Report


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ForgeDouble]:
    with ForgeDouble(tmp_path) as forge:
        yield forge


def ask(hub: ForgeDouble, owner: str, story: Callable[[InstallationTokens, Waits], Awaitable[list[str]]]) -> list[str]:
    waits = Waits()
    where = access(hub, waits)._replace(token=None)
    hub.state.wall = waits.clock().wall

    async def tell() -> list[str]:
        return await story(InstallationTokens(App(APP_ID, app_pem()), where, owner), waits)

    return asyncio.run(tell())


def test_a_token_is_used_until_half_an_hour_is_left_of_it(hub: ForgeDouble) -> None:
    app = hub.install_app(acme="orgs")

    async def story(tokens: InstallationTokens, waits: Waits) -> list[str]:
        found = [*await asyncio.gather(tokens.current(), tokens.current())]
        for minutes in (20, 20, 20):
            waits.elapsed += minutes * 60
            found.append(await tokens.current())
        return found

    first, second = "ghs_installation1", "ghs_installation2"
    assert ask(hub, "acme", story) == [first, first, first, second, second]
    assert app.made == ["acme", "acme"]


def test_a_persons_installation_is_found_and_one_that_is_none_is_told(hub: ForgeDouble) -> None:
    hub.install_app(ada="users")

    async def story(tokens: InstallationTokens, _: Waits) -> list[str]:
        return [await tokens.current()]

    assert ask(hub, "ada", story) == ["ghs_installation1"]
    with pytest.raises(ForgeError, match="the App 4711 is not installed for `grace`"):
        ask(hub, "grace", story)


def test_a_token_without_an_end_is_not_used(hub: ForgeDouble) -> None:
    hub.install_app(acme="orgs").life = 0

    async def story(tokens: InstallationTokens, _: Waits) -> list[str]:
        return [await tokens.current()]

    with pytest.raises(ForgeError, match="how long"):
        ask(hub, "acme", story)


@pytest.mark.parametrize("kind", ["none", "curve", "password"])
def test_a_key_that_is_none_of_an_app_is_told_and_not_shown(kind: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    form, pem = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    data = {
        "none": b"-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n",
        "curve": key.private_bytes(pem, form, serialization.NoEncryption()),
        "password": key.private_bytes(pem, form, serialization.BestAvailableEncryption(b"x")),
    }[kind]
    with pytest.raises(ConfigError, match="holds no private key of an App") as failure:
        sign_statement(App("1", data), 0.0)
    assert "c2VjcmV0" not in f"{failure.value} {failure.value.hint} {failure.value.__cause__}"
    assert "SECRET" not in repr(App("1", b"SECRET"))


def test_without_the_package_that_signs_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(ConfigError) as failure:
        sign_statement(App("1", b""), 0.0)
    assert failure.value.hint == "pip install 'image-pinner[app]'"


def test_an_app_is_an_id_and_a_key(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"key")
    both = {"PINNER_APP_ID": "1", "PINNER_APP_KEY_FILE": str(tmp_path / "key.pem")}
    assert app_in({}) is None
    assert app_in(both) == App("1", b"key")
    for name, value in both.items():
        with pytest.raises(ConfigError, match=f"{name} is set alone"):
            app_in({name: value})
    with pytest.raises(ConfigError, match="cannot be read: no such file"):
        app_in({**both, "PINNER_APP_KEY_FILE": str(tmp_path / "none")})


def run(site: Site, *more: str) -> Outcome:
    (site.folder / "app.pem").write_bytes(app_pem())
    site.forge.environment = lambda: {  # type: ignore[method-assign]
        "PINNER_APP_ID": APP_ID,
        "PINNER_APP_KEY_FILE": str(site.folder / "app.pem"),
    }
    return site.run(*more, "--concurrency", "1", name=None)


def test_a_run_goes_on_with_new_tokens_as_the_old_ones_end(hub: ForgeDouble) -> None:
    app, waits = hub.install_app(acme="orgs"), Waits()
    names = ["acme/one", "acme/two", "acme/three", "acme/four", "acme/five"]
    for name in names:
        hub.add_repository(name, {"Dockerfile": f"FROM nginx:1.27@{digest('old')}\n"})
    hub.state.wall = waits.clock().wall
    registry = FakeRegistry()
    for word in ("old", "new"):
        made = image(word)
        registry.images[f"docker.io/library/nginx@{made.digest}"] = made
        registry.tags[NGINX] = made.digest

    def later(_: Report) -> None:
        waits.elapsed += LIFE / 3

    see_to(hub, registry, names, at_once=1, app=App(APP_ID, app_pem()), waits=waits, on_report=later)
    assert [len(hub.repository(name).pulls) for name in names] == [1] * 5
    # The first ends while the fourth is seen to, and is used for none that could last until then.
    assert len(app.made) == 3


def test_each_owner_has_an_installation_of_its_own(hub: ForgeDouble, tmp_path: Path) -> None:
    app = hub.install_app(acme="orgs", ada="users")
    hub.add_repository("acme/one", {"Dockerfile": f"FROM {held('nginx', 'old')}\n"})
    hub.add_repository("ada/tools", {"Dockerfile": "FROM scratch\n"}, is_organisation=False)
    site = Site(tmp_path, hub)
    site.means(nginx="new")
    names = [f"{hub.url}/{name}" for name in ("acme/one", "ada/tools", "grace/none")]
    ran = run(site, *[part for name in names for part in ("--repo", name)])
    assert app.made == ["acme", "ada"]
    assert "the App 4711 is not installed for `grace`" in ran.stderr
    assert len(hub.repository("acme/one").pulls) == 1
    assert ran.status == 3
    assert "ghs_" not in ran.stdout + ran.stderr
