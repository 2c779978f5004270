"""``pinner fleet run``, ``plan`` and ``status`` on a forge, from the command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from fleetsite import HOUR, NGINX, REDIS, FleetSite, held
from forge_double import ForgeDouble
from forge_double.app import APP_ID, LIFE, app_pem

from pinner.bot.model import Repository, Use
from pinner.fleet.catalog import list_repositories
from pinner.fleet.config import parse_fleet
from pinner.fleet.overview import totals
from pinner.fleet.store import RunResult

if TYPE_CHECKING:
    from pathlib import Path

DAY = 24 * HOUR


@pytest.fixture
def site(tmp_path: Path, forge: ForgeDouble) -> FleetSite:
    forge.add_repository("acme/app", {"Dockerfile": held("old")})
    forge.add_repository("acme/lib", {"Dockerfile": held("new"), "compose.yaml": "services: {a: {image: 'redis:7'}}\n"})
    forge.add_repository("acme/none", {"README.md": "x"})
    site = FleetSite(tmp_path, forge)
    site.means(REDIS, "redis")
    return site


def outcomes(site: FleetSite) -> dict[str, str]:
    with site.store() as store:
        return dict(store.read("select name, outcome from repository order by name"))


def test_first_run_sees_to_all_and_a_second_one_does_nothing(site: FleetSite) -> None:
    ran = site.once()
    assert site.pulls == {"acme/app": 1, "acme/lib": 1, "acme/none": 0}
    assert "acme/app: opened" in ran.stdout
    assert ran.stderr.splitlines()[-3:] == ["3 repositories:", "  2  opened", "  1  nothing"]
    assert outcomes(site) == {"acme/app": "opened", "acme/lib": "opened", "acme/none": "nothing"}
    site.forge.forget()
    site.registry.asked.clear()
    site.now += 60.0
    ran = site.once()
    assert site.forge.writes == []
    # What it pushed itself is listed as pushed to: two heads are asked for, and nothing is cloned.
    assert {seen.path for seen in site.forge.requests} == {"/api/v3/orgs/acme/repos"}
    assert site.registry.asked == [NGINX, REDIS]
    assert ran.stdout == ""


def test_a_tag_that_moves_reaches_its_users_and_nobody_else(tmp_path: Path, forge: ForgeDouble) -> None:
    """Bar 6: of 1,000 repositories the 7 that name the tag are cloned, by at most 3 + 5·7 requests."""
    forge.add_repository("acme/other", {"Dockerfile": held("redis", "redis:7")})
    users = [f"acme/user{number}" for number in range(7)]
    for name in users:
        forge.add_repository(name, {"Dockerfile": held("new")})
    site = FleetSite(tmp_path, forge)
    site.means(REDIS, "redis")
    folder = forge.repository("acme/other").folder
    for number in range(992):
        forge.add_repository(f"acme/more{number:03}", folder=folder)
    with site.store() as store:
        found = [
            Repository(name, "main", forge.clone_url(name), f"{forge.url}/{name}", pushed_at=one.pushed_at)
            for name, one in forge.state.repositories.items()
        ]
        list_repositories(store, forge.url, "acme", found, site.now, is_all=True)
        for mark in ("listed", "listed all of"):
            store.set_mark(f"{mark} {forge.url}/acme", site.now)
        digest = site.registry.tags[REDIS]
        for row in store.due(site.now):
            if "/more" in row.name:
                seen = RunResult("nothing", read=("a" * 40, "1"), uses=(Use("Dockerfile", 1, REDIS, str(digest)),))
                store.finish(row, seen, site.now)
    site.once()
    assert sum(site.pulls.values()) == 0
    forge.forget()
    site.means(NGINX, "newer")
    site.now += HOUR
    site.once()
    assert site.cloned == users
    assert [site.pulls[name] for name in users] == [1] * 7
    assert sum(site.pulls.values()) == 7
    assert len(forge.requests) <= 3 + 5 * 7


def test_a_push_is_seen_and_a_tag_that_has_to_settle_is_waited_for(site: FleetSite) -> None:
    text = (site.folder / "fleet.toml").read_text().replace('settle = "0s"', 'settle = "2h"')
    (site.folder / "fleet.toml").write_text(text)
    site.once()
    site.means(NGINX, "newer")
    site.now += HOUR
    site.forge.commit("acme/none", "main", {"Dockerfile": held("newer")}, "Use it")
    site.once()
    assert outcomes(site)["acme/none"] == "nothing"
    before = site.forge.repository("acme/app").pulls[1].body
    site.now += HOUR
    site.once()
    assert site.forge.repository("acme/app").pulls[1].body == before
    site.now += HOUR
    site.once()
    assert site.forge.repository("acme/app").pulls[1].body != before
    assert site.pulls == {"acme/app": 1, "acme/lib": 2, "acme/none": 0}


def test_what_is_open_is_looked_at_daily_and_everything_weekly(site: FleetSite) -> None:
    site.once()
    site.now += DAY + HOUR
    site.forge.forget()
    site.once()
    assert site.cloned == ["acme/app", "acme/lib"]
    for number in range(8):
        site.now += DAY
        site.forge.forget()
        site.once()
        assert ("acme/none" in site.cloned) == (number == 5)


def test_what_is_no_longer_the_fleets_is_left_alone(site: FleetSite) -> None:
    site.once()
    del site.forge.state.repositories["acme/lib"]
    site.forge.repository("acme/none").archived = True
    site.now += 2 * DAY
    site.once()
    site.write(source='skip = ["acme/a*"]')
    site.now += 2 * DAY
    site.once()
    with site.store() as store:
        assert totals(store, site.now).repositories == 0
        assert totals(store, site.now).gone == 3
    # Gone between the list and the look.
    site.write(source="")
    site.now += 2 * DAY
    site.forge.inject("before", path=r"/info/refs", action=site.forge.state.repositories.clear)
    assert site.run("run", "--once").status == 3
    assert outcomes(site)["acme/app"] == "failed"
    site.now += 180.0
    assert site.run("run", "--once").status == 3
    assert outcomes(site)["acme/app"] == "gone"
    with site.store() as store:
        store.read("update repository set gone_at = null, due_at = 1 where name = 'acme/lib' returning 1")
    site.write(source='skip = ["acme/*"]')
    ran = site.run("run", "--once")
    assert "no source of the fleet has it any more" in ran.stderr


def test_what_fails_is_tried_again_later_and_daily_after_eight_times(site: FleetSite) -> None:
    site.once()
    site.forge.commit("acme/app", "main", {"pinner.toml": "wrong = 1\n"}, "Break it")
    pauses = []
    for _ in range(9):
        ran = site.run("run", "--once")
        assert ran.status == 3
        assert "unknown key `wrong`" in ran.stderr
        with site.store() as store:
            ((due_at, failures),) = store.read("select due_at, failures from repository where name = 'acme/app'")
        pauses.append(round((float(str(due_at)) - site.now) / 60))
        assert failures == len(pauses)
        site.now = float(str(due_at))
    assert all(0.85 * 2**n <= pause <= 1.15 * 2**n + 1 for n, pause in enumerate(pauses[:7], 1))
    assert pauses[7:] == [24 * 60] * 2
    assert outcomes(site)["acme/app"] == "stuck"
    assert "acme/app: failed 9 times: pinner.toml: unknown key `wrong`" in site.run("status").stdout
    # A push is a reason to look at once.
    site.forge.commit("acme/app", "main", {"pinner.toml": ""}, "Mend it")
    site.now += 60.0
    site.once()
    assert outcomes(site)["acme/app"] == "unchanged"


def test_a_forge_that_is_down_leaves_everything_due(site: FleetSite) -> None:
    site.forge.inject("error-before", path="/orgs/", times=-1)
    site.write(tables="")
    ran = site.run("run", "--once")
    assert ran.status == 3
    assert "does not work" in ran.stderr
    site.forge.faults.clear()
    site.once()
    assert site.pulls["acme/app"] == 1


def test_what_is_not_answered_is_asked_again_and_then_reaches_its_users(site: FleetSite) -> None:
    site.registry.missing = [REDIS]
    del site.registry.tags[REDIS]
    ran = site.run("run", "--once")
    assert ran.status == 3
    assert outcomes(site)["acme/lib"] == "waiting"
    with site.store() as store:
        assert store.read("select failures, note from image where name = ?", REDIS)[0][0] == 1
    site.means(REDIS, "redis")
    site.now += HOUR
    site.once()
    assert site.pulls["acme/lib"] == 1


def test_no_more_is_begun_than_may_be_opened(site: FleetSite) -> None:
    for number in range(4):
        site.forge.add_repository(f"acme/many{number}", {"Dockerfile": held("old")})
    site.write("openings-per-hour = 2\n")
    site.once()
    assert sum(site.pulls.values()) == 2
    # A branch without its pull request is of use to nobody.
    folders = [one.folder / "refs/heads/pinner" for one in site.forge.state.repositories.values()]
    assert sum(len(list(folder.glob("*"))) for folder in folders if folder.exists()) == 2
    with site.store() as store:
        assert totals(store, site.now).due + len(store.read("select 1 from repository where outcome = 'later'")) >= 4
    for _ in range(3):
        site.now += 1.1 * HOUR
        site.once()
    assert sum(site.pulls.values()) == 6


def test_owners_with_one_token_share_what_may_be_opened(site: FleetSite) -> None:
    for name in ("other/one", "other/two"):
        site.forge.add_repository(name, {"Dockerfile": held("old")})
    again = f'[[source]]\norg = "{site.forge.url}/other"\nforge = "github"\ntoken = "env:PINNER_TOKEN"\n'
    site.write("openings-per-hour = 2\nfull-every = '30d'\n", tables=again)
    site.once()
    with site.store() as store:
        reports = store.read("select count(*) from repository where outcome is not null")
        # Those that nobody may open anything for are not even cloned.
        assert reports == [(2,)]
    assert sum(site.pulls.values()) <= 2


def test_what_killed_runs_have_left_is_removed(site: FleetSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(site.folder))
    (site.folder / "pinner-bot-left").mkdir()
    site.once()
    assert not list(site.folder.glob("pinner-bot-*"))


def test_plan_says_what_is_due_and_why_and_writes_nothing(site: FleetSite) -> None:
    assert "there is no store yet" in site.run("plan").stderr
    nothing = {"version": 1, "due": [], "images": 0, "requests": {"api": 0, "git": 0}}
    assert json.loads(site.run("plan", "--format", "json").stdout) == {**nothing, "lists": [f"{site.forge.url}/acme"]}
    assert not (site.folder / "fleet.db").exists()
    site.once()
    with site.store() as store:
        store.schedule(site.forge.url, "acme/lib", "hook", site.now)
    site.now += DAY
    site.forge.forget()
    before = (site.folder / "fleet.db").read_bytes()
    ran = site.run("plan")
    assert ran.status == 0
    assert ran.stdout.splitlines() == [
        f"{site.forge.url}/acme: to be listed",
        "acme/lib: hook: 1 request to the forge, 5 of git",
        "acme/app: open: 1 request to the forge, 5 of git",
        "2 repositories due: some 2 requests to forges, 10 of git; 2 images to be asked about",
    ]
    value = json.loads(site.run("plan", "--format", "json").stdout)
    assert [(one["repository"], one["reason"], one["requests"]) for one in value["due"]] == [
        ("acme/lib", "hook", {"api": 1, "git": 5}),
        ("acme/app", "open", {"api": 1, "git": 5}),
    ]
    assert site.forge.requests == []
    assert (site.folder / "fleet.db").read_bytes() == before


def test_status_says_how_the_fleet_stands(site: FleetSite) -> None:
    site.once()
    lines = site.run("status").stdout.splitlines()
    assert "repositories        3" in lines
    assert "pulls               2" in lines
    assert any(line.endswith("2 of 80 taken (80/60s)") for line in lines)
    value = json.loads(site.run("status", "--format", "json").stdout)
    assert value["totals"]["mentions"] == 3
    assert value["totals"]["pinned"] == 2
    assert value["totals"]["behind"] == 1
    assert value["listed"] == {f"{site.forge.url}/acme": site.now}


def test_a_run_for_some_time_ticks_and_sees_to_what_comes(site: FleetSite) -> None:
    ran = site.run("run", "--for", "1s", "-v")
    assert ran.status == 0
    assert "listed 3 new, 0 pushed to, 0 gone; asked about 0 images: 0 moved, 0 repositories due" in ran.stderr
    assert site.run("run", "--for", "soon").status == 2


def test_two_runs_do_not_meet(site: FleetSite) -> None:
    with site.store() as store, store.database.ticking() as ours:
        assert ours
        for how in ("--once", "--for=1s"):
            ran = site.run("run", how)
            assert ran.status == 3
            assert "another process ticks on this store" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "--once"], "--once goes with `pinner fleet run`"),
        (["status", "--for", "1m"], "--for goes with `pinner fleet run`"),
        (["run", "--format", "json"], "--format goes with"),
        (["run", "--once", "--for", "1m"], "cannot both be given"),
        (["walk"], "is not one of"),
        (["run", "--config", "none.toml"], "none.toml: cannot be read"),
    ],
)
def test_what_makes_no_sense_together_is_refused(site: FleetSite, arguments: list[str], message: str) -> None:
    ran = site.run(*arguments)
    assert ran.status == 2
    assert message in ran.stderr


def test_without_a_file_the_smallest_one_is_shown(tmp_path: Path, forge: ForgeDouble) -> None:
    site = FleetSite(tmp_path, forge)
    (tmp_path / "fleet.toml").unlink()
    ran = site.run("run")
    assert ran.status == 2
    assert "fleet.toml: cannot be read: no such file or directory" in ran.stderr
    settings = parse_fleet("\n".join(re.findall("`(.*?)`", ran.stderr)).encode(), "fleet.toml", "/")
    assert (settings.store, settings.sources[0].token) == ("sqlite:fleet.db", "env:PINNER_TOKEN")


def test_an_app_works_with_tokens_that_are_fetched_anew_before_they_end(tmp_path: Path, forge: ForgeDouble) -> None:
    app = forge.install_app(acme="orgs")
    for name in ("acme/one", "acme/two", "acme/three"):
        forge.add_repository(name, {"Dockerfile": held("old")})
    site = FleetSite(tmp_path, forge, more="concurrency = 1\n")
    (tmp_path / "app.pem").write_bytes(app_pem())
    text = (tmp_path / "fleet.toml").read_text()
    named = f'app = {{id = {APP_ID}, key = "file:app.pem"}}'
    (tmp_path / "fleet.toml").write_text(text.replace('token = "env:PINNER_TOKEN"', named))
    opened = forge.inject("before", method="POST", path="/pulls$", times=3, action=lambda: later(site))

    def later(site: FleetSite) -> None:
        """Have the time pass in which most of a token's hour is over."""
        site.now += 0.6 * LIFE

    site.once()
    assert site.pulls == {"acme/one": 1, "acme/two": 1, "acme/three": 1}
    assert opened.done
    assert app.made == ["acme"] * 3
    said = (site.run("status").stdout, *(file.read_bytes().decode("latin-1") for file in tmp_path.glob("fleet.db*")))
    assert not any("ghs_" in one or "PRIVATE KEY" in one for one in said)
    assert f"app:{APP_ID}/acme" in said[0]
    # A key that is none is told, and not shown.
    (tmp_path / "app.pem").write_text("s3cret")
    ran = site.run("run", "--once")
    assert ran.status == 2
    assert "holds no private key of an App" in ran.stderr
    assert "s3cret" not in ran.stderr


def test_secrets_are_in_no_file_and_no_output(site: FleetSite) -> None:
    ran = site.once()
    token = site.forge.token.encode()
    assert token not in ran.stdout.encode() + ran.stderr.encode()
    for file in site.folder.glob("fleet.db*"):
        assert token not in file.read_bytes()


@pytest.mark.parametrize("face", ["gitlab", "gitea"])
def test_other_forges_are_followed_as_well(tmp_path: Path, face: str) -> None:
    with ForgeDouble(tmp_path, face=face) as forge:  # type: ignore[arg-type] # one of its faces
        forge.add_repository("acme/app", {"Dockerfile": held("old")})
        forge.add_repository("acme/lib", {"Dockerfile": held("new")})
        site = FleetSite(tmp_path, forge)
        if face == "gitlab":
            # What kind of host it is tells itself.
            text = (tmp_path / "fleet.toml").read_text().replace('forge = "gitlab"\n', "")
            (tmp_path / "fleet.toml").write_text(text)
        site.once()
        site.means(NGINX, "newer")
        site.now += HOUR
        site.once()
        assert site.pulls == {"acme/app": 1, "acme/lib": 1}
