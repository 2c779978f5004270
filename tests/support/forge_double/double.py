"""The forge itself: its state, its server, and what tests may do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, cast

from . import gitstore
from .handle import ForgeHandle, contents_of
from .server import Server
from .state import State, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from .app import AppDouble
    from .face import Face
    from .github import GitHubFace

FaceName = Literal["github", "gitlab", "gitea"]
_READING = frozenset({"GET", "HEAD"})


class ForgeDouble(ForgeHandle):
    """A forge on a loopback port; use it as a context manager."""

    is_real = False

    def __init__(self, folder: Path, face: FaceName = "github", *, account: str | None = None, below: str = "") -> None:
        """``below`` is the path of its host that it lives at, ``/git``."""
        super().__init__()
        self.face = face
        # GitHub tells an App's tokens by how they begin: those are the ones whose commits it signs for a bot.
        self.token = {"github": "ghs_0123456789abcdef", "gitlab": "glpat-0123456789", "gitea": "0123456789abcdef"}[face]
        self.state = State(folder / "forge", self.token, account or "pinner[bot]")
        self._server = Server(self.state, _face(face, self.state, self.violations), self, below)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._server.stop()
        super().__exit__(kind, error, trace)

    def install_app(self, **owners: str) -> AppDouble:
        """Have tokens be an App's that is installed for ``owners``, each ``orgs`` or ``users``."""
        from .app import AppDouble  # noqa: PLC0415 - with cryptography

        app = AppDouble(self.state, owners)
        cast("GitHubFace", self._server.face).app = app
        return app

    @property
    def url(self) -> str:  # type: ignore[override] # of a server that has started
        """The forge's address."""
        return self._server.url

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
            branch = settings.get("default_branch", Stored.default_branch)
            contents = contents_of(files or {"README.md": b"# Here\n"})
            gitstore.begin(folder, branch, contents, "First", frozenset(executable))
        with self.state.lock:
            repository = Stored(name, len(self.state.repositories) + 1, folder, **settings)
            self.state.repositories[name] = repository
            if is_organisation:
                self.state.organisations.add(name.partition("/")[0])
        return repository

    def repository(self, name: str) -> Stored:
        """Return a repository's state."""
        return self.state.repositories[name]

    def commit(self, name: str, branch: str, files: Mapping[str, bytes | str | None], message: str, **how: Any) -> str:
        """Commit as somebody else would; a new branch starts at the default one. Return the commit."""
        repository = self.repository(name)
        if repository.head(branch) is None:
            how.setdefault("parent", repository.head(repository.default_branch))
        contents = contents_of(files)
        repository.pushed_at = self.state.wall()
        return gitstore.commit(repository.folder, branch, contents, message, **how)

    def becomes(self, is_so: Callable[[], bool]) -> bool:
        """Tell whether it is so; a real forge does some things behind its answers."""
        return is_so()


def _face(name: FaceName, state: State, violations: list[str]) -> Face:
    if name == "github":
        from .github import GitHubFace  # noqa: PLC0415 - each has its own schemas to read

        return GitHubFace(state, violations)
    if name == "gitlab":
        from .gitlab import GitLabFace  # noqa: PLC0415

        return GitLabFace(state, violations)
    from .gitea import GiteaFace  # noqa: PLC0415

    return GiteaFace(state, violations)
