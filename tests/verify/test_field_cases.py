"""Signatures of the real tools, with their verdicts, where they lie beside the repository."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from signed import toml
from world import outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent.parent.parent.parent / "shared" / "signatures"
FILE = FOLDER / "cases.json"
CASES = json.loads(FILE.read_text("utf-8"))["cases"] if FILE.exists() else []
pytestmark = pytest.mark.skipif(not CASES, reason="the cases are not beside the repository")


class _Notary(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        before, _, rest = path.partition("/v2/")
        return super().translate_path(f"{before}/{rest.partition('/_trust/tuf/')[2].replace('/', '_')}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Notary, directory=str(FOLDER))) as notary:
        thread = threading.Thread(target=notary.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{notary.server_port}"
        notary.shutdown()
        thread.join()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_verdict_is_as_expected(case: dict[str, Any], server: str, tmp_path: Path) -> None:
    policy = dict(case["verify"])
    if "server" in policy:
        policy["server"] = f"{server}/{policy['server']}"
    for name in ("keys", "roots", "notation"):
        (tmp_path / name).symlink_to(FOLDER / name)
    (tmp_path / "pinner.toml").write_text(toml(policy))
    now = datetime.fromisoformat(case["now"]).timestamp()
    name = case["image"] if "@" in case["image"] else f"{case['image']}@{case['digest']}"
    context = world(tmp_path, now=now)._replace(connect=connect_to_registries)
    ran = outcome(
        context, "verify", "--layout", str(FOLDER / "layout"), "--config", "pinner.toml", "--format", "json", name
    )
    found, expected = json.loads(ran.stdout)["images"][0], case["expect"]
    assert found["verdict"] == expected["verdict"]
    assert expected.get("reason") is None or expected["reason"] in found["reasons"]
    assert expected.get("signer") in (None, found.get("signer"))
    assert set(expected.get("warnings", ())) <= set(found["warnings"])
    assert ran.status == (0 if expected["verdict"] == "verified" else 1)
