"""Chromium without a window, spoken to by the DevTools protocol through two pipes: no port, no driver, no library.

Pages are files, or served on this machine. Where there is no chromium the tests are skipped, and fail where
PINNER_REQUIRE_BROWSER is set.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions"),
    *("--disable-dev-shm-usage", "--disable-background-networking", "--remote-debugging-pipe", "--mute-audio"),
)


class Size(NamedTuple):
    """Of a window, in CSS pixels."""

    width: int
    height: int
    is_phone: bool = False


DESK = Size(1200, 900)
PHONE = Size(390, 844, is_phone=True)


def required() -> str:
    """Return the browser, or skip the test."""
    if PROGRAM is None:
        if os.environ.get("PINNER_REQUIRE_BROWSER"):
            pytest.fail("PINNER_REQUIRE_BROWSER is set, and there is no chromium")
        pytest.skip("there is no chromium")
    return PROGRAM


class Browser:
    """One page after the other."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out = to_browser
        self._in = from_browser
        self._number = 0
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []
        self._rest = b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to one command of the protocol."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        data = memoryview(json.dumps(message).encode() + b"\0")
        while data:
            data = data[os.write(self._out, data) :]
        while True:
            heard = self._hear()
            if heard.get("id") == self._number:
                assert "error" not in heard, (method, heard)
                result: dict[str, Any] = heard["result"]
                return result
            self._events.append(heard)

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._in, 1 << 20)
            assert more, "the browser went away"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(message)
        return heard

    def open(self, page: Path | str, size: Size = DESK, *, dark: bool = False, media: str = "screen") -> None:
        """Show ``page``, a file or an address, and come back when it is loaded."""
        self._events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size.width,
            height=size.height,
            deviceScaleFactor=1,
            mobile=size.is_phone,
        )
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self.call("Page.navigate", url=page if isinstance(page, str) else page.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._events.append(self._hear())

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys by their names, or type characters, where the focus is."""
        codes = {"Tab": 9, "Enter": 13, "Space": 32}
        for key in keys:
            text = {"Enter": "\r", "Space": " ", "Tab": ""}.get(key, key)
            named = {"key": " " if key == "Space" else key, "text": text, "windowsVirtualKeyCode": codes.get(key, 0)}
            self.call("Input.dispatchKeyEvent", type="keyDown", **named)
            self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def picture(self, file: Path, height: int | None = None) -> None:
        """Save what is shown as PNG, down to ``height`` pixels of the page; to its end without one."""
        end = height or self.run("document.documentElement.scrollHeight")
        width = self.run("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": end, "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    @property
    def complaints(self) -> list[str]:
        """What the page did wrong since it was opened: errors, violations of its policy."""
        found = [event["params"]["entry"]["text"] for event in self._events if event["method"] == "Log.entryAdded"]
        return found + [str(event) for event in self._events if event["method"] == "Runtime.exceptionThrown"]

    @property
    def asked(self) -> list[str]:
        """The addresses that were asked for since the page was opened."""
        sent = [event for event in self._events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]


@contextlib.contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """Start the browser with a profile of its own, and end it."""
    to_browser, from_us = os.pipe()
    from_browser, to_us = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:

        def pipes() -> None:
            # The protocol is on the descriptors 3 and 4. Both first out of the way: either may be one of these.
            reading, writing = os.dup(to_browser), os.dup(to_us)
            high = [os.dup2(reading, 63), os.dup2(writing, 64)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        process = subprocess.Popen(
            (program, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"),
            preexec_fn=pipes,  # noqa: PLW1509 - it does nothing but move descriptors
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(to_us)
        try:
            yield Browser(from_us, from_browser)
        finally:
            process.kill()
            process.wait()
            os.close(from_us)
            os.close(from_browser)
