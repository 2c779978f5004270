"""The language server beside a client: keystrokes in a compose file of 1,000 lines, and memory over 10,000 of them.

A keystroke's time is from the change that is sent to the diagnostics of that very version that come back. The client
does nothing but that. Memory is the resident set of the server's process, as the system says.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import IO

KEYSTROKES = 200
EDITS = 10_000
STEPS = 5
LINES = 1000
DOCKERFILES = 50
EVERY = 50
"""Edits after which the client waits to be told: what comes at once is looked into once."""
SERVICE = """\
  app{0}:
    image: registry.example/team/app{0}:1.{0}
    environment:
      A: 'b{0}'
    ports:
      - '{0}:80'
    restart: always
"""
COLUMN = len("    image: registry.example/team/app1:1.")


def compose() -> str:
    text, number = "services:\n", 0
    while text.count("\n") < LINES:
        number += 1
        text += SERVICE.format(number)
    return text


class Client:
    """The least of a client: messages out, messages in."""

    def __init__(self, folder: Path) -> None:
        root = str(Path(__file__).parent.parent)
        environment = {**os.environ, "PYTHONPATH": root, "XDG_CACHE_HOME": str(folder.parent)}
        command = (sys.executable, "-m", "pinner", "lsp")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env=environment
        )
        self.uri = (folder / "compose.yaml").as_uri()
        self.version = 1
        folders = [{"uri": folder.as_uri(), "name": "work"}]
        self.send("initialize", {"capabilities": {}, "workspaceFolders": folders, "processId": None}, number=1)
        while "result" not in self.hear():
            continue
        self.send("initialized", {})
        document = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": compose()}
        self.send("textDocument/didOpen", {"textDocument": document})
        self.told()

    def pipe(self, name: str) -> IO[bytes]:
        pipe: IO[bytes] = getattr(self.process, name)
        return pipe

    def send(self, method: str, parameters: dict[str, Any], number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": parameters} | ({"id": number} if number else {})
        body = json.dumps(message).encode()
        self.pipe("stdin").write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.pipe("stdin").flush()

    def hear(self) -> dict[str, Any]:
        length = 0
        while (line := self.pipe("stdout").readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name == b"Content-Length" else length
        heard: dict[str, Any] = json.loads(self.pipe("stdout").read(length))
        return heard

    def told(self) -> None:
        """Wait for the diagnostics of the text as it stands."""
        while True:
            heard = self.hear()
            if heard.get("method") == "textDocument/publishDiagnostics" and heard["params"]["version"] == self.version:
                return

    def type(self) -> None:
        """Let a tag grow, and shrink again."""
        self.version += 1
        grows = self.version % 2 == 0
        end = {"line": 2, "character": COLUMN if grows else COLUMN + 1}
        change = {"range": {"start": {"line": 2, "character": COLUMN}, "end": end}, "text": "7" if grows else ""}
        document = {"uri": self.uri, "version": self.version}
        self.send("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    @property
    def resident(self) -> int:
        """The MiB of the server that are in memory."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:"))

    @property
    def computed(self) -> float:
        """The seconds that the server has computed, all its threads together."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def keystrokes(client: Client) -> None:
    took = []
    before = client.computed
    for _ in range(KEYSTROKES):
        begun = time.perf_counter()
        client.type()
        client.told()
        took.append(1000 * (time.perf_counter() - begun))
    own = 1000 * (client.computed - before) / KEYSTROKES
    took.sort()
    print(f"diagnostics after a keystroke: median {statistics.median(took):.0f} ms, ", end="")
    print(f"95 of 100 within {took[KEYSTROKES * 95 // 100]:.0f} ms, longest {took[-1]:.0f} ms; ", end="")
    print(f"the server computes {own:.0f} ms for one", flush=True)


def memory(client: Client) -> None:
    first = client.resident
    for step in range(1, STEPS + 1):
        for number in range(EDITS // STEPS):
            client.type()
            if number % EVERY == EVERY - 1:
                client.told()
        print(f"after {step * EDITS // STEPS:,} more edits: {client.resident} MiB (at first {first})", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "work")
        (folder / ".git").mkdir(parents=True)
        (folder / "compose.yaml").write_text(compose(), "utf-8")
        for number in range(DOCKERFILES):
            (folder / f"{number}.Dockerfile").write_text(f"ARG V={number}\nFROM nginx:$V\n", "utf-8")
        client = Client(folder)
        try:
            keystrokes(client)
            memory(client)
        finally:
            client.process.kill()
            client.process.wait()


if __name__ == "__main__":
    main()
