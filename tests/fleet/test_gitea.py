"""The fleet on a real Gitea (`make forge`): listed, seen to, told of a push by a hook that the server signs itself."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from fleethooks import SECRET
from fleetsite import HOUR, NGINX, FleetSite, held

if TYPE_CHECKING:
    from pathlib import Path

    from forge_double.gitea_real import RealGitea

NAMES = ("acme/app", "acme/lib", "acme/none")


def due(site: FleetSite) -> dict[str, str]:
    """Return why each is due, now or ever: the server and whoever takes its hooks have a clock of their own."""
    with site.store() as store:
        return {row.name: row.reason for row in store.due(float("inf"))}


def opened(forge: RealGitea) -> dict[str, list[str]]:
    return {name: [pull.state for pull in forge.repository(name).pulls.values()] for name in NAMES}


def hook_to(forge: RealGitea, url: str, secret: str) -> None:
    """Have the server tell of pushes and pull requests of the whole organisation."""
    config = {"url": f"{url}/hooks/gitea", "content_type": "json", "secret": secret}
    wanted = {"type": "gitea", "config": config, "events": ["push", "pull_request"], "active": True}
    forge.server.ask("POST", "/orgs/acme/hooks", wanted)


def forget_hooks(forge: RealGitea) -> None:
    for one in list(forge.server.listed("/orgs/acme/hooks")):
        forge.server.ask("DELETE", f"/orgs/acme/hooks/{one['id']}")


def test_a_fleet_on_a_server_is_told_of_a_push_by_the_hook_that_it_signs(
    gitea_server: RealGitea, tmp_path: Path
) -> None:
    with gitea_server as forge:
        forge.add_repository("acme/app", {"Dockerfile": held("old")})
        forge.add_repository("acme/lib", {"Dockerfile": held("new")})
        forge.add_repository("acme/none", {"README.md": "x"})
        forget_hooks(forge)
        site = FleetSite(tmp_path, forge)  # type: ignore[arg-type] # it has the double's face
        site.now = time.time()
        site.write(tables='[hooks]\ngitea = "env:HOOK"\n')
        site.once()
        assert opened(forge) == {"acme/app": ["open"], "acme/lib": [], "acme/none": []}
        body = forge.repository("acme/app").pulls[1].body
        site.now += 60.0
        site.once()
        assert due(site) == {}
        with site.serving(HOOK=SECRET) as url:
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(f"{url}/hooks/gitea", b"{}", timeout=300)  # noqa: S310 - our own
            hook_to(forge, url, SECRET)
            forge.commit("acme/lib", "main", {"main.go": "package main\n"}, "Nothing that anybody reads")
            forge.commit("acme/none", "main", {"Dockerfile": held("old")}, "Use it")
            assert forge.becomes(lambda: due(site) == {"acme/none": "hook"}), due(site)
            # A tag moves as well: what is open is updated, what was current is opened.
            site.means(NGINX, "newer")
            site.now = time.time() + HOUR
            site.once()
            assert opened(forge) == {name: ["open"] for name in NAMES}
            assert forge.repository("acme/app").pulls[1].body != body
            assert held("newer").encode() in forge.repository("acme/app").files("pinner/digests").values()
            # Its own pushes are no news; somebody merges one, which is.
            assert due(site) == {}
            # The server looks for conflicts behind its answers.
            assert forge.becomes(lambda: forge.server.ask("GET", "/repos/acme/app/pulls/1")["mergeable"])
            forge.repository("acme/app").pulls[1].state = "merged"
            assert forge.becomes(lambda: due(site) == {"acme/app": "hook"}), due(site)
            forge.forget()
            site.now = time.time() + 2 * HOUR
            site.once()
            assert opened(forge)["acme/app"] == ["merged"]
            assert [seen.path for seen in forge.writes if seen.path.endswith("/pulls")] == []
            with urllib.request.urlopen(f"{url}/repositories", timeout=300) as reply:  # noqa: S310 - our own
                assert b"acme/app" in reply.read()
        forget_hooks(forge)
