"""Sigstore trusted root kept up to date: fetched by TUF, its only importer, and kept in the user's data folder.

Source: sigstore's root-signing repository, served at tuf-repo-cdn.sigstore.dev; TUF 1.0.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from pinner.errors import UnavailableError
from pinner.filesystem import read_regular, write_atomically
from pinner.verify.trusted_root import read_trusted_roots
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER = "https://tuf-repo-cdn.sigstore.dev"
_NAME = "trusted_root.json"
_MAX_ROOT = 4 * 1024 * 1024


def data_folder(environment: Mapping[str, str]) -> str:
    """Return where pinner keeps what is no cache: below ``XDG_DATA_HOME``, or ``LOCALAPPDATA`` on Windows."""
    local = environment.get("LOCALAPPDATA")
    if os.name == "nt" and local:
        return os.path.join(local, "pinner")
    home = environment.get("HOME") or os.path.expanduser("~")
    return os.path.join(environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share"), "pinner")


def kept_root(environment: Mapping[str, str]) -> bytes | None:
    """Return the trusted root of the last update; None where there was none."""
    try:
        return read_regular(os.path.join(data_folder(environment), _NAME), _MAX_ROOT)
    except OSError:
        return None


def keep_root(environment: Mapping[str, str], data: bytes) -> str:
    """Keep ``data`` where `kept_root` finds it, and return the file. Raises `UnavailableError` for what is no root."""
    try:
        read_trusted_roots(data)
    except RefusedError as error:
        raise UnavailableError(f"what was fetched is no trusted root: {error.detail}") from None
    folder = data_folder(environment)
    os.makedirs(folder, exist_ok=True)
    file = os.path.join(folder, _NAME)
    write_atomically(file, data)
    return file


def fetch_root(first: bytes, server: str = SERVER) -> bytes:
    """Return the trusted root that ``server`` has, verified by TUF from the root metadata ``first`` on.

    Raises `UnavailableError`.
    """
    try:
        from tuf.ngclient.updater import Updater  # noqa: PLC0415 - only for this
    except ImportError:
        raise UnavailableError(
            "the trusted root is fetched by TUF, which is not installed", hint="pip install 'image-pinner[verify]'"
        ) from None
    with tempfile.TemporaryDirectory(prefix="pinner-") as folder:
        try:
            updater = Updater(folder, server, folder, f"{server}/targets/", bootstrap=first)
            updater.refresh()
            info = updater.get_targetinfo(_NAME)
            found = None if info is None else read_regular(updater.download_target(info), _MAX_ROOT)
        except Exception as error:  # noqa: BLE001 - the library's own, of the network and of what is not signed
            raise UnavailableError(
                f"{server} gave no trusted root: {str(error)[:200] or type(error).__name__}",
                hint="without a network: `pinner trust update --from FILE` takes one from a file",
            ) from None
    if found is None:
        raise UnavailableError(f"{server} has no {_NAME}")
    return found


def first_metadata() -> bytes:
    """Return the root metadata that Sigstore's public instance is trusted by from the start."""
    from importlib.resources import files  # noqa: PLC0415 - only for this

    return files("pinner.verify").joinpath("tuf_root.json").read_bytes()
