"""Package index (PEP 503) on this machine: the wheels of the action's lock, and whatever is put beside them."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = Path(__file__).parent.parent.parent / "action" / "requirements.txt"
# There is nothing of pinner's to measure in what builds and installs it, and it takes twice as long.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
_NAME = re.compile(r"(.+?)-[0-9].*")


def missing(what: str) -> NoReturn:
    """Skip the test for want of ``what``, or fail it where that is required."""
    if os.environ.get("PINNER_REQUIRE_HOOKS"):
        pytest.fail(f"{what}, and PINNER_REQUIRE_HOOKS is set")
    pytest.skip(what)


def fetched(folder: Path) -> Path:
    """Return ``folder`` with the files that the action's lock names for this Python, hashes checked: fetched once."""
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            pip = (
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
            )
            command = ("--only-binary=:all:", "--dest", f"{folder}.part", "--requirement", str(LOCK))
            if subprocess.run((*pip, *command), env=UNMEASURED, capture_output=True, check=False).returncode:
                missing("what pinner needs comes from a package index")
            Path(f"{folder}.part").rename(folder)
    return folder


@contextmanager
def serve(files: Path, folder: Path) -> Iterator[str]:
    """Serve the archives in ``files`` as an index that is laid out in ``folder``; yields its address."""
    for file in sorted(files.iterdir()):
        found = _NAME.fullmatch(file.name)
        assert found is not None, file.name
        project = folder / re.sub(r"[-_.]+", "-", found[1]).lower()
        project.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, project)
        with (project / "index.html").open("a", encoding="utf-8") as page:
            page.write(f'<!doctype html><a href="{file.name}">{file.name}</a>\n')
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""
