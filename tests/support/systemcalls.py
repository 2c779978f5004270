"""What the package calls of one kind of system alone: found in the code, and what was read of each."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent.parent
_OF_OS = frozenset(
    (
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "WNOHANG"),
        *("chmod", "chown", "fchmod", "fchown", "fork", "forkpty", "geteuid", "getgid", "getpgid"),
        *("getuid", "kill", "killpg", "link", "mkfifo", "name", "nice", "pipe"),
        *("readlink", "register_at_fork", "sched_getaffinity", "setpgid", "setsid"),
        *("symlink", "umask", "wait", "waitpid", "waitstatus_to_exitcode"),
    )
)
_OF_SIGNAL = frozenset(("SIGHUP", "SIGKILL", "SIGCHLD", "SIGBREAK", "SIGPIPE", "SIGALRM", "pthread_sigmask"))
_MODULES = frozenset(("fcntl", "grp", "msvcrt", "pty", "pwd", "resource", "select", "termios", "tty", "winreg"))
_WORDS = frozenset(("start_new_session", "preexec_fn", "pass_fds", "process_group", "creationflags"))
_METHODS = frozenset(("add_signal_handler", "open_unix_connection", "st_uid", "st_ino"))


@functools.cache
def calls() -> dict[str, tuple[str, ...]]:
    """Return by module what it uses of one kind of system, in order."""
    found = {}
    for file in sorted((ROOT / "pinner").rglob("*.py")):
        names = sorted(set(_named(ast.parse(file.read_text("utf-8")))))
        if names:
            found[file.relative_to(ROOT / "pinner").as_posix()] = tuple(names)
    return found


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield from _attribute(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (name for name in names if name in _MODULES)
        elif isinstance(node, ast.keyword) and node.arg in _WORDS:
            yield node.arg
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            yield from _looked_up(node)


def _looked_up(call: ast.Call) -> Iterator[str]:
    """Yield what ``getattr`` or ``hasattr`` is asked for, where that may not be there."""
    owner, name = call.args[:2]
    if isinstance(owner, ast.Name) and owner.id in ("os", "signal", "socket", "sys"):
        yield f"{owner.id}.{name.value if isinstance(name, ast.Constant) else '…'!s}?"


def _attribute(node: ast.Attribute) -> Iterator[str]:
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    if (owner == "os" and node.attr in _OF_OS) or (owner == "signal" and node.attr in _OF_SIGNAL):
        yield f"{owner}.{node.attr}"
    elif (owner, node.attr) in (("sys", "platform"), ("socket", "AF_UNIX")) or node.attr in _METHODS:
        yield f"{owner}.{node.attr}" if owner in ("sys", "socket") else node.attr


READ: Mapping[str, str] = {
    "__main__.py": "SIGHUP and SIGBREAK are looked up: a system has one of them, and what it lacks is left out.",
    "bot/git/program.py": "Git gets a session of its own, so that all of it ends; without killpg the process does.",
    "bot/child_process.py": "Without `resource` a repository has the parent's limit on time, and none on memory.",
    "bot/workspace.py": "Folders of runs that were killed are removed where a folder can be opened and locked.",
    "cache/__init__.py": "The folder of each system; the environment wins.",
    "checks/processes.py": "Asked on Linux alone; elsewhere one process does it all.",
    "checks/record.py": "Windows' times do not tell changes: bytes are hashed. Owners are asked for where they are.",
    "cli/fleet_runs.py": "Windows' loop takes no handlers of signals: the program's own wakes it.",
    "files/__init__.py": "A pipe is opened without waiting where that can be said; Windows has no pipes among files.",
    "files/atomic.py": "A link is looked for before the opening; Windows keeps what is open; the mode alone is given.",
    "identification/identify.py": "Which default socket is tried: a named pipe on Windows.",
    "identification/docker_engine_sockets.py": "Python has no unix sockets on Windows: an address of one is an error.",
    "lockfile/file.py": "The folder of locks carries the user's number where there is one.",
    "lsp/workspace.py": "Where a file system numbers nothing, time and size tell alone.",
    "verify/run.py": "Where notation has its settings.",
    "verify/trusted_root.py": "Where data is kept.",
}
"""What was read of each module that `calls` finds: what happens on a system without it."""


def table() -> Iterator[str]:
    """Yield the lines of the table in CONTRIBUTING.md."""
    yield "| module | calls | on a system without them |"
    yield "|---|---|---|"
    for module, names in calls().items():
        shown = ", ".join(f"`{name}`" for name in names)
        yield f"| `{module}` | {shown} | {READ.get(module, 'not read yet')} |"
