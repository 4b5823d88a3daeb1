"""The pane: its own script's size, and how soon its first list of rooms is drawn on a CPU slowed four times."""

import json
import shutil
import subprocess
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from playwright.sync_api import CDPSession, Page, sync_playwright
from result import Result

from stack import ROOT, Stack, start_stack

_SLOWER = 4
_ROUNDS = 7
_LIMIT_MS = 1000
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
# In every frame: when the first row of the list of rooms was painted, counted from the frame's own start.
_WATCH = """
const see = () => document.querySelector('.roomlist .room')
  ? requestAnimationFrame(() => requestAnimationFrame(() => { window.firstListMs = performance.now(); }))
  : requestAnimationFrame(see);
if (window.parent !== window) see();
"""


def run() -> list[Result]:
    return [_size(), _first_list()]


def _size() -> Result:
    said = subprocess.run(["npm", "run", "--silent", "size"], cwd=ROOT / "addin", capture_output=True, text=True, check=False)
    facts = json.loads(said.stdout)
    detail = f"{facts['total'] / 1000:.1f} kB of {facts['budget'] / 1000:.0f} kB gzipped, without Office.js and MSAL"
    return Result("pane: own script", facts["total"] / facts["budget"], 1.0, detail)


def _first_list() -> Result:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise RuntimeError("no Chromium on this machine: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        start_stack(Path(folder), options={"rooms": 40, "people": 60}) as stack,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        context = browser.new_context(viewport={"width": 1280, "height": 860}, timezone_id="Europe/Amsterdam")
        context.add_init_script(_WATCH)
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        empty, ours = [], []
        for _ in range(_ROUNDS):
            empty.append(_empty(page, devtools, stack))
            ours.append(_pane(page, devtools, stack))
        browser.close()
    cold, warm, bare = ours[0], median(ours[1:]), median(empty[1:])
    detail = (
        f"{warm:.0f} ms from opening to painted ({cold:.0f} ms with nothing cached); an empty page {bare:.0f} ms; CPU {_SLOWER}x slower"
    )
    return Result("pane: first list within 1 s", (warm - bare) / _LIMIT_MS, 1.0, detail)


def _empty(page: Page, devtools: CDPSession, stack: Stack) -> float:
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    page.goto(f"{stack.url}/healthz")
    painted = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
    return float(page.evaluate(painted))


def _pane(page: Page, devtools: CDPSession, stack: Stack) -> float:
    """Opens an appointment, and then the pane beside it; milliseconds from the pane's navigation to its first row."""
    start = (datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(days=10)).replace(hour=10, minute=0)
    asked = {"as": "alice.jansen@contoso.example", "compose": "1", "start": f"{start:%Y-%m-%dT%H:%M}", "minutes": "60"}
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.goto(f"{stack.sandbox.url}/outlook/?{urlencode(asked)}")
    button = page.get_by_test_id("book-a-room")
    button.wait_for()
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    button.click()
    page.frame_locator("[data-testid=pane-frame]").locator(".roomlist .room").first.wait_for(timeout=60_000)
    frame = next(frame for frame in page.frames if "taskpane.html" in frame.url)
    frame.wait_for_function("window.firstListMs > 0")
    return float(frame.evaluate("window.firstListMs"))
