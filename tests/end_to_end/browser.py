"""The real Chromium, driven over its debugging pipe (Chrome DevTools Protocol, messages end with a zero byte)."""

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
_LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)


class Page:
    """One tab. `complaints` are the errors that its console and its network showed."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to = to_browser
        self._from = from_browser
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self._loaded = 0
        self._before: str | None = None
        self.complaints: list[str] = []

    def open(self) -> None:
        """Make the tab."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def send(self, **headers: str) -> None:
        """Send these headers with each request from now on."""
        self._call("Network.setExtraHTTPHeaders", headers=headers)

    def before_each(self, script: str) -> None:
        """Run `script` in each page before its own, instead of what was to run so far."""
        if self._before is not None:
            self._call("Page.removeScriptToEvaluateOnNewDocument", identifier=self._before)
        self._before = self._call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]

    def go(self, url: str) -> None:
        """Load `url` with everything it asks for."""
        before = self._loaded
        answer = self._call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        self._wait_for_load(before)

    def follow(self, link: str) -> None:
        """Click the first link that says `link`, and load where it leads."""
        before = self._loaded
        self.evaluate(f"[...document.links].find(one => one.innerText === {json.dumps(link)}).click()")
        self._wait_for_load(before)

    def text(self) -> str:
        """What a reader sees."""
        return str(self.evaluate("document.body.innerText"))

    def rows(self, word: str) -> list[str]:
        """The rows of tables of rooms that show `word`."""
        rows: list[str] = self.evaluate(
            "[...document.querySelectorAll('table.rooms tr.room')].map(row => row.innerText)"
        )
        return [row for row in rows if word in row]

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; of a promise, what it comes to."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def look(self, width: int, *, dark: bool = False, height: int = 900) -> None:
        """Be as wide as a screen of `width` CSS pixels, and in that colour scheme."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", media="", features=[scheme])

    def media(self, media: str) -> None:
        """Be a ``screen``, or show what ``print`` would put on paper."""
        self._call("Emulation.setEmulatedMedia", media=media)

    def picture(self, *, whole: bool = True) -> bytes:
        """The page as a PNG: all of it, or what is in sight."""
        answer = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return b64decode(answer["data"])

    def printed(self) -> bytes:
        """The page as a printer would get it, as PDF, in the size that the page asks for."""
        answer = self._call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return b64decode(answer["data"])

    def press(self, key: str, code: int) -> None:
        """A key of the keyboard, down and up; `code` is its Windows virtual key code."""
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def _wait_for_load(self, loads_before: int) -> None:
        ends_at = time.monotonic() + PATIENCE_S
        while self._loaded == loads_before:
            assert time.monotonic() < ends_at, "the page was not loaded"  # one that renews itself is never silent
            self._take()

    def _call(self, method: str, **parameters: object) -> Any:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._take()).get("id") != self._number:
            pass
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def _take(self) -> dict[str, Any]:
        ends_at = time.monotonic() + PATIENCE_S
        while b"\0" not in self._rest:
            assert select.select([self._from], [], [], max(0.0, ends_at - time.monotonic()))[0], "chromium is silent"
            piece = os.read(self._from, 2**20)
            assert piece, "chromium is gone"
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded += 1
            case "Log.entryAdded" if message["params"]["entry"]["level"] == "error":
                entry = message["params"]["entry"]
                if not entry.get("url", "").endswith("/favicon.ico"):  # asked for by the browser, not by the page
                    self.complaints.append(entry["text"])
            case "Network.loadingFailed" | "Runtime.exceptionThrown":
                self.complaints.append(str(message["params"]))
        return message


@contextmanager
def browsing(chromium: Path, folder: Path) -> Iterator[Page]:
    """A tab of a new browser, with its profile in `folder`."""
    into_browser, to_browser = os.pipe()
    from_browser, out_of_browser = os.pipe()
    theirs = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (into_browser, out_of_browser)]
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", _LAUNCH, *map(str, theirs), str(chromium)),
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"),
            *("--no-first-run", "--disable-background-networking", "--no-proxy-server"),
            *(f"--user-data-dir={folder / 'profile'}", "about:blank"),
        ],
        pass_fds=theirs,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
        start_new_session=True,
    )
    for end in (into_browser, out_of_browser, *theirs):
        os.close(end)
    try:
        page = Page(to_browser, from_browser)
        page.open()
        yield page
    finally:
        os.killpg(process.pid, 9)
        process.wait()
        os.close(to_browser)
        os.close(from_browser)
