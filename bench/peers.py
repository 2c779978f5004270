"""Install what pinner is measured beside, and pinner itself as a user has it: ``make bench-peers``.

Everything goes into one folder, ``.venv/peers`` or what PINNER_PEERS says. A peer that cannot be had is said to be
missing, with what would bring it; the others go on.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
FOLDER = Path(os.environ.get("PINNER_PEERS") or ROOT / ".venv" / "peers").absolute()
_SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"
_NODE = "24"
"""What Renovate 44 asks for: Node 24.11 or a later 24."""


class Peer(NamedTuple):
    name: str
    install: str
    """What brings it, for people."""
    bring: Callable[[], None] | None = None
    """Installs it; None where that is left to people."""


class Failure(Exception):  # noqa: N818 - not an error of a program: a peer that is not to be had
    """Why a peer could not be installed."""


def _execute(*command: str | Path, folder: Path | None = None) -> None:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, cwd=folder, check=False)
    except OSError as error:
        raise Failure(str(error)) from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Failure(f"`{' '.join(words)[:80]}` failed: {lines[-1] if lines else done.returncode}")


def _install(venv: str, python: str | Path, *packages: str) -> None:
    """Make the newest ``packages`` be in the virtual environment ``venv``."""
    folder = FOLDER / venv
    if not (folder / _SCRIPTS).exists():
        _execute(python, "-m", "venv", folder)
    options = ("--quiet", "--disable-pip-version-check", "--upgrade")
    _execute(folder / _SCRIPTS / "python", "-m", "pip", "install", *options, *packages)


def bring_pinner(tree: Path = ROOT) -> None:
    """Install pinner from ``tree`` with what it needs, and compile it: what is there as a wheel."""
    _install("pinner", sys.executable, str(tree))
    # The same version again may be other code.
    options = ("--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-deps")
    _execute(FOLDER / "pinner" / _SCRIPTS / "python", "-m", "pip", "install", *options, tree)


def _pythons() -> Iterator[str]:
    """Find Pythons that may be 3.13 or newer."""
    yield sys.executable
    for name in ("python3.15", "python3.14", "python3.13", "python3"):
        if path := shutil.which(name):
            yield path
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from map(str, sorted(versions.glob("3.1[3-9]*/bin/python3"), reverse=True))


def _bring_docker_image_pin() -> None:
    for python in _pythons():
        # A name on the path may be a shim for a Python that is not to be used here.
        code = "import sys; sys.exit(sys.version_info < (3, 13))"
        if not subprocess.run([python, "-c", code], capture_output=True, check=False).returncode:
            return _install("docker-image-pin", python, "docker-image-pin")
    raise Failure("no Python 3.13 or newer was found")


def _bring_renovate() -> None:
    folder = FOLDER / "renovate"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    # Without a version npm takes the newest that suits npm's own Node.
    packages = ["renovate@latest"]
    if not _is_node(shutil.which("node")):
        processor = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), "arm64")
        system = {"win32": "win"}.get(sys.platform, sys.platform)
        packages.append(f"node-{system}-{processor}@{_NODE}")
    npm = shutil.which("npm")
    if npm is None:
        raise Failure("npm is not installed")
    # Scripts would build faster parts of it (re2) from headers out of the net; it does without.
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--engine-strict=false")
    _execute(npm, "install", *options, *packages, folder=folder)
    if renovate() is None:
        raise Failure(f"no Node {_NODE} to run it with")


@functools.cache
def _is_node(program: str | None) -> bool:
    if program is None:
        return False
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return version.startswith(f"v{_NODE}.")


PEERS = (
    Peer("pinner", "pip install . in a virtual environment of its own, without what tests need", bring_pinner),
    Peer("pindock", "pip install pindock", lambda: _install("pindock", sys.executable, "pindock")),
    Peer("docker-image-pin", "pip install docker-image-pin, with Python 3.13 or newer", _bring_docker_image_pin),
    Peer(
        "container-source-policy",
        "pip install container-source-policy",
        lambda: _install("container-source-policy", sys.executable, "container-source-policy"),
    ),
    Peer("Renovate", f"npm install renovate, with Node {_NODE}", _bring_renovate),
    Peer("skopeo", "apt install skopeo, brew install skopeo"),
)
OTHERS = (
    "ratchet, frizbee, dockerfile-pin and crane: programs in Go that neither PyPI nor npm nor Debian has; "
    "`go install` brings them, but no script here runs them"
)


def program(name: str) -> str | None:
    """Return the path of a program: from the peers' folder, from beside this Python or from the path."""
    beside = (FOLDER / name / _SCRIPTS, Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join([*map(str, beside), os.environ.get("PATH", "")]))


def renovate() -> list[str] | None:
    """Return the command that starts Renovate."""
    modules = FOLDER / "renovate" / "node_modules"
    script = modules / "renovate" / "dist" / "renovate.js"
    nodes = [*map(str, modules.glob("node-*/bin/node*")), shutil.which("node")]
    node = next((node for node in nodes if node is not None and _is_node(node)), None)
    return [node, str(script)] if node is not None and script.is_file() else None


def _version(name: str) -> str | None:
    """Return the version of what is installed, ``""`` where it does not tell, None where it is missing."""
    if name == "Renovate":
        package = FOLDER / "renovate" / "node_modules" / "renovate" / "package.json"
        return str(json.loads(package.read_text())["version"]) if renovate() else None
    path = program(name)
    if path is None:
        return None
    if name == "skopeo":
        return subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.split()[-1]
    python = Path(path).parent / "python"
    code = f"import importlib.metadata; print(importlib.metadata.version({name!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=False).stdout.strip()


def introduce() -> str:
    """Say which peers are here, and what would bring the others."""
    versions = {peer: _version(peer.name) for peer in PEERS}
    here = ", ".join(f"{peer.name} {version}".strip() for peer, version in versions.items() if version is not None)
    missing = [f"missing: {peer.name} ({peer.install})" for peer, version in versions.items() if version is None]
    return "\n".join([f"measured: {here}", *missing, f"not measured: {OTHERS}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PEER", help="one of these alone: pinner, pindock, …")
    parser.add_argument("--tree", type=Path, default=ROOT, help="where pinner is taken from")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for peer in PEERS:
        if peer.bring is None or (options.names and peer.name not in options.names):
            continue
        try:
            if peer.name == "pinner":
                bring_pinner(options.tree)
            else:
                peer.bring()
        except Failure as failure:
            print(f"{peer.name} is not to be had: {failure}", file=sys.stderr)
    print(introduce())


if __name__ == "__main__":
    main()
