# SPDX-License-Identifier: GPL-2.0-or-later
"""A headless Chromium driven by its DevTools pipe, for tests of pages: keys are pressed, media emulated, what the console says is kept.

    with Browser(folder) as browser:
        browser.open("/path/of/page.html", width=390, height=800)
        browser.key("Tab")
        print(browser.run("document.activeElement.tagName"))
"""
import base64
import json
import os
import select
import signal
import subprocess
import time

KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


class Browser:
    def __init__(self, folder, limit_s=60):
        self.folder, self.limit_s = folder, limit_s
        self.console, self.number, self.answers, self.seen, self.rest = [], 0, {}, [], b""

    def __enter__(self):
        to_read, self.to = os.pipe()
        self.answer, answer_write = os.pipe()
        # The pipe is on 3 and 4; what lies there may be one of ours.
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate((to_read, answer_write))]
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec "$@" 3<&100 4>&101 100<&- 101>&-', "bash", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--hide-scrollbars", f"--user-data-dir={self.folder}/chromium", "--remote-debugging-pipe", "about:blank"],
            pass_fds=high, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        for fd in (to_read, answer_write, *high):
            os.close(fd)
        target = next(t for t in self.send("Target.getTargets", session=None)["targetInfos"] if t["type"] == "page")
        self.session = self.send("Target.attachToTarget", session=None, targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(domain + ".enable")
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.to)
        os.close(self.answer)

    def read(self, until):
        """Messages, until until() is true."""
        end = time.monotonic() + self.limit_s
        while not until():
            if not select.select([self.answer], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("Chromium did not answer")
            more = os.read(self.answer, 1 << 20)
            if not more:
                raise EOFError("Chromium is gone")
            *messages, self.rest = (self.rest + more).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self.answers[message["id"]] = message
                    continue
                self.seen.append(message["method"])
                if message["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                    self.console.append(json.dumps(message["params"]))

    def send(self, method, session="", **params):
        self.number += 1
        number, message = self.number, {"id": self.number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        self.read(lambda: number in self.answers)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def size(self, width, height):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def open(self, path, width=1200, height=900, scripts=True):
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.size(width, height)
        self.seen.clear()
        self.send("Page.navigate", url="file://" + path)
        self.read(lambda: "Page.loadEventFired" in self.seen)

    def media(self, media="", dark=False):
        self.send("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def run(self, script):
        """The value of a script, also of a page whose own scripts are off."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def key(self, key, shift=False):
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        common = {"key": key, "windowsVirtualKeyCode": KEYS.get(key, ord(key[0].upper())), "modifiers": 8 if shift else 0}
        self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text):
        for character in text:
            self.key(character)

    def picture(self, path, **clip):
        """Of the whole page, or of clip (x, y, width, height)."""
        more = {"clip": {"scale": 1, **clip}} if clip else {}
        data = self.send("Page.captureScreenshot", captureBeyondViewport=True, **more)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def pdf(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.send("Page.printToPDF")["data"]))
