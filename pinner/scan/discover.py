"""File discovery: git's list, or a walk that honours .gitignore, less what is excluded."""

from __future__ import annotations

import os
import stat
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import ConfigError
from pinner.files import repository_around
from pinner.files.atomic import shown_path
from pinner.formats import claims, unread_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pinner.config import Settings
    from pinner.scan.configured_files import Own
    from pinner.scan.git import Invocation

_QUICK = 1.0
"""Seconds in which git nearly always has answered."""
_GIT_PATIENCE = 60.0
"""Seconds that git may take."""


class Target(NamedTuple):
    """A file to look at. Plain text both: a large repository has thousands."""

    file: str
    """Where it is."""
    path: str
    """How messages name it: relative, ``/`` on every system."""
    named: bool = False
    """Whether it was asked for by its own name."""
    unread: str = ""
    """What it is where it names images, as far as its name tells, and no format reads it."""
    text: bytes | None = None
    """What is to be looked at in the place of what the file holds: a text in memory."""


LEFT_ALONE = frozenset(
    {
        *("node_modules", "bower_components", ".yarn", ".pnpm-store"),
        *("site-packages", ".venv", "__pycache__", "__pypackages__", ".eggs", ".tox", ".nox", ".direnv", ".pyenv"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".pytype", ".ipynb_checkpoints"),
        *(".terraform", ".terragrunt-cache", ".gradle", ".hg", ".svn", ".bzr"),
    }
)
"""Folders of dependencies, caches and other version control: nobody writes what is in them, and no tool looks there."""


class Found(NamedTuple):
    """What there is below the paths of a run."""

    targets: list[Target]
    """The files to look at, each once."""
    unread: tuple[str, ...] = ()
    """What those files are that name images and that no format reads: one text for each."""


def discover(paths: Sequence[str], settings: Settings, folder: str, environment: Mapping[str, str]) -> list[Target]:
    """Return the files to look at; see `find`."""
    return find(paths, settings, folder, environment).targets


def find(paths: Sequence[str], settings: Settings, folder: str, environment: Mapping[str, str]) -> Found:
    """Return the files to look at, each once: those of ``paths``, or of the repository around ``folder``.

    ``paths`` are relative to ``folder`` (absolute). A file that is named is taken whatever it is called, a folder
    stands for the files in it that git does not ignore and a format claims, but for those in folders that are
    `LEFT_ALONE`; excludes hold for both. Targets show paths relative to ``folder``. Raises `ConfigError` for a path
    that does not exist.
    """
    excluded, own = path_tests(settings)
    found: dict[str, Target] = {}
    for path in paths or (repository_around(folder) or folder,):
        if not path:
            raise ConfigError("a path is empty", hint="is a variable of the shell unset?")
        full = os.path.normpath(os.path.join(folder, path))
        if os.path.isdir(full):
            entries = _in_folder(full, folder, environment, own)
        elif _is_there(full):
            entries = iter(((_identity(full), Target(full, shown_path(full, folder), named=True)),))
        else:
            raise ConfigError(f"there is no file or folder `{path}`", hint="paths are relative to the current folder")
        for identity, target in entries:
            if identity not in found and not excluded(target.file):
                found[identity] = target
    targets = [target for target in found.values() if not target.unread]
    return Found(targets, tuple([target.unread for target in found.values() if target.unread]))


def path_tests(settings: Settings) -> tuple[Own, Own]:
    """Return what tells whether a file (absolute) is excluded, and whether the user has places in it."""
    if not settings.exclude and not settings.formats.places:
        return _never, _never
    from pinner.scan.configured_files import exclusion_test, own_places  # noqa: PLC0415 - only where there are patterns

    return exclusion_test(settings), own_places(settings)


def _never(_file: str) -> bool:
    return False


def _is_there(file: str) -> bool:
    """Tell whether ``file`` exists, or may exist where we may not look: whoever reads it says so then."""
    try:
        os.lstat(file)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def _in_folder(root: str, folder: str, environment: Mapping[str, str], own: Own) -> Iterator[tuple[str, Target]]:
    """Yield what makes a file itself and the file, for each file below ``root`` that a format claims, or none reads.

    A folder that may not be looked into is among them, its path ending in ``/``: to read it says why.
    """
    names = _listed_by_git(root, environment)
    real_root = f"{_identity(root).rstrip('/')}/"
    start = os.path.join(root, "")
    shown = _shower(root, folder)
    links = []
    for name, is_link in _walked(root, own) if names is None else _looked_up(start, names, own):
        unread = "" if claims(name) or own(start + name) else unread_kind(name)
        target = Target(start + name, _without_dot(shown(name)), unread=unread)
        if is_link:
            links.append(target)
        else:
            yield real_root + name, target
    # Links last: where the file they lead to was listed itself, it goes by its own name. Git has an order, a walk none.
    for target in sorted(links) if names is None else links:
        identity = _identity(target.file)
        if identity.startswith(real_root) and os.path.isfile(identity):
            yield identity, target


@lru_cache(maxsize=4096)
def _is_left_alone(folder: str) -> bool:
    return not LEFT_ALONE.isdisjoint(folder.split("/"))


def _without_dot(path: str) -> str:
    """Return ``path``, that of a folder, which is given by way of its ``.``, with a ``/`` at its end."""
    return f"{path[:-1] or './'}" if path == "." or path.endswith("/.") else path


