"""A real Gitea with the face of the double: the same tests run against both."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from . import gitstore
from .gitea import _STYLES, GiteaFace
from .gitea_server import ADMIN, BOT, PASSWORD, PEOPLE, TEAMS, GiteaServer, Relay
from .handle import ForgeHandle, contents_of
from .state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


_NUMBERS = count(1)
_CHECKS = {"pending": "pending", "passed": "success", "failed": "failure"}


class RealState(State):
    """What tests ask the double's state for."""

    def __init__(self, forge: RealGitea) -> None:
        self._forge = forge
        super().__init__(forge.folder, "", BOT)

    def pushed(self, name: str) -> None:
        """Do nothing: the server notes it."""

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the bot's token may do; None for everything."""
        return self._scopes

    @scopes.setter
    def scopes(self, scopes: frozenset[str] | None) -> None:
        self._scopes = scopes
        wanted = {"name": f"t{next(_NUMBERS)}", "scopes": sorted(scopes or {"all"})}
        self.token = self._forge.server.ask("POST", f"/users/{BOT}/tokens", wanted, who=BOT)["sha1"]


class RealPull:
    """A pull request of the server; what is set is done there, by the administrator."""

    def __init__(self, stored: RealStored, number: int) -> None:
        self.number = number
        self._stored = stored
        self._server = stored.server
        self._path = f"/repos/{stored.name}/pulls/{number}"
        self._issue = f"/repos/{stored.name}/issues/{number}"

    @property
    def _found(self) -> dict[str, Any]:
        found: dict[str, Any] = self._server.ask("GET", self._path)
        return found

    @property
    def title(self) -> str:
        return str(self._found["title"])

    @property
    def body(self) -> str:
        return str(self._found["body"])

    @property
    def head(self) -> str:
        return str(self._found["head"]["label"])

    @property
    def base(self) -> str:
        return str(self._found["base"]["label"])

    @property
    def state(self) -> str:
        found = self._found
        return "merged" if found["merged"] else str(found["state"])

    @state.setter
    def state(self, state: str) -> None:
        if state == "merged":
            style = self._stored.merge_styles[0]
            self._server.ask("POST", f"{self._path}/merge", {"Do": style, "force_merge": True})
        else:
            self._server.ask("PATCH", self._path, {"state": state})

    @property
    def labels(self) -> list[str]:
        return [label["name"] for label in self._found["labels"] or ()]

    @labels.setter
    def labels(self, names: list[str]) -> None:
        self._server.ask("POST", f"{self._issue}/labels", {"labels": [self._stored.label(name) for name in names]})

    @property
    def assignees(self) -> list[str]:
        return [person["login"] for person in self._found["assignees"] or ()]

    @assignees.setter
    def assignees(self, names: list[str]) -> None:
        self._server.ask("PATCH", self._path, {"assignees": names})

    @property
    def reviewers(self) -> list[str]:
        return [person["login"] for person in self._found["requested_reviewers"] or ()]

    @reviewers.setter
    def reviewers(self, names: list[str]) -> None:
        self._server.ask("POST", f"{self._path}/requested_reviewers", {"reviewers": names})

    @property
    def comments(self) -> list[str]:
        return [one["body"] for one in self._server.listed(f"{self._issue}/comments")]

    @comments.setter
    def comments(self, texts: list[str]) -> None:
        for text in texts:
            self._server.ask("POST", f"{self._issue}/comments", {"body": text})

    def _set_checks(self, checks: str) -> None:
        if checks != "none":
            status = {"state": _CHECKS[checks], "context": "ci/test"}
            self._server.ask("POST", f"/repos/{self._stored.name}/statuses/{self._found['head']['sha']}", status)

    checks = property(None, _set_checks)

    @property
    def auto_merge(self) -> bool:
        kinds = [one["type"] for one in self._server.listed(f"{self._issue}/timeline") if one]
        scheduled = [kind for kind in kinds if kind in ("pull_scheduled_merge", "pull_cancel_scheduled_merge")]
        return scheduled[-1:] == ["pull_scheduled_merge"]

    def _cancel(self, _is_cancelled: bool) -> None:  # noqa: FBT001 - what is assigned
        wanted = {"Do": self._stored.merge_styles[0], "merge_when_checks_succeed": True}
        self._server.ask("POST", f"{self._path}/merge", wanted)
        self._server.ask("DELETE", f"{self._path}/merge")

    auto_merge_cancelled = property(None, _cancel)


