"""Count what 30 images cost, by command, cold and warm: requests, bytes, and the pulls that Docker Hub would count.

The registry is `token_registry.py`: as Docker Hub itself (through a proxy, with a certificate that openssl makes), in
Docker Hub's place (`endpoint`), or as a registry like any other. What pinner remembers is forgotten before each cold
run, and kept for the warm one; the file is as it was at the beginning of both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from resolve import counts, registry

_IMAGES = 30
_OLD = f"sha256:{'0' * 64}"


class Case(NamedTuple):
    """A command, and whether its images are pinned before: as the registry has them, or to what is gone."""

    arguments: tuple[str, ...]
    pinned: str = ""


_CASES = (
    Case(("pin", "Dockerfile")),
    Case(("pin", "--platform", "linux/arm64", "Dockerfile")),
    Case(("check", "--online", "Dockerfile"), "now"),
    Case(("check", "--online", "Dockerfile"), _OLD),
    Case(("update", "Dockerfile"), "now"),
    Case(("update", "Dockerfile"), _OLD),
    Case(("inspect", *(f"{{}}team/image{n}:1" for n in range(_IMAGES)))),
)


HUB, INSTEAD, OTHER = "docker.io", "instead", "other"


class Place(NamedTuple):
    """How pinner gets to the registry."""

    kind: str
    port: int
    certificate: Path
    """Of whom it says it is, and the authority of its own."""

    @property
    def prefix(self) -> str:
        """Return what names begin with."""
        return f"127.0.0.1:{self.port}/" if self.kind == OTHER else ""

    def environment(self, home: Path) -> dict[str, str]:
        """Return the environment of a run that remembers things in ``home``."""
        own = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "CONTAINERS_REGISTRIES_CONF": os.devnull}
        if self.kind == HUB:
            own |= {"HTTPS_PROXY": f"http://127.0.0.1:{self.port}", "SSL_CERT_FILE": str(self.certificate)}
        return {**os.environ, "NO_PROXY": "", "no_proxy": "", **own}


def certified(folder: Path) -> Path:
    """Return a file with a certificate for Docker Hub's hosts, and its key."""
    file = folder / "hub.pem"
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    options = (*key, "-days", "2", "-subj", "/CN=bench")
    names = "subjectAltName=DNS:registry-1.docker.io,DNS:auth.docker.io"
    command = ["openssl", "req", "-x509", *options, "-addext", names, "-keyout", str(file), "-out", f"{file}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


def prepare(case: Case, folder: Path, place: Place, environment: dict[str, str]) -> str:
    """Write the settings that lead to the registry; return a Dockerfile with a stage for each image."""
    settings = f'[registries."docker.io"]\nendpoint = "http://127.0.0.1:{place.port}"\n'
    (folder / "pinner.toml").write_text(settings if place.kind == INSTEAD else "")
    end = f"@{_OLD}" if case.pinned == _OLD else ""
    text = "".join(f"FROM {place.prefix}team/image{n}:1{end} AS s{n}\n" for n in range(_IMAGES))
    if case.pinned != "now":
        return text
    (folder / "Dockerfile").write_text(text)
    command = [sys.executable, "-m", "pinner", "pin", "--no-cache", "Dockerfile"]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    return (folder / "Dockerfile").read_text()


def run(case: Case, folder: Path, place: Place, home: Path) -> None:
    """Run the command twice, and print what each run cost."""
    environment = place.environment(home)
    text = prepare(case, folder, place, environment)
    for kind in ("cold", "warm"):
        (folder / "Dockerfile").write_text(text)
        counts(place.port)
        start = time.perf_counter()
        command = [sys.executable, "-m", "pinner", *(part.format(place.prefix) for part in case.arguments)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        seconds = time.perf_counter() - start
        counted = counts(place.port)
        name = " ".join(case.arguments[:3] if case.arguments[0] == "pin" else case.arguments[:1])
        after = {"": "", "now": ", pinned", _OLD: ", pinned to what is gone"}[case.pinned]
        print(
            f"{place.kind:9}  {name + after:40}  {kind}  {counted['requests']:8}"
            f"  {counted['pulls']:5}  {counted['bytes'] / 1000:7.1f}  {seconds:7.3f}  {done.returncode}",
            flush=True,
        )


def main() -> None:
    """Run every command against each and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=50, help="milliseconds")
    options = parser.parse_args()
    print(f"{'registry':9}  {'command':40}  {'run':4}  requests  pulls       kB  seconds  exit")
    with tempfile.TemporaryDirectory() as keys:
        certificate = certified(Path(keys))
        for kind in (HUB, INSTEAD, OTHER):
            how = {HUB: ["--hub", "--certificate", str(certificate)], INSTEAD: ["--hub"], OTHER: []}[kind]
            for case in _CASES:
                with (
                    registry(options.latency / 1000, *how) as port,
                    tempfile.TemporaryDirectory() as folder,
                    tempfile.TemporaryDirectory() as home,
                ):
                    run(case, Path(folder), Place(kind, port, certificate), Path(home))


if __name__ == "__main__":
    main()