def _looked_up(start: str, names: Iterable[str], own: Own) -> Iterator[tuple[str, bool]]:
    """Yield those of ``names`` that are wanted files below ``start``, and whether each is a link."""
    for name in names:
        wanted = claims(name) or unread_kind(name) or own(start + name)
        if not wanted or _is_left_alone(name[: name.rfind("/") + 1]):
            continue
        try:
            mode = os.lstat(start + name).st_mode
        except (FileNotFoundError, NotADirectoryError):  # in git's index, but deleted
            continue
        except OSError:  # in a folder that may not be entered
            yield name, False
            continue
        if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
            yield name, stat.S_ISLNK(mode)


def _identity(file: str) -> str:
    """Return the one path that all ways to ``file`` share."""
    return os.path.realpath(file).replace(os.sep, "/")


def _listed_by_git(root: str, environment: Mapping[str, str]) -> list[str] | None:
    """Return the paths below ``root`` that git tracks or would add; None where git does not work here.

    The repository is the one whose ``.git`` is seen from here, and is named: git itself would take a folder for one
    that is laid out as a bare repository, and a working tree that the repository's own configuration names.
    """
    root = os.path.realpath(root)  # a link may lead out of the repository that it lies in
    repository = repository_around(root)
    if repository is None:
        return None
    from pinner.scan.git import hardened  # noqa: PLC0415 - only folders need it

    place = (f"--git-dir={os.path.join(repository, '.git')}", f"--work-tree={repository}")
    git = hardened((*place, "ls-files", "-z", "--cached", "--others", "--exclude-standard"), environment)
    listing = _said(git, root, repository)
    return None if listing is None else list(dict.fromkeys(os.fsdecode(listing).split("\0")[:-1]))


def _said(git: Invocation, root: str, repository: str) -> bytes | None:
    """Return what git writes to its output, run in ``root``; None where it fails or does not end."""
    import subprocess  # noqa: PLC0415 - only folders need it

    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(  # noqa: S603 - fixed words
            git.command, cwd=root, env=git.environment, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing
        )
    except OSError:
        return None
    with process:
        for patience in (_QUICK, _GIT_PATIENCE):
            try:
                listing, _ = process.communicate(timeout=patience)
            except subprocess.TimeoutExpired:
                if patience == _QUICK and not _would_block(root, repository):
                    continue
                process.kill()
                return None
            break
    return None if process.returncode else listing


def _would_block(root: str, repository: str) -> bool:
    """Tell whether git waits for a file of patterns that is none: it opens what is called so, a FIFO too."""
    suspects = [os.path.join(repository, ".git", "info", "exclude"), os.path.join(repository, ".gitignore")]
    suspects += (os.path.join(folder, ".gitignore") for folder, _, names in os.walk(root) if ".gitignore" in names)
    return any(os.path.exists(file) and not os.path.isfile(file) for file in suspects)


def _walked(root: str, own: Own) -> Iterator[tuple[str, bool]]:
    """Yield the wanted files below ``root`` that no .gitignore on the way ignores, and whether each is a link.

    Links are not followed.
    """
    from pinner.scan.gitignore import Ignored  # noqa: PLC0415 - only folders need it

    repository = repository_around(root)
    rules = Ignored(root, repository)
    start = os.path.join(root, "")
    pending = [""]
    while pending:
        prefix = pending.pop()
        entries = _entries(f"{start}{prefix}{os.curdir}")
        if entries is None:
            yield prefix + os.curdir, False
            continue
        names = {entry.name for entry in entries}
        # A repository in a repository is a submodule, or somebody else's; on its own it is just a folder.
        if prefix and repository is not None and ".git" in names:
            continue
        if ".gitignore" in names and not rules.read(prefix):
            yield f"{prefix}.gitignore", False
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git" and entry.name not in LEFT_ALONE and not rules.ignore(f"{name}/"):
                    pending.append(f"{name}/")
            elif (claims(name) or unread_kind(entry.name) or own(start + name)) and not rules.ignore(name):
                is_link = entry.is_symlink()
                if is_link or entry.is_file():
                    yield name, is_link


def _entries(folder: str) -> list[os.DirEntry[str]] | None:
    """Return what is in ``folder``, or None where that may not be known.

    ``folder`` ends in ``.``: where names may be read, but not what they stand for, that is refused.
    """
    try:
        return list(os.scandir(folder))
    except PermissionError:
        return None
    except OSError:  # gone meanwhile
        return []


def _shower(root: str, folder: str) -> Callable[[str], str]:
    """Return the function that turns a path relative to ``root`` into one relative to ``folder``.

    Text alone: asking the system about every file of a large repository takes longer than reading them.
    """
    below = shown_path(root, folder)
    inside = shown_path(folder, root)
    prefix = "" if below == "." else f"{below}/"
    if inside == "." or inside.split("/")[0] == ".." or os.path.isabs(inside):
        return lambda name: prefix + name
    # ``folder`` is below ``root``: paths that lead into it lose that much, the others climb out as far as they part.
    steps = [f"{inside}/"]
    while steps[-1]:
        steps.append(steps[-1][: steps[-1].rfind("/", 0, -1) + 1])

    def shown(name: str) -> str:
        climb, step = next((climb, step) for climb, step in enumerate(steps) if name.startswith(step))
        return "../" * climb + name[len(step) :]

    return shown