class RealStored:
    """A repository of the server; what is set is done there."""

    def __init__(self, server: GiteaServer, name: str) -> None:
        self.name, self.server, self.default_branch = name, server, "main"
        self.path = f"/repos/{name}"
        self.folder = self.folder_of(server, name)
        self.merge_styles: tuple[str, ...] = ("squash", "rebase")

    @staticmethod
    def folder_of(server: GiteaServer, name: str) -> Path:
        return server.folder / "data" / "gitea-repositories" / f"{name.lower()}.git"

    def head(self, branch: str) -> str | None:
        return gitstore.head(self.folder, branch)

    def files(self, branch: str = "main") -> dict[str, bytes]:
        return gitstore.read(self.folder, branch)

    @property
    def pulls(self) -> dict[int, RealPull]:
        numbers = sorted(item["number"] for item in self.server.listed(f"{self.path}/pulls", state="all"))
        return {number: RealPull(self, number) for number in numbers}

    @property
    def labels(self) -> dict[str, int]:
        return {label["name"]: label["id"] for label in self.server.listed(f"{self.path}/labels")}

    def label(self, name: str) -> int:
        known = self.labels
        if name not in known:
            return int(self.server.ask("POST", f"{self.path}/labels", {"name": name, "color": "#1d63ed"})["id"])
        return known[name]

    def opened(self, head: str, base: str, title: str, body: str) -> RealPull:
        wanted = {"head": head, "base": base, "title": title, "body": body}
        return RealPull(self, self.server.ask("POST", f"{self.path}/pulls", wanted)["number"])

    def protect(self, prefix: str) -> None:
        """Let only others push to the branches below ``prefix``."""
        self.server.ask("POST", f"{self.path}/branch_protections", {"rule_name": f"{prefix}**", "enable_push": False})

    def opened_from_fork(self, branch: str) -> None:
        """Have somebody open a pull request from the branch of that name in their own fork."""
        self.server.ask("POST", f"{self.path}/forks", {}, sudo="ada")
        wanted = {"head": f"ada:{branch}", "base": "main", "title": "Of a fork", "body": ""}
        self.server.ask("POST", f"{self.path}/pulls", wanted, sudo="ada")

    def assign(self, name: str, value: Any) -> None:
        """Do what assigning to the double's field does."""
        setting = {"archived": "archived", "takes_pulls": "has_pull_requests"}.get(name)
        if setting is not None:
            self.server.ask("PATCH", self.path, {setting: value})
        else:
            getattr(self, f"_set_{name}")(value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("archived", "takes_pulls") or hasattr(type(self), f"_set_{name}"):
            self.assign(name, value)
        if name not in ("archived", "takes_pulls"):
            super().__setattr__(name, value)

    def _set_rights(self, rights: str) -> None:
        path = f"{self.path}/collaborators/{BOT}"
        if rights == "none":
            self.server.ask("DELETE", path)
        else:
            self.server.ask("PUT", path, {"permission": rights})

    def _set_strangers(self, names: set[str]) -> None:
        for name in names:
            self.server.ask("DELETE", f"{self.path}/collaborators/{name}")

    def _set_merge_styles(self, styles: tuple[str, ...]) -> None:
        allowed = {setting: style in styles for style, setting in _STYLES.items()}
        self.server.ask("PATCH", self.path, {**allowed, "default_merge_style": styles[0]})

    def _set_required_checks(self, contexts: tuple[str, ...]) -> None:
        self._protect(enable_status_check=bool(contexts), status_check_contexts=list(contexts))

    def _set_auto_merge_allowed(self, is_allowed: bool) -> None:  # noqa: FBT001 - what is assigned
        self._protect(enable_merge_whitelist=not is_allowed, merge_whitelist_usernames=[ADMIN])

    def _protect(self, **rules: Any) -> None:
        path = f"{self.path}/branch_protections"
        if self.server.ask("GET", f"{path}/main", expect=(404,)) is None:
            self.server.ask("POST", path, {"rule_name": "main", "enable_push": True, **rules})
        else:
            self.server.ask("PATCH", f"{path}/main", rules)


class RealGitea(ForgeHandle):
    """The server as tests use the double; one at a time, for it begins with an empty server."""

    face = "gitea"
    is_real = True

    def __init__(self, server: GiteaServer) -> None:
        super().__init__()
        self.server = server
        self.folder = server.folder
        self._stored: dict[str, RealStored] = {}
        self._relay = Relay(server, None, None, self)
        self._relay.start()
        server.start(self._relay.url)
        self.state = RealState(self)
        self._relay.state, self._relay.face = self.state, GiteaFace(self.state, self.violations)

    def stop(self) -> None:
        """End the server."""
        self._relay.stop()
        self.server.stop()

    def __enter__(self) -> Self:
        self.state.__init__(self)  # type: ignore[misc] # as new: a token for everything
        self.faults.clear()
        self.violations.clear()
        for name in self._pushed_to():
            # What it has not heard of yet it would note down in the next repository of that name.
            self.becomes(lambda name=name: self._knows_branches(name))  # type: ignore[misc]
        self.forget()
        for one in list(self.server.listed("/repos/search")):
            self.server.ask("DELETE", f"/repos/{one['full_name']}")
        self._stored.clear()
        return self

    def _pushed_to(self) -> set[str]:
        """Return the repositories that the last test has pushed to through the relay, and that are still there."""
        pushed = {
            seen.path.partition(".git/")[0].strip("/") for seen in self.git_requests if "receive-pack" in seen.path
        }
        return {one["full_name"] for one in self.server.listed("/repos/search")} & pushed if pushed else set()

    def _knows_branches(self, name: str) -> bool:
        there = gitstore.git(
            RealStored.folder_of(self.server, name), "for-each-ref", "--format=%(refname)", "refs/heads"
        )
        known = {f"refs/heads/{branch['name']}" for branch in self.server.listed(f"/repos/{name}/branches")}
        return known == set(there.split())

    @property
    def token(self) -> str:  # type: ignore[override] # tests change it
        """The bot's token."""
        return self.state.token

    @property
    def url(self) -> str:  # type: ignore[override] # of a relay that has started
        """The forge's address."""
        return self._relay.url

    def add_repository(
        self,
        name: str,
        files: Mapping[str, bytes | str] | None = None,
        *,
        executable: Iterable[str] = (),
        is_organisation: bool = True,
        **settings: Any,
    ) -> RealStored:
        """Make a repository with one commit, or one without, where it is to be `folder`'s."""
        owner, _, short = name.partition("/")
        wanted = {"name": short, "private": True, "default_branch": "main"}
        is_bare = settings.pop("folder", None) is not None or settings.get("empty", False)
        settings.pop("empty", None)
        if is_organisation:
            self._organisation(owner)
        if settings.pop("fork", False):
            self.add_repository(f"upstream/{short}")
            self.server.ask("POST", f"/repos/upstream/{short}/forks", {"organization": owner})
        elif settings.pop("mirror", False):
            self._mirror(name)
            is_bare = True
        else:
            where = f"/orgs/{owner}/repos" if is_organisation else f"/admin/users/{owner}/repos"
            self.server.ask("POST", where, wanted)
        stored = self._stored[name] = RealStored(self.server, name)
        for person in (BOT, *PEOPLE):
            if person != owner:
                self.server.ask("PUT", f"{stored.path}/collaborators/{person}", {"permission": "write"})
        if is_bare:
            return stored
        contents = contents_of(files or {"README.md": b"# Here\n"})
        self._commit(stored, "main", contents, "First", executable=frozenset(executable))
        # It hears of a first push behind its answer to it.
        assert self.becomes(lambda: not self.server.ask("GET", stored.path)["empty"])
        stored.merge_styles = settings.pop("merge_styles", ("squash", "rebase"))
        stored.required_checks = settings.pop("required_checks", ("ci/test",))
        for setting, value in settings.items():
            stored.assign(setting, value)
        return stored

    def push_image(self, name: str, tag: str) -> None:
        """Have an image without layers in the server's own registry."""
        login = base64.b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode()

        def send(method: str, path: str, data: bytes, kind: str = "application/octet-stream") -> None:
            headers = {"Authorization": f"Basic {login}", "Content-Type": kind}
            status, _, said = self.server.send(method, f"/v2/{name}/{path}", data, headers)
            assert status == 201, said

        config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
        digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
        send("POST", f"blobs/uploads?digest={digest}", config)
        kind = "application/vnd.oci.image.manifest.v1+json"
        named = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(config)}
        manifest = {"schemaVersion": 2, "mediaType": kind, "config": named, "layers": []}
        send("PUT", f"manifests/{tag}", json.dumps(manifest).encode(), kind)

    def _mirror(self, name: str) -> None:
        self.add_repository("upstream/mirrored")
        there = f"http://127.0.0.1:{self.server.port}/upstream/mirrored.git"
        login = {"auth_username": ADMIN, "auth_password": PASSWORD}
        owner, _, short = name.partition("/")
        wanted = {"clone_addr": there, "repo_owner": owner, "repo_name": short, "mirror": True, **login}
        self.server.ask("POST", "/repos/migrate", wanted)

    def _organisation(self, name: str) -> None:
        if self.server.ask("GET", f"/orgs/{name}", expect=(404,)) is None:
            self.server.ask("POST", "/orgs", {"username": name})
            for team in TEAMS:
                units = {"units": ["repo.code", "repo.issues", "repo.pulls"], "includes_all_repositories": True}
                self.server.ask("POST", f"/orgs/{name}/teams", {"name": team, "permission": "read", **units})

    def repository(self, name: str) -> RealStored:
        return self._stored[name]

    def commit(self, name: str, branch: str, files: Mapping[str, bytes | str | None], message: str, **how: Any) -> str:
        stored = self.repository(name)
        if stored.head(branch) is None:
            how.setdefault("parent", stored.head("main"))
        contents = contents_of(files)
        return self._commit(stored, branch, contents, message, **how)

    def _commit(self, stored: RealStored, branch: str, files: Any, message: str, **how: Any) -> str:
        """Commit in a repository beside the server's, and push, so that it hears of it."""
        folder = self.folder / "beside" / f"{stored.name}-{next(_NUMBERS)}.git"
        gitstore.make(folder)
        if stored.head("main") is not None:
            gitstore.git(folder, "fetch", "--quiet", str(stored.folder), "+refs/heads/*:refs/heads/*")
        made = gitstore.commit(folder, branch, files, message, **how)
        there = f"http://{ADMIN}:{PASSWORD}@127.0.0.1:{self.server.port}/{stored.name}.git"
        gitstore.git(folder, "push", "--quiet", there, f"{'' if branch == 'main' else '+'}refs/heads/{branch}")
        return made

    def becomes(self, is_so: Callable[[], bool]) -> bool:
        """Tell whether it is so, once the server has done what it does behind its answers."""
        for _ in range(300):
            if is_so():
                return True
            time.sleep(0.1)
        return False


def real_gitea(folder: Path) -> RealGitea | None:
    """Return the server that PINNER_GITEA names, started; None where it names none."""
    program = os.environ.get("PINNER_GITEA")
    if not program:
        return None
    source = Path(os.environ.get("PINNER_GITEA_SOURCE") or Path(program).parent)
    return RealGitea(GiteaServer(Path(program).resolve(), source.resolve(), folder))


__all__ = ["RealGitea", "real_gitea"]
