"""The forge itself: its state, its server, and what tests may do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, cast

from . import gitstore
from .faults import Fault
from .server import Seen, Server
from .state import State, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from .app import AppDouble
    from .face import Face
    from .faults import Kind
    from .github import GitHubFace

FaceName = Literal["github", "gitlab", "gitea"]
_READING = frozenset({"GET", "HEAD"})


class ForgeDouble:
    """A forge on a loopback port; use it as a context manager."""

    is_real = False

    def __init__(self, folder: Path, face: FaceName = "github", *, account: str | None = None, below: str = "") -> None:
        """``below`` is the path of its host that it lives at, ``/git``."""
        self.face = face
        # GitHub tells an App's tokens by how they begin: those are the ones whose commits it signs for a bot.
        self.token = {"github": "ghs_0123456789abcdef", "gitlab": "glpat-0123456789", "gitea": "0123456789abcdef"}[face]
        self.state = State(folder / "forge", self.token, account or "pinner[bot]")
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.requests: list[Seen] = []
        """Every request to the API, in order; not those of git."""
        self.git_requests: list[Seen] = []
        self._server = Server(self.state, _face(face, self.state, self.violations), self, below)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._server.stop()
        if kind is None:
            assert not self.violations, "\n".join(self.violations)

    def install_app(self, **owners: str) -> AppDouble:
        """Have tokens be an App's that is installed for ``owners``, each ``orgs`` or ``users``."""
        from .app import AppDouble  # noqa: PLC0415 - with cryptography

        app = AppDouble(self.state, owners)
        cast("GitHubFace", self._server.face).app = app
        return app

    @property
    def url(self) -> str:
        """The forge's address."""
        return self._server.url

    def clone_url(self, name: str) -> str:
        """Return where git finds a repository; the token is the password, whatever the user's name."""
        return f"{self.url}/{name}.git"

    def environment(self) -> dict[str, str]:
        """Return an environment in which the bot has the forge's token."""
        return {"PINNER_TOKEN": self.token}

    def add_repository(
        self,
        name: str,
        files: Mapping[str, bytes | str] | None = None,
        *,
        executable: Iterable[str] = (),
        is_organisation: bool = True,
        **settings: Any,
    ) -> Stored:
        """Make a repository with one commit; ``settings`` are fields of `Stored`.

        With a ``folder`` it has the commits of the one that is there: for many that nobody pushes to.
        """
        is_made = "folder" not in settings
        folder = settings.pop("folder", self.state.folder / f"{name}.git")
        if is_made:
            gitstore.make(folder)
        with self.state.lock:
            repository = Stored(name, len(self.state.repositories) + 1, folder, **settings)
            self.state.repositories[name] = repository
            if is_organisation:
                self.state.organisations.add(name.partition("/")[0])
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in (files or {}).items()}
        contents = contents or {"README.md": b"# Here\n"}
        if is_made:
            gitstore.commit(folder, repository.default_branch, contents, "First", executable=frozenset(executable))
        return repository

    def repository(self, name: str) -> Stored:
        """Return a repository's state."""
        return self.state.repositories[name]

    def commit(self, name: str, branch: str, files: Mapping[str, bytes | str | None], message: str, **how: Any) -> str:
        """Commit as somebody else would; a new branch starts at the default one. Return the commit."""
        repository = self.repository(name)
        if repository.head(branch) is None:
            how.setdefault("parent", repository.head(repository.default_branch))
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        repository.pushed_at = self.state.wall()
        return gitstore.commit(repository.folder, branch, contents, message, **how)

    def inject(self, kind: Kind, **where: Any) -> Fault:
        """Have something go wrong: see `Fault`; its ``done`` counts how often it has."""
        fault = Fault(kind, **where)
        self.faults.append(fault)
        return fault

    @property
    def writes(self) -> list[Seen]:
        """The requests that would change something."""
        return [seen for seen in self.requests if seen.is_write]

    def becomes(self, is_so: Callable[[], bool]) -> bool:
        """Tell whether it is so; a real forge does some things behind its answers."""
        return is_so()

    def forget(self) -> None:
        """Start the lists of requests anew."""
        self.requests.clear()
        self.git_requests.clear()


def _face(name: FaceName, state: State, violations: list[str]) -> Face:
    if name == "github":
        from .github import GitHubFace  # noqa: PLC0415 - each has its own schemas to read

        return GitHubFace(state, violations)
    if name == "gitlab":
        from .gitlab import GitLabFace  # noqa: PLC0415

        return GitLabFace(state, violations)
    from .gitea import GiteaFace  # noqa: PLC0415

    return GiteaFace(state, violations)
